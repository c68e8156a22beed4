//! From the bytes of a WSQ file to gray levels.

use super::huffman::{BitReader, Decoder, Stop};
use super::markers::{self, COM, DHT, DQT, DRI, DTT, EOI, Frame, SOB, SOF, SOI, Tables};
use super::quantize::{ZERO, value_of};
use super::tree::{SUBBANDS, Tree};
use super::{Wsq, wavelet};
use crate::formats::bytes::Cursor;
use crate::formats::{Format, FormatError, Read};
use crate::{GrayImage, Resolution};

/// Everything before the coefficients.
struct Header {
    frame: Frame,
    tables: Tables,
}

/// Reads a file up to its frame header: what it says of itself, without the pixels.
pub fn head(bytes: &[u8]) -> Read<Wsq<()>> {
    let mut cursor = Cursor::new(Format::Wsq, bytes);
    let header = header(&mut cursor)?;
    Ok(described(&header, ()))
}

/// Reads a whole file.
pub fn decode(bytes: &[u8]) -> Read<Wsq<GrayImage>> {
    let mut cursor = Cursor::new(Format::Wsq, bytes);
    let mut header = header(&mut cursor)?;
    let (width, height) = (header.frame.width, header.frame.height);
    let tree = Tree::new(width, height);
    let mut plane = vec![0.0_f32; width * height];
    read_blocks(&mut cursor, &mut header.tables, &tree, &mut Plane { values: &mut plane, width })?;
    let filters = header.tables.filters.as_ref().ok_or_else(|| missing(&cursor, "DTT"))?;
    wavelet::synthesize(&mut plane, width, &tree, filters);
    let pixels = levels(&plane, &header.frame);
    drop(plane);
    let resolution = resolution(&header.tables);
    let image = GrayImage::new(width, height, pixels, resolution)
        .map_err(|e| FormatError::image(Format::Wsq, 0, &e))?;
    Ok(described(&header, image))
}

fn described<I>(header: &Header, image: I) -> Wsq<I> {
    let Header { frame, tables } = header;
    Wsq {
        image,
        width_px: frame.width,
        height_px: frame.height,
        resolution: resolution(tables),
        bits_per_pixel: markers::nistcom(&tables.comments, "WSQ_BITRATE")
            .and_then(|t| t.parse().ok()),
        encoder: frame.encoder,
        software: frame.software,
        comments: tables.comments.clone(),
    }
}

fn missing(cursor: &Cursor<'_>, marker: &str) -> FormatError {
    cursor.error(marker, format!("the file has no {marker} segment"))
}

/// Reads markers up to the frame header, and the frame header.
fn header(cursor: &mut Cursor<'_>) -> Read<Header> {
    if markers::read_marker(cursor)? != SOI {
        return Err(cursor.error_at(0, "marker", "the file does not start with SOI (ffa0)"));
    }
    let mut tables = Tables::default();
    loop {
        let at = cursor.at();
        match markers::read_marker(cursor)? {
            SOF => return Ok(Header { frame: markers::read_frame(cursor)?, tables }),
            marker @ (DTT | DQT | DHT | DRI | COM) => tables.read(marker, cursor)?,
            _ => return Err(cursor.error_at(at, "marker", "stands before the frame header SOF")),
        }
    }
}

/// The stated pixels an inch of a NISTCOM comment.
fn resolution(tables: &Tables) -> Resolution {
    let ppi = markers::nistcom(&tables.comments, "PPI").and_then(|t| t.parse::<f32>().ok());
    match ppi {
        Some(ppi) if ppi > 0.0 && ppi.is_finite() => Resolution::Ppi(ppi),
        _ => Resolution::Unstated,
    }
}

/// The coefficients, in the places of the subbands.
struct Plane<'a> {
    values: &'a mut [f32],
    width: usize,
}

/// Reads the blocks up to the end of the image.
fn read_blocks(
    cursor: &mut Cursor<'_>,
    tables: &mut Tables,
    tree: &Tree,
    plane: &mut Plane<'_>,
) -> Read<()> {
    let mut place: Option<Place> = None;
    let mut blocks = 0;
    loop {
        let at = cursor.at();
        match markers::read_marker(cursor)? {
            SOB => {
                blocks += 1;
                let place = match &mut place {
                    Some(place) => place,
                    None => place.insert(Place::new(tree, tables, cursor)?),
                };
                cursor.enter(format!("block {blocks}"));
                read_block(cursor, tables, place, plane)?;
            }
            marker @ (DHT | DRI | COM) => tables.read(marker, cursor)?,
            // Bins and filters are settled once coefficients were read with them.
            marker @ (DTT | DQT) if place.is_none() => tables.read(marker, cursor)?,
            EOI => {
                let lacking = place.map_or_else(|| tree_size(tree, tables), |p| p.left());
                if lacking == 0 {
                    return Ok(());
                }
                let problem = format!("the image ends with {lacking} coefficients missing");
                return Err(cursor.error_at(at, "marker", problem));
            }
            _ => return Err(cursor.error_at(at, "marker", "does not belong between blocks")),
        }
    }
}

