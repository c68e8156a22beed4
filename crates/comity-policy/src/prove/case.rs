//! A counterexample cut down to the facts that matter, as lines of a case file.

use super::axioms::known;
use comity_model::CaseFacts;
use comity_model::facts::{FactList, FactPath, ListState, Value};
use comity_model::place::{CIRCUIT, CITY, COUNTY, STATE};
use comity_model::schema::{ElemFieldId, ListId, fields};

/// Forgets every fact without which `is_real` still holds.
pub(super) fn minimize(mut facts: CaseFacts, is_real: &dyn Fn(&CaseFacts) -> bool) -> CaseFacts {
    for l in 0..fields::LISTS.len() {
        let list = ListId(l as u8);
        for i in (0..facts.list(list).len()).rev() {
            try_list(&mut facts, list, is_real, |items| without(items, list, i));
        }
        try_list(&mut facts, list, is_real, |items| items.state = ListState::AtLeast);
        if facts.list(list).is_empty() {
            try_list(&mut facts, list, is_real, |items| items.state = ListState::Unknown);
        }
    }
    for path in known(&facts) {
        let before = facts.at(path);
        set(&mut facts, path, Value::Unknown);
        if !is_real(&facts) {
            set(&mut facts, path, before);
        }
    }
    facts
}

fn try_list(
    facts: &mut CaseFacts,
    list: ListId,
    is_real: &dyn Fn(&CaseFacts) -> bool,
    change: impl FnOnce(&mut FactList),
) {
    let before = facts.list(list).clone();
    change(facts.list_mut(list));
    if !is_real(facts) {
        *facts.list_mut(list) = before;
    }
}

fn without(items: &mut FactList, list: ListId, index: usize) {
    let width = list.def().fields.len();
    let rows: Vec<Vec<Value>> = (0..items.len())
        .filter(|i| *i != index)
        .map(|i| (0..width).map(|f| items.get(i, ElemFieldId(f as u16))).collect())
        .collect();
    let state = items.state;
    items.clear();
    items.state = state;
    for row in rows {
        let i = items.push_unknown();
        for (f, value) in row.into_iter().enumerate() {
            items.set(i, ElemFieldId(f as u16), value);
        }
    }
}

fn set(facts: &mut CaseFacts, path: FactPath, value: Value) {
    match path {
        FactPath::Scalar(f) => facts.set(f, value),
        FactPath::Element(l, i, f) => facts.list_mut(l).set(i as usize, f, value),
        FactPath::List(_) => {}
    }
}

/// The known facts, one `path = value` line each.
pub(super) fn lines(facts: &CaseFacts) -> Vec<String> {
    let shown = |path: &FactPath| {
        ![STATE, COUNTY, CITY, CIRCUIT].into_iter().any(|f| *path == FactPath::Scalar(f))
    };
    let mut out: Vec<String> = known(facts)
        .into_iter()
        .filter(shown)
        .map(|path| format!("{path} = {}", toml(facts, path)))
        .collect();
    for l in 0..fields::LISTS.len() {
        let list = ListId(l as u8);
        let (name, items) = (list.def().name, facts.list(list));
        match (items.state, items.len()) {
            (ListState::Complete, 0) => out.push(format!("{name} = []")),
            (ListState::Complete, _) => out.push(format!("# and no other {}", list.def().one)),
            _ => {}
        }
    }
    out
}

fn toml(facts: &CaseFacts, path: FactPath) -> String {
    let shown = |value| path.kind().map_or_else(String::new, |k| facts.show(k, value));
    match facts.at(path) {
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        value @ (Value::Enum(_) | Value::Text(_)) => format!("\"{}\"", shown(value)),
        value => shown(value),
    }
}
