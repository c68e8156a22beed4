//! Impressions for training: far more varied, and far worse, than a generator of test prints
//! should make them, since what is never seen here is not recognized on a real sensor.

use crate::record::CELL_PX;
use comity_print::synth::field::{MASTER_HEIGHT_PX, MASTER_WIDTH_PX};
use comity_print::synth::impression::{Contact, Placement};
use comity_print::synth::noise::SmoothNoise;
use comity_print::synth::{Dice, Difficulty, Master, SyntheticFinger, TrueMinutia, impression};
use comity_print::{GrayImage, Resolution};
use std::f32::consts::TAU;

/// Width of a sample in pixels of 500 an inch.
pub const WIDTH_PX: usize = 384;
/// Height of a sample.
pub const HEIGHT_PX: usize = 480;
/// Nearer to the edge of the master than this, nothing is known.
const EDGE_PX: f32 = 10.0;

/// What is true of a cell.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cell {
    pub inside: bool,
    pub cos2: f32,
    pub sin2: f32,
}

/// An impression and what is true of it.
pub struct Taken {
    pub image: GrayImage,
    /// 1 on a ridge, -1 in a valley, a value a pixel.
    pub ridges: Vec<f32>,
    pub cells: Vec<Cell>,
    pub minutiae: Vec<TrueMinutia>,
}

/// Where the finger lies: turned and scaled beyond what a placement does.
struct View {
    placement: Placement,
    sin: f32,
    cos: f32,
    scale: f32,
    shift: (f32, f32),
}

impl View {
    fn draw(dice: &mut Dice) -> Self {
        let turn = if dice.happens(0.5) { 0.15 } else { 0.6 } * dice.normal();
        let shift = (20.0 * dice.normal(), 30.0 * dice.normal());
        let level = [Difficulty::Easy, Difficulty::Medium, Difficulty::Hard][dice.below(3)];
        Self {
            placement: Placement::draw(dice, level),
            sin: turn.sin(),
            cos: turn.cos(),
            scale: (0.14 * dice.normal()).exp().clamp(0.72, 1.4),
            shift,
        }
    }

    fn to_master(&self, x: f32, y: f32) -> (f32, f32) {
        let (u, v) = (x - WIDTH_PX as f32 / 2.0, y - HEIGHT_PX as f32 / 2.0);
        let (u, v) = (u / self.scale - self.shift.0, v / self.scale - self.shift.1);
        self.placement.to_master(
            u * self.cos - v * self.sin + impression::WIDTH_PX as f32 / 2.0,
            u * self.sin + v * self.cos + impression::HEIGHT_PX as f32 / 2.0,
        )
    }

    fn seen_at(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = self.placement.from_master(x, y);
        let (u, v) =
            (x - impression::WIDTH_PX as f32 / 2.0, y - impression::HEIGHT_PX as f32 / 2.0);
        let (u, v) = (u * self.cos + v * self.sin, v * self.cos - u * self.sin);
        (
            (u + self.shift.0) * self.scale + WIDTH_PX as f32 / 2.0,
            (v + self.shift.1) * self.scale + HEIGHT_PX as f32 / 2.0,
        )
    }

    fn minutia(&self, m: &TrueMinutia) -> TrueMinutia {
        let (x, y) = self.seen_at(m.x, m.y);
        let (ahead_x, ahead_y) =
            self.seen_at(m.x + 6.0 * m.angle_rad.cos(), m.y - 6.0 * m.angle_rad.sin());
        TrueMinutia { x, y, angle_rad: (y - ahead_y).atan2(ahead_x - x), kind: m.kind }
    }

    /// Cosine and sine of twice the direction of the ridges at a point, x right, y down.
    fn doubled(&self, master: &Master, x: f32, y: f32) -> (f32, f32) {
        let (mx, my) = self.to_master(x, y);
        let (rx, ry) = self.to_master(x + 1.0, y);
        let (dx, dy) = self.to_master(x, y + 1.0);
        let (a, b, c, d) = (rx - mx, dx - mx, ry - my, dy - my);
        let angle = master.field.orientation_rad(mx, my);
        let (p, q) = (angle.cos(), -angle.sin());
        // The inverse of the Jacobian but for its determinant, which is no direction.
        let (u, v) = (d * p - b * q, a * q - c * p);
        let square = u * u + v * v;
        ((u * u - v * v) / square, 2.0 * u * v / square)
    }
}

/// A line that a crease leaves white, or a scratch black.
struct Line {
    from: (f32, f32),
    to: (f32, f32),
    half_px: f32,
    strength: f32,
    dark: bool,
}

impl Line {
    fn draw_all(dice: &mut Dice) -> Vec<Self> {
        let count = if dice.happens(0.5) { dice.below(4) } else { dice.below(14) };
        (0..count)
            .map(|_| {
                let from =
                    (dice.between(0.0, WIDTH_PX as f32), dice.between(0.0, HEIGHT_PX as f32));
                let angle = dice.between(0.0, TAU);
                let length = dice.between(20.0, 220.0);
                Self {
                    from,
                    to: (from.0 + length * angle.cos(), from.1 + length * angle.sin()),
                    half_px: dice.between(0.4, 2.6),
                    strength: dice.between(0.4, 1.0),
                    dark: dice.happens(0.12),
                }
            })
            .collect()
    }

