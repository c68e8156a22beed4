//! The report: one page that opens from disk, with its charts, their tables, and its receipt.

use super::chart::{ANSWERS, Bar, Length, escape, legend, lengths, shares, thousands, years};
use super::page;
use super::text::percent;
use crate::run::Replay;
use crate::study::{Regime, Side};
use crate::tally::{Counts, RegimeTally};
use std::fmt::Write as _;

const NEEDS_SHOWN: usize = 6;
const NEEDS_CHARTED: usize = 8;
/// Outcomes rarer than this are summed.
const FEW: u64 = 10;

/// The sections of the page: id and name.
const SECTIONS: [(&str, &str); 7] = [
    ("result", "Result"),
    ("years", "By year"),
    ("causes", "What is missing"),
    ("outcomes", "What happened"),
    ("data", "The data"),
    ("reading", "How to read it"),
    ("receipt", "Receipt"),
];

/// The whole page.
pub fn page(replay: &Replay) -> String {
    let mut out = String::with_capacity(1 << 18);
    head(&mut out, replay);
    result(&mut out, replay);
    by_year(&mut out, replay);
    causes(&mut out, replay);
    outcomes(&mut out, replay);
    data(&mut out, replay);
    reading(&mut out, replay);
    page::receipt(
        &mut out,
        &replay.receipt,
        "<code>rows.csv</code> (every input row with its answers), <code>summary.json</code> (every number on this page).",
        "Policies that the regimes name",
    );
    page::close(&mut out, &replay.receipt.engine);
    out
}

fn head(out: &mut String, replay: &Replay) {
    let (study, rows) = (&replay.study, replay.tally.rows);
    page::open(
        out,
        &page::Head {
            kind: "Replay of real records",
            title: &study.title,
            question: &study.question,
            sections: &SECTIONS,
        },
    );
    let years: Vec<&String> = replay.tally.years.keys().filter(|y| y.len() == 4).collect();
    let span = match (years.first(), years.last()) {
        (Some(a), Some(b)) if a != b => format!("{a} to {b}"),
        (Some(a), _) => (*a).clone(),
        _ => "no year".to_owned(),
    };
    let _ = writeln!(
        out,
        "<ul class=\"facts\"><li><b>{}</b>rows read, {span}</li><li><b>{}</b>decided under every regime</li><li><b>{}</b>undetermined under at least one</li><li><b>{}</b>rejected; every row is in one of the three</li></ul>",
        thousands(rows.read),
        thousands(rows.decided),
        thousands(rows.undetermined),
        thousands(rows.rejected)
    );
}

/// Titles that two regimes of one chart can share a row with: the side comes first.
fn bars_of<'a>(
    regimes: impl Iterator<Item = (&'a Regime, &'a RegimeTally)>,
    side: Side,
) -> Vec<Bar> {
    regimes
        .filter(|(r, _)| r.side == side)
        .map(|(r, t)| Bar { label: r.title.clone(), parts: t.all.parts() })
        .collect()
}

fn result(out: &mut String, replay: &Replay) {
    out.push_str("<h2 id=\"result\">The result</h2>\n");
    if !replay.study.reading.is_empty() {
        let _ = writeln!(out, "<div class=\"note\"><p>{}</p></div>", escape(&replay.study.reading));
    }
    for (i, (view, tally)) in replay.study.views.iter().zip(&replay.tally.views).enumerate() {
        let _ = writeln!(out, "<h3>{}</h3>\n<p>{}</p>", escape(&view.title), escape(&view.says));
        out.push_str(&legend(&ANSWERS));
        let pairs = || replay.study.regimes.iter().zip(&tally.regimes);
        let sides = [
            (Side::Federal, "What the federal side could ask for"),
            (Side::Local, "What the local side would answer"),
        ];
        for (side, title) in sides {
            let bars = bars_of(pairs(), side);
            if bars.is_empty() {
                continue;
            }
            let id = format!("v{i}-{}", if side == Side::Federal { "federal" } else { "local" });
            let svg = shares(&ANSWERS, &id, &format!("{title}: {}", view.title), &bars);
            let _ = writeln!(
                out,
                "<figure><figcaption>{title}, all years. Numbers at the right: rows.</figcaption>{svg}</figure>"
            );
        }
        view_table(out, replay, i);
    }
}

