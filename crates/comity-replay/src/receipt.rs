//! The receipt: everything that another machine needs to get the same bytes.

use comity_model::hex;
use comity_policy::Library;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// One file that went in or came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// What it is for.
    pub role: String,
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// One policy that a regime names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyUsed {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// SHA-256 of its canonical form.
    pub sha256: String,
}

/// The version, and the first 16 digits of the SHA-256 over the source that results hang on.
pub const ENGINE_VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), "+", env!("COMITY_ENGINE_SOURCE"));

/// The engine's name and version, as receipts have it.
pub const ENGINE: &str =
    concat!("comity ", env!("CARGO_PKG_VERSION"), "+", env!("COMITY_ENGINE_SOURCE"));

/// What a result was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Name, version and source hash of the engine: [`ENGINE`].
    pub engine: String,
    /// The command that makes it again.
    pub command: String,
    /// Files read: data, mapping, study, tables.
    pub inputs: Vec<FileHash>,
    /// Policies that the regimes name.
    pub policies: Vec<PolicyUsed>,
    /// Number of policies of the library.
    pub library_policies: usize,
    /// SHA-256 over the ids and hashes of all of them.
    pub library_sha256: String,
    /// Files written, apart from the ones that print this receipt.
    pub outputs: Vec<FileHash>,
}

/// SHA-256 as hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The hash of a whole library: a change of any policy changes it.
pub fn library_sha256(library: &Library) -> String {
    let mut lines: Vec<String> =
        library.policies().map(|(_, p)| format!("{} {}\n", p.id, p.hash)).collect();
    lines.sort();
    sha256(lines.concat().as_bytes())
}

/// The policies that regimes name, each once, in the order of their ids.
pub fn policies_used(library: &Library, ids: impl Iterator<Item = String>) -> Vec<PolicyUsed> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort();
    ids.dedup();
    let used = ids.iter().filter_map(|id| library.find(id).ok()).map(|i| library.policy(i));
    used.map(|p| PolicyUsed {
        id: p.id.to_string(),
        title: p.title.clone(),
        sha256: p.hash.to_string(),
    })
    .collect()
}

/// Counts and hashes the bytes that pass through.
#[derive(Debug)]
pub struct Hashing<T> {
    inner: T,
    sha: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    /// Hashes what is read from or written to `inner`.
    pub fn new(inner: T) -> Hashing<T> {
        Hashing { inner, sha: Sha256::new(), bytes: 0 }
    }

    /// The hash of everything that passed.
    pub fn finish(self, role: &str, name: &str) -> FileHash {
        FileHash {
            role: role.to_owned(),
            name: name.to_owned(),
            bytes: self.bytes,
            sha256: hex(&self.sha.finalize()),
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.note(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.note(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
