//! Huffman codes of at most 16 bits, and the bits of a block (IAFIS-IC-0110v3, annex B; the
//! codes are made as in JPEG, ITU-T T.81 annex C and K.2).

/// Longest code, in bits.
pub const BITS_MAX: usize = 16;

/// Symbols that a table can hold.
pub const SYMBOLS: usize = 256;

/// A table as it stands in a file: how many codes of each length, and their symbols in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Codes of 1 to 16 bits.
    pub counts: [u8; BITS_MAX],
    /// Symbols, those of shorter codes first.
    pub symbols: Vec<u8>,
}

/// A symbol's code: its bits, the last one lowest, and how many they are.
pub type Code = (u16, u8);

/// Codes in order, ready for reading.
#[derive(Debug, Clone)]
pub struct Decoder {
    /// For every 16 bits that may come: the symbol and the length of its code; 0 = none.
    lookup: Vec<(u8, u8)>,
}

impl Table {
    /// The codes in the order of the symbols; `None` where there are more codes of a length
    /// than fit.
    pub fn codes(&self) -> Option<Vec<(u8, Code)>> {
        let mut codes = Vec::with_capacity(self.symbols.len());
        let mut symbols = self.symbols.iter();
        let mut next = 0_u32;
        for (count, bits) in self.counts.iter().zip(1_u8..) {
            for _ in 0..*count {
                if next >> bits != 0 {
                    return None;
                }
                codes.push((*symbols.next()?, (next as u16, bits)));
                next += 1;
            }
            next <<= 1;
        }
        Some(codes)
    }

    /// The reader of this table; `None` where there are more codes of a length than fit.
    pub fn decoder(&self) -> Option<Decoder> {
        let mut lookup = vec![(0, 0); 1 << BITS_MAX];
        for (symbol, (code, bits)) in self.codes()? {
            let free = BITS_MAX - usize::from(bits);
            let from = usize::from(code) << free;
            lookup[from..from + (1 << free)].fill((symbol, bits));
        }
        Some(Decoder { lookup })
    }

    /// The best table for symbols that occur this often, with codes of at most 16 bits, none
    /// of them all ones: those bits fill up the last byte of a block.
    pub fn best(occurrences: &[u64; SYMBOLS]) -> Table {
        let mut used: Vec<(u64, u16)> = (0_u16..)
            .zip(occurrences)
            .filter(|(_, n)| **n > 0)
            .map(|(symbol, n)| (*n, symbol))
            .collect();
        // Takes the last of the longest codes, all ones, and never occurs.
        let filler = SYMBOLS as u16;
        used.push((0, filler));
        let lengths = code_lengths(&mut used);
        let mut table = Table::default();
        let mut by_length: Vec<(u8, u16)> = lengths;
        by_length.sort_unstable();
        for (bits, symbol) in by_length {
            if symbol != filler {
                table.counts[usize::from(bits) - 1] += 1;
                table.symbols.push(symbol as u8);
            }
        }
        table
    }
}

/// Lengths of the codes of the best prefix code of at most 16 bits, by package-merge
/// (Larmore and Hirschberg 1990): every round pairs the cheapest packages of the round
/// before, and a symbol's length is the number of chosen packages that hold it.
fn code_lengths(used: &mut [(u64, u16)]) -> Vec<(u8, u16)> {
    used.sort_unstable();
    if used.len() == 1 {
        return used.iter().map(|(_, symbol)| (1, *symbol)).collect();
    }
    // A package: its weight and how often it holds each symbol.
    let single = |i: usize| {
        let mut holds = vec![0_u8; used.len()];
        holds[i] = 1;
        (used[i].0, holds)
    };
    let singles: Vec<_> = (0..used.len()).map(single).collect();
    let mut packages = singles.clone();
    for _ in 1..BITS_MAX {
        let pairs = packages.chunks_exact(2).map(|pair| {
            let holds = pair[0].1.iter().zip(&pair[1].1).map(|(a, b)| a + b).collect();
            (pair[0].0 + pair[1].0, holds)
        });
        let mut next: Vec<(u64, Vec<u8>)> = singles.iter().cloned().chain(pairs).collect();
        // Stable: at equal weight a single symbol stays before a package.
        next.sort_by_key(|(weight, _)| *weight);
        packages = next;
    }
    let mut lengths = vec![0_u8; used.len()];
    for (_, holds) in packages.iter().take(2 * used.len() - 2) {
        for (length, n) in lengths.iter_mut().zip(holds) {
            *length += n;
        }
    }
    lengths.into_iter().zip(used.iter().map(|(_, symbol)| *symbol)).collect()
}

