//! Two prints as pictures: minutiae that are paired carry the same number on both.

use crate::compared::{FingerCompared, Print};
use comity_print::Minutia;
use comity_print::template::CELL_PX;
use std::f32::consts::{PI, TAU};
use std::fmt::Write as _;

/// How closely the prints can be looked at.
pub const ZOOMS: [u8; 4] = [1, 2, 4, 8];

/// Farthest that the window moves from where it starts, in pixels of 500 an inch.
pub const MOVED_PX_MAX: i32 = 2_000;

/// Which part of the prints is shown, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The finger, from 0.
    pub finger: usize,
    /// One of [`ZOOMS`].
    pub zoom: u8,
    /// The pair in the middle, from 0.
    pub pair: Option<usize>,
    /// How far the window was moved right and down, in pixels of 500 an inch.
    pub moved_px: (i32, i32),
    /// False for the bare prints.
    pub marks: bool,
}

/// Where a mark stands.
#[derive(Clone, Copy)]
struct Mark {
    minutia: Minutia,
    pair: Option<usize>,
}

/// The window of a picture, in pixels of its print.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Window {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

/// The print that came in, and that of the gallery, at one scale. `image` is the address of the
/// print's image.
pub fn sides(finger: &FingerCompared, view: &View, image: &str) -> [String; 2] {
    let (probe, candidate) = (&finger.probe, &finger.candidate);
    let width = probe.width_px.max(candidate.width_px) as f32 / f32::from(view.zoom);
    let height = probe.height_px.max(candidate.height_px) as f32 / f32::from(view.zoom);
    let of_probe: Vec<usize> = finger.pairs.iter().map(|(p, _)| *p).collect();
    let of_candidate: Vec<usize> = finger.pairs.iter().map(|(_, c)| *c).collect();
    let one = |print: &Print, paired: &[usize], says: &str| {
        let window = window(print, paired, view, width, height);
        let marks = marks(&print.template.minutiae, paired);
        picture(print, &marks, view, window, image, says)
    };
    [
        one(probe, &of_probe, "The print that came in, with its minutiae"),
        one(candidate, &of_candidate, "The minutiae and ridge directions of the gallery's record"),
    ]
}

fn marks(minutiae: &[Minutia], paired: &[usize]) -> Vec<Mark> {
    let one = |(index, minutia): (usize, &Minutia)| Mark {
        minutia: *minutia,
        pair: paired.iter().position(|p| *p == index),
    };
    let mut marks: Vec<Mark> = minutiae.iter().enumerate().map(one).collect();
    // Those with numbers above the others.
    marks.sort_by_key(|mark| mark.pair.is_some());
    marks
}

/// Around the chosen pair, or the middle of all pairs, or of the print; inside the print where
/// it is larger than the window.
fn window(print: &Print, paired: &[usize], view: &View, width: f32, height: f32) -> Window {
    let place = |index: &usize| {
        print.template.minutiae.get(*index).map(|m| (f32::from(m.x_px), f32::from(m.y_px)))
    };
    let middle = (print.width_px as f32 / 2.0, print.height_px as f32 / 2.0);
    let places: Vec<(f32, f32)> = paired.iter().filter_map(place).collect();
    let count = places.len().max(1) as f32;
    let mean = places.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    let mean = if places.is_empty() { middle } else { (mean.0 / count, mean.1 / count) };
    let chosen = view.pair.and_then(|pair| paired.get(pair)).and_then(place);
    let (x, y) = chosen.unwrap_or(mean);
    let (x, y) = (x + view.moved_px.0 as f32, y + view.moved_px.1 as f32);
    let inside = |at: f32, side: f32, whole: usize| {
        let whole = whole as f32;
        if whole <= side {
            (whole - side) / 2.0
        } else {
            (at - side / 2.0).clamp(0.0, whole - side)
        }
    };
    Window {
        x: inside(x, width, print.width_px),
        y: inside(y, height, print.height_px),
        width,
        height,
    }
}

fn picture(
    print: &Print,
    marks: &[Mark],
    view: &View,
    window: Window,
    image: &str,
    says: &str,
) -> String {
    let Window { x, y, width, height } = window;
    let mut svg = format!(
        "<svg class=\"desk-print\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
         viewBox=\"{x:.1} {y:.1} {width:.1} {height:.1}\" aria-label=\"{says}\">\
         <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"#fff\"/>"
    );
    if print.image.is_some() {
        let (w, h) = (print.width_px, print.height_px);
        let _ = write!(svg, "<image href=\"{image}\" width=\"{w}\" height=\"{h}\"/>");
    } else {
        ridges(&mut svg, print);
    }
    if view.marks {
        // Marks grow less than the print under them.
        let size = f32::from(view.zoom).powf(-0.7);
        for mark in marks {
            let is_chosen = mark.pair.is_some() && mark.pair == view.pair;
            draw(&mut svg, mark, size, is_chosen);
        }
    }
    svg.push_str("</svg>");
    svg
}

