//! From gray levels to the bytes of a WSQ file.

use super::huffman::{BitWriter, Code, SYMBOLS, Table};
use super::markers::{COM, DHT, DQT, DTT, EOI, Quantization, SOB, SOF, SOI};
use super::quantize::{self, Token, bins, occurrences, quantize, tokens};
use super::tree::{BLOCK_STARTS, CODED, Tree};
use super::wavelet::{self, Filters};
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};

/// Bits a pixel that are taken: from 75:1 to losses that nobody sees.
const BITS_PER_PIXEL: std::ops::RangeInclusive<f64> = 0.15..=6.0;

/// Writes an image with about `bits_per_pixel` bits a pixel: 0.75 gives the FBI's 15:1 on a
/// print of usual contrast, 2.25 gives 5:1. The number is the rate of the standard's model;
/// how long the file becomes depends on the print.
///
/// # Errors
/// Bits a pixel outside of 0.15 to 6.
pub fn encode(image: &GrayImage, bits_per_pixel: f64) -> Read<Vec<u8>> {
    if !BITS_PER_PIXEL.contains(&bits_per_pixel) {
        let problem = format!("{bits_per_pixel} bits a pixel; 0.15 to 6 can be written");
        return Err(FormatError::new(Format::Wsq, 0, problem)
            .help("give a ratio between 2 and 75; 15 is what the FBI asks of 500 ppi prints"));
    }
    let (width, height) = (image.width_px(), image.height_px());
    let (shift, scale) = shift_and_scale(image.pixels());
    let (shift, scale) = (Decimal::of(shift), Decimal::of(scale));
    let mut plane: Vec<f32> =
        image.pixels().iter().map(|p| (f32::from(*p) - shift.value()) / scale.value()).collect();
    let tree = Tree::new(width, height);
    wavelet::analyze(&mut plane, width, &tree, &Filters::default());
    let table = written(&bins(&plane, width, &tree, bits_per_pixel));

    let mut out = Vec::new();
    marker(&mut out, SOI);
    segment(&mut out, COM, nistcom(image, bits_per_pixel).as_bytes());
    segment(&mut out, DTT, &filters());
    segment(&mut out, DQT, &quantization(&table));
    segment(&mut out, SOF, &frame(width, height, shift, scale));
    blocks(&mut out, &plane, width, &tree, &table);
    marker(&mut out, EOI);
    Ok(out)
}

/// The mean, and the larger of the distances from it to the darkest and lightest pixel,
/// brought to 128.
fn shift_and_scale(pixels: &[u8]) -> (f64, f64) {
    let sum: u64 = pixels.iter().map(|p| u64::from(*p)).sum();
    let mean = sum as f64 / pixels.len().max(1) as f64;
    let darkest = pixels.iter().min().map_or(0.0, |p| f64::from(*p));
    let lightest = pixels.iter().max().map_or(0.0, |p| f64::from(*p));
    let scale = (mean - darkest).max(lightest - mean) / 128.0;
    // A blank image has no scale: any will do.
    (mean, if scale > 0.0 { scale } else { 1.0 })
}

/// A number of five digits at most, as the segments hold it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Decimal {
    places: u8,
    digits: u16,
}

impl Decimal {
    /// The nearest number with the most places that fit.
    fn of(value: f64) -> Self {
        let mut found = Self { places: 0, digits: value.clamp(0.0, 65_535.0).round() as u16 };
        for places in 1..=9_u8 {
            let digits = (value * 10_f64.powi(i32::from(places))).round();
            if value <= 0.0 || digits > 65_535.0 {
                break;
            }
            found = Self { places, digits: digits as u16 };
        }
        found
    }

    fn value(self) -> f32 {
        (f64::from(self.digits) / 10_f64.powi(i32::from(self.places))) as f32
    }

    fn bytes(self) -> [u8; 3] {
        let [high, low] = self.digits.to_be_bytes();
        [self.places, high, low]
    }
}

/// The bins as the reader will see them, so that both sides count with the same numbers.
fn written(table: &Quantization) -> Quantization {
    let round = |value: &f32| Decimal::of(f64::from(*value)).value();
    Quantization {
        center: round(&table.center),
        bin: std::array::from_fn(|k| round(&table.bin[k])),
        zero_bin: std::array::from_fn(|k| round(&table.zero_bin[k])),
    }
}

fn marker(out: &mut Vec<u8>, marker: u16) {
    out.extend(marker.to_be_bytes());
}

