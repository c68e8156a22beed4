//! The files of a gallery: made, locked for appending, mapped for searching.
//!
//! Whoever appends holds the lock of `gallery.lock`. Shards only ever grow, so that those who
//! have them mapped never lose a page.

use crate::fail::Failure;
use crate::files;
use comity_model::Diagnostic;
use comity_print::gallery::file::{HEADER_BYTES, Shard, ShardHeader, filler};
use mmap_guard::{FileData, map_file};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file of a shard.
fn path_of(folder: &Path, shard: u16) -> PathBuf {
    folder.join(format!("shard-{shard:05}.cgal"))
}

fn wrong(path: &Path, what: &str, why: impl std::fmt::Display) -> Failure {
    Failure::usage(format!("{} cannot be {what}: {why}", path.display()))
}

/// The lock of a gallery, held until it is dropped.
fn locked(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("gallery.lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    opened.and_then(|f| f.lock().map(|()| f)).map_err(|e| wrong(&path, "locked", e))
}

/// Makes the shards of a new gallery, or says how many an old one has.
pub fn make(folder: &Path, shards: u16) -> Result<u16, Failure> {
    std::fs::create_dir_all(folder).map_err(|e| wrong(folder, "made", e))?;
    let _lock = locked(folder)?;
    let first = path_of(folder, 0);
    if first.exists() {
        let mut head = [0; HEADER_BYTES];
        let opened = File::open(&first).and_then(|mut f| f.read_exact(&mut head));
        opened.map_err(|e| wrong(&first, "read", e))?;
        let header = ShardHeader::read(&head).map_err(|e| damaged(&first, &e.to_string()))?;
        return Ok(header.shards);
    }
    // Tells the gallery's shards from another's; nothing secret follows from it.
    let mut sha = Sha256::new();
    sha.update(folder.display().to_string());
    sha.update(format!("{:?} {}", std::time::SystemTime::now(), std::process::id()));
    let mut gallery = [0; 16];
    gallery.copy_from_slice(&sha.finalize()[..16]);
    // The first shard last: where it is, all of them are.
    for shard in (0..shards).rev() {
        let header = ShardHeader { gallery, shard, shards };
        files::write(&path_of(folder, shard), &header.to_bytes())?;
    }
    Ok(shards)
}

/// Appends blocks to shards: alone, after the last whole block, and onto the disk.
///
/// Bytes of an append that was cut off before are covered by an empty block: they were never
/// acknowledged.
pub fn append(folder: &Path, blocks: &BTreeMap<u16, Vec<u8>>) -> Result<(), Failure> {
    let _lock = locked(folder)?;
    for (shard, blocks) in blocks {
        let path = path_of(folder, *shard);
        let failed = |e: std::io::Error| wrong(&path, "written", e);
        let (whole, torn) = {
            let bytes = map_file(&path).map_err(|e| wrong(&path, "read", e))?;
            let read = Shard::read(&bytes).map_err(|e| damaged(&path, &e.to_string()))?;
            (read.whole_bytes, bytes.len() - read.whole_bytes)
        };
        let mut file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
        file.seek(SeekFrom::Start(whole as u64)).map_err(failed)?;
        file.write_all(&[filler(torn).as_slice(), blocks].concat()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// Every shard, mapped.
pub fn map_all(folder: &Path) -> Result<Vec<(PathBuf, FileData)>, Failure> {
    let map = |path: &Path| map_file(path).map_err(|e| wrong(path, "read", e));
    let first = path_of(folder, 0);
    let help = "comity print enroll GALLERY FILES… makes a gallery";
    let bytes = map(&first).map_err(|e| e.help(help))?;
    let header = ShardHeader::read(&bytes).map_err(|e| damaged(&first, &e.to_string()))?;
    let mut all = vec![(first, bytes)];
    for shard in 1..header.shards {
        let path = path_of(folder, shard);
        let bytes = map(&path)?;
        all.push((path, bytes));
    }
    Ok(all)
}

/// The shards of those bytes, and what is wrong with them: an append that is cut off is a
/// warning, a changed block an error unless it is to be skipped.
pub fn open(
    all: &[(PathBuf, FileData)],
    skip: bool,
) -> Result<(Vec<Shard<'_>>, Vec<Diagnostic>), Failure> {
    let (mut shards, mut notes, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut gallery = None;
    for (number, (path, bytes)) in all.iter().enumerate() {
        let shard = Shard::read(bytes).map_err(|e| damaged(path, &e.to_string()))?;
        let of = (shard.header.gallery, shard.header.shards);
        if *gallery.get_or_insert(of) != of || usize::from(shard.header.shard) != number {
            return Err(damaged(path, "the shard is of another gallery, or another shard of it"));
        }
        if let Some(torn) = &shard.torn {
            let mut note = Diagnostic::error("torn-append", torn.to_string()).warning();
            note.file = path.display().to_string();
            notes.push(note.help("an append is under way or was cut off; all before it was read"));
        }
        for lost in &shard.damaged {
            let mut error = Diagnostic::error("damaged-gallery", lost.to_string());
            error.file = path.display().to_string();
            let help = "restore the file, or search what is whole with --skip-damaged";
            errors.push(error.help(help));
        }
        shards.push(shard);
    }
    if !errors.is_empty() && !skip {
        return Err(Failure::Findings(errors));
    }
    notes.extend(errors);
    Ok((shards, notes))
}

fn damaged(path: &Path, problem: &str) -> Failure {
    let mut error = Diagnostic::error("damaged-gallery", problem.to_owned());
    error.file = path.display().to_string();
    Failure::Findings(vec![error.help("restore the file from a copy")])
}
