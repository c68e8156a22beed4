//! A submission beside a record of the gallery: what an examiner looks at before deciding.
//!
//! A gallery keeps templates, not images, so one side is the print that came in and the other a
//! map of minutiae and ridge directions. Nothing here decides anything.

use crate::app::App;
use crate::problem::Problem;
use comity_exchange::Digest;
use comity_exchange::case::{Case, GalleryRecord};
use comity_node::NodeFault;
use comity_print::formats::{FormatError, nist, raster};
use comity_print::gallery::fusion::{fpir_of, fuse};
use comity_print::gallery::{Calibration, FingerEntry};
use comity_print::matcher::{Prepared, compare};
use comity_print::net::{Extractor, extract_with};
use comity_print::template::{CELL_PX, Template};
use comity_print::{FingerPosition, GrayImage};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One impression, as far as it is kept.
#[derive(Clone, PartialEq)]
pub struct Print {
    /// Which finger.
    pub finger: FingerPosition,
    /// Pixels across at 500 an inch.
    pub width_px: usize,
    /// Pixels down at 500 an inch.
    pub height_px: usize,
    /// The image at 500 pixels an inch; `None` where only minutiae are kept.
    pub image: Option<GrayImage>,
    /// Minutiae and ridge directions.
    pub template: Template,
    /// Quality of the impression, 1 (worst) to 100; 0 = not said.
    pub quality: u8,
}

impl Print {
    /// The print of an entry of a gallery, which has no image. Its sides are those of its grid
    /// of directions, or reach as far as its minutiae.
    pub fn of_entry(entry: &FingerEntry) -> Print {
        let template = entry.template.clone();
        let reach = |of: fn(&comity_print::Minutia) -> u16| {
            usize::from(template.minutiae.iter().map(of).max().unwrap_or(0)) + CELL_PX
        };
        let width_px = reach(|m| m.x_px).max(template.grid.columns * CELL_PX);
        let height_px = reach(|m| m.y_px).max(template.grid.rows * CELL_PX);
        Print { finger: entry.finger, width_px, height_px, image: None, template, quality: 0 }
    }

    /// True if both can be one finger: a print of an unknown finger can be any.
    fn can_be(&self, other: FingerPosition) -> bool {
        match (self.finger.single(), other.single()) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        }
    }
}

/// The prints of single fingers in a transaction, in its order; of one without images those of
/// its minutiae.
///
/// # Errors
/// A file that is no transaction, or an image of it that cannot be read.
pub fn prints_of(transaction: &[u8]) -> Result<Vec<Print>, FormatError> {
    let transaction = nist::read(transaction)?;
    let mut out = Vec::new();
    for image in transaction.images()? {
        let Some(finger) = image.finger().single() else { continue };
        let image = raster::resample::to_500_ppi(&image.decode()?)?.into_owned();
        let extraction = extract_with(Extractor::Classic, &image, finger);
        out.push(Print {
            finger,
            width_px: image.width_px(),
            height_px: image.height_px(),
            template: Template::of(&extraction),
            quality: extraction.found.quality,
            image: Some(image),
        });
    }
    if out.is_empty() {
        for minutiae in transaction.minutiae()? {
            let entry = FingerEntry::of_minutiae(&minutiae);
            out.push(Print { quality: minutiae.quality, ..Print::of_entry(&entry) });
        }
    }
    Ok(out)
}

/// One finger on both sides.
#[derive(Clone, PartialEq)]
pub struct FingerCompared {
    /// The print that came in.
    pub probe: Print,
    /// That of the gallery.
    pub candidate: Print,
    /// Minus the logarithm to base 10 of the false-match rate of one comparison.
    pub score: f32,
    /// Minutiae that are one: index in the probe's template, index in the candidate's.
    pub pairs: Vec<(usize, usize)>,
}

/// A submission beside a record of the gallery.
#[derive(Clone, PartialEq)]
pub struct Compared {
    /// The fingers that both have, best first; at least one.
    pub fingers: Vec<FingerCompared>,
    /// The scores of all fingers together.
    pub score: f64,
    /// How often one other person's prints score as high, 0 to 1.
    pub false_match_rate: f64,
    /// How often a search of this gallery for somebody who is not in it names anybody with a
    /// score as high, 0 to 1.
    pub false_positive_rate: f64,
    /// Fingers in the gallery.
    pub gallery_fingers: usize,
}

