//! How wide the bins of each subband are (IAFIS-IC-0110v3, section 1.4 and annex A), and
//! what symbols a coefficient becomes.

use super::huffman::SYMBOLS;
use super::markers::Quantization;
use super::tree::{Band, CODED, SUBBANDS, Tree};

/// Where in a bin its value lies, as every encoder writes it.
const CENTER: f32 = 0.44;

/// Below this variance a subband is not coded.
const VARIANCE_MIN: f64 = 1.01;

/// Below this sum of the four lowest variances all of every subband is looked at, and not
/// only its middle: the print is faint or small.
const FAINT_BELOW: f64 = 20_000.0;

/// The width of the zero bin, in bins.
const ZERO_BIN: f32 = 1.2;

/// Coefficients of a subband in which most of the signal is expected to lie: five standard
/// deviations. A bin that is wider says nothing.
const LOADING: f64 = 5.0;

/// Weights of the last subbands in the width of a bin.
const WEIGHTS: [f64; 8] = [1.32, 1.08, 1.42, 1.08, 1.32, 1.42, 1.08, 1.08];

/// The first zero-run symbol stands for one zero, the hundredth for a hundred.
const RUN_MAX: usize = 100;
/// The symbol of the value 0; its neighbors are 1 and -1.
pub const ZERO: i32 = 180;
/// Values that have a symbol of their own.
const DIRECT: std::ops::RangeInclusive<i32> = -73..=74;

/// One symbol and the bits that follow its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The symbol.
    pub symbol: u8,
    /// The bits that follow.
    pub extra: u16,
    /// How many: 0, 8 or 16.
    pub extra_bits: u8,
}

/// The bins for a wanted number of bits a pixel.
pub fn bins(plane: &[f32], width: usize, tree: &Tree, bits_per_pixel: f64) -> Quantization {
    let variances = variances(plane, width, tree);
    let mut bin = [0.0_f64; CODED];
    let mut coded: Vec<usize> = Vec::new();
    for (k, variance) in variances.iter().enumerate().filter(|(_, v)| **v >= VARIANCE_MIN) {
        let weight = if k < 52 { 1.0 } else { WEIGHTS[k - 52] };
        bin[k] = if k < 4 { 1.0 } else { 10.0 / (weight * variance.ln()) };
        coded.push(k);
    }
    let scale = scale(&bin, &variances, coded, bits_per_pixel);
    let mut table =
        Quantization { center: CENTER, bin: [0.0; SUBBANDS], zero_bin: [0.0; SUBBANDS] };
    for (k, width) in bin.iter().enumerate().filter(|(_, w)| **w > 0.0) {
        table.bin[k] = (width / scale) as f32;
        table.zero_bin[k] = ZERO_BIN * table.bin[k];
    }
    table
}

/// By what the bins are divided so that the coded subbands take the wanted bits: the rate of
/// the standard's model, without subbands whose bin would hold all of their values.
fn scale(bin: &[f64; CODED], variances: &[f64; CODED], coded: Vec<usize>, rate: f64) -> f64 {
    // The part of the image's samples that a subband of this number has.
    let part = |k: usize| match k {
        0..4 => 1.0 / 1024.0,
        4..51 => 1.0 / 256.0,
        _ => 1.0 / 16.0,
    };
    let mut coded = coded;
    loop {
        let parts: f64 = coded.iter().map(|k| part(*k)).sum();
        if parts == 0.0 {
            return 1.0;
        }
        let deviations: f64 =
            coded.iter().map(|k| part(*k) * (variances[*k].sqrt() / bin[*k]).ln()).sum();
        let scale = ((rate / parts - 1.0).exp2() / 2.5) / (deviations / parts).exp();
        let before = coded.len();
        coded.retain(|k| bin[*k] / scale < LOADING * variances[*k].sqrt());
        if coded.len() == before {
            return scale.clamp(1e-3, 1e6);
        }
    }
}

fn variances(plane: &[f32], width: usize, tree: &Tree) -> [f64; CODED] {
    let middle = |band: &Band| Band {
        x: band.x + band.width / 8,
        y: band.y + 9 * band.height / 32,
        width: 3 * band.width / 4,
        height: 7 * band.height / 16,
        ..*band
    };
    let lowest: f64 = tree.bands[..4].iter().map(|b| variance(plane, width, &middle(b))).sum();
    let is_faint = lowest < FAINT_BELOW;
    std::array::from_fn(|k| {
        let band = tree.bands[k];
        variance(plane, width, &if is_faint { band } else { middle(&band) })
    })
}

