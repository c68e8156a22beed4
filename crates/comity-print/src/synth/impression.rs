//! Takes impressions of a master print: how the finger lay, was pressed, was worn and seen.

use super::dice::{Dice, Purpose};
use super::field::{MASTER_HEIGHT_PX, MASTER_WIDTH_PX};
use super::noise::SmoothNoise;
use super::ridges::Master;
use super::truth::TrueMinutia;
use crate::{FingerMinutiae, FingerPosition, GrayImage, Minutia, Resolution};
use serde::{Deserialize, Serialize};
use std::f32::consts::TAU;

/// Width of an impression in pixels of 500 an inch.
pub const WIDTH_PX: usize = 388;
/// Height of an impression in pixels of 500 an inch.
pub const HEIGHT_PX: usize = 480;

/// How hard impressions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// Whole, clean, hardly turned.
    Easy,
    /// As a careful officer takes them.
    Medium,
    /// Turned, dragged, partial, dry or wet.
    Hard,
}

impl Difficulty {
    /// How much everything that goes wrong goes wrong.
    fn scale(self) -> f32 {
        match self {
            Self::Easy => 0.4,
            Self::Medium => 1.0,
            Self::Hard => 1.7,
        }
    }
}

/// What took the impression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensor {
    /// Frustrated reflection: white ground, black ridges.
    Optical,
    /// Capacitive: gray ground, grain.
    Capacitive,
}

/// Where a point of the impression lies on the master, and back.
#[derive(Debug, Clone)]
pub struct Placement {
    sin: f32,
    cos: f32,
    shift: (f32, f32),
    still: (f32, f32),
    drag: (f32, f32),
    twist: f32,
    stretch: [SmoothNoise; 2],
    stretch_px: f32,
}

impl Placement {
    /// Draws how a finger lay. Skin pressed in the middle stays, skin around it is dragged and
    /// twisted (Cappelli, Maio, Maltoni, ICAPR 2001), and all of it is stretched smoothly.
    pub fn draw(dice: &mut Dice, difficulty: Difficulty) -> Self {
        let scale = difficulty.scale();
        let turn = (0.12 * scale * dice.normal()).clamp(-0.6, 0.6);
        let shift = (16.0 * scale * dice.normal(), 18.0 * scale * dice.normal());
        Self {
            sin: turn.sin(),
            cos: turn.cos(),
            shift,
            still: (12.0 * dice.normal(), 20.0 * dice.normal()),
            drag: (5.0 * scale * dice.normal(), 5.0 * scale * dice.normal()),
            twist: 0.03 * scale * dice.normal(),
            stretch: [SmoothNoise::new(dice, 130.0, 6), SmoothNoise::new(dice, 130.0, 6)],
            stretch_px: 2.2 * scale,
        }
    }

    /// By how much the finger is turned, in radians, counterclockwise as one looks at it.
    pub fn turn_rad(&self) -> f32 {
        self.sin.atan2(self.cos)
    }

    /// The point of the master that is seen at a point of the impression.
    pub fn to_master(&self, x: f32, y: f32) -> (f32, f32) {
        let (u, v) = (x - WIDTH_PX as f32 / 2.0, y - HEIGHT_PX as f32 / 2.0);
        let (u, v) = self.dragged(u, v);
        let [sx, sy] = &self.stretch;
        let (u, v) = (u + self.stretch_px * sx.at(x, y), v + self.stretch_px * sy.at(x, y));
        let (u, v) = (u - self.shift.0, v - self.shift.1);
        (
            u * self.cos - v * self.sin + MASTER_WIDTH_PX as f32 / 2.0,
            u * self.sin + v * self.cos + MASTER_HEIGHT_PX as f32 / 2.0,
        )
    }

