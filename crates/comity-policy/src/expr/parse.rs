//! Tokens to tree: a Pratt parser.

use super::ast::{CmpOp, Expr, ExprKind};
use super::lex::{Token, lex};
use super::{DEPTH_MAX, EXPR_BYTES_MAX, ExprError, TOKENS_MAX};
use std::ops::Range;

/// Parses one condition.
///
/// # Errors
/// The first thing that is not CEL syntax, with its place and a next step.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    if text.len() > EXPR_BYTES_MAX {
        return Err(ExprError::new(
            "expression-too-long",
            format!("the condition has {} bytes; at most {EXPR_BYTES_MAX} are read", text.len()),
            0..0,
        )
        .help("move parts to [define]"));
    }
    let tokens = lex(text)?;
    if tokens.len() > TOKENS_MAX {
        return Err(ExprError::new(
            "expression-too-long",
            format!(
                "the condition has {} words and signs; at most {TOKENS_MAX} are read",
                tokens.len()
            ),
            0..0,
        )
        .help("move parts to [define]"));
    }
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    if parser.peek() == &Token::End {
        return Err(ExprError::new("empty-expression", "the condition is empty", 0..text.len())
            .help("leave `when` out for a rule that always applies"));
    }
    let expr = parser.expr(0)?;
    parser.end()?;
    Ok(expr)
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
}

