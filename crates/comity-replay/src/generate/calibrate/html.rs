//! The calibration as one page that opens from disk.

use super::{Calibration, Line, Section, chart, percent};
use crate::generate::run::Request;
use crate::generate::tables::Tables;
use crate::report::chart::{escape, thousands};
use crate::report::page::{self, Head};
use std::fmt::Write as _;

/// Tables longer than this are folded away.
const OPEN_LINES_MAX: usize = 24;

/// The whole page.
pub fn page(calibration: &Calibration, tables: &Tables, request: &Request) -> String {
    let mut out = String::with_capacity(1 << 18);
    head(&mut out, calibration, tables, request);
    overview(&mut out, calibration);
    for s in &calibration.sections {
        section(&mut out, s);
    }
    sources(&mut out, tables);
    let _ = writeln!(
        out,
        "</main>\n<footer><div class=\"wrap\"><p>Made by comity {}; distributions <code>{}</code>, SHA-256 <code class=\"hash\">{}</code>, seed {}, {} rows. The rows are synthetic: they follow published counts, and no conclusion about people can be drawn from them.</p></div></footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        escape(&tables.settings.id),
        tables.sha256,
        request.seed,
        thousands(request.plan.rows()),
    );
    out
}

fn head(out: &mut String, calibration: &Calibration, tables: &Tables, request: &Request) {
    let mut sections = vec![("overview", "Overview")];
    sections.extend(calibration.sections.iter().map(|s| (s.id, s.title)));
    sections.push(("sources", "Sources"));
    let head = Head {
        kind: "Calibration of synthetic records",
        title: &tables.settings.title,
        question: &tables.settings.says,
        sections: &sections,
    };
    page::open(out, &head);
    let months =
        calibration.sections.iter().find(|s| s.id == "month").map_or(&[][..], |s| &s.lines);
    let ends = months.first().zip(months.last());
    let span = ends.map_or_else(String::new, |(a, b)| format!("{} to {}", a.label, b.label));
    let _ = writeln!(
        out,
        "<ul class=\"facts\"><li><b>{}</b>rows generated</li><li><b>{span}</b>months</li><li><b>{}</b>seed</li><li><b>{}</b>comparisons with published counts</li></ul>",
        thousands(request.plan.rows()),
        request.seed,
        calibration.sections.len(),
    );
}