    fn depth(&self, x: f32, y: f32, wander: f32) -> f32 {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let (px, py) = (x - self.from.0, y - self.from.1);
        let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        let off = (px - along * dx + wander).hypot(py - along * dy + wander);
        self.strength * (self.half_px + 0.7 - off).clamp(0.0, 1.0)
    }
}

/// What went wrong with one impression.
struct Manner {
    view: View,
    ghost: View,
    contact: Option<Contact>,
    lines: Vec<Line>,
    pressure: f32,
    pressure_swing: f32,
    patchy: f32,
    hardness: f32,
    rough: f32,
    dryness: f32,
    dry_swing: f32,
    pores: f32,
    fading: f32,
    ghostly: f32,
    large: [SmoothNoise; 4],
    fine: [SmoothNoise; 5],
}

impl Manner {
    fn draw(dice: &mut Dice) -> Self {
        let worse = dice.unit();
        Self {
            view: View::draw(dice),
            ghost: View::draw(dice),
            contact: dice.happens(0.6).then(|| {
                let level = [Difficulty::Medium, Difficulty::Hard][dice.below(2)];
                Contact::draw(dice, level)
            }),
            lines: Line::draw_all(dice),
            pressure: 0.36 * dice.normal(),
            pressure_swing: 0.6 * dice.unit(),
            patchy: 0.5 * worse * dice.unit(),
            hardness: dice.between(0.6, 4.0),
            rough: 0.05 + 0.75 * worse * dice.unit(),
            dryness: if dice.happens(0.6) { worse * dice.unit() } else { 0.2 + 0.9 * worse },
            dry_swing: dice.unit(),
            pores: if dice.happens(0.5) { dice.unit() } else { 0.0 },
            fading: if dice.happens(0.4) { dice.between(0.0, 1.1) } else { 0.0 },
            ghostly: if dice.happens(0.25) { dice.between(0.0, 0.5) } else { 0.0 },
            large: [70.0, 45.0, 60.0, 110.0].map(|cell| SmoothNoise::new(dice, cell, 12)),
            fine: [2.2, 3.0, 5.5, 11.0, 15.0].map(|cell| SmoothNoise::new(dice, cell, 200)),
        }
    }

    fn firmness(&self, x: f32, y: f32) -> f32 {
        self.contact.as_ref().map_or(1.0, |c| c.firmness(x, y))
    }

    /// How dark a pixel is, 0 to 1.
    fn dark(&self, master: &Master, x: f32, y: f32) -> f32 {
        let firm = self.firmness(x, y);
        let (mx, my) = self.view.to_master(x, y);
        let [f2, f3, f5, f11, f15] = &self.fine;
        let [l1, l2, l3, l4] = &self.large;
        let speckle = 0.6 * f2.at(x, y) + 0.5 * f5.at(x, y) + 0.35 * f11.at(x, y);
        let lift = ((0.22 - firm) / 0.22).clamp(0.0, 1.6);
        let height = master.at(mx, my);
        let swing = self.pressure_swing * l1.at(x, y) + self.patchy * f15.at(x, y);
        let push = self.pressure + swing - 0.55 * lift;
        let level = height + push + self.rough * speckle;
        let mut dark = (level * self.hardness + 0.5).clamp(0.0, 1.0);
        let dry = self.dryness * (1.0 + self.dry_swing * l2.at(x, y)).clamp(0.0, 2.0);
        let gap = speckle - 2.2 + 2.4 * dry + 0.9 * lift;
        dark *= 1.0 - gap.clamp(0.0, 1.0) * 0.9;
        if self.pores > 0.0 && height > 0.4 {
            dark *= 1.0 - self.pores * (f3.at(x + 71.0, y) - 1.3).clamp(0.0, 1.0);
        }
        // Parts that are hardly seen.
        let fading = (self.fading * (0.4 + l3.at(x, y))).clamp(0.0, 0.93);
        dark = dark * (1.0 - fading) + 0.45 * fading * (0.5 + 0.5 * l4.at(x, y)).clamp(0.0, 1.0);
        if self.ghostly > 0.0 {
            let (gx, gy) = self.ghost.to_master(x, y);
            let ghost = (master.at(gx, gy) * 1.5 + 0.3).clamp(0.0, 1.0);
            dark += self.ghostly * ghost * (0.3 + l4.at(x, y)).clamp(0.0, 1.0) * (1.0 - dark);
        }
        let touched = 1.0 - (-firm * 8.0).clamp(0.0, 1.0);
        dark *= touched;
        for line in &self.lines {
            let depth = line.depth(x, y, 0.5 * speckle);
            dark = if line.dark { dark.max(depth) } else { dark * (1.0 - depth) };
        }
        dark
    }
}

