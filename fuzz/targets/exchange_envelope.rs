//! Canonical JSON and envelopes: what is read is written back to the same bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(value) = comity_exchange::read_canonical(text) {
        assert_eq!(comity_exchange::canonical(&value).as_deref(), Ok(text));
    }
    let keys = comity_exchange::PartyKeys::default();
    let at = jiff::Timestamp::UNIX_EPOCH;
    assert!(comity_exchange::Envelope::read("hostile", text.as_bytes(), &keys, at).is_err());
});
