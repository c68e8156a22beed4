//! The syntax tree, with the place of every node, and its canonical text.

use std::fmt;
use std::ops::Range;

/// A node with its bytes in the expression's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CmpOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CmpOp {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            CmpOp::Eq => "==",
            CmpOp::Ne => "!=",
            CmpOp::Lt => "<",
            CmpOp::Le => "<=",
            CmpOp::Gt => ">",
            CmpOp::Ge => ">=",
        }
    }

    /// Applies it to an ordering of the left side against the right.
    #[inline]
    pub fn holds<T: Ord>(self, a: T, b: T) -> bool {
        match self {
            CmpOp::Eq => a == b,
            CmpOp::Ne => a != b,
            CmpOp::Lt => a < b,
            CmpOp::Le => a <= b,
            CmpOp::Gt => a > b,
            CmpOp::Ge => a >= b,
        }
    }

    /// The operator that holds with the sides exchanged.
    #[must_use]
    pub fn flipped(self) -> CmpOp {
        match self {
            CmpOp::Lt => CmpOp::Gt,
            CmpOp::Le => CmpOp::Ge,
            CmpOp::Gt => CmpOp::Lt,
            CmpOp::Ge => CmpOp::Le,
            same => same,
        }
    }
}

/// The kinds of node.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `true`, `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// `'text'`
    Text(String),
    /// A bare name.
    Name(String),
    /// `target.name`
    Member(Box<Expr>, String),
    /// `name(args)` or `target.name(args)`
    Call(Option<Box<Expr>>, String, Vec<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `!a`
    Not(Box<Expr>),
    /// `a && b`
    And(Box<Expr>, Box<Expr>),
    /// `a || b`
    Or(Box<Expr>, Box<Expr>),
    /// `a < b`
    Cmp(CmpOp, Box<Expr>, Box<Expr>),
    /// `a in b`
    In(Box<Expr>, Box<Expr>),
    /// `a ? b : c`
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
}

impl fmt::Display for Expr {
    /// The canonical text: one space around operators, no superfluous parentheses but
    /// around every nested operator, text in single quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Bool(b) => write!(f, "{b}"),
            ExprKind::Int(n) => write!(f, "{n}"),
            ExprKind::Text(t) => {
                write!(f, "'{}'", t.replace('\\', "\\\\").replace('\'', "\\'"))
            }
            ExprKind::Name(n) => f.write_str(n),
            ExprKind::Member(target, name) => write!(f, "{}.{name}", Target(target)),
            ExprKind::Call(target, name, args) => {
                if let Some(target) = target {
                    write!(f, "{}.", Target(target))?;
                }
                write!(f, "{name}(")?;
                write_list(f, args)?;
                f.write_str(")")
            }
            ExprKind::List(items) => {
                f.write_str("[")?;
                write_list(f, items)?;
                f.write_str("]")
            }
            ExprKind::Not(a) => write!(f, "!{}", Nested(a)),
            // Chains read from the left, so that long ones do not nest.
            ExprKind::And(a, b) if matches!(a.kind, ExprKind::And(..)) => {
                write!(f, "{a} && {}", Nested(b))
            }
            ExprKind::Or(a, b) if matches!(a.kind, ExprKind::Or(..)) => {
                write!(f, "{a} || {}", Nested(b))
            }
            ExprKind::And(a, b) => write!(f, "{} && {}", Nested(a), Nested(b)),
            ExprKind::Or(a, b) => write!(f, "{} || {}", Nested(a), Nested(b)),
            ExprKind::Cmp(op, a, b) => write!(f, "{} {} {}", Nested(a), op.symbol(), Nested(b)),
            ExprKind::In(a, b) => write!(f, "{} in {}", Nested(a), Nested(b)),
            ExprKind::Choose(c, a, b) => {
                write!(f, "{} ? {} : {}", Nested(c), Nested(a), Nested(b))
            }
        }
    }
}

struct Nested<'a>(&'a Expr);

impl fmt::Display for Nested<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = matches!(
            self.0.kind,
            ExprKind::And(..)
                | ExprKind::Or(..)
                | ExprKind::Cmp(..)
                | ExprKind::In(..)
                | ExprKind::Choose(..)
        );
        if operator { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

/// What a dot follows: `!a.b` is `!(a.b)`, so a negation takes parentheses too.
struct Target<'a>(&'a Expr);

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            ExprKind::Not(..) => write!(f, "({})", self.0),
            _ => write!(f, "{}", Nested(self.0)),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, items: &[Expr]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
