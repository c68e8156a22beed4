//! Sides of comparisons, and how a mismatch is worded.

use super::{Checked, Param, ParamKind};
use crate::cond::{Cond, Ref, Test};
use crate::expr::ExprError;
use crate::expr::ast::{CmpOp, Expr, ExprKind};
use comity_model::schema::{EnumDef, Kind, Unit};
use comity_model::{Day, read};
use std::ops::Range;

/// A side of a comparison.
#[derive(Debug, Clone)]
pub(super) enum Term<'a> {
    Field(Ref, &'static Kind),
    Int(i64),
    Text(&'a str),
    Day(Day),
    Param(String, Param),
}

impl Term<'_> {
    pub(super) fn describe(&self) -> String {
        match self {
            Term::Field(_, kind) => describe_kind(kind),
            Term::Int(_) => "a number".to_owned(),
            Term::Text(t) => format!("the text '{t}'"),
            Term::Day(_) => "a date".to_owned(),
            Term::Param(n, p) => match &p.kind {
                ParamKind::Int(u) => format!("param.{n}, {}", unit_words(*u)),
                ParamKind::Date => format!("param.{n}, a date"),
                ParamKind::Set(s) => format!("param.{n}, a set of {}", s.name),
            },
        }
    }
}

pub(super) fn unit_words(unit: Unit) -> String {
    match unit {
        Unit::Count => "a count".to_owned(),
        u => format!("a number of {}", u.name()),
    }
}

pub(super) fn describe_kind(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "a yes/no fact".to_owned(),
        Kind::Int(u) => unit_words(*u),
        Kind::Enum(set) => format!("one {}", set.name),
        Kind::Date => "a date".to_owned(),
        Kind::Instant => "a moment".to_owned(),
        Kind::Text => "a text".to_owned(),
    }
}

pub(super) fn date_literal<'e>(args: &[Expr], whole: &Expr) -> Checked<Term<'e>> {
    let [Expr { kind: ExprKind::Text(t), span }] = args else {
        return Err(ExprError::new("wrong-arguments", "date takes one text", whole.span.clone())
            .help("date('2014-01-01')"));
    };
    Day::parse(t).map(Term::Day).ok_or_else(|| {
        ExprError::new("bad-date", format!("`{t}` is no calendar day"), span.clone())
            .help("a day such as date('2014-01-01')")
    })
}

pub(super) fn text_item(expr: &Expr) -> Checked<&str> {
    match &expr.kind {
        ExprKind::Text(t) => Ok(t),
        ExprKind::Name(n) => Ok(n),
        _ => {
            Err(ExprError::new("type-mismatch", format!("`{expr}` is no text"), expr.span.clone())
                .help("lists hold texts: ['a', 'b']"))
        }
    }
}

pub(super) fn enum_code(set: &'static EnumDef, text: &str, at: &Expr) -> Checked<u8> {
    set.code(text).ok_or_else(|| {
        ExprError::new("wrong-enum-value", format!("`{text}` is no {}", set.name), at.span.clone())
            .help(read::suggest(text, set.values.iter().map(|(n, _)| *n)))
    })
}

pub(super) fn equality(op: CmpOp, test: Test, whole: &Expr) -> Checked<Cond> {
    match op {
        CmpOp::Eq => Ok(Cond::Test(test)),
        CmpOp::Ne => Ok(Cond::not(Cond::Test(test))),
        _ => Err(mismatch_op(op, whole)),
    }
}

pub(super) fn mismatch_op(op: CmpOp, whole: &Expr) -> ExprError {
    ExprError::new(
        "type-mismatch",
        format!("`{}` orders things that have no order", op.symbol()),
        whole.span.clone(),
    )
    .help("use == or !=")
}

pub(super) fn wrong_unit(a: Unit, b: Unit, whole: &Expr) -> ExprError {
    ExprError::new(
        "wrong-unit",
        format!("`{whole}` compares {} with {}", a.name(), b.name()),
        whole.span.clone(),
    )
    .help(format!("both sides must be {}", a.name()))
}

pub(super) fn not_a_date(expr: &Expr, what: &str) -> ExprError {
    ExprError::new("type-mismatch", format!("`{expr}` is {what}, not a date"), expr.span.clone())
        .help("a date fact (they end in _on) or date('2014-01-01')")
}

pub(super) fn mismatch(a: &Term<'_>, b: &Term<'_>, whole: &Expr) -> ExprError {
    let is_date = |t: &Term<'_>| {
        matches!(t, Term::Field(_, Kind::Date) | Term::Day(_))
            || matches!(t, Term::Param(_, Param { kind: ParamKind::Date, .. }))
    };
    let is_number = |t: &Term<'_>| {
        matches!(t, Term::Field(_, Kind::Int(_)) | Term::Int(_))
            || matches!(t, Term::Param(_, Param { kind: ParamKind::Int(_), .. }))
    };
    let crossed = (is_date(a) && is_number(b)) || (is_number(a) && is_date(b));
    let code = if crossed { "date-against-number" } else { "type-mismatch" };
    let help = match (a, b) {
        _ if crossed => {
            "use within(day, anchor, window) for look-backs, date('2014-01-01') for a day"
                .to_owned()
        }
        (Term::Field(_, Kind::Date), Term::Text(t)) => format!("write date('{t}')"),
        (Term::Field(_, Kind::Bool), _) => "a yes/no fact stands alone: fact, or !fact".to_owned(),
        (Term::Field(_, Kind::Enum(_)), Term::Param(..)) => "write fact in param.name".to_owned(),
        _ => String::new(),
    };
    ExprError::new(code, format!("{} against {}", a.describe(), b.describe()), whole.span.clone())
        .help(help)
}

pub(super) fn unknown_field<'n>(
    path: &str,
    name: &str,
    names: impl Iterator<Item = &'n str> + Clone,
    at: &Expr,
) -> ExprError {
    ExprError::new("unknown-field", format!("there is no fact `{path}`"), at.span.clone())
        .help(read::suggest(name, names))
}

/// Moves an error inside an expression to the bytes of the file that holds it.
pub fn span_in_file(span: &Range<usize>, text_start: usize) -> Range<usize> {
    text_start + span.start..text_start + span.end
}
