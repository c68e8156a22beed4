//! What the commands on extracted prints share: reading, extracting, progress, pictures.

use super::{Reading, Stated, refused};
use crate::fail::Failure;
use crate::files;
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use comity_print::extract::Extraction;
use comity_print::formats::raster::{resample, write_png};
use comity_print::net::extract_with;
use comity_print::{FingerPosition, GrayImage, Resolution};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// The image of a file at 500 pixels an inch.
pub fn image(file: &Path, stated: Stated) -> Result<GrayImage, Failure> {
    let bytes = files::read(file)?;
    let wrong = |e| Failure::Findings(vec![refused(file, &e)]);
    let image = stated.image(&bytes).map_err(wrong)?;
    Ok(resample::to_500_ppi(&image).map_err(wrong)?.into_owned())
}

/// A file's image and what is extracted of it.
pub fn extracted(file: &Path, reading: Reading) -> Result<(GrayImage, Extraction), Failure> {
    let image = image(file, reading.stated)?;
    let extraction = extract_with(reading.extractor, &image, FingerPosition::Unknown);
    Ok((image, extraction))
}

/// Does a piece of work for each item on all cores, in the order of the items; tells on standard
/// error how far it is when it takes long.
pub fn on_all_cores<T: Sync, R: Send>(
    items: &[T],
    what: &str,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let told = Mutex::new((started, false));
    let run = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
            if let Ok(mut told) = told.try_lock()
                && told.0.elapsed().as_secs() >= 2
            {
                eprint!("\r{at} of {} {what}        ", items.len());
                *told = (Instant::now(), true);
            }
        }
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(run)).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap_or_default()).collect()
    });
    if told.lock().is_ok_and(|t| t.1) {
        eprintln!();
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, r)| r).collect()
}

/// Makes a folder, with those above it.
pub fn folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path)
        .map_err(|e| Failure::usage(format!("{} cannot be made: {e}", path.display())))
}

/// The name of a file without folder and ending.
pub fn stem(file: &Path) -> String {
    file.file_stem().map_or_else(|| "print".to_owned(), |s| s.to_string_lossy().into_owned())
}

/// The image files of a folder, by name.
pub fn images(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |e| Failure::usage(format!("{} cannot be read: {e}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let taken = ["png", "bmp", "tif", "tiff", "jpg", "jpeg", "pgm", "wsq"];
        if ending.is_some_and(|e| taken.contains(&e.as_str())) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A PNG of gray levels.
pub fn png(width: usize, height: usize, levels: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let image = GrayImage::new(width, height, levels, Resolution::Ppi(500.0))
        .map_err(|e| Failure::usage(e.to_string()))?;
    write_png(&image).map_err(|e| Failure::usage(e.to_string()))
}

/// Bytes in base 64, for a picture inside a picture (RFC 4648).
pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_as_the_rfc_has_it() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (from, to) in cases {
            assert_eq!(super::base64(from.as_bytes()), to);
        }
    }
}
