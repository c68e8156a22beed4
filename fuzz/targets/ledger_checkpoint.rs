//! A checkpoint: read, and written back to the same bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(signed) = comity_ledger::SignedCheckpoint::parse("hostile", bytes) {
        assert_eq!(signed.to_bytes(), bytes);
        assert_eq!(signed.checkpoint().to_text(), signed.note().text());
    }
});
