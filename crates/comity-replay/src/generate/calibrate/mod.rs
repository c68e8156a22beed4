//! The calibration: what was generated beside what was published.

mod chart;
pub mod html;
mod sections;

use super::plan::Plan;
use super::tables::Tables;
use super::tally::Tally;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Fewest expected rows of a cell that counts by itself in the chi-square; rarer ones of a
/// group count together (W. G. Cochran, 1954).
const EXPECTED_MIN: f64 = 5.0;

/// One line of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The year, where the comparison is by year.
    pub group: String,
    /// What is counted.
    pub label: String,
    /// Published count, or share in percent.
    pub published: f64,
    /// Generated rows, or elements.
    pub generated: u64,
    /// The published part of the generated rows of the group.
    pub expected: f64,
}

impl Line {
    /// Generated minus expected, in parts of the expected; `None` where none is expected.
    pub fn relative(&self) -> Option<f64> {
        (self.expected > 0.0).then(|| self.generated as f64 / self.expected - 1.0)
    }
}

/// How near two distributions are.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Fit {
    /// Generated rows, or elements.
    pub n: u64,
    /// Half the sum of absolute differences of shares, 0 to 1.
    pub total_variation: f64,
    /// The total variation that sampling alone would give on average.
    pub total_variation_expected: f64,
    /// Pearson's chi-square.
    pub chi_square: f64,
    /// Its degrees of freedom.
    pub degrees: u64,
    /// Rows generated where nothing is published.
    pub beyond: u64,
}

impl Fit {
    /// Chi-square per degree of freedom: about 1 where only sampling differs.
    pub fn per_degree(&self) -> Option<f64> {
        (self.degrees > 0).then(|| self.chi_square / self.degrees as f64)
    }
}

/// One comparison.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    /// A short name.
    pub id: &'static str,
    /// The title.
    pub title: &'static str,
    /// The public source.
    pub source: &'static str,
    /// What to know to read it: why it may differ by more than sampling.
    pub says: &'static str,
    /// False where the counts are not drawn but given: no sampling noise.
    pub is_drawn: bool,
    /// The measures.
    pub fit: Fit,
    /// The lines.
    pub lines: Vec<Line>,
}

/// All comparisons of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Calibration {
    /// The comparisons in order. One that the months of the run do not support is missing.
    pub sections: Vec<Section>,
}

/// Lines of one group before they are fitted: label, published, generated.
type Group = (String, Vec<(String, f64, u64)>);

impl Section {
    fn new(
        (id, title): (&'static str, &'static str),
        source: &'static str,
        says: &'static str,
        is_drawn: bool,
        groups: Vec<Group>,
    ) -> Section {
        let mut lines = Vec::new();
        for (group, of) in groups {
            let published: f64 = of.iter().map(|(_, p, _)| p).sum();
            let generated: u64 = of.iter().map(|(_, _, n)| n).sum();
            if generated == 0 || published <= 0.0 {
                continue;
            }
            lines.extend(of.into_iter().map(|(label, p, n)| Line {
                group: group.clone(),
                label,
                published: p,
                generated: n,
                expected: p / published * generated as f64,
            }));
        }
        let fit = fit(&lines);
        Section { id, title, source, says, is_drawn, fit, lines }
    }

    /// Lines summed over groups, by label: expected and generated.
    pub fn by_label(&self) -> Vec<(&str, f64, u64)> {
        let mut out: Vec<(&str, f64, u64)> = Vec::new();
        for line in &self.lines {
            match out.iter_mut().find(|(l, _, _)| *l == line.label) {
                Some((_, expected, n)) => {
                    *expected += line.expected;
                    *n += line.generated;
                }
                None => out.push((&line.label, line.expected, line.generated)),
            }
        }
        out
    }

    /// True where the lines are by year.
    pub fn is_grouped(&self) -> bool {
        self.lines.iter().any(|l| !l.group.is_empty())
    }
}

fn fit(lines: &[Line]) -> Fit {
    let mut groups: Vec<&str> = lines.iter().map(|l| l.group.as_str()).collect();
    groups.dedup();
    let n: u64 = lines.iter().map(|l| l.generated).sum();
    let mut out = Fit {
        n,
        total_variation: 0.0,
        total_variation_expected: 0.0,
        chi_square: 0.0,
        degrees: 0,
        beyond: lines.iter().filter(|l| l.expected <= 0.0).map(|l| l.generated).sum(),
    };
    for group in groups {
        let of: Vec<&Line> = lines.iter().filter(|l| l.group == group).collect();
        let all: f64 = of.iter().map(|l| l.expected).sum();
        let mut cells: Vec<(f64, f64)> = Vec::new();
        let mut rare = (0.0, 0.0);
        for l in &of {
            let (seen, expected) = (l.generated as f64, l.expected);
            out.total_variation += (seen - expected).abs() / 2.0;
            // The mean distance of a binomial from its mean, in its normal limit.
            let spread = expected * (1.0 - expected / all);
            out.total_variation_expected +=
                (spread.max(0.0) * std::f64::consts::FRAC_2_PI).sqrt() / 2.0;
            if expected >= EXPECTED_MIN {
                cells.push((seen, expected));
            } else {
                rare = (rare.0 + seen, rare.1 + expected);
            }
        }
        if rare.1 > 0.0 {
            cells.push(rare);
        }
        let chi = cells.iter().map(|(seen, expected)| (seen - expected).powi(2) / expected);
        out.chi_square += chi.sum::<f64>();
        out.degrees += cells.len().saturating_sub(1) as u64;
    }
    let all = (n as f64).max(1.0);
    out.total_variation /= all;
    out.total_variation_expected /= all;
    out
}