/// Ridge directions, as short lines.
fn ridges(svg: &mut String, print: &Print) {
    let grid = &print.template.grid;
    svg.push_str("<g stroke=\"#a9aeb1\" stroke-width=\"2\">");
    let side = CELL_PX as f32;
    for (at, cell) in grid.cells.iter().enumerate().filter(|(_, cell)| **cell > 0) {
        let x = ((at % grid.columns) as f32 + 0.5) * side;
        let y = ((at / grid.columns) as f32 + 0.5) * side;
        let (sin, cos) = (f32::from(cell - 1) / 255.0 * PI).sin_cos();
        let (dx, dy) = (cos * side * 0.36, sin * side * 0.36);
        let _ = write!(
            svg,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            x - dx,
            y - dy,
            x + dx,
            y + dy
        );
    }
    svg.push_str("</g>");
}

/// A ring with a line in the minutia's direction; the number of its pair beside it.
fn draw(svg: &mut String, mark: &Mark, size: f32, is_chosen: bool) {
    let (x, y) = (f32::from(mark.minutia.x_px), f32::from(mark.minutia.y_px));
    let (sin, cos) = (f32::from(mark.minutia.angle) / 256.0 * TAU).sin_cos();
    let (ring, color, thick) = match (mark.pair, is_chosen) {
        (_, true) => (9.0, "#8b0a03", 3.2),
        (Some(_), _) => (6.0, "#00509b", 2.2),
        (None, _) => (3.5, "#565c65", 1.2),
    };
    let (ring, thick) = (ring * size, thick * size);
    let far = ring + 10.0 * size;
    let line = format!(
        "<circle cx=\"{x}\" cy=\"{y}\" r=\"{ring:.1}\"/>\
         <line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        x + ring * cos,
        y - ring * sin,
        x + far * cos,
        y - far * sin
    );
    // White beneath: seen on ridges and on paper.
    let halo = thick + 2.4 * size;
    let _ = write!(
        svg,
        "<g fill=\"none\" stroke=\"#fff\" stroke-width=\"{halo:.2}\">{line}</g>\
         <g fill=\"none\" stroke=\"{color}\" stroke-width=\"{thick:.2}\">{line}</g>"
    );
    if let Some(pair) = mark.pair {
        let (font, edge, off) = (14.0 * size, 3.5 * size, ring + 4.0 * size);
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{font:.1}\" font-weight=\"700\" \
             fill=\"{color}\" stroke=\"#fff\" stroke-width=\"{edge:.1}\" paint-order=\"stroke\" \
             text-anchor=\"{}\">{}</text>",
            // Beside the line, not on it.
            if cos > 0.0 { x - off } else { x + off },
            y + font * 0.35,
            if cos > 0.0 { "end" } else { "start" },
            pair + 1
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compared::Compared;
    use comity_print::FingerPosition;
    use comity_print::gallery::FingerEntry;
    use comity_print::synth::{Difficulty, DirectFinger};

    fn compared() -> FingerCompared {
        let finger = DirectFinger::draw(3, 1);
        let entry = |number| FingerEntry {
            finger: FingerPosition::RightIndex,
            template: finger.template(number, Difficulty::Easy),
        };
        let probe = Print::of_entry(&entry(0));
        Compared::of(vec![probe], &[entry(1)], 100).expect("a finger in common").fingers.remove(0)
    }

    fn view(zoom: u8, pair: Option<usize>) -> View {
        View { finger: 0, zoom, pair, moved_px: (0, 0), marks: true }
    }

    #[test]
    fn every_pair_has_its_number_on_both_sides() {
        let found = compared();
        assert!(found.pairs.len() > 5, "{}", found.pairs.len());
        for side in sides(&found, &view(1, None), "/x") {
            for pair in 1..=found.pairs.len() {
                assert_eq!(side.matches(&format!(">{pair}</text>")).count(), 1, "{pair}");
            }
            assert_eq!(side.matches("<text").count(), found.pairs.len());
        }
        let bare = View { marks: false, ..view(1, None) };
        assert!(sides(&found, &bare, "/x").iter().all(|side| !side.contains("<text")));
    }

    #[test]
    fn the_window_is_around_the_pair_and_never_leaves_the_print() {
        let found = compared();
        let paired: Vec<usize> = found.pairs.iter().map(|(p, _)| *p).collect();
        for (number, index) in paired.iter().enumerate() {
            let m = found.probe.template.minutiae[*index];
            let w = window(&found.probe, &paired, &view(4, Some(number)), 60.0, 60.0);
            let (x, y) = (f32::from(m.x_px), f32::from(m.y_px));
            assert!((w.x..=w.x + w.width).contains(&x) && (w.y..=w.y + w.height).contains(&y));
        }
        for moved_px in [(-MOVED_PX_MAX, -MOVED_PX_MAX), (MOVED_PX_MAX, MOVED_PX_MAX)] {
            let view = View { moved_px, ..view(4, Some(usize::MAX)) };
            let w = window(&found.probe, &paired, &view, 60.0, 60.0);
            assert!(w.x >= 0.0 && w.x + w.width <= found.probe.width_px as f32);
            assert!(w.y >= 0.0 && w.y + w.height <= found.probe.height_px as f32);
        }
    }
}
