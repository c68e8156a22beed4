//! From the truth of rules to answers: what each policy says, and how levels bind.
//!
//! The columnar form of `crate::decide`: `stance_of`, `said` and `Fold`.

use super::answers::ColumnAnswers;
use super::bits::{View, each_set, tail, words_for};
use super::compile::SPOKEN;
use super::eval::Block;
use super::frame::TooWide;
use super::node::Lit;
use super::plan::Speech;
use crate::channel::{Level, Stance, StanceSet};
use comity_model::Day;
use std::sync::LazyLock;

/// Every pair of sets of stances under an operation.
type Pairs = [[u8; 64]; 64];

fn pairs(op: impl Fn(Stance, Stance) -> Stance) -> Box<Pairs> {
    let mut out = Box::new([[0; 64]; 64]);
    for (a, row) in out.iter_mut().enumerate() {
        for (b, set) in row.iter_mut().enumerate() {
            *set = StanceSet(a as u8).combine(StanceSet(b as u8), &op).0;
        }
    }
    out
}

static BESIDE: LazyLock<Box<Pairs>> = LazyLock::new(|| pairs(Stance::beside));
static OVER: LazyLock<Box<Pairs>> = LazyLock::new(|| pairs(Stance::over));

const SILENT: u8 = StanceSet::SILENT.0;

/// One policy's words on one channel, row by row.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Rows on which it says anything, or may.
    speaks: Vec<u64>,
    /// The stances that are possible.
    sets: Vec<u8>,
    /// The code of the clause behind a settled stance.
    by: Vec<u16>,
}

/// What binds on one channel, row by row, while levels are folded from the top.
#[derive(Debug)]
struct Folded {
    bound: Vec<u8>,
    bound_by: Vec<u16>,
    here: Vec<u8>,
    here_by: Vec<u16>,
    touched: Vec<u64>,
    conflicts: Vec<(u16, u16)>,
}

impl Folded {
    fn new(rows: usize) -> Folded {
        Folded {
            bound: vec![SILENT; rows],
            bound_by: vec![0; rows],
            here: vec![SILENT; rows],
            here_by: vec![0; rows],
            touched: vec![0; words_for(rows)],
            conflicts: Vec::new(),
        }
    }

    fn add(&mut self, said: &Said, ranks: &[(bool, Day)]) {
        let rows = self.here.len();
        for (t, s) in self.touched.iter_mut().zip(&said.speaks) {
            *t |= s;
        }
        let beside: &Pairs = &BESIDE;
        let rank = |code: u16| ranks[code as usize - 1];
        each_set(View::Words(&said.speaks, 0), rows, |row| {
            let (before, set, by) = (self.here[row], said.sets[row], said.by[row]);
            let after = beside[before as usize][set as usize];
            self.here[row] = after;
            let here_by = self.here_by[row];
            if here_by != 0 && by != 0 && opposite(before, set) {
                conflict(&mut self.conflicts, rows, row, (here_by, by));
            }
            if by == 0 {
                return;
            }
            let stronger = after != before || here_by == 0;
            if stronger || (after == set && rank(by) > rank(here_by)) {
                self.here_by[row] = by;
            }
        });
    }

    fn close_level(&mut self) {
        let rows = self.here.len();
        let over: &Pairs = &OVER;
        let touched = std::mem::take(&mut self.touched);
        each_set(View::Words(&touched, 0), rows, |row| {
            let (upper, lower) = (self.bound[row], self.here[row]);
            if lower == SILENT {
                return;
            }
            let (upper_by, lower_by) = (self.bound_by[row], self.here_by[row]);
            if upper_by != 0 && lower_by != 0 && opposite(upper, lower) {
                conflict(&mut self.conflicts, rows, row, (upper_by, lower_by));
            }
            let bound = over[upper as usize][lower as usize];
            self.bound[row] = bound;
            let upper_binds = upper == bound && upper != StanceSet::of(Stance::May).0;
            if !upper_binds && lower_by != 0 {
                self.bound_by[row] = lower_by;
            }
            self.here[row] = SILENT;
            self.here_by[row] = 0;
        });
        self.touched = touched;
        self.touched.fill(0);
    }
}

/// True if two settled stances say the opposite.
fn opposite(a: u8, b: u8) -> bool {
    let (Some(a), Some(b)) = (StanceSet(a).only(), StanceSet(b).only()) else { return false };
    a.conflicts_with(b)
}

/// The first conflict of a row stays.
fn conflict(all: &mut Vec<(u16, u16)>, rows: usize, row: usize, pair: (u16, u16)) {
    if all.is_empty() {
        all.resize(rows, (0, 0));
    }
    if all[row] == (0, 0) {
        all[row] = pair;
    }
}

