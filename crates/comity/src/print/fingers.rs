//! Files of prints as templates, for enrolling and searching.

use super::{Reading, refused};
use crate::fail::Failure;
use crate::files;
use comity_model::Diagnostic;
use comity_print::formats::{self, Format, FormatError, nist, raster};
use comity_print::gallery::FingerEntry;
use comity_print::net::{Extractor, extract_with};
use comity_print::template::Template;
use comity_print::{FingerPosition, GrayImage};
use std::path::Path;

/// The fingers of a file: of an image one, of a record or transaction as many as it has.
/// Images of several fingers together and of palms are left out.
pub fn read(
    path: &Path,
    reading: Reading,
    finger: FingerPosition,
) -> Result<Vec<FingerEntry>, Failure> {
    let bytes = files::read(path)?;
    let found = of_bytes(&bytes, reading, finger);
    let found = found.map_err(|e| Failure::Findings(vec![refused(path, &e)]))?;
    if found.is_empty() {
        let mut none = Diagnostic::error("no-fingers", "the file holds no print of one finger");
        none.file = path.display().to_string();
        return Err(Failure::Findings(vec![none.help("give prints of single fingers")]));
    }
    Ok(found)
}

fn of_bytes(
    bytes: &[u8],
    reading: Reading,
    finger: FingerPosition,
) -> formats::Read<Vec<FingerEntry>> {
    match Format::sniff(bytes).filter(|_| reading.stated.raw.is_none()) {
        Some(Format::Iso19794 | Format::Ansi378) => {
            let mut found: Vec<FingerEntry> =
                formats::read_minutiae(bytes)?.iter().map(FingerEntry::of_minutiae).collect();
            for entry in found.iter_mut().filter(|e| e.finger == FingerPosition::Unknown) {
                entry.finger = finger;
            }
            Ok(found)
        }
        Some(Format::AnsiNist) => of_transaction(bytes, reading.extractor),
        _ => Ok(vec![of_image(&reading.stated.image(bytes)?, finger, reading.extractor)?]),
    }
}

/// The fingers of an ANSI/NIST-ITL transaction; of one without images those of its minutiae.
pub fn of_transaction(bytes: &[u8], extractor: Extractor) -> Result<Vec<FingerEntry>, FormatError> {
    let transaction = nist::read(bytes)?;
    let mut out = Vec::new();
    for image in transaction.images()? {
        if let Some(finger) = image.finger().single() {
            out.push(of_image(&image.decode()?, finger, extractor)?);
        }
    }
    if out.is_empty() {
        out.extend(transaction.minutiae()?.iter().map(FingerEntry::of_minutiae));
    }
    Ok(out)
}

/// The template of a print that stands alone in a WSQ file.
pub fn of_print(bytes: &[u8], finger: FingerPosition) -> formats::Read<FingerEntry> {
    of_image(&formats::wsq::decode(bytes)?.image, finger, Extractor::Classic)
}

fn of_image(
    image: &GrayImage,
    finger: FingerPosition,
    extractor: Extractor,
) -> formats::Read<FingerEntry> {
    let image = raster::resample::to_500_ppi(image)?;
    let template = Template::of(&extract_with(extractor, &image, finger));
    Ok(FingerEntry { finger, template })
}
