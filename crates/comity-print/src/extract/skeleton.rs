//! Ridges thinned to lines one pixel wide.

use super::plane::Plane;
use std::sync::LazyLock;

/// Offsets to the eight neighbors, counterclockwise as one looks at the print, from the right.
pub(crate) const AROUND: [(isize, isize); 8] =
    [(1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1)];

/// Which neighborhoods let their middle go: the ridge neither breaks, nor opens, nor shortens.
static REMOVABLE: LazyLock<[bool; 256]> =
    LazyLock::new(|| std::array::from_fn(|n| removable(n as u8)));

fn removable(neighbors: u8) -> bool {
    let set = |k: usize| neighbors >> (k % 8) & 1 == 1;
    // Yokoi's connectivity number of the background's complement, for ridges joined by corners.
    let joins = [0, 2, 4, 6].into_iter().filter(|&k| !set(k) && (set(k + 1) || set(k + 2))).count();
    joins == 1 && neighbors.count_ones() >= 2
}

/// How many ridges leave a pixel of the skeleton: 1 at an end, 2 along, 3 at a fork.
pub(crate) fn crossings(neighbors: u8) -> u32 {
    (neighbors ^ neighbors.rotate_left(1)).count_ones() / 2
}

/// The neighbors of a pixel that is not at the border, one bit each in the order of [`AROUND`].
pub(crate) fn neighbors(ridge: &Plane<bool>, at: usize) -> u8 {
    let w = ridge.width;
    let v = &ridge.values;
    let bit = |place: usize, k: u32| u8::from(v[place]) << k;
    bit(at + 1, 0)
        | bit(at - w + 1, 1)
        | bit(at - w, 2)
        | bit(at - w - 1, 3)
        | bit(at - 1, 4)
        | bit(at + w - 1, 5)
        | bit(at + w, 6)
        | bit(at + w + 1, 7)
}

/// Dark is ridge; the border of the image is none. Specks and pinholes are taken away.
pub(crate) fn binarized(enhanced: &Plane<f32>) -> Plane<bool> {
    let mut ridge = Plane::new(enhanced.width, enhanced.height);
    for y in 1..enhanced.height.saturating_sub(1) {
        for x in 1..enhanced.width.saturating_sub(1) {
            let at = y * enhanced.width + x;
            ridge.values[at] = enhanced.values[at] < 0.0;
        }
    }
    ridge
}

/// The skeleton: pixels are taken from each of four sides in turn until none can go.
pub(crate) fn thinned(mut ridge: Plane<bool>) -> Plane<bool> {
    let w = ridge.width;
    let table = &*REMOVABLE;
    let mut left: Vec<usize> = (0..ridge.values.len()).filter(|&at| ridge.values[at]).collect();
    let sides = [2u32, 6, 4, 0];
    let mut idle = 0;
    let mut side = 0;
    let mut marked = Vec::new();
    while idle < 4 {
        let bit = sides[side];
        side = (side + 1) % 4;
        marked.clear();
        for &at in &left {
            let n = neighbors(&ridge, at);
            if n >> bit & 1 == 0 && table[usize::from(n)] {
                marked.push(at);
            }
        }
        let mut gone = 0;
        for &at in &marked {
            if table[usize::from(neighbors(&ridge, at))] {
                ridge.values[at] = false;
                gone += 1;
            }
        }
        idle = if gone == 0 { idle + 1 } else { 0 };
        left.retain(|&at| ridge.values[at]);
    }
    debug_assert!(left.iter().all(|&at| at > w));
    ridge
}
