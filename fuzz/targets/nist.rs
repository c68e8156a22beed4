//! A transaction: what is read is written back byte for byte, and sealing it changes no
//! meaning.
#![no_main]

use comity_print::formats::nist::{self, ebts};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(transaction) = nist::read(bytes) else { return };
    assert_eq!(transaction.to_bytes().as_deref(), Ok(bytes));
    let _ = ebts::check(&transaction);
    let _ = transaction.minutiae();
    if let Ok(images) = transaction.images() {
        for image in images.iter().filter(|i| i.width_px * i.height_px < 1 << 18) {
            let _ = image.decode();
        }
    }
    let mut sealed = transaction.clone();
    sealed.seal();
    if let Ok(written) = sealed.to_bytes() {
        assert_eq!(nist::read(&written).map(|t| t.header()), Ok(transaction.header()));
    }
});
