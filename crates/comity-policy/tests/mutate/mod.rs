//! Random mutations of real files, from a seed, within a bounded time.

#![allow(dead_code, reason = "each test file uses a part")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Files to start from.
#[derive(Default)]
pub struct Corpus {
    /// Name and bytes.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Corpus {
    /// Every file under a folder with one of some extensions, in order of its name.
    pub fn read(root: &Path, folder: &str, extensions: &[&str]) -> Corpus {
        let mut corpus = Corpus::default();
        corpus.collect(&root.join(folder), root, extensions);
        corpus.files.sort();
        corpus
    }

    fn collect(&mut self, folder: &Path, root: &Path, extensions: &[&str]) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.collect(&path, root, extensions);
            } else if path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                self.files.push((name, std::fs::read(&path).unwrap_or_default()));
            }
        }
    }

    /// Adds the files of another corpus.
    pub fn add(&mut self, other: Corpus) {
        self.files.extend(other.files);
    }

    /// Adds one text, unless it is empty.
    pub fn push(&mut self, name: &str, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.files.push((name.to_owned(), bytes.to_vec()));
        }
    }
}

/// How much is tried, and how long one file may take.
pub struct Limits {
    rounds: u64,
    whole: Duration,
    each: Duration,
}

impl Limits {
    /// So many mutations, or what fits into the time for one test.
    pub fn of(rounds: u64) -> Limits {
        Limits {
            rounds: setting("COMITY_HOSTILE_ROUNDS", rounds),
            whole: Duration::from_secs(setting("COMITY_HOSTILE_SECONDS", 60)),
            // Generous: a machine may be busy. A reader that is quadratic in a file of a
            // megabyte takes far longer.
            each: Duration::from_secs(10),
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// Mutates files of the corpus and hands each to `read`; a panic or a slow read fails the
/// test with the seed and the bytes that did it.
pub fn hammer(what: &str, corpus: &Corpus, limits: Limits, mut read: impl FnMut(&[u8])) {
    assert!(!corpus.files.is_empty(), "there are no files to start from");
    let seed = setting("COMITY_HOSTILE_SEED", 0x00c0_ffee);
    let mut random = Random(seed ^ what.len() as u64);
    let started = Instant::now();
    let mut rounds = 0;
    while rounds < limits.rounds && started.elapsed() < limits.whole {
        let (name, bytes) = random.pick(&corpus.files);
        let hostile = random.mutate(bytes, corpus);
        let began = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| read(&hostile)));
        let took = began.elapsed();
        if outcome.is_err() || took > limits.each {
            let kept =
                std::env::temp_dir().join(format!("comity-hostile-{}.bin", what.replace(' ', "-")));
            let _ = std::fs::write(&kept, &hostile);
            panic!(
                "{what}: round {rounds} of seed {seed}, made from {name}, {} ({took:?}); bytes in {}",
                if outcome.is_err() { "panicked" } else { "took too long" },
                kept.display()
            );
        }
        rounds += 1;
    }
    println!(
        "{what}: {rounds} mutations of {} files in {:?}",
        corpus.files.len(),
        started.elapsed()
    );
    assert!(
        rounds >= limits.rounds.min(500),
        "{what}: only {rounds} mutations in {:?}",
        limits.whole
    );
}

/// A generator of xorshift numbers: a seed gives the same run on every machine.
struct Random(u64);

/// What often breaks readers: limits of numbers, dates that are none, quotes, nesting.
const TOKENS: &[&str] = &[
    "-1",
    "0",
    "1e400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "nan",
    "2016-02-30",
    "9999-12-31",
    "0000-00-00",
    "2017-03-12T02:30:00",
    "2017-11-05T01:30:00",
    "1970-01-01T00:00:00+99:99",
    "\"unknown\"",
    "\"maybe more\"",
    "\"\"",
    "'",
    "\"\"\"",
    "\\u0000",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "🦀",
    "[[rule]]\n",
    "[[case]]\n",
    "[facts]\n",
    "{",
    "}",
    "[",
    "]",
    "((((((((",
    "!!!!!!!!",
    " && ",
    " || ",
    " in ",
    "within(",
    "convictions.exists(c, ",
    "years(",
    "param.",
    "overrides = [\"default\"]\n",
    "= {}",
    "= []",
    "\r\n",
    ",",
    ".",
    "#",
    "null",
    "true",
];

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn mutate(&mut self, bytes: &[u8], corpus: &Corpus) -> Vec<u8> {
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(4) {
            self.once(&mut out, corpus);
        }
        out
    }

    fn once(&mut self, out: &mut Vec<u8>, corpus: &Corpus) {
        let at = self.below(out.len() + 1);
        let len = self.below(40).min(out.len() - at);
        match self.below(13) {
            0 if at < out.len() => out[at] ^= 1 << self.below(8),
            1 => drop(out.drain(at..at + len)),
            2 => {
                let piece = out[at..at + len].to_vec();
                let to = self.below(out.len() + 1);
                out.splice(to..to, piece);
            }
            3 => out.truncate(at),
            4 => self.repeat(out, at, len),
            5 => self.swap_lines(out),
            6 => {
                let (_, other) = self.pick(&corpus.files);
                let from = self.below(other.len() + 1);
                let end = (from + self.below(400)).min(other.len());
                out.splice(at..at, other[from..end].iter().copied());
            }
            7 => self.digits(out),
            8..=10 => self.word(out, at, corpus),
            _ => {
                let token = self.pick(TOKENS).as_bytes();
                out.splice(at..at + len.min(token.len()), token.iter().copied());
            }
        }
    }

    /// Many copies of a piece: depth and length.
    fn repeat(&mut self, out: &mut Vec<u8>, at: usize, len: usize) {
        let piece = match self.below(3) {
            0 => out[at..at + len].to_vec(),
            1 => self.pick(TOKENS).as_bytes().to_vec(),
            _ => vec![*self.pick(b"[{(!\"'-.,a0\n"), b' '],
        };
        let copies = 1 << self.below(10);
        let many: Vec<u8> = piece.iter().copied().cycle().take(piece.len() * copies).collect();
        out.splice(at..at, many);
    }

    fn swap_lines(&mut self, out: &mut Vec<u8>) {
        let mut lines: Vec<Vec<u8>> =
            out.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        if lines.len() > 1 {
            let (a, b) = (self.below(lines.len()), self.below(lines.len()));
            lines.swap(a, b);
            *out = lines.concat();
        }
    }

    /// Another file's word where a word stands: still well formed, no longer what was meant.
    fn word(&mut self, out: &mut Vec<u8>, at: usize, corpus: &Corpus) {
        let (_, other) = self.pick(&corpus.files);
        let theirs = word_at(other, self.below(other.len() + 1));
        let ours = word_at(out, at);
        out.splice(ours, other[theirs].iter().copied());
    }

    /// Other digits where digits stand: dates and numbers at their limits.
    fn digits(&mut self, out: &mut [u8]) {
        let places: Vec<usize> = (0..out.len()).filter(|i| out[*i].is_ascii_digit()).collect();
        for _ in 0..=self.below(6) {
            if !places.is_empty() {
                out[*self.pick(&places)] = *self.pick(b"0123456789");
            }
        }
    }
}

/// The range of the first word at or after a place.
fn word_at(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    let start = bytes[at..].iter().position(is_word).map_or(bytes.len(), |i| at + i);
    let len = bytes[start..].iter().take_while(|b| is_word(b)).count();
    start..start + len
}
