//! `comity print draw`: two prints side by side, with their pairs.

use super::{Reading, prints};
use crate::fail::{EXIT_OK, Failure};
use crate::files;
use comity_print::GrayImage;
use comity_print::matcher::{Prepared, compare};
use comity_print::template::Template;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Draw two prints side by side with the minutiae that are paired
#[derive(clap::Args)]
#[command(after_help = "Example:\n  comity print draw card.png latent.png --out pairs.svg")]
pub struct Args {
    /// An image of a finger
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Another
    #[arg(value_name = "B")]
    b: PathBuf,
    /// The picture: .svg in color, .png in gray
    #[arg(long, value_name = "FILE", default_value = "pairs.svg")]
    out: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

/// Ends of a pair's line: a place on the first and on the second print, in pixels of the picture.
type Line = ((usize, usize), (usize, usize));

/// Runs the command.
pub fn run(args: &Args, as_json: bool) -> Result<u8, Failure> {
    let (left, a) = prints::extracted(&args.a, args.reading)?;
    let (right, b) = prints::extracted(&args.b, args.reading)?;
    let (first, second) = (Template::of(&a), Template::of(&b));
    let found = compare(&Prepared::of(&first), &Prepared::of(&second));
    let lines: Vec<Line> = found
        .pairs
        .iter()
        .map(|&(i, j)| {
            let (p, q) = (first.minutiae[i], second.minutiae[j]);
            let (px, py) = (usize::from(p.x_px), usize::from(p.y_px));
            ((px, py), (usize::from(q.x_px) + left.width_px(), usize::from(q.y_px)))
        })
        .collect();
    let (width, height, levels) = beside(&left, &right);
    let is_png = args.out.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    let bytes = if is_png {
        prints::png(width, height, lined(width, levels, &lines))?
    } else {
        svg(width, height, &prints::png(width, height, levels)?, &lines).into_bytes()
    };
    files::write(&args.out, &bytes)?;
    let out = args.out.display().to_string();
    if as_json {
        println!(
            "{}",
            serde_json::json!({ "out": out, "score": found.score, "pairs": lines.len() })
        );
    } else {
        println!("{out}: {} pairs, score {:.2}", lines.len(), found.score);
    }
    Ok(EXIT_OK)
}

fn beside(left: &GrayImage, right: &GrayImage) -> (usize, usize, Vec<u8>) {
    let width = left.width_px() + right.width_px();
    let height = left.height_px().max(right.height_px());
    let mut levels = vec![255; width * height];
    for (image, from) in [(left, 0), (right, left.width_px())] {
        for y in 0..image.height_px() {
            let at = y * width + from;
            levels[at..at + image.width_px()].copy_from_slice(image.row(y));
        }
    }
    (width, height, levels)
}

fn lined(width: usize, mut levels: Vec<u8>, lines: &[Line]) -> Vec<u8> {
    for &((ax, ay), (bx, by)) in lines {
        let steps = ax.abs_diff(bx).max(ay.abs_diff(by)).max(1);
        for step in 0..=steps {
            let x = (ax * (steps - step) + bx * step) / steps;
            let y = (ay * (steps - step) + by * step) / steps;
            // Dashed in black and white: seen on ridges and on paper.
            if let Some(level) = levels.get_mut(y * width + x) {
                *level = if step / 6 % 2 == 0 { 0 } else { 255 };
            }
        }
    }
    levels
}

fn svg(width: usize, height: usize, png: &[u8], lines: &[Line]) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<image width=\"{width}\" height=\"{height}\" \
         href=\"data:image/png;base64,{}\"/>\n",
        prints::base64(png)
    );
    for (k, ((ax, ay), (bx, by))) in lines.iter().enumerate() {
        let hue = k * 137 % 360;
        let _ = writeln!(
            text,
            "<g stroke=\"hsl({hue},80%,45%)\" fill=\"none\"><circle cx=\"{ax}\" cy=\"{ay}\" r=\"5\"/>\
             <circle cx=\"{bx}\" cy=\"{by}\" r=\"5\"/>\
             <line x1=\"{ax}\" y1=\"{ay}\" x2=\"{bx}\" y2=\"{by}\" stroke-opacity=\"0.6\"/></g>"
        );
    }
    text.push_str("</svg>\n");
    text
}
