//! Conditions: CEL syntax, a typed subset (`docs/reference/policy-language.md`).
//!
//! [`parse`] turns text into [`Expr`]; `check` types it against the schema and
//! lowers it to [`crate::cond::Cond`], the only form that is ever evaluated.

pub mod ast;
pub mod check;
mod lex;
mod parse;

pub use ast::{Expr, ExprKind};
pub use parse::parse;

use std::ops::Range;

/// What is wrong in an expression, with the byte range inside the expression's text.
#[derive(Debug, Clone, PartialEq)]
pub struct ExprError {
    /// Stable name of the kind of error.
    pub code: &'static str,
    /// What is wrong, the author's text in backticks.
    pub message: String,
    /// What to do next.
    pub help: String,
    /// Bytes of the expression's text.
    pub span: Range<usize>,
}

impl ExprError {
    fn new(code: &'static str, message: impl Into<String>, span: Range<usize>) -> ExprError {
        ExprError { code, message: message.into(), help: String::new(), span }
    }

    fn help(mut self, help: impl Into<String>) -> ExprError {
        self.help = help.into();
        self
    }
}

/// Longest expression that is read, in bytes.
pub const EXPR_BYTES_MAX: usize = 16_384;
/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 64;
/// Most words and signs of one expression.
pub const TOKENS_MAX: usize = 2_000;
