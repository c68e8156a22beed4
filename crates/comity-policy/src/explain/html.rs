//! An explanation as one self-contained HTML page; no script, readable when printed.

use super::{ChannelView, ClauseView, ClockView, Explanation, FactView};
use crate::channel::Verified;
use std::fmt::Write;

/// Text as HTML or XML: the five characters that mean something are escaped, control
/// characters that XML 1.0 does not have are replaced.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

const STYLE: &str = "
:root{--ink:#1b1b1b;--quiet:#565c65;--line:#dfe1e2;--paper:#fff;--must:#005ea2;--may:#2e6276;--not:#b50909;--open:#936f38;--mark:#fef0c8}
*{box-sizing:border-box}body{font:16px/1.5 'Public Sans','Source Sans Pro',system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0}
.quiet{color:var(--quiet);margin:0 0 1rem}.answer{border:1px solid var(--line);border-left:.5rem solid var(--open);padding:1rem 1.25rem;margin:0 0 1rem;break-inside:avoid}
.answer.must{border-left-color:var(--must)}.answer.may{border-left-color:var(--may)}.answer.must_not{border-left-color:var(--not)}
.word{font-weight:700}.must .word{color:var(--must)}.may .word{color:var(--may)}.must_not .word{color:var(--not)}.undetermined .word{color:#775540}
.sentence{margin:.25rem 0 .5rem;font-size:1.05rem}details{margin:.5rem 0 0}summary{cursor:pointer;color:#005ea2;text-decoration:underline}
ul.rules{list-style:none;padding:0;margin:.5rem 0}ul.rules>li{border-top:1px solid var(--line);padding:.6rem 0}
code{font-family:'Roboto Mono',ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.4rem 0}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line)}
.unverified{background:var(--mark);padding:0 .3rem}.level{color:var(--quiet);font-size:.85rem}.problem{border:2px solid var(--not);padding:.75rem 1rem;margin:0 0 1rem}
.hash{font-size:.75rem;color:var(--quiet);overflow-wrap:anywhere}@media print{details{display:block}details>*{display:block}}
";

/// The page.
pub fn to_html(e: &Explanation) -> String {
    let title = if e.title.is_empty() { "Answer" } else { &e.title };
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{t}</title><style>{STYLE}</style></head><body><main><h1>{t}</h1><p class=\"quiet\">{}, under the law of {}. Engine {}.</p>",
        escape(&e.place),
        escape(&e.decided_on),
        e.engine,
        t = escape(title),
    );
    out.push_str(&body_html(e));
    out.push_str("</main></body></html>\n");
    out
}

/// What stands inside the page: for pages that have a head of their own.
pub fn body_html(e: &Explanation) -> String {
    let mut out = String::new();
    for p in &e.problems {
        let _ = write!(
            out,
            "<p class=\"problem\" role=\"alert\">Contradictory facts: <code>{}</code> and <code>{}</code>: {}. Both are taken as unknown.</p>",
            escape(&p.first.to_string()),
            escape(&p.second.to_string()),
            escape(p.says)
        );
    }
    for v in &e.channels {
        channel(v, &mut out);
    }
    lists(e, &mut out);
    clock(&e.clock, &mut out);
    policies(e, &mut out);
    out.push_str("<p class=\"quiet\">This is not legal advice. A hold needs a person, a rule and a citation.</p>");
    out
}

fn channel(v: &ChannelView, out: &mut String) {
    let word = v.answer.replace('_', " ");
    let _ = write!(
        out,
        "<section class=\"answer {}\"><h2>{} — <span class=\"word\">{}</span></h2><p class=\"sentence\">{}</p>",
        v.answer,
        escape(&v.channel.name().replace('_', " ")),
        escape(&word),
        escape(&v.sentence)
    );
    if !v.needs.is_empty() {
        out.push_str("<table><caption class=\"quiet\">What would settle it</caption><thead><tr><th scope=\"col\">Answer</th><th scope=\"col\">if</th></tr></thead><tbody>");
        for n in v.needs.iter().take(12) {
            let _ = write!(
                out,
                "<tr><td>{}</td><td>{}</td></tr>",
                n.outcome.words(),
                escape(&n.when.join(" and "))
            );
        }
        out.push_str("</tbody></table>");
        if v.needs.len() > 12 {
            let _ = write!(
                out,
                "<p class=\"quiet\">and {} other sets of facts</p>",
                v.needs.len() - 12
            );
        }
    }
    out.push_str("<details><summary>The whole derivation</summary>");
    rules("Rules that mattered, highest level first", &v.mattered, out);
    rules("Considered, and not applied", &v.considered, out);
    out.push_str("</details></section>");
}

