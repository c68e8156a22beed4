//! Where the ridges of a finger run, and how far apart they are.
//!
//! Coordinates are pixels of 500 an inch in the master print, from the left and from the top;
//! angles are radians, counterclockwise from right as one looks at the print.

use super::dice::Dice;
use super::noise::SmoothNoise;
use serde::{Deserialize, Serialize};
use std::f32::consts::PI;

/// Width of a master print in pixels.
pub const MASTER_WIDTH_PX: usize = 368;
/// Height of a master print in pixels.
pub const MASTER_HEIGHT_PX: usize = 480;

/// The five classes of Henry's system as counted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintClass {
    /// Ridges cross from side to side and rise a little.
    Arch,
    /// An arch with a spike: core over delta.
    TentedArch,
    /// Ridges come from the left and go back there.
    LeftLoop,
    /// Ridges come from the right and go back there.
    RightLoop,
    /// Ridges turn around two cores.
    Whorl,
}

impl PrintClass {
    /// Draws a class as often as it is found: arch 3.7 %, tented arch 2.9 %, left loop 33.8 %,
    /// right loop 31.7 %, whorl 27.9 % (Wilson, Candela, Watson, J. Artificial Neural Networks
    /// 1, 1994, from 222 million fingers).
    pub fn draw(dice: &mut Dice) -> Self {
        match dice.below(1000) {
            0..37 => Self::Arch,
            37..66 => Self::TentedArch,
            66..404 => Self::LeftLoop,
            404..721 => Self::RightLoop,
            _ => Self::Whorl,
        }
    }
}

/// A point around which orientation turns by half a turn: a core one way, a delta the other.
#[derive(Debug, Clone, Copy)]
struct Singularity {
    x: f32,
    y: f32,
    /// Correction of the angle around it, first and second harmonic: (size, phase).
    wobble: [(f32, f32); 2],
}

impl Singularity {
    /// The corrected angle at which a point is seen from here.
    fn angle(&self, x: f32, y: f32) -> f32 {
        let angle = (self.y - y).atan2(x - self.x);
        let [(a, p), (b, q)] = self.wobble;
        angle + a * (angle + p).sin() + b * (2.0 * angle + q).sin()
    }
}

/// Orientation and period of the ridges of one finger.
#[derive(Debug, Clone)]
pub struct RidgeField {
    /// The class it was drawn for.
    pub class: PrintClass,
    cores: Vec<Singularity>,
    deltas: Vec<Singularity>,
    bend: f32,
    bend_center: (f32, f32),
    sway: SmoothNoise,
    sway_size: f32,
    period_px: f32,
    period_noise: SmoothNoise,
}

impl RidgeField {
    /// Draws a finger.
    ///
    /// Orientation is the zero-pole model (Sherlock and Monro, Pattern Recognition 26, 1993):
    /// half the sum of the angles to the cores less that to the deltas, the angles corrected
    /// by harmonics in the spirit of Vizcaya and Gerhardt (Pattern Recognition 29, 1996),
    /// plus the bend of the fingertip and a smooth sway, which differ from finger to finger.
    pub fn draw(dice: &mut Dice) -> Self {
        let class = PrintClass::draw(dice);
        let x = MASTER_WIDTH_PX as f32 / 2.0 + 14.0 * dice.normal();
        let y = MASTER_HEIGHT_PX as f32 * 0.43 + 16.0 * dice.normal();
        let (cores, deltas) = singular_points(class, x, y, dice);
        let bend = match class {
            PrintClass::Arch => dice.between(0.75, 1.05),
            _ => dice.between(0.35, 0.65),
        };
        Self {
            class,
            cores,
            deltas,
            bend,
            bend_center: (x, y),
            sway: SmoothNoise::new(dice, 110.0, 8),
            sway_size: dice.between(0.04, 0.10),
            period_px: (9.0 + 0.6 * dice.normal()).clamp(7.6, 10.8),
            period_noise: SmoothNoise::new(dice, 90.0, 8),
        }
    }

    /// Which way the ridge at a point runs, in radians, half a turn being the same.
    pub fn orientation_rad(&self, x: f32, y: f32) -> f32 {
        let around = |points: &[Singularity]| points.iter().map(|p| p.angle(x, y)).sum::<f32>();
        let turn = (around(&self.cores) - around(&self.deltas)) / 2.0;
        let (center_x, center_y) = self.bend_center;
        let aside = ((x - center_x) / 120.0).clamp(-1.6, 1.6);
        // Strongest above the core, where ridges follow the tip of the finger; none at the
        // crease of the joint.
        let above = 1.0 / (1.0 + ((y - center_y - 60.0) / 70.0).exp());
        let bend = -self.bend * aside * above * (1.0 - 0.12 * aside * aside);
        turn + bend + self.sway_size * self.sway.at(x, y)
    }

    /// Distance from ridge to ridge in pixels: wider below, where the joint is.
    pub fn period_px(&self, x: f32, y: f32) -> f32 {
        let below = ((y - self.bend_center.1 - 60.0) / 200.0).clamp(-0.3, 1.0);
        let local = 1.0 + 0.05 * self.period_noise.at(x, y) + 0.10 * below;
        (self.period_px * local).clamp(6.8, 12.5)
    }
}

fn singular_points(
    class: PrintClass,
    x: f32,
    y: f32,
    dice: &mut Dice,
) -> (Vec<Singularity>, Vec<Singularity>) {
    let mut point = |x: f32, y: f32, wobble: f32| Singularity {
        x,
        y,
        wobble: [
            (wobble * dice.between(-1.0, 1.0), dice.between(-PI, PI)),
            (wobble * dice.between(-0.6, 0.6), dice.between(-PI, PI)),
        ],
    };
    // Drawn by the same closure, so that the borrow of the dice is one.
    let drawn = point(0.0, 0.0, 1.0);
    let [(u, p), (v, q)] = drawn.wobble;
    let aside = 82.0 + 22.0 * u + 4.0 * p;
    let below = 128.0 + 38.0 * v + 5.0 * q;
    match class {
        PrintClass::Arch => (Vec::new(), Vec::new()),
        PrintClass::TentedArch => {
            let lean = 6.0 * u;
            (vec![point(x, y, 0.10)], vec![point(x + lean, y + 62.0 + 8.0 * q, 0.10)])
        }
        PrintClass::LeftLoop => (vec![point(x, y, 0.16)], vec![point(x + aside, y + below, 0.16)]),
        PrintClass::RightLoop => (vec![point(x, y, 0.16)], vec![point(x - aside, y + below, 0.16)]),
        PrintClass::Whorl => {
            let apart = 22.0 + 16.0 * v.abs() + 4.0 * q.abs();
            let lean = 14.0 * u;
            let cores =
                vec![point(x - lean, y - apart / 2.0, 0.14), point(x + lean, y + apart, 0.14)];
            let deltas = vec![
                point(x - aside - 14.0, y + below + 10.0 * u, 0.14),
                point(x + aside + 10.0, y + below - 8.0 * v, 0.14),
            ];
            (cores, deltas)
        }
    }
}
