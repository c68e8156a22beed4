//! One part of a table, decided and counted.

use super::cases::{Cases, Reading, arrow_error};
use super::interner::Interner;
use super::keys::Key;
use super::part::{BATCH_ROWS, Opened, Part, Place};
use super::rows::{RowsFormat, RowsPart, SideColumns};
use super::run::side_names;
use super::sample::Sample;
use super::tally::{Cause, Group, MASKS, OutcomeMask, Tally, is_settled};
use arrow_schema::ArrowError;
use comity_model::{Diagnostic, Places};
use comity_policy::columns::{
    CaseReader, ColumnAnswers, ColumnError, ColumnPlan, ColumnRequest, Contradictory, Scratch,
    Unseen,
};
use comity_policy::{Channel, Library, Scope, StanceSet};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// One law under which every row is decided.
#[derive(Debug)]
pub struct Side {
    /// As the command names it.
    pub name: String,
    /// Its scope.
    pub scope: Scope,
    plan: ColumnPlan,
}

impl Side {
    /// Compiles a scope for one channel.
    pub fn new(name: String, library: &Library, scope: Scope, channel: Channel) -> Side {
        let request = ColumnRequest {
            channels: vec![channel],
            needs: true,
            hold_cap: false,
            unseen: Unseen::Unknown,
        };
        let plan = ColumnPlan::compile(library, &scope, &request);
        Side { name, scope, plan }
    }

    /// The plan.
    pub fn plan(&self) -> &ColumnPlan {
        &self.plan
    }

    fn rule(&self, code: u16) -> &str {
        let names = self.plan.clause_names();
        (code as usize).checked_sub(1).and_then(|i| names.get(i)).map_or("", |n| n)
    }
}

/// What every part is asked.
pub struct Question<'a> {
    /// The library.
    pub library: &'a Library,
    /// One law, or two that are compared.
    pub sides: Arc<[Side]>,
    /// The channel.
    pub channel: Channel,
    /// How rows become cases.
    pub reading: Reading<'a>,
    /// By what they are counted.
    pub keys: Vec<Key>,
    /// Which rows are looked at.
    pub sample: Option<Sample>,
}

/// What one worker keeps between parts.
pub struct Bench {
    scratch: Scratch,
    contradictory: Contradictory,
}

impl Default for Bench {
    fn default() -> Bench {
        Bench { scratch: Scratch::default(), contradictory: Contradictory::new(Unseen::Unknown) }
    }
}

/// The two laws' answers on some rows.
struct Answers {
    masks: Vec<Vec<OutcomeMask>>,
    rules: Vec<Vec<u16>>,
    conflicts: Vec<Vec<bool>>,
}

