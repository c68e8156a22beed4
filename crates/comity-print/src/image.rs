//! Gray images and their resolution.

use std::fmt;

/// Widest and tallest image that is taken, in pixels.
pub const SIDE_PX_MAX: usize = 16_384;

/// Most pixels of an image that is taken: an 8,000 x 8,000 card scan fits.
pub const PIXELS_MAX: usize = 100_000_000;

/// How densely an image was sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolution {
    /// Pixels an inch, the same across and down.
    Ppi(f32),
    /// The file does not say, and nobody has said it.
    Unstated,
}

/// An 8-bit gray image, rows from the top, ridges dark.
#[derive(Clone, PartialEq)]
pub struct GrayImage {
    width_px: usize,
    height_px: usize,
    /// `width_px * height_px` gray levels, 0 black to 255 white, row by row.
    pixels: Vec<u8>,
    /// How densely it was sampled.
    pub resolution: Resolution,
}

/// Why pixels are no image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageError {
    /// A side of no pixels.
    Empty,
    /// Larger than [`SIDE_PX_MAX`] or [`PIXELS_MAX`].
    TooLarge {
        /// Pixels across.
        width_px: usize,
        /// Pixels down.
        height_px: usize,
    },
    /// Not as many gray levels as the sides say.
    WrongLength {
        /// How many the sides ask for.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "an image with a side of no pixels"),
            Self::TooLarge { width_px, height_px } => write!(
                f,
                "an image of {width_px} x {height_px} pixels is larger than is taken \
                 ({SIDE_PX_MAX} a side, {PIXELS_MAX} in all)"
            ),
            Self::WrongLength { expected, found } => {
                write!(f, "the sides of the image ask for {expected} pixels, there are {found}")
            }
        }
    }
}

impl std::error::Error for ImageError {}

impl GrayImage {
    /// An image of gray levels given row by row from the top.
    ///
    /// # Errors
    /// [`ImageError`] when the sides are empty, too large, or do not fit the pixels.
    pub fn new(
        width_px: usize,
        height_px: usize,
        pixels: Vec<u8>,
        resolution: Resolution,
    ) -> Result<Self, ImageError> {
        Self::check_sides(width_px, height_px)?;
        let expected = width_px * height_px;
        if pixels.len() != expected {
            return Err(ImageError::WrongLength { expected, found: pixels.len() });
        }
        Ok(Self { width_px, height_px, pixels, resolution })
    }

    /// Whether an image of these sides is taken; to be asked before its pixels are allocated.
    ///
    /// # Errors
    /// [`ImageError::Empty`], [`ImageError::TooLarge`].
    pub fn check_sides(width_px: usize, height_px: usize) -> Result<(), ImageError> {
        if width_px == 0 || height_px == 0 {
            return Err(ImageError::Empty);
        }
        let too_long = width_px > SIDE_PX_MAX || height_px > SIDE_PX_MAX;
        if too_long || width_px * height_px > PIXELS_MAX {
            return Err(ImageError::TooLarge { width_px, height_px });
        }
        Ok(())
    }

    /// Pixels across.
    pub fn width_px(&self) -> usize {
        self.width_px
    }

    /// Pixels down.
    pub fn height_px(&self) -> usize {
        self.height_px
    }

    /// The gray levels, row by row from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// One row of gray levels; empty below the image.
    pub fn row(&self, y: usize) -> &[u8] {
        let from = y.saturating_mul(self.width_px);
        self.pixels.get(from..from.saturating_add(self.width_px)).unwrap_or_default()
    }
}

impl fmt::Debug for GrayImage {
    /// The sides, not the pixels: a print is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrayImage {}x{} {:?}", self.width_px, self.height_px, self.resolution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_fits_its_sides() {
        let made = |w, h, n| GrayImage::new(w, h, vec![0; n], Resolution::Ppi(500.0));
        assert!(made(3, 2, 6).is_ok());
        assert_eq!(made(3, 2, 5), Err(ImageError::WrongLength { expected: 6, found: 5 }));
        assert_eq!(made(0, 2, 0), Err(ImageError::Empty));
        assert!(matches!(made(SIDE_PX_MAX + 1, 1, 1), Err(ImageError::TooLarge { .. })));
    }
}