fn overview(out: &mut String, calibration: &Calibration) {
    out.push_str("<h2 id=\"overview\">Overview</h2>\n<p><b>Variation</b> is the total variation distance: the part of the rows that would have to move for the shares to be the published ones. <b>By chance</b> is what drawing alone gives on average. <b>Chi-square per degree</b> is about 1 where nothing but chance differs; it grows with the number of rows where there is another reason, and the section says which.</p>\n<div class=\"scroll\" tabindex=\"0\"><table><caption>Generated against published</caption><thead><tr><th scope=\"col\">Comparison</th><th scope=\"col\" class=\"num\">Counted</th><th scope=\"col\" class=\"num\">Variation</th><th scope=\"col\" class=\"num\">By chance</th><th scope=\"col\" class=\"num\">Chi-square per degree</th><th scope=\"col\" class=\"num\">Degrees</th></tr></thead><tbody>\n");
    for s in &calibration.sections {
        let (chance, chi) = if s.is_drawn {
            let chi = s.fit.per_degree().map_or("-".to_owned(), |c| format!("{c:.2}"));
            (percent(s.fit.total_variation_expected), chi)
        } else {
            ("not drawn".to_owned(), "-".to_owned())
        };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><a href=\"#{}\">{}</a></th><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{chance}</td><td class=\"num\">{chi}</td><td class=\"num\">{}</td></tr>",
            s.id,
            escape(s.title),
            thousands(s.fit.n),
            percent(s.fit.total_variation),
            s.fit.degrees,
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn section(out: &mut String, s: &Section) {
    let _ = writeln!(
        out,
        "<h2 id=\"{}\">{}</h2>\n<p>{}</p>\n<p class=\"small\">Published: {}.</p>\n{}",
        s.id,
        escape(s.title),
        escape(s.says),
        escape(s.source),
        if s.id == "month" { "" } else { chart::LEGEND },
    );
    let id = format!("c-{}", s.id);
    let svg = if s.id == "month" {
        chart::months(&id, s.title, &s.lines)
    } else {
        chart::labels(&id, s.title, &s.by_label(), &words)
    };
    let caption = match (s.id, s.is_grouped()) {
        ("month", _) => "Rows of each month.",
        (_, true) => {
            "All years together; the table has each. Numbers at the right: published / generated."
        }
        (_, false) => "Numbers at the right: published / generated.",
    };
    let _ = writeln!(out, "<figure><figcaption>{caption}</figcaption>{svg}</figure>");
    if s.fit.beyond > 0 {
        let n = thousands(s.fit.beyond);
        let _ = writeln!(out, "<p>{n} rows lie where nothing is published.</p>");
    }
    let is_long = s.lines.len() > OPEN_LINES_MAX;
    if is_long {
        let _ = writeln!(out, "<details><summary>The table, {} lines</summary>", s.lines.len());
    }
    table(out, s);
    if is_long {
        out.push_str("</details>\n");
    }
}

/// A value of a set in words.
fn words(label: &str) -> String {
    label.replace('_', " ")
}

fn table(out: &mut String, s: &Section) {
    let by = if s.is_grouped() { "<th scope=\"col\">Year</th>" } else { "" };
    let _ = writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table><caption>{}</caption><thead><tr>{by}<th scope=\"col\">What</th><th scope=\"col\" class=\"num\">Published</th><th scope=\"col\" class=\"num\">Expected rows</th><th scope=\"col\" class=\"num\">Generated rows</th><th scope=\"col\" class=\"num\">Difference</th><th scope=\"col\" class=\"num\">Relative</th></tr></thead><tbody>",
        escape(s.title)
    );
    for l in &s.lines {
        line(out, s, l);
    }
    out.push_str("</tbody></table></div>\n");
}

fn line(out: &mut String, s: &Section, l: &Line) {
    let group = if s.is_grouped() { format!("<td>{}</td>", l.group) } else { String::new() };
    // Shares are published in percent, counts are whole.
    let published = if l.published.fract() == 0.0 {
        thousands(l.published as u64)
    } else {
        format!("{:.1}", l.published)
    };
    let relative = l.relative().map_or("-".to_owned(), |r| format!("{:+.2} %", r * 100.0));
    let _ = writeln!(
        out,
        "<tr>{group}<th scope=\"row\">{}</th><td class=\"num\">{published}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"num\">{:+.1}</td><td class=\"num\">{relative}</td></tr>",
        escape(&words(&l.label)),
        thousands(l.expected.round() as u64),
        thousands(l.generated),
        l.generated as f64 - l.expected,
    );
}

fn sources(out: &mut String, tables: &Tables) {
    out.push_str("<h2 id=\"sources\">Sources</h2>\n<div class=\"scroll\" tabindex=\"0\"><table><caption>Tables that rows are drawn from</caption><thead><tr><th scope=\"col\">Table</th><th scope=\"col\">What</th><th scope=\"col\">Source</th><th scope=\"col\">How it follows</th></tr></thead><tbody>\n");
    for s in &tables.settings.sources {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&s.file),
            escape(&s.what),
            escape(&s.source),
            escape(&s.derivation)
        );
    }
    out.push_str("</tbody></table></div>\n<div class=\"scroll\" tabindex=\"0\"><table><caption>Rates</caption><thead><tr><th scope=\"col\">Rate</th><th scope=\"col\" class=\"num\">Percent</th><th scope=\"col\">Source</th></tr></thead><tbody>\n");
    for r in &tables.settings.rates {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"num\">{:.1}</td><td>{}</td></tr>",
            escape(&words(&r.name)),
            r.parts as f64 / 10_000.0,
            escape(&r.source)
        );
    }
    out.push_str("</tbody></table></div>\n<div class=\"scroll\" tabindex=\"0\"><table class=\"pairs\"><caption>Facts that are assumed: no public number is behind them</caption><thead><tr><th scope=\"col\">Fact</th><th scope=\"col\">Why</th></tr></thead><tbody>\n");
    for a in &tables.settings.assumed {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td></tr>",
            a.field.def().path,
            escape(&a.why)
        );
    }
    out.push_str("</tbody></table></div>\n");
}
