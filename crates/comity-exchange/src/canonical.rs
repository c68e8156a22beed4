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
    write(value, &mut out)?;
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

/// A fault inside of a member or an element: where that is.
fn inside(mut fault: Diagnostic, place: &str) -> Diagnostic {
    let dot = if fault.path.is_empty() || fault.path.starts_with('[') { "" } else { "." };
    fault.path = format!("{place}{dot}{}", fault.path);
    fault
}

fn write(value: &Value, out: &mut String) -> Result<(), Diagnostic> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match number.as_i64() {
            Some(n) if (-NUMBER_MAX..=NUMBER_MAX).contains(&n) => out.push_str(&n.to_string()),
            _ => {
                let message = format!("`{number}` is no whole number between -2^53 and 2^53");
                return Err(Diagnostic::error("not-whole", message)
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
                write(value, out).map_err(|fault| inside(fault, &format!("[{i}]")))?;
            }
            out.push(']');
        }
        Value::Object(members) => write_members(members, out)?,
    }
    Ok(())
}

fn write_members(members: &Map<String, Value>, out: &mut String) -> Result<(), Diagnostic> {
    let mut sorted: Vec<_> = members.iter().collect();
    // The order of bytes is that of UTF-16 but for some rare letters.
    if members.keys().all(|name| name.is_ascii()) {
        sorted.sort_unstable_by_key(|(name, _)| *name);
    } else {
        sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    }
    out.push('{');
    for (i, (name, value)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        write(value, out).map_err(|fault| inside(fault, name))?;
    }
    out.push('}');
    Ok(())
}

/// RFC 8785, section 3.2.2.2.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| b < b' ' || b == b'"' || b == b'\\') {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = escaped.chars();
        match letters.next() {
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            Some(c) if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => {
                out.push('\\');
                out.extend(c);
            }
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
