//! `comity print info`: what a file is.

use super::Stated;
use crate::fail::{EXIT_FINDINGS, EXIT_OK, Failure, print_findings};
use crate::{files, table};
use comity_print::formats::minutiae_record::Record as MinutiaeRecord;
use comity_print::formats::nist::{Record, TaggedRecord, Transaction, ebts};
use comity_print::formats::{Format, Read, ansi378, iso19794, nist, wsq};
use comity_print::{FingerMinutiae, Resolution};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Say what files are: format, size, resolution, records
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// Files of prints, minutiae or transactions; - reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    stated: Stated,
    /// Show who a transaction is about: names, dates of birth, numbers
    #[arg(long)]
    show_personal: bool,
}

const AFTER: &str = "Read are WSQ, PNG, BMP, TIFF, JPEG and PGM images, ANSI/NIST-ITL transactions, \
and records of minutiae (ISO/IEC 19794-2:2005, ANSI INCITS 378-2004). \
docs/reference/print-formats.md says what of each.\n\n\
Examples:\n  comity print info card.an2 thumb.wsq\n  comity print info scan.raw --raw 388x374 --ppi 500 --json";

/// What is shown in place of a personal field.
const HIDDEN: &str = "(hidden; --show-personal shows it)";

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for file in &args.files {
        let bytes = files::read(file)?;
        match describe(&bytes, args) {
            Ok(mut value) => {
                value["file"] = json!(file.display().to_string());
                value["bytes"] = json!(bytes.len());
                found.push(value);
            }
            Err(e) => refused.push(super::refused(file, &e)),
        }
    }
    if as_json {
        println!("{}", json!({ "files": found, "findings": refused }));
    } else {
        found.iter().for_each(print);
        if !refused.is_empty() {
            print_findings(&refused, false);
        }
    }
    Ok(if refused.is_empty() { EXIT_OK } else { EXIT_FINDINGS })
}

fn describe(bytes: &[u8], args: &Args) -> Read<Value> {
    match Format::sniff(bytes).filter(|_| args.stated.raw.is_none()) {
        Some(Format::AnsiNist) => transaction(&nist::read(bytes)?, args.show_personal),
        Some(Format::Iso19794) => Ok(minutiae(&iso19794::read(bytes)?)),
        Some(Format::Ansi378) => Ok(minutiae(&ansi378::read(bytes)?)),
        format => {
            let image = args.stated.image(bytes)?;
            let mut value = json!({
                "format": format.unwrap_or(Format::Raw).name(),
                "width_px": image.width_px(),
                "height_px": image.height_px(),
                "ppi": ppi(image.resolution),
            });
            if format == Some(Format::Wsq) {
                let head = wsq::head(bytes)?;
                value["bits_per_pixel"] = json!(head.bits_per_pixel);
                value["certified_software"] = json!(head.software);
            }
            Ok(value)
        }
    }
}

fn ppi(resolution: Resolution) -> Option<f32> {
    match resolution {
        Resolution::Ppi(ppi) => Some(ppi),
        Resolution::Unstated => None,
    }
}

fn minutiae(record: &MinutiaeRecord) -> Value {
    let (across, down) = record.ppi();
    json!({
        "format": record.standard.format().name(),
        "width_px": record.width_px,
        "height_px": record.height_px,
        "ppi": across.round(),
        "ppi_down": down.round(),
        "views": record.fingers().iter().zip(&record.views).map(|(finger, view)| {
            let mut value = view_of(finger);
            value["impression"] = json!(view.impression);
            value["extended_bytes"] = json!(view.extended.len());
            value
        }).collect::<Vec<_>>(),
    })
}

fn view_of(finger: &FingerMinutiae) -> Value {
    json!({
        "finger": finger.finger,
        "minutiae": finger.minutiae.len(),
        "quality": finger.quality,
    })
}

