//! Two charts: generated beside published, by month and by label.

use super::Line;
use crate::report::chart::{escape, thousands};
use std::fmt::Write as _;

/// Labels that a chart shows; the table has all.
const BARS_MAX: usize = 24;

/// The fills of both charts, beside the style sheet of all reports.
pub const CSS: &str = "svg .published{fill:#dfe1e2;stroke:#71767a;stroke-width:.8}svg .generated{fill:#1a4480}svg .curve{fill:none;stroke:#71767a;stroke-width:5;stroke-linejoin:round;opacity:.55}svg .point{fill:#1a4480}";

/// The legend of both charts.
pub const LEGEND: &str = "<ul class=\"legend\"><li><svg width=\"22\" height=\"14\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"published\" x=\".5\" y=\".5\" width=\"21\" height=\"13\"/></svg> published, scaled to the rows</li><li><svg width=\"22\" height=\"14\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"generated\" x=\".5\" y=\"3\" width=\"21\" height=\"8\"/></svg> generated</li></ul>\n";

fn open(out: &mut String, id: &str, (w, h): (f64, f64), title: &str, desc: &str) {
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape(title),
        escape(desc)
    );
}

/// A round number at or above `most`, for an axis of four steps.
fn round_up(most: f64) -> f64 {
    let scale = 10_f64.powf(most.max(4.0).log10().floor());
    let step = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].into_iter().find(|s| s * scale >= most);
    step.unwrap_or(10.0) * scale
}

/// A curve of the published and a point for each generated month.
pub fn months(id: &str, title: &str, lines: &[Line]) -> String {
    const W: f64 = 920.0;
    const H: f64 = 300.0;
    const LEFT: f64 = 84.0;
    const TOP: f64 = 12.0;
    const BOTTOM: f64 = 34.0;
    let most = lines.iter().map(|l| l.expected.max(l.generated as f64)).fold(0.0, f64::max);
    let top = round_up(most);
    let (span, height) = (W - LEFT - 10.0, H - TOP - BOTTOM);
    let step = span / lines.len().max(1) as f64;
    let x = |i: usize| LEFT + step * (i as f64 + 0.5);
    let y = |n: f64| TOP + height * (1.0 - n / top);
    let highest = lines.iter().max_by_key(|l| l.generated);
    let desc = format!(
        "{} months; most rows in {}: {}.",
        lines.len(),
        highest.map_or("none", |l| l.label.as_str()),
        highest.map_or(0, |l| l.generated)
    );
    let mut out = String::new();
    open(&mut out, id, (W, H), title, &desc);
    for quarter in 0..=4 {
        let n = top * f64::from(quarter) / 4.0;
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{LEFT:.0}\" y1=\"{0:.1}\" x2=\"{1:.0}\" y2=\"{0:.1}\"/><text class=\"tick\" x=\"{2:.0}\" y=\"{3:.1}\" text-anchor=\"end\">{4}</text>",
            y(n),
            LEFT + span,
            LEFT - 8.0,
            y(n) + 4.0,
            thousands(n as u64)
        );
    }
    let curve: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(i, l)| format!("{:.1},{:.1}", x(i), y(l.expected)))
        .collect();
    let _ = write!(out, "<polyline class=\"curve\" points=\"{}\"/>", curve.join(" "));
    for (i, l) in lines.iter().enumerate() {
        let _ = write!(
            out,
            "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.4\"><title>{}: {} generated, {} published</title></circle>",
            x(i),
            y(l.generated as f64),
            escape(&l.label),
            thousands(l.generated),
            thousands(l.published as u64)
        );
        if l.label.ends_with("-01") || (i == 0 && lines.len() < 12) {
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{0:.1}\" y1=\"{TOP:.0}\" x2=\"{0:.1}\" y2=\"{1:.1}\"/><text class=\"tick\" x=\"{0:.1}\" y=\"{2:.0}\" text-anchor=\"middle\">{3}</text>",
                x(i),
                TOP + height,
                H - BOTTOM + 18.0,
                l.label.get(..4).unwrap_or(&l.label)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Two bars a label, one over the other: published wide and light, generated narrow and dark.
pub fn labels(
    id: &str,
    title: &str,
    all: &[(&str, f64, u64)],
    names: &dyn Fn(&str) -> String,
) -> String {
    const W: f64 = 920.0;
    const LEFT: f64 = 290.0;
    const RIGHT: f64 = 190.0;
    const STEP: f64 = 26.0;
    let mut shown = all.to_vec();
    // A chart of many bars shows the longest; of few it keeps their order.
    if shown.len() > BARS_MAX {
        shown.sort_by(|a, b| b.1.total_cmp(&a.1));
        shown.truncate(BARS_MAX);
    }
    let whole: u64 = all.iter().map(|(_, _, n)| n).sum();
    let share = |n: f64| format!("{:.2} %", n * 100.0 / (whole as f64).max(1.0));
    let said: Vec<String> = shown
        .iter()
        .map(|(l, e, n)| {
            format!("{}: published {}, generated {}", names(l), share(*e), share(*n as f64))
        })
        .collect();
    let height = 8.0 + STEP * shown.len() as f64;
    let mut out = String::new();
    open(&mut out, id, (W, height), title, &said.join("; "));
    let most = shown.iter().map(|(_, e, n)| e.max(*n as f64)).fold(1.0, f64::max);
    let length = |n: f64| ((W - LEFT - RIGHT) * n / most).max(0.5);
    for (i, (label, expected, n)) in shown.iter().enumerate() {
        let y = 4.0 + STEP * i as f64;
        let end = LEFT + length(expected.max(*n as f64)) + 8.0;
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><rect class=\"published\" x=\"{LEFT:.0}\" y=\"{y:.1}\" width=\"{:.2}\" height=\"18\"/><rect class=\"generated\" x=\"{LEFT:.0}\" y=\"{:.1}\" width=\"{:.2}\" height=\"8\"/><text class=\"count\" x=\"{end:.1}\" y=\"{:.1}\">{} / {}</text>",
            LEFT - 10.0,
            y + 13.5,
            escape(&names(label)),
            length(*expected),
            y + 5.0,
            length(*n as f64),
            y + 13.5,
            share(*expected),
            share(*n as f64),
        );
    }
    out.push_str("</svg>\n");
    out
}