impl Question<'_> {
    fn places(&self) -> &Places {
        self.library.places()
    }

    /// A file for the rows of a part.
    pub fn rows_part(&self, path: PathBuf, format: RowsFormat) -> RowsPart {
        let keys = self.keys.iter().map(|k| k.name.replace('.', "_")).collect();
        RowsPart::new(path, format, keys, side_names(self.sides.len()))
    }

    /// Decides a part; what `rows` writes is what the rows file holds.
    ///
    /// # Errors
    /// The part cannot be read, a column has the wrong type, or the rows cannot be written.
    pub fn part(
        &self,
        file: &Opened,
        part: &Part,
        bench: &mut Bench,
        mut rows: Option<&mut RowsPart>,
    ) -> Result<Tally, Diagnostic> {
        let name = file.input.name();
        let mut tally = Tally::new(self.sides.len());
        let mut number = part.first_row;
        if let Place::Rows(lines) = &part.place {
            let header = file.header();
            for (i, some) in lines.chunks(BATCH_ROWS).enumerate() {
                let first = number + (i * BATCH_ROWS) as u64;
                let cases = self
                    .reading
                    .rows(&header, some, first, self.places(), &name, &mut tally)
                    .map_err(|e| arrow_error(&name, &e))?;
                self.cases(&name, &cases, bench, &mut tally, rows.as_deref_mut())?;
            }
            return Ok(tally);
        }
        let wanted = |c: &str| self.reading.wants(c) || self.keys.iter().any(|k| k.column() == c);
        file.batches(part, &wanted, &mut |batch| {
            let len = batch.num_rows() as u64;
            let cases = self
                .reading
                .batch(batch, number, self.places(), &name, &mut tally)
                .map_err(|e| arrow_error(&name, &e))?;
            self.cases(&name, &cases, bench, &mut tally, rows.as_deref_mut())?;
            number += len;
            Ok(())
        })?;
        Ok(tally)
    }

    fn cases(
        &self,
        file: &str,
        cases: &Cases,
        bench: &mut Bench,
        tally: &mut Tally,
        rows: Option<&mut RowsPart>,
    ) -> Result<(), Diagnostic> {
        let wrong = |e: &ArrowError| arrow_error(file, e);
        tally.read += (cases.numbers.len() + cases.rejected.len()) as u64;
        tally.rejected += cases.rejected.len() as u64;
        let sampled;
        let cases = match &self.sample {
            None => cases,
            Some(sample) => {
                sampled = sample.of(file, cases).map_err(|e| wrong(&e))?;
                tally.left_out += (cases.numbers.len() - sampled.numbers.len()) as u64;
                &sampled
            }
        };
        let at = |e: &ColumnError| located(file, cases, e);
        let mut words = Interner::default();
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            keys.push(key.numbers(cases, &mut words).map_err(|e| wrong(&e))?);
        }
        let mut answers = self.decide(file, cases, bench, tally).map_err(|e| at(&e))?;
        self.contradictory(cases, bench, tally, &mut answers).map_err(|e| at(&e))?;
        self.count(cases, &answers, &keys, &words, tally);
        if let Some(rows) = rows {
            let sides: Vec<SideColumns<'_>> = (0..self.sides.len())
                .map(|s| SideColumns {
                    masks: &answers.masks[s],
                    rules: &answers.rules[s],
                    conflicts: &answers.conflicts[s],
                    names: self.sides[s].plan.clause_names(),
                })
                .collect();
            let keys: Vec<Vec<&str>> =
                keys.iter().map(|k| k.iter().map(|n| words.text(*n)).collect()).collect();
            rows.write(file, cases, &keys, &sides)?;
        }
        Ok(())
    }

    fn decide(
        &self,
        file: &str,
        cases: &Cases,
        bench: &mut Bench,
        tally: &mut Tally,
    ) -> Result<Answers, ColumnError> {
        let mut out = Answers { masks: Vec::new(), rules: Vec::new(), conflicts: Vec::new() };
        // A stance set's outcomes, once for all of them.
        let outcome: Vec<OutcomeMask> =
            (0..=u8::MAX).map(|s| StanceSet(s).outcome().bits()).collect();
        for (s, side) in self.sides.iter().enumerate() {
            let mut answers = side.plan.decide(&cases.cases, &mut bench.scratch)?;
            for p in answers.problems.drain(..) {
                let what = format!(
                    "unknown-value `{}`: its set has no such value; the fact is unknown",
                    p.column
                );
                // Both sides read the same columns; a value is counted once.
                if s == 0 {
                    tally.trouble(what, p.count, file.to_owned(), &p.value);
                }
            }
            let Some(column) = answers.channel(self.channel) else { continue };
            let masks: Vec<OutcomeMask> =
                column.stances.iter().map(|s| outcome[*s as usize]).collect();
            let open = masks.iter().enumerate().filter(|(_, m)| !is_settled(**m)).map(|(i, _)| i);
            count_needs(&side.plan, &answers, open, &mut tally.needs[s]);
            out.rules.push(column.binding.clone());
            let has = |i: usize| column.conflicts.get(i).is_some_and(|c| *c != (0, 0));
            out.conflicts.push((0..masks.len()).map(has).collect());
            out.masks.push(masks);
        }
        Ok(out)
    }

    /// Rows whose facts contradict each other are derived one by one, with those facts
    /// taken as unknown.
    fn contradictory(
        &self,
        cases: &Cases,
        bench: &mut Bench,
        tally: &mut Tally,
        answers: &mut Answers,
    ) -> Result<(), ColumnError> {
        let rows = bench.contradictory.rows(&cases.cases, &mut bench.scratch)?;
        if rows.count_set_bits() == 0 {
            return Ok(());
        }
        let reader = CaseReader::of(&cases.cases, Unseen::Unknown)?;
        for row in rows.set_indices() {
            tally.contradictory += 1;
            let facts = reader.case_of_row(row);
            for (s, side) in self.sides.iter().enumerate() {
                let answer = self.library.derive(&facts, &side.scope).answer;
                let on = answer.on(self.channel);
                answers.masks[s][row] = on.outcome().bits();
                answers.rules[s][row] = on
                    .binding
                    .and_then(|b| side.plan.clauses().iter().position(|c| *c == b))
                    .map_or(0, |i| i as u16 + 1);
                answers.conflicts[s][row] = on.conflict.is_some();
            }
        }
        Ok(())
    }

    fn count(
        &self,
        cases: &Cases,
        answers: &Answers,
        keys: &[Vec<u32>],
        words: &Interner,
        tally: &mut Tally,
    ) {
        let sides = self.sides.len();
        let mut groups: HashMap<Vec<u32>, Group> = HashMap::new();
        let mut causes: HashMap<(u8, u8, u16, u16), u64> = HashMap::new();
        let mut key = vec![0; keys.len()];
        for row in 0..cases.numbers.len() {
            key.iter_mut().zip(keys).for_each(|(k, column)| *k = column[row]);
            if !groups.contains_key(&key) {
                groups.insert(key.clone(), Group::new(sides));
            }
            let Some(group) = groups.get_mut(&key) else { continue };
            group.rows += 1;
            for s in 0..sides {
                group.outcomes[s][answers.masks[s][row] as usize % MASKS] += 1;
                tally.conflicts[s] += u64::from(answers.conflicts[s][row]);
            }
            if sides == 2 {
                let (a, b) = (answers.masks[0][row], answers.masks[1][row]);
                group.moved[a as usize * MASKS + b as usize] += 1;
                if a != b {
                    let by = (a, b, answers.rules[0][row], answers.rules[1][row]);
                    *causes.entry(by).or_insert(0) += 1;
                }
            }
        }
        for (key, group) in groups {
            let key: Vec<String> = key.iter().map(|n| words.text(*n).to_owned()).collect();
            tally.groups.entry(key).or_insert_with(|| Group::new(sides)).add(&group);
        }
        for ((a, b, ra, rb), n) in causes {
            let [first, second] = [(&self.sides[0], ra), (&self.sides[1], rb)]
                .map(|(side, code)| side.rule(code).to_owned());
            *tally.causes.entry(Cause { from: (a, first), to: (b, second) }).or_insert(0) += n;
        }
    }
}

/// Counts the facts on which open rows may hang.
fn count_needs(
    plan: &ColumnPlan,
    answers: &ColumnAnswers,
    open: impl Iterator<Item = usize>,
    into: &mut BTreeMap<String, u64>,
) {
    let facts = plan.need_facts();
    let mut counts = vec![0_u64; facts.len()];
    for row in open {
        for (w, word) in answers.needs_mask(row).iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                counts[w * 64 + word.trailing_zeros() as usize] += 1;
                word &= word - 1;
            }
        }
    }
    for (fact, n) in facts.iter().zip(counts).filter(|(_, n)| *n > 0) {
        *into.entry(fact.to_string()).or_insert(0) += n;
    }
}

/// An error of the evaluator with file and row.
fn located(file: &str, cases: &Cases, e: &ColumnError) -> Diagnostic {
    let first = cases.numbers.first().map_or(0, |n| n + 1);
    Diagnostic::error("bad-column", format!("`{file}`, rows from {first}: {e}"))
        .help("docs/reference/arrow-layout.md has the columns of a table of cases; other tables need a mapping")
}
