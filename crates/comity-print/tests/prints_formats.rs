//! The real files of the evaluation sets, which stay outside of the repository.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::formats::wsq;
use std::path::PathBuf;

/// The folder of prints; fails with what to do where there is none.
fn prints() -> PathBuf {
    let folder = std::env::var_os("COMITY_PRINTS").map(PathBuf::from);
    folder
        .filter(|f| f.join("formats").is_dir())
        .expect("COMITY_PRINTS must name the folder of fingerprint sets: see docs/guides/prints.md")
}

fn png(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut out = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut out).unwrap();
    let samples = info.color_type.samples();
    let out = out.into_iter().step_by(samples).collect();
    (info.width as usize, info.height as usize, out)
}

#[test]
fn the_reference_wsq_decodes_within_one_gray_level_everywhere() {
    let folder = prints().join("formats/wsq");
    let ours = wsq::decode(&std::fs::read(folder.join("wsq-original.wsq")).unwrap()).unwrap();
    let (width, height, pixels) = png(&std::fs::read(folder.join("wsq-converted.png")).unwrap());
    assert_eq!((ours.image.width_px(), ours.image.height_px()), (width, height));
    let differences: Vec<u8> =
        ours.image.pixels().iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b)).collect();
    let differing = differences.iter().filter(|d| **d > 0).count();
    println!("{differing} of {} pixels differ {:?}", differences.len(), ours.resolution);
    assert_eq!(differences.iter().max().copied().unwrap_or(0).max(1), 1);
}
