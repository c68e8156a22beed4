//! Conditions and facts in the Common Expression Language, for an interpreter that was
//! written elsewhere. A day is the number of days since 1970-01-01.
//!
//! Not translated, because the language has no form for it: a window in calendar years
//! (29 February has a rounding of ours), and a count of distinct values. Nor unknown facts:
//! CEL has none, so that only cases in which every fact is known can be compared.

use super::conditions::params;
use super::oracle::Given;
use comity_model::facts::Value;
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, fields};
use comity_model::{CaseFacts, Day};
use comity_policy::expr::{Expr, ExprKind};
use serde::Serialize;
use std::collections::BTreeMap;

/// A value as CEL takes it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Fact {
    Yes(bool),
    Number(i64),
    Text(String),
    Record(BTreeMap<String, Fact>),
    List(Vec<Fact>),
}

/// The condition in CEL; `None` where it has no form for it.
pub fn text_of(e: &Expr) -> Option<String> {
    Some(match &e.kind {
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Int(n) => n.to_string(),
        // A bare name is a value of a set.
        ExprKind::Text(t) | ExprKind::Name(t) => format!("'{t}'"),
        ExprKind::Member(base, name) => match &base.kind {
            ExprKind::Name(base) if base == "param" => param(name),
            ExprKind::Name(base) => format!("{base}.{name}"),
            _ => return None,
        },
        ExprKind::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(text_of).collect();
            format!("[{}]", items?.join(", "))
        }
        ExprKind::Not(a) => format!("!({})", text_of(a)?),
        ExprKind::And(a, b) => format!("({}) && ({})", text_of(a)?, text_of(b)?),
        ExprKind::Or(a, b) => format!("({}) || ({})", text_of(a)?, text_of(b)?),
        ExprKind::Cmp(op, a, b) => format!("({}) {} ({})", text_of(a)?, op.symbol(), text_of(b)?),
        ExprKind::In(a, b) => format!("({}) in {}", text_of(a)?, text_of(b)?),
        ExprKind::Choose(c, a, b) => {
            format!("({}) ? ({}) : ({})", text_of(c)?, text_of(a)?, text_of(b)?)
        }
        ExprKind::Call(None, name, args) if name == "date" => match &args[0].kind {
            ExprKind::Text(t) => Day::parse(t)?.0.to_string(),
            _ => return None,
        },
        ExprKind::Call(None, name, args) if name == "within" => {
            let (day, anchor) = (text_of(&args[0])?, text_of(&args[1])?);
            let days = days(&args[2])?;
            format!("({anchor}) - {days} <= ({day}) && ({day}) <= ({anchor})")
        }
        ExprKind::Call(Some(list), name, args) => quantifier(list, name, args)?,
        ExprKind::Call(..) => return None,
    })
}

fn quantifier(list: &Expr, name: &str, args: &[Expr]) -> Option<String> {
    let bare = |e: &Expr| match &e.kind {
        ExprKind::Name(n) => Some(n.clone()),
        _ => None,
    };
    let list = bare(list)?;
    Some(match (name, args) {
        ("exists" | "all", [var, body]) => {
            format!("{list}.{name}({}, {})", bare(var)?, text_of(body)?)
        }
        ("at_least", [n, var, body]) => {
            format!("size({list}.filter({}, {})) >= {n}", bare(var)?, text_of(body)?)
        }
        _ => return None,
    })
}

/// A window in days.
fn days(e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::Call(None, name, args) if name == "days" => text_of(&args[0]),
        ExprKind::Member(_, name) if name == "days" => Some(param(name)),
        _ => None,
    }
}

/// A parameter's value on the day of the decision.
fn param(name: &str) -> String {
    let values = &params()[name].values;
    let shown = |g: &Given| match g {
        Given::Number(n) => n.to_string(),
        Given::Day(d) => d.0.to_string(),
        Given::Set(words) => {
            let words: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
            format!("[{}]", words.join(", "))
        }
    };
    let (from, later) = &values[1];
    format!("(decision.on >= {} ? {} : {})", from.0, shown(later), shown(&values[0].1))
}

/// The facts of a case, by group and by list; unknown ones are left out.
pub fn facts_of(facts: &CaseFacts) -> BTreeMap<String, Fact> {
    let mut out: BTreeMap<String, Fact> = BTreeMap::new();
    for (i, def) in fields::SCALARS.iter().enumerate() {
        let (group, name) = def.path.split_once('.').unwrap();
        let into = out.entry(group.to_owned()).or_insert(Fact::Record(BTreeMap::new()));
        if let (Fact::Record(into), Some(v)) =
            (into, value(facts, &def.kind, facts.get(FieldId(i as u16))))
        {
            into.insert(name.to_owned(), v);
        }
    }
    for (i, def) in fields::LISTS.iter().enumerate() {
        let list = facts.list(ListId(i as u8));
        let element = |e: usize| {
            let fields = def.fields.iter().enumerate().filter_map(|(f, d)| {
                let v = value(facts, &d.kind, list.get(e, ElemFieldId(f as u16)))?;
                Some((d.path.to_owned(), v))
            });
            Fact::Record(fields.collect())
        };
        out.insert(def.name.to_owned(), Fact::List((0..list.len()).map(element).collect()));
    }
    out
}

fn value(facts: &CaseFacts, kind: &Kind, v: Value) -> Option<Fact> {
    Some(match v {
        Value::Unknown => return None,
        Value::Bool(b) => Fact::Yes(b),
        Value::Int(n) | Value::Instant(n) => Fact::Number(n),
        Value::Date(d) => Fact::Number(i64::from(d.0)),
        Value::Enum(_) | Value::Text(_) => Fact::Text(facts.show(kind, v)),
    })
}
