//! Evidence of a split view: read, written back to the same bytes, checked.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(split) = comity_ledger::SplitView::parse("hostile", bytes) {
        assert_eq!(split.to_bytes(), bytes);
        let _ = split.verify_with_own_keys();
    }
});
