//! A table beside a page, as a program reads it: the same rows as CSV and as JSON.

use crate::api::as_json;
use crate::problem::Problem;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A table.
pub struct Sheet {
    /// Its name, of small letters, for the file.
    pub name: &'static str,
    /// The names of its columns.
    pub columns: &'static [&'static str],
    /// Its rows, each with a value for every column.
    pub rows: Vec<Vec<Value>>,
}

impl Sheet {
    /// A table of texts.
    pub fn of_texts(
        name: &'static str,
        columns: &'static [&'static str],
        rows: Vec<Vec<String>>,
    ) -> Sheet {
        let row = |row: Vec<String>| row.into_iter().map(Value::from).collect();
        Sheet { name, columns, rows: rows.into_iter().map(row).collect() }
    }

    /// The table in the form that an address ends with: `csv` or `json`.
    ///
    /// # Errors
    /// `not-found` for every other ending.
    pub fn reply(&self, ending: &str) -> Result<Response, Problem> {
        match ending {
            "csv" => Ok(self.csv()),
            "json" => Ok(self.json()),
            _ => Err(Problem::not_found()),
        }
    }

    /// As CSV (RFC 4180), to be kept as a file.
    pub fn csv(&self) -> Response {
        let file = format!("attachment; filename=\"{}.csv\"", self.name);
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, file),
        ];
        (StatusCode::OK, headers, self.csv_text()).into_response()
    }

    /// As JSON: an object with the rows under the table's name.
    pub fn json(&self) -> Response {
        as_json(StatusCode::OK, &json!({ self.name: self.objects() }))
    }

    fn objects(&self) -> Value {
        let row = |row: &Vec<Value>| {
            let members = self.columns.iter().zip(row);
            Value::Object(members.map(|(c, v)| ((*c).to_owned(), v.clone())).collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(row).collect())
    }

    fn csv_text(&self) -> String {
        let mut text = self.columns.join(",") + "\r\n";
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(cell).collect();
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        text
    }
}

/// A cell. A text that a spreadsheet would take for a formula gets a quote before it.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_cell_is_a_formula() {
        let rows = vec![vec![json!("a, \"b\""), json!("=1+1")], vec![json!(null), json!(-2.5)]];
        let sheet = Sheet { name: "pairs", columns: &["x", "y"], rows };
        assert_eq!(sheet.csv_text(), "x,y\r\n\"a, \"\"b\"\"\",'=1+1\r\n,-2.5\r\n");
        assert_eq!(sheet.objects()[0], json!({ "x": "a, \"b\"", "y": "=1+1" }));
    }
}
