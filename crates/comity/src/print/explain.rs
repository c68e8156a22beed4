//! `comity print explain`: every stage of the extraction as a picture.

use super::{Reading, prints};
use crate::fail::{EXIT_OK, Failure};
use crate::files;
use comity_print::extract::{BLOCK_PX, Extraction, Plane};
use comity_print::{GrayImage, MinutiaKind};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Show each stage from the image to its minutiae
#[derive(clap::Args)]
#[command(after_help = "Example:\n  comity print explain thumb.png --out stages")]
pub struct Args {
    /// An image of a finger
    #[arg(value_name = "IMAGE")]
    image: PathBuf,
    /// Folder for the pictures
    #[arg(long, value_name = "DIR", default_value = "stages")]
    out: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let (image, e) = prints::extracted(&args.image, args.reading)?;
    prints::folder(&args.out)?;
    let (w, h) = (image.width_px(), image.height_px());
    let signed = |plane: &Plane<f32>, scale: f32| -> Vec<u8> {
        plane.values.iter().map(|v| (128.0 + v * scale).clamp(0.0, 255.0) as u8).collect()
    };
    let by_block = |value: &dyn Fn(usize) -> u8| -> Vec<u8> {
        let block = |at: usize| (at / w / BLOCK_PX) * e.mask.width + at % w / BLOCK_PX;
        (0..w * h).map(|at| value(block(at))).collect()
    };
    let line = |v: &bool| if *v { 0 } else { 255 };
    let gray = [
        ("1-even", signed(&e.even, 60.0)),
        ("2-clarity", by_block(&|b| (e.ridges.values[b].clarity * 255.0) as u8)),
        ("3-period", by_block(&|b| (e.ridges.values[b].period_px * 12.0).min(255.0) as u8)),
        ("4-mask", by_block(&|b| u8::from(e.mask.values[b]) * 255)),
        ("6-enhanced", signed(&e.enhanced, 12.0)),
        ("7-skeleton", e.skeleton.values.iter().map(line).collect()),
    ];
    let mut written = Vec::new();
    for (name, levels) in gray {
        let path = args.out.join(format!("{name}.png"));
        files::write(&path, &prints::png(w, h, levels)?)?;
        written.push(path.display().to_string());
    }
    let png = prints::png(w, h, image.pixels().to_vec())?;
    for (name, marks) in [("5-directions", directions(&e)), ("8-minutiae", minutiae(&e))] {
        let path = args.out.join(format!("{name}.svg"));
        files::write(&path, svg(&image, &png, &marks).as_bytes())?;
        written.push(path.display().to_string());
    }
    written.sort();
    if as_json {
        println!("{}", serde_json::json!({ "written": written, "print": e.found }));
    } else {
        println!("{} minutiae, quality {}", e.found.minutiae.len(), e.found.quality);
        written.iter().for_each(|path| println!("{path}"));
    }
    Ok(EXIT_OK)
}

fn svg(image: &GrayImage, png: &[u8], marks: &str) -> String {
    let (w, h) = (image.width_px(), image.height_px());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" \
         viewBox=\"0 0 {w} {h}\">\n<image width=\"{w}\" height=\"{h}\" opacity=\"0.6\" \
         href=\"data:image/png;base64,{}\"/>\n{marks}</svg>\n",
        prints::base64(png)
    )
}

fn directions(e: &Extraction) -> String {
    let mut text = String::new();
    for (at, ridge) in e.ridges.values.iter().enumerate() {
        if !e.mask.values[at] {
            continue;
        }
        let side = BLOCK_PX as f32;
        let x = ((at % e.ridges.width) as f32 + 0.5) * side;
        let y = ((at / e.ridges.width) as f32 + 0.5) * side;
        let half = ridge.sin2.atan2(ridge.cos2) / 2.0;
        let (dx, dy) = (half.cos() * side * 0.45, half.sin() * side * 0.45);
        let _ = writeln!(
            text,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#c00\"/>",
            x - dx,
            y - dy,
            x + dx,
            y + dy
        );
    }
    text
}

fn minutiae(e: &Extraction) -> String {
    let mut text = String::new();
    for m in &e.found.minutiae {
        let color = if m.kind == MinutiaKind::Ending { "#c00" } else { "#00c" };
        let angle = f32::from(m.angle) / 256.0 * std::f32::consts::TAU;
        let (x, y) = (f32::from(m.x_px), f32::from(m.y_px));
        let _ = writeln!(
            text,
            "<g stroke=\"{color}\" fill=\"none\"><circle cx=\"{x}\" cy=\"{y}\" r=\"4\"/>\
             <line x1=\"{x}\" y1=\"{y}\" x2=\"{:.1}\" y2=\"{:.1}\"/></g>",
            x + 12.0 * angle.cos(),
            y - 12.0 * angle.sin()
        );
    }
    text
}
