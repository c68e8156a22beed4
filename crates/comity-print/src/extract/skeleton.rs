//! Ridges thinned to lines one pixel wide, 64 pixels at a time.

use super::plane::Plane;

/// Offsets to the eight neighbors, counterclockwise as one looks at the print, from the right.
pub(crate) const AROUND: [(isize, isize); 8] =
    [(1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1)];

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

/// Pixels as bits, rows of whole words with an empty word before and after and an empty row
/// above and below.
pub(crate) struct Bits {
    /// Words a row, the empty ones counted.
    stride: usize,
    words: Vec<u64>,
}

/// Dark is ridge; the border of the image is none.
pub(crate) fn binarized(enhanced: &Plane<f32>) -> Bits {
    let (w, h) = (enhanced.width, enhanced.height);
    let stride = w.div_ceil(64) + 2;
    let mut words = vec![0u64; stride * (h + 2)];
    for y in 1..h.saturating_sub(1) {
        let row = &enhanced.values[y * w..(y + 1) * w];
        let to = &mut words[(y + 1) * stride + 1..];
        for (word, values) in to.iter_mut().zip(row.chunks(64)) {
            *word =
                values.iter().enumerate().fold(0, |word, (k, v)| word | u64::from(*v < 0.0) << k);
        }
        to[0] &= !1;
        to[(w - 1) / 64] &= !(1 << ((w - 1) % 64));
    }
    Bits { stride, words }
}

/// The eight neighbors of 64 pixels, in the order of [`AROUND`].
fn around(above: &[u64], own: &[u64], below: &[u64], at: usize) -> [u64; 8] {
    let right = |row: &[u64]| row[at] >> 1 | row[at + 1] << 63;
    let left = |row: &[u64]| row[at] << 1 | row[at - 1] >> 63;
    [
        right(own),
        right(above),
        above[at],
        left(above),
        left(own),
        left(below),
        below[at],
        right(below),
    ]
}

/// Which pixels may go: the ridge neither breaks, nor opens, nor shortens.
///
/// Yokoi's connectivity number is 1, and there are two neighbors or more.
fn removable(n: [u64; 8]) -> u64 {
    let joins = |k: usize| !n[k] & (n[k + 1] | n[(k + 2) % 8]);
    let (a, b, c, d) = (joins(0), joins(2), joins(4), joins(6));
    let once = (a ^ b ^ c ^ d) & !(a & b) & !(c & d);
    let (mut one, mut two) = (0, 0);
    for neighbor in n {
        two |= one & neighbor;
        one |= neighbor;
    }
    once & two
}

/// The skeleton: pixels are taken from each of four sides in turn until none can go. All of a
/// side go at once, which keeps what hangs together (Rosenfeld, 1975).
pub(crate) fn thinned(mut ridge: Bits) -> Bits {
    let stride = ridge.stride;
    let rows = ridge.words.len() / stride;
    // In which pass a row last lost a pixel; after four passes without it is done.
    let mut lost_in = vec![0usize; rows];
    let (mut above, mut own) = (vec![0u64; stride], vec![0u64; stride]);
    let mut done = false;
    let mut pass = 0;
    while !done {
        done = true;
        let side = [2, 6, 4, 0][pass % 4];
        above.fill(0);
        for y in 1..rows - 1 {
            let from = y * stride;
            own.copy_from_slice(&ridge.words[from..from + stride]);
            let lately = lost_in[y - 1].max(lost_in[y]).max(lost_in[y + 1]);
            if pass < lately + 4 {
                done = false;
                let (rows, below) = ridge.words.split_at_mut(from + stride);
                if thin_row(&above, &own, below, &mut rows[from..], side) {
                    lost_in[y] = pass + 1;
                }
            }
            std::mem::swap(&mut above, &mut own);
        }
        pass += 1;
    }
    ridge
}

