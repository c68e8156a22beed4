//! An explanation as plain text: the sergeant's page and counsel's derivation.

use super::{ChannelView, ClauseView, ClockView, Explanation};
use crate::channel::Verified;
use crate::policy::{Cap, CapKind, CapLimit};
use std::fmt::Write;

/// The sergeant's page: one sentence a channel, then flags, duties and the clock.
pub fn sergeant(e: &Explanation) -> String {
    let mut out = String::new();
    head(e, &mut out);
    for v in &e.channels {
        line(&shout(v.answer), &v.sentence, &mut out);
    }
    out.push('\n');
    tail(e, &mut out);
    out
}

/// Columns of a page of text, and of its margin.
const COLUMNS: usize = 100;
const MARGIN: usize = 15;

/// A word in the margin and a text beside it, broken between words.
fn line(word: &str, text: &str, out: &mut String) {
    let _ = write!(out, "{word:<MARGIN$}");
    let mut column = MARGIN;
    for piece in text.split(' ') {
        let width = piece.chars().count() + 1;
        if column + width > COLUMNS && column > MARGIN {
            let _ = write!(out, "\n{:MARGIN$}", "");
            column = MARGIN;
        } else if column > MARGIN {
            out.push(' ');
        }
        out.push_str(piece);
        column += width;
    }
    out.push('\n');
}

/// Counsel's derivation: every rule that mattered and every rule that did not apply.
pub fn to_text(e: &Explanation) -> String {
    let mut out = String::new();
    head(e, &mut out);
    for v in &e.channels {
        channel(v, &mut out);
    }
    tail(e, &mut out);
    out.push_str("\nINSTRUMENTS APPLIED\n");
    for p in &e.policies {
        let until = p.until.as_deref().unwrap_or("open");
        let maybe = if p.binds == "yes" { "" } else { "; whether it binds is not known" };
        let _ = writeln!(
            out,
            "  {} — {} ({} to {until}; {}{maybe})",
            p.id,
            p.title,
            p.from,
            p.verified.words()
        );
        let _ = writeln!(out, "    {}", p.cite);
        let _ = writeln!(out, "    not coded: {}", p.not_coded);
        let _ = writeln!(out, "    sha256 {}", p.sha256);
    }
    out
}

fn shout(answer: &str) -> String {
    answer.replace('_', " ").to_uppercase()
}

fn head(e: &Explanation, out: &mut String) {
    if !e.title.is_empty() {
        let _ = writeln!(out, "{}", e.title);
    }
    let _ = writeln!(out, "{}, under the law of {}", e.place, e.decided_on);
    if !e.under.is_empty() {
        let ids: Vec<String> = e.under.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "decided under {} alone", ids.join(", "));
    }
    for p in &e.problems {
        let text = format!("{} and {}: {}; both are taken as unknown", p.first, p.second, p.says);
        line("CONTRADICTION", &text, out);
    }
    out.push('\n');
}

fn channel(v: &ChannelView, out: &mut String) {
    let _ = writeln!(out, "{}: {}", v.channel.name().to_uppercase(), shout(v.answer));
    let _ = writeln!(out, "  {}", v.sentence);
    for c in &v.mattered {
        let mark = if v.rule.as_ref().is_some_and(|r| r.policy == c.policy && r.rule == c.rule) {
            "►"
        } else {
            "•"
        };
        clause(mark, c, out);
    }
    if !v.needs.is_empty() {
        out.push_str("  What would settle it:\n");
        for n in v.needs.iter().take(12) {
            let _ = writeln!(out, "    {} if {}", n.outcome.words(), n.when.join(" and "));
        }
        if v.needs.len() > 12 {
            let _ = writeln!(out, "    … and {} other sets of facts", v.needs.len() - 12);
        }
    }
    if !v.considered.is_empty() {
        out.push_str("  Considered:\n");
        for c in &v.considered {
            clause("–", c, out);
        }
    }
    out.push('\n');
}