/// Left binding powers, loosest first.
fn power(sign: &Token) -> Option<u8> {
    Some(match sign {
        Token::Sign("?") => 1,
        Token::Sign("||") => 2,
        Token::Sign("&&") => 3,
        Token::Sign("==" | "!=" | "<" | "<=" | ">" | ">=") => 4,
        Token::Name(n) if n == "in" => 4,
        Token::Sign("+" | "-" | "*") => 5,
        Token::Sign("." | "[") => 7,
        _ => return None,
    })
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn next(&mut self) -> (Token, Range<usize>) {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn end(&self) -> Result<(), ExprError> {
        if self.peek() == &Token::End {
            Ok(())
        } else {
            Err(self.unexpected("the condition should end"))
        }
    }

    fn unexpected(&self, wanted: &str) -> ExprError {
        let found = match self.peek() {
            Token::Name(n) => format!("`{n}`"),
            Token::Int(n) => format!("`{n}`"),
            Token::Text(_) => "text".to_owned(),
            Token::Sign(s) => format!("`{s}`"),
            Token::End => "the end".to_owned(),
        };
        ExprError::new("bad-expression", format!("found {found} where {wanted}"), self.span())
            .help("conditions use CEL syntax: see docs/reference/policy-language.md")
    }

    fn eat(&mut self, sign: &'static str) -> Result<Range<usize>, ExprError> {
        if self.peek() == &Token::Sign(sign) {
            return Ok(self.next().1);
        }
        Err(self.unexpected(&format!("`{sign}` should stand")))
    }

    fn expr(&mut self, binding: u8) -> Result<Expr, ExprError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(ExprError::new(
                "nested-too-deeply",
                format!("the condition is nested more than {DEPTH_MAX} deep"),
                self.span(),
            )
            .help("move parts to [define]"));
        }
        let mut left = self.prefix()?;
        while let Some(p) = power(self.peek())
            && p > binding
        {
            left = self.infix(left, p)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expr, ExprError> {
        let span = self.span();
        let kind = match self.peek().clone() {
            Token::Int(n) => {
                self.next();
                ExprKind::Int(n)
            }
            Token::Text(t) => {
                self.next();
                ExprKind::Text(t)
            }
            Token::Name(n) if n == "in" => return Err(self.unexpected("a value should stand")),
            Token::Name(n) => {
                self.next();
                match n.as_str() {
                    "true" => ExprKind::Bool(true),
                    "false" => ExprKind::Bool(false),
                    _ if self.peek() == &Token::Sign("(") => {
                        let (args, end) = self.arguments()?;
                        return Ok(Expr {
                            kind: ExprKind::Call(None, n, args),
                            span: span.start..end,
                        });
                    }
                    _ => ExprKind::Name(n),
                }
            }
            Token::Sign("!") => {
                self.next();
                let inner = self.expr(6)?;
                let span = span.start..inner.span.end;
                return Ok(Expr { kind: ExprKind::Not(Box::new(inner)), span });
            }
            Token::Sign("(") => {
                self.next();
                let inner = self.expr(0)?;
                let end = self.eat(")")?.end;
                return Ok(Expr { kind: inner.kind, span: span.start..end });
            }
            Token::Sign("[") => {
                self.next();
                let (items, end) = self.items("]")?;
                return Ok(Expr { kind: ExprKind::List(items), span: span.start..end });
            }
            _ => return Err(self.unexpected("a value should stand")),
        };
        Ok(Expr { kind, span })
    }

    fn infix(&mut self, left: Expr, p: u8) -> Result<Expr, ExprError> {
        let (token, sign_span) = self.next();
        let start = left.span.start;
        match token {
            Token::Sign(".") => return self.member(left),
            Token::Sign("?") => {
                let yes = self.expr(0)?;
                self.eat(":")?;
                let no = self.expr(0)?;
                let end = no.span.end;
                let kind = ExprKind::Choose(Box::new(left), Box::new(yes), Box::new(no));
                return Ok(Expr { kind, span: start..end });
            }
            Token::Sign("[") => {
                return Err(ExprError::new(
                    "bad-expression",
                    "elements have no numbers",
                    sign_span,
                )
                .help("use .exists(c, …) or .all(c, …)"));
            }
            Token::Sign(s @ ("+" | "-" | "*")) => {
                let message = format!("there is no arithmetic: `{s}`");
                return Err(ExprError::new("no-arithmetic", message, sign_span)
                    .help("use within(day, anchor, window) for look-backs, or a parameter"));
            }
            _ => {}
        }
        let right = self.expr(p)?;
        let end = right.span.end;
        let (a, b) = (Box::new(left), Box::new(right));
        let kind = match token {
            Token::Sign("&&") => ExprKind::And(a, b),
            Token::Sign("||") => ExprKind::Or(a, b),
            Token::Sign("==") => ExprKind::Cmp(CmpOp::Eq, a, b),
            Token::Sign("!=") => ExprKind::Cmp(CmpOp::Ne, a, b),
            Token::Sign("<") => ExprKind::Cmp(CmpOp::Lt, a, b),
            Token::Sign("<=") => ExprKind::Cmp(CmpOp::Le, a, b),
            Token::Sign(">") => ExprKind::Cmp(CmpOp::Gt, a, b),
            Token::Sign(">=") => ExprKind::Cmp(CmpOp::Ge, a, b),
            _ => ExprKind::In(a, b),
        };
        Ok(Expr { kind, span: start..end })
    }

    fn member(&mut self, target: Expr) -> Result<Expr, ExprError> {
        let (token, span) = self.next();
        let Token::Name(name) = token else {
            self.at = self.at.saturating_sub(1);
            return Err(self.unexpected("a name should follow the dot"));
        };
        let start = target.span.start;
        if self.peek() == &Token::Sign("(") {
            let (args, end) = self.arguments()?;
            return Ok(Expr {
                kind: ExprKind::Call(Some(Box::new(target)), name, args),
                span: start..end,
            });
        }
        Ok(Expr { kind: ExprKind::Member(Box::new(target), name), span: start..span.end })
    }

    fn arguments(&mut self) -> Result<(Vec<Expr>, usize), ExprError> {
        self.eat("(")?;
        self.items(")")
    }

    fn items(&mut self, close: &'static str) -> Result<(Vec<Expr>, usize), ExprError> {
        let mut items = Vec::new();
        while self.peek() != &Token::Sign(close) {
            items.push(self.expr(0)?);
            if self.peek() != &Token::Sign(",") {
                break;
            }
            self.next();
        }
        let end = self.eat(close)?.end;
        Ok((items, end))
    }
}