fn tree_size(tree: &Tree, tables: &Tables) -> usize {
    let coded = |k: &usize| tables.quantization.as_ref().is_none_or(|q| q.bin[*k] > 0.0);
    (0..SUBBANDS).filter(coded).map(|k| tree.bands[k].width * tree.bands[k].height).sum()
}

/// Where the next coefficient goes.
struct Place {
    /// Of each coded subband: its first sample, width, samples, bin, zero bin.
    bands: Vec<(usize, usize, usize, f32, f32)>,
    center: f32,
    stride: usize,
    band: usize,
    within: usize,
}

impl Place {
    fn new(tree: &Tree, tables: &Tables, cursor: &Cursor<'_>) -> Read<Self> {
        let table = tables.quantization.as_ref().ok_or_else(|| missing(cursor, "DQT"))?;
        let stride = tree.splits.first().map_or(0, |whole| whole.width);
        let bands = (0..SUBBANDS)
            .map(|k| (tree.bands[k], table.bin[k], table.zero_bin[k]))
            .filter(|(band, bin, _)| *bin > 0.0 && band.width * band.height > 0)
            .map(|(b, bin, zero)| (b.y * stride + b.x, b.width, b.width * b.height, bin, zero))
            .collect();
        Ok(Self { bands, center: table.center, stride, band: 0, within: 0 })
    }

    /// Coefficients that are still to come.
    fn left(&self) -> usize {
        self.bands[self.band..].iter().map(|b| b.2).sum::<usize>() - self.within
    }

    /// Passes over zeros; false where there are fewer places.
    fn skip(&mut self, mut count: usize) -> bool {
        while count > 0 {
            let Some(band) = self.bands.get(self.band) else { return false };
            let step = count.min(band.2 - self.within);
            self.within += step;
            count -= step;
            if self.within == band.2 {
                self.band += 1;
                self.within = 0;
            }
        }
        true
    }

    /// Puts one coefficient; false where there is no place left.
    fn put(&mut self, number: i32, plane: &mut Plane<'_>) -> bool {
        let Some((start, width, _, bin, zero_bin)) = self.bands.get(self.band) else {
            return false;
        };
        let at = start + self.within / width * self.stride + self.within % width;
        plane.values[at] = value_of(number, *bin, *zero_bin, self.center);
        self.skip(1)
    }
}

fn read_block(
    cursor: &mut Cursor<'_>,
    tables: &Tables,
    place: &mut Place,
    plane: &mut Plane<'_>,
) -> Read<()> {
    debug_assert_eq!(place.stride, plane.width);
    let at = cursor.at();
    let length = cursor.u16("length")?;
    if length != 3 {
        return Err(cursor.error_at(at, "length", format!("{length}; a block header has 3 bytes")));
    }
    let id = usize::from(cursor.u8("table identifier")?);
    let table = tables.huffman.get(id).and_then(Option::as_ref);
    let decoder = table.and_then(|t| t.decoder()).ok_or_else(|| {
        cursor.error_at(at + 2, "table identifier", format!("there is no Huffman table {id}"))
    })?;
    let mut bits = BitReader::new(cursor.rest(), 0);
    let read = read_coefficients(&mut bits, &decoder, place, plane);
    let at = cursor.at() + bits.at();
    match read {
        Ok(()) => cursor.take(bits.at(), "coefficients").map(|_| ()),
        Err(problem) => Err(cursor
            .error_at(at, "coefficients", problem)
            .help("the file is damaged or cut off: get it again")),
    }
}

/// Reads symbols up to the next marker, or until every coefficient is in its place.
fn read_coefficients(
    bits: &mut BitReader<'_>,
    decoder: &Decoder,
    place: &mut Place,
    plane: &mut Plane<'_>,
) -> Result<(), &'static str> {
    let stopped = |stop: Stop| match stop {
        Stop::NoCode => "bits that are no code of the block's table",
        Stop::Short | Stop::End => "the block ends within a code",
    };
    loop {
        let symbol = match bits.symbol(decoder) {
            Ok(symbol) => symbol,
            Err(Stop::End) => return Ok(()),
            Err(stop) => return Err(stopped(stop)),
        };
        let mut extra = |n| bits.bits(n).map(i32::from).map_err(stopped);
        let fits = match symbol {
            1..=100 => place.skip(usize::from(symbol)),
            101 => place.put(extra(8)?, plane),
            102 => place.put(-extra(8)?, plane),
            103 => place.put(extra(16)?, plane),
            104 => place.put(-extra(16)?, plane),
            105 => place.skip(extra(8)? as usize),
            106 => place.skip(extra(16)? as usize),
            107..=254 => place.put(i32::from(symbol) - ZERO, plane),
            0 | 255 => return Err("symbols 0 and 255 mean nothing"),
        };
        if !fits {
            return Err("more coefficients than the subbands have");
        }
    }
}

/// Coefficients of the whole image back to gray levels, rounded and kept within 0 to 255.
fn levels(plane: &[f32], frame: &Frame) -> Vec<u8> {
    plane.iter().map(|value| (value * frame.scale + frame.shift + 0.5) as u8).collect()
}
