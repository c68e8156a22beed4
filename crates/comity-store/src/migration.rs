//! Numbered steps from one layout of a store to the next. They only go forward; one that was
//! published never changes, and each is made in one transaction.

use crate::fault::Fault;
use sha2::{Digest as _, Sha256};

/// A step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// From 1, without gaps.
    pub number: u32,
    /// In words.
    pub name: &'static str,
    /// What it does.
    pub sql: &'static str,
}

macro_rules! migrations {
    ($name:ident, $store:literal, $(($number:literal, $file:literal)),* $(,)?) => {
        pub(crate) const $name: &[Migration] = &[$(Migration {
            number: $number,
            name: $file,
            sql: include_str!(concat!("../migrations/", $store, "/", $file, ".sql")),
        }),*];
    };
}

migrations!(SQLITE, "sqlite", (1, "0001-start"), (2, "0002-audit-by-case-and-account"));

impl Migration {
    /// SHA-256 of its text.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.sql.as_bytes()).into()
    }
}

/// A step that a store says was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    pub number: i64,
    pub sha256: Vec<u8>,
}

/// The steps that are still to be made.
///
/// # Errors
/// [`Fault::Schema`]: the store is newer than this program, lacks a step, or was made by a step
/// of another text.
pub(crate) fn pending<'a>(
    known: &'a [Migration],
    applied: &[Applied],
) -> Result<&'a [Migration], Fault> {
    for (i, done) in applied.iter().enumerate() {
        let Some(step) = known.get(i) else {
            let (number, last) = (done.number, known.len());
            return Err(Fault::Schema(format!(
                "it has version {number}, and this program knows versions up to {last}; \
                 use the newer program"
            )));
        };
        if done.number != i64::from(step.number) {
            return Err(Fault::Schema(format!(
                "step {} is where step {} should be; restore it from a backup",
                done.number, step.number
            )));
        }
        if done.sha256 != step.sha256() {
            return Err(Fault::Schema(format!(
                "step `{}` was made with another text than this program has; \
                 use the program that made the store",
                step.name
            )));
        }
    }
    Ok(known.get(applied.len()..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(steps: &[Migration]) -> Vec<Applied> {
        let applied = |step: &Migration| Applied {
            number: i64::from(step.number),
            sha256: step.sha256().to_vec(),
        };
        steps.iter().map(applied).collect()
    }

    #[test]
    fn steps_are_numbered_in_order_and_named_after_their_numbers() {
        for steps in [SQLITE] {
            for (i, step) in steps.iter().enumerate() {
                assert_eq!(step.number as usize, i + 1);
                assert!(step.name.starts_with(&format!("{:04}-", step.number)), "{}", step.name);
            }
        }
    }

    #[test]
    fn what_is_missing_is_made_and_nothing_else() {
        assert_eq!(pending(SQLITE, &[]).map(<[_]>::len), Ok(SQLITE.len()));
        assert_eq!(pending(SQLITE, &applied(&SQLITE[..1])).map(|s| s[0].number), Ok(2));
        assert_eq!(pending(SQLITE, &applied(SQLITE)).map(<[_]>::len), Ok(0));
    }

    #[test]
    fn newer_changed_and_missing_steps_are_refused() {
        let mut newer = applied(SQLITE);
        newer.push(Applied { number: SQLITE.len() as i64 + 1, sha256: vec![0; 32] });
        let mut changed = applied(SQLITE);
        changed[0].sha256[5] ^= 1;
        let missing = applied(&SQLITE[1..]);
        for wrong in [newer, changed, missing] {
            assert!(matches!(pending(SQLITE, &wrong), Err(Fault::Schema(_))), "{wrong:?}");
        }
    }
}
