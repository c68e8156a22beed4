//! The stopwatch: rounds in which every contender runs once, in turn, and medians over rounds.
//!
//! It reads the thread's processor time. Everything here runs on one thread and waits for
//! nothing, so on an idle machine that is the time on the wall.

use cpu_time::ThreadTime;
use std::fmt::Write;

/// Something that is timed: it works once through its cases and returns a check sum.
pub struct Contender<'a> {
    /// Its name in the table.
    pub name: &'static str,
    /// Decisions of one pass.
    pub per_pass: usize,
    /// Passes of one round.
    pub passes: usize,
    /// One pass.
    pub run: Box<dyn FnMut() -> u64 + 'a>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Its name.
    pub name: &'static str,
    /// Nanoseconds a decision, one per round, sorted.
    pub ns: Vec<f64>,
}

impl Timing {
    /// The median round.
    pub fn median(&self) -> f64 {
        self.ns.get(self.ns.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The fastest and the slowest round.
    pub fn ends(&self) -> (f64, f64) {
        (self.ns.first().copied().unwrap_or(f64::NAN), self.ns.last().copied().unwrap_or(f64::NAN))
    }
}

/// Runs every contender once to warm up, then `rounds` times in turn.
pub fn interleaved(contenders: &mut [Contender<'_>], rounds: usize) -> Vec<Timing> {
    let mut out: Vec<Timing> =
        contenders.iter().map(|c| Timing { name: c.name, ns: Vec::new() }).collect();
    for round in 0..=rounds {
        for (c, t) in contenders.iter_mut().zip(&mut out) {
            let start = ThreadTime::now();
            for _ in 0..c.passes {
                std::hint::black_box((c.run)());
            }
            let ns = start.elapsed().as_nanos() as f64 / (c.passes * c.per_pass) as f64;
            if round > 0 {
                t.ns.push(ns);
            }
        }
    }
    out.iter_mut().for_each(|t| t.ns.sort_by(f64::total_cmp));
    out
}

/// Times one thing alone, `rounds` times after one to warm up; milliseconds, sorted.
pub fn alone<T>(rounds: usize, mut run: impl FnMut() -> T) -> Vec<f64> {
    let mut ms: Vec<f64> = (0..=rounds)
        .map(|_| {
            let start = ThreadTime::now();
            std::hint::black_box(run());
            start.elapsed().as_secs_f64() * 1e3
        })
        .skip(1)
        .collect();
    ms.sort_by(f64::total_cmp);
    ms
}

/// Nanoseconds for people.
pub fn show_ns(ns: f64) -> String {
    if ns < 1e4 {
        format!("{ns:.0} ns")
    } else if ns < 1e7 {
        format!("{:.1} µs", ns / 1e3)
    } else {
        format!("{:.1} ms", ns / 1e6)
    }
}

/// A table; after each row how many times as fast it is as each of some others.
pub fn table(timings: &[Timing], against: &[(&str, &Timing)]) -> String {
    let mut out = format!("{:<46} {:>9} {:>21}", "", "median", "fastest … slowest");
    for (words, _) in against {
        let _ = write!(out, " {words:>20}");
    }
    out.push('\n');
    for t in timings {
        let (low, high) = t.ends();
        let ends = format!("{} … {}", show_ns(low), show_ns(high));
        let _ = write!(out, "{:<46} {:>9} {:>21}", t.name, show_ns(t.median()), ends);
        for (_, a) in against {
            let _ = write!(out, " {:>20}", format!("{:.1} ×", a.median() / t.median()));
        }
        out.push('\n');
    }
    out
}