fn clause(mark: &str, c: &ClauseView, out: &mut String) {
    let _ = writeln!(
        out,
        "  {mark} [{}] {} says {}: {}",
        c.level.name(),
        c.title,
        c.stance.name().replace('_', " "),
        c.truth
    );
    let verified = if c.verified == Verified::Primary {
        String::new()
    } else {
        format!(" [{}]", c.verified.words())
    };
    let _ = writeln!(out, "      {} ({}){verified}", c.says, c.cite);
    if !c.when.is_empty() {
        let unless =
            if c.unless.is_empty() { String::new() } else { format!(", unless {}", c.unless) };
        let _ = writeln!(out, "      when {}{unless}", c.when);
    }
    for f in &c.facts {
        let _ = writeln!(out, "        {} = {}", f.path, f.value);
    }
}

fn tail(e: &Explanation, out: &mut String) {
    for f in &e.flags {
        let open = if f.uncertain { " (if a missing fact turns out so)" } else { "" };
        let text = format!("{}: {} ({}){open}{}", f.flag, f.says, f.cite, unverified(f.verified));
        line("FLAG", &text, out);
    }
    for l in &e.labels {
        let open = if l.uncertain { " (if a missing fact turns out so)" } else { "" };
        let text = format!("{} {} ({}){open}{}", l.label, l.value, l.cite, unverified(l.verified));
        line("LABEL", &text, out);
    }
    for d in &e.duties {
        let within = d.duty.within_hours.map_or_else(String::new, |h| format!(" within {h} hours"));
        let open = if d.uncertain { " (if a missing fact turns out so)" } else { "" };
        let text =
            format!("{}{within} ({}){open}{}", d.duty.says, d.duty.cite, unverified(d.verified));
        line("DUTY", &text, out);
    }
    clock(&e.clock, out);
}

fn unverified(v: Verified) -> &'static str {
    if v == Verified::Recalled { " [not verified]" } else { "" }
}

fn clock(c: &ClockView, out: &mut String) {
    match c {
        ClockView::NoHold => line("CLOCK", "no hold clock runs: a hold is not allowed", out),
        ClockView::NoCap => line("CLOCK", "no hold clock runs: no rule applied here sets one", out),
        ClockView::Refused { why } => line("CLOCK", why, out),
        ClockView::Reading { reading, sources } => {
            for (i, text) in reading.lines().iter().enumerate() {
                line(if i == 0 { "CLOCK" } else { "" }, text, out);
            }
            for cap in &reading.caps {
                let source = sources.get(cap.id as usize).map_or("", String::as_str);
                let ends =
                    cap.ends_at.known().map_or_else(|| "not known".to_owned(), |t| reading.show(t));
                line("", &format!("{} {ends}: {source}", cap.kind.name().replace('_', " ")), out);
            }
        }
    }
}

/// A cap in words: `48 hours, Saturdays, Sundays and holidays not counted`.
pub fn cap_words(cap: &Cap) -> String {
    let kind = match cap.kind {
        CapKind::Requested => "requested",
        CapKind::Regulatory => "regulatory ceiling",
        CapKind::Local => "local cap",
    };
    match &cap.limit {
        CapLimit::EndOfDay => format!("{kind}: to 11:59 p.m. of the day of release eligibility"),
        CapLimit::Hours {
            hours_max,
            excludes_saturday,
            excludes_sunday,
            excludes_holiday,
            from_receipt,
        } => {
            let mut days = Vec::new();
            for (yes, name) in [
                (*excludes_saturday, "Saturdays"),
                (*excludes_sunday, "Sundays"),
                (*excludes_holiday, "federal holidays"),
            ] {
                if yes {
                    days.push(name);
                }
            }
            let excluded = if days.is_empty() {
                String::new()
            } else {
                format!(", {} not counted", days.join(", "))
            };
            let from = if *from_receipt { " from receipt" } else { "" };
            format!("{kind}: {hours_max} hours{from}{excluded}")
        }
    }
}