/// Takes an impression.
pub fn take(finger: &SyntheticFinger, dice: &mut Dice) -> Taken {
    let master = finger.master();
    let manner = Manner::draw(dice);
    let all =
        || (0..WIDTH_PX * HEIGHT_PX).map(|at| ((at % WIDTH_PX) as f32, (at / WIDTH_PX) as f32));
    let inked: Vec<f32> = all().map(|(x, y)| manner.dark(master, x, y)).collect();
    let ridges = all()
        .map(|(x, y)| {
            let (mx, my) = manner.view.to_master(x, y);
            (1.6 * master.at(mx, my)).clamp(-1.0, 1.0)
        })
        .collect();
    let known = |x: f32, y: f32| {
        let (mx, my) = manner.view.to_master(x, y);
        let inside = mx > EDGE_PX
            && my > EDGE_PX
            && mx < MASTER_WIDTH_PX as f32 - EDGE_PX
            && my < MASTER_HEIGHT_PX as f32 - EDGE_PX;
        inside && manner.firmness(x, y) > 0.02
    };
    let cells = (0..WIDTH_PX / CELL_PX * (HEIGHT_PX / CELL_PX))
        .map(|at| {
            let across = WIDTH_PX / CELL_PX;
            let middle = |k: usize| (k * CELL_PX) as f32 + (CELL_PX as f32 - 1.0) / 2.0;
            let (x, y) = (middle(at % across), middle(at / across));
            let (cos2, sin2) = manner.view.doubled(master, x, y);
            Cell { inside: known(x, y), cos2, sin2 }
        })
        .collect();
    let minutiae = finger
        .minutiae()
        .iter()
        .map(|m| manner.view.minutia(m))
        .filter(|m| {
            let inside = m.x >= 0.0 && m.y >= 0.0;
            inside && m.x < WIDTH_PX as f32 && m.y < HEIGHT_PX as f32 && known(m.x, m.y)
        })
        .collect();
    let pixels = sensed(&inked, dice);
    let image = GrayImage::new(WIDTH_PX, HEIGHT_PX, pixels, Resolution::Ppi(500.0))
        .expect("sides and pixels fit");
    Taken { image, ridges, cells, minutiae }
}

/// A bell of some width along and across an angle, by weights that sum to 1.
fn blurred(from: &[f32], dice: &mut Dice) -> Vec<f32> {
    const R: isize = 3;
    let (mut along, across) = (dice.between(0.3, 1.3), dice.between(0.3, 1.1));
    if dice.happens(0.15) {
        along = dice.between(1.2, 2.4);
    }
    let angle = dice.between(0.0, TAU);
    let mut weights = Vec::new();
    for dy in -R..=R {
        for dx in -R..=R {
            let (x, y) = (dx as f32, dy as f32);
            let (u, v) = (x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin());
            let weight = (-0.5 * ((u / along).powi(2) + (v / across).powi(2))).exp();
            if weight > 0.004 {
                weights.push((dx, dy, weight));
            }
        }
    }
    let sum: f32 = weights.iter().map(|w| w.2).sum();
    let (w, h) = (WIDTH_PX as isize, HEIGHT_PX as isize);
    let mut out = vec![0.0; from.len()];
    for (dx, dy, weight) in weights {
        for y in 0..h {
            let row = (y + dy).clamp(0, h - 1) * w;
            for x in 0..w {
                out[(y * w + x) as usize] +=
                    weight / sum * from[(row + (x + dx).clamp(0, w - 1)) as usize];
            }
        }
    }
    out
}

/// Gray levels of some sensor or scanner.
fn sensed(inked: &[f32], dice: &mut Dice) -> Vec<u8> {
    let inked = blurred(inked, dice);
    let ground =
        if dice.happens(0.6) { dice.between(200.0, 255.0) } else { dice.between(110.0, 220.0) };
    let black = dice.between(5.0, (ground - 35.0).min(150.0));
    let grain = if dice.happens(0.75) { dice.between(0.0, 8.0) } else { dice.between(5.0, 28.0) };
    let (on_ridges, salt) =
        (dice.unit(), if dice.happens(0.2) { dice.between(0.0, 0.02) } else { 0.0 });
    let coarse = if dice.happens(0.4) { dice.between(0.0, 16.0) } else { 0.0 };
    let shade = dice.between(0.0, 30.0);
    let stripes = if dice.happens(0.15) { dice.between(0.0, 12.0) } else { 0.0 };
    let noises = [150.0, 2.6].map(|cell| SmoothNoise::new(dice, cell, 150));
    let columns: Vec<f32> = (0..WIDTH_PX).map(|_| dice.normal()).collect();
    let gamma = (0.3 * dice.normal()).exp();
    inked
        .iter()
        .enumerate()
        .map(|(i, dark)| {
            let (x, y) = ((i % WIDTH_PX) as f32, (i / WIDTH_PX) as f32);
            if salt > 0.0 && dice.happens(salt) {
                return if dice.happens(0.5) { 255 } else { 0 };
            }
            let level = ground - (ground - black) * dark.powf(gamma);
            let rough = 1.0 - on_ridges + on_ridges * dark;
            let level = level
                + grain * rough * dice.normal()
                + coarse * noises[1].at(x, y)
                + stripes * columns[i % WIDTH_PX]
                + shade * noises[0].at(x, y);
            level.clamp(0.0, 255.0) as u8
        })
        .collect()
}
