//! A trust file and a change of key: read.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = comity_ledger::Trust::parse("hostile", bytes);
    let _ = comity_ledger::Rotation::parse("hostile", bytes);
});
