//! `comity print match`: two images, one score.

use super::{Reading, prints};
use crate::fail::{EXIT_OK, Failure};
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use serde_json::json;
use std::path::PathBuf;

/// Compare two prints; the score is for an examiner to look at, it is no answer
#[derive(clap::Args)]
#[command(after_help = "Example:\n  comity print match card.png latent.png --json")]
pub struct Args {
    /// An image of a finger
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Another
    #[arg(value_name = "B")]
    b: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let (_, a) = prints::extracted(&args.a, args.reading)?;
    let (_, b) = prints::extracted(&args.b, args.reading)?;
    let (first, second) = (Template::of(&a), Template::of(&b));
    let found = compare(&Prepared::of(&first), &Prepared::of(&second));
    if as_json {
        println!("{}", json!({ "score": found.score, "pairs": found.pairs }));
    } else {
        println!("score {:.2}, {} minutiae paired", found.score, found.pairs.len());
        println!("A score is for an examiner to look at: comity print draw shows the pairs.");
    }
    Ok(EXIT_OK)
}
