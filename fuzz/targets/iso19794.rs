//! A record of minutiae: what is read is written back byte for byte.
#![no_main]

use comity_print::formats::iso19794;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = iso19794::read(bytes) else { return };
    assert_eq!(iso19794::write(&record).as_deref(), Ok(bytes));
    let _ = record.fingers();
});
