//! A shard as bytes: a header, then checksummed blocks that are only ever appended.

use super::entry::{FingerEntry, Head, PackedFinger, Record, SubjectId, take};
use std::collections::HashSet;
use std::fmt;

/// First eight bytes of a shard.
pub const MAGIC: [u8; 8] = *b"CMTYGAL\x01";
/// Version of the layout.
pub const VERSION: u16 = 3;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 64;
/// First bytes of a block.
const BLOCK_MAGIC: [u8; 4] = *b"CGB1";
/// Bytes before a block's content.
pub const BLOCK_HEAD_BYTES: usize = 24;
/// Most bytes of a block's content; a longer append is several blocks.
pub const BLOCK_BYTES_MAX: usize = 16 << 20;
/// A block is closed when it has this many.
const BLOCK_BYTES_AIM: usize = 1 << 20;

const RECORDS: u8 = 1;
const DELETIONS: u8 = 2;
const FILLER: u8 = 3;

/// What a shard's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardHeader {
    /// The gallery that it is of; the same in all its shards.
    pub gallery: [u8; 16],
    /// Number of the shard, from 0.
    pub shard: u16,
    /// How many shards the gallery has.
    pub shards: u16,
}

/// What is wrong with a shard, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// First byte that is not as it should be.
    pub at: usize,
    /// Bytes that are lost with it.
    pub bytes: usize,
    /// What is wrong.
    pub problem: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({} bytes)", self.problem, self.at, self.bytes)
    }
}

impl std::error::Error for Damage {}

impl ShardHeader {
    /// The bytes that a shard starts with.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        out[..8].copy_from_slice(&MAGIC);
        out[8..10].copy_from_slice(&VERSION.to_le_bytes());
        out[10..12].copy_from_slice(&self.shard.to_le_bytes());
        out[12..14].copy_from_slice(&self.shards.to_le_bytes());
        out[16..32].copy_from_slice(&self.gallery);
        let sum = crc32fast::hash(&out[..60]);
        out[60..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`Damage`] when the bytes are no shard, of another version, or changed.
    pub fn read(bytes: &[u8]) -> Result<Self, Damage> {
        let wrong = |at, problem| Damage { at, bytes: HEADER_BYTES, problem };
        let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(wrong(bytes.len(), "the file ends inside the header of a shard"));
        };
        if head[..8] != MAGIC {
            return Err(wrong(0, "the file is no shard of a gallery"));
        }
        if number(&head[60..]) != crc32fast::hash(&head[..60]) {
            return Err(wrong(0, "the header does not fit its checksum"));
        }
        let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        if short(8) != VERSION {
            return Err(wrong(8, "the shard is of a version that is not known"));
        }
        let mut gallery = [0; 16];
        gallery.copy_from_slice(&head[16..32]);
        Ok(Self { gallery, shard: short(10), shards: short(12) })
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk::<4>().map_or(0, |b| u32::from_le_bytes(*b))
}

/// The content of a block of records, by columns: a pass of the search reads one of them from its
/// beginning to its end, and touches nothing else.
#[derive(Default)]
struct Columns {
    records: u32,
    heads: Vec<u8>,
    /// Codes, sketches, templates.
    parts: [Vec<u8>; 3],
}

impl Columns {
    /// Fingers of a record beyond 255 are left out.
    fn push(&mut self, record: &Record) {
        self.records += 1;
        self.heads.extend(record.subject.0);
        let count = record.fingers.len().min(255);
        self.heads.push(count as u8);
        for finger in record.fingers.iter().take(count) {
            let packing = finger.packing();
            let packed = packing.packed();
            self.heads.extend(packed.head());
            let parts = [packed.codes, packed.sketch, packed.template];
            self.parts.iter_mut().zip(parts).for_each(|(column, part)| column.extend(part));
        }
    }

    fn bytes(&self) -> usize {
        self.heads.len() + self.parts.iter().map(Vec::len).sum::<usize>()
    }

    fn content(&self) -> Vec<u8> {
        let [codes, sketches, templates] = &self.parts;
        [&self.heads[..], codes, sketches, templates].concat()
    }
}

/// The content of one block that holds these, which is the same for the same prints.
pub fn content(list: &[Record]) -> Vec<u8> {
    let mut columns = Columns::default();
    list.iter().for_each(|record| columns.push(record));
    columns.content()
}

/// The bytes that append records to a shard.
pub fn records(list: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut columns = Columns::default();
    for record in list {
        columns.push(record);
        if columns.bytes() >= BLOCK_BYTES_AIM {
            block(&mut out, RECORDS, columns.records, &columns.content());
            columns = Columns::default();
        }
    }
    if columns.records > 0 {
        block(&mut out, RECORDS, columns.records, &columns.content());
    }
    out
}