    /// Displacement that is 0 where the finger is pressed and whole 120 pixels away.
    fn dragged(&self, u: f32, v: f32) -> (f32, f32) {
        let (du, dv) = (u - self.still.0, v - self.still.1);
        let far2 = (du * du + dv * dv * 0.6) / (120.0 * 120.0);
        let free = far2 / (1.0 + far2);
        let (sin, cos) = (self.twist * free * 2.0).sin_cos();
        (
            self.still.0 + du * cos - dv * sin + self.drag.0 * free,
            self.still.1 + du * sin + dv * cos + self.drag.1 * free,
        )
    }

    /// The point of the impression at which a point of the master is seen. Displacements
    /// change slowly, so that subtracting the error a few times is exact to a tenth of a pixel.
    pub fn from_master(&self, x: f32, y: f32) -> (f32, f32) {
        let mut at = (x, y);
        for _ in 0..6 {
            let seen = self.to_master(at.0, at.1);
            let (ex, ey) = (x - seen.0, y - seen.1);
            at = (at.0 + ex * self.cos + ey * self.sin, at.1 - ex * self.sin + ey * self.cos);
        }
        at
    }

    /// A minutia of the master, where the impression shows it.
    pub fn minutia(&self, m: &TrueMinutia) -> TrueMinutia {
        let (x, y) = self.from_master(m.x, m.y);
        let (ahead_x, ahead_y) =
            self.from_master(m.x + 6.0 * m.angle_rad.cos(), m.y - 6.0 * m.angle_rad.sin());
        TrueMinutia { x, y, angle_rad: (y - ahead_y).atan2(ahead_x - x), kind: m.kind }
    }
}

/// The part of the finger that touches.
#[derive(Debug, Clone)]
pub struct Contact {
    center: (f32, f32),
    half: (f32, f32),
    edge: SmoothNoise,
}

impl Contact {
    /// Draws how much of the finger touches.
    pub fn draw(dice: &mut Dice, difficulty: Difficulty) -> Self {
        let scale = difficulty.scale();
        let part = 1.0 - 0.10 * scale * dice.unit();
        Self {
            center: (
                WIDTH_PX as f32 / 2.0 + 18.0 * scale * dice.normal(),
                HEIGHT_PX as f32 / 2.0 + 24.0 * scale * dice.normal(),
            ),
            half: (
                (142.0 + 10.0 * dice.normal()) * part,
                (196.0 + 14.0 * dice.normal()) * (part - 0.06 * scale * dice.unit()),
            ),
            edge: SmoothNoise::new(dice, 46.0, 12),
        }
    }

    /// How firmly a point touches: 1 in the middle, 0 at the edge, less outside.
    pub fn firmness(&self, x: f32, y: f32) -> f32 {
        self.of_parts(self.aside(x), self.along(y), x, y)
    }

    /// What of the firmness is lost across the finger.
    pub fn aside(&self, x: f32) -> f32 {
        ((x - self.center.0) / self.half.0).abs().powf(2.2)
    }

    /// What of the firmness is lost along the finger.
    pub fn along(&self, y: f32) -> f32 {
        let v = (y - self.center.1) / self.half.1;
        // Flatter than an ellipse below, where the joint is.
        v.abs().powf(if v > 0.0 { 2.6 } else { 2.0 })
    }

    /// The firmness of those.
    pub fn of_parts(&self, aside: f32, along: f32, x: f32, y: f32) -> f32 {
        1.0 - aside - along + 0.05 * self.edge.at(x, y)
    }
}

/// A white line across ridges: a crease or scar of the finger, in pixels of the master.
#[derive(Debug, Clone, Copy)]
struct Crease {
    from: (f32, f32),
    to: (f32, f32),
    half_width_px: f32,
}

impl Crease {
    fn draw_all(dice: &mut Dice, scale: f32) -> Vec<Self> {
        let count = dice.below(1 + (7.0 * scale) as usize);
        (0..count)
            .map(|_| {
                let x = dice.between(60.0, MASTER_WIDTH_PX as f32 - 60.0);
                let y = dice.between(80.0, MASTER_HEIGHT_PX as f32 - 60.0);
                let angle = dice.between(0.0, TAU);
                let length = dice.between(25.0, 110.0);
                Self {
                    from: (x, y),
                    to: (x + length * angle.cos(), y + length * angle.sin()),
                    half_width_px: dice.between(0.6, 1.7),
                }
            })
            .collect()
    }

