//! What happened, line by line, and the hash over it: the same seed gives the same hash.

use sha2::{Digest, Sha256};

/// The trace of one run.
#[derive(Debug, Default)]
pub struct Trace {
    hash: Sha256,
    /// The lines, if they are kept.
    pub lines: Option<Vec<String>>,
}

impl Trace {
    /// A trace that keeps its lines, or only their hash.
    pub fn new(keeps: bool) -> Trace {
        Trace { hash: Sha256::new(), lines: keeps.then(Vec::new) }
    }

    /// The next line.
    pub fn line(&mut self, line: String) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// A line for whoever reads the trace, which is not hashed.
    pub fn aside(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    /// The hash so far, as 64 hexadecimal digits.
    pub fn hash(&self) -> String {
        self.hash.clone().finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}
