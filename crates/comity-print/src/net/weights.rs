//! The weights of the network as bytes: small, checked, and the same on every machine.

use super::conv::{LANES, Layer};
use std::fmt;

/// First bytes of a file of weights; the last is the version of the form.
const MAGIC: [u8; 4] = *b"cpn\x01";
/// Bytes before the layers: magic, length of all, number of layers.
const HEADER: usize = 12;
/// Bytes before a layer's numbers: out, in, side, stride, dilation, whether negatives are cut.
const LAYER_HEADER: usize = 8;
/// Bytes of the checksum at the end.
const CHECK: usize = 4;

/// What a layer of the network must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub outputs: usize,
    pub inputs: usize,
    pub side: usize,
    pub stride: usize,
    pub dilation: usize,
    pub cut: bool,
}

/// Why bytes are no weights: where, and what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightsError {
    /// Bytes from the start.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "weights of the network, byte {}: {}", self.at, self.problem)
    }
}

impl std::error::Error for WeightsError {}

/// Reads the layers of a network of these shapes; the form is told in `train/print-net/export.py`.
///
/// # Errors
/// The place and kind of the first fault.
pub(crate) fn read(bytes: &[u8], shapes: &[Shape]) -> Result<Vec<Layer>, WeightsError> {
    let wrong = |at: usize, problem: &'static str| WeightsError { at, problem };
    let head = bytes.get(..HEADER).ok_or(wrong(bytes.len(), "end within the header"))?;
    if head[..3] != MAGIC[..3] {
        return Err(wrong(0, "are none: the first bytes are not `cpn`"));
    }
    if head[3] != MAGIC[3] {
        return Err(wrong(3, "have a version that is not read here; this is version 1"));
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    if length != bytes.len() || length < HEADER + CHECK {
        return Err(wrong(4, "state another length than they have"));
    }
    let (body, check) = bytes.split_at(length - CHECK);
    if crc32fast::hash(body).to_le_bytes() != check {
        return Err(wrong(length - CHECK, "have another checksum than their bytes"));
    }
    if u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize != shapes.len() {
        return Err(wrong(8, "state another number of layers than the network has"));
    }
    let mut at = HEADER;
    let mut layers = Vec::with_capacity(shapes.len());
    for shape in shapes {
        let (layer, next) = read_layer(body, at, *shape)?;
        layers.push(layer);
        at = next;
    }
    if at != body.len() {
        return Err(wrong(at, "go on after the last layer"));
    }
    Ok(layers)
}

fn read_layer(body: &[u8], at: usize, shape: Shape) -> Result<(Layer, usize), WeightsError> {
    let wrong = |at: usize, problem: &'static str| WeightsError { at, problem };
    let head = body.get(at..at + LAYER_HEADER).ok_or(wrong(at, "end within a layer"))?;
    let pair = |k: usize| usize::from(u16::from_le_bytes([head[k], head[k + 1]]));
    let stated = Shape {
        outputs: pair(0),
        inputs: pair(2),
        side: usize::from(head[4]),
        stride: usize::from(head[5]),
        dilation: usize::from(head[6]),
        cut: head[7] == 1,
    };
    if stated != shape || head[7] > 1 {
        return Err(wrong(at, "state a layer of another shape than the network has there"));
    }
    let taps = shape.side * shape.side * shape.inputs;
    let biases_at = at + LAYER_HEADER;
    let weights_at = biases_at + 4 * shape.outputs;
    let end = weights_at + 2 * taps * shape.outputs;
    let biases = body.get(biases_at..weights_at).ok_or(wrong(biases_at, "end within a layer"))?;
    let weights = body.get(weights_at..end).ok_or(wrong(weights_at, "end within a layer"))?;
    let blocks = shape.outputs.div_ceil(LANES);
    let mut layer = Layer {
        shape,
        biases: vec![[0.0; LANES]; blocks],
        weights: vec![[0.0; LANES]; blocks * taps],
    };
    for (out, b) in biases.chunks_exact(4).enumerate() {
        let bias = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        if !bias.is_finite() {
            return Err(wrong(biases_at + 4 * out, "hold a bias that is no number"));
        }
        layer.biases[out / LANES][out % LANES] = bias;
    }
    for (k, h) in weights.chunks_exact(2).enumerate() {
        let (tap, out) = (k / shape.outputs, k % shape.outputs);
        let half = u16::from_le_bytes([h[0], h[1]]);
        let weight =
            of_half(half).ok_or(wrong(weights_at + 2 * k, "hold a weight that is no number"))?;
        layer.weights[out / LANES * taps + tap][out % LANES] = weight;
    }
    Ok((layer, end))
}

/// The number of an IEEE 754 binary16; `None` for infinities and what is no number.
fn of_half(half: u16) -> Option<f32> {
    let (exponent, fraction) = (u32::from(half >> 10 & 31), u32::from(half & 1023));
    let size = match exponent {
        // 2^-24 is a power of two: the product is exact.
        0 => fraction as f32 * f32::from_bits((127 - 24) << 23),
        31 => return None,
        _ => f32::from_bits((exponent + 127 - 15) << 23 | fraction << 13),
    };
    Some(if half >> 15 == 1 { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_numbers_are_what_the_standard_says() {
        for (half, number) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
        ] {
            assert_eq!(of_half(half), Some(number), "{half:04x}");
        }
        assert_eq!((of_half(0x7c00), of_half(0x7e01)), (None, None));
    }
}