/// Takes the pixels of a row that may go and have none beside them on a side.
fn thin_row(above: &[u64], own: &[u64], below: &[u64], row: &mut [u64], side: usize) -> bool {
    let mut lost = 0;
    for at in 1..own.len() - 1 {
        if own[at] != 0 {
            let near = around(above, own, below, at);
            let gone = own[at] & !near[side] & removable(near);
            row[at] &= !gone;
            lost |= gone;
        }
    }
    lost != 0
}

impl Bits {
    /// As a plane of so many pixels.
    pub(crate) fn plane(&self, width: usize, height: usize) -> Plane<bool> {
        let mut plane = Plane::new(width, height);
        for (y, row) in plane.values.chunks_exact_mut(width).enumerate() {
            let words = &self.words[(y + 1) * self.stride + 1..];
            for (pixels, word) in row.chunks_mut(64).zip(words) {
                if *word != 0 {
                    for (k, pixel) in pixels.iter_mut().enumerate() {
                        *pixel = word >> k & 1 == 1;
                    }
                }
            }
        }
        plane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ridges drawn from a rule, as bits and as a plane.
    fn drawn(w: usize, h: usize, ridge: impl Fn(usize, usize) -> bool) -> Bits {
        let mut values = Plane::new(w, h);
        for (at, value) in values.values.iter_mut().enumerate() {
            *value = if ridge(at % w, at / w) { -1.0 } else { 1.0 };
        }
        binarized(&values)
    }

    /// How many parts of eight-connected pixels there are.
    fn parts(plane: &Plane<bool>) -> usize {
        let mut left = plane.clone();
        let mut count = 0;
        while let Some(start) = left.values.iter().position(|v| *v) {
            count += 1;
            let mut todo = vec![start];
            while let Some(at) = todo.pop() {
                if std::mem::take(&mut left.values[at]) {
                    let (x, y) = ((at % plane.width) as isize, (at / plane.width) as isize);
                    for (dx, dy) in AROUND {
                        if left.at(x + dx, y + dy) {
                            todo.push((y + dy) as usize * plane.width + (x + dx) as usize);
                        }
                    }
                }
            }
        }
        count
    }

    #[test]
    fn words_know_what_single_pixels_know() {
        for pattern in 0..=255u8 {
            let bits: [u64; 8] = std::array::from_fn(|k| u64::from(pattern >> k & 1));
            let set = |k: usize| pattern >> (k % 8) & 1 == 1;
            let joins =
                [0, 2, 4, 6].iter().filter(|&&k| !set(k) && (set(k + 1) || set(k + 2))).count();
            let expected = joins == 1 && pattern.count_ones() >= 2;
            assert_eq!(removable(bits) & 1 == 1, expected, "{pattern:08b}");
        }
    }

    #[test]
    fn thinning_keeps_what_hangs_together_and_leaves_lines() {
        for seed in 1..40usize {
            let (w, h) = (150, 40 + seed % 7);
            let bits =
                drawn(w, h, |x, y| (x / 3 * 7 + y / 3 * 13 + x * y / 50) % seed.max(3) > seed / 2);
            let before = bits.plane(w, h);
            let after = thinned(bits).plane(w, h);
            assert_eq!(parts(&before), parts(&after), "{seed}");
            assert!(after.values.iter().zip(&before.values).all(|(a, b)| !a | b));
            let full = |at: usize| after.values[at] && neighbors(&after, at).count_ones() == 8;
            assert!(
                (0..w * h)
                    .filter(|at| at % w > 0 && at % w < w - 1)
                    .all(|at| { at < w || at >= w * (h - 1) || !full(at) })
            );
        }
    }

    #[test]
    fn a_bar_becomes_its_middle_line_across_words() {
        let bar = drawn(200, 20, |x, y| (20..180).contains(&x) && (8..13).contains(&y));
        let thin = thinned(bar).plane(200, 20);
        for x in 30..170 {
            let column: Vec<usize> = (0..20).filter(|y| thin.values[y * 200 + x]).collect();
            assert_eq!(column, [10], "{x}");
        }
    }
}
