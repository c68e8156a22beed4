//! Which instrument was in force when: one line an instrument, one bar a version.

use comity_model::Day;
use comity_policy::explain::escape;
use comity_policy::{Level, Policy, PolicyIndex};
use jiff::civil::date;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const FIRST_YEAR: i16 = 2008;
const LEFT: f64 = 330.0;
const WIDTH: f64 = 1000.0;
const ROW: f64 = 22.0;
const TOP: f64 = 26.0;

/// The lines by level and instrument.
fn lines<'a>(chosen: &[(PolicyIndex, &'a Policy)]) -> BTreeMap<(Level, &'a str), Vec<&'a Policy>> {
    let mut out: BTreeMap<(Level, &str), Vec<&Policy>> = BTreeMap::new();
    for (_, policy) in chosen {
        out.entry((policy.level, &policy.instrument)).or_default().push(policy);
    }
    out
}

/// The bars as an SVG picture whose bars are links; `last` is the last day that is drawn, `on` a
/// day that is marked.
pub(super) fn draw(chosen: &[(PolicyIndex, &Policy)], last: Day, on: Option<Day>) -> String {
    let lines = lines(chosen);
    let first = Day::from_civil(date(FIRST_YEAR, 1, 1));
    let years = last.to_civil().year().max(FIRST_YEAR) + 1;
    let end = Day::from_civil(date(years, 1, 1));
    let span = f64::from((end.0 - first.0).max(1));
    let x = |day: Day| {
        let at = f64::from(day.0.clamp(first.0, end.0) - first.0) / span;
        LEFT + (WIDTH - LEFT) * at
    };
    let height = TOP + ROW * lines.len() as f64 + 6.0;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" height=\"{height:.0}\" \
         role=\"group\" aria-label=\"Timeline of the instruments\" font-size=\"13\">"
    );
    for year in FIRST_YEAR..years {
        let at = x(Day::from_civil(date(year, 1, 1)));
        let _ = write!(
            out,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP:.0}\" y2=\"{height:.0}\" \
             stroke=\"#dfe1e2\"/>"
        );
        if year % 2 == 0 {
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"16\" fill=\"#565c65\" font-size=\"12\">{year}</text>",
                at + 2.0
            );
        }
    }
    for (i, ((level, instrument), versions)) in lines.iter().enumerate() {
        let y = TOP + ROW * i as f64;
        let _ = write!(
            out,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1b1b1b\">{}</text>",
            LEFT - 8.0,
            y + 15.0,
            escape(&short(instrument))
        );
        for (n, policy) in versions.iter().enumerate() {
            bar(&mut out, policy, *level, n, y, (x(policy.from), x(policy.until.unwrap_or(end))));
        }
    }
    if let Some(day) = on.filter(|day| *day >= first && *day <= end) {
        let at = x(day);
        let _ = write!(
            out,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP:.0}\" y2=\"{height:.0}\" \
             stroke=\"#b50909\" stroke-width=\"2\"><title>{day}</title></line>"
        );
    }
    out.push_str("</svg>\n");
    out
}

/// A name that fits beside the bars.
fn short(name: &str) -> String {
    const CHARS_MAX: usize = 44;
    if name.chars().count() <= CHARS_MAX {
        return name.to_owned();
    }
    let head: String = name.chars().take(CHARS_MAX - 1).collect();
    format!("{head}…")
}

/// One version. Versions in a row differ in lightness, and each has an edge.
fn bar(out: &mut String, policy: &Policy, level: Level, n: usize, y: f64, (from, to): (f64, f64)) {
    let fill = match (level, n % 2) {
        (Level::Ruling | Level::Federal, 0) => "#1a4480",
        (Level::Ruling | Level::Federal, _) => "#73b3e7",
        (Level::State, 0) => "#3d4551",
        (Level::State, _) => "#a9aeb1",
        (_, 0) => "#2e6276",
        (_, _) => "#97d4ea",
    };
    let width = (to - from).max(3.0);
    let until = policy.until.map_or_else(|| "open".to_owned(), |day| day.to_string());
    let _ = write!(
        out,
        "<a href=\"/policies/{id}\"><rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{width:.1}\" \
         height=\"15\" fill=\"{fill}\" stroke=\"#ffffff\"/><title>{}, {} to {until}</title></a>",
        y + 3.0,
        escape(&policy.title),
        policy.from,
        id = escape(&policy.id.0),
    );
}
