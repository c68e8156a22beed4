//! The summary as JSON: every number of the report.

use crate::mapping::{Assumption, Column, PlaceRule, Said};
use crate::run::Replay;
use crate::study::Setting;
use serde_json::{Value, json};

/// The summary.
pub fn summary(replay: &Replay) -> Value {
    let (study, mapping) = (&replay.study, &replay.mapping);
    json!({
        "study": {
            "id": study.id,
            "title": study.title,
            "question": study.question,
            "reading": study.reading,
            "views": study.views.iter().map(|v| json!({
                "id": v.id, "title": v.title, "says": v.says, "gives": settings(v.settings()),
            })).collect::<Vec<_>>(),
            "regimes": study.regimes.iter().map(|r| json!({
                "id": r.id, "title": r.title, "says": r.says, "side": r.side,
                "channel": r.channel, "under": r.under, "gives": settings(r.settings()),
            })).collect::<Vec<_>>(),
            "notes": study.notes,
        },
        "data": {
            "title": mapping.title,
            "source": mapping.source,
            "moment": mapping.moment,
            "columns": mapping.columns.iter().map(column).collect::<Vec<_>>(),
            "place": place(&mapping.place),
            "outcomes": said(&mapping.outcomes),
            "ignored": said(&mapping.ignored),
            "assumed": mapping.assumptions.iter().map(assumption).collect::<Vec<_>>(),
            "unknown": said(&mapping.unknown),
        },
        "rows": replay.tally.rows,
        "rejected": replay.tally.rejected,
        "years": replay.tally.years,
        "joined": replay.joined,
        "problems": replay.problems,
        "views": replay.tally.views,
        "receipt": replay.receipt,
    })
}

fn settings(list: &[Setting]) -> Vec<Value> {
    list.iter()
        .map(|s| json!({ "fact": s.fact, "value": s.shown, "also_where_known": s.over, "why": s.why }))
        .collect()
}

fn said(list: &[Said]) -> Vec<Value> {
    list.iter().map(|s| json!({ "name": s.name, "why": s.why })).collect()
}

fn column(c: &Column) -> Value {
    let facts: Vec<String> = c.targets.iter().map(|t| crate::toml_read::target_name(*t)).collect();
    json!({ "name": c.name, "facts": facts, "plus_days": c.plus_days, "required": c.required, "loses": c.loses })
}

fn assumption(a: &Assumption) -> Value {
    json!({
        "fact": a.fact,
        "value": a.shown,
        "from": a.from.map(|d| d.to_string()),
        "before": a.before.map(|d| d.to_string()),
        "why": a.why,
    })
}

fn place(rule: &PlaceRule) -> Value {
    match rule {
        PlaceRule::Fixed(code) => json!({ "code": code }),
        PlaceRule::Fips { column, otherwise } => json!({ "fips": column, "otherwise": otherwise }),
        PlaceRule::State { column } => json!({ "state": column }),
    }
}
