//! What a run made, for the terminal and as JSON.

use super::calibrate::Calibration;
use super::run::{Made, Request};
use super::tables::Tables;
use crate::report::chart::thousands;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The summary as JSON: everything that names the bytes, and the fits.
pub fn json(tables: &Tables, request: &Request, made: &Made, calibration: &Calibration) -> Value {
    let fits: Vec<Value> = calibration
        .sections
        .iter()
        .map(|s| json!({ "id": s.id, "title": s.title, "is_drawn": s.is_drawn, "fit": s.fit }))
        .collect();
    let (first, last) = span(tables, request);
    json!({
        "synthetic": true,
        "engine": crate::receipt::ENGINE,
        "distributions": tables.settings.id,
        "distributions_sha256": tables.sha256,
        "seed": request.seed,
        "rows": made.tally.rows,
        "from": first,
        "to": last,
        "files": made.files,
        "calibration": fits,
    })
}

fn span(tables: &Tables, request: &Request) -> (String, String) {
    let at = |i: usize| tables.months.get(i).map_or(String::new(), |m| m.month.to_string());
    let (last, _) = request.plan.month_of(request.plan.rows().saturating_sub(1));
    (at(request.plan.first), at(last))
}

/// The summary for the terminal.
pub fn text(tables: &Tables, request: &Request, made: &Made, calibration: &Calibration) -> String {
    let (first, last) = span(tables, request);
    let mut out = format!(
        "{} synthetic rows, {first} to {last}, seed {}; nobody is in them\n\n",
        thousands(made.tally.rows),
        request.seed
    );
    if made.tally.rows > 0 {
        out.push_str(&calibration.text());
        out.push('\n');
    }
    for file in &made.files {
        let _ = writeln!(out, "{}  {}  {} bytes", file.sha256, file.name, thousands(file.bytes));
    }
    out
}
