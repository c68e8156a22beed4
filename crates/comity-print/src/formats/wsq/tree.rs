//! The 64 subbands of a WSQ image: where each lies, and which splits lead there.
//!
//! The wavelet coefficients are kept in a plane of the image's sides. A split cuts a
//! rectangle of the plane into low and high frequencies, across and down. Decimation turns
//! the spectrum of a high half around, so there the high half of the next split comes first:
//! the subbands then stand in order of frequency (IAFIS-IC-0110v3, annex A, figure of the
//! subbands).

/// Subbands that are numbered; the last four (both ways high) are never coded.
pub const SUBBANDS: usize = 64;

/// Subbands that can be coded.
pub const CODED: usize = 60;

/// The first subbands of the second and third Huffman-coded block.
pub const BLOCK_STARTS: [usize; 2] = [19, 52];

/// A rectangle of the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Band {
    /// Pixels from the left of the plane.
    pub x: usize,
    /// Pixels from its top.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// The spectrum is turned around across: the high half of the next split comes first.
    pub flip_x: bool,
    /// The same, down.
    pub flip_y: bool,
}

impl Band {
    /// The four quarters of the next split: top left, top right, bottom left, bottom right.
    fn split(self) -> [Band; 4] {
        let first_width = first_half(self.width, self.flip_x);
        let first_height = first_half(self.height, self.flip_y);
        let quarter = |right: bool, below: bool| Band {
            x: self.x + if right { first_width } else { 0 },
            y: self.y + if below { first_height } else { 0 },
            width: if right { self.width - first_width } else { first_width },
            height: if below { self.height - first_height } else { first_height },
            flip_x: right,
            flip_y: below,
        };
        [quarter(false, false), quarter(true, false), quarter(false, true), quarter(true, true)]
    }
}

/// Samples of the half that comes first: the low half is the larger one of an odd length.
fn first_half(length: usize, flip: bool) -> usize {
    if flip { length / 2 } else { length.div_ceil(2) }
}

/// How a plane is split.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The rectangles that are split, in the order of analysis; synthesis goes backwards.
    pub splits: Vec<Band>,
    /// The subbands by number.
    pub bands: [Band; SUBBANDS],
}

impl Tree {
    /// The tree of an image of these sides.
    pub fn new(width: usize, height: usize) -> Self {
        let mut tree = Tree { splits: Vec::new(), bands: [Band::default(); SUBBANDS] };
        let whole = Band { x: 0, y: 0, width, height, flip_x: false, flip_y: false };
        let [low, right, below, both] = tree.split(whole);
        tree.leaves(right, 52);
        tree.leaves(below, 56);
        // Its coefficients are left out by every encoder, so that it is never split.
        tree.bands[60..64].copy_from_slice(&both.split());
        let [low, right, below, both] = tree.split(low);
        tree.bands[51] = both;
        tree.sixteen(right, 19);
        tree.sixteen(below, 35);
        let [low, right, below, both] = tree.split(low);
        tree.leaves(right, 7);
        tree.leaves(below, 11);
        tree.leaves(both, 15);
        let [low, right, below, both] = tree.split(low);
        tree.bands[4..7].copy_from_slice(&[right, below, both]);
        tree.leaves(low, 0);
        tree
    }

    fn split(&mut self, band: Band) -> [Band; 4] {
        self.splits.push(band);
        band.split()
    }

    /// Splits once; the quarters are subbands from `first`.
    fn leaves(&mut self, band: Band, first: usize) {
        let quarters = self.split(band);
        self.bands[first..first + 4].copy_from_slice(&quarters);
    }

    /// Splits twice; the sixteenths are subbands from `first`.
    fn sixteen(&mut self, band: Band, first: usize) {
        for (i, quarter) in self.split(band).into_iter().enumerate() {
            self.leaves(quarter, first + 4 * i);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subbands_tile_the_plane() {
        for (width, height) in [(545, 622), (512, 512), (801, 753), (10, 10), (1, 1), (3, 8)] {
            let tree = Tree::new(width, height);
            let mut seen = vec![0_u8; width * height];
            for band in tree.bands {
                for y in band.y..band.y + band.height {
                    for x in band.x..band.x + band.width {
                        seen[y * width + x] += 1;
                    }
                }
            }
            assert!(seen.iter().all(|n| *n == 1), "{width} x {height}");
            assert_eq!(tree.splits.len(), 20);
        }
    }
}
