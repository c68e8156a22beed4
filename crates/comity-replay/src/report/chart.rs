//! SVG charts: stacked bars with a title, a description, patterns beside colors, and labels.

use std::fmt::Write as _;

/// What the parts of a bar are: class of the fill (`must`, `may`, `open`, `not`) and label. A
/// part without a label is left out of the legend.
#[derive(Debug, Clone, Copy)]
pub struct Key(pub [(&'static str, &'static str); 4]);

/// The four answers, in the order of [`crate::tally::ANSWERS`].
pub const ANSWERS: Key =
    Key([("must", "must"), ("may", "may"), ("open", "undetermined"), ("not", "must not")]);

/// One stacked bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Its label.
    pub label: String,
    /// Counts of the four answers.
    pub parts: [u64; 4],
}

impl Bar {
    fn total(&self) -> u64 {
        self.parts.iter().sum()
    }
}

/// A bar of a single quantity.
#[derive(Debug, Clone)]
pub struct Length {
    /// Its label.
    pub label: String,
    /// Its count.
    pub count: u64,
}

pub use comity_policy::explain::escape;

/// The fills: a color and a pattern each, once per page.
pub fn patterns() -> String {
    concat!(
        r#"<svg class="defs" aria-hidden="true" focusable="false" width="0" height="0"><defs>"#,
        r##"<pattern id="p-may" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"##,
        r##"<rect width="8" height="8" fill="#97d4ea"/><rect width="1.6" height="8" fill="#5bb0cc"/></pattern>"##,
        r##"<pattern id="p-open" width="6" height="6" patternUnits="userSpaceOnUse">"##,
        r##"<rect width="6" height="6" fill="#edeff0"/><circle cx="3" cy="3" r="0.9" fill="#8d9297"/></pattern>"##,
        r##"<pattern id="p-not" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">"##,
        r##"<rect width="7" height="7" fill="#b2502a"/><rect width="1.6" height="7" fill="#8f3d1d"/></pattern>"##,
        "</defs></svg>\n"
    )
    .to_owned()
}

/// The legend as a list, in words and swatches.
pub fn legend(key: &Key) -> String {
    let mut out = String::from("<ul class=\"legend\">");
    for (class, label) in key.0.iter().filter(|(_, label)| !label.is_empty()) {
        let _ = write!(
            out,
            "<li><svg width=\"22\" height=\"14\" aria-hidden=\"true\" focusable=\"false\"><rect class=\"{class}\" x=\".5\" y=\".5\" width=\"21\" height=\"13\"/></svg> {label}</li>"
        );
    }
    out.push_str("</ul>\n");
    out
}

fn open(out: &mut String, id: &str, (w, h): (f64, f64), title: &str, desc: &str) {
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {w} {h}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escape(title),
        escape(desc)
    );
}

/// What a list of bars says, for those who do not see it.
fn describe(key: &Key, bars: &[Bar]) -> String {
    let mut out = String::from("Shares of rows. ");
    for b in bars {
        let total = b.total();
        let shares: Vec<String> = key
            .0
            .iter()
            .zip(b.parts)
            .filter(|(_, n)| *n > 0)
            .map(|((_, label), n)| format!("{label} {}", super::text::percent(n, total)))
            .collect();
        let _ = write!(out, "{}: {} rows, {}. ", b.label, total, shares.join(", "));
    }
    out.trim_end().to_owned()
}

/// Horizontal bars of shares, one row each: label, bar, number of rows.
pub fn shares(key: &Key, id: &str, title: &str, bars: &[Bar]) -> String {
    const W: f64 = 920.0;
    const LEFT: f64 = 250.0;
    const RIGHT: f64 = 70.0;
    const STEP: f64 = 34.0;
    const H: f64 = 24.0;
    let height = 26.0 + STEP * bars.len() as f64;
    let mut out = String::new();
    open(&mut out, id, (W, height), title, &describe(key, bars));
    let span = W - LEFT - RIGHT;
    axis_across(&mut out, LEFT, span, height);
    for (i, bar) in bars.iter().enumerate() {
        let y = 22.0 + STEP * i as f64;
        let middle = y + H / 2.0 + 4.5;
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{:.0}\" y=\"{middle:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 10.0,
            escape(&bar.label)
        );
        across(&mut out, key, bar, (LEFT, y), (span, H));
        let _ = write!(
            out,
            "<text class=\"count\" x=\"{:.0}\" y=\"{middle:.1}\">{}</text>",
            LEFT + span + 8.0,
            thousands(bar.total())
        );
    }
    out.push_str("</svg>\n");
    out
}

fn axis_across(out: &mut String, left: f64, span: f64, height: f64) {
    for percent in [0, 25, 50, 75, 100] {
        let x = left + span * f64::from(percent) / 100.0;
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"17\" x2=\"{x:.1}\" y2=\"{height:.0}\"/><text class=\"tick\" x=\"{x:.1}\" y=\"12\" text-anchor=\"middle\">{percent}%</text>"
        );
    }
}

