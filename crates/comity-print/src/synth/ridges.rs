//! Grows ridges over an orientation field; minutiae arise where growing ridges meet.

use super::dice::Dice;
use super::field::{MASTER_HEIGHT_PX, MASTER_WIDTH_PX, RidgeField};
use std::f32::consts::PI;

/// Orientations of the filters over half a turn.
const ORIENTATIONS: usize = 48;
/// Periods of the filters, from [`PERIOD_PX_MIN`] in steps of [`PERIOD_STEP_PX`].
const PERIODS: usize = 16;
const PERIOD_PX_MIN: f32 = 6.8;
const PERIOD_STEP_PX: f32 = 0.4;
/// Pixels from the middle of a filter to its edge.
const RADIUS: usize = 9;
/// Rows of a filter are padded to whole lanes.
const ROW: usize = 24;
const LANES: usize = 8;
/// A finger that has not filled by then has a hole, which the last rounds leave as it is.
const ROUNDS_MAX: usize = 60;

/// The ridges of a whole finger: 1 in the middle of a ridge, -1 in the middle of a valley.
#[derive(Debug, Clone)]
pub struct Master {
    /// Where the ridges run.
    pub field: RidgeField,
    /// [`MASTER_WIDTH_PX`] x [`MASTER_HEIGHT_PX`] values, row by row from the top.
    pub ridges: Vec<f32>,
}

impl Master {
    /// Draws a finger and grows its ridges.
    ///
    /// Iterated oriented filtering from a few spots (Cappelli, Erol, Maio, Maltoni,
    /// "Synthetic fingerprint-image generation", ICPR 2000).
    pub fn grow(dice: &mut Dice) -> Self {
        let field = RidgeField::draw(dice);
        let filters = Filters::new();
        let which = Filters::of_field(&field);
        let mut plane = Plane::with_spots(dice);
        let mut reached = plane.reached();
        for _ in 0..ROUNDS_MAX {
            let (next, change) = plane.filtered(&filters, &which, &reached, 1.6);
            plane = next;
            let spread = plane.reached();
            let full = spread.iter().all(|r| *r);
            reached = spread;
            if full && change < 0.004 {
                break;
            }
        }
        // Once more without clipping hard: gray levels then say how high the skin is.
        let (last, _) = plane.filtered(&filters, &which, &reached, 0.8);
        Self { field, ridges: last.inner() }
    }

    /// The value at a point between pixels; -1, a valley, outside.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (column, row) = (x.floor(), y.floor());
        let (fx, fy) = (x - column, y - row);
        let value = |dx: i32, dy: i32| {
            let (c, r) = (column as i32 + dx, row as i32 + dy);
            let inside = (0..MASTER_WIDTH_PX as i32).contains(&c)
                && (0..MASTER_HEIGHT_PX as i32).contains(&r);
            let index = (r.max(0) as usize) * MASTER_WIDTH_PX + c.max(0) as usize;
            if inside { self.ridges.get(index).copied().unwrap_or(-1.0) } else { -1.0 }
        };
        let top = value(0, 0) + (value(1, 0) - value(0, 0)) * fx;
        let bottom = value(0, 1) + (value(1, 1) - value(0, 1)) * fx;
        top + (bottom - top) * fy
    }
}

/// The filters, by orientation and period.
struct Filters(Vec<[f32; ROW * (2 * RADIUS + 1)]>);

impl Filters {
    fn new() -> Self {
        let mut all = Vec::with_capacity(ORIENTATIONS * PERIODS);
        for orientation in 0..ORIENTATIONS {
            for period in 0..PERIODS {
                let angle = PI * orientation as f32 / ORIENTATIONS as f32;
                all.push(gabor(angle, PERIOD_PX_MIN + PERIOD_STEP_PX * period as f32));
            }
        }
        Self(all)
    }

    /// The number of the filter at every pixel.
    fn of_field(field: &RidgeField) -> Vec<u16> {
        let mut out = Vec::with_capacity(MASTER_WIDTH_PX * MASTER_HEIGHT_PX);
        for y in 0..MASTER_HEIGHT_PX {
            for x in 0..MASTER_WIDTH_PX {
                let turn = field.orientation_rad(x as f32, y as f32) / PI;
                let part = turn - turn.floor();
                let orientation = (part * ORIENTATIONS as f32 + 0.5) as usize % ORIENTATIONS;
                let steps = (field.period_px(x as f32, y as f32) - PERIOD_PX_MIN) / PERIOD_STEP_PX;
                let period = (steps + 0.5).clamp(0.0, (PERIODS - 1) as f32) as usize;
                out.push((orientation * PERIODS + period) as u16);
            }
        }
        out
    }
}

/// A cosine across the ridge under a bell, without its mean; positive weights sum to 1.
fn gabor(angle: f32, period_px: f32) -> [f32; ROW * (2 * RADIUS + 1)] {
    let mut kernel = [0.0_f32; ROW * (2 * RADIUS + 1)];
    let sigma = 0.44 * period_px;
    let (sin, cos) = angle.sin_cos();
    let side = 2 * RADIUS + 1;
    let each = |at: &mut dyn FnMut(usize, f32, f32)| {
        for row in 0..side {
            for column in 0..side {
                let x = column as f32 - RADIUS as f32;
                let y = RADIUS as f32 - row as f32;
                let bell = (-(x * x + y * y) / (2.0 * sigma * sigma)).exp();
                let across = y * cos - x * sin;
                at(row * ROW + column, bell, (2.0 * PI * across / period_px).cos());
            }
        }
    };
    let (mut wave_sum, mut bell_sum) = (0.0, 0.0);
    each(&mut |_, bell, wave| {
        wave_sum += bell * wave;
        bell_sum += bell;
    });
    let mean = wave_sum / bell_sum;
    let mut positive = 0.0;
    each(&mut |index, bell, wave| {
        let weight = bell * (wave - mean);
        positive += weight.max(0.0);
        if let Some(slot) = kernel.get_mut(index) {
            *slot = weight;
        }
    });
    kernel.iter_mut().for_each(|w| *w /= positive);
    kernel
}

