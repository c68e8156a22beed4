//! How messages and their files travel in one body. A parcel is a message: each part with its
//! length in four bytes, big end first (as [`comity_ledger::write_sealed`] lays parts out), the
//! envelope first and its files after it. A bundle is several parcels, laid out in the same way
//! behind a part that says so. See docs/adr/0055.

use comity_ledger::{read_sealed, write_sealed};
use comity_model::Diagnostic;
use comity_node::Parcel;

/// The content type of a parcel and of a bundle.
pub const PARCEL_TYPE: &str = "application/vnd.comity.parcel";

/// The content type of receipts, laid out like a parcel.
pub const RECEIPTS_TYPE: &str = "application/vnd.comity.receipts";

/// Most bytes of a body: fourteen prints of an arrest card, generously.
pub const PARCEL_BYTES_MAX: usize = 48 << 20;

/// How many bytes a bundle may have before it takes no further message.
const BUNDLE_BYTES: usize = 4 << 20;

/// Most messages of a bundle.
const BUNDLED_MAX: usize = 64;

/// The first part of a bundle: no envelope is this.
const BUNDLE: &[u8] = b"comity-bundle/v1\n";

/// A message's envelope, and its files.
pub type Parts = (Vec<u8>, Vec<Vec<u8>>);

/// How many of these, from the first on, go together in one body; never none of some.
pub fn together(parcels: &[Parcel]) -> usize {
    let size = |p: &Parcel| p.envelope.len() + p.files.iter().map(Vec::len).sum::<usize>();
    let mut bytes = 0;
    let fit = parcels.iter().take(BUNDLED_MAX).take_while(|parcel| {
        bytes += size(parcel);
        bytes <= BUNDLE_BYTES
    });
    fit.count().max(1).min(parcels.len())
}

/// The body of these; one alone is a parcel, as those know it who know no bundles. `None`: a part
/// is longer than its length can say.
pub fn write(parcels: &[Parcel]) -> Option<Vec<u8>> {
    let one = |parcel: &Parcel| {
        let files = parcel.files.iter().map(Vec::as_slice);
        write_sealed(std::iter::once(parcel.envelope.as_slice()).chain(files))
    };
    if let [parcel] = parcels {
        return one(parcel);
    }
    let all: Option<Vec<Vec<u8>>> = parcels.iter().map(one).collect();
    write_sealed(std::iter::once(BUNDLE).chain(all?.iter().map(Vec::as_slice)))
}

/// The messages of a body, in their order.
///
/// # Errors
/// `cut-off`, `too-large`; `missing`: no part at all.
pub fn read(body: &[u8]) -> Result<Vec<Parts>, Diagnostic> {
    let parts = read_sealed(body)?;
    match parts.split_first() {
        Some((mark, parcels)) if *mark == BUNDLE && !parcels.is_empty() => {
            parcels.iter().map(|parcel| message(&read_sealed(parcel)?)).collect()
        }
        _ => Ok(vec![message(&parts)?]),
    }
}

fn message(parts: &[&[u8]]) -> Result<Parts, Diagnostic> {
    let mut parts = parts.iter().map(|part| part.to_vec());
    let Some(envelope) = parts.next() else {
        return Err(Diagnostic::error("missing", "the parcel is empty").path("body"));
    };
    Ok((envelope, parts.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use comity_exchange::Party;

    fn parcel(number: u64, file_bytes: &[usize]) -> Parcel {
        Parcel {
            peer: Party::new("jail.example/party").unwrap(),
            url: "http://jail.example".to_owned(),
            number,
            envelope: format!("envelope {number}").into_bytes(),
            files: file_bytes.iter().map(|n| vec![7; *n]).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let sent = [parcel(1, &[]), parcel(2, &[3, 0]), parcel(3, &[5])];
        let parts: Vec<Parts> =
            sent.iter().map(|p| (p.envelope.clone(), p.files.clone())).collect();
        for n in 1..=sent.len() {
            assert_eq!(read(&write(&sent[..n]).unwrap()).unwrap(), parts[..n]);
        }
        // Cut off between two messages it is a bundle of fewer; the rest has no receipt then.
        let body = write(&sent).unwrap();
        let whole = |end: usize| read(&body[..end]).ok().filter(|read| read[0].0 != BUNDLE);
        let read_at: Vec<usize> = (1..body.len()).filter(|end| whole(*end).is_some()).collect();
        assert_eq!(read_at.len(), sent.len() - 1, "{read_at:?}");
        assert!(read_at.iter().enumerate().all(|(n, end)| whole(*end).unwrap() == parts[..=n]));
        assert_eq!(read(&[]).unwrap_err().code, "missing");
        let mark_alone = write_sealed([BUNDLE]).unwrap();
        assert_eq!(read(&mark_alone).unwrap(), [(BUNDLE.to_vec(), Vec::new())], "no envelope");
        let empty = write_sealed([BUNDLE, b""]).unwrap();
        assert_eq!(read(&empty).unwrap_err().code, "missing");
    }

    #[test]
    fn large_files_travel_alone() {
        let large = BUNDLE_BYTES + 1;
        assert_eq!(together(&[]), 0);
        assert_eq!(together(&[parcel(1, &[large]), parcel(2, &[])]), 1);
        assert_eq!(together(&[parcel(1, &[]), parcel(2, &[large]), parcel(3, &[])]), 1);
        let many: Vec<Parcel> = (0..100).map(|n| parcel(n, &[])).collect();
        assert_eq!(together(&many), BUNDLED_MAX);
    }
}
