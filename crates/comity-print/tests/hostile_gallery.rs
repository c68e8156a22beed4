//! Broken shards: each is read or refused with a place, none makes a panic, and nothing that
//! lies in another block is lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use comity_print::FingerPosition;
use comity_print::gallery::file::{BLOCK_HEAD_BYTES, HEADER_BYTES, Shard, ShardHeader, records};
use comity_print::gallery::{Effort, FingerEntry, Gallery, Probe, Record, SubjectId};
use comity_print::synth::{Difficulty, DirectFinger};

/// Rounds of each test; `make fuzz ROUNDS=…` asks for more.
fn rounds() -> u64 {
    std::env::var("COMITY_HOSTILE_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(1000)
}

/// Numbers without a pattern (xorshift64*), the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}

fn entry(finger: u64) -> FingerEntry {
    let template = DirectFinger::draw(3, finger).template(1, Difficulty::Medium);
    FingerEntry { finger: FingerPosition::RightIndex, template }
}

/// A shard of two blocks with two subjects each.
fn shard() -> Vec<u8> {
    let mut bytes = ShardHeader { gallery: [9; 16], shard: 0, shards: 1 }.to_bytes().to_vec();
    for block in [[1, 2], [3, 4]] {
        let list =
            block.map(|n| Record { subject: SubjectId([n; 16]), fingers: vec![entry(n.into())] });
        bytes.extend(records(&list));
    }
    bytes
}

/// Everything that a search does with what a shard holds.
fn used(bytes: &[u8]) -> usize {
    let Ok(shard) = Shard::read(bytes) else { return 0 };
    assert!(shard.whole_bytes <= bytes.len());
    for damage in shard.damaged.iter().chain(&shard.torn) {
        assert!(damage.at + damage.bytes <= bytes.len(), "{damage}");
    }
    let gallery = Gallery::new(vec![shard]);
    let probe = Probe::new(&entry(1), &gallery);
    let effort = Effort { glance_share: 1.0, glance_min: 0, exact: 1 };
    for survivor in gallery.survivors(0..gallery.len(), &probe, &effort) {
        // A template that cannot be read is compared with nobody.
        let _ = gallery.compare(&probe, survivor.number);
    }
    gallery.len()
}

#[test]
fn bytes_set_cut_out_and_doubled() {
    let good = shard();
    assert_eq!(used(&good), 4);
    let mut random = Random(77);
    for _ in 0..rounds() {
        let mut bytes = good.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            let end = (at + 1 + random.below(40)).min(bytes.len());
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes.truncate(at.max(1)),
                2 => drop(bytes.drain(at..end.min(bytes.len() - 1).max(at))),
                _ => {
                    let run = bytes[at..end].to_vec();
                    bytes.splice(at..at, run);
                }
            }
        }
        assert!(used(&bytes) <= 8);
    }
}

/// The content of the first block changed, its checksums made to fit: what a program with an
/// error would write.
#[test]
fn contents_that_fit_their_checksums() {
    let good = shard();
    let first = HEADER_BYTES;
    let length = u32::from_le_bytes(*good[first + 12..].first_chunk().unwrap()) as usize;
    let content = first + BLOCK_HEAD_BYTES..first + BLOCK_HEAD_BYTES + length;
    let (mut random, mut whole) = (Random(78), 0);
    for _ in 0..rounds() {
        let mut bytes = good.clone();
        for _ in 0..=random.below(4) {
            // Heads of records more often than the rest: there the lengths are.
            let reach = if random.below(2) == 0 { 32 } else { length };
            bytes[content.start + random.below(reach)] = random.below(256) as u8;
        }
        if random.below(4) == 0 {
            bytes[first + 8] = random.below(256) as u8;
        }
        let sum = crc32fast::hash(&bytes[content.clone()]).to_le_bytes();
        bytes[first + 16..first + 20].copy_from_slice(&sum);
        let sum = crc32fast::hash(&bytes[first..first + 20]).to_le_bytes();
        bytes[first + 20..first + 24].copy_from_slice(&sum);
        let fingers = used(&bytes);
        assert!(fingers >= 2, "the second block is read whatever the first is");
        whole += u64::from(fingers == 4);
    }
    assert!(whole > 0);
}
