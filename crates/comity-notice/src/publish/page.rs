//! The page: plain HTML with its looks inside, no scripts, nothing from elsewhere.

use super::{Count, Figures, Group};
use crate::words::fill;
use crate::{Language, Text, Words, day_in_words, words};
use std::fmt::Write;

/// The looks. Colors are those of the US Web Design System.
const STYLE: &str = include_str!("page.css");

/// The file of a language's page.
fn file(language: Language) -> &'static str {
    match language {
        Language::En => "index.html",
        Language::Es => "es.html",
    }
}

/// Text in HTML, within elements and within quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in HTML, and nothing to see.
            c if c.is_control() && !c.is_whitespace() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// The page in a language.
pub(super) fn page(figures: &Figures, language: Language) -> String {
    let words = words(language);
    let mut out = String::new();
    let title = escaped(&fill(words.public_title, &[("agency", &figures.agency)]));
    put(
        &mut out,
        format_args!(
            "<!doctype html>\n<html lang=\"{language}-US\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<nav>"
        ),
    );
    for other in Language::ALL.into_iter().filter(|other| *other != language) {
        let (code, to, name) = (other.code(), file(other), crate::words(other).public_language);
        put(
            &mut out,
            format_args!("<a href=\"{to}\" lang=\"{code}\" hreflang=\"{code}\">{name}</a>"),
        );
    }
    put(&mut out, format_args!("</nav>\n<h1>{title}</h1>\n"));
    if let (Some(first), Some(last)) = (figures.periods.first(), figures.periods.last()) {
        let (from, until) =
            (day_in_words(language, first.from_on), day_in_words(language, last.until_on));
        let intro = fill(words.public_intro, &[("from", &from), ("until", &until)]);
        put(&mut out, format_args!("<p>{}</p>\n", escaped(&intro)));
    }
    put(&mut out, format_args!("</header>\n<main>\n<h2>{}</h2>\n", words.public_counts));
    for group in Group::all() {
        table(&mut out, figures, group, words);
    }
    method(&mut out, words);
    policies(&mut out, figures, words);
    put(
        &mut out,
        format_args!(
            "<h2>{}</h2>\n<p>{} <a href=\"counts.csv\">counts.csv</a>, <a href=\"counts.json\">counts.json</a></p>\n</main>\n",
            words.public_data, words.public_data_says
        ),
    );
    let on = day_in_words(language, figures.prepared_on);
    let written = fill(words.public_written, &[("on", &on)]);
    put(&mut out, format_args!("<footer><p>{written}</p></footer>\n</body>\n</html>\n"));
    out
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _ = out.write_fmt(text);
}

fn group_name(group: Group, words: &Words) -> &'static str {
    match group {
        Group::Answers(channel) => (words.channel_public)(channel),
        Group::HoldEnds => words.group_hold_ends,
        Group::Claims => words.group_claims,
        Group::Reports => words.group_reports,
    }
}

fn shown(count: Option<Count>, words: &Words) -> String {
    match count {
        None => words.public_not_counted.to_owned(),
        Some(count) if count.is_exact() => count.min.to_string(),
        Some(Count { min, max }) => {
            fill(words.public_range, &[("min", &min.to_string()), ("max", &max.to_string())])
        }
    }
}

fn table(out: &mut String, figures: &Figures, group: Group, words: &Words) {
    let name = group_name(group, words);
    put(
        out,
        format_args!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{name}\" tabindex=\"0\">\n<table>\n<caption>{name}</caption>\n<thead><tr><th scope=\"col\">{}</th>",
            words.public_what
        ),
    );
    for period in &figures.periods {
        put(out, format_args!("<th scope=\"col\">{} – {}</th>", period.from_on, period.until_on));
    }
    put(out, format_args!("<th scope=\"col\">{}</th></tr></thead>\n<tbody>\n", words.public_all));
    let periods: Vec<_> = figures.periods.iter().map(|period| period.shown(group)).collect();
    let mut row = |class: &str, name: &str, cells: Vec<Option<Count>>| {
        put(out, format_args!("<tr{class}><th scope=\"row\">{name}</th>"));
        let sum = Count::sum(cells.iter().copied());
        for cell in cells.into_iter().chain([sum]) {
            put(out, format_args!("<td>{}</td>", shown(cell, words)));
        }
        put(out, format_args!("</tr>\n"));
    };
    for (at, measure) in group.measures().into_iter().enumerate() {
        let cells = periods.iter().map(|(counts, _)| counts.get(at).copied().flatten());
        row("", (words.measure)(measure), cells.collect());
    }
    let sums = periods.iter().map(|(_, sum)| *sum).collect();
    row(" class=\"sum\"", words.public_all, sums);
    put(out, format_args!("</tbody>\n</table>\n</div>\n"));
}

fn method(out: &mut String, words: &Words) {
    put(out, format_args!("<h2>{}</h2>\n<ul>\n", words.public_method));
    for says in [
        words.public_method_record,
        words.public_method_small,
        words.public_method_missing,
        words.public_method_limits,
    ] {
        put(out, format_args!("<li>{}</li>\n", escaped(says)));
    }
    put(out, format_args!("</ul>\n"));
}

fn policies(out: &mut String, figures: &Figures, words: &Words) {
    put(out, format_args!("<h2>{}</h2>\n", words.public_policies));
    if figures.policies.is_empty() {
        put(out, format_args!("<p>{}</p>\n", words.public_no_policy));
        return;
    }
    put(
        out,
        format_args!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{}\" tabindex=\"0\">\n<table class=\"text\">\n<thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead>\n<tbody>\n",
            words.public_policies, words.public_policy, words.public_cite, words.public_in_force
        ),
    );
    for policy in &figures.policies {
        let from = day_in_words(words.language, policy.from_on);
        let days = match policy.until_on {
            None => fill(words.public_since, &[("from", &from)]),
            Some(until) => {
                let until = day_in_words(words.language, until);
                fill(words.public_from_until, &[("from", &from), ("until", &until)])
            }
        };
        let mark = (words.source_mark)(policy.verified)
            .map_or(String::new(), |mark| format!(" <strong>{}</strong>", escaped(mark)));
        put(
            out,
            format_args!(
                "<tr><th scope=\"row\">{}</th><td>{}{mark}</td><td>{}</td></tr>\n",
                text(&policy.title, words),
                escaped(&policy.cite),
                escaped(&days)
            ),
        );
    }
    put(out, format_args!("</tbody>\n</table>\n</div>\n"));
}

/// A text in the page's language, or in English and marked so.
fn text(text: &Text, words: &Words) -> String {
    match (words.language, &text.es) {
        (Language::En, _) => escaped(&text.en),
        (Language::Es, Some(es)) => escaped(es),
        (Language::Es, None) => {
            format!("<span lang=\"en\">{}</span> {}", escaped(&text.en), words.english_only)
        }
    }
}
