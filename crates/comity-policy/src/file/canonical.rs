//! The canonical form of a policy: what its hash is taken over.
//!
//! Keys in alphabetical order, no white space that carries nothing, conditions
//! printed from their syntax tree, no comments, no cases: two files with one
//! canonical form mean the same law.

use crate::expr;
use comity_model::tree::{Node, Raw};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Keys whose text is a condition.
const CONDITIONS: [&str; 3] = ["when", "unless", "applies_when"];

/// The canonical text of a policy's tree.
pub fn canonical(root: &Node) -> String {
    let mut out = String::new();
    write_node(root, "", 0, &mut out);
    out
}

/// SHA-256 of a canonical text.
pub fn hash(canonical: &str) -> [u8; 32] {
    Sha256::digest(canonical.as_bytes()).into()
}

fn write_node(node: &Node, key: &str, depth: usize, out: &mut String) {
    match &node.raw {
        Raw::Bool(b) => drop(write!(out, "{b}")),
        Raw::Int(n) => drop(write!(out, "{n}")),
        Raw::Float | Raw::Null => out.push_str("null"),
        Raw::Date(t) => write_text(t, out),
        Raw::Text(t) => {
            let printed = CONDITIONS.contains(&key).then(|| expr::parse(t).ok()).flatten();
            match printed {
                Some(e) => write_text(&e.to_string(), out),
                // Line ends are the editor's, not the law's.
                None => write_text(&t.trim().replace("\r\n", "\n"), out),
            }
        }
        Raw::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_node(item, key, depth + 1, out);
            }
            out.push(']');
        }
        Raw::Table(entries) => {
            let mut sorted: Vec<_> =
                entries.iter().filter(|e| !(depth == 0 && e.key == "case")).collect();
            sorted.sort_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for (i, entry) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(&entry.key, out);
                out.push(':');
                // The values of [define] are conditions too.
                let inner = if depth == 1 && key == "define" { "when" } else { entry.key.as_str() };
                write_node(&entry.node, inner, depth + 1, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    // serde_json's escapes are the JSON standard's; a text always serializes.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}
