//! Templates as bytes: the same after a round trip, refused with a place when damaged, never a
//! panic; more minutiae than fit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::matcher::{Prepared, compare};
use comity_print::template::{CELL_PX, DirectionGrid, MINUTIAE_MAX, STORED_MAX, Template};
use comity_print::{Minutia, MinutiaKind};

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }
}

/// Minutiae at random in an oval of 20 x 24 cells, in a field of ridges that bend.
fn drawn(seed: u64, minutiae: usize) -> Template {
    let (columns, rows) = (20, 24);
    let mut random = Random(seed);
    let mut cells = vec![0; columns * rows];
    for (at, cell) in cells.iter_mut().enumerate() {
        let (x, y) = ((at % columns) as i32 - 10, (at / columns) as i32 - 12);
        if x * x * 144 + y * y * 100 < 14_400 {
            *cell = 1 + ((x * 9 + y * seed as i32 % 7).rem_euclid(255)) as u8;
        }
    }
    let grid = DirectionGrid { columns, rows, cells };
    let mut all = Vec::new();
    while all.len() < minutiae {
        let (x, y) = (random.next(320) as u16, random.next(384) as u16);
        if grid.at_px(f32::from(x), f32::from(y)) > 0 {
            let kind = [MinutiaKind::Ending, MinutiaKind::Bifurcation][random.next(2) as usize];
            let (angle, quality) = (random.next(256) as u8, 1 + random.next(100) as u8);
            all.push(Minutia { x_px: x, y_px: y, angle, kind, quality });
        }
    }
    Template { minutiae: all, grid }
}

/// The same finger elsewhere: whole cells over, minutiae a little off, some gone.
fn moved(from: &Template, seed: u64) -> Template {
    let mut random = Random(seed);
    let mut to = from.clone();
    to.minutiae.retain(|_| random.next(5) > 0);
    for m in &mut to.minutiae {
        m.x_px += CELL_PX as u16 + random.next(4) as u16;
        m.y_px += random.next(4) as u16;
        m.angle = m.angle.wrapping_add(random.next(7) as u8);
    }
    to.grid.columns += 1;
    to.grid.cells = from.grid.cells.chunks(20).flat_map(|r| [&[0][..], r].concat()).collect();
    to
}

#[test]
fn a_round_trip_changes_neither_template_nor_score() {
    for seed in 0..20 {
        let (a, other) = (drawn(seed, 5 * seed as usize), drawn(seed + 100, 40));
        let b = moved(&a, seed);
        let back = |t: &Template| Template::from_bytes(&t.to_bytes()).unwrap();
        assert_eq!(back(&a), a);
        for (x, y) in [(&a, &b), (&a, &other), (&b, &a)] {
            let direct = compare(&Prepared::of(x), &Prepared::of(y));
            assert_eq!(direct, compare(&Prepared::of(&back(x)), &Prepared::of(&back(y))));
        }
        assert!(a.to_bytes().len() <= 1_300, "{} bytes", a.to_bytes().len());
    }
}

#[test]
fn no_minutiae_and_too_many_are_defined() {
    let none = Template::default();
    assert_eq!(Template::from_bytes(&none.to_bytes()).unwrap(), none);
    assert!(compare(&Prepared::of(&none), &Prepared::of(&none)).pairs.is_empty());
    let many = drawn(7, 300);
    let kept = Template::from_bytes(&many.to_bytes()).unwrap();
    assert_eq!(kept.minutiae.len(), STORED_MAX);
    let worst = kept.minutiae.iter().map(|m| m.quality).min().unwrap();
    let gone = many.minutiae.iter().filter(|m| !kept.minutiae.contains(m));
    assert!(gone.map(|m| m.quality).max().unwrap() <= worst, "the best are kept");
    let found = compare(&Prepared::of(&many), &Prepared::of(&kept));
    assert_eq!(found, compare(&Prepared::of(&kept), &Prepared::of(&kept)));
    assert!(found.pairs.len() > MINUTIAE_MAX / 2, "{} pairs", found.pairs.len());
}

#[test]
fn every_flipped_bit_and_every_end_is_an_error_with_a_place() {
    let good = drawn(3, 30).to_bytes();
    for at in 0..good.len() {
        let cut = Template::from_bytes(&good[..at]).unwrap_err();
        assert!(cut.at <= good.len() && !cut.problem.is_empty(), "{cut}");
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        let error = Template::from_bytes(&bytes).unwrap_err();
        assert!(error.to_string().starts_with("template, byte "), "{error}");
    }
}

/// CRC-32, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |c, b| {
        (0..8).fold(
            c ^ u32::from(*b),
            |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 },
        )
    })
}

#[test]
fn hostile_bytes_with_a_right_checksum_never_panic() {
    let mut random = Random(11);
    let (mut read, mut refused) = (0, 0);
    let good = drawn(5, 25).to_bytes();
    for round in 0..20_000u64 {
        let mut bytes = good[..good.len() - 4].to_vec();
        if round % 3 == 0 {
            bytes.truncate(random.next(bytes.len() as u64 + 1) as usize);
        }
        for _ in 0..random.next(4) {
            if !bytes.is_empty() {
                let at = random.next(bytes.len() as u64) as usize;
                bytes[at] = random.next(256) as u8;
            }
        }
        if bytes.len() >= 8 {
            let length = bytes.len() as u32 + 4;
            bytes[4..8].copy_from_slice(&length.to_le_bytes());
        }
        bytes.extend(crc32(&bytes).to_le_bytes());
        match Template::from_bytes(&bytes) {
            Ok(template) => {
                assert_eq!(template.to_bytes(), bytes, "one template, one form");
                if read % 50 == 0 {
                    let prepared = Prepared::of(&template);
                    assert!(compare(&prepared, &prepared).score.is_finite());
                }
                read += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(read > 1_000 && refused > 1_000, "{read} read, {refused} refused");
}
