//! A policy file: refused with a finding, or read.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let places = comity_fuzz::LIBRARY.places();
    match comity_policy::file::load("hostile.toml", bytes, places) {
        Ok(loaded) => assert!(!loaded.policy.canonical.is_empty()),
        Err(found) => assert!(!found.is_empty()),
    }
});