fn view_table(out: &mut String, replay: &Replay, view: usize) {
    let Some(tally) = replay.tally.views.get(view) else {
        return;
    };
    let title = replay.study.views.get(view).map_or("", |v| v.title.as_str());
    table_open(out, &format!("All years: {title}"), "Regime");
    for (regime, counts) in replay.study.regimes.iter().zip(&tally.regimes) {
        counts_row(out, &regime.title, &counts.all, "");
    }
    out.push_str("</tbody></table></div>\n");
}

fn table_open(out: &mut String, caption: &str, first: &str) {
    let _ = writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table><caption>{}</caption><thead><tr><th scope=\"col\">{first}</th><th scope=\"col\" class=\"num\">Rows</th><th scope=\"col\" class=\"num\">Must</th><th scope=\"col\" class=\"num\">May</th><th scope=\"col\" class=\"num\">Undetermined</th><th scope=\"col\" class=\"num\">Must not</th><th scope=\"col\">Facts that would help to settle the undetermined</th></tr></thead><tbody>",
        escape(caption)
    );
}

/// A count and its share; of nothing, only the zero.
fn share_cell(n: u64, whole: u64) -> String {
    if n == 0 {
        return "<td class=\"num\">0</td>".to_owned();
    }
    format!(
        "<td class=\"num\">{} <span class=\"small\">{}</span></td>",
        thousands(n),
        percent(n, whole)
    )
}

fn counts_row(out: &mut String, label: &str, c: &Counts, class: &str) {
    let cell = |n: u64| share_cell(n, c.rows);
    let needs: Vec<String> = c
        .top_needs(NEEDS_SHOWN)
        .iter()
        .map(|(n, k)| format!("<code>{}</code> {}", escape(n), thousands(*k)))
        .collect();
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let _ = writeln!(
        out,
        "<tr{class}><th scope=\"row\">{}</th><td class=\"num\">{}</td>{}{}{}{}<td class=\"small facts-col\">{}</td></tr>",
        escape(label),
        thousands(c.rows),
        cell(c.must),
        cell(c.may),
        cell(c.undetermined),
        cell(c.must_not),
        needs.join(", ")
    );
}

fn by_year(out: &mut String, replay: &Replay) {
    out.push_str("<h2 id=\"years\">By year</h2>\n<p>Under each bar: the year and its rows. Years with few rows say little.</p>\n");
    out.push_str(&legend(&ANSWERS));
    let alone = replay.study.views.len() == 1;
    if alone {
        out.push_str("<div class=\"grid2\">\n");
    }
    for (i, regime) in replay.study.regimes.iter().enumerate() {
        let class = if alone { "" } else { " class=\"grid2\"" };
        let _ = writeln!(
            out,
            "<div class=\"cell\"><h3>{}</h3><p class=\"small\">{}</p><div{class}>",
            escape(&regime.title),
            escape(&regime.says)
        );
        for (v, (view, tally)) in replay.study.views.iter().zip(&replay.tally.views).enumerate() {
            if let Some(counts) = tally.regimes.get(i) {
                year_figure(out, &format!("y{v}-{i}"), &regime.title, &view.title, counts);
            }
        }
        out.push_str("</div></div>\n");
    }
    if alone {
        out.push_str("</div>\n");
    }
}

fn year_figure(out: &mut String, id: &str, regime: &str, view: &str, counts: &RegimeTally) {
    let bars: Vec<Bar> =
        counts.years.iter().map(|(y, c)| Bar { label: y.clone(), parts: c.parts() }).collect();
    let svg = years(&ANSWERS, id, &format!("{regime}, by year: {view}"), &bars);
    let (regime, view) = (escape(regime), escape(view));
    let _ = write!(
        out,
        "<figure><figcaption>{view}</figcaption>{svg}<details><summary>Table: {regime} by year</summary>"
    );
    table_open(out, &format!("{regime}, by year: {view}"), "Year");
    for (year, c) in &counts.years {
        counts_row(out, year, c, "");
    }
    counts_row(out, "All", &counts.all, "all");
    out.push_str("</tbody></table></div></details></figure>\n");
}

