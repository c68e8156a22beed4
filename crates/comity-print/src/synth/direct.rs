//! Minutiae without images: the same fields, placements and contacts, with minutiae strewn
//! over them as densely as they are found on fingers. Some ten thousand times as fast as prints.

use super::dice::{Dice, Purpose};
use super::field::{MASTER_HEIGHT_PX, MASTER_WIDTH_PX, RidgeField};
use super::impression::{Contact, Difficulty, HEIGHT_PX, Placement, WIDTH_PX, coded};
use super::truth::TrueMinutia;
use crate::template::{CELL_PX, DirectionGrid, MINUTIAE_MAX, Template};
use crate::{FingerMinutiae, FingerPosition, MinutiaKind};
use std::f32::consts::{PI, TAU};

/// Two minutiae of one finger are hardly ever nearer than a ridge period.
const APART_PX: f32 = 9.5;
/// Distance of the points at which the direction of ridges is worked out.
const KNOT_PX: usize = 32;
/// Errors of an extractor: how far off in pixels and radians, how often one is missed and how
/// often, for each that is there, one is made up. The latter two are what our extractor does on
/// `data/prints/synthetic` (tests/synthetic_prints.rs); real prints, real cards above all, can
/// be worse.
const OFF_PX: f32 = 1.8;
const OFF_RAD: f32 = 0.10;
const MISSED: f32 = 0.07;
const MADE_UP: f32 = 0.07;

/// The minutiae of a finger that has no ridges.
#[derive(Debug, Clone)]
pub struct DirectFinger {
    seed: u64,
    finger: u64,
    field: RidgeField,
    minutiae: Vec<TrueMinutia>,
}

impl DirectFinger {
    /// Draws finger `finger` of a seed: 48 to 90 minutiae over the whole master, about 25 to
    /// 55 of which an impression shows.
    pub fn draw(seed: u64, finger: u64) -> Self {
        let mut dice = Dice::new(seed, finger, 0, Purpose::Template);
        let field = RidgeField::draw(&mut dice);
        let wanted = 48 + dice.below(43);
        let mut minutiae: Vec<TrueMinutia> = Vec::with_capacity(wanted);
        for _ in 0..4 * wanted {
            if minutiae.len() == wanted {
                break;
            }
            let x = dice.between(8.0, MASTER_WIDTH_PX as f32 - 8.0);
            let y = dice.between(8.0, MASTER_HEIGHT_PX as f32 - 8.0);
            let taken =
                |m: &TrueMinutia| (m.x - x).powi(2) + (m.y - y).powi(2) < APART_PX * APART_PX;
            if minutiae.iter().any(taken) {
                continue;
            }
            let way = if dice.happens(0.5) { PI } else { 0.0 };
            let angle_rad = field.orientation_rad(x, y) + way + 0.08 * dice.normal();
            let kind =
                if dice.happens(0.58) { MinutiaKind::Ending } else { MinutiaKind::Bifurcation };
            minutiae.push(TrueMinutia { x, y, angle_rad, kind });
        }
        Self { seed, finger, field, minutiae }
    }

    /// Impression `number` as an extractor would see it: distorted, partial, with minutiae
    /// missed, moved and made up.
    pub fn impression(&self, number: u64, difficulty: Difficulty) -> FingerMinutiae {
        self.taken(number, difficulty).0
    }

    /// The template of impression `number`: its minutiae, and ridge directions without error.
    pub fn template(&self, number: u64, difficulty: Difficulty) -> Template {
        let (found, placement, contact) = self.taken(number, difficulty);
        let mut minutiae = found.minutiae;
        minutiae.truncate(MINUTIAE_MAX);
        Template { minutiae, grid: self.grid(&placement, &contact) }
    }

