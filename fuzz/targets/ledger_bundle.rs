//! Evidence of a record: read, written back to the same bytes, checked.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(bundle) = comity_ledger::Bundle::parse("hostile", bytes) {
        assert_eq!(bundle.to_bytes(), bytes);
        let _ = bundle.verify_with_own_keys();
    }
});
