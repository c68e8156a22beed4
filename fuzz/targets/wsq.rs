//! A WSQ file: an image of the sides that its header says, or a refusal.
#![no_main]

use comity_print::formats::wsq;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A few bytes can stand for a large blank image; what matters is read in small ones.
    let Ok(head) = wsq::head(bytes) else { return };
    if head.width_px * head.height_px > 1 << 18 {
        return;
    }
    if let Ok(read) = wsq::decode(bytes) {
        assert_eq!((read.image.width_px(), read.image.height_px()), (head.width_px, head.height_px));
    }
});