fn causes(out: &mut String, replay: &Replay) {
    out.push_str("<h2 id=\"causes\">What is missing</h2>\n<p>An answer is undetermined when a fact that matters is unknown. For each such row the smallest sets of facts that would settle it are computed; here is how often a fact stands in one of them. A list such as <code>convictions</code> means that it is not known whether there are more elements.</p>\n");
    let Some(tally) = replay.tally.views.first() else {
        return;
    };
    for (i, (regime, counts)) in replay.study.regimes.iter().zip(&tally.regimes).enumerate() {
        let _ = writeln!(out, "<h3>{}</h3>", escape(&regime.title));
        if counts.all.undetermined == 0 {
            out.push_str("<p class=\"small\">Nothing: every row is settled.</p>\n");
            continue;
        }
        let possible: Vec<String> = counts
            .all
            .possible
            .iter()
            .map(|(p, n)| {
                format!(
                    "{} in {}",
                    p.replace("must_not", "must not").replace('|', " or "),
                    thousands(*n)
                )
            })
            .collect();
        let bars: Vec<Length> = counts
            .all
            .top_needs(NEEDS_CHARTED)
            .iter()
            .map(|(n, k)| Length { label: (*n).to_owned(), count: *k })
            .collect();
        let svg = lengths(
            &format!("n{i}"),
            &format!("Facts that are missing: {}", regime.title),
            &bars,
            counts.all.rows,
        );
        let _ = writeln!(
            out,
            "<figure>{svg}<figcaption>{} of {} rows are undetermined: {}. Share of all rows in brackets.</figcaption></figure>",
            thousands(counts.all.undetermined),
            thousands(counts.all.rows),
            possible.join("; ")
        );
        needs_table(out, &regime.title, &counts.all);
    }
}

fn needs_table(out: &mut String, title: &str, c: &Counts) {
    let _ = write!(
        out,
        "<details><summary>Table: facts that are missing, {0}</summary><div class=\"scroll\" tabindex=\"0\"><table><caption>Facts that are missing: {0}</caption><thead><tr><th scope=\"col\">Fact</th><th scope=\"col\" class=\"num\">Rows</th><th scope=\"col\" class=\"num\">Share</th></tr></thead><tbody>",
        escape(title)
    );
    for (need, n) in c.top_needs(usize::MAX) {
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td class=\"num\">{}</td><td class=\"num\">{}</td></tr>",
            escape(need),
            thousands(n),
            percent(n, c.rows)
        );
    }
    out.push_str("</tbody></table></div></details>\n");
}

fn outcomes(out: &mut String, replay: &Replay) {
    out.push_str("<h2 id=\"outcomes\">What happened, beside what the texts say</h2>\n");
    let (Some(outcome), Some(tally)) =
        (replay.mapping.outcomes.first(), replay.tally.views.first())
    else {
        out.push_str("<p>The data carry no outcome.</p>\n");
        return;
    };
    let _ = writeln!(
        out,
        "<p>Column <code>{}</code>. {} Rows of each outcome, and how many of them each regime leaves to be requested or held (must or may), settled.</p>",
        escape(&outcome.name),
        escape(&outcome.why)
    );
    out.push_str("<div class=\"scroll\" tabindex=\"0\"><table><caption>Rows by outcome, and the number with must or may</caption><thead><tr><th scope=\"col\">Outcome</th><th scope=\"col\" class=\"num\">Rows</th>");
    for regime in &replay.study.regimes {
        let _ = write!(out, "<th scope=\"col\" class=\"num\">{}</th>", escape(&regime.title));
    }
    out.push_str("</tr></thead><tbody>\n");
    let Some(first) = tally.regimes.first() else {
        return;
    };
    let mut names: Vec<(&String, u64)> = first.outcomes.iter().map(|(k, c)| (k, c.rows)).collect();
    names.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let few = names.iter().filter(|(_, rows)| *rows < FEW).count();
    let shown = if few > 1 { names.len() - few } else { names.len() };
    let (shown, rest) = names.split_at(shown);
    for (name, _) in shown {
        outcome_row(out, name, &[name.as_str()], &tally.regimes);
    }
    if !rest.is_empty() {
        let label = format!("{} other outcomes, each in fewer than {FEW} rows", rest.len());
        let rest: Vec<&str> = rest.iter().map(|(n, _)| n.as_str()).collect();
        outcome_row(out, &label, &rest, &tally.regimes);
    }
    out.push_str("</tbody></table></div>\n");
}

