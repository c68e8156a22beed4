//! How source is kept: short files, short functions, every file with its sentence.

use crate::{files, none_found};

/// Most lines of a source file.
const FILE_LINES_MAX: usize = 800;

/// Most lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn no_source_file_is_longer_than_800_lines() {
    let long: Vec<String> = ["crates", "fuzz", "benches"]
        .into_iter()
        .flat_map(|folder| files(folder, &[".rs"]))
        .map(|f| (f.text.lines().count(), f.path))
        .filter(|(lines, _)| *lines > FILE_LINES_MAX)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    none_found("source files over 800 lines", &long);
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let mut long = Vec::new();
    for file in files("crates", &[".rs"]) {
        if !file.path.contains("/src/") || is_test_file(&file.path) {
            continue;
        }
        for (name, line, lines) in functions(&code_of(&file.text)) {
            if lines > FUNCTION_LINES_MAX {
                long.push(format!("{}:{line}: `{name}` has {lines} lines", file.path));
            }
        }
    }
    none_found("functions over 70 lines", &long);
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    let silent: Vec<String> = ["crates", "fuzz"]
        .into_iter()
        .flat_map(|folder| files(folder, &[".rs"]))
        .filter(|f| {
            let first = f.text.lines().find(|l| !l.trim().is_empty() && !l.starts_with("#!["));
            !first.is_some_and(|l| l.starts_with("//! "))
        })
        .map(|f| f.path)
        .collect();
    none_found("source files without a `//!` sentence", &silent);
}

/// True for files that hold only tests.
pub fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The code of a file: comments, texts and `#[cfg(test)]` modules blanked, lines kept.
pub fn code_of(text: &str) -> String {
    without_tests(&blank(text))
}

/// Blanks comments and the insides of texts and characters, and keeps every line where it is.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match (chars[at], chars.get(at + 1)) {
            ('/', Some('/')) => line_end(&chars, at),
            ('/', Some('*')) => comment_end(&chars, at),
            ('"', _) => text_end(&chars, at),
            ('r', Some('"' | '#')) if !follows_word(&chars, at) => raw_end(&chars, at),
            ('\'', _) => character_end(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    out
}

fn follows_word(chars: &[char], at: usize) -> bool {
    // `br"…"` is a text too; the `b` before it does no harm.
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_') && chars[at - 1] != 'b'
}

fn line_end(chars: &[char], at: usize) -> usize {
    (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len())
}

fn comment_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0_usize;
    let mut i = at;
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn text_end(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 1,
            '"' => return i + 1,
            _ => {}
        }
        i += 1;
    }
    chars.len()
}

/// The end of a raw text that starts at `at`, or `at` where none does (`r#type`).
fn raw_end(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    let open = at + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return at;
    }
    let closes = |i: &usize| {
        chars[*i] == '"'
            && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    (open + 1..chars.len()).find(closes).map_or(chars.len(), |i| i + 1 + hashes)
}

/// The end of a character at `at`, or `at` where a lifetime stands.
fn character_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let close = (at + 3..chars.len()).find(|i| chars[*i] == '\'');
            close.map_or(chars.len(), |i| i + 1)
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

/// Blanks every block that `#[cfg(test)]` stands before.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(found) = out[from..].find("#[cfg(test)]") {
        let start = from + found;
        let rest = &out[start..];
        let end = match (rest.find('{'), rest.find(';')) {
            (Some(open), semicolon) if semicolon.is_none_or(|s| open < s) => {
                start + open + block_len(&rest[open..])
            }
            (_, Some(semicolon)) => start + semicolon + 1,
            _ => out.len(),
        };
        let blanked: String =
            out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blanked);
        from = start + blanked.len();
    }
    out
}

/// The length in bytes of a block that starts with `{`.
fn block_len(code: &str) -> usize {
    let mut depth = 0_usize;
    for (i, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return i + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

/// Every function with a body: its name, the line of its `fn`, its number of lines.
fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let mut out = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if at > 0 && !code[..at].ends_with(|c: char| c.is_whitespace() || c == '(') {
            continue;
        }
        let rest = &code[at..];
        let name: String =
            rest[3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        // A semicolon before the brace ends a declaration, unless inside `[T; 3]`.
        let Some(open) = body_start(rest) else {
            continue;
        };
        let body = &rest[..open + block_len(&rest[open..])];
        let line = code[..at].matches('\n').count() + 1;
        if !name.is_empty() {
            out.push((name, line, body.matches('\n').count() + 1));
        }
    }
    out
}

fn body_start(rest: &str) -> Option<usize> {
    let mut brackets = 0_i32;
    for (i, c) in rest.char_indices() {
        match c {
            '[' | '(' => brackets += 1,
            ']' | ')' => brackets -= 1,
            ';' if brackets == 0 => return None,
            '{' if brackets == 0 => return Some(i),
            _ => {}
        }
    }
    None
}

#[test]
fn the_rule_on_functions_counts_lines_and_skips_tests() {
    let text = "/// fn not_this() {\nfn short(a: [u8; 3]) -> char {\n    let s = \"}\"; // }\n    '{'\n}\n#[cfg(test)]\nmod tests {\n    fn in_tests() {\n    }\n}\ntrait T { fn none(); }\n";
    let found = functions(&code_of(text));
    assert_eq!(found, [("short".to_owned(), 2, 4)]);
}

#[test]
fn blanking_keeps_lifetimes_raw_texts_and_lines() {
    let text = "fn f<'a>(x: &'a str) { r#\"fn \"g\" {\"#; b'\\''; '\\u{7f}'; /* { /* */ */ }\n";
    let code = code_of(text);
    assert_eq!(code.matches('{').count(), 1);
    assert_eq!(code.matches('}').count(), 1);
    assert!(code.contains("<'a>"));
    assert_eq!(code.matches('\n').count(), 1);
}