/// The bytes that delete subjects from a shard: what was appended of them before is gone.
pub fn deletions(list: &[SubjectId]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in list.chunks(BLOCK_BYTES_AIM / 16) {
        let content: Vec<u8> = part.iter().flat_map(|id| id.0).collect();
        block(&mut out, DELETIONS, part.len() as u32, &content);
    }
    out
}

/// The bytes that go over the `torn` bytes that an append left when it was cut off: a block
/// that holds nothing. So a file never becomes shorter, which is what those rely on that have
/// it mapped. They are at least `torn` bytes, and whole blocks.
pub fn filler(torn: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while out.len() < torn {
        let content = (torn - out.len()).saturating_sub(BLOCK_HEAD_BYTES).min(BLOCK_BYTES_MAX);
        block(&mut out, FILLER, 0, &vec![0; content]);
    }
    out
}

fn block(out: &mut Vec<u8>, kind: u8, count: u32, content: &[u8]) {
    let mut head = Vec::with_capacity(BLOCK_HEAD_BYTES);
    head.extend(BLOCK_MAGIC);
    head.extend([kind, 0, 0, 0]);
    head.extend(count.to_le_bytes());
    head.extend((content.len() as u32).to_le_bytes());
    head.extend(crc32fast::hash(content).to_le_bytes());
    head.extend(crc32fast::hash(&head).to_le_bytes());
    out.extend(head);
    out.extend(content);
}

/// One block whose head fits its checksum.
struct Block<'a> {
    kind: u8,
    count: u32,
    content: &'a [u8],
    /// Whether the content fits its checksum.
    whole: bool,
}

/// The block at a place; why there is none. `Torn` means that the file ends too early.
fn block_at(bytes: &[u8], at: usize) -> Result<Block<'_>, Stop> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(head) = rest.first_chunk::<BLOCK_HEAD_BYTES>() else { return Err(Stop::Torn) };
    let sums = number(&head[20..]) == crc32fast::hash(&head[..20]);
    let length = number(&head[12..]) as usize;
    if head[..4] != BLOCK_MAGIC || !sums || length > BLOCK_BYTES_MAX {
        // A file system may lengthen a file before it writes into it.
        return Err(if rest.iter().all(|b| *b == 0) { Stop::Torn } else { Stop::Head });
    }
    let Some(content) = rest.get(BLOCK_HEAD_BYTES..BLOCK_HEAD_BYTES + length) else {
        return Err(Stop::Torn);
    };
    let whole = number(&head[16..]) == crc32fast::hash(content);
    Ok(Block { kind: head[4], count: number(&head[8..]), content, whole })
}

enum Stop {
    Torn,
    Head,
}

/// A finger that can be found.
#[derive(Debug, Clone, Copy)]
pub struct LiveFinger<'a> {
    /// Whose.
    pub subject: SubjectId,
    /// Its template.
    pub finger: PackedFinger<'a>,
}

/// What a shard holds.
#[derive(Debug)]
pub struct Shard<'a> {
    /// What its header says.
    pub header: ShardHeader,
    /// The fingers that were not deleted, in the order in which they were appended.
    pub fingers: Vec<LiveFinger<'a>>,
    /// Bytes up to the end of the last whole block: where the next append belongs.
    pub whole_bytes: usize,
    /// An append that was cut off, or is under way: it is not read, and nothing else is lost.
    pub torn: Option<Damage>,
    /// Blocks that changed after they were written. What they held is missing.
    pub damaged: Vec<Damage>,
}

