//! Two charts: generated beside published, by month and by label.

use super::Line;
use crate::generate::table::Month;
use crate::report::chart::escape;
use crate::report::series::{self, Series, Unit};
use std::fmt::Write as _;

/// Labels that a chart shows; the table has all.
const BARS_MAX: usize = 24;

/// The legend of the bars.
pub const LEGEND: &str = "<ul class=\"legend\"><li><svg width=\"22\" height=\"14\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"open\" x=\".5\" y=\".5\" width=\"21\" height=\"13\"/></svg> published, scaled to the rows</li><li><svg width=\"22\" height=\"14\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"must\" x=\".5\" y=\"3\" width=\"21\" height=\"8\"/></svg> generated</li></ul>\n";

fn open(out: &mut String, id: &str, (w, h): (f64, f64), title: &str, desc: &str) {
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape(title),
        escape(desc)
    );
}

/// Two curves over the months.
pub fn months(id: &str, title: &str, lines: &[Line]) -> String {
    let day = |l: &Line| Month::parse(&l.label).map(Month::first_day);
    let points = |value: &dyn Fn(&Line) -> f64| {
        lines.iter().filter_map(|l| Some((day(l)?, value(l)))).collect()
    };
    let series = Series {
        title: title.to_owned(),
        unit: Unit::Count,
        bands: Vec::new(),
        lines: vec![
            series::Line {
                label: "published, scaled to the rows".to_owned(),
                points: points(&|l| l.expected),
            },
            series::Line { label: "generated".to_owned(), points: points(&|l| l.generated as f64) },
        ],
        marks: Vec::new(),
    };
    series.svg(id)
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
            "<text class=\"label\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><rect class=\"open\" x=\"{LEFT:.0}\" y=\"{y:.1}\" width=\"{:.2}\" height=\"18\"/><rect class=\"must\" x=\"{LEFT:.0}\" y=\"{:.1}\" width=\"{:.2}\" height=\"8\"/><text class=\"count\" x=\"{end:.1}\" y=\"{:.1}\">{} / {}</text>",
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
