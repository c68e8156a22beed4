//! A record of minutiae: what is read is written back byte for byte.
#![no_main]

use comity_print::formats::ansi378;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(record) = ansi378::read(bytes) else { return };
    assert_eq!(ansi378::write(&record).as_deref(), Ok(bytes));
    let _ = record.fingers();
});
