//! Images of the common formats, and their bytes taken as raw gray levels: an image, or a
//! refusal; small ones are resampled, written and read again.
#![no_main]

use comity_print::formats::{Format, raster};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(format) = Format::sniff(bytes) else { return };
    let Ok(image) = raster::decode(format, bytes) else { return };
    if image.pixels().len() > 1 << 16 {
        return;
    }
    let _ = raster::resample::to_500_ppi(&image);
    let written = raster::write_png(&image).expect("an image is written");
    let again = raster::decode(Format::Png, &written).expect("what was written is read");
    assert_eq!(again.pixels(), image.pixels());
    let again = raster::decode(Format::Pgm, &raster::write_pgm(&image)).expect("read");
    assert_eq!(again.pixels(), image.pixels());
});