    fn taken(&self, number: u64, difficulty: Difficulty) -> (FingerMinutiae, Placement, Contact) {
        let mut dice = Dice::new(self.seed, self.finger, number, Purpose::Impression);
        let placement = Placement::draw(&mut dice, difficulty);
        let contact = Contact::draw(&mut dice, difficulty);
        let touches = |m: &TrueMinutia| contact.firmness(m.x, m.y) > 0.05;
        let mut seen = Vec::with_capacity(self.minutiae.len());
        for m in self.minutiae.iter().map(|m| placement.minutia(m)).filter(touches) {
            if dice.happens(MADE_UP) {
                let x = m.x + dice.between(-60.0, 60.0);
                let y = m.y + dice.between(-60.0, 60.0);
                let angle_rad = m.angle_rad + if dice.happens(0.5) { PI } else { 0.0 };
                let made_up = TrueMinutia { x, y, angle_rad, kind: m.kind };
                seen.extend(Some(made_up).filter(touches));
            }
            if dice.happens(MISSED) {
                continue;
            }
            let kind = match (m.kind, dice.happens(0.15)) {
                (MinutiaKind::Ending, true) => MinutiaKind::Bifurcation,
                (MinutiaKind::Bifurcation, true) => MinutiaKind::Ending,
                (kind, _) => kind,
            };
            seen.push(TrueMinutia {
                x: m.x + OFF_PX * dice.normal(),
                y: m.y + OFF_PX * dice.normal(),
                angle_rad: (m.angle_rad + OFF_RAD * dice.normal()).rem_euclid(TAU),
                kind,
            });
        }
        let found = FingerMinutiae {
            finger: FingerPosition::Unknown,
            width_px: WIDTH_PX as u16,
            height_px: HEIGHT_PX as u16,
            quality: 0,
            minutiae: seen.iter().filter_map(|m| coded(m, WIDTH_PX, HEIGHT_PX)).collect(),
        };
        (found, placement, contact)
    }

    /// Ridge directions as an extractor would see them: those of points 32 pixels apart, and
    /// between them their mean.
    fn grid(&self, placement: &Placement, contact: &Contact) -> DirectionGrid {
        let (columns, rows) = (WIDTH_PX.div_ceil(CELL_PX), HEIGHT_PX.div_ceil(CELL_PX));
        let across = WIDTH_PX.div_ceil(KNOT_PX) + 1;
        let knot = |i: usize| {
            let (x, y) = ((i % across * KNOT_PX) as f32, (i / across * KNOT_PX) as f32);
            let (mx, my) = placement.to_master(x, y);
            // The grid counts with y down.
            let way = -self.field.orientation_rad(mx, my) - placement.turn_rad();
            ((2.0 * way).cos(), (2.0 * way).sin())
        };
        let knots: Vec<(f32, f32)> =
            (0..across * (HEIGHT_PX.div_ceil(KNOT_PX) + 1)).map(knot).collect();
        let middle = |i: usize| i * CELL_PX + CELL_PX / 2;
        let aside: Vec<f32> = (0..columns).map(|c| contact.aside(middle(c) as f32)).collect();
        let mut cells = vec![0; columns * rows];
        for (row, line) in cells.chunks_mut(columns).enumerate() {
            let y = middle(row);
            let along = contact.along(y as f32);
            for (column, cell) in line.iter_mut().enumerate() {
                let x = middle(column);
                if contact.of_parts(aside[column], along, x as f32, y as f32) < 0.05 {
                    continue;
                }
                let (fx, fy) = ((x % KNOT_PX) as f32, (y % KNOT_PX) as f32);
                let side = KNOT_PX as f32;
                let (mut cos2, mut sin2) = (0.0, 0.0);
                for (dx, dy, weight) in [
                    (0, 0, (side - fx) * (side - fy)),
                    (1, 0, fx * (side - fy)),
                    (0, 1, (side - fx) * fy),
                    (1, 1, fx * fy),
                ] {
                    let (c, s) = knots[(y / KNOT_PX + dy) * across + x / KNOT_PX + dx];
                    cos2 += weight * c;
                    sin2 += weight * s;
                }
                let turn = (sin2.atan2(cos2) / TAU).rem_euclid(1.0);
                *cell = 1 + ((turn * 255.0).round() as u32 % 255) as u8;
            }
        }
        DirectionGrid { columns, rows, cells }
    }
}
