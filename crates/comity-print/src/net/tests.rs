//! Tests of the network on its own weights.

use super::*;
use crate::Resolution;
use network::ANSWERS;

/// Any pattern: what it says matters less than that it is the same everywhere.
fn pattern(width: usize, height: usize) -> Plane<f32> {
    let level = |k: usize| ((k % width * 7 + k / width * 13) % 17) as f32 / 8.0 - 1.0;
    Plane { width, height, values: (0..width * height).map(level).collect() }
}

/// Ridges that bend, more of them on the left than on the right.
fn print(width: usize, height: usize) -> GrayImage {
    let level = |k: usize| {
        let (x, y) = ((k % width) as f64, (k / width) as f64);
        let slope = if x < width as f64 * 0.4 { 0.8 } else { 0.66 };
        let wave = crate::extract::math::sin_cos(x * 0.15 + (y + x * x * 0.001) * slope);
        (128.0 + 90.0 * wave.0) as u8
    };
    GrayImage::new(width, height, (0..width * height).map(level).collect(), Resolution::Ppi(500.0))
        .unwrap()
}

#[test]
fn vector_instructions_change_no_bit() {
    let net = Net::of_crate().unwrap();
    let image = print(203, 171);
    let plain = net.extract_on(pulp::Arch::Scalar, &image, FingerPosition::Unknown);
    assert!(!plain.found.minutiae.is_empty());
    assert_eq!(net.extract(&image, FingerPosition::Unknown), plain);
}

#[test]
fn what_it_says_fits_the_sides_of_any_input() {
    let net = Net::of_crate().unwrap();
    for (width, height) in [(1, 1), (5, 9), (16, 8), (33, 70)] {
        let said = net.0.on(pulp::Arch::new(), &pattern(width, height));
        assert_eq!((said.ridges.width, said.ridges.height), (width, height));
        let sides = (width.div_ceil(4), height.div_ceil(4));
        assert_eq!((said.cells.width, said.cells.height), sides);
        assert!(said.ridges.values.iter().all(|v| v.is_finite()));
        assert!(said.cells.values.iter().flatten().all(|v| v.is_finite()));
    }
}

/// A wide print is seen in parts; away from where they meet nothing may show it.
#[test]
fn parts_of_a_page_are_seen_as_the_whole() {
    let net = Net::of_crate().unwrap();
    let wide = pattern(760, 40);
    let parts = net.0.on(pulp::Arch::new(), &wide);
    let last = Plane {
        width: 400,
        height: 40,
        values: wide.values.chunks(760).flat_map(|row| row[360..].to_vec()).collect(),
    };
    let alone = net.0.on(pulp::Arch::new(), &last);
    for y in 0..40 {
        for x in 200..400 {
            let (a, b) = (parts.ridges.at(360 + x, y), alone.ridges.at(x, y));
            assert!((a - b).abs() < 0.05, "{x} {y}: {a} {b}");
        }
    }
}

#[test]
fn bad_weights_are_refused_where_they_are_wrong() {
    let good = include_bytes!("weights.cpn");
    let refused = |bytes: &[u8]| Net::read(bytes).map(|_| ()).unwrap_err();
    let sealed = |mut bytes: Vec<u8>| {
        let end = bytes.len() - 4;
        let check = crc32fast::hash(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&check);
        bytes
    };
    let with = |at: usize, value: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = value;
        bytes
    };
    assert_eq!(refused(b"").at, 0);
    assert_eq!(refused(&with(0, b'x')).at, 0);
    assert_eq!(refused(&with(3, 9)).at, 3);
    assert_eq!(refused(&good[..good.len() - 1]).at, 4);
    assert_eq!(refused(&with(5000, !good[5000])).at, good.len() - 4);
    assert_eq!(refused(&sealed(with(8, 20))).at, 8);
    // The first layer's side, then its first bias and its first weight as no numbers.
    assert_eq!(refused(&sealed(with(16, 3))).at, 12);
    let mut bias = good.to_vec();
    bias[20..24].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(refused(&sealed(bias)).at, 20);
    let mut weight = good.to_vec();
    weight[84..86].copy_from_slice(&0x7c00_u16.to_le_bytes());
    assert_eq!(refused(&sealed(weight)).at, 84);
    assert!(refused(&with(0, b'x')).to_string().contains("byte 0"));
}

/// What PyTorch computes from the same weights before they are rounded to 16 bits:
/// `python train/print-net/check.py net.pt`.
#[test]
fn says_what_the_trained_network_said() {
    let net = Net::of_crate().unwrap();
    let said = net.0.on(pulp::Arch::new(), &pattern(48, 40));
    for (x, y, expected) in RIDGES {
        let found = said.ridges.at(x, y);
        assert!((found - expected).abs() < 0.05, "{x} {y}: {found} for {expected}");
    }
    for (x, y, expected) in CELLS {
        let found = said.cells.at(x, y);
        for k in 0..ANSWERS {
            assert!((found[k] - expected[k]).abs() < 0.05, "{x} {y} {k}: {found:?}");
        }
    }
}

const RIDGES: [(isize, isize, f32); 4] =
    [(0, 0, 1.816), (13, 7, -0.629), (24, 20, -0.9135), (47, 39, 0.2147)];
const CELLS: [(isize, isize, [f32; ANSWERS]); 3] = [
    (0, 0, [-4.138, 0.1509, 0.0743, -2.756, 0.03536, -0.103, 0.394, 0.1507, -0.8882]),
    (5, 4, [-6.22, -0.9189, -0.283, -3.082, -0.02059, 0.03265, 0.06006, -0.429, 0.224]),
    (11, 9, [-4.012, -0.288, -0.07407, -2.56, -0.03437, 0.05319, 0.01908, 0.3626, 0.6442]),
];
