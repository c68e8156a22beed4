//! What of two prints is looked at, and what is said beside them.

use super::draw::{self, View};
use super::rates::{self, once_in};
use crate::compared::{Compared, FingerCompared, Print};
use crate::pages::words;
use comity_print::{FingerPosition, Minutia};
use serde::Deserialize;
use serde_json::Value;

/// What a link says of the part of the prints that is shown. Everything is text here: what
/// makes no sense is left out, and the page is shown as it is at first.
#[derive(Debug, Default, Deserialize)]
pub struct Shown {
    #[serde(default)]
    finger: String,
    #[serde(default)]
    zoom: String,
    #[serde(default)]
    pair: String,
    #[serde(default)]
    right: String,
    #[serde(default)]
    down: String,
    #[serde(default)]
    marks: String,
}

impl Shown {
    /// The part that is shown of a comparison.
    pub fn view(&self, compared: &Compared) -> View {
        let finger: usize = self.finger.parse().unwrap_or(0);
        let finger = if finger < compared.fingers.len() { finger } else { 0 };
        let pairs = compared.fingers.get(finger).map_or(0, |f| f.pairs.len());
        let pair = self.pair.parse().ok().filter(|pair: &usize| (1..=pairs).contains(pair));
        let zoom = self.zoom.parse().ok().filter(|zoom| draw::ZOOMS.contains(zoom));
        let moved = |text: &str| {
            let px: i32 = text.parse().unwrap_or(0);
            px.clamp(-draw::MOVED_PX_MAX, draw::MOVED_PX_MAX)
        };
        View {
            finger,
            zoom: zoom.unwrap_or(1),
            pair: pair.map(|pair| pair - 1),
            moved_px: (moved(&self.right), moved(&self.down)),
            marks: self.marks != "off",
        }
    }
}

/// The part of the address after the path that shows a view.
fn link(base: &str, view: &View) -> String {
    let mut link = format!("{base}?finger={}&zoom={}", view.finger, view.zoom);
    if let Some(pair) = view.pair {
        link.push_str(&format!("&pair={}", pair + 1));
    }
    if view.moved_px != (0, 0) {
        link.push_str(&format!("&right={}&down={}", view.moved_px.0, view.moved_px.1));
    }
    if !view.marks {
        link.push_str("&marks=off");
    }
    link + "#prints"
}

/// A link among others of its kind.
pub struct Tab {
    /// Where to.
    pub href: String,
    /// Its words.
    pub says: String,
    /// More of them.
    pub more: String,
    /// True if it is what is shown.
    pub is_here: bool,
}

/// One pair of minutiae.
pub struct PairLine {
    /// Its number, from 1.
    pub number: usize,
    /// What is said of the print that came in.
    pub probe: String,
    /// What is said of the candidate.
    pub candidate: String,
    /// Where it is looked at closely.
    pub href: String,
    /// True if it is what is shown.
    pub is_here: bool,
}

/// Two prints as they are shown.
pub struct Drawn {
    /// What the score means in this gallery.
    pub gallery: String,
    /// What it means for this finger alone.
    pub one_finger: String,
    /// The score of all fingers.
    pub score: String,
    /// The fingers to choose from.
    pub fingers: Vec<Tab>,
    /// The finger that is shown.
    pub finger: String,
    /// The print that came in, as a picture.
    pub probe: String,
    /// The candidate, as a picture.
    pub candidate: String,
    /// Minutiae and quality of the print that came in.
    pub about_probe: String,
    /// Minutiae and quality of the candidate.
    pub about_candidate: String,
    /// True if an image came.
    pub has_image: bool,
    /// How closely.
    pub zooms: Vec<Tab>,
    /// Which way.
    pub moves: Vec<Tab>,
    /// With marks or without.
    pub marks: Tab,
    /// The pairs.
    pub pairs: Vec<PairLine>,
    /// The pairs as CSV.
    pub csv: String,
    /// The pairs as JSON.
    pub json: String,
}

