//! A sheet of bookings in both forms: refused with its places, or read; and read whole or not at
//! all.
#![no_main]

use comity_exchange::bookings::{BOOKINGS_MAX, SheetForm, Usual, read_bookings};
use comity_model::{Places, SourceText};
use std::sync::LazyLock;

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let text = include_str!("../../policies/places.toml");
    Places::parse(&SourceText { name: "places.toml", text }).unwrap_or_default()
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let usual = Usual { places: &PLACES, place: Some("us-tx.travis"), time_zone: None };
    for form in [SheetForm::Csv, SheetForm::JsonLines] {
        match read_bookings("hostile", bytes, form, &usual) {
            Ok(rows) => assert!(rows.len() <= BOOKINGS_MAX),
            Err(found) => assert!(!found.is_empty()),
        }
    }
});
