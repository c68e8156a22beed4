//! A registry of places.
#![no_main]

use comity_model::{Places, SourceText, tree};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = tree::text_of("places.toml", bytes) else { return };
    if let Err(found) = Places::parse(&SourceText { name: "places.toml", text }) {
        assert!(!found.is_empty());
    }
});
