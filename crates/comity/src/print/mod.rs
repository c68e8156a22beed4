//! `comity print`: fingerprints, from files to candidates. One file per subcommand.

mod convert;
mod draw;
mod enroll;
mod eval;
mod explain;
mod extract;
mod fingers;
mod info;
mod match_;
mod prints;
mod search;
mod shards;
mod synth;
mod watch;

pub use watch::{Watched, gallery_of};

use crate::fail::Failure;
use comity_model::Diagnostic;
use comity_print::formats::{self, FormatError, raster};
use comity_print::net::Extractor;
use comity_print::{GrayImage, Resolution};
use std::path::Path;

/// Read and convert fingerprints
#[derive(clap::Subcommand)]
pub enum Command {
    /// Say what files are: format, size, resolution, records
    Info(info::Args),
    /// Make synthetic fingerprints with their true minutiae
    Synth(synth::Args),
    /// Put prints into a gallery, or take subjects out of it
    Enroll(enroll::Args),
    /// Look for the person of prints in a gallery
    Search(search::Args),
    /// Convert images, records of minutiae and transactions
    Convert(convert::Args),
    /// Find the minutiae of images
    Extract(extract::Args),
    /// Compare two prints; the score is for an examiner to look at, it is no answer
    Match(match_::Args),
    /// Show each stage from the image to its minutiae
    Explain(explain::Args),
    /// Draw two prints side by side with the minutiae that are paired
    Draw(draw::Args),
    /// Measure error rates on folders of prints named FINGER_IMPRESSION, such as 101_1.png
    Eval(eval::Args),
}

/// Runs one of the commands.
pub fn run(command: &Command, as_json: bool) -> Result<u8, Failure> {
    match command {
        Command::Info(args) => info::run(args, as_json),
        Command::Synth(args) => synth::run(args, as_json),
        Command::Enroll(args) => enroll::run(args, as_json),
        Command::Search(args) => search::run(args, as_json),
        Command::Convert(args) => convert::run(args, as_json),
        Command::Extract(args) => extract::run(args, as_json),
        Command::Match(args) => match_::run(args, as_json),
        Command::Explain(args) => explain::run(args, as_json),
        Command::Draw(args) => draw::run(args, as_json),
        Command::Eval(args) => eval::run(args, as_json),
    }
}

/// What the caller knows of an image that its file does not say.
#[derive(clap::Args, Clone, Copy)]
pub struct Stated {
    /// Resolution at which the print was scanned, whatever its file says
    #[arg(long, value_name = "PPI", value_parser = ppi)]
    pub ppi: Option<f32>,
    /// Sides of gray levels without a header, 8 bits each: WIDTHxHEIGHT
    #[arg(long, value_name = "SIDES", value_parser = sides)]
    pub raw: Option<(usize, usize)>,
}

/// How a print becomes minutiae.
#[derive(clap::Args, Clone, Copy)]
pub struct Reading {
    #[command(flatten)]
    pub stated: Stated,
    /// What finds the minutiae: `classic`, or `net`, a small network that takes ten times as long
    #[arg(long, value_name = "NAME", value_parser = extractor, default_value = "classic")]
    pub extractor: Extractor,
}

fn extractor(text: &str) -> Result<Extractor, String> {
    match text {
        "classic" => Ok(Extractor::Classic),
        "net" => Ok(Extractor::Net),
        _ => Err("an extractor is `classic` or `net`".to_owned()),
    }
}

fn ppi(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(ppi) if (100.0..=4000.0).contains(&ppi) => Ok(ppi),
        _ => Err("give 100 to 4000 pixels an inch, such as 500".to_owned()),
    }
}

fn sides(text: &str) -> Result<(usize, usize), String> {
    let parsed = text.split_once(['x', 'X']).and_then(|(w, h)| w.parse().ok().zip(h.parse().ok()));
    parsed.ok_or_else(|| "write width and height in pixels, such as 388x374".to_owned())
}

impl Stated {
    /// The image of a file's bytes, with what the caller states.
    pub fn image(self, bytes: &[u8]) -> formats::Read<GrayImage> {
        let mut image = match self.raw {
            Some((width, height)) => raster::read_raw(bytes, width, height, Resolution::Unstated)?,
            None => formats::read_image(bytes)?,
        };
        if let Some(ppi) = self.ppi {
            image.resolution = Resolution::Ppi(ppi);
        }
        Ok(image)
    }
}

/// A file that was refused, as the commands report it.
pub fn refused(file: &Path, error: &FormatError) -> Diagnostic {
    let mut diagnostic = Diagnostic::error("unreadable-print", error.to_string());
    diagnostic.file = file.display().to_string();
    diagnostic.help(error.help.clone())
}