fn outcome_row(out: &mut String, label: &str, names: &[&str], regimes: &[RegimeTally]) {
    let sum = |t: &RegimeTally, of: fn(&Counts) -> u64| -> u64 {
        names.iter().filter_map(|n| t.outcomes.get(*n)).map(of).sum()
    };
    let rows = regimes.first().map_or(0, |t| sum(t, |c| c.rows));
    let _ = write!(
        out,
        "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td>",
        escape(label),
        thousands(rows)
    );
    for t in regimes {
        let _ = write!(out, "<td class=\"num\">{}</td>", thousands(sum(t, |c| c.must + c.may)));
    }
    out.push_str("</tr>\n");
}

fn data(out: &mut String, replay: &Replay) {
    let m = &replay.mapping;
    let _ = writeln!(
        out,
        "<h2 id=\"data\">The data</h2>\n<p>{}. Source: {}.</p>\n<p><b>The moment that the facts describe.</b> {}</p>",
        escape(&m.title),
        escape(&m.source),
        escape(&m.moment)
    );
    if let Some(j) = &replay.joined {
        let aside: u64 = j.set_aside.values().sum();
        let why: Vec<String> = j
            .set_aside
            .iter()
            .map(|(w, n)| format!("{} ({})", escape(w.trim_end_matches('.')), thousands(*n)))
            .collect();
        let _ = writeln!(
            out,
            "<p>Lines of the joined file: {} read, {} became a charge, {} set aside, {} rejected, {} without a row. From dispositions {} convictions were derived. Set aside: {}.</p>",
            thousands(j.lines),
            thousands(j.charges),
            thousands(aside),
            thousands(j.rejected),
            thousands(j.orphans),
            thousands(j.convictions),
            if why.is_empty() { "none".to_owned() } else { why.join("; ") }
        );
    }
    problems(out, replay);
    out.push_str("<h3>What is assumed</h3>\n");
    let assumed = m.assumptions.iter().map(|a| {
        let when = match (a.from, a.before) {
            (Some(f), Some(b)) => format!(", {f} to before {b}"),
            (Some(f), None) => format!(", from {f}"),
            (None, Some(b)) => format!(", before {b}"),
            (None, None) => String::new(),
        };
        (format!("{} = {}{when}", a.fact, a.shown), a.why.clone())
    });
    pairs(out, "Facts taken for granted", ("Fact", "Why"), assumed);
    out.push_str("<h3>What stays unknown</h3>\n");
    let unknown = m.unknown.iter().map(|s| (s.name.clone(), s.why.clone()));
    pairs(out, "Facts that the data do not give", ("Facts", "Why"), unknown);
    out.push_str("<h3>What is lost or not read</h3>\n");
    let lost =
        m.columns.iter().filter(|c| !c.loses.is_empty()).map(|c| (c.name.clone(), c.loses.clone()));
    let ignored = m.ignored.iter().chain(m.join.iter().flat_map(|j| &j.ignored));
    let ignored = ignored.map(|s| (s.name.clone(), s.why.clone()));
    let place = (!m.place_loses.is_empty()).then(|| ("place".to_owned(), m.place_loses.clone()));
    pairs(
        out,
        "Columns",
        ("Column", "What is lost, or why it is not read"),
        lost.chain(place).chain(ignored),
    );
}