fn transaction(read: &Transaction, show_personal: bool) -> Read<Value> {
    let images: Vec<Value> = read
        .images()?
        .iter()
        .map(|image| {
            json!({
                "record": image.record,
                "type": image.record_type,
                "idc": image.idc,
                "finger": image.finger(),
                "positions": image.positions,
                "impression": image.impression,
                "width_px": image.width_px,
                "height_px": image.height_px,
                "ppi": ppi(image.resolution),
                "compression": image.compression.name(),
                "bytes": image.data().len(),
            })
        })
        .collect();
    let records: Vec<Value> =
        read.records.iter().map(|r| json!({ "type": r.record_type(), "idc": r.idc() })).collect();
    let fields: Vec<Value> = read
        .records
        .iter()
        .filter_map(Record::tagged)
        .filter(|r| r.record_type == 2)
        .flat_map(|r| person(r, show_personal))
        .collect();
    let missing: Vec<Value> = read
        .missing_fingers()?
        .iter()
        .map(|(finger, code)| json!({ "finger": finger, "code": code }))
        .collect();
    // A transaction of another type has no profile to lack something of.
    let lacks = ebts::check(read).unwrap_or_default();
    Ok(json!({
        "format": Format::AnsiNist.name(),
        "header": read.header(),
        "records": records,
        "images": images,
        "minutiae": read.minutiae()?.iter().map(view_of).collect::<Vec<_>>(),
        "missing_fingers": missing,
        "fields": fields,
        "profile_lacks": lacks.iter().map(|e| format!("{}: {}", e.field, e.problem)).collect::<Vec<_>>(),
    }))
}

/// The fields of a Type-2 record, those that say who somebody is hidden.
fn person(record: &TaggedRecord, show_personal: bool) -> Vec<Value> {
    record
        .fields
        .iter()
        .filter(|f| f.number > 2)
        .map(|field| {
            let is_hidden = ebts::is_personal(field.number) && !show_personal;
            let text = field.text().replace(['\u{1e}', '\u{1f}'], " ");
            json!({
                "tag": field.tag,
                "name": ebts::name(field.number).map_or("not known here", |n| n.name),
                "value": if is_hidden { Value::Null } else { json!(text) },
                "is_hidden": is_hidden,
            })
        })
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "unstated".to_owned(),
        other => other.to_string(),
    }
}

fn print(value: &Value) {
    let get = |key: &str| text(&value[key]);
    println!("{}: {}, {} bytes", get("file"), get("format"), get("bytes"));
    if value.get("width_px").is_some() {
        let ppi = match value["ppi"].as_f64() {
            Some(ppi) => format!("{ppi} pixels an inch"),
            None => "resolution unstated (taken as 500 pixels an inch)".to_owned(),
        };
        println!("  {} x {} pixels, {ppi}", get("width_px"), get("height_px"));
    }
    if value["bits_per_pixel"].is_number() {
        println!("  {} bits a pixel asked of the encoder", get("bits_per_pixel"));
    }
    print_rows(value, "views", &["finger", "minutiae", "quality"]);
    if value.get("header").is_some() {
        print_transaction(value);
    }
    println!();
}

fn print_transaction(value: &Value) {
    let header = |key: &str| text(&value["header"][key]);
    println!(
        "  {} of {}, version {}, from {} to {}, control number {}",
        header("tot"),
        header("date"),
        header("version"),
        header("origin"),
        header("destination"),
        header("control_number")
    );
    let types: Vec<String> = value["records"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|r| text(&r["type"]))
        .collect();
    println!("  {} records, of types {}", types.len(), types.join(" "));
    let columns = [
        "record",
        "type",
        "finger",
        "impression",
        "width_px",
        "height_px",
        "ppi",
        "compression",
        "bytes",
    ];
    print_rows(value, "images", &columns);
    print_rows(value, "minutiae", &["finger", "minutiae", "quality"]);
    print_rows(value, "missing_fingers", &["finger", "code"]);
    for field in value["fields"].as_array().map_or(&[][..], Vec::as_slice) {
        let shown =
            if field["is_hidden"] == json!(true) { HIDDEN.into() } else { text(&field["value"]) };
        println!("  {} {}: {shown}", text(&field["tag"]), text(&field["name"]));
    }
    for lack in value["profile_lacks"].as_array().map_or(&[][..], Vec::as_slice) {
        println!("  lacks {}", text(lack));
    }
}

fn print_rows(value: &Value, key: &str, columns: &[&str]) {
    let Some(rows) = value[key].as_array().filter(|rows| !rows.is_empty()) else { return };
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|c| text(&row[*c])).collect()).collect();
    println!("  {key}:");
    table::print(columns, &cells);
}