fn across(out: &mut String, key: &Key, bar: &Bar, (x, y): (f64, f64), (span, h): (f64, f64)) {
    let total = bar.total();
    let mut at = x;
    for ((class, label), n) in key.0.iter().zip(bar.parts) {
        if n == 0 || total == 0 {
            continue;
        }
        let w = span * n as f64 / total as f64;
        let share = super::text::percent(n, total);
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{at:.2}\" y=\"{y:.1}\" width=\"{w:.2}\" height=\"{h:.0}\"><title>{}: {label}, {} rows, {share}</title></rect>",
            escape(&bar.label),
            thousands(n)
        );
        let words = [format!("{label} {share}"), share.clone()];
        let fits = words.iter().find(|t| t.chars().count() as f64 * 6.9 + 14.0 < w);
        if let Some(text) = fits {
            pill(out, text, at + w / 2.0, y + h / 2.0);
        }
        at += w;
    }
}

/// A label that stays readable on any fill.
fn pill(out: &mut String, text: &str, x: f64, y: f64) {
    let w = text.chars().count() as f64 * 6.7 + 8.0;
    let _ = write!(
        out,
        "<rect class=\"pill\" x=\"{:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"16\" rx=\"3\"/><text class=\"in\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        x - w / 2.0,
        y - 8.0,
        y + 4.2,
        escape(text)
    );
}

/// Upright bars of shares by year, with the number of rows under each.
pub fn years(key: &Key, id: &str, title: &str, bars: &[Bar]) -> String {
    const W: f64 = 440.0;
    const H: f64 = 230.0;
    const LEFT: f64 = 44.0;
    const TOP: f64 = 10.0;
    const BOTTOM: f64 = 44.0;
    let mut out = String::new();
    open(&mut out, id, (W, H), title, &describe(key, bars));
    let (span, height) = (W - LEFT - 6.0, H - TOP - BOTTOM);
    for percent in [0, 25, 50, 75, 100] {
        let y = TOP + height * (1.0 - f64::from(percent) / 100.0);
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{LEFT:.0}\" y1=\"{y:.1}\" x2=\"{:.0}\" y2=\"{y:.1}\"/><text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{percent}%</text>",
            LEFT + span,
            LEFT - 6.0,
            y + 4.0
        );
    }
    let step = span / bars.len().max(1) as f64;
    for (i, bar) in bars.iter().enumerate() {
        let x = LEFT + step * i as f64;
        upright(&mut out, key, bar, (x + step * 0.12, TOP), (step * 0.76, height));
        let middle = x + step / 2.0;
        let _ = write!(
            out,
            "<text class=\"tick\" x=\"{middle:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text><text class=\"tick n\" x=\"{middle:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
            H - BOTTOM + 16.0,
            escape(&bar.label),
            H - BOTTOM + 31.0,
            thousands(bar.total())
        );
    }
    let _ = write!(
        out,
        "<text class=\"tick n\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">rows</text>",
        LEFT - 6.0,
        H - BOTTOM + 31.0
    );
    out.push_str("</svg>\n");
    out
}

fn upright(out: &mut String, key: &Key, bar: &Bar, (x, top): (f64, f64), (w, height): (f64, f64)) {
    let total = bar.total();
    let mut bottom = top + height;
    for ((class, label), n) in key.0.iter().zip(bar.parts) {
        if n == 0 || total == 0 {
            continue;
        }
        let h = height * n as f64 / total as f64;
        bottom -= h;
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{bottom:.2}\" width=\"{w:.2}\" height=\"{h:.2}\"><title>{}: {label}, {} rows, {}</title></rect>",
            escape(&bar.label),
            thousands(n),
            super::text::percent(n, total)
        );
    }
}

/// Horizontal bars of counts, longest first as given.
pub fn lengths(id: &str, title: &str, bars: &[Length], whole: u64) -> String {
    const W: f64 = 920.0;
    const LEFT: f64 = 290.0;
    const RIGHT: f64 = 130.0;
    const STEP: f64 = 26.0;
    const H: f64 = 16.0;
    let height = 8.0 + STEP * bars.len() as f64;
    let listed: Vec<String> = bars.iter().map(|b| format!("{} {}", b.label, b.count)).collect();
    let desc = format!(
        "Rows in which the fact would help to settle the answer, of {whole} rows. {}",
        listed.join(", ")
    );
    let mut out = String::new();
    open(&mut out, id, (W, height), title, &desc);
    let most = bars.iter().map(|b| b.count).max().unwrap_or(1).max(whole).max(1);
    for (i, b) in bars.iter().enumerate() {
        let y = 4.0 + STEP * i as f64;
        let w = ((W - LEFT - RIGHT) * b.count as f64 / most as f64).max(1.0);
        let _ = write!(
            out,
            "<text class=\"label mono\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><rect class=\"need\" x=\"{LEFT:.0}\" y=\"{y:.1}\" width=\"{w:.2}\" height=\"{H:.0}\"/><text class=\"count\" x=\"{:.1}\" y=\"{:.1}\">{} ({})</text>",
            LEFT - 10.0,
            y + 12.5,
            escape(&b.label),
            LEFT + w + 8.0,
            y + 12.5,
            thousands(b.count),
            super::text::percent(b.count, whole)
        );
    }
    out.push_str("</svg>\n");
    out
}

/// A count with commas.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}
