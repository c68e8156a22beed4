//! The files of a gallery: made, locked for appending, read.

use crate::fail::Failure;
use comity_model::Diagnostic;
use comity_print::gallery::file::{HEADER_BYTES, Shard, ShardHeader};
use sha2::{Digest, Sha256};
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

/// Makes the shards of a new gallery, or says how many an old one has.
pub fn make(folder: &Path, shards: u16) -> Result<u16, Failure> {
    if path_of(folder, 0).exists() {
        let mut head = [0; HEADER_BYTES];
        let path = path_of(folder, 0);
        let opened = File::open(&path).and_then(|mut f| f.read_exact(&mut head));
        opened.map_err(|e| wrong(&path, "read", e))?;
        return ShardHeader::read(&head)
            .map(|h| h.shards)
            .map_err(|e| damaged(&path, &e.to_string()));
    }
    std::fs::create_dir_all(folder).map_err(|e| wrong(folder, "made", e))?;
    // Tells the gallery's shards from another's; nothing secret follows from it.
    let mut sha = Sha256::new();
    sha.update(folder.display().to_string());
    sha.update(format!("{:?} {}", std::time::SystemTime::now(), std::process::id()));
    let mut gallery = [0; 16];
    gallery.copy_from_slice(&sha.finalize()[..16]);
    // The first shard last: where it is, all of them are.
    for shard in (0..shards).rev() {
        let header = ShardHeader { gallery, shard, shards };
        super::write(&path_of(folder, shard), &header.to_bytes())?;
    }
    Ok(shards)
}

/// Appends blocks to a shard: alone, after the last whole block, and onto the disk.
///
/// An append that was cut off before is cut away: it was never acknowledged.
pub fn append(folder: &Path, shard: u16, blocks: &[u8]) -> Result<(), Failure> {
    let path = path_of(folder, shard);
    let failed = |e: std::io::Error| wrong(&path, "written", e);
    let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
    file.lock().map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let end = Shard::read(&bytes).map_err(|e| damaged(&path, &e.to_string()))?.whole_bytes as u64;
    if end < bytes.len() as u64 {
        file.set_len(end).map_err(failed)?;
    }
    file.seek(SeekFrom::Start(end)).map_err(failed)?;
    file.write_all(blocks).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// The bytes of every shard.
pub fn read_all(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let first = path_of(folder, 0);
    let bytes = std::fs::read(&first).map_err(|e| {
        wrong(&first, "read", e).help("comity print enroll GALLERY FILES… makes a gallery")
    })?;
    let header = ShardHeader::read(&bytes).map_err(|e| damaged(&first, &e.to_string()))?;
    let mut all = vec![(first, bytes)];
    for shard in 1..header.shards {
        let path = path_of(folder, shard);
        let bytes = std::fs::read(&path).map_err(|e| wrong(&path, "read", e))?;
        all.push((path, bytes));
    }
    Ok(all)
}

/// The shards of those bytes, and what is wrong with them: an append that is cut off is a
/// warning, a changed block an error unless it is to be skipped.
pub fn open(
    all: &[(PathBuf, Vec<u8>)],
    skip: bool,
) -> Result<(Vec<Shard<'_>>, Vec<Diagnostic>), Failure> {
    let (mut shards, mut notes, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut gallery = None;
    for (path, bytes) in all {
        let shard = Shard::read(bytes).map_err(|e| damaged(path, &e.to_string()))?;
        if *gallery.get_or_insert(shard.header.gallery) != shard.header.gallery {
            return Err(damaged(path, "the shard is of another gallery"));
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
