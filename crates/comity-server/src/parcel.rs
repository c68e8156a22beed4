//! How a message and its files travel in one body: each part with its length in four bytes, big
//! end first (as [`comity_ledger::write_sealed`] lays parts out). The envelope is the first.

use comity_ledger::{read_sealed, write_sealed};
use comity_model::Diagnostic;

/// The content type of a parcel.
pub const PARCEL_TYPE: &str = "application/vnd.comity.parcel";

/// The content type of receipts, laid out like a parcel.
pub const RECEIPTS_TYPE: &str = "application/vnd.comity.receipts";

/// Most bytes of a parcel: fourteen prints of an arrest card, generously.
pub const PARCEL_BYTES_MAX: usize = 48 << 20;

/// The body of a parcel.
pub fn write<'a>(envelope: &'a [u8], files: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    write_sealed(std::iter::once(envelope).chain(files))
}

/// The parts of a body: the envelope and the files.
///
/// # Errors
/// `cut-off`, `too-large`; `missing`: no part at all.
pub fn read(body: &[u8]) -> Result<(Vec<u8>, Vec<Vec<u8>>), Diagnostic> {
    let mut parts = read_sealed(body)?.into_iter().map(<[u8]>::to_vec);
    let Some(envelope) = parts.next() else {
        return Err(Diagnostic::error("missing", "the parcel is empty").path("body"));
    };
    Ok((envelope, parts.collect()))
}
