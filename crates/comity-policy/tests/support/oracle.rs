//! A second reading of the policy language for complete facts, written from its
//! documentation and not from the code: plain truth values, no unknowns, no bitmaps.

use comity_model::facts::Value;
use comity_model::schema::{self, Kind, ListId};
use comity_model::{CaseFacts, Day};
use comity_policy::expr::ast::CmpOp;
use comity_policy::expr::{Expr, ExprKind};
use std::collections::BTreeMap;

/// A value of a dated parameter.
#[derive(Debug, Clone)]
pub enum Given {
    Number(i64),
    Day(Day),
    Set(Vec<String>),
}

/// A parameter: its unit, and its values by the day from which each holds.
#[derive(Debug, Clone)]
pub struct GivenParam {
    pub unit: String,
    pub values: Vec<(Day, Given)>,
}

/// What a condition is read against.
pub struct World<'a> {
    pub facts: &'a CaseFacts,
    pub params: &'a BTreeMap<String, GivenParam>,
    pub defines: &'a BTreeMap<String, Expr>,
    pub rounds_up: bool,
    /// The day that chooses among a parameter's values.
    pub anchor: Option<Day>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Truth(bool),
    Number(i64),
    Word(String),
    Date(Day),
}

type Vars<'v> = Vec<(&'v str, ListId, usize)>;

/// Whether a condition holds. Every fact that it reads must be known.
pub fn truth(e: &Expr, w: &World<'_>) -> bool {
    holds(e, w, &mut Vec::new())
}

fn holds<'v>(e: &'v Expr, w: &World<'v>, vars: &mut Vars<'v>) -> bool {
    match &e.kind {
        ExprKind::Bool(b) => *b,
        ExprKind::Not(a) => !holds(a, w, vars),
        ExprKind::And(a, b) => holds(a, w, vars) && holds(b, w, vars),
        ExprKind::Or(a, b) => holds(a, w, vars) || holds(b, w, vars),
        ExprKind::Choose(c, a, b) => {
            let branch = if holds(c, w, vars) { a } else { b };
            holds(branch, w, vars)
        }
        ExprKind::Cmp(op, a, b) => compare(*op, a, b, w, vars),
        ExprKind::In(a, b) => member(a, b, w, vars),
        ExprKind::Name(n) => holds(&w.defines[n], w, &mut Vec::new()),
        ExprKind::Call(None, _, args) => {
            let (day, anchor) = (date(&args[0], w, vars), date(&args[1], w, vars));
            let start = start_of_window(&args[2], anchor, w);
            start <= ymd(day) && day <= anchor
        }
        ExprKind::Call(Some(list), name, args) => quantified(list, name, args, w, vars),
        ExprKind::Member(..) => thing(e, w, vars) == Thing::Truth(true),
        other => panic!("{other:?} is no condition"),
    }
}

fn compare<'v>(op: CmpOp, a: &'v Expr, b: &'v Expr, w: &World<'v>, vars: &mut Vars<'v>) -> bool {
    if let ExprKind::Bool(wanted) = b.kind {
        return (holds(a, w, vars) == wanted) == (op == CmpOp::Eq);
    }
    let (a, b) = (thing(a, w, vars), thing(b, w, vars));
    match op {
        CmpOp::Eq => a == b,
        CmpOp::Ne => a != b,
        CmpOp::Lt => a < b,
        CmpOp::Le => a < b || a == b,
        CmpOp::Gt => a > b,
        CmpOp::Ge => a > b || a == b,
    }
}

fn member<'v>(a: &'v Expr, b: &'v Expr, w: &World<'v>, vars: &mut Vars<'v>) -> bool {
    let a = thing(a, w, vars);
    match &b.kind {
        ExprKind::List(items) => items.iter().any(|i| thing(i, w, vars) == a),
        ExprKind::Member(_, name) => match given(name, w) {
            Given::Set(words) => words.into_iter().any(|x| Thing::Word(x) == a),
            other => panic!("{other:?} is no set"),
        },
        other => panic!("{other:?} is no set"),
    }
}

