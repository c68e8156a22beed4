//! Random conditions as text, from the schema: every operator, nesting, quantifier and window;
//! and the values that tell their tests apart.

use super::oracle::{Given, GivenParam};
use super::tape::Tape;
use comity_model::date::DateRounding;
use comity_model::facts::{FactPath, Value};
use comity_model::schema::{ElemFieldId, FieldId, Kind, ListId, Unit, enums, fields, scalar};
use comity_model::{CaseFacts, Day};
use comity_policy::cond::Cond;
use comity_policy::expr::check::{Names, Param, ParamConst, ParamKind, Used, check};
use comity_policy::expr::{Expr, parse};
use std::collections::BTreeMap;

const DAYS: [&str; 5] = ["2011-02-28", "2011-03-01", "2012-02-29", "2014-01-01", "2016-02-29"];
const NUMBERS: [i64; 4] = [0, 5, 18, 365];
const TEXTS: [&str; 3] = ["a", "b", "c"];
const VARS: [&str; 4] = ["c", "d", "e", "f"];
/// The fact whose day chooses among a parameter's values.
pub const ANCHOR: FieldId = scalar("decision.on");

/// A few facts of the schema that a condition speaks of.
pub struct Vocabulary {
    pub scalars: Vec<FieldId>,
    pub lists: Vec<(ListId, Vec<ElemFieldId>)>,
}

impl Vocabulary {
    /// Two scalars and two fields of each list, of each kind that conditions can read.
    pub fn of(tape: &mut Tape) -> Vocabulary {
        let mut scalars = vec![ANCHOR];
        for sort in 0..5 {
            let of_sort = of_sort(fields::SCALARS.iter().map(|f| &f.kind), sort);
            for _ in 0..2 {
                scalars.push(FieldId(tape.one(&of_sort) as u16));
            }
        }
        let mut lists = Vec::new();
        for (i, def) in fields::LISTS.iter().enumerate() {
            let mut chosen = Vec::new();
            for sort in 0..5 {
                let of_sort = of_sort(def.fields.iter().map(|f| &f.kind), sort);
                if !of_sort.is_empty() {
                    chosen.push(ElemFieldId(tape.one(&of_sort) as u16));
                }
            }
            lists.push((ListId(i as u8), chosen));
        }
        Vocabulary { scalars, lists }
    }
}

/// Indexes of the fields of one sort: yes/no, set, number, date, text.
fn of_sort<'k>(kinds: impl Iterator<Item = &'k Kind>, sort: usize) -> Vec<usize> {
    let fits = |k: &Kind| {
        matches!(
            (sort, k),
            (0, Kind::Bool)
                | (1, Kind::Enum(_))
                | (2, Kind::Int(_))
                | (3, Kind::Date)
                | (4, Kind::Text)
        )
    };
    kinds.enumerate().filter(|(_, k)| fits(k)).map(|(i, _)| i).collect()
}

/// The parameters that every random condition may use.
pub fn params() -> BTreeMap<String, GivenParam> {
    let day = |t| Day::parse(t).unwrap();
    let dated = |unit: &str, a: Given, b: Given| GivenParam {
        unit: unit.to_owned(),
        values: vec![(day("2010-01-01"), a), (day("2014-01-01"), b)],
    };
    let words = |list: &[&str]| Given::Set(list.iter().map(|w| (*w).to_owned()).collect());
    [
        ("years", dated("years", Given::Number(1), Given::Number(4))),
        ("days", dated("days", Given::Number(0), Given::Number(365))),
        ("age", dated("years", Given::Number(5), Given::Number(18))),
        ("cut", dated("date", Given::Day(day("2012-02-29")), Given::Day(day("2016-02-29")))),
        (
            "listed",
            dated("offense category", words(&["capital_murder"]), words(&["murder", "other"])),
        ),
        ("levels", dated("offense level", words(&["felony", "wobbler"]), words(&[]))),
    ]
    .map(|(n, p)| (n.to_owned(), p))
    .into()
}

fn param_of(p: &GivenParam) -> Param {
    let kind = match p.unit.as_str() {
        "years" => ParamKind::Int(Unit::Years),
        "days" => ParamKind::Int(Unit::Days),
        "date" => ParamKind::Date,
        set => ParamKind::Set(enums::ALL.iter().find(|e| e.name == set).unwrap()),
    };
    let constant = |g: &Given| match (g, &kind) {
        (Given::Number(n), _) => ParamConst::Int(*n),
        (Given::Day(d), _) => ParamConst::Date(*d),
        (Given::Set(w), ParamKind::Set(set)) => {
            ParamConst::Set(w.iter().map(|w| 1_u128 << set.code(w).unwrap()).sum())
        }
        (Given::Set(_), _) => panic!("a set of {}", p.unit),
    };
    let starts: Vec<Day> = p.values.iter().map(|(d, _)| *d).collect();
    let values = p.values.iter().enumerate().map(|(i, (from, g))| {
        let until = starts.get(i + 1).map(|n| Day(n.0 - 1));
        ((i > 0).then_some(*from), until, constant(g))
    });
    Param { values: values.collect(), kind }
}

