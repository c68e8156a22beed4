//! `comity print enroll`: prints into a gallery, and out of it.

use super::{Reading, fingers, prints, shards};
use crate::fail::{EXIT_OK, Failure};
use comity_model::Diagnostic;
use comity_print::FingerPosition;
use comity_print::gallery::{FingerEntry, Record, SubjectId, file};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Put prints into a gallery, or take subjects out of it
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Folder of the gallery; made where there is none
    gallery: PathBuf,
    /// Images, records of minutiae, transactions: each file a subject; of a folder its images
    #[arg(value_name = "FILE", required_unless_present = "delete")]
    files: Vec<PathBuf>,
    /// All files are of this subject (32 hexadecimal digits)
    #[arg(long, value_name = "ID", value_parser = subject)]
    subject: Option<SubjectId>,
    /// Which finger images are of, as ANSI/NIST-ITL numbers them: 1 right thumb to 10 left little
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=10))]
    finger: u8,
    /// Shards of a new gallery
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=4096))]
    shards: u16,
    /// Take out these subjects
    #[arg(long, value_name = "ID", value_parser = subject, conflicts_with_all = ["files", "subject"])]
    delete: Vec<SubjectId>,
    #[command(flatten)]
    reading: Reading,
}

const AFTER: &str = "A gallery knows subjects by ids that mean nothing: without --subject the id \
of a file is made of its templates. What stands in the list is on the disk.\n\n\
Examples:\n  comity print enroll gallery card.an2\n  \
comity print enroll gallery --finger 1 thumbs/*.png\n  \
comity print enroll gallery --delete 00112233445566778899aabbccddeeff";

/// Reads an id.
pub fn subject(text: &str) -> Result<SubjectId, String> {
    SubjectId::parse(text).ok_or_else(|| "give 32 hexadecimal digits".to_owned())
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let count = shards::make(&args.gallery, args.shards)?;
    if !args.delete.is_empty() {
        return delete(args, count, as_json);
    }
    // Everything is read before anything is written: a file that is refused leaves no half.
    let finger = FingerPosition::of_code(args.finger).unwrap_or(FingerPosition::Unknown);
    let mut paths = Vec::new();
    for path in &args.files {
        if path.is_dir() { paths.extend(prints::images(path)?) } else { paths.push(path.clone()) }
    }
    let read =
        prints::on_all_cores(&paths, "files read", |p| fingers::read(p, args.reading, finger));
    let mut records: Vec<Record> = Vec::new();
    let mut rows = Vec::new();
    for (path, found) in paths.iter().zip(read) {
        let found = found?;
        let subject = args.subject.unwrap_or_else(|| id_of(&found));
        let minutiae: Vec<usize> = found.iter().map(|f| f.template.minutiae.len()).collect();
        rows.push((path.display().to_string(), subject, minutiae));
        records.push(Record { subject, fingers: found });
    }
    must_be_new(&args.gallery, &paths, &records)?;
    let mut by_shard: BTreeMap<u16, Vec<Record>> = BTreeMap::new();
    for record in records {
        by_shard.entry(record.subject.shard(count)).or_default().push(record);
    }
    let blocks = by_shard.into_iter().map(|(s, list)| (s, file::records(&list))).collect();
    shards::append(&args.gallery, &blocks)?;
    if as_json {
        let row = |(file, subject, minutiae): &(String, SubjectId, Vec<usize>)| json!({ "file": file, "subject": subject, "fingers": minutiae.len(), "minutiae": minutiae });
        println!("{}", json!({ "enrolled": rows.iter().map(row).collect::<Vec<_>>() }));
    } else {
        let row = |(file, subject, minutiae): &(String, SubjectId, Vec<usize>)| {
            let sum = minutiae.iter().sum::<usize>();
            vec![subject.to_string(), minutiae.len().to_string(), sum.to_string(), file.clone()]
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        crate::table::print(&["subject", "fingers", "minutiae", "file"], &rows);
    }
    Ok(EXIT_OK)
}

/// Refuses prints that are in the gallery already, or come twice: a copy would count as another
/// impression in every search.
fn must_be_new(gallery: &Path, paths: &[PathBuf], records: &[Record]) -> Result<(), Failure> {
    let bytes = shards::map_all(gallery)?;
    let (shards, _) = shards::open(&bytes, true)?;
    let mut wrong = Vec::new();
    for (at, (path, record)) in paths.iter().zip(records).enumerate() {
        let known = record.fingers.iter().find_map(|entry| {
            let before = records[..at].iter();
            let twice = before.filter(|r| r.fingers.contains(entry)).map(|r| r.subject).next();
            twice.or_else(|| shards.iter().find_map(|shard| shard.enrolled_as(entry)))
        });
        if let Some(subject) = known {
            let message = format!("these prints are enrolled already, as subject {subject}");
            let mut fault = Diagnostic::error("already-enrolled", message);
            fault.file = path.display().to_string();
            wrong.push(fault.help("nothing was enrolled; leave the file out"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::Findings(wrong)) }
}

fn delete(args: &Args, count: u16, as_json: bool) -> Result<u8, Failure> {
    let mut by_shard: BTreeMap<u16, Vec<SubjectId>> = BTreeMap::new();
    for id in &args.delete {
        by_shard.entry(id.shard(count)).or_default().push(*id);
    }
    let blocks = by_shard.into_iter().map(|(s, list)| (s, file::deletions(&list))).collect();
    shards::append(&args.gallery, &blocks)?;
    if as_json {
        println!("{}", json!({ "deleted": args.delete }));
    } else {
        println!("{} subjects deleted", args.delete.len());
    }
    Ok(EXIT_OK)
}

/// An id of what the templates are.
fn id_of(found: &[FingerEntry]) -> SubjectId {
    let record = Record { subject: SubjectId([0; 16]), fingers: found.to_vec() };
    let mut id = [0; 16];
    id.copy_from_slice(&Sha256::digest(file::content(&[record]))[..16]);
    SubjectId(id)
}
