//! What must turn out, in words.

use super::{Atom, Finder, Turn};
use crate::cond::{DateTerm, Elements, Test, path_of, reads};
use crate::expr::ast::CmpOp;
use comity_model::facts::FactPath;

impl Finder<'_> {
    pub(super) fn turn(&self, atom: &Atom<'_>, wanted: bool) -> Turn {
        match atom {
            Atom::Test(test, elements) => {
                let facts =
                    reads(test, elements).into_iter().filter(|p| !self.facts.at(*p).is_known());
                Turn { facts: facts.collect(), says: self.test_words(test, elements, wanted) }
            }
            Atom::List(list, _, _) => Turn {
                facts: vec![FactPath::List(*list)],
                says: if wanted {
                    format!("there is a {} that fits the rule", list.def().one)
                } else {
                    format!("no other {} fits the rule", list.def().one)
                },
            },
        }
    }

    fn test_words(&self, test: &Test, elements: &Elements, wanted: bool) -> String {
        let not = if wanted { "" } else { "not " };
        let term = |t: &DateTerm| match (t, self.day(t, elements)) {
            (_, Some(d)) => d.to_string(),
            (DateTerm::Fact(r), None) => path_of(*r, elements).to_string(),
            (DateTerm::Day(d), None) => d.to_string(),
        };
        match test {
            Test::Yes(_) => if wanted { "is yes" } else { "is no" }.to_owned(),
            Test::EnumIn(r, mask) => Self::mask_words(path_of(*r, elements), *mask, wanted),
            Test::Int(_, op, n) => format!("is {}{} {n}", not, op_words(*op)),
            Test::IntSame(_, op, b) => {
                format!("is {}{} {}", not, op_words(*op), path_of(*b, elements))
            }
            Test::Date(a, op, b) => {
                let known_left = self.day(a, elements).is_some();
                let (op, other) = if known_left { (op.flipped(), a) } else { (*op, b) };
                format!("is {}{} {}", not, date_words(op), term(other))
            }
            Test::Within(_, anchor, window) => match self.day(anchor, elements) {
                Some(d) => format!("is {}between {} and {d}", not, window.first_day(d)),
                None => format!("is {}within the window before {}", not, term(anchor)),
            },
            Test::TextIn(_, texts) => format!("is {}{}", not, texts.join(" or ")),
            Test::EnumSame(_, b) | Test::TextSame(_, b) => {
                format!("is {}the same as {}", not, path_of(*b, elements))
            }
        }
    }

    fn mask_words(path: FactPath, mask: u128, wanted: bool) -> String {
        let Some(comity_model::schema::Kind::Enum(set)) = path.kind() else {
            return String::new();
        };
        let all: Vec<&str> = set.values.iter().map(|(n, _)| *n).collect();
        let inside = |i: usize| (mask >> i & 1 == 1) == wanted;
        let yes: Vec<&str> =
            all.iter().enumerate().filter(|(i, _)| inside(*i)).map(|(_, n)| *n).collect();
        let no: Vec<&str> =
            all.iter().enumerate().filter(|(i, _)| !inside(*i)).map(|(_, n)| *n).collect();
        if yes.len() <= no.len() {
            format!("is {}", yes.join(" or "))
        } else {
            format!("is none of {}", no.join(", "))
        }
    }
}

fn op_words(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "exactly",
        CmpOp::Ne => "other than",
        CmpOp::Lt => "less than",
        CmpOp::Le => "at most",
        CmpOp::Gt => "more than",
        CmpOp::Ge => "at least",
    }
}

fn date_words(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "on",
        CmpOp::Ne => "other than",
        CmpOp::Lt => "before",
        CmpOp::Le => "on or before",
        CmpOp::Gt => "after",
        CmpOp::Ge => "on or after",
    }
}
