//! Which mapping a file is for, by the names of its columns. A guess is never silent: what was
//! taken and why, which columns are missing and which are not known, and a tie is an error.

use super::Mapping;
use crate::reader::same_name;
use serde::Serialize;

/// A file that fits a mapping less than this is not taken to be of it.
const LEAST: f64 = 0.5;
/// Two mappings that fit within this of each other fit equally well.
const EQUAL: f64 = 0.02;

/// How well one mapping fits a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// The mapping's id.
    pub mapping: String,
    /// The mapping's file.
    pub path: String,
    /// Share of the columns that the mapping reads which the file has.
    pub has: f64,
    /// Share of the file's columns that the mapping knows, read or ignored.
    pub knows: f64,
    /// Columns that the mapping reads and the file has not.
    pub missing: Vec<String>,
    /// Columns of the file that the mapping does not know.
    pub extra: Vec<String>,
    /// True where a column without which every row is rejected is missing.
    pub unusable: bool,
}

impl Fit {
    /// The product of the two shares: a file must have what is read, and be known.
    pub fn share(&self) -> f64 {
        self.has * self.knows
    }

    /// True where nothing is missing and nothing is not known.
    pub fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty()
    }

    /// What is missing and what is not known, one clause.
    pub fn differences(&self) -> String {
        let part = |what: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
        };
        let parts =
            [part("it lacks", &self.missing), part("the mapping does not know", &self.extra)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", and ")
    }
}

/// What came of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Recognized {
    /// One mapping knows every column, and misses none.
    Exact {
        /// It.
        fit: Fit,
    },
    /// One mapping fits best; columns are missing or not known.
    Best {
        /// It.
        fit: Fit,
    },
    /// Several fit equally well: somebody has to say which.
    Tie {
        /// They.
        fits: Vec<Fit>,
    },
    /// None fits.
    None,
}

/// The columns of a file, compared with one mapping.
pub fn fit(path: &str, mapping: &Mapping, header: &[String]) -> Fit {
    let read = mapping.columns_read();
    let known = mapping.columns_known();
    let in_file = |name: &str| header.iter().any(|h| same_name(h, name));
    let missing: Vec<String> =
        read.iter().filter(|n| !in_file(n)).map(|n| (*n).to_owned()).collect();
    let extra: Vec<String> = header
        .iter()
        .filter(|h| !read.iter().chain(&known).any(|n| same_name(n, h)))
        .cloned()
        .collect();
    let required = mapping.columns.iter().filter(|c| c.required);
    let share = |less: usize, of: usize| 1.0 - less as f64 / of.max(1) as f64;
    Fit {
        mapping: mapping.id.clone(),
        path: path.to_owned(),
        has: share(missing.len(), read.len()),
        knows: if header.is_empty() { 0.0 } else { share(extra.len(), header.len()) },
        unusable: required.into_iter().any(|c| missing.contains(&c.name)),
        missing,
        extra,
    }
}

/// Every mapping's fit, best first, and the verdict.
pub fn recognize(mappings: &[(String, Mapping)], header: &[String]) -> (Vec<Fit>, Recognized) {
    let mut fits: Vec<Fit> = mappings.iter().map(|(p, m)| fit(p, m, header)).collect();
    fits.sort_by(|a, b| {
        (a.unusable.cmp(&b.unusable))
            .then(b.share().total_cmp(&a.share()))
            .then(b.has.total_cmp(&a.has))
            .then(a.path.cmp(&b.path))
    });
    let usable = || fits.iter().filter(|f| !f.unusable && f.share() >= LEAST);
    let exact: Vec<&Fit> = usable().filter(|f| f.is_exact()).collect();
    let verdict = match (exact.as_slice(), usable().next()) {
        ([one], _) => Recognized::Exact { fit: (*one).clone() },
        (_, None) => Recognized::None,
        (_, Some(best)) => {
            let near = usable().filter(|f| best.share() - f.share() <= EQUAL);
            let near: Vec<Fit> = near.cloned().collect();
            if near.len() > 1 {
                Recognized::Tie { fits: near }
            } else {
                Recognized::Best { fit: best.clone() }
            }
        }
    };
    (fits, verdict)
}
