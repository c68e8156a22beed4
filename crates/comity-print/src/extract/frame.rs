//! The part of the image that holds anything: a card or a large sensor is mostly background,
//! which costs neither time nor memory.

use super::plane::Plane;
use super::spectrum::BLOCK_PX;
use crate::GrayImage;

/// Blocks kept around the contrast: more than windows and filters look beyond a block.
const MARGIN_BLOCKS: usize = 6;

/// A rectangle of whole blocks, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Frame {
    /// Around all blocks that are wanted; `None` when none is.
    pub(crate) fn around(wanted: &Plane<bool>, image: &GrayImage) -> Option<Self> {
        let (mut left, mut top, mut right, mut bottom) = (usize::MAX, usize::MAX, 0, 0);
        for (y, row) in wanted.values.chunks_exact(wanted.width).enumerate() {
            let Some(first) = row.iter().position(|w| *w) else { continue };
            let last = row.iter().rposition(|w| *w).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last));
            (top, bottom) = (top.min(y), y);
        }
        if left == usize::MAX {
            return None;
        }
        let before = |block: usize| block.saturating_sub(MARGIN_BLOCKS) * BLOCK_PX;
        let after = |block: usize, end: usize| ((block + 1 + MARGIN_BLOCKS) * BLOCK_PX).min(end);
        let (left_px, top_px) = (before(left), before(top));
        Some(Self {
            left: left_px,
            top: top_px,
            width: after(right, image.width_px()) - left_px,
            height: after(bottom, image.height_px()) - top_px,
        })
    }

    /// The pixels inside.
    pub(crate) fn cut(&self, image: &GrayImage) -> GrayImage {
        let mut pixels = Vec::with_capacity(self.width * self.height);
        for y in self.top..self.top + self.height {
            pixels.extend_from_slice(&image.row(y)[self.left..self.left + self.width]);
        }
        // A part of an image has sides and a length that fit.
        GrayImage::new(self.width, self.height, pixels, image.resolution)
            .unwrap_or_else(|_| image.clone())
    }

    /// The blocks inside.
    pub(crate) fn cut_blocks<T: Copy + Default>(&self, blocks: &Plane<T>) -> Plane<T> {
        let (left, top) = (self.left / BLOCK_PX, self.top / BLOCK_PX);
        let mut part = Plane::new(self.width.div_ceil(BLOCK_PX), self.height.div_ceil(BLOCK_PX));
        for (y, row) in part.values.chunks_exact_mut(part.width).enumerate() {
            let from = (top + y) * blocks.width + left;
            row.copy_from_slice(&blocks.values[from..from + row.len()]);
        }
        part
    }

    /// A plane of the part, in values of so many pixels a side, as one of the whole image.
    pub(crate) fn whole<T: Copy + Default>(
        &self,
        part: Plane<T>,
        side_px: usize,
        image: &GrayImage,
    ) -> Plane<T> {
        let (width, height) =
            (image.width_px().div_ceil(side_px), image.height_px().div_ceil(side_px));
        if (part.width, part.height) == (width, height) {
            return part;
        }
        let mut whole = Plane::new(width, height);
        let (left, top) = (self.left / side_px, self.top / side_px);
        for (y, row) in part.values.chunks_exact(part.width).enumerate() {
            let to = (top + y) * width + left;
            whole.values[to..to + row.len()].copy_from_slice(row);
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resolution;

    #[test]
    fn what_is_cut_out_comes_back_to_its_place() {
        let (w, h) = (301, 290);
        let pixels: Vec<u8> = (0..w * h).map(|k| (k % 251) as u8).collect();
        let image = GrayImage::new(w, h, pixels, Resolution::Unstated).unwrap();
        let mut wanted = Plane::new(w.div_ceil(BLOCK_PX), h.div_ceil(BLOCK_PX));
        assert_eq!(Frame::around(&wanted, &image), None);
        wanted.values[10 * wanted.width + 12] = true;
        wanted.values[30 * wanted.width + 20] = true;
        let frame = Frame::around(&wanted, &image).unwrap();
        assert_eq!(frame, Frame { left: 48, top: 32, width: 168, height: 258 });
        assert_eq!(frame.cut(&image).row(7), &image.row(39)[48..216]);
        let part = frame.cut_blocks(&wanted);
        assert_eq!(frame.whole(part, BLOCK_PX, &image), wanted);
    }
}
