//! `comity clock`: the custody clock of a case.

use crate::decide::{day, instant, library_and_scope};
use crate::fail::{EXIT_OK, EXIT_UNDETERMINED, Failure};
use crate::{files, table};
use clap::Args as ClapArgs;
use comity_model::clock::alarms;
use comity_policy::case::{Question, read_case};
use comity_policy::explain::ClockView;
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Arguments.
#[derive(ClapArgs)]
#[command(after_help = "Examples:\n  comity clock cases/scenarios/SC096.toml\n  \
comity clock case.toml --as-of 2014-07-05T12:00:00-05:00 --alarm 120 --alarm 30")]
pub struct Args {
    /// The case file, TOML or JSON; `-` for standard input
    case: PathBuf,
    /// Read the clock as of this moment; without it, now
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<String>,
    /// The day whose law is applied
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
    /// The place
    #[arg(long, value_name = "PLACE")]
    at: Option<String>,
    /// Minutes before the end at which an alarm is due
    #[arg(long, value_name = "MINUTES", default_values_t = [240_u32, 60])]
    alarm: Vec<u32>,
}

/// Runs the command.
pub fn run(args: &Args, policies: Option<&Path>, as_json: bool) -> Result<u8, Failure> {
    let (library, scope) = library_and_scope(&[], false, policies)?;
    let as_of = match &args.as_of {
        Some(text) => instant(text)?,
        None => Timestamp::now(),
    };
    let on = args.on.as_deref().map(day).transpose()?;
    let question = Question { on, at: args.at.as_deref() };
    let name = args.case.display().to_string();
    let bytes = files::read(&args.case)?;
    let case = read_case(&library, &name, &bytes, &question).map_err(Failure::Findings)?;
    let mut code = EXIT_OK;
    for step in &case.steps {
        let e = library.explain(&step.facts, &scope, Some(as_of));
        code = code.max(show(&e.clock, &args.alarm, as_json));
    }
    Ok(code)
}

fn show(clock: &ClockView, leads: &[u32], as_json: bool) -> u8 {
    let due = match clock {
        ClockView::Reading { reading, .. } => alarms(reading, leads),
        _ => Vec::new(),
    };
    if as_json {
        let at: Vec<String> = due.iter().map(|a| a.at.to_string()).collect();
        println!("{}", json!({ "clock": clock, "alarms_at": at }));
    } else {
        text(clock, &due);
    }
    match clock {
        ClockView::Refused { .. } => EXIT_UNDETERMINED,
        ClockView::Reading { reading, .. }
            if reading.ends_at.is_none_or(|t| t.known().is_none()) =>
        {
            EXIT_UNDETERMINED
        }
        _ => EXIT_OK,
    }
}

fn text(clock: &ClockView, due: &[comity_model::clock::Alarm]) {
    match clock {
        ClockView::NoHold => {
            println!("No hold clock runs: a hold is not allowed. Release on time.");
        }
        ClockView::NoCap => println!("No hold clock runs: no rule applied here sets one."),
        ClockView::Refused { why } => println!("The clock refuses to guess: {why}"),
        ClockView::Reading { reading, sources } => {
            for line in reading.lines() {
                println!("{line}");
            }
            println!();
            let rows: Vec<Vec<String>> = reading
                .caps
                .iter()
                .map(|cap| {
                    let ends = cap
                        .ends_at
                        .known()
                        .map_or_else(|| "not known".to_owned(), |t| reading.show(t));
                    let source = sources.get(cap.id as usize).cloned().unwrap_or_default();
                    vec![cap.kind.name().to_owned(), ends, source]
                })
                .collect();
            table::print(&["cap", "ends", "source"], &rows);
            for alarm in due {
                println!("alarm {}", reading.show(alarm.at));
            }
        }
    }
}
