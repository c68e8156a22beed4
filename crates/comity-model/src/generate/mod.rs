//! The reference that is generated from the schema: the page of facts, the JSON Schema of a
//! case, the Arrow column layout and the completions for editors. Pure: text and trees out.
//!
//! The committed files under `docs/reference/` are these functions' output; `make docs`
//! writes them, and a test of this crate fails when they differ.

mod arrow;
mod case_schema;
mod completions;
mod facts;

#[cfg(test)]
mod tests;

pub use arrow::{ArrowColumn, ArrowType, arrow_layout, arrow_markdown};
pub use case_schema::json_schema;
pub use completions::{CHANNELS, LEVELS, toml_completions};
pub use facts::facts_markdown;

use serde_json::Value;

/// Every generated file: its name under `docs/reference/` and its contents.
pub fn reference_files() -> Vec<(&'static str, String)> {
    vec![
        ("facts.md", facts_markdown()),
        ("case.schema.json", pretty(&json_schema())),
        ("arrow-layout.md", arrow_markdown()),
        ("completions.json", pretty(&toml_completions())),
    ]
}

/// JSON with two spaces of indent and a closing newline.
fn pretty(value: &Value) -> String {
    // A tree of texts, numbers and lists always serializes.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// The line under the title of every generated page.
const GENERATED: &str = "*Generated from the schema in `crates/comity-model/src/schema/`. Change it there, then run `make docs`.*\n";

/// Text as one cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The anchor that a heading gets on the page.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}
