//! Whom a reader trusts: the log's keys, the witnesses, and how many of them must have
//! countersigned. The file is a C2SP tlog-policy with two words more, for keys that are valid
//! for a while: `sizes` and `times`.

use crate::checkpoint::SignedCheckpoint;
use crate::key::{KeyKind, KeyName, VerifierKey};
use crate::text::{Lines, decimal};
use comity_model::Diagnostic;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Most bytes of a trust file.
const POLICY_BYTES_MAX: usize = 1 << 16;

/// Most logs, witnesses and groups, each.
const ENTRIES_MAX: usize = 256;

/// A log's key and the tree sizes for which it is believed. A log's signature has no time, so
/// its validity cannot be one either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    /// The key.
    pub key: VerifierKey,
    /// Smallest size.
    pub first: u64,
    /// Largest size; `None` while the key is in use.
    pub last: Option<u64>,
}

/// A witness's key and the times at which its countersignatures are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// The key.
    pub key: VerifierKey,
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when, inclusive.
    pub until: Option<Timestamp>,
}

impl WitnessKey {
    fn is_valid_at(&self, time_s: u64) -> bool {
        let Ok(at) = Timestamp::from_second(time_s as i64) else { return false };
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at <= until)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    Witness(WitnessKey),
    Group { threshold: usize, members: Vec<String> },
}

/// Whom a reader trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    logs: Vec<LogKey>,
    members: BTreeMap<String, Member>,
    /// In the order of the file: a group names only what stands before it.
    order: Vec<String>,
    quorum: Option<String>,
}

/// Whose signatures on a checkpoint hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The log's keys that signed.
    pub log_keys: Vec<VerifierKey>,
    /// The witnesses that countersigned, with their time in seconds since 1970.
    pub witnesses: Vec<Countersigned>,
}

/// One countersignature that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Countersigned {
    /// The witness's key name.
    pub name: KeyName,
    /// When, in seconds since 1970.
    pub time_s: u64,
}