/// Computes the answers of a block's rows.
pub(super) fn fold(
    block: &mut Block<'_>,
    answers: &mut ColumnAnswers,
    first_row: usize,
) -> Result<(), TooWide> {
    let plan = block.plan;
    let rows = block.rows.len();
    let mut folded: Vec<Option<Folded>> = plan.channels.iter().map(|_| None).collect();
    let mut level: Option<Level> = None;
    let mut said = std::mem::take(&mut block.scratch.said);
    for policy in &plan.policies {
        if level != Some(policy.level) {
            folded.iter_mut().flatten().for_each(Folded::close_level);
            level = Some(policy.level);
        }
        for speech in &policy.speeches {
            if !say(block, speech, &mut said)? {
                continue;
            }
            if plan.is_alone[speech.slot] {
                answers.put(speech.slot, first_row, &said.sets[..rows], &said.by[..rows]);
            } else {
                let into = folded[speech.slot].get_or_insert_with(|| Folded::new(rows));
                into.add(&said, &plan.ranks);
            }
        }
        for cap in &policy.caps {
            block.eval(cap.in_effect)?;
            each_set(block.holds(cap.in_effect), rows, |row| {
                answers.cap(first_row + row, cap.hours_max);
            });
        }
    }
    block.scratch.said = said;
    for (slot, folded) in folded.iter_mut().enumerate() {
        let Some(folded) = folded else { continue };
        folded.close_level();
        for (by, bound) in folded.bound_by.iter_mut().zip(&folded.bound) {
            if StanceSet(*bound).outcome().only().is_none() {
                *by = 0;
            }
        }
        answers.put(slot, first_row, &folded.bound, &folded.bound_by);
        answers.put_conflicts(slot, first_row, &folded.conflicts);
    }
    Ok(())
}

/// What a policy says on a channel; false where it is silent in every row.
fn say(block: &mut Block<'_>, speech: &Speech, said: &mut Said) -> Result<bool, TooWide> {
    block.eval(speech.binds)?;
    if matches!(block.possible(speech.binds), View::Zeros) {
        return Ok(false);
    }
    for any in speech.any {
        block.eval(any)?;
    }
    let rows = block.rows.len();
    let words = words_for(rows);
    said.speaks.clear();
    said.sets.clear();
    said.by.clear();
    let default = speech.default.map_or(Stance::Silent, |(s, _)| s);
    let holds = speech.any.map(|l| block.holds(l));
    let possible = speech.any.map(|l| block.possible(l));
    let (binds, may_bind) = (block.holds(speech.binds), block.possible(speech.binds));
    let mut singles = [const { Vec::new() }; 4];
    for w in 0..words {
        let (t, p) = (holds.map(|v| v.word(w)), possible.map(|v| v.word(w)));
        let sets = stances(t, p, default, binds.word(w), may_bind.word(w), tail(w, rows));
        said.speaks.push((sets[1] | sets[2] | sets[3] | sets[4]) & tail(w, rows));
        spread(sets, &mut said.sets);
        let many = sets[..5].iter().fold((0, 0), |(one, two), s| (one | s, two | (one & s))).1;
        for (k, s) in SPOKEN.into_iter().enumerate() {
            singles[k].push(sets[s as usize] & !many & tail(w, rows));
        }
    }
    said.by.resize(words * 64, 0);
    for (k, mut left) in singles.into_iter().enumerate() {
        if left.iter().all(|w| *w == 0) {
            continue;
        }
        for (rule, code) in &speech.rules[k] {
            first_rule(block, *rule, *code, &mut left, &mut said.by)?;
        }
        if let Some((_, code)) = speech.default.filter(|(s, _)| *s == SPOKEN[k]) {
            each_set(View::Words(&left, 0), rows, |row| said.by[row] = code);
        }
    }
    Ok(said.speaks.iter().any(|w| *w != 0))
}

/// Writes a rule's code where it applies and none before it did.
fn first_rule(
    block: &mut Block<'_>,
    rule: Lit,
    code: u16,
    left: &mut [u64],
    by: &mut [u16],
) -> Result<(), TooWide> {
    block.eval(rule)?;
    let view = block.holds(rule);
    for (w, left) in left.iter_mut().enumerate() {
        let mut here = view.word(w) & *left;
        *left &= !here;
        while here != 0 {
            by[w * 64 + here.trailing_zeros() as usize] = code;
            here &= here - 1;
        }
    }
    Ok(())
}

/// The possible stances of 64 rows, a word per stance: `t` and `p` say where some rule of a
/// stance applies, and where one may.
#[inline]
fn stances(
    t: [u64; 4],
    p: [u64; 4],
    default: Stance,
    binds: u64,
    may_bind: u64,
    tail: u64,
) -> [u64; 6] {
    let [may, protect, must, must_not] = t;
    let unknown = [p[0] & !t[0], p[1] & !t[1], p[2] & !t[2], p[3] & !t[3]];
    let strong = must | must_not;
    let none = !(strong | may | protect);
    let mut out = [0; 6];
    out[Stance::May as usize] = (may & (strong | !protect)) | (none & unknown[0]);
    out[Stance::Protect as usize] = protect | (!strong & unknown[1]);
    out[Stance::Must as usize] = must | (none & unknown[2]);
    out[Stance::MustNot as usize] = must_not | (none & unknown[3]);
    out[default as usize] |= none;
    for word in &mut out {
        *word &= may_bind & tail;
    }
    out[Stance::Silent as usize] |= !binds & tail;
    out
}

/// Appends 64 sets, one a byte.
#[inline]
fn spread(words: [u64; 6], out: &mut Vec<u8>) {
    let mut bytes = [0_u8; 64];
    for (stance, word) in words.into_iter().enumerate() {
        if word == 0 {
            continue;
        }
        for (i, eight) in bytes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let spread = SPREAD[(word >> (8 * i)) as usize & 0xFF] << stance;
            *eight = (u64::from_le_bytes(*eight) | spread).to_le_bytes();
        }
    }
    out.extend_from_slice(&bytes);
}

/// By byte: its bits, one in the lowest bit of each byte.
static SPREAD: [u64; 256] = {
    let mut out = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut i = 0;
        while i < 8 {
            out[byte] |= ((byte >> i & 1) as u64) << (8 * i);
            i += 1;
        }
        byte += 1;
    }
    out
};