impl Compared {
    /// Compares each print with the best of the record's impressions of that finger. `None`
    /// where the two have no finger in common.
    pub fn of(
        probes: Vec<Print>,
        record: &[FingerEntry],
        gallery_fingers: usize,
    ) -> Option<Compared> {
        let mut fingers = Vec::new();
        for probe in probes {
            let prepared = Prepared::of(&probe.template);
            let best = record
                .iter()
                .filter(|entry| probe.can_be(entry.finger))
                .map(|entry| (entry, compare(&prepared, &Prepared::of(&entry.template))))
                .max_by(|a, b| a.1.score.total_cmp(&b.1.score));
            let Some((entry, found)) = best else { continue };
            let candidate = Print::of_entry(entry);
            let (score, pairs) = (found.score, found.pairs);
            fingers.push(FingerCompared { probe, candidate, score, pairs });
        }
        if fingers.is_empty() {
            return None;
        }
        let scores: Vec<f64> = fingers.iter().map(|f| f64::from(f.score)).collect();
        let fused = fuse(&Calibration::default(), &scores);
        fingers.sort_by(|a, b| b.score.total_cmp(&a.score));
        Some(Compared {
            fingers,
            score: fused.score,
            false_match_rate: fused.false_match_rate,
            false_positive_rate: fpir_of(fused.false_match_rate, gallery_fingers),
            gallery_fingers,
        })
    }
}

/// How long a comparison is kept in memory: one examiner looks at one pair of prints on several
/// pages. Prints do not stay in memory for longer.
const KEPT: Duration = Duration::from_secs(90);

/// Most comparisons that are kept.
const KEPT_MAX: usize = 8;

struct Kept {
    at: Instant,
    file: Digest,
    record: GalleryRecord,
    compared: Arc<Compared>,
}

/// Comparisons that were just made.
#[derive(Default)]
pub struct Comparisons {
    kept: Mutex<Vec<Kept>>,
}

impl Comparisons {
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        let mut list = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|kept| kept.at.elapsed() < KEPT);
        list
    }

    fn known(&self, file: Digest, record: GalleryRecord) -> Option<Arc<Compared>> {
        let list = self.list();
        let kept = list.iter().find(|kept| (kept.file, kept.record) == (file, record))?;
        Some(kept.compared.clone())
    }

    fn keep(&self, file: Digest, record: GalleryRecord, compared: Arc<Compared>) {
        let mut list = self.list();
        if list.len() >= KEPT_MAX {
            list.remove(0);
        }
        list.push(Kept { at: Instant::now(), file, record, compared });
    }
}

impl App {
    /// The submission of a case beside a record of the gallery; `None` where the node has no
    /// gallery, or the gallery no such record, or the two no finger in common.
    ///
    /// # Errors
    /// The store; the server is stopping.
    pub async fn compared(
        self: &Arc<App>,
        case: &Case,
        record: GalleryRecord,
    ) -> Result<Option<Arc<Compared>>, Problem> {
        let (Some(searcher), Some(submitted)) = (self.searcher.clone(), &case.submitted) else {
            return Ok(None);
        };
        let (id, digest) = (case.id, submitted.submission.file);
        if let Some(known) = self.comparisons.known(digest, record) {
            return Ok(Some(known));
        }
        let file = self.engine.with(move |node| node.read_file(id, digest)).await;
        let Some(file) = file?? else { return Ok(None) };
        let made = tokio::task::spawn_blocking(move || searcher.compare(&file, record)).await;
        let made = made.map_err(|e| {
            tracing::error!(case = %id, "the prints cannot be compared: {e}");
            NodeFault::from(comity_store::Fault::Busy("comparing".to_owned()))
        })?;
        let Some(compared) = made.map(Arc::new) else { return Ok(None) };
        self.comparisons.keep(digest, record, compared.clone());
        // Nobody may ask again: what is kept goes by itself.
        let app = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(KEPT).await;
            drop(app.comparisons.list());
        });
        Ok(Some(compared))
    }
}
