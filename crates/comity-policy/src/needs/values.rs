//! The values of one fact that are left when several tests of it must turn out so.

use crate::expr::ast::CmpOp;
use comity_model::facts::FactPath;
use comity_model::schema::Kind;

/// What one test leaves of a fact's values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Range<'t> {
    /// A mask over codes; for yes/no, yes is 1 and no is 2.
    Mask(u128),
    /// These numbers or days, both ends included.
    Span(i64, i64),
    /// All but these.
    Hole(i64, i64),
    /// One of these texts, or none of them.
    Texts(&'t [Box<str>], bool),
}

impl Range<'_> {
    pub(super) fn of(op: CmpOp, n: i64, wanted: bool) -> Range<'static> {
        let op = if wanted { op } else { negated(op) };
        match op {
            CmpOp::Eq => Range::Span(n, n),
            CmpOp::Ne => Range::Hole(n, n),
            CmpOp::Lt => Range::Span(i64::MIN, n.saturating_sub(1)),
            CmpOp::Le => Range::Span(i64::MIN, n),
            CmpOp::Gt => Range::Span(n.saturating_add(1), i64::MAX),
            CmpOp::Ge => Range::Span(n, i64::MAX),
        }
    }
}

/// What all tests leave of a fact's values.
pub(super) struct Values<'t> {
    mask: u128,
    first: i64,
    last: i64,
    holes: Vec<(i64, i64)>,
    one_of: Option<Vec<&'t str>>,
    none_of: Vec<&'t str>,
}

impl<'t> Values<'t> {
    /// Every value of a fact; no number is below zero.
    pub(super) fn of(path: FactPath) -> Values<'t> {
        let first = if matches!(path.kind(), Some(Kind::Int(_))) { 0 } else { i64::MIN };
        let (holes, none_of) = (Vec::new(), Vec::new());
        Values { mask: u128::MAX, first, last: i64::MAX, holes, one_of: None, none_of }
    }

    /// Leaves only those that a test leaves.
    pub(super) fn meet(&mut self, range: Range<'t>) {
        match range {
            Range::Mask(m) => self.mask &= m,
            Range::Span(a, b) => (self.first, self.last) = (self.first.max(a), self.last.min(b)),
            Range::Hole(a, b) => self.holes.push((a, b)),
            Range::Texts(list, false) => self.none_of.extend(list.iter().map(|t| &**t)),
            Range::Texts(list, true) => {
                let left = |t: &&str| self.one_of.as_ref().is_none_or(|old| old.contains(t));
                self.one_of = Some(list.iter().map(|t| &**t).filter(left).collect());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let texts = self.one_of.as_ref();
        self.mask == 0
            || self.no_number()
            || texts.is_some_and(|t| t.iter().all(|t| self.none_of.contains(t)))
    }

    /// True when holes cover the whole span.
    fn no_number(&self) -> bool {
        let mut at = self.first;
        let mut holes = self.holes.clone();
        holes.sort_unstable();
        for (first, last) in holes {
            if first > at || at > self.last {
                break;
            }
            at = at.max(last.saturating_add(1));
        }
        at > self.last
    }
}

fn negated(op: CmpOp) -> CmpOp {
    match op {
        CmpOp::Eq => CmpOp::Ne,
        CmpOp::Ne => CmpOp::Eq,
        CmpOp::Lt => CmpOp::Ge,
        CmpOp::Le => CmpOp::Gt,
        CmpOp::Gt => CmpOp::Le,
        CmpOp::Ge => CmpOp::Lt,
    }
}