impl Trust {
    /// Reads a trust file.
    ///
    /// # Errors
    /// What is wrong, at which line, in which field.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Trust, Diagnostic> {
        // Tabs are allowed between words here, and nowhere else in the house's formats.
        let spaced: Vec<u8> = bytes.iter().map(|b| if *b == b'\t' { b' ' } else { *b }).collect();
        let mut lines = Lines::new(file, &spaced, "the trust file", POLICY_BYTES_MAX)?;
        let mut trust = Trust::default();
        let mut quorum = None;
        while !lines.is_done() {
            let line = lines.next("line")?;
            let words: Vec<&str> = line.split(' ').filter(|w| !w.is_empty()).collect();
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["log", key] | ["log", key, _] => trust.read_log(&lines, key)?,
                ["witness", name, key] | ["witness", name, key, _] => {
                    trust.read_witness(&lines, name, key)?;
                }
                ["group", name, threshold, members @ ..] => {
                    trust.read_group(&lines, name, threshold, members)?;
                }
                ["quorum", name] => {
                    if quorum.replace((*name).to_owned()).is_some() {
                        return Err(lines.fault("twice", "quorum", "the quorum is given twice"));
                    }
                    if *name != "none" && !trust.members.contains_key(*name) {
                        return Err(unknown(&lines, "quorum", name));
                    }
                }
                ["sizes", key, first, last] => trust.read_sizes(&lines, key, first, last)?,
                ["times", name, from, until] => trust.read_times(&lines, name, from, until)?,
                _ => {
                    let message = "not a line of a trust file: `log`, `witness`, `group`, `quorum`, \
                                   `sizes` or `times` with their values";
                    return Err(lines.fault("unknown-line", "line", message));
                }
            }
            if trust.logs.len().max(trust.order.len()) > ENTRIES_MAX {
                let message =
                    format!("the trust file names more than {ENTRIES_MAX} keys and groups");
                return Err(lines.fault("too-large", "line", message));
            }
        }
        let Some(quorum) = quorum else {
            return Err(lines
                .fault("missing", "quorum", "the quorum is missing")
                .help("`quorum none` asks for no countersignature"));
        };
        trust.quorum = (quorum != "none").then_some(quorum);
        Ok(trust)
    }

    /// Trust in keys alone, without countersignatures: what a file says of itself.
    pub fn in_keys<'a>(keys: impl IntoIterator<Item = &'a VerifierKey>) -> Trust {
        let mut trust = Trust::default();
        for key in keys {
            match key.kind() {
                KeyKind::Log => {
                    trust.logs.push(LogKey { key: key.clone(), first: 0, last: None });
                }
                KeyKind::Witness => {
                    let name = key.to_string();
                    let witness = WitnessKey { key: key.clone(), from: None, until: None };
                    trust.order.push(name.clone());
                    trust.members.insert(name, Member::Witness(witness));
                }
            }
        }
        trust
    }

    /// The same trust in witnesses, and in these keys of logs for these sizes.
    #[must_use]
    pub fn with_logs(mut self, logs: Vec<LogKey>) -> Trust {
        self.logs = logs;
        self
    }

    /// The log's keys.
    pub fn logs(&self) -> &[LogKey] {
        &self.logs
    }

    /// Every key, for a file that shall stand alone.
    pub fn keys(&self) -> Vec<VerifierKey> {
        let witnesses = self.order.iter().filter_map(|name| match self.members.get(name) {
            Some(Member::Witness(witness)) => Some(witness.key.clone()),
            _ => None,
        });
        self.logs.iter().map(|log| log.key.clone()).chain(witnesses).collect()
    }

    /// Checks a checkpoint: signed by a key of its log that is valid for its size, no false
    /// signature by a known key, and countersigned by the quorum.
    ///
    /// # Errors
    /// `bad-signature`, `unsigned`, `key-not-valid`, `quorum`.
    pub fn check(&self, signed: &SignedCheckpoint) -> Result<Checked, Diagnostic> {
        let log_keys = self.check_log(signed)?;
        let mut holds: BTreeMap<&str, bool> = BTreeMap::new();
        let mut witnesses = Vec::new();
        for name in &self.order {
            let holds_here = match self.members.get(name) {
                Some(Member::Witness(witness)) => {
                    let time_s = signed.note().check(&witness.key)?.and_then(|s| s.time_s);
                    let valid = time_s.filter(|t| witness.is_valid_at(*t));
                    if let Some(time_s) = valid {
                        let name = witness.key.name().clone();
                        witnesses.push(Countersigned { name, time_s });
                    }
                    valid.is_some()
                }
                Some(Member::Group { threshold, members }) => {
                    let is_held = |m: &&String| holds.get(m.as_str()).copied().unwrap_or(false);
                    members.iter().filter(is_held).count() >= *threshold
                }
                None => false,
            };
            holds.insert(name, holds_here);
        }
        if let Some(quorum) = &self.quorum
            && !holds.get(quorum.as_str()).copied().unwrap_or(false)
        {
            let message = format!(
                "the quorum `{quorum}` did not countersign: {} of the known witnesses did",
                witnesses.len()
            );
            return Err(Diagnostic::error("quorum", message)
                .path("countersignatures")
                .help("ask the log for the checkpoint again when the witnesses have signed"));
        }
        Ok(Checked { log_keys, witnesses })
    }

    /// Checks only that a checkpoint is its log's: what speaks against a log needs no witness.
    ///
    /// # Errors
    /// `bad-signature`, `unsigned`, `key-not-valid`.
    pub fn check_log(&self, signed: &SignedCheckpoint) -> Result<Vec<VerifierKey>, Diagnostic> {
        let checkpoint = signed.checkpoint();
        let mut by = Vec::new();
        let mut outside = None;
        for log in self.logs.iter().filter(|l| l.key.name().as_str() == checkpoint.origin) {
            if signed.note().check(&log.key)?.is_none() {
                continue;
            }
            if checkpoint.size < log.first || log.last.is_some_and(|last| checkpoint.size > last) {
                outside = Some(log);
            } else {
                by.push(log.key.clone());
            }
        }
        match outside {
            _ if !by.is_empty() => Ok(by),
            Some(log) => {
                let last = log.last.map_or("any".to_owned(), |last| last.to_string());
                let message = format!(
                    "key `{}` of `{}` is believed for sizes {} to {last}, not {}",
                    log.key.id(),
                    log.key.name(),
                    log.first,
                    checkpoint.size
                );
                Err(Diagnostic::error("key-not-valid", message).path("signature"))
            }
            None => {
                let message = format!("no key known for `{}` signed", checkpoint.origin);
                Err(Diagnostic::error("unsigned", message)
                    .path("signature")
                    .help("the trust file needs a `log` line with the key of this log"))
            }
        }
    }

    /// Takes a log's new key: the old one is believed up to and including `last`, the new one
    /// from there on.
    ///
    /// # Errors
    /// `unknown-key`: the old key is not one of the log's keys in use.
    pub(crate) fn rotate(
        &mut self,
        old: &VerifierKey,
        new: &VerifierKey,
        last: u64,
    ) -> Result<(), Diagnostic> {
        let in_use = |log: &&mut LogKey| log.key == *old && log.last.is_none() && log.first <= last;
        let Some(log) = self.logs.iter_mut().find(in_use) else {
            let message = format!("`{old}` is no key in use");
            return Err(Diagnostic::error("unknown-key", message).path("old key"));
        };
        log.last = Some(last);
        self.logs.push(LogKey { key: new.clone(), first: last, last: None });
        Ok(())
    }

    fn read_log(&mut self, lines: &Lines, key: &str) -> Result<(), Diagnostic> {
        let key = read_key(lines, key, KeyKind::Log)?;
        if self.keys().iter().any(|k| k.public() == key.public()) {
            return Err(lines.fault("twice", "key", "this key is given twice"));
        }
        self.logs.push(LogKey { key, first: 0, last: None });
        Ok(())
    }

    fn read_witness(&mut self, lines: &Lines, name: &str, key: &str) -> Result<(), Diagnostic> {
        let key = read_key(lines, key, KeyKind::Witness)?;
        if self.keys().iter().any(|k| k.public() == key.public()) {
            return Err(lines.fault("twice", "key", "this key is given twice"));
        }
        self.define(lines, name, Member::Witness(WitnessKey { key, from: None, until: None }))
    }

    fn read_group(
        &mut self,
        lines: &Lines,
        name: &str,
        threshold: &str,
        members: &[&str],
    ) -> Result<(), Diagnostic> {
        let threshold = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            number => decimal(number).map(|n| n as usize),
        };
        let Some(threshold) = threshold.filter(|n| (1..=members.len()).contains(n)) else {
            let message = "the threshold is `any`, `all`, or a number from 1 to that of members";
            return Err(lines.fault("bad-threshold", "threshold", message));
        };
        for member in members {
            if !self.members.contains_key(*member) {
                return Err(unknown(lines, "member", member));
            }
            let is_here = members.iter().filter(|m| *m == member).count() > 1;
            let is_elsewhere = self.members.values().any(|other| {
                matches!(other, Member::Group { members, .. } if members.iter().any(|m| m == member))
            });
            if is_here || is_elsewhere {
                let message = format!("`{member}` is a member twice: it would count twice");
                return Err(lines.fault("twice", "member", message));
            }
        }
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        self.define(lines, name, Member::Group { threshold, members })
    }

    fn define(&mut self, lines: &Lines, name: &str, member: Member) -> Result<(), Diagnostic> {
        if name == "none" || self.members.insert(name.to_owned(), member).is_some() {
            let message = format!("the name `{name}` is taken");
            return Err(lines.fault("twice", "name", message));
        }
        self.order.push(name.to_owned());
        Ok(())
    }

    fn read_sizes(
        &mut self,
        lines: &Lines,
        key: &str,
        first: &str,
        last: &str,
    ) -> Result<(), Diagnostic> {
        let first = lines.decimal("first size", first)?;
        let last = if last == "-" { None } else { Some(lines.decimal("last size", last)?) };
        let Some(log) = self.logs.iter_mut().find(|log| log.key.to_string() == key) else {
            return Err(unknown(lines, "key", key));
        };
        if last.is_some_and(|last| last < first) {
            return Err(lines.fault("backwards", "last size", "the last size is below the first"));
        }
        (log.first, log.last) = (first, last);
        Ok(())
    }

    fn read_times(
        &mut self,
        lines: &Lines,
        name: &str,
        from: &str,
        until: &str,
    ) -> Result<(), Diagnostic> {
        let read = |field: &str, text: &str| match text {
            "-" => Ok(None),
            text => text.parse::<Timestamp>().map(Some).map_err(|_| {
                let message = format!("`{text}` is no instant like 2026-11-21T10:00:00Z");
                lines.fault("not-an-instant", field, message)
            }),
        };
        let (from, until) = (read("from", from)?, read("until", until)?);
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            return Err(lines.fault("backwards", "until", "the end lies before the start"));
        }
        let Some(Member::Witness(witness)) = self.members.get_mut(name) else {
            return Err(unknown(lines, "witness", name));
        };
        (witness.from, witness.until) = (from, until);
        Ok(())
    }
}

fn read_key(lines: &Lines, text: &str, kind: KeyKind) -> Result<VerifierKey, Diagnostic> {
    let key = VerifierKey::parse(text)
        .map_err(|fault| lines.fault(fault.code, &fault.path, fault.message).help(fault.help))?;
    if key.kind() != kind {
        let message = format!(
            "the key is of type 0x{:02x}; here one of type 0x{:02x} is needed",
            key.kind().byte(),
            kind.byte()
        );
        return Err(lines.fault("bad-key", "key type", message));
    }
    Ok(key)
}

fn unknown(lines: &Lines, field: &str, name: &str) -> Diagnostic {
    lines.fault("unknown-name", field, format!("`{name}` is not defined on a line before"))
}
