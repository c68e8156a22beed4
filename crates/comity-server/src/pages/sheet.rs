//! A table of a page as CSV (RFC 4180) and JSON.

use crate::api::as_json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A table: names of columns, and rows of as many cells.
pub struct Sheet {
    /// What the file is called.
    pub name: &'static str,
    /// The columns.
    pub columns: &'static [&'static str],
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// A cell of CSV. What a spreadsheet would take for a formula is kept from being one.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

impl Sheet {
    /// As CSV, to be kept as a file.
    pub fn csv(&self) -> Response {
        let mut out = self.columns.join(",") + "\r\n";
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
        let file = format!("attachment; filename=\"{}.csv\"", self.name);
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, file),
        ];
        (StatusCode::OK, headers, out).into_response()
    }

    /// As JSON: an object with the rows as a list of objects.
    pub fn json(&self) -> Response {
        let row = |row: &Vec<String>| {
            let cells = self.columns.iter().zip(row);
            cells.map(|(name, text)| ((*name).to_owned(), json!(text))).collect::<Map<_, _>>()
        };
        let rows: Vec<Value> = self.rows.iter().map(|r| Value::Object(row(r))).collect();
        as_json(StatusCode::OK, &json!({ self.name: rows }))
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_no_formula_and_ends_where_it_should() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=cmd()"), "'=cmd()");
    }
}
