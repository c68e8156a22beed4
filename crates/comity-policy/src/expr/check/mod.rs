//! The type checker: a syntax tree against the schema, lowered to [`Cond`].

use super::ExprError;
mod term;

pub use term::span_in_file;
use term::*;

use super::ast::{CmpOp, Expr, ExprKind};
use crate::cond::{Cond, Count, DateTerm, QUANTIFIERS_MAX, Ref, Test, Window};
use comity_model::date::DateRounding;
use comity_model::schema::{self, EnumDef, FieldId, Kind, ListId, Unit, fields, nearest};
use comity_model::{Day, read};
use std::collections::{BTreeMap, BTreeSet};

/// What a parameter holds.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamKind {
    /// A whole number with a unit.
    Int(Unit),
    /// A day.
    Date,
    /// A set of values of one closed set.
    Set(&'static EnumDef),
}

/// One value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamConst {
    /// A number in the parameter's unit.
    Int(i64),
    /// A day.
    Date(Day),
    /// A set, as a mask over codes.
    Set(u128),
}

/// A dated parameter: what it is and its values in the order of their days.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Type.
    pub kind: ParamKind,
    /// First day, last day and value; the first has no start, the last no end.
    pub values: Vec<(Option<Day>, Option<Day>, ParamConst)>,
}

/// The names a condition may use besides the schema.
#[derive(Debug)]
pub struct Names<'a> {
    /// Parameters.
    pub params: &'a BTreeMap<String, Param>,
    /// Named conditions, parsed.
    pub defines: &'a BTreeMap<String, Expr>,
    /// How days that do not exist are rounded; must be said where `within` is used.
    pub rounding: Option<DateRounding>,
    /// The fact whose day chooses among a parameter's values.
    pub anchor: FieldId,
}

/// What the check learns besides the condition.
#[derive(Debug, Default)]
pub struct Used {
    /// Parameters that the condition uses.
    pub params: BTreeSet<String>,
    /// Named conditions that it uses.
    pub defines: BTreeSet<String>,
}

/// Checks a condition and lowers it.
///
/// # Errors
/// The first thing that does not fit the schema, with its place and a suggestion.
pub fn check(expr: &Expr, names: &Names<'_>, used: &mut Used) -> Result<Cond, ExprError> {
    let mut checker = Checker { names, used, vars: Vec::new(), defining: Vec::new() };
    checker.cond(expr)
}

struct Checker<'a, 'n> {
    names: &'a Names<'n>,
    used: &'a mut Used,
    vars: Vec<(String, ListId)>,
    defining: Vec<String>,
}

type Checked<T> = Result<T, ExprError>;

