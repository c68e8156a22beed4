//! The compact table for the terminal.

use crate::run::Replay;
use crate::tally::Counts;
use std::fmt::Write as _;

const NEEDS_SHOWN: usize = 3;

/// The result of the first view: by regime and year, shares of the answers and the facts that are missing.
pub fn table(replay: &Replay) -> String {
    let mut out = String::new();
    let rows = replay.tally.rows;
    let _ = writeln!(out, "{}", replay.study.title);
    let _ = writeln!(
        out,
        "{} rows: {} decided under every regime, {} undetermined under at least one, {} rejected\n",
        rows.read, rows.decided, rows.undetermined, rows.rejected
    );
    for (i, (view, tally)) in replay.study.views.iter().zip(&replay.tally.views).enumerate() {
        let _ = writeln!(out, "{}", view.title);
        let _ = writeln!(out, "{}", head());
        for (regime, counts) in replay.study.regimes.iter().zip(&tally.regimes) {
            let _ = writeln!(out, "{}", line(&regime.title, "all", &counts.all));
            if i == 0 {
                for (year, c) in &counts.years {
                    let _ = writeln!(out, "{}", line("", year, c));
                }
            }
        }
        out.push('\n');
    }
    problems(&mut out, replay);
    out
}

fn head() -> String {
    format!(
        "{:<32} {:<7} {:>6} {:>7} {:>7} {:>8} {:>8}  {}",
        "regime",
        "year",
        "rows",
        "must",
        "may",
        "must not",
        "open",
        "facts that would help to settle what is open"
    )
}

fn line(title: &str, year: &str, c: &Counts) -> String {
    let needs: Vec<&str> = c.top_needs(NEEDS_SHOWN).iter().map(|(n, _)| *n).collect();
    let line = format!(
        "{title:<32} {year:<7} {:>6} {:>7} {:>7} {:>8} {:>8}  {}",
        c.rows,
        percent(c.must, c.rows),
        percent(c.may, c.rows),
        percent(c.must_not, c.rows),
        percent(c.undetermined, c.rows),
        needs.join(", ")
    );
    line.trim_end().to_owned()
}

/// A share with one decimal, two where one would hide the difference from none or all; a share
/// of nothing is a dash.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let share = part as f64 * 100.0 / whole as f64;
    let text = format!("{share:.1}%");
    if (part > 0 && text == "0.0%") || (part < whole && text == "100.0%") {
        return format!("{share:.2}%");
    }
    text
}

fn problems(out: &mut String, replay: &Replay) {
    if replay.problems.is_empty() {
        let _ = writeln!(out, "no problem in the data");
        return;
    }
    let _ = writeln!(out, "problems in the data");
    for p in &replay.problems {
        let samples: Vec<String> = p.samples.iter().map(|(v, n)| format!("{v} ({n})")).collect();
        let _ = writeln!(
            out,
            "  {} file, {}{}{}: {} rows, first on line {}{}{}",
            p.file,
            p.kind.name(),
            if p.column.is_empty() { "" } else { " " },
            p.column,
            p.rows,
            p.first_line,
            if samples.is_empty() { "" } else { ": " },
            samples.join(", ")
        );
    }
}