impl<'a> Shard<'a> {
    /// Reads a shard: everything that is whole, and what is not.
    ///
    /// # Errors
    /// [`Damage`] when the header cannot be read; nothing else is known then.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Damage> {
        let header = ShardHeader::read(bytes)?;
        let (fingers, damaged) = (Vec::new(), Vec::new());
        let mut shard = Self { header, fingers, whole_bytes: HEADER_BYTES, torn: None, damaged };
        let mut at = HEADER_BYTES;
        while at < bytes.len() {
            match block_at(bytes, at) {
                Ok(block) => {
                    let end = at + BLOCK_HEAD_BYTES + block.content.len();
                    let good = block.whole && shard.take_block(&block);
                    if !good {
                        let problem = "a block does not fit its checksum";
                        shard.damaged.push(Damage { at, bytes: end - at, problem });
                    }
                    at = end;
                    shard.whole_bytes = end;
                }
                Err(stop) => {
                    let next = next_block(bytes, at + 1);
                    let bytes_lost = next.unwrap_or(bytes.len()) - at;
                    let torn = next.is_none() && matches!(stop, Stop::Torn);
                    if torn {
                        let problem = "the last block is cut off";
                        shard.torn = Some(Damage { at, bytes: bytes_lost, problem });
                    } else {
                        let problem = "the head of a block does not fit its checksum";
                        shard.damaged.push(Damage { at, bytes: bytes_lost, problem });
                        shard.whole_bytes = at + bytes_lost;
                    }
                    at += bytes_lost;
                }
            }
        }
        Ok(shard)
    }

    /// Under whose id the very same print is enrolled already: the same finger, the same template.
    /// One file always gives one template, so a file that comes twice is found; two impressions
    /// of one finger are not the same.
    pub fn enrolled_as(&self, entry: &FingerEntry) -> Option<SubjectId> {
        let packing = entry.packing();
        self.fingers.iter().find(|f| f.finger == packing.packed()).map(|f| f.subject)
    }

    /// Takes what a block holds; false where the content is not what the head says.
    fn take_block(&mut self, block: &Block<'a>) -> bool {
        match block.kind {
            DELETIONS => {
                let (ids, _) = block.content.as_chunks::<16>();
                let ids: HashSet<SubjectId> = ids.iter().map(|id| SubjectId(*id)).collect();
                self.fingers.retain(|f| !ids.contains(&f.subject));
                block.content.len() == block.count as usize * 16
            }
            FILLER => true,
            RECORDS => {
                let before = self.fingers.len();
                let taken = self.take_records(block);
                self.fingers.truncate(taken.map_or(before, |()| self.fingers.len()));
                taken.is_some()
            }
            _ => false,
        }
    }

    fn take_records(&mut self, block: &Block<'a>) -> Option<()> {
        let mut rest = block.content;
        let mut heads = Vec::new();
        for _ in 0..block.count {
            let subject = SubjectId(*take(&mut rest, 16)?.first_chunk()?);
            let count = *take(&mut rest, 1)?.first()?;
            for _ in 0..count {
                heads.push((subject, Head::read(&mut rest)?));
            }
        }
        let bytes = |part: usize| heads.iter().map(|(_, head)| head.parts[part]).sum();
        let mut columns = [&[][..]; 3];
        for (part, column) in columns.iter_mut().enumerate() {
            *column = take(&mut rest, bytes(part))?;
        }
        for (subject, head) in &heads {
            let finger = head.take(&mut columns)?;
            self.fingers.push(LiveFinger { subject: *subject, finger });
        }
        rest.is_empty().then_some(())
    }
}

