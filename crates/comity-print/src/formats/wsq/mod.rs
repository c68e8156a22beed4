//! WSQ, the FBI's wavelet compression of fingerprints (NIST IAFIS-IC-0110v3): 64 subbands
//! of a 9/7 wavelet, bins as wide as the rate asks for, Huffman codes in three blocks.
//!
//! Written from the specification; no code of others. The decoder takes what the standard
//! allows except filters of an even number of taps and restarts, which no certified encoder
//! writes; it refuses anything else with the place of it.

mod decode;
mod encode;
mod huffman;
mod markers;
mod quantize;
mod tree;
mod wavelet;

pub use decode::{decode, head};
pub use encode::encode;

use crate::Resolution;

/// Bits a pixel that give the FBI's 15:1.
pub const BITS_PER_PIXEL_15_TO_1: f64 = 0.75;

/// A WSQ file; `image` is `()` where only its header was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Wsq<I> {
    /// The gray levels.
    pub image: I,
    /// Pixels across.
    pub width_px: usize,
    /// Pixels down.
    pub height_px: usize,
    /// From the NISTCOM comment; a transaction's own field goes before it.
    pub resolution: Resolution,
    /// The encoder's rate, from the NISTCOM comment.
    pub bits_per_pixel: Option<f64>,
    /// The encoder's algorithm number; 0 = not said.
    pub encoder: u8,
    /// The certified software's number; 0 = not certified, or not said.
    pub software: u16,
    /// Comments, in order.
    pub comments: Vec<Vec<u8>>,
}

/// The rate of the standard's model for a ratio: 15 is 0.75 bits a pixel, 5 is 2.25.
pub fn bits_per_pixel(ratio: f64) -> f64 {
    15.0 * BITS_PER_PIXEL_15_TO_1 / ratio
}
