//! A mapping and a study: refused with a finding, or read.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let library = &*comity_fuzz::LIBRARY;
    if let Err(found) = comity_replay::mapping::parse("mapping.toml", bytes, library.places()) {
        assert!(!found.is_empty());
    }
    if let Err(found) = comity_replay::study::parse("study.toml", bytes, library) {
        assert!(!found.is_empty());
    }
});