fn quantified<'v>(
    list: &Expr,
    name: &str,
    args: &'v [Expr],
    w: &World<'v>,
    vars: &mut Vars<'v>,
) -> bool {
    let ExprKind::Name(list) = &list.kind else { panic!("{list} is no list") };
    let list = schema::find_list(list).unwrap();
    let (var, body) = (&args[args.len() - 2], &args[args.len() - 1]);
    let ExprKind::Name(var) = &var.kind else { panic!("{var} is no variable") };
    let mut fits = Vec::new();
    let mut keys = Vec::new();
    for i in 0..w.facts.list(list).len() {
        vars.push((var, list, i));
        fits.push(holds(body, w, vars));
        if args.len() == 4 && fits[i] {
            keys.push(thing(&args[1], w, vars));
        }
        vars.pop();
    }
    keys.sort();
    keys.dedup();
    let count = fits.iter().filter(|f| **f).count();
    match (name, args.len()) {
        ("exists", _) => count > 0,
        ("all", _) => count == fits.len(),
        (_, 3) => count as i64 >= whole(&args[0]),
        _ => keys.len() as i64 >= whole(&args[0]),
    }
}

fn whole(e: &Expr) -> i64 {
    match e.kind {
        ExprKind::Int(n) => n,
        _ => panic!("{e} is no number"),
    }
}

fn thing<'v>(e: &'v Expr, w: &World<'v>, vars: &Vars<'v>) -> Thing {
    match &e.kind {
        ExprKind::Int(n) => Thing::Number(*n),
        ExprKind::Text(t) | ExprKind::Name(t) => Thing::Word(t.clone()),
        ExprKind::Call(None, name, args) if name == "date" => match &args[0].kind {
            ExprKind::Text(t) => Thing::Date(Day::parse(t).unwrap()),
            other => panic!("{other:?} is no day"),
        },
        ExprKind::Member(base, name) => {
            let ExprKind::Name(base) = &base.kind else { panic!("{e}") };
            if let Some((_, list, i)) = vars.iter().rev().find(|(v, ..)| v == base) {
                let field = list.field(name).unwrap();
                let kind = &list.def().fields[field.0 as usize].kind;
                return known(w.facts, kind, w.facts.list(*list).get(*i, field), e);
            }
            if base == "param" {
                return match given(name, w) {
                    Given::Number(n) => Thing::Number(n),
                    Given::Day(d) => Thing::Date(d),
                    Given::Set(_) => panic!("{e} is a set"),
                };
            }
            let field = schema::find_scalar(&format!("{base}.{name}")).unwrap();
            known(w.facts, &field.def().kind, w.facts.get(field), e)
        }
        other => panic!("{other:?} is no value"),
    }
}

fn known(facts: &CaseFacts, kind: &Kind, value: Value, e: &Expr) -> Thing {
    match (kind, value) {
        (_, Value::Bool(b)) => Thing::Truth(b),
        (_, Value::Int(n)) => Thing::Number(n),
        (_, Value::Date(d)) => Thing::Date(d),
        (Kind::Enum(set), Value::Enum(code)) => Thing::Word(set.values[code as usize].0.to_owned()),
        (_, Value::Text(id)) => Thing::Word(facts.text(id).to_owned()),
        other => panic!("{e} is {other:?}: the oracle reads complete facts only"),
    }
}

/// The value in force on the anchor day; before the first, the first.
fn given(name: &str, w: &World<'_>) -> Given {
    let values = &w.params[name].values;
    let Some(day) = w.anchor else {
        assert_eq!(values.len(), 1, "param.{name} depends on a day that is not known");
        return values[0].1.clone();
    };
    values.iter().rev().find(|(from, _)| *from <= day).unwrap_or(&values[0]).1.clone()
}

fn date<'v>(e: &'v Expr, w: &World<'v>, vars: &Vars<'v>) -> Day {
    match thing(e, w, vars) {
        Thing::Date(d) => d,
        other => panic!("{e} is {other:?}, no date"),
    }
}

/// Year, month, day: compared in that order they are compared as days.
fn ymd(day: Day) -> (i64, i64, i64) {
    let text = day.to_string();
    let parts: Vec<i64> = text.split('-').map(|p| p.parse().unwrap()).collect();
    (parts[0], parts[1], parts[2])
}

fn start_of_window(window: &Expr, anchor: Day, w: &World<'_>) -> (i64, i64, i64) {
    let (n, unit) = match &window.kind {
        ExprKind::Call(None, unit, args) => (whole(&args[0]), unit.as_str()),
        ExprKind::Member(_, name) => match given(name, w) {
            Given::Number(n) => (n, w.params[name].unit.as_str()),
            other => panic!("{other:?} is no window"),
        },
        other => panic!("{other:?} is no window"),
    };
    if unit == "days" {
        return ymd(Day(anchor.0 - n as i32));
    }
    let (y, m, d) = ymd(anchor);
    let year = y - n;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match (m, d, leap, w.rounds_up) {
        (2, 29, false, false) => (year, 2, 28),
        (2, 29, false, true) => (year, 3, 1),
        _ => (year, m, d),
    }
}