/// A comparison as it is shown; `base` is the address of its page.
pub fn drawn(base: &str, compared: &Compared, view: &View) -> Option<Drawn> {
    let finger = compared.fingers.get(view.finger)?;
    let image = format!("{base}/prints/{}", view.finger);
    let [probe, candidate] = draw::sides(finger, view, &image);
    let one_rate = 10_f64.powf(-f64::from(finger.score));
    Some(Drawn {
        gallery: rates::in_gallery(compared),
        one_finger: format!(
            "Of this finger alone, another person's print scores as high {}.",
            once_in(one_rate)
        ),
        score: format!("{:.1}", compared.score),
        fingers: compared.fingers.iter().enumerate().map(|f| finger_tab(base, view, f)).collect(),
        finger: name(finger.probe.finger),
        probe,
        candidate,
        about_probe: about(&finger.probe),
        about_candidate: about(&finger.candidate),
        has_image: finger.probe.image.is_some(),
        zooms: zooms(base, view),
        moves: moves(base, finger, view),
        marks: Tab {
            href: link(base, &View { marks: !view.marks, ..*view }),
            says: if view.marks { "Hide the marks" } else { "Show the marks" }.to_owned(),
            more: String::new(),
            is_here: false,
        },
        pairs: pair_lines(base, finger, view),
        csv: format!("{base}/pairs.csv?finger={}", view.finger),
        json: format!("{base}/pairs.json?finger={}", view.finger),
    })
}

fn finger_tab(base: &str, view: &View, (number, finger): (usize, &FingerCompared)) -> Tab {
    let first = View { finger: number, pair: None, moved_px: (0, 0), ..*view };
    Tab {
        href: link(base, &first),
        says: name(finger.probe.finger),
        more: format!("score {:.1}, {} pairs", finger.score, finger.pairs.len()),
        is_here: number == view.finger,
    }
}

/// The name of a finger: `Right index`.
fn name(finger: FingerPosition) -> String {
    let word = serde_json::to_value(finger).ok();
    let word = word.as_ref().and_then(Value::as_str).unwrap_or_default();
    match finger {
        FingerPosition::Unknown => "Finger not known".to_owned(),
        _ => words::sentence(&words::plain(word)),
    }
}

fn about(print: &Print) -> String {
    let minutiae = format!("{} minutiae", print.template.minutiae.len());
    match (print.quality, &print.image) {
        (0, None) => {
            format!("{minutiae}; the gallery keeps no image, and does not say how good it was")
        }
        (0, Some(_)) => format!("{minutiae}; quality not known"),
        (quality, _) => format!("{minutiae}; quality {quality} of 100"),
    }
}

fn zooms(base: &str, view: &View) -> Vec<Tab> {
    let one = |zoom: &u8| Tab {
        href: link(base, &View { zoom: *zoom, ..*view }),
        says: if *zoom == 1 { "Whole print".to_owned() } else { format!("{zoom} times") },
        more: String::new(),
        is_here: *zoom == view.zoom,
    };
    draw::ZOOMS.iter().map(one).collect()
}

/// Steps of a third of the window; none where the whole print is seen.
fn moves(base: &str, finger: &FingerCompared, view: &View) -> Vec<Tab> {
    if view.zoom == 1 {
        return Vec::new();
    }
    let step = |side: usize| i32::try_from(side / (3 * usize::from(view.zoom))).unwrap_or(0);
    let (across, along) = (step(finger.probe.width_px), step(finger.probe.height_px));
    let ways = [("Left", -across, 0), ("Right", across, 0), ("Up", 0, -along), ("Down", 0, along)];
    let one = |(says, right, down): (&str, i32, i32)| {
        let moved_px = (view.moved_px.0 + right, view.moved_px.1 + down);
        let href = link(base, &View { moved_px, ..*view });
        Tab { href, says: says.to_owned(), more: String::new(), is_here: false }
    };
    ways.into_iter().map(one).collect()
}

/// How closely a pair is looked at that is chosen from the whole print.
const PAIR_ZOOM: u8 = 4;

fn pair_lines(base: &str, finger: &FingerCompared, view: &View) -> Vec<PairLine> {
    let one = |(number, (probe, candidate)): (usize, &(usize, usize))| {
        let says = |print: &Print, index: usize| {
            let minutia = print.template.minutiae.get(index);
            minutia.map_or_else(String::new, |m| match m.quality {
                0 => kind(m),
                quality => format!("{}, {quality} of 100 sure", kind(m)),
            })
        };
        let zoom = if view.zoom == 1 { PAIR_ZOOM } else { view.zoom };
        let at = View { pair: Some(number), zoom, moved_px: (0, 0), ..*view };
        PairLine {
            number: number + 1,
            probe: says(&finger.probe, *probe),
            candidate: says(&finger.candidate, *candidate),
            href: link(base, &at),
            is_here: view.pair == Some(number),
        }
    };
    finger.pairs.iter().enumerate().map(one).collect()
}

fn kind(minutia: &Minutia) -> String {
    match minutia.kind {
        comity_print::MinutiaKind::Ending => "ridge ends",
        comity_print::MinutiaKind::Bifurcation => "ridge forks",
        comity_print::MinutiaKind::Other => "kind not known",
    }
    .to_owned()
}
