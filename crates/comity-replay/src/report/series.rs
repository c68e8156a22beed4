//! A chart over time: lines and bands over days, with marked days. Lines differ in dash as
//! well as in color and carry their names at their end.

use super::chart::{escape, thousands};
use comity_model::Day;
use std::fmt::Write as _;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Shares of one: 0.332 is 33.2 percent.
    Share,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name.
    pub label: String,
    /// Its points in the order of their days.
    pub points: Vec<(Day, f64)>,
}

/// What lies between the least and the most that is possible.
#[derive(Debug, Clone)]
pub struct Band {
    /// Its name.
    pub label: String,
    /// Day, least, most, in the order of days.
    pub points: Vec<(Day, f64, f64)>,
}

/// A day with a name.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The day.
    pub on: Day,
    /// Its name, two or three words.
    pub label: String,
}

/// A chart over time.
#[derive(Debug, Clone)]
pub struct Series {
    /// What it shows.
    pub title: String,
    /// What its numbers are.
    pub unit: Unit,
    /// Bands, drawn first.
    pub bands: Vec<Band>,
    /// Lines; at most four are told apart.
    pub lines: Vec<Line>,
    /// Marked days.
    pub marks: Vec<Mark>,
}

const W: f64 = 920.0;
const H: f64 = 346.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 30.0;
/// Rows above the chart for the names of marked days.
const MARK_ROWS: usize = 3;
const LINE_CLASSES: [&str; 4] = ["s0", "s1", "s2", "s3"];

/// Where days and values lie on the drawing.
struct Frame {
    first: Day,
    last: Day,
    most: f64,
}

impl Frame {
    fn x(&self, day: Day) -> f64 {
        let days = f64::from(self.last.0 - self.first.0).max(1.0);
        LEFT + (W - LEFT - RIGHT) * f64::from(day.0 - self.first.0) / days
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (H - TOP - BOTTOM) * (1.0 - value / self.most)
    }
}

impl Series {
    /// The chart with its legend, as HTML; says so where there is nothing to draw.
    pub fn svg(&self, id: &str) -> String {
        let Some(frame) = self.frame() else {
            return "<p class=\"small\">Nothing to draw.</p>\n".to_owned();
        };
        let mut out = self.legend();
        let _ = write!(
            out,
            "<svg class=\"chart\" viewBox=\"0 0 {W} {H}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            escape(&self.title),
            escape(&self.describe())
        );
        self.grid(&mut out, &frame);
        for band in &self.bands {
            let up: Vec<String> =
                band.points.iter().map(|(d, _, hi)| point(&frame, *d, *hi)).collect();
            let down: Vec<String> =
                band.points.iter().rev().map(|(d, lo, _)| point(&frame, *d, *lo)).collect();
            let _ = write!(
                out,
                "<polygon class=\"band\" points=\"{} {}\"><title>{}</title></polygon>",
                up.join(" "),
                down.join(" "),
                escape(&band.label)
            );
        }
        self.marks(&mut out, &frame);
        for (line, class) in self.lines.iter().zip(LINE_CLASSES) {
            let points: Vec<String> =
                line.points.iter().map(|(d, v)| point(&frame, *d, *v)).collect();
            let _ = write!(
                out,
                "<polyline class=\"{class}\" points=\"{}\"><title>{}</title></polyline>",
                points.join(" "),
                escape(&line.label)
            );
        }
        out.push_str("</svg>\n");
        out
    }

    fn frame(&self) -> Option<Frame> {
        let lines = self.lines.iter().flat_map(|l| l.points.iter().map(|(d, v)| (*d, *v)));
        let bands = self.bands.iter().flat_map(|b| b.points.iter().map(|(d, _, v)| (*d, *v)));
        let all: Vec<(Day, f64)> = lines.chain(bands).collect();
        let first = all.iter().map(|(d, _)| *d).min()?;
        let last = all.iter().map(|(d, _)| *d).max()?;
        let most = all.iter().map(|(_, v)| *v).fold(0.0, f64::max);
        let most = if self.unit == Unit::Share { most.clamp(0.05, 1.0) } else { most.max(1.0) };
        Some(Frame { first, last, most: ceiling(most) })
    }

    fn show(&self, value: f64) -> String {
        match self.unit {
            Unit::Count => thousands(value.round() as u64),
            Unit::Share => {
                let text = format!("{:.1}", value * 100.0);
                format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
            }
        }
    }