/// Parses and checks a condition that must be right.
pub fn compile(text: &str, rounds_up: bool) -> (Expr, Cond) {
    let kinds = params().iter().map(|(n, p)| (n.clone(), param_of(p))).collect();
    let names = Names {
        params: &kinds,
        defines: &BTreeMap::new(),
        rounding: Some(if rounds_up { DateRounding::Up } else { DateRounding::Down }),
        anchor: ANCHOR,
    };
    let expr = parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let cond = check(&expr, &names, &mut Used::default());
    let cond = cond.unwrap_or_else(|e| panic!("{text}: {e:?}"));
    (expr, cond)
}

/// A fact as it is written, with its kind.
type Written = (String, &'static Kind);

/// Writes random conditions.
pub struct Writer<'t> {
    pub tape: &'t mut Tape,
    pub vocabulary: Vocabulary,
    pub vars: Vec<usize>,
}

impl Writer<'_> {
    fn facts(&self, fits: impl Fn(&Kind) -> bool) -> Vec<Written> {
        let mut out: Vec<Written> = Vec::new();
        for (depth, list) in self.vars.iter().enumerate() {
            let (list, chosen) = &self.vocabulary.lists[*list];
            for f in chosen {
                let def = &list.def().fields[f.0 as usize];
                out.push((format!("{}.{}", VARS[depth], def.path), &def.kind));
            }
        }
        for f in &self.vocabulary.scalars {
            out.push((f.def().path.to_owned(), &f.def().kind));
        }
        out.retain(|(_, k)| fits(k));
        out
    }

    fn fact(&mut self, fits: impl Fn(&Kind) -> bool) -> Option<Written> {
        let all = self.facts(fits);
        // The facts of the innermost element come first, and an empty tape takes the first.
        let at = self.tape.pick(all.len());
        all.into_iter().nth(at)
    }

    /// A condition at most `depth` deep.
    pub fn condition(&mut self, depth: usize) -> String {
        let choice =
            if depth == 0 || self.tape.is_over() { self.tape.pick(9) } else { self.tape.pick(20) };
        match choice {
            0 | 1 => self.yes(),
            2 => self.set(),
            3 => self.number(),
            4 => self.date(),
            5 => self.within(),
            6 => self.text(),
            7 => self.same(),
            8 => self.one_of(),
            9 | 10 => format!("!{}", self.closed(depth - 1)),
            11 | 12 => format!("{} && {}", self.closed(depth - 1), self.closed(depth - 1)),
            13 | 14 => format!("{} || {}", self.closed(depth - 1), self.closed(depth - 1)),
            15 => {
                let (c, a, b) =
                    (self.closed(depth - 1), self.closed(depth - 1), self.closed(depth - 1));
                format!("{c} ? {a} : {b}")
            }
            16 => self.tape.one(&["true", "false"]).to_owned(),
            _ => self.quantifier(depth - 1),
        }
    }

    fn closed(&mut self, depth: usize) -> String {
        format!("({})", self.condition(depth))
    }

    fn yes(&mut self) -> String {
        let Some((f, _)) = self.fact(|k| matches!(k, Kind::Bool)) else { return "true".to_owned() };
        let form = self.tape.one(&["", "", "", " == true", " == false", " != true"]);
        format!("{f}{form}")
    }

    fn equals(&mut self) -> &'static str {
        self.tape.one(&["==", "!="])
    }

    fn orders(&mut self) -> &'static str {
        self.tape.one(&["<", "<=", ">", ">=", "==", "!="])
    }

    fn set(&mut self) -> String {
        let Some((f, k)) = self.fact(|k| matches!(k, Kind::Enum(_))) else { return self.yes() };
        let op = self.equals();
        let word = self.tape.one(&words_of(k));
        match self.tape.pick(3) {
            0 => format!("{f} {op} '{word}'"),
            1 => format!("\"{word}\" {op} {f}"),
            _ if word.bytes().all(|b| b.is_ascii_lowercase()) => format!("{f} {op} {word}"),
            _ => format!("{f} {op} \"{word}\""),
        }
    }

    fn number(&mut self) -> String {
        let Some((f, k)) = self.fact(|k| matches!(k, Kind::Int(_))) else { return self.yes() };
        let (op, n) = (self.orders(), self.tape.one(&NUMBERS));
        match (self.tape.pick(4), k) {
            (0, Kind::Int(Unit::Years)) => format!("{f} {op} param.age"),
            (1, _) => format!("{n} {op} {f}"),
            _ => format!("{f} {op} {n}"),
        }
    }

    fn date(&mut self) -> String {
        let Some((f, _)) = self.fact(|k| matches!(k, Kind::Date)) else { return self.yes() };
        let (op, day) = (self.orders(), self.tape.one(&DAYS));
        match self.tape.pick(5) {
            0 => format!("date('{day}') {op} {f}"),
            1 => format!("{f} {op} param.cut"),
            2 => format!("{f} {op} date('{day}')"),
            3 => format!("{f} {op} date(\"{day}\")"),
            _ => {
                let other = self.fact(|k| matches!(k, Kind::Date)).map_or(f.clone(), |(g, _)| g);
                format!("{f} {op} {other}")
            }
        }
    }

    fn within(&mut self) -> String {
        let Some((day, _)) = self.fact(|k| matches!(k, Kind::Date)) else { return self.yes() };
        let anchor = match self.tape.pick(2) {
            0 => format!("date('{}')", self.tape.one(&DAYS)),
            _ => self.fact(|k| matches!(k, Kind::Date)).map_or(day.clone(), |(g, _)| g),
        };
        let windows = ["years(1)", "years(4)", "days(0)", "days(365)", "param.years", "param.days"];
        format!("within({day}, {anchor}, {})", self.tape.one(&windows))
    }

    fn text(&mut self) -> String {
        let Some((f, _)) = self.fact(|k| matches!(k, Kind::Text)) else { return self.yes() };
        match self.tape.pick(2) {
            0 => format!("{f} {} '{}'", self.equals(), self.tape.one(&TEXTS)),
            _ => format!("{f} in ['{}', '{}']", self.tape.one(&TEXTS), self.tape.one(&TEXTS)),
        }
    }

    /// Two facts of one kind.
    fn same(&mut self) -> String {
        let comparable = |k: &Kind| matches!(k, Kind::Enum(_) | Kind::Int(_) | Kind::Text);
        let Some((f, k)) = self.fact(comparable) else { return self.yes() };
        let Some((g, _)) = self.fact(|other| other == k) else { return self.yes() };
        let op = if matches!(k, Kind::Int(_)) { self.orders() } else { self.equals() };
        format!("{f} {op} {g}")
    }

    fn one_of(&mut self) -> String {
        let Some((f, k)) = self.fact(|k| matches!(k, Kind::Enum(_))) else { return self.yes() };
        let words = words_of(k);
        let param = match k.name() {
            "offense category" => Some("listed"),
            "offense level" => Some("levels"),
            _ => None,
        };
        match (param, self.tape.pick(3)) {
            (Some(p), 0 | 1) => format!("{f} in param.{p}"),
            (_, 2) => format!("{f} in ['{}', '{}']", self.tape.one(&words), self.tape.one(&words)),
            _ => format!("{f} in [\"{}\"]", self.tape.one(&words)),
        }
    }

    fn quantifier(&mut self, depth: usize) -> String {
        if self.vars.len() == VARS.len() {
            return self.yes();
        }
        let list = self.tape.pick(self.vocabulary.lists.len());
        let var = VARS[self.vars.len()];
        let name = self.vocabulary.lists[list].0.def().name;
        let form = self.tape.pick(8);
        let n = 1 + self.tape.pick(3);
        self.vars.push(list);
        let body = self.condition(depth);
        let chosen = self.vocabulary.lists[list].1.clone();
        let key = chosen[self.tape.pick(chosen.len())];
        let key = self.vocabulary.lists[list].0.def().fields[key.0 as usize].path;
        self.vars.pop();
        match form {
            0..=2 => format!("{name}.exists({var}, {body})"),
            3..=4 => format!("{name}.all({var}, {body})"),
            5..=6 => format!("{name}.at_least({n}, {var}, {body})"),
            _ => format!("{name}.at_least({n}, {var}.{key}, {var}, {body})"),
        }
    }
}

