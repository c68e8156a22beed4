//! A table beside a page, as a program reads it: the same rows as CSV and as JSON.

use crate::problem::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

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
    /// The table in the form that an address ends with: `csv` or `json`.
    ///
    /// # Errors
    /// `not-found` for every other ending.
    pub fn reply(&self, ending: &str) -> Result<Response, Problem> {
        let (kind, body) = match ending {
            "csv" => ("text/csv; charset=utf-8", self.csv()),
            "json" => ("application/json", self.json()),
            _ => return Err(Problem::not_found()),
        };
        let file = format!("attachment; filename=\"{}.{ending}\"", self.name);
        let file = HeaderValue::from_str(&file).map_err(|_| Problem::not_found())?;
        let kind = HeaderValue::from_static(kind);
        let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, file)];
        Ok((StatusCode::OK, headers, body).into_response())
    }

    fn json(&self) -> String {
        let row = |row: &Vec<Value>| {
            let members = self.columns.iter().zip(row);
            Value::Object(members.map(|(c, v)| ((*c).to_owned(), v.clone())).collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(row).collect()).to_string()
    }

    fn csv(&self) -> String {
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
    use serde_json::json;

    #[test]
    fn cells_are_quoted_and_no_cell_is_a_formula() {
        let rows = vec![vec![json!("a, \"b\""), json!("=1+1")], vec![json!(null), json!(-2.5)]];
        let sheet = Sheet { name: "pairs", columns: &["x", "y"], rows };
        assert_eq!(sheet.csv(), "x,y\r\n\"a, \"\"b\"\"\",'=1+1\r\n,-2.5\r\n");
        let read: Value = serde_json::from_str(&sheet.json()).expect("JSON");
        assert_eq!(read[0], json!({ "x": "a, \"b\"", "y": "=1+1" }));
    }
}