    fn grid(&self, out: &mut String, frame: &Frame) {
        for i in 0..=4 {
            let value = frame.most * f64::from(i) / 4.0;
            let y = frame.y(value);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{LEFT:.0}\" y1=\"{y:.1}\" x2=\"{:.0}\" y2=\"{y:.1}\"/><text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                W - RIGHT,
                LEFT - 8.0,
                y + 4.0,
                self.show(value)
            );
        }
        let (from, to) = (frame.first.to_civil().year(), frame.last.to_civil().year());
        let step = (i32::from(to - from) / 14 + 1).max(1) as i16;
        for year in (from..=to).filter(|y| (y - from) % step == 0) {
            let new_year = Day::from_civil(jiff::civil::date(year, 1, 1));
            if new_year < frame.first {
                continue;
            }
            let x = frame.x(new_year);
            let _ = write!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.0}\" x2=\"{x:.1}\" y2=\"{:.0}\"/>",
                H - BOTTOM,
                H - BOTTOM + 5.0
            );
            if x + 30.0 < W {
                let _ = write!(
                    out,
                    "<text class=\"tick\" x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"start\">{year}</text>",
                    x + 2.0,
                    H - BOTTOM + 18.0
                );
            }
        }
    }

    /// Marked days inside the frame, each name on the first row where it has room.
    fn marks(&self, out: &mut String, frame: &Frame) {
        let mut ends = [f64::MIN; MARK_ROWS];
        for mark in self.marks.iter().filter(|m| frame.first <= m.on && m.on <= frame.last) {
            let x = frame.x(mark.on);
            let width = mark.label.chars().count() as f64 * 6.4 + 14.0;
            let start = if x + width > W { x - width } else { x };
            let row = ends.iter().position(|end| *end < start).unwrap_or(MARK_ROWS - 1);
            if let Some(end) = ends.get_mut(row) {
                *end = start + width;
            }
            let y = 12.0 + 15.0 * row as f64;
            let (anchor, dx) = if start < x { ("end", -4.0) } else { ("start", 4.0) };
            let _ = write!(
                out,
                "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{:.0}\" x2=\"{x:.1}\" y2=\"{:.0}\"/><text class=\"tick\" x=\"{:.1}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{}</text>",
                y - 9.0,
                H - BOTTOM,
                x + dx,
                escape(&mark.label)
            );
        }
    }

    fn legend(&self) -> String {
        let mut out = String::from("<ul class=\"legend\">");
        let mut item = |swatch: String, label: &str| {
            let _ = write!(
                out,
                "<li><svg width=\"30\" height=\"14\" aria-hidden=\"true\" focusable=\"false\">{swatch}</svg> {}</li>",
                escape(label)
            );
        };
        for (line, class) in self.lines.iter().zip(LINE_CLASSES) {
            item(format!("<polyline class=\"{class}\" points=\"0,7 30,7\"/>"), &line.label);
        }
        for band in &self.bands {
            item(
                "<polygon class=\"band\" points=\"0,1 30,1 30,13 0,13\"/>".to_owned(),
                &band.label,
            );
        }
        out.push_str("</ul>\n");
        out
    }

    /// The first and last of every line, for those who do not see it.
    fn describe(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            if let (Some(a), Some(b)) = (line.points.first(), line.points.last()) {
                let _ = write!(
                    out,
                    "{}: {} on {}, {} on {}. ",
                    line.label,
                    self.show(a.1),
                    a.0,
                    self.show(b.1),
                    b.0
                );
            }
        }
        for band in &self.bands {
            if let Some((d, lo, hi)) = band.points.last() {
                let _ = write!(
                    out,
                    "{}: between {} and {} on {d}. ",
                    band.label,
                    self.show(*lo),
                    self.show(*hi)
                );
            }
        }
        out.push_str("The table below has every value.");
        out
    }
}

fn point(frame: &Frame, day: Day, value: f64) -> String {
    format!("{:.1},{:.1}", frame.x(day), frame.y(value))
}

/// The next number whose quarter is easy to read: 1, 2, 4 or 8 times a power of ten, or 1.2, 1.6, 6.
fn ceiling(most: f64) -> f64 {
    let power = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0];
    let fits = steps.iter().map(|s| s * power).find(|c| *c >= most * 0.999_999);
    fits.unwrap_or(10.0 * power)
}

/// The style of charts over time.
pub const CSS: &str = r"
svg .s0,svg .s1,svg .s2,svg .s3{fill:none;stroke-width:2.4;stroke-linejoin:round}
svg .s0{stroke:#1a4480}
svg .s1{stroke:#8f3d1d;stroke-dasharray:7 4}
svg .s2{stroke:#565c65;stroke-dasharray:2 3}
svg .s3{stroke:#3d7a2e;stroke-dasharray:11 3 2 3}
svg .band{fill:#97d4ea;fill-opacity:.65;stroke:#2e6276;stroke-width:.6}
svg .mark{stroke:#565c65;stroke-width:1;stroke-dasharray:3 3}
";
