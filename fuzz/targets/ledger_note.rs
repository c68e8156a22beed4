//! A signed note: read, and written back to the same bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = comity_ledger::Note::parse("hostile", bytes) {
        assert_eq!(note.to_bytes(), bytes);
    }
});
