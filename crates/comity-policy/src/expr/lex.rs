//! Text to tokens.

use super::ExprError;
use std::ops::Range;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Int(i64),
    Text(String),
    /// Operators and punctuation.
    Sign(&'static str),
    End,
}

const SIGNS: [&str; 20] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "?", ":", "-",
    "+", "*",
];

pub(super) fn lex(text: &str) -> Result<Vec<(Token, Range<usize>)>, ExprError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        let token = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '/' if text[at..].starts_with("//") => {
                at += text[at..].find('\n').unwrap_or(text.len() - at);
                continue;
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                at += name_len(&text[at..]);
                Token::Name(text[start..at].to_owned())
            }
            '0'..='9' => {
                at += name_len(&text[at..]);
                Token::Int(text[start..at].parse().map_err(|_| {
                    ExprError::new("bad-number", format!("`{}` is no whole number", &text[start..at]), start..at)
                        .help("whole numbers up to 9223372036854775807, without units; quote dates: date('2014-01-01')")
                })?)
            }
            '\'' | '"' => {
                let (value, len) = quoted(&text[at..], c, at)?;
                at += len;
                Token::Text(value)
            }
            _ => {
                let sign = SIGNS.iter().find(|s| text[at..].starts_with(**s)).ok_or_else(|| {
                    let end = at + c.len_utf8();
                    bad_sign(c, at..end)
                })?;
                at += sign.len();
                Token::Sign(sign)
            }
        };
        out.push((token, start..at));
    }
    out.push((Token::End, text.len()..text.len()));
    Ok(out)
}

fn name_len(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
}

fn quoted(text: &str, quote: char, offset: usize) -> Result<(String, usize), ExprError> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c @ ('\\' | '\'' | '"'))) => out.push(c),
                _ => {
                    let span = offset + i..offset + i + 1;
                    return Err(ExprError::new(
                        "bad-escape",
                        "only \\\\, \\' and \\\" may follow a backslash",
                        span,
                    ));
                }
            },
            c if c == quote => return Ok((out, i + 1)),
            c => out.push(c),
        }
    }
    Err(ExprError::new("string-not-closed", "the text is not closed", offset..offset + text.len())
        .help(format!("add {quote}")))
}

fn bad_sign(c: char, span: Range<usize>) -> ExprError {
    let help = match c {
        '&' => "write `&&` for and",
        '|' => "write `||` for or",
        '=' => "write `==` to compare",
        '“' | '”' | '‘' | '’' => "write straight quotes: 'text'",
        _ => "conditions use CEL syntax: see docs/reference/policy-language.md",
    };
    ExprError::new("bad-expression", format!("`{}` has no meaning here", c.escape_debug()), span)
        .help(help)
}