fn rules(title: &str, list: &[ClauseView], out: &mut String) {
    if list.is_empty() {
        return;
    }
    let _ = write!(out, "<p><strong>{}</strong></p><ul class=\"rules\">", escape(title));
    for c in list {
        let _ = write!(
            out,
            "<li><span class=\"level\">{} · {} · says {} · {}</span><br>{} ({}){}",
            c.level.name(),
            escape(&c.title),
            c.stance.name().replace('_', " "),
            c.truth,
            escape(&c.says),
            escape(&c.cite),
            mark(c.verified)
        );
        if !c.when.is_empty() {
            let _ = write!(out, "<br><code>when {}</code>", escape(&c.when));
        }
        if !c.unless.is_empty() {
            let _ = write!(out, "<br><code>unless {}</code>", escape(&c.unless));
        }
        facts(&c.facts, out);
        out.push_str("</li>");
    }
    out.push_str("</ul>");
}

fn facts(list: &[FactView], out: &mut String) {
    if list.is_empty() {
        return;
    }
    out.push_str("<table><thead><tr><th scope=\"col\">Fact</th><th scope=\"col\">Value</th><th scope=\"col\">Meaning</th></tr></thead><tbody>");
    for f in list {
        let _ = write!(
            out,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escape(&f.path),
            escape(&f.value),
            escape(f.says)
        );
    }
    out.push_str("</tbody></table>");
}

fn mark(v: Verified) -> String {
    match v {
        Verified::Primary => String::new(),
        Verified::Secondary => {
            " <span class=\"level\">read in a secondary source</span>".to_owned()
        }
        Verified::Recalled => " <span class=\"unverified\">not verified</span>".to_owned(),
    }
}

fn lists(e: &Explanation, out: &mut String) {
    let mut rows = Vec::new();
    for f in &e.flags {
        rows.push(("Flag", format!("{}: {}", f.flag, f.says), &f.cite, f.verified, f.uncertain));
    }
    for l in &e.labels {
        rows.push(("Label", format!("{} {}", l.label, l.value), &l.cite, l.verified, l.uncertain));
    }
    for d in &e.duties {
        let within =
            d.duty.within_hours.map_or_else(String::new, |h| format!(" (within {h} hours)"));
        rows.push((
            "Duty",
            format!("{}{within}", d.duty.says),
            &d.duty.cite,
            d.verified,
            d.uncertain,
        ));
    }
    if rows.is_empty() {
        return;
    }
    out.push_str("<h2>Duties and marks</h2><table><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">What</th><th scope=\"col\">Citation</th></tr></thead><tbody>");
    for (kind, what, cite, verified, uncertain) in rows {
        let open = if uncertain { " (if a missing fact turns out so)" } else { "" };
        let _ = write!(
            out,
            "<tr><td>{kind}</td><td>{}{open}</td><td>{}{}</td></tr>",
            escape(&what),
            escape(cite),
            mark(verified)
        );
    }
    out.push_str("</tbody></table>");
}

fn clock(c: &ClockView, out: &mut String) {
    out.push_str("<h2>Custody clock</h2>");
    match c {
        ClockView::NoHold => out.push_str("<p>No hold clock runs: a hold is not allowed.</p>"),
        ClockView::NoCap => {
            out.push_str("<p>No hold clock runs: no rule applied here sets one.</p>");
        }
        ClockView::Refused { why } => {
            let _ = write!(out, "<p>{}</p>", escape(why));
        }
        ClockView::Reading { reading, sources } => {
            out.push_str("<ul>");
            for line in reading.lines() {
                let _ = write!(out, "<li>{}</li>", escape(&line));
            }
            out.push_str("</ul><table><thead><tr><th scope=\"col\">Cap</th><th scope=\"col\">Ends</th><th scope=\"col\">Source</th></tr></thead><tbody>");
            for cap in &reading.caps {
                let ends =
                    cap.ends_at.known().map_or_else(|| "not known".to_owned(), |t| reading.show(t));
                let source = sources.get(cap.id as usize).map_or("", String::as_str);
                let _ = write!(
                    out,
                    "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
                    cap.kind.name(),
                    escape(&ends),
                    escape(source)
                );
            }
            out.push_str("</tbody></table>");
        }
    }
}

fn policies(e: &Explanation, out: &mut String) {
    out.push_str("<h2>Instruments applied</h2><ul class=\"rules\">");
    for p in &e.policies {
        let until = p.until.as_deref().unwrap_or("open");
        let _ = write!(
            out,
            "<li>{} <span class=\"level\">{} · {} to {until} · binds: {}</span>{}<br>{}<br><span class=\"quiet\">Not coded: {}</span><br><span class=\"hash\">sha256 {}</span></li>",
            escape(&p.title),
            p.level.name(),
            p.from,
            p.binds,
            mark(p.verified),
            escape(&p.cite),
            escape(&p.not_coded),
            p.sha256
        );
    }
    out.push_str("</ul>");
}