fn variance(plane: &[f32], width: usize, band: &Band) -> f64 {
    let samples = (band.width * band.height) as f64;
    if samples < 1.0 {
        return 0.0;
    }
    let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
    for y in band.y..band.y + band.height {
        for value in &plane[y * width + band.x..][..band.width] {
            let value = f64::from(*value);
            sum += value;
            squares += value * value;
        }
    }
    if samples < 2.0 {
        // One coefficient, of an image of a few pixels: as far as it is from zero.
        return squares;
    }
    (squares - sum * sum / samples) / (samples - 1.0)
}

/// The number of the bin in which a coefficient lies.
pub fn quantize(value: f32, bin: f32, zero_bin: f32) -> i32 {
    let half = zero_bin / 2.0;
    let number = if value > half {
        (value - half) / bin + 1.0
    } else if value < -half {
        (value + half) / bin - 1.0
    } else {
        0.0
    };
    (number as i32).clamp(-65_535, 65_535)
}

/// The value that a bin stands for.
pub fn value_of(number: i32, bin: f32, zero_bin: f32, center: f32) -> f32 {
    match number {
        0 => 0.0,
        1.. => bin * (number as f32 - center) + zero_bin / 2.0,
        _ => bin * (number as f32 + center) - zero_bin / 2.0,
    }
}

/// The symbols of coefficients: runs of zeros and single values.
pub fn tokens(numbers: &[i32]) -> Vec<Token> {
    let plain = |symbol: usize| Token { symbol: symbol as u8, extra: 0, extra_bits: 0 };
    let mut out = Vec::new();
    let mut at = 0;
    while at < numbers.len() {
        let run = numbers[at..].iter().take(65_535).take_while(|n| **n == 0).count();
        match run {
            0 => {
                out.push(token(numbers[at]));
                at += 1;
            }
            1..=RUN_MAX => out.push(plain(run)),
            101..=255 => out.push(Token { symbol: 105, extra: run as u16, extra_bits: 8 }),
            _ => out.push(Token { symbol: 106, extra: run as u16, extra_bits: 16 }),
        }
        at += run;
    }
    out
}

fn token(number: i32) -> Token {
    let size = number.unsigned_abs().min(65_535) as u16;
    if DIRECT.contains(&number) {
        return Token { symbol: (ZERO + number) as u8, extra: 0, extra_bits: 0 };
    }
    match (number > 0, size < 256) {
        (true, true) => Token { symbol: 101, extra: size, extra_bits: 8 },
        (false, true) => Token { symbol: 102, extra: size, extra_bits: 8 },
        (true, false) => Token { symbol: 103, extra: size, extra_bits: 16 },
        (false, false) => Token { symbol: 104, extra: size, extra_bits: 16 },
    }
}

/// How often each symbol occurs.
pub fn occurrences<'a>(tokens: impl IntoIterator<Item = &'a Token>) -> [u64; SYMBOLS] {
    let mut out = [0; SYMBOLS];
    for token in tokens {
        out[usize::from(token.symbol)] += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_stands_for_a_value_within_it() {
        let (bin, zero_bin) = (3.0, 3.6);
        for i in -4000..4000 {
            let value = i as f32 / 10.0;
            let number = quantize(value, bin, zero_bin);
            let back = value_of(number, bin, zero_bin, CENTER);
            assert!((value - back).abs() <= bin, "{value} became {back}");
        }
    }

    #[test]
    fn every_run_and_value_has_its_symbol() {
        let symbols = |numbers: &[i32]| -> Vec<(u8, u16)> {
            tokens(numbers).iter().map(|t| (t.symbol, t.extra)).collect()
        };
        assert_eq!(symbols(&[0; 100]), [(100, 0)]);
        assert_eq!(symbols(&[0; 101]), [(105, 101)]);
        assert_eq!(symbols(&[0; 256]), [(106, 256)]);
        assert_eq!(symbols(&vec![0; 65_537]), [(106, 65_535), (2, 0)]);
        assert_eq!(symbols(&[74, -73]), [(254, 0), (107, 0)]);
        assert_eq!(symbols(&[75, -74, 300, -300]), [(101, 75), (102, 74), (103, 300), (104, 300)]);
    }
}
