//! What every page has: head, sections, receipt, foot. A page is one file and needs nothing else.

use super::chart::{escape, patterns, thousands};
use super::style::CSS;
use super::{map, series};
use crate::receipt::Receipt;
use std::fmt::Write as _;

/// The head of a page.
#[derive(Debug, Clone)]
pub struct Head<'a> {
    /// What kind of page it is, three or four words above the title.
    pub kind: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The question that it answers.
    pub question: &'a str,
    /// Its sections: id and name. The first is where the skip link leads.
    pub sections: &'a [(&'a str, &'a str)],
}

/// Opens a page, up to and with its list of sections.
pub fn open(out: &mut String, head: &Head<'_>) {
    let first = head.sections.first().map_or("receipt", |s| s.0);
    let sections: String = head
        .sections
        .iter()
        .map(|(id, name)| format!("<li><a href=\"#{id}\">{}</a></li>", escape(name)))
        .collect();
    let _ = writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{CSS}{map}{series}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#{first}\">Skip to the result</a>\n{patterns}<header class=\"top\"><div class=\"wrap\"><p class=\"kind\">{kind}</p><h1>{title}</h1><p>{question}</p></div></header>\n<main class=\"wrap\">\n<nav aria-label=\"Sections\"><ul>{sections}</ul></nav>",
        title = escape(head.title),
        kind = escape(head.kind),
        question = escape(head.question),
        patterns = patterns(),
        map = map::CSS,
        series = series::CSS,
    );
}

/// Closes a page.
pub fn close(out: &mut String, engine: &str) {
    let _ = writeln!(
        out,
        "</main>\n<footer><div class=\"wrap\"><p>Made by {} from the files named above. It describes what texts say about records; it is not legal advice, and it says nothing about which policy is better.</p></div></footer>\n</body>\n</html>",
        escape(engine)
    );
}

/// The receipt of a page. `beside` says, as HTML, what lies beside it.
pub fn receipt(out: &mut String, r: &Receipt, beside: &str, policies: &str) {
    let _ = writeln!(
        out,
        "<h2 id=\"receipt\">Receipt</h2>\n<p>The same engine, files and policies give the same bytes on another machine. Beside this page: {beside}</p>\n<pre>{}</pre>\n<p>{}; {} policies in the library, SHA-256 over their ids and hashes <code class=\"hash\">{}</code>.</p>",
        escape(&r.command),
        escape(&r.engine),
        r.library_policies,
        r.library_sha256
    );
    out.push_str("<div class=\"scroll\" tabindex=\"0\"><table><caption>Files</caption><thead><tr><th scope=\"col\">Role</th><th scope=\"col\">File</th><th scope=\"col\" class=\"num\">Bytes</th><th scope=\"col\">SHA-256</th></tr></thead><tbody>\n");
    for f in r.inputs.iter().chain(&r.outputs) {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td><code>{}</code></td><td class=\"num\">{}</td><td><code class=\"hash\">{}</code></td></tr>",
            escape(&f.role),
            escape(&f.name),
            thousands(f.bytes),
            f.sha256
        );
    }
    out.push_str("</tbody></table></div>\n");
    if r.policies.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table><caption>{}</caption><thead><tr><th scope=\"col\">Policy</th><th scope=\"col\">Title</th><th scope=\"col\">SHA-256</th></tr></thead><tbody>",
        escape(policies)
    );
    for p in &r.policies {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td><code class=\"hash\">{}</code></td></tr>",
            escape(&p.id),
            escape(&p.title),
            p.sha256
        );
    }
    out.push_str("</tbody></table></div>\n");
}