fn problems(out: &mut String, replay: &Replay) {
    out.push_str("<h3>Problems of the data</h3>\n");
    if replay.problems.is_empty() {
        out.push_str(
            "<p>None: every row could be read, every value is known to the mapping.</p>\n",
        );
        return;
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\"><table><caption>Problems, with the rows concerned</caption><thead><tr><th scope=\"col\">Problem</th><th scope=\"col\">File</th><th scope=\"col\">Column</th><th scope=\"col\" class=\"num\">Rows</th><th scope=\"col\" class=\"num\">First line</th><th scope=\"col\">Values</th></tr></thead><tbody>\n");
    for p in &replay.problems {
        let samples: Vec<String> = p
            .samples
            .iter()
            .map(|(v, n)| format!("<code>{}</code> {}", escape(v), thousands(*n)))
            .collect();
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}<br><span class=\"small\">{}</span></th><td>{}</td><td><code>{}</code></td><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td></tr>",
            p.kind.name(),
            escape(p.kind.says()),
            p.file,
            escape(&p.column),
            thousands(p.rows),
            p.first_line,
            samples.join(", ")
        );
    }
    out.push_str("</tbody></table></div>\n");
    if !replay.tally.rejected.is_empty() {
        let why = replay.tally.rejected.iter().map(|(w, n)| (w.clone(), thousands(*n)));
        pairs(out, "Rows rejected, by reason", ("Reason", "Rows"), why);
    }
}

fn pairs(
    out: &mut String,
    caption: &str,
    heads: (&str, &str),
    rows: impl Iterator<Item = (String, String)>,
) {
    let _ = writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"pairs\"><caption>{caption}</caption><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
        heads.0, heads.1
    );
    for (a, b) in rows {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td></tr>",
            escape(&a),
            escape(&b)
        );
    }
    out.push_str("</tbody></table></div>\n");
}

fn reading(out: &mut String, replay: &Replay) {
    out.push_str("<h2 id=\"reading\">How to read it</h2>\n<ul>\n<li><b>Must</b>: the law requires it. <b>May</b>: it is allowed, and a person decides. <b>Must not</b>: it is forbidden. <b>Undetermined</b>: a fact that matters is unknown, and more than one answer is possible. Nothing defaults to holding.</li>\n<li>The federal charts say what could be requested; the local charts say whether the jail could hold past release, or give notice, on such a request.</li>\n");
    for note in &replay.study.notes {
        let _ = writeln!(out, "<li>{}</li>", escape(note));
    }
    out.push_str("</ul>\n<h3>The regimes</h3>\n");
    out.push_str("<div class=\"scroll\" tabindex=\"0\"><table><caption>What each regime is</caption><thead><tr><th scope=\"col\">Regime</th><th scope=\"col\">Question</th><th scope=\"col\">Policies</th><th scope=\"col\">What it says</th></tr></thead><tbody>\n");
    for r in &replay.study.regimes {
        let under = if r.under.is_empty() {
            "those in force on the day, at the place".to_owned()
        } else {
            r.under
                .iter()
                .map(|p| format!("<code>{}</code>", escape(p)))
                .collect::<Vec<_>>()
                .join("<br>")
        };
        let gives: Vec<String> = r
            .settings()
            .iter()
            .map(|s| {
                format!(
                    " <span class=\"small\">Given here: <code>{} = {}</code>. {}</span>",
                    escape(&s.fact),
                    escape(&s.shown),
                    escape(&s.why)
                )
            })
            .collect();
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"ids\"><code>{}</code></td><td class=\"ids\">{under}</td><td>{}{}</td></tr>",
            escape(&r.title),
            r.channel,
            escape(&r.says),
            gives.concat()
        );
    }
    out.push_str("</tbody></table></div>\n");
    for v in replay.study.views.iter().filter(|v| !v.settings().is_empty()) {
        let rows = v.settings().iter().map(|s| (s.fact.clone(), s.shown.clone()));
        pairs(
            out,
            &format!("Given in the reading: {}", escape(&v.title)),
            ("Fact, where unknown", "Value"),
            rows,
        );
    }
}
