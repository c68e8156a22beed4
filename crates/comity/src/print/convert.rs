//! `comity print convert`: one format to another.

use super::{Stated, refused};
use crate::fail::{EXIT_OK, Failure};
use crate::files;
use comity_print::formats::minutiae_record::{Record, Standard};
use comity_print::formats::nist::{Compression, PrintImage, Transaction};
use comity_print::formats::raster::{self, resample};
use comity_print::formats::{self, Format, FormatError, Read, ansi378, iso19794, nist, wsq};
use comity_print::{FingerMinutiae, GrayImage, Resolution};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Convert images, records of minutiae and transactions
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Image, record of minutiae or transaction; - reads standard input
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// File to write (.wsq, .png, .pgm, .raw; .iso, .ansi), or for a transaction a new folder
    #[arg(value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    stated: Stated,
    /// Bring the image to 500 pixels an inch
    #[arg(long)]
    resample: bool,
    /// Compression of WSQ, 15 to 1 without it
    #[arg(long, value_name = "RATIO", default_value_t = 15.0)]
    ratio: f64,
    /// Format of the images of a transaction
    #[arg(long, value_name = "FORMAT", default_value = "png", value_parser = ["png", "pgm", "raw", "wsq"])]
    format: String,
}

const AFTER: &str = "A transaction becomes a folder: its images, and its Type-9 minutiae as .iso; \
images that are WSQ already are not compressed again. With OUT ending in .iso or .ansi only its \
minutiae are written.\n\n\
Examples:\n  comity print convert thumb.png thumb.wsq --ppi 500\n  \
comity print convert scan.tiff scan.png --resample\n  \
comity print convert template.iso template.ansi\n  \
comity print convert card.an2 card/ --format wsq";

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let bytes = files::read(&args.input)?;
    let made = make(args, &bytes)?;
    let written: Vec<String> = made.iter().map(|(p, _)| p.display().to_string()).collect();
    if let [(path, bytes)] = made.as_slice()
        && *path == args.output
    {
        files::write(path, bytes)?;
    } else {
        folder(&args.output, &made)?;
    }
    if as_json {
        println!("{}", json!({ "written": written }));
    } else {
        written.iter().for_each(|path| println!("{path}"));
    }
    Ok(EXIT_OK)
}

/// Writes the files of a transaction into a new folder.
fn folder(output: &Path, made: &[(PathBuf, Vec<u8>)]) -> Result<(), Failure> {
    if std::fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::usage(format!("{} is there and not empty", output.display()))
            .help("give a folder that is not there yet"));
    }
    std::fs::create_dir_all(output)
        .map_err(|e| Failure::usage(format!("{} cannot be made: {e}", output.display())))?;
    made.iter().try_for_each(|(path, bytes)| files::write(path, bytes))
}

/// The files to be written: everything is read and converted before the first is.
fn make(args: &Args, bytes: &[u8]) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let refuse = |e: FormatError| Failure::Findings(vec![refused(&args.input, &e)]);
    let format = Format::sniff(bytes).filter(|_| args.stated.raw.is_none());
    let ending = args.output.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let one = |made: Read<Vec<u8>>| Ok(vec![(args.output.clone(), made.map_err(refuse)?)]);
    match (format, ending) {
        (Some(Format::AnsiNist), "iso" | "ansi")
        | (Some(Format::Iso19794 | Format::Ansi378), _) => {
            let Some(standard) = standard(ending) else {
                return Err(unknown_ending(&args.output, ".iso or .ansi"));
            };
            let fingers = formats::read_minutiae(bytes).map_err(refuse)?;
            if fingers.is_empty() {
                return Err(Failure::usage(format!("{} holds no minutiae", args.input.display()))
                    .help("a folder as OUT takes the images of the transaction"));
            }
            one(minutiae(bytes, standard, &fingers))
        }
        (Some(Format::AnsiNist), _) => {
            let transaction = nist::read(bytes).map_err(refuse)?;
            of_transaction(&transaction, args).map_err(refuse)
        }
        (_, "wsq" | "png" | "pgm" | "raw") => {
            one(args.stated.image(bytes).and_then(|image| write_image(image, ending, args)))
        }
        _ => Err(unknown_ending(&args.output, ".wsq, .png, .pgm or .raw")),
    }
}

fn unknown_ending(path: &Path, endings: &str) -> Failure {
    Failure::usage(format!("{} names no format", path.display()))
        .help(format!("end the name in {endings}"))
}

fn standard(ending: &str) -> Option<Standard> {
    match ending {
        "iso" => Some(Standard::Iso),
        "ansi" => Some(Standard::Ansi { product_owner: 0, product_type: 0 }),
        _ => None,
    }
}

/// A record of minutiae; one that is of the standard already keeps its bytes.
fn minutiae(bytes: &[u8], standard: Standard, fingers: &[FingerMinutiae]) -> Read<Vec<u8>> {
    if Format::sniff(bytes) == Some(standard.format()) {
        return Ok(bytes.to_vec());
    }
    let record = Record::of_fingers(standard, fingers);
    match standard {
        Standard::Iso => iso19794::write(&record),
        Standard::Ansi { .. } => ansi378::write(&record),
    }
}

fn write_image(mut image: GrayImage, format: &str, args: &Args) -> Read<Vec<u8>> {
    if args.resample {
        if image.resolution == Resolution::Unstated {
            return Err(FormatError::new(
                Format::Raw,
                0,
                "the image does not state its resolution",
            )
            .field("resolution")
            .help("state it with --ppi"));
        }
        image = resample::to_500_ppi(&image)?.into_owned();
    }
    match format {
        "wsq" => wsq::encode(&image, wsq::bits_per_pixel(args.ratio)),
        "pgm" => Ok(raster::write_pgm(&image)),
        "raw" => Ok(image.pixels().to_vec()),
        _ => raster::write_png(&image),
    }
}

fn of_transaction(transaction: &Transaction, args: &Args) -> Read<Vec<(PathBuf, Vec<u8>)>> {
    let mut out = Vec::new();
    for image in transaction.images()? {
        let name = file_name(&image, &args.format);
        let keeps = args.format == "wsq" && image.compression == Compression::Wsq && !args.resample;
        let bytes = if keeps {
            image.data().to_vec()
        } else {
            let mut print = image.decode()?;
            if let Some(ppi) = args.stated.ppi {
                print.resolution = Resolution::Ppi(ppi);
            }
            write_image(print, &args.format, args)?
        };
        out.push((args.output.join(name), bytes));
    }
    let fingers = transaction.minutiae()?;
    if !fingers.is_empty() {
        let record = Record::of_fingers(Standard::Iso, &fingers);
        out.push((args.output.join("minutiae.iso"), iso19794::write(&record)?));
    }
    Ok(out)
}

/// `record-03-type-4-position-02.png`; gray levels without a header say their sides.
fn file_name(image: &PrintImage<'_>, format: &str) -> String {
    let sides = if format == "raw" {
        format!("-{}x{}", image.width_px, image.height_px)
    } else {
        String::new()
    };
    format!(
        "record-{:02}-type-{}-position-{:02}{sides}.{format}",
        image.record,
        image.record_type,
        image.positions.first().copied().unwrap_or_default()
    )
}
