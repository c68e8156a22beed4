//! Canonical JSON (RFC 8785), without fractions: a number is a whole one that every JSON
//! library keeps exactly (RFC 7493, section 2.2). Amounts and scores travel as text.

use comity_model::Diagnostic;
use serde_json::{Map, Value};

/// Largest whole number that a double keeps exactly: 2^53 - 1.
const NUMBER_MAX: i64 = (1 << 53) - 1;

/// A value in its only spelling: members sorted by their names in UTF-16, no spaces, the
/// shortest escapes.
///
/// # Errors
/// `not-whole`: a number with a fraction, or beyond 2^53 - 1.
pub fn canonical(value: &Value) -> Result<String, Diagnostic> {
    let mut out = String::new();
    write(value, &mut out, "")?;
    Ok(out)
}

/// Reads JSON that is in canonical form already; every other spelling of it is refused, and
/// with it members given twice.
///
/// # Errors
/// `not-json`, `not-whole`, `not-canonical`.
pub fn read_canonical(text: &str) -> Result<Value, Diagnostic> {
    let value: Value = serde_json::from_str(text).map_err(|e| {
        let mut fault = Diagnostic::error("not-json", "this is no JSON that can be read");
        (fault.line, fault.column) = (e.line(), e.column());
        fault
    })?;
    let spelled = canonical(&value)?;
    if spelled == text {
        return Ok(value);
    }
    let same = spelled.chars().zip(text.chars()).take_while(|(a, b)| a == b).count();
    let mut fault = Diagnostic::error("not-canonical", "the JSON is not in canonical form")
        .help("members are sorted and unique, there are no spaces, escapes are the shortest");
    (fault.line, fault.column) = (1, same + 1);
    Err(fault)
}

fn write(value: &Value, out: &mut String, path: &str) -> Result<(), Diagnostic> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match number.as_i64() {
            Some(n) if (-NUMBER_MAX..=NUMBER_MAX).contains(&n) => out.push_str(&n.to_string()),
            _ => {
                let message = format!("`{number}` is no whole number between -2^53 and 2^53");
                return Err(Diagnostic::error("not-whole", message)
                    .path(path)
                    .help("write an amount or a score as text"));
            }
        },
        Value::String(text) => write_text(text, out),
        Value::Array(values) => {
            out.push('[');
            for (i, value) in values.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(value, out, &format!("{path}[{i}]"))?;
            }
            out.push(']');
        }
        Value::Object(members) => write_members(members, out, path)?,
    }
    Ok(())
}

fn write_members(
    members: &Map<String, Value>,
    out: &mut String,
    path: &str,
) -> Result<(), Diagnostic> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (i, (name, value)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        let dot = if path.is_empty() { "" } else { "." };
        write(value, out, &format!("{path}{dot}{name}"))?;
    }
    out.push('}');
    Ok(())
}

/// RFC 8785, section 3.2.2.2.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
