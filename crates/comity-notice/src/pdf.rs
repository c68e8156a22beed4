//! From a sheet to the bytes of a PDF.

use crate::error::NoticeError;
use crate::sheet::Sheet;
use crate::world::Paper;
use jiff::tz::TimeZone;
use std::fmt::Write;
use typst::comemo;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// Sets a sheet as PDF 1.7 that keeps PDF/UA-1, which the exporter enforces.
pub(crate) fn pdf(sheet: &Sheet) -> Result<Vec<u8>, NoticeError> {
    let refused = |what: &str| NoticeError::Typesetting(what.to_owned());
    let paper =
        Paper::new(sheet.to_dict()?).ok_or_else(|| refused("what is built in does not load"))?;
    let set = set(&paper, sheet);
    // The typesetter remembers what it set, for the next time; a person's data is not to stay.
    comemo::evict(0);
    set
}

fn set(paper: &Paper, sheet: &Sheet) -> Result<Vec<u8>, NoticeError> {
    let document: PagedDocument = typst::compile(paper).output.map_err(|e| faults(&e))?;
    let standards = PdfStandards::new(&[PdfStandard::Ua_1])
        .map_err(|e| NoticeError::Typesetting(e.message().to_string()))?;
    let options = PdfOptions {
        ident: Smart::Auto,
        creator: Smart::Custom(Some(concat!("Comity ", env!("CARGO_PKG_VERSION")).to_owned())),
        timestamp: utc(sheet.prepared_at).map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&document, &options).map_err(|e| faults(&e))
}

fn faults(found: &[SourceDiagnostic]) -> NoticeError {
    let mut says = String::new();
    for fault in found {
        let separator = if says.is_empty() { "" } else { "; " };
        // Writing to a text does not fail.
        let _ = write!(says, "{separator}{}", fault.message);
    }
    NoticeError::Typesetting(says)
}

/// A moment as the file's metadata have it.
fn utc(at: jiff::Timestamp) -> Option<Datetime> {
    let at = TimeZone::UTC.to_datetime(at);
    let part = |value: i8| u8::try_from(value).ok();
    Datetime::from_ymd_hms(
        i32::from(at.year()),
        part(at.month())?,
        part(at.day())?,
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
    )
}