/// Bits of a block, the highest of each byte first; a byte `ff` is followed by a `00`.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl BitWriter {
    /// Writes the lowest `bits` of a value; at most 16.
    pub fn put(&mut self, value: u16, bits: u8) {
        self.held = (self.held << bits) | u32::from(value);
        self.count += u32::from(bits);
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count) as u8;
            self.bytes.push(byte);
            if byte == 0xff {
                self.bytes.push(0);
            }
            self.held &= (1 << self.count) - 1;
        }
    }

    /// The bytes, the last one filled up with ones.
    pub fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            let free = (8 - self.count) as u8;
            self.put((1 << free) - 1, free);
        }
        self.bytes
    }
}

/// Why no symbol could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The block ends here, with nothing but filling.
    End,
    /// The block ends within a code.
    Short,
    /// Bits that are no code of the table.
    NoCode,
}

/// Reads the bits of a block, up to the next marker.
#[derive(Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    /// From a byte of a file.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, held: 0, count: 0 }
    }

    /// The place of the next byte that was not taken in; after the last bit, of the marker.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Takes in whole bytes until 32 bits are held or a marker stands next.
    fn refill(&mut self) {
        while self.count <= 24 {
            let Some(byte) = self.bytes.get(self.at).copied() else { return };
            if byte == 0xff {
                if self.bytes.get(self.at + 1) != Some(&0) {
                    return;
                }
                self.at += 1;
            }
            self.at += 1;
            self.held = (self.held << 8) | u64::from(byte);
            self.count += 8;
        }
    }

    /// The next 16 bits without taking them; ones follow the last bit.
    fn peek(&mut self) -> usize {
        if self.count < 16 {
            self.refill();
        }
        let lacking = 16_u32.saturating_sub(self.count);
        let filled = (self.held << lacking) | ((1 << lacking) - 1);
        ((filled >> (self.count + lacking - 16)) & 0xffff) as usize
    }

    fn skip(&mut self, bits: u32) {
        self.count -= bits;
        self.held &= (1 << self.count) - 1;
    }

    /// The next symbol.
    pub fn symbol(&mut self, decoder: &Decoder) -> Result<u8, Stop> {
        let bits = self.peek();
        let (symbol, length) = decoder.lookup[bits];
        let length = u32::from(length);
        if length > 0 && length <= self.count {
            self.skip(length);
            return Ok(symbol);
        }
        let only_filling = self.count < 8 && self.held == (1 << self.count) - 1;
        Err(match (only_filling, self.count < 16) {
            (true, _) => Stop::End,
            (false, true) => Stop::Short,
            (false, false) => Stop::NoCode,
        })
    }

    /// The next 8 or 16 bits as a number.
    pub fn bits(&mut self, bits: u32) -> Result<u16, Stop> {
        let peeked = self.peek();
        if bits > self.count {
            return Err(Stop::Short);
        }
        self.skip(bits);
        Ok((peeked >> (16 - bits)) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skewed() -> [u64; SYMBOLS] {
        let mut occurrences = [0; SYMBOLS];
        let (mut a, mut b) = (1_u64, 1_u64);
        // Fibonacci numbers ask for codes of 40 bits where none is forbidden.
        for n in occurrences.iter_mut().skip(1).take(40) {
            *n = a;
            (a, b) = (b, a + b);
        }
        occurrences
    }

    #[test]
    fn codes_are_prefix_free_of_16_bits_and_never_all_ones() {
        let table = Table::best(&skewed());
        let codes = table.codes().unwrap();
        assert_eq!(codes.len(), 40);
        let room: u32 = codes.iter().map(|(_, (_, bits))| 1 << (16 - bits)).sum();
        assert!(room < 1 << 16);
        for (_, (code, bits)) in codes {
            assert_ne!(u32::from(code), (1 << bits) - 1);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let table = Table::best(&skewed());
        let decoder = table.decoder().unwrap();
        let codes = table.codes().unwrap();
        let symbols: Vec<u8> = (0..5000_usize).map(|i| (1 + i * i % 40) as u8).collect();
        let mut writer = BitWriter::default();
        for symbol in &symbols {
            let (_, (code, bits)) = codes.iter().find(|(s, _)| s == symbol).unwrap();
            writer.put(*code, *bits);
            writer.put(u16::from(*symbol) * 257, 16);
        }
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes, 0);
        for symbol in &symbols {
            assert_eq!(reader.symbol(&decoder), Ok(*symbol));
            assert_eq!(reader.bits(16), Ok(u16::from(*symbol) * 257));
        }
        assert_eq!(reader.symbol(&decoder), Err(Stop::End));
    }

    #[test]
    fn one_symbol_has_a_code_of_one_bit() {
        let mut occurrences = [0; SYMBOLS];
        occurrences[7] = 12;
        let table = Table::best(&occurrences);
        assert_eq!(table.codes(), Some(vec![(7, (0, 1))]));
    }

    #[test]
    fn too_many_codes_of_a_length_are_no_table() {
        let mut table = Table { symbols: vec![1, 2, 3], ..Table::default() };
        table.counts[0] = 3;
        assert!(table.decoder().is_none());
    }
}