const PLANE_WIDTH: usize = MASTER_WIDTH_PX + ROW + RADIUS;
const PLANE_HEIGHT: usize = MASTER_HEIGHT_PX + 2 * RADIUS;
/// Side of the tiles that say where there is anything yet.
const TILE: usize = 8;
const TILES_ACROSS: usize = MASTER_WIDTH_PX / TILE;
const TILES_DOWN: usize = MASTER_HEIGHT_PX / TILE;

/// The master print with a margin of a filter's radius.
struct Plane(Vec<f32>);

impl Plane {
    /// Blank skin with about one spot in 36 x 36 pixels, where ridges begin to grow.
    fn with_spots(dice: &mut Dice) -> Self {
        let mut values = vec![0.0; PLANE_WIDTH * PLANE_HEIGHT];
        for _ in 0..MASTER_WIDTH_PX * MASTER_HEIGHT_PX / 1300 {
            let x = RADIUS + 2 + dice.below(MASTER_WIDTH_PX - 4);
            let y = RADIUS + 2 + dice.below(MASTER_HEIGHT_PX - 4);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                if let Some(v) = values.get_mut((y + dy) * PLANE_WIDTH + x + dx) {
                    *v = 1.0;
                }
            }
        }
        Self(values)
    }

    /// For every tile, whether a filter in it can see anything.
    fn reached(&self) -> Vec<bool> {
        let something = |tx: usize, ty: usize| {
            (0..TILE).any(|dy| {
                let from = (RADIUS + ty * TILE + dy) * PLANE_WIDTH + RADIUS + tx * TILE;
                self.0.get(from..from + TILE).is_some_and(|r| r.iter().any(|v| v.abs() > 0.02))
            })
        };
        let full: Vec<bool> = (0..TILES_ACROSS * TILES_DOWN)
            .map(|i| something(i % TILES_ACROSS, i / TILES_ACROSS))
            .collect();
        let near = |i: usize| {
            let (tx, ty) = (i % TILES_ACROSS, i / TILES_ACROSS);
            let rows = ty.saturating_sub(1)..=(ty + 1).min(TILES_DOWN - 1);
            rows.into_iter().any(|row| {
                let columns = tx.saturating_sub(1)..=(tx + 1).min(TILES_ACROSS - 1);
                columns.into_iter().any(|c| full.get(row * TILES_ACROSS + c) == Some(&true))
            })
        };
        (0..full.len()).map(near).collect()
    }

    /// One round: every reached pixel is what its filter sees, `gain` times, clipped to ±1;
    /// and the mean change.
    fn filtered(
        &self,
        filters: &Filters,
        which: &[u16],
        reached: &[bool],
        gain: f32,
    ) -> (Self, f32) {
        let mut next = vec![0.0; self.0.len()];
        let mut change = 0.0;
        for y in 0..MASTER_HEIGHT_PX {
            for x in 0..MASTER_WIDTH_PX {
                if reached.get(y / TILE * TILES_ACROSS + x / TILE) != Some(&true) {
                    continue;
                }
                let number = which.get(y * MASTER_WIDTH_PX + x).copied().unwrap_or_default();
                let Some(kernel) = filters.0.get(usize::from(number)) else { continue };
                let seen = self.seen(kernel, x, y);
                let at = (y + RADIUS) * PLANE_WIDTH + x + RADIUS;
                if let (Some(slot), Some(before)) = (next.get_mut(at), self.0.get(at)) {
                    *slot = (gain * seen).clamp(-1.0, 1.0);
                    change += (*slot - before).abs();
                }
            }
        }
        (Self(next), change / (MASTER_WIDTH_PX * MASTER_HEIGHT_PX) as f32)
    }

    /// The sum of a filter's weights and what is below it, in a fixed order of lanes.
    fn seen(&self, kernel: &[f32; ROW * (2 * RADIUS + 1)], x: usize, y: usize) -> f32 {
        let mut lanes = [0.0_f32; LANES];
        for (row, weights) in kernel.chunks_exact(ROW).enumerate() {
            let from = (y + row) * PLANE_WIDTH + x;
            let Some(values) = self.0.get(from..from + ROW) else { continue };
            for (w, v) in weights.chunks_exact(LANES).zip(values.chunks_exact(LANES)) {
                for lane in 0..LANES {
                    lanes[lane] += w[lane] * v[lane];
                }
            }
        }
        lanes.iter().sum()
    }

    /// Without the margin.
    fn inner(&self) -> Vec<f32> {
        (0..MASTER_HEIGHT_PX)
            .flat_map(|y| {
                let from = (y + RADIUS) * PLANE_WIDTH + RADIUS;
                self.0.get(from..from + MASTER_WIDTH_PX).unwrap_or_default().iter().copied()
            })
            .collect()
    }
}