/// The next place at which a block starts.
fn next_block(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let found = |at: &usize| block_at(bytes, from + at).is_ok_and(|b| b.whole);
    // An empty block at the very end is a block too.
    (0..(rest.len() + 1).saturating_sub(BLOCK_HEAD_BYTES))
        .filter(|at| rest.get(*at..at + 4) == Some(&BLOCK_MAGIC[..]))
        .find(found)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FingerPosition;
    use crate::gallery::FingerEntry;
    use crate::synth::{Difficulty, DirectFinger};

    const HEADER: ShardHeader = ShardHeader { gallery: [7; 16], shard: 0, shards: 1 };

    fn record(n: u8) -> Record {
        let template = DirectFinger::draw(1, u64::from(n)).template(1, Difficulty::Easy);
        let finger = FingerEntry { finger: FingerPosition::RightThumb, template };
        Record { subject: SubjectId([n; 16]), fingers: vec![finger] }
    }

    fn subjects(shard: &Shard<'_>) -> Vec<u8> {
        shard.fingers.iter().map(|f| f.subject.0[0]).collect()
    }

    /// A shard of three blocks, and where each begins.
    fn shard() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = HEADER.to_bytes().to_vec();
        let mut starts = Vec::new();
        for list in [vec![record(1), record(2)], vec![record(3)], vec![record(4)]] {
            starts.push(bytes.len());
            bytes.extend(records(&list));
        }
        (bytes, starts)
    }

    #[test]
    fn a_record_is_unpacked_as_it_was_packed() {
        let mut two = record(1);
        let other = FingerEntry { finger: FingerPosition::LeftRing, ..record(2).fingers.remove(0) };
        two.fingers.push(other);
        let none = Record { subject: SubjectId([3; 16]), fingers: Vec::new() };
        let list = [two, none, record(4)];
        let bytes = [HEADER.to_bytes().as_slice(), &records(&list)].concat();
        let read = Shard::read(&bytes).expect("a shard");
        let read: Vec<_> =
            read.fingers.iter().map(|f| (f.subject, f.finger.entry().expect("entry"))).collect();
        let wanted = list.iter().flat_map(|r| r.fingers.iter().map(|f| (r.subject, f.clone())));
        assert_eq!(read, wanted.collect::<Vec<_>>());
        // Content of another length than its heads say, in a block whose checksums fit.
        let whole = content(&list);
        let is_taken = |content: &[u8], count: u32| {
            let mut bytes = HEADER.to_bytes().to_vec();
            block(&mut bytes, RECORDS, count, content);
            Shard::read(&bytes).expect("a shard").damaged.is_empty()
        };
        assert!(is_taken(&whole, 3));
        assert!((0..whole.len()).all(|cut| !is_taken(&whole[..cut], 3)));
        assert!(!is_taken(&[&whole[..], &[0]].concat(), 3));
        assert!(!is_taken(&whole, 2) && !is_taken(&whole, 4) && !is_taken(&whole, u32::MAX));
    }

    #[test]
    fn what_was_appended_is_found_and_what_was_deleted_is_not() {
        let (mut bytes, _) = shard();
        bytes.extend(deletions(&[SubjectId([2; 16]), SubjectId([9; 16])]));
        bytes.extend(records(&[record(2)]));
        bytes.extend(deletions(&[SubjectId([3; 16])]));
        let read = Shard::read(&bytes).expect("a shard");
        assert_eq!(subjects(&read), [1, 4, 2]);
        assert_eq!((read.whole_bytes, read.torn, read.damaged.len()), (bytes.len(), None, 0));
    }

    #[test]
    fn the_same_print_is_found_and_another_impression_is_not() {
        let (mut bytes, _) = shard();
        let same = record(3).fingers[0].clone();
        let as_whom = |bytes: &[u8], entry: &FingerEntry| {
            Shard::read(bytes).expect("a shard").enrolled_as(entry)
        };
        assert_eq!(as_whom(&bytes, &same), Some(SubjectId([3; 16])));
        let other_finger = FingerEntry { finger: FingerPosition::LeftThumb, ..same.clone() };
        assert_eq!(as_whom(&bytes, &other_finger), None);
        let template = DirectFinger::draw(1, 3).template(2, Difficulty::Easy);
        assert_eq!(as_whom(&bytes, &FingerEntry { template, ..same.clone() }), None);
        bytes.extend(deletions(&[SubjectId([3; 16])]));
        assert_eq!(as_whom(&bytes, &same), None);
    }

    #[test]
    fn a_torn_last_block_costs_nothing_but_itself() {
        let (bytes, starts) = shard();
        for cut in starts[2] + 1..bytes.len() {
            let read = Shard::read(&bytes[..cut]).expect("a shard");
            assert_eq!(subjects(&read), [1, 2, 3], "cut at {cut}");
            assert_eq!(read.whole_bytes, starts[2]);
            let torn = read.torn.expect("said");
            assert_eq!((torn.at, torn.bytes), (starts[2], cut - starts[2]));
            assert!(read.damaged.is_empty());
        }
        // The next append lies over what was cut off; the file never becomes shorter.
        for torn in [1, 23, 24, 25, 700] {
            let mut again = bytes[..starts[2] + torn].to_vec();
            let whole = Shard::read(&again).expect("a shard").whole_bytes;
            let mut appended = filler(again.len() - whole);
            assert!(appended.len() >= torn);
            appended.extend(records(&[record(5)]));
            again.truncate(whole);
            again.extend(appended);
            let read = Shard::read(&again).expect("a shard");
            assert_eq!(
                (subjects(&read), read.torn, read.damaged.len()),
                (vec![1, 2, 3, 5], None, 0)
            );
        }
        let mut lengthened = bytes[..starts[2]].to_vec();
        lengthened.extend([0; 500]);
        assert_eq!(Shard::read(&lengthened).expect("a shard").torn.expect("said").bytes, 500);
    }

    #[test]
    fn a_flipped_bit_is_found_where_it_is_and_costs_its_block() {
        let (bytes, starts) = shard();
        for at in (starts[1]..starts[2]).step_by(7).chain(starts[1]..starts[1] + 24) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            let read = Shard::read(&changed).expect("a shard");
            assert_eq!(subjects(&read), [1, 2, 4], "bit at {at}");
            assert_eq!(read.damaged.len(), 1, "bit at {at}");
            assert_eq!(read.damaged[0].at, starts[1]);
            assert_eq!(read.damaged[0].bytes, starts[2] - starts[1]);
            assert_eq!(read.torn, None);
        }
        for at in 0..HEADER_BYTES {
            let mut changed = bytes.clone();
            changed[at] ^= 16;
            assert!(Shard::read(&changed).is_err(), "bit at {at} of the header");
        }
    }
}