    /// How much a point lies in the crease, 0 to 1.
    fn depth(&self, x: f32, y: f32, wander: f32) -> f32 {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let (px, py) = (x - self.from.0, y - self.from.1);
        let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        let off = (px - along * dx + 1.5 * wander).hypot(py - along * dy + 1.5 * wander);
        let half = self.half_width_px * (0.4 + 2.4 * along * (1.0 - along)).min(1.0);
        (half + 0.8 - off).clamp(0.0, 1.0)
    }
}

/// How an impression was taken.
struct Manner {
    placement: Placement,
    contact: Contact,
    creases: Vec<Crease>,
    /// More than 0: pressed or wet, wide ridges; less: dry, thin ridges.
    pressure: f32,
    /// How much of the ridges is missing in small spots.
    dryness: f32,
    /// How ragged the edges of ridges are.
    roughness: f32,
    uneven: SmoothNoise,
    spots: [SmoothNoise; 2],
}

/// One impression: what was seen and what is true of it.
#[derive(Debug, Clone)]
pub struct Impression {
    /// The image, 500 ppi.
    pub image: GrayImage,
    /// The minutiae of the master that lie in the contact.
    pub truth: FingerMinutiae,
}

/// Takes impression `number` of a master print.
///
/// # Errors
/// None that can be met: the sides are constants. [`crate::ImageError`] says so in the type.
pub fn take(
    master: &Master,
    minutiae: &[TrueMinutia],
    seed: u64,
    finger: u64,
    number: u64,
    difficulty: Difficulty,
    sensor: Sensor,
) -> Result<Impression, crate::ImageError> {
    let mut dice = Dice::new(seed, finger, number, Purpose::Impression);
    let mut marks = Dice::new(seed, finger, 0, Purpose::Marks);
    let scale = difficulty.scale();
    let manner = Manner {
        placement: Placement::draw(&mut dice, difficulty),
        contact: Contact::draw(&mut dice, difficulty),
        creases: Crease::draw_all(&mut marks, scale),
        pressure: (0.20 * scale * dice.normal()).clamp(-0.6, 0.6),
        dryness: (0.5 * scale * dice.unit() * dice.unit()).min(0.8),
        roughness: 0.12 + 0.14 * scale,
        uneven: SmoothNoise::new(&mut dice, 70.0, 8),
        spots: [SmoothNoise::new(&mut dice, 2.2, 256), SmoothNoise::new(&mut dice, 5.5, 128)],
    };
    let inked = ink(master, &manner);
    let mut noise = Dice::new(seed, finger, number, Purpose::Noise);
    let pixels = seen_by(sensor, &blurred(&inked), scale, &mut noise);
    let image = GrayImage::new(WIDTH_PX, HEIGHT_PX, pixels, Resolution::Ppi(500.0))?;
    Ok(Impression { image, truth: truth(minutiae, &manner) })
}

/// How dark each pixel is, 0 to 1.
fn ink(master: &Master, manner: &Manner) -> Vec<f32> {
    let mut out = Vec::with_capacity(WIDTH_PX * HEIGHT_PX);
    for row in 0..HEIGHT_PX {
        for column in 0..WIDTH_PX {
            let (x, y) = (column as f32, row as f32);
            let firm = manner.contact.firmness(x, y);
            if firm < -0.12 {
                out.push(0.0);
                continue;
            }
            let (mx, my) = manner.placement.to_master(x, y);
            let [fine, coarse] = &manner.spots;
            let speckle = 0.7 * fine.at(x, y) + 0.5 * coarse.at(x, y);
            // Towards the edge the skin lifts off: ridges thin out and break into spots.
            let lift = ((0.22 - firm) / 0.22).clamp(0.0, 1.6);
            let pressure =
                manner.pressure + 0.7 * manner.roughness * manner.uneven.at(x, y) - 0.55 * lift;
            let height = master.at(mx, my) + pressure + manner.roughness * speckle;
            let mut dark = (height * 2.2 + 0.5).clamp(0.0, 1.0);
            let gap = speckle + 0.5 * manner.uneven.at(y + 37.0, x) - 2.3
                + 3.2 * manner.dryness
                + 0.9 * lift;
            dark *= 1.0 - gap.clamp(0.0, 1.0) * 0.9;
            let crease =
                manner.creases.iter().map(|c| c.depth(mx, my, 0.5 * speckle)).fold(0.0, f32::max);
            out.push(dark * (1.0 - 0.95 * crease) * (1.0 - (-firm * 8.0).clamp(0.0, 1.0)));
        }
    }
    out
}