fn words_of(kind: &Kind) -> Vec<&'static str> {
    let Kind::Enum(set) = kind else { panic!("{} is no set", kind.name()) };
    let (first, last) = (set.values[0].0, set.values[set.values.len() - 1].0);
    vec![first, set.values[1].0, last]
}

/// Values of a kind that tell the tests of random conditions apart, one of each sort.
pub fn domain(kind: &Kind, facts: &mut CaseFacts) -> Vec<Value> {
    match kind {
        Kind::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Kind::Enum(set) => {
            let mut words = words_of(kind);
            words.extend(set.values.get(2).map(|v| v.0));
            words.sort_unstable();
            words.dedup();
            words.into_iter().map(|w| Value::Enum(set.code(w).unwrap())).collect()
        }
        Kind::Int(_) => vec![-1, 0, 1]
            .into_iter()
            .flat_map(|d| NUMBERS.map(|n| Value::Int((n + d).max(0))))
            .collect(),
        Kind::Date => {
            let mut days = Vec::new();
            for d in DAYS.map(|d| Day::parse(d).unwrap()) {
                days.extend([-366, -365, -1, 0, 1, 365, 366].map(|n| Value::Date(d.plus_days(n))));
            }
            days
        }
        Kind::Text => TEXTS.map(|t| facts.text_value(t)).to_vec(),
        Kind::Instant => vec![Value::Instant(0)],
    }
}

/// The facts of a vocabulary that have a slot in a case.
pub fn slots(v: &Vocabulary, facts: &CaseFacts) -> Vec<FactPath> {
    let mut out: Vec<FactPath> = v.scalars.iter().map(|f| FactPath::Scalar(*f)).collect();
    for (list, chosen) in &v.lists {
        for i in 0..facts.list(*list).len() {
            out.extend(chosen.iter().map(|f| FactPath::Element(*list, i as u16, *f)));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}
