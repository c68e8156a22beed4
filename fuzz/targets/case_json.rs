//! A case file in JSON: read, decided, derived.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| comity_fuzz::case("hostile.json", bytes));