impl<'a> Checker<'a, '_> {
    fn cond(&mut self, expr: &Expr) -> Checked<Cond> {
        match &expr.kind {
            ExprKind::Bool(b) => Ok(Cond::Const(*b)),
            ExprKind::Not(a) => Ok(Cond::not(self.cond(a)?)),
            ExprKind::And(a, b) => Ok(Cond::and(vec![self.cond(a)?, self.cond(b)?])),
            ExprKind::Or(a, b) => Ok(Cond::or(vec![self.cond(a)?, self.cond(b)?])),
            ExprKind::Choose(c, a, b) => {
                let (c, a, b) = (self.cond(c)?, self.cond(a)?, self.cond(b)?);
                let yes = Cond::and(vec![c.clone(), a]);
                Ok(Cond::or(vec![yes, Cond::and(vec![Cond::not(c), b])]))
            }
            ExprKind::Cmp(op, a, b) => self.compare(*op, a, b, expr),
            ExprKind::In(a, b) => self.member_of(a, b),
            ExprKind::Name(n) if self.names.defines.contains_key(n) => self.define(n, expr),
            ExprKind::Call(Some(list), name, args) => self.quantifier(list, name, args, expr),
            ExprKind::Call(None, name, args) if name == "within" => self.within(args, expr),
            ExprKind::Call(None, name, _) if name == "date" => Err(ExprError::new(
                "not-a-condition",
                "this is a date, not a condition",
                expr.span.clone(),
            )
            .help("compare it with a fact: decision.on < date('2014-01-01')")),
            ExprKind::Call(None, name, _) => Err(Self::unknown_function(name, expr)),
            ExprKind::Name(n) => Err(self.unknown_name(n, expr)),
            ExprKind::Member(..) => self.yes(expr),
            ExprKind::Int(_) | ExprKind::Text(_) | ExprKind::List(_) => Err(ExprError::new(
                "not-a-condition",
                "this is a value, not a condition",
                expr.span.clone(),
            )
            .help("compare it with something: ==, in, <=")),
        }
    }

    fn yes(&mut self, expr: &Expr) -> Checked<Cond> {
        match self.term(expr)? {
            Term::Field(r, Kind::Bool) => Ok(Cond::Test(Test::Yes(r))),
            other => Err(ExprError::new(
                "not-a-condition",
                format!("`{expr}` is {}, not a yes/no fact", other.describe()),
                expr.span.clone(),
            )
            .help("compare it with something: ==, in, <=")),
        }
    }

    fn define(&mut self, name: &str, expr: &Expr) -> Checked<Cond> {
        if self.defining.iter().any(|d| d == name) {
            let cycle = format!("{} → {name}", self.defining.join(" → "));
            return Err(ExprError::new(
                "cyclic-define",
                format!("`{name}` is defined by itself: {cycle}"),
                expr.span.clone(),
            ));
        }
        let Some(body) = self.names.defines.get(name) else {
            return Err(ExprError::new(
                "unknown-name",
                format!("`{name}` is not defined"),
                expr.span.clone(),
            ));
        };
        self.used.defines.insert(name.to_owned());
        self.defining.push(name.to_owned());
        // A named condition sees no variables of the place that uses it.
        let vars = std::mem::take(&mut self.vars);
        let result = self.cond(body);
        self.vars = vars;
        self.defining.pop();
        result.map_err(|e| ExprError {
            message: format!("in `{name}`: {}", e.message),
            span: expr.span.clone(),
            ..e
        })
    }

    fn term<'e>(&mut self, expr: &'e Expr) -> Checked<Term<'e>> {
        match &expr.kind {
            ExprKind::Int(n) => Ok(Term::Int(*n)),
            ExprKind::Text(t) => Ok(Term::Text(t)),
            ExprKind::Name(n) => self.bare_name(n, expr),
            ExprKind::Member(target, name) => self.member(target, name, expr),
            ExprKind::Call(None, name, args) if name == "date" => date_literal(args, expr),
            ExprKind::Call(None, name, _) if name != "within" => {
                Err(Self::unknown_function(name, expr))
            }
            _ => Err(ExprError::new(
                "not-a-value",
                format!("`{expr}` is no value that can be compared"),
                expr.span.clone(),
            )),
        }
    }

    /// A bare name in the place of a value is a value of a set: `c.level == felony`.
    fn bare_name<'e>(&self, name: &'e str, expr: &Expr) -> Checked<Term<'e>> {
        let is_list = schema::find_list(name).is_some();
        if self.vars.iter().any(|(v, _)| v == name) || is_list || schema::groups().contains(&name) {
            let message = format!("`{name}` alone is no value");
            return Err(ExprError::new("not-a-value", message, expr.span.clone()).help(
                if is_list {
                    "use .exists(c, …), .all(c, …) or .at_least(n, c, …)"
                } else {
                    "name one of its facts"
                },
            ));
        }
        Ok(Term::Text(name))
    }

    fn member<'e>(&mut self, target: &'e Expr, name: &'e str, expr: &Expr) -> Checked<Term<'e>> {
        let ExprKind::Name(base) = &target.kind else {
            return Err(ExprError::new(
                "unknown-field",
                format!("there is no fact `{expr}`"),
                expr.span.clone(),
            )
            .help("facts are group.name; docs/reference/facts.md lists every fact"));
        };
        if let Some(var) = self.vars.iter().rposition(|(v, _)| v == base) {
            let list = self.vars[var].1;
            let def = list.def();
            let Some(field) = list.field(name) else {
                return Err(unknown_field(
                    &expr.to_string(),
                    name,
                    def.fields.iter().map(|f| f.path),
                    expr,
                ));
            };
            let kind = &def.fields[field.0 as usize].kind;
            return Ok(Term::Field(Ref::Element { var: var as u8, list, field }, kind));
        }
        if base == "param" {
            let Some(param) = self.names.params.get(name) else {
                let near = nearest(name, self.names.params.keys().map(String::as_str));
                let help = near.map_or_else(
                    || format!("add [param.{name}]"),
                    |n| format!("did you mean `param.{n}`?"),
                );
                return Err(ExprError::new(
                    "unknown-param",
                    format!("there is no parameter `{name}`"),
                    expr.span.clone(),
                )
                .help(help));
            };
            self.used.params.insert(name.to_owned());
            return Ok(Term::Param(name.to_owned(), param.clone()));
        }
        let path = format!("{base}.{name}");
        if let Some(field) = schema::find_scalar(&path) {
            return Ok(Term::Field(Ref::Scalar(field), &field.def().kind));
        }
        if schema::find_list(base).is_some() {
            return Err(ExprError::new(
                "unknown-field",
                format!("`{base}` is a list"),
                expr.span.clone(),
            )
            .help(format!("{base}.exists(c, c.{name} …)")));
        }
        let vars = self.vars.iter().map(|(v, _)| v.as_str());
        if !schema::groups().contains(&base.as_str()) {
            let near = nearest(base, schema::groups().into_iter().chain(vars).chain(["param"]));
            let help = near.map_or_else(
                || "docs/reference/facts.md lists every fact".to_owned(),
                |n| format!("did you mean `{n}.{name}`?"),
            );
            return Err(ExprError::new(
                "unknown-field",
                format!("there is no fact `{path}`"),
                expr.span.clone(),
            )
            .help(help));
        }
        let prefix = format!("{base}.");
        let names = fields::SCALARS.iter().filter_map(|f| f.path.strip_prefix(&prefix));
        Err(unknown_field(&path, name, names, expr))
    }

    fn compare(&mut self, op: CmpOp, a: &Expr, b: &Expr, whole: &Expr) -> Checked<Cond> {
        // A yes/no fact compared with true or false.
        if let ExprKind::Bool(value) = b.kind {
            let cond = self.cond(a)?;
            return match op {
                CmpOp::Eq => Ok(if value { cond } else { Cond::not(cond) }),
                CmpOp::Ne => Ok(if value { Cond::not(cond) } else { cond }),
                _ => Err(mismatch_op(op, whole)),
            };
        }
        let (left, right) = (self.term(a)?, self.term(b)?);
        match (&left, &right) {
            (Term::Field(..), _) => self.compare_field(op, &left, &right, b, whole),
            (_, Term::Field(..)) => self.compare_field(op.flipped(), &right, &left, a, whole),
            _ => Err(ExprError::new(
                "no-fact",
                format!("`{whole}` reads no fact"),
                whole.span.clone(),
            )
            .help("one side must be a fact of the case")),
        }
    }

    fn compare_field(
        &mut self,
        op: CmpOp,
        field: &Term<'_>,
        other: &Term<'_>,
        other_expr: &Expr,
        whole: &Expr,
    ) -> Checked<Cond> {
        let Term::Field(r, kind) = field else {
            return Err(mismatch(field, other, whole));
        };
        let r = *r;
        match (kind, other) {
            (Kind::Enum(set), Term::Text(t)) => {
                let mask = 1_u128 << enum_code(set, t, other_expr)?;
                let test = Cond::Test(Test::EnumIn(r, mask));
                match op {
                    CmpOp::Eq => Ok(test),
                    CmpOp::Ne => Ok(Cond::Test(Test::EnumIn(r, !mask))),
                    _ => Err(mismatch_op(op, whole)),
                }
            }
            (Kind::Enum(a), Term::Field(s, Kind::Enum(b))) if a == b => {
                equality(op, Test::EnumSame(r, *s), whole)
            }
            (Kind::Text, Term::Text(t)) => equality(op, Test::TextIn(r, vec![(*t).into()]), whole),
            (Kind::Text, Term::Field(s, Kind::Text)) => equality(op, Test::TextSame(r, *s), whole),
            (Kind::Int(_), Term::Int(n)) => Ok(Cond::Test(Test::Int(r, op, *n))),
            (Kind::Int(u), Term::Field(s, Kind::Int(v))) if u == v => {
                Ok(Cond::Test(Test::IntSame(r, op, *s)))
            }
            (Kind::Int(u), Term::Field(_, Kind::Int(v))) => Err(wrong_unit(*u, *v, whole)),
            (Kind::Int(u), Term::Param(_, p)) => match p.kind {
                ParamKind::Int(v) if v == *u => Ok(self.per_value(p, |c| match c {
                    ParamConst::Int(n) => Cond::Test(Test::Int(r, op, *n)),
                    _ => Cond::Const(false),
                })),
                ParamKind::Int(v) => Err(wrong_unit(*u, v, whole)),
                _ => Err(mismatch(field, other, whole)),
            },
            (Kind::Date, Term::Day(d)) => {
                Ok(Cond::Test(Test::Date(DateTerm::Fact(r), op, DateTerm::Day(*d))))
            }
            (Kind::Date, Term::Field(s, Kind::Date)) => {
                Ok(Cond::Test(Test::Date(DateTerm::Fact(r), op, DateTerm::Fact(*s))))
            }
            (Kind::Date, Term::Param(_, p)) if p.kind == ParamKind::Date => {
                Ok(self.per_value(p, |c| match c {
                    ParamConst::Date(d) => {
                        Cond::Test(Test::Date(DateTerm::Fact(r), op, DateTerm::Day(*d)))
                    }
                    _ => Cond::Const(false),
                }))
            }
            (Kind::Instant, _) => Err(ExprError::new(
                "moment-in-condition",
                format!("`{whole}` compares a moment"),
                whole.span.clone(),
            )
            .help("conditions read days: use the fact that ends in _on")),
            _ => Err(mismatch(field, other, whole)),
        }
    }

    fn member_of(&mut self, a: &Expr, b: &Expr) -> Checked<Cond> {
        let left = self.term(a)?;
        let Term::Field(r, kind) = left else {
            return Err(ExprError::new(
                "type-mismatch",
                format!("`{a}` is no fact"),
                a.span.clone(),
            )
            .help("write fact in ['a', 'b'] or fact in param.name"));
        };
        match (&b.kind, kind) {
            (ExprKind::List(items), Kind::Enum(set)) => {
                let mut mask = 0_u128;
                for item in items {
                    mask |= 1 << enum_code(set, text_item(item)?, item)?;
                }
                Ok(Cond::Test(Test::EnumIn(r, mask)))
            }
            (ExprKind::List(items), Kind::Text) => {
                let texts: Checked<Vec<Box<str>>> =
                    items.iter().map(|i| text_item(i).map(Into::into)).collect();
                Ok(Cond::Test(Test::TextIn(r, texts?)))
            }
            (ExprKind::List(_), kind) => Err(ExprError::new(
                "type-mismatch",
                format!("`{a}` is {}: lists hold values of sets, or texts", describe_kind(kind)),
                b.span.clone(),
            )),
            _ => match (self.term(b)?, kind) {
                (Term::Param(_, p), Kind::Enum(set)) if p.kind == ParamKind::Set(set) => Ok(self
                    .per_value(&p, |c| match c {
                        ParamConst::Set(mask) => Cond::Test(Test::EnumIn(r, *mask)),
                        _ => Cond::Const(false),
                    })),
                (other, _) => Err(mismatch(&Term::Field(r, kind), &other, b)),
            },
        }
    }

    fn within(&mut self, args: &[Expr], whole: &Expr) -> Checked<Cond> {
        let [day, anchor, window] = args else {
            return Err(ExprError::new(
                "wrong-arguments",
                format!("within takes 3 arguments, not {}", args.len()),
                whole.span.clone(),
            )
            .help("within(c.convicted_on, request.issued_on, param.window)"));
        };
        let (day_term, anchor_term) = (self.date_term(day)?, self.date_term(anchor)?);
        let build = |w: Window| Cond::Test(Test::Within(day_term, anchor_term, w));
        if let ExprKind::Call(None, name, args) = &window.kind {
            let [Expr { kind: ExprKind::Int(n), .. }] = args.as_slice() else {
                return Err(ExprError::new(
                    "wrong-arguments",
                    "a window is years(5) or days(90)",
                    window.span.clone(),
                ));
            };
            let unit = match name.as_str() {
                "years" => Unit::Years,
                "days" => Unit::Days,
                _ => return Err(Self::unknown_function(name, window)),
            };
            return Ok(build(self.window(*n, unit, window)?));
        }
        match self.term(window)? {
            Term::Param(_, p) if matches!(p.kind, ParamKind::Int(Unit::Years | Unit::Days)) => {
                let ParamKind::Int(unit) = p.kind else { return Ok(Cond::Const(false)) };
                let mut windows = Vec::new();
                for (_, _, c) in &p.values {
                    if let ParamConst::Int(n) = c {
                        windows.push((*n, self.window(*n, unit, window)?));
                    }
                }
                Ok(self.per_value(&p, |c| match c {
                    ParamConst::Int(n) => windows
                        .iter()
                        .find(|(m, _)| m == n)
                        .map_or(Cond::Const(false), |(_, w)| build(*w)),
                    _ => Cond::Const(false),
                }))
            }
            Term::Int(_) => {
                Err(ExprError::new("wrong-unit", "a window needs a unit", window.span.clone())
                    .help("write years(5) or days(90), or a parameter with a unit"))
            }
            other => Err(ExprError::new(
                "wrong-unit",
                format!("a window is years or days, not {}", other.describe()),
                window.span.clone(),
            )),
        }
    }

    fn window(&self, n: i64, unit: Unit, at: &Expr) -> Checked<Window> {
        if !(0..=500_000).contains(&n) || (unit == Unit::Years && n > 200) {
            return Err(ExprError::new(
                "out-of-range",
                format!("a window of {n} {}", unit.name()),
                at.span.clone(),
            ));
        }
        match (unit, self.names.rounding) {
            (Unit::Days, _) => Ok(Window::Days(n)),
            (_, Some(rounding)) => Ok(Window::Years(n, rounding)),
            (_, None) => Err(ExprError::new(
                "missing-date-rounding",
                "a window of years needs `date_rounding`",
                at.span.clone(),
            )
            .help("add date_rounding = \"down\" (29 February becomes 28) or \"up\" (1 March) to the file")),
        }
    }

    fn date_term(&mut self, expr: &Expr) -> Checked<DateTerm> {
        match self.term(expr)? {
            Term::Field(r, Kind::Date) => Ok(DateTerm::Fact(r)),
            Term::Day(d) => Ok(DateTerm::Day(d)),
            Term::Param(_, Param { kind: ParamKind::Date, values }) if values.len() == 1 => {
                match values[0].2 {
                    ParamConst::Date(d) => Ok(DateTerm::Day(d)),
                    _ => Err(not_a_date(expr, "a parameter")),
                }
            }
            other => Err(not_a_date(expr, &other.describe())),
        }
    }

    /// A condition for each value of a parameter, guarded by the days of that value.
    fn per_value(&self, param: &Param, build: impl Fn(&ParamConst) -> Cond) -> Cond {
        let guard = |from: Option<Day>, until: Option<Day>| {
            let anchor = DateTerm::Fact(Ref::Scalar(self.names.anchor));
            let mut parts = Vec::new();
            if let Some(d) = from {
                parts.push(Cond::Test(Test::Date(anchor, CmpOp::Ge, DateTerm::Day(d))));
            }
            if let Some(d) = until {
                parts.push(Cond::Test(Test::Date(anchor, CmpOp::Le, DateTerm::Day(d))));
            }
            parts
        };
        let options = param.values.iter().map(|(from, until, value)| {
            let mut parts = guard(*from, *until);
            parts.push(build(value));
            Cond::and(parts)
        });
        Cond::or(options.collect())
    }

    fn quantifier(
        &mut self,
        list: &Expr,
        name: &str,
        args: &[Expr],
        whole: &Expr,
    ) -> Checked<Cond> {
        let list_id = match &list.kind {
            ExprKind::Name(n) => schema::find_list(n),
            _ => None,
        };
        let Some(list_id) = list_id else {
            let names = fields::LISTS.iter().map(|l| l.name);
            return Err(ExprError::new(
                "unknown-list",
                format!("`{list}` is no list"),
                list.span.clone(),
            )
            .help(read::suggest(&list.to_string(), names)));
        };
        let (count_args, var, body) = match (name, args) {
            ("exists" | "all", [v, body]) => (None, v, body),
            ("at_least", [n, v, body]) => (Some((n, None)), v, body),
            ("at_least", [n, key, v, body]) => (Some((n, Some(key))), v, body),
            ("exists" | "all" | "at_least", _) => {
                return Err(ExprError::new("wrong-arguments", format!("`{name}` has the wrong number of arguments"), whole.span.clone())
                    .help("list.exists(c, cond), list.all(c, cond), list.at_least(3, c, cond), list.at_least(3, c.incident, c, cond)"));
            }
            _ => return Err(Self::unknown_function(name, whole)),
        };
        let ExprKind::Name(var_name) = &var.kind else {
            return Err(ExprError::new(
                "wrong-arguments",
                "the variable is a bare name",
                var.span.clone(),
            ));
        };
        self.declare(var_name, list_id, var)?;
        let count = self.count(name, count_args, list_id);
        let body = self.cond(body);
        self.vars.pop();
        let var = self.vars.len() as u8;
        Ok(Cond::Quant { list: list_id, var, count: count?, body: Box::new(body?) })
    }

    fn declare(&mut self, name: &str, list: ListId, at: &Expr) -> Checked<()> {
        let taken = self.vars.iter().any(|(v, _)| v == name)
            || schema::groups().contains(&name)
            || schema::find_list(name).is_some()
            || self.names.defines.contains_key(name)
            || name == "param";
        if taken {
            return Err(ExprError::new(
                "shadowed-name",
                format!("`{name}` already means something"),
                at.span.clone(),
            )
            .help("choose another variable name"));
        }
        if self.vars.len() == QUANTIFIERS_MAX {
            let message = format!("more than {QUANTIFIERS_MAX} quantifiers inside one another");
            return Err(ExprError::new("nested-too-deeply", message, at.span.clone()));
        }
        self.vars.push((name.to_owned(), list));
        Ok(())
    }

    fn count(
        &mut self,
        name: &str,
        args: Option<(&Expr, Option<&Expr>)>,
        list: ListId,
    ) -> Checked<Count> {
        let Some((n, key)) = args else {
            return Ok(if name == "all" { Count::All } else { Count::AtLeast(1) });
        };
        let wanted = match n.kind {
            ExprKind::Int(n) if (1..=100).contains(&n) => n as u32,
            _ => {
                return Err(ExprError::new(
                    "out-of-range",
                    format!("`{n}` is no count from 1 to 100"),
                    n.span.clone(),
                ));
            }
        };
        let Some(key) = key else {
            return Ok(Count::AtLeast(wanted));
        };
        match self.term(key)? {
            Term::Field(Ref::Element { list: l, field, .. }, _) if l == list => {
                Ok(Count::AtLeastDistinct(wanted, field))
            }
            _ => Err(ExprError::new(
                "type-mismatch",
                format!("`{key}` is no field of the element"),
                key.span.clone(),
            )),
        }
    }

    fn unknown_name(&self, name: &str, at: &Expr) -> ExprError {
        let defines = self.names.defines.keys().map(String::as_str);
        let lists = fields::LISTS.iter().map(|l| l.name);
        let is_list = schema::find_list(name).is_some();
        let help = if is_list {
            "use .exists(c, …), .all(c, …) or .at_least(n, c, …)".to_owned()
        } else {
            nearest(name, defines.chain(schema::groups()).chain(lists)).map_or_else(
                || "name it in [define], or write a fact such as request.asks_hold".to_owned(),
                |n| format!("did you mean `{n}`?"),
            )
        };
        let code = if is_list { "not-a-value" } else { "unknown-name" };
        ExprError::new(code, format!("`{name}` is no condition"), at.span.clone()).help(help)
    }

    fn unknown_function(name: &str, at: &Expr) -> ExprError {
        const KNOWN: [&str; 7] = ["exists", "all", "at_least", "within", "date", "years", "days"];
        let help = nearest(name, KNOWN).map_or_else(
            || format!("the functions are {}", KNOWN.join(", ")),
            |n| format!("did you mean `{n}`?"),
        );
        ExprError::new(
            "unknown-function",
            format!("there is no function `{name}`"),
            at.span.clone(),
        )
        .help(help)
    }
}
