//! The twins of a page's table: CSV and JSON of the same rows.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fmt::Write as _;

/// A cell as CSV writes it. A text that a spreadsheet would run as a formula is led by an
/// apostrophe.
fn cell(text: &str) -> String {
    let guard = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if guard { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

/// Rows under their heads as a CSV file.
pub(super) fn csv(name: &str, heads: &[&str], rows: &[Vec<String>]) -> Response {
    let mut out = String::new();
    let _ = write!(out, "{}\r\n", heads.join(","));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        let _ = write!(out, "{}\r\n", cells.join(","));
    }
    file(&format!("{name}.csv"), "text/csv; charset=utf-8", out)
}

/// Something as a JSON document.
pub(super) fn json(of: &impl Serialize) -> Response {
    let text = serde_json::to_string_pretty(of).unwrap_or_default() + "\n";
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
}

/// A file to be kept. Its name is the node's own, never one that was sent.
pub(super) fn file(name: &str, kind: &'static str, text: String) -> Response {
    let safe: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_".contains(*c)).collect();
    let kept = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, kept.unwrap_or(HeaderValue::from_static("attachment"))),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"");
        assert_eq!(cell("plain"), "plain");
    }
}
