//! The gallery of a node: mapped anew for each search, so that who was enrolled a moment ago is
//! found.

use super::{fingers, shards};
use crate::fail::Failure;
use comity_exchange::case::{Candidate, GalleryRecord, PrintsError, SearchResult};
use comity_print::FingerPosition;
use comity_print::gallery::{
    Calibration, Effort, FingerEntry, Gallery, Probe, Record, SubjectId, file,
};
use comity_print::net::Extractor;
use comity_print::synth::{Difficulty, DirectFinger};
use comity_server::compared::{Compared, prints_of};
use comity_server::searcher::Searcher;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How often a search for somebody who is not there may name anybody.
const FPIR: f64 = 0.001;

/// Most candidates that an examiner is shown.
const CANDIDATES_MAX: usize = 10;

/// A gallery's folder.
pub struct Watched {
    /// Where it is.
    pub folder: PathBuf,
}

impl Searcher for Watched {
    fn search(&self, transaction: &[u8]) -> SearchResult {
        let Ok(entries) = fingers::of_transaction(transaction, Extractor::Classic) else {
            return SearchResult::Error(PrintsError::Unreadable);
        };
        if entries.is_empty() {
            return SearchResult::Error(PrintsError::Sequence);
        }
        if entries.iter().all(|e| e.template.minutiae.len() < MINUTIAE_MIN) {
            return SearchResult::Error(PrintsError::PoorQuality);
        }
        let opened = shards::map_all(&self.folder);
        let Ok(bytes) = &opened else { return self.unsearched() };
        let Ok((shards, _)) = shards::open(bytes, true) else { return self.unsearched() };
        let gallery = Gallery::new(shards);
        let probes: Vec<Probe> = entries.iter().map(|e| Probe::new(e, &gallery)).collect();
        let found = gallery.search(&probes, &Effort::default(), &Calibration::default(), FPIR);
        let list: Vec<Candidate> = found
            .above_threshold()
            .take(CANDIDATES_MAX)
            .map(|c| Candidate {
                gallery_record: GalleryRecord(c.subject().0),
                score: format!("{:.1}", c.score()),
                false_matches: rate_said(c.false_positive_rate()),
            })
            .collect();
        if list.is_empty() { SearchResult::NoMatch } else { SearchResult::Candidates(list) }
    }

    fn compare(&self, transaction: &[u8], record: GalleryRecord) -> Option<Compared> {
        let probes = prints_of(transaction).ok()?;
        let opened = shards::map_all(&self.folder).ok()?;
        let (shards, _) = shards::open(&opened, true).ok()?;
        let live = || shards.iter().flat_map(|shard| &shard.fingers);
        let of_record = live().filter(|finger| finger.subject.0 == record.0);
        let entries: Vec<FingerEntry> = of_record.filter_map(|f| f.finger.entry().ok()).collect();
        Compared::of(probes, &entries, live().count())
    }
}

/// The rate below which nothing was measured: what a score claims beyond is extrapolated
/// (docs/adr/0030-alignments-grow-pair-by-pair.md), and a number would say more than is known.
const RATE_KNOWN_MIN: f64 = 1e-6;

fn rate_said(rate: f64) -> String {
    if rate < RATE_KNOWN_MIN { "fewer than 1e-6".to_owned() } else { format!("{rate:.1e}") }
}

/// Fewest minutiae that a search can be made with.
const MINUTIAE_MIN: usize = 5;

impl Watched {
    /// The gallery cannot be read: nobody may be told that there is no match.
    fn unsearched(&self) -> SearchResult {
        eprintln!("error: the gallery {} cannot be read", self.folder.display());
        SearchResult::Error(PrintsError::Unreadable)
    }
}

/// Makes a gallery of people, an image of each finger, among invented strangers. How many
/// fingers it holds.
pub fn gallery_of(
    folder: &Path,
    people: &[Vec<(FingerPosition, &[u8])>],
    strangers: u64,
) -> Result<usize, Failure> {
    shards::make(folder, 1)?;
    let mut records = Vec::new();
    for (number, prints) in people.iter().enumerate() {
        let entries: Result<Vec<FingerEntry>, _> =
            prints.iter().map(|(finger, image)| fingers::of_print(image, *finger)).collect();
        let fingers = entries.map_err(|e| Failure::usage(e.to_string()))?;
        records.push(Record { subject: SubjectId((number as u128 + 1).to_be_bytes()), fingers });
    }
    for stranger in 0..strangers {
        let template = DirectFinger::draw(SEED, stranger).template(0, Difficulty::Medium);
        let finger = FingerPosition::of_code(2 + (stranger % 2) as u8);
        let finger = finger.unwrap_or(FingerPosition::Unknown);
        let fingers = vec![FingerEntry { finger, template }];
        records.push(Record {
            subject: SubjectId((u128::from(stranger) + 1_000).to_be_bytes()),
            fingers,
        });
    }
    let count = records.iter().map(|r| r.fingers.len()).sum();
    shards::append(folder, &BTreeMap::from([(0, file::records(&records))]))?;
    Ok(count)
}

/// Draws the strangers.
const SEED: u64 = 2016;