impl Calibration {
    /// Compares the counts of a run with the published ones.
    pub fn new(tables: &Tables, plan: &Plan, tally: &Tally) -> Calibration {
        let all = sections::all(tables, plan, tally);
        Calibration { sections: all.into_iter().filter(|s| s.fit.n > 0).collect() }
    }

    /// Everything as JSON.
    pub fn json(&self) -> Value {
        json!({ "sections": self.sections })
    }

    /// Every line as CSV.
    pub fn csv(&self) -> String {
        let mut out =
            String::from("section,group,label,published,generated,expected,difference,relative\n");
        for s in &self.sections {
            for l in &s.lines {
                let relative = l.relative().map_or(String::new(), |r| format!("{r:.6}"));
                let _ = writeln!(
                    out,
                    "{},{},\"{}\",{},{},{:.3},{:.3},{relative}",
                    s.id,
                    l.group,
                    l.label.replace('"', "\"\""),
                    l.published,
                    l.generated,
                    l.expected,
                    l.generated as f64 - l.expected,
                );
            }
        }
        out
    }

    /// One line a comparison, for the terminal.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{:<38} {:>12} {:>11} {:>11} {:>9}\n",
            "generated against published", "counted", "variation", "by chance", "chi2/df"
        );
        for s in &self.sections {
            let chance = if s.is_drawn {
                percent(s.fit.total_variation_expected)
            } else {
                "none".to_owned()
            };
            let chi = s.fit.per_degree().filter(|_| s.is_drawn);
            let _ = writeln!(
                out,
                "{:<38} {:>12} {:>11} {:>11} {:>9}",
                s.title,
                s.fit.n,
                percent(s.fit.total_variation),
                chance,
                chi.map_or("-".to_owned(), |c| format!("{c:.2}"))
            );
        }
        out
    }
}

/// A share as percent with three digits behind the point.
fn percent(share: f64) -> String {
    format!("{:.3} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(groups: Vec<Group>) -> Section {
        Section::new(("id", "title"), "", "", true, groups)
    }

    fn group(name: &str, lines: &[(&str, f64, u64)]) -> Group {
        let lines = lines.iter().map(|(l, p, n)| ((*l).to_owned(), *p, *n));
        (name.to_owned(), lines.collect())
    }

    #[test]
    fn equal_shares_differ_by_nothing() {
        let s = section(vec![group("", &[("a", 20.0, 200), ("b", 80.0, 800)])]);
        assert!(s.fit.total_variation.abs() < 1e-12);
        assert!(s.fit.chi_square.abs() < 1e-9);
        assert_eq!((s.fit.degrees, s.fit.n, s.fit.beyond), (1, 1000, 0));
    }

    #[test]
    fn differences_are_measured_within_their_group() {
        let s = section(vec![
            group("1", &[("a", 1.0, 60), ("b", 1.0, 40)]),
            group("2", &[("a", 3.0, 75), ("b", 1.0, 25)]),
        ]);
        // Ten rows of the first group of 200 in all are in the wrong place.
        assert!((s.fit.total_variation - 0.05).abs() < 1e-12, "{:?}", s.fit);
        assert!((s.fit.chi_square - 4.0).abs() < 1e-9);
        assert_eq!(s.fit.degrees, 2);
        assert_eq!(s.by_label(), vec![("a", 125.0, 135), ("b", 75.0, 65)]);
    }

    #[test]
    fn rows_where_nothing_is_published_are_counted() {
        let s = section(vec![group("", &[("a", 1.0, 90), ("b", 0.0, 10)])]);
        assert_eq!(s.fit.beyond, 10);
        assert_eq!(s.lines[1].relative(), None);
        assert!(s.fit.chi_square.is_finite());
    }

    #[test]
    fn groups_without_rows_are_left_out() {
        let s = section(vec![group("1", &[("a", 5.0, 0)]), group("2", &[("a", 5.0, 3)])]);
        assert_eq!(s.lines.len(), 1);
        assert_eq!(s.lines[0].group, "2");
    }
}