fn segment(out: &mut Vec<u8>, name: u16, content: &[u8]) {
    marker(out, name);
    out.extend((content.len() as u16 + 2).to_be_bytes());
    out.extend(content);
}

/// The comment that carries the resolution, which no other segment does.
fn nistcom(image: &GrayImage, bits_per_pixel: f64) -> String {
    let ppi = match image.resolution {
        Resolution::Ppi(ppi) => format!("{}", ppi.round()),
        Resolution::Unstated => "-1".to_owned(),
    };
    format!(
        "NIST_COM 9\nPIX_WIDTH {}\nPIX_HEIGHT {}\nPIX_DEPTH 8\nPPI {ppi}\nLOSSY 1\n\
         COLORSPACE GRAY\nCOMPRESSION WSQ\nWSQ_BITRATE {bits_per_pixel:.6}",
        image.width_px(),
        image.height_px(),
    )
}

fn filters() -> Vec<u8> {
    let Filters { low, high } = Filters::default();
    let mut out = vec![2 * low.len() as u8 - 1, 2 * high.len() as u8 - 1];
    for tap in low.iter().chain(&high) {
        let size = f64::from(tap.abs());
        // As many places as four bytes hold.
        let places = if size < 0.429 { 10 } else { 9 };
        let digits = (size * 10_f64.powi(i32::from(places))).round() as u32;
        out.extend([u8::from(*tap < 0.0), places]);
        out.extend(digits.to_be_bytes());
    }
    out
}

fn quantization(table: &Quantization) -> Vec<u8> {
    let bytes = |value: f32| Decimal::of(f64::from(value)).bytes();
    let mut out = bytes(table.center).to_vec();
    for (bin, zero_bin) in table.bin.iter().zip(&table.zero_bin) {
        out.extend(bytes(*bin));
        out.extend(bytes(*zero_bin));
    }
    out
}

fn frame(width: usize, height: usize, shift: Decimal, scale: Decimal) -> Vec<u8> {
    let mut out = vec![0, 255];
    out.extend((height as u16).to_be_bytes());
    out.extend((width as u16).to_be_bytes());
    out.extend(shift.bytes());
    out.extend(scale.bytes());
    // Encoder 0 and software 0: not certified by the FBI.
    out.extend([0, 0, 0]);
    out
}

/// The three blocks: the first with a Huffman table of its own, the others sharing one.
fn blocks(out: &mut Vec<u8>, plane: &[f32], width: usize, tree: &Tree, table: &Quantization) {
    let numbers = |from: usize, to: usize| -> Vec<Token> {
        let mut numbers = Vec::new();
        for k in (from..to).filter(|k| table.bin[*k] > 0.0) {
            let band = tree.bands[k];
            for y in band.y..band.y + band.height {
                let row = &plane[y * width + band.x..][..band.width];
                numbers.extend(row.iter().map(|v| quantize(*v, table.bin[k], table.zero_bin[k])));
            }
        }
        tokens(&numbers)
    };
    let [second, third] = BLOCK_STARTS;
    let all = [numbers(0, second), numbers(second, third), numbers(third, CODED)];
    let tables = [best(&all[..1]), best(&all[1..])];
    for (i, block) in all.iter().enumerate() {
        let id = usize::from(i > 0);
        if i < 2 {
            segment(out, DHT, &huffman(id as u8, &tables[id]));
        }
        segment(out, SOB, &[id as u8]);
        out.extend(coded(block, &tables[id]));
    }
}

fn best(blocks: &[Vec<Token>]) -> Table {
    let mut occurrences = occurrences(blocks.iter().flatten());
    // A table of no symbol is none; a blank image has no coefficient to code.
    if occurrences.iter().all(|n| *n == 0) {
        occurrences[1] = 1;
    }
    Table::best(&occurrences)
}

fn huffman(id: u8, table: &Table) -> Vec<u8> {
    let mut out = vec![id];
    out.extend(table.counts);
    out.extend(&table.symbols);
    out
}

fn coded(block: &[Token], table: &Table) -> Vec<u8> {
    let mut codes: [Code; SYMBOLS] = [(0, 0); SYMBOLS];
    for (symbol, code) in table.codes().unwrap_or_default() {
        codes[usize::from(symbol)] = code;
    }
    let mut writer = BitWriter::default();
    for quantize::Token { symbol, extra, extra_bits } in block {
        let (code, bits) = codes[usize::from(*symbol)];
        writer.put(code, bits);
        writer.put(*extra, *extra_bits);
    }
    writer.finish()
}
