//! `comity print eval`: error rates on sets of prints.

use super::{Reading, prints};
use crate::fail::{EXIT_OK, Failure};
use crate::files;
use crate::table;
use comity_print::eval::{Impression, Line, Rates, Trial, pairs, table as rates_table};
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Measure error rates on folders of prints named FINGER_IMPRESSION, such as 101_1.png
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// A folder of sets, or one set
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Write every score: set,probe,candidate,score
    #[arg(long, value_name = "CSV")]
    scores: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

const AFTER: &str = "Genuine are all pairs of impressions of one finger, impostor all pairs of \
different fingers of a set; all sets pooled stand under one threshold. Rank-1: impression 1 of \
every finger of every set is enrolled, the others are searched. Rates are in percent, with the \
middle 95 % over fingers drawn anew.\n\n\
Example:\n  comity print eval prints/fvc --json --scores scores.csv";

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let listed = impressions(&args.folder)?;
    let prepared = prints::on_all_cores(&listed, "prints extracted", |(_, file)| {
        prints::extracted(file, args.reading).map(|(_, e)| Prepared::of(&Template::of(&e)))
    });
    let prepared = prepared.into_iter().collect::<Result<Vec<_>, _>>()?;
    let impressions: Vec<Impression> = listed.into_iter().map(|(i, _)| i).collect();
    let trials = prints::on_all_cores(&pairs(&impressions), "pairs compared", |&(a, b)| Trial {
        a,
        b,
        score: compare(&prepared[a], &prepared[b]).score,
    });
    if let Some(path) = &args.scores {
        files::write(path, csv(&impressions, &trials).as_bytes())?;
    }
    let lines = rates_table(&impressions, &trials);
    if as_json {
        println!("{}", as_value(&lines));
    } else {
        print(&lines);
    }
    Ok(EXIT_OK)
}

/// The prints of a folder: of each folder in it, or of itself.
fn impressions(folder: &Path) -> Result<Vec<(Impression, PathBuf)>, Failure> {
    let cannot = |e| Failure::usage(format!("{} cannot be read: {e}", folder.display()));
    let mut sets = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            sets.push(path);
        }
    }
    sets.sort();
    let mut found = Vec::new();
    for set in sets {
        let name = set.canonicalize().unwrap_or_else(|_| set.clone());
        let name = name.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        for file in prints::images(&set)? {
            let stem = prints::stem(&file);
            let parsed = stem.split_once('_').and_then(|(f, i)| f.parse().ok().zip(i.parse().ok()));
            if let Some((finger, impression)) = parsed {
                found.push((Impression { set: name.clone(), finger, impression }, file));
            }
        }
    }
    if found.is_empty() {
        let message = format!("no prints in {}", folder.display());
        return Err(Failure::usage(message).help(
            "give a folder of sets, each a folder of images named FINGER_IMPRESSION, such as 101_1.png",
        ));
    }
    found.sort();
    Ok(found)
}

fn csv(impressions: &[Impression], trials: &[Trial]) -> String {
    let mut text = String::from("set,probe,candidate,score\n");
    for t in trials {
        let (a, b) = (&impressions[t.a], &impressions[t.b]);
        if a.set == b.set {
            let _ = writeln!(
                text,
                "{},{}_{},{}_{},{}",
                a.set, a.finger, a.impression, b.finger, b.impression, t.score
            );
        }
        for (probe, enrolled) in [(a, b), (b, a)] {
            if probe.impression != 1 && enrolled.impression == 1 {
                let _ = writeln!(
                    text,
                    "ID,{}:{}_{},{}:{}_1,{}",
                    probe.set,
                    probe.finger,
                    probe.impression,
                    enrolled.set,
                    enrolled.finger,
                    t.score
                );
            }
        }
    }
    text
}

fn as_value(lines: &[Line]) -> Value {
    let rates = |r: &Rates| {
        json!({
            "eer": r.eer,
            "fnmr_at_fmr_1pct": r.fnmr_at_fmr_1pct,
            "fnmr_at_fmr_0_1pct": r.fnmr_at_fmr_0_1pct,
            "rank1": r.rank1,
        })
    };
    let mut sets = Map::new();
    let mut all = json!({ "unit": "percent" });
    for line in lines {
        let mut value = rates(&line.rates);
        value["genuine"] = json!(line.genuine);
        value["impostor"] = json!(line.impostor);
        value["low_95"] = rates(&line.low);
        value["high_95"] = rates(&line.high);
        if line.name == "pooled" {
            all["pooled"] = value;
        } else {
            sets.insert(line.name.clone(), value);
        }
    }
    all["sets"] = Value::Object(sets);
    all
}

fn print(lines: &[Line]) {
    let cell = |of: fn(&Rates) -> f64, line: &Line| {
        format!("{:.2} ({:.1}-{:.1})", of(&line.rates), of(&line.low), of(&line.high))
    };
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.name.clone(),
                line.genuine.to_string(),
                line.impostor.to_string(),
                cell(|r| r.eer, line),
                cell(|r| r.fnmr_at_fmr_1pct, line),
                cell(|r| r.fnmr_at_fmr_0_1pct, line),
                cell(|r| r.rank1, line),
            ]
        })
        .collect();
    let header = ["set", "genuine", "impostor", "EER %", "FNMR@1% %", "FNMR@0.1% %", "rank-1 %"];
    table::print(&header, &rows);
}
