//! A thousand broken files of each format: each is read or refused, none makes a panic, and a
//! refusal says where and what.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod formats_support;

use comity_print::formats::{Format, FormatError, ansi378, iso19794, nist, raster, wsq};
use formats_support::seeds;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Broken files of each good one; `make fuzz ROUNDS=…` asks for more.
fn rounds() -> u64 {
    std::env::var("COMITY_HOSTILE_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(1000)
}

/// When to stop before all rounds are done; `make fuzz` says how many seconds.
fn deadline() -> Option<Instant> {
    let seconds = std::env::var("COMITY_HOSTILE_SECONDS").ok()?.parse().ok()?;
    Some(Instant::now() + Duration::from_secs(seconds))
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

/// One to four changes: bytes set, runs cut out, doubled or set to one value, the end cut off.
fn mutated(good: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(8)).min(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.below(256) as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let run = bytes[at..end].to_vec();
                bytes.splice(at..at, run);
            }
            _ => bytes[at..end].fill([0, 0xff, 0x1c, 0x1d][random.below(4)]),
        }
    }
    bytes
}

/// Runs every seed of a target; gives how many mutated files were read and refused.
fn run(target: &str) -> (u64, u64) {
    let seeds: Vec<_> = seeds().into_iter().filter(|(t, _, _)| *t == target).collect();
    let (mut good, mut refused) = (0, 0);
    let deadline = deadline();
    for (_, name, bytes) in &seeds {
        read(target, bytes).unwrap_or_else(|e| panic!("{target} {name}: {e}"));
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ bytes.len() as u64);
        for _ in 0..rounds() {
            if deadline.is_some_and(|d| Instant::now() > d) {
                break;
            }
            let broken = mutated(bytes, &mut random);
            match read(target, &broken) {
                Ok(()) => good += 1,
                Err(e) => {
                    assert!(!e.problem.is_empty(), "{target} {name}");
                    assert!(e.offset <= broken.len() + 4, "{target} {name}: {e}");
                    assert!(!e.problem.ends_with('.'), "{target} {name}: {e}");
                    refused += 1;
                }
            }
        }
    }
    println!("{target}: {good} read, {refused} refused");
    assert!(!seeds.is_empty());
    (good, refused)
}

/// What the fuzz target of a format does with bytes.
fn read(target: &str, bytes: &[u8]) -> Result<(), FormatError> {
    match target {
        "wsq" => wsq::decode(bytes).map(|_| ()),
        "raster" => match Format::sniff(bytes) {
            Some(format) => raster::decode(format, bytes).map(|_| ()),
            None => Err(comity_print::formats::unknown()),
        },
        "nist" => {
            let transaction = nist::read(bytes)?;
            assert_eq!(transaction.to_bytes().as_deref(), Ok(bytes), "written back as it was");
            transaction.minutiae()?;
            transaction.images()?.iter().try_for_each(|image| image.decode().map(|_| ()))
        }
        "iso19794" => {
            let record = iso19794::read(bytes)?;
            assert_eq!(iso19794::write(&record).as_deref(), Ok(bytes), "written back as it was");
            Ok(())
        }
        "ansi378" => {
            let record = ansi378::read(bytes)?;
            assert_eq!(ansi378::write(&record).as_deref(), Ok(bytes), "written back as it was");
            Ok(())
        }
        other => panic!("no reader of {other}"),
    }
}

#[test]
fn broken_wsq_files() {
    let (good, refused) = run("wsq");
    assert!(refused > good);
}

#[test]
fn broken_images_of_common_formats() {
    assert!(run("raster").1 > 0);
}

#[test]
fn broken_transactions() {
    assert!(run("nist").1 > 0);
}

#[test]
fn broken_iso_records() {
    assert!(run("iso19794").1 > 0);
}

#[test]
fn broken_ansi_records() {
    assert!(run("ansi378").1 > 0);
}

/// What the fuzzer kept, one file a path through a reader: `fuzz/README.md`.
#[test]
fn the_corpus_of_the_fuzz_targets_is_read_or_refused() {
    let corpus =
        PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../fuzz/corpus");
    for target in ["wsq", "raster", "nist", "iso19794", "ansi378"] {
        let (mut good, mut refused) = (0, 0);
        for file in std::fs::read_dir(corpus.join(target)).expect("the corpus of a target") {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            match read(target, &bytes) {
                Ok(()) => good += 1,
                Err(e) => {
                    assert!(e.offset <= bytes.len() + 4 && !e.problem.is_empty(), "{target}: {e}");
                    refused += 1;
                }
            }
        }
        println!("{target}: {good} read, {refused} refused");
        assert!(good > 0 && refused > 0, "{target}: {good} read, {refused} refused");
    }
}