/// The lens: a 3 x 3 binomial.
fn blurred(inked: &[f32]) -> Vec<f32> {
    let at = |x: usize, y: usize| inked.get(y * WIDTH_PX + x).copied().unwrap_or_default();
    let mut out = Vec::with_capacity(inked.len());
    for y in 0..HEIGHT_PX {
        for x in 0..WIDTH_PX {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(WIDTH_PX - 1));
            let (up, down) = (y.saturating_sub(1), (y + 1).min(HEIGHT_PX - 1));
            let sides = at(left, y) + at(right, y) + at(x, up) + at(x, down);
            let corners = at(left, up) + at(right, up) + at(left, down) + at(right, down);
            out.push(0.25 * at(x, y) + 0.125 * sides + 0.0625 * corners);
        }
    }
    out
}

/// Gray levels of a sensor.
fn seen_by(sensor: Sensor, inked: &[f32], scale: f32, dice: &mut Dice) -> Vec<u8> {
    let (ground, black, grain) = match sensor {
        Sensor::Optical => (250.0, dice.between(12.0, 60.0), 1.5 + 1.5 * scale),
        Sensor::Capacitive => {
            (dice.between(150.0, 200.0), dice.between(30.0, 60.0), 5.0 + 4.0 * scale)
        }
    };
    let shade = SmoothNoise::new(dice, 150.0, 6);
    let shade_size = if sensor == Sensor::Optical { 2.0 } else { 9.0 };
    inked
        .iter()
        .enumerate()
        .map(|(i, dark)| {
            let (x, y) = ((i % WIDTH_PX) as f32, (i / WIDTH_PX) as f32);
            let level = ground - (ground - black) * dark;
            // Grain shows on skin more than on the bare glass of an optical sensor.
            let rough = if sensor == Sensor::Optical { 0.3 + 2.5 * dark } else { 1.0 };
            let level = level + grain * rough * dice.normal() + shade_size * shade.at(x, y);
            level.clamp(0.0, 255.0) as u8
        })
        .collect()
}

/// What of the master's minutiae the impression shows.
fn truth(minutiae: &[TrueMinutia], manner: &Manner) -> FingerMinutiae {
    let shown = minutiae
        .iter()
        .map(|m| manner.placement.minutia(m))
        .filter(|m| manner.contact.firmness(m.x, m.y) > 0.08);
    FingerMinutiae {
        finger: FingerPosition::Unknown,
        width_px: WIDTH_PX as u16,
        height_px: HEIGHT_PX as u16,
        quality: 0,
        minutiae: shown.filter_map(|m| coded(&m, WIDTH_PX, HEIGHT_PX)).collect(),
    }
}

/// A minutia in whole pixels and 256ths of a turn; `None` outside of the image.
pub fn coded(m: &TrueMinutia, width_px: usize, height_px: usize) -> Option<Minutia> {
    let (x, y) = (m.x.round(), m.y.round());
    let inside = x >= 0.0 && y >= 0.0 && x < width_px as f32 && y < height_px as f32;
    inside.then(|| Minutia {
        x_px: x as u16,
        y_px: y as u16,
        angle: ((m.angle_rad / TAU * 256.0).round() as i32).rem_euclid(256) as u8,
        kind: m.kind,
        quality: 60,
    })
}
