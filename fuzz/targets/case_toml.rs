//! A case file in TOML: read, decided, derived.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| comity_fuzz::case("hostile.toml", bytes));
