//! Drawn ridges with minutiae at known places, the same pixels on every machine.

use comity_print::{GrayImage, Resolution};

/// A ridge that begins: across, down, and how the wave turns around it.
pub type Fork = (f64, f64, f64);

pub const FORKS: [Fork; 10] = [
    (70.0, 80.0, 1.0),
    (130.0, 74.0, -1.0),
    (192.0, 90.0, 1.0),
    (100.0, 130.0, -1.0),
    (160.0, 145.0, 1.0),
    (80.0, 190.0, 1.0),
    (140.0, 200.0, -1.0),
    (200.0, 195.0, -1.0),
    (110.0, 240.0, -1.0),
    (170.0, 245.0, 1.0),
];

/// What is drawn.
#[derive(Clone)]
pub struct Drawing {
    pub width: usize,
    pub height: usize,
    /// From one ridge to the next, in pixels.
    pub period_px: f64,
    /// Pixels a unit of the places of [`FORKS`].
    pub scale: f64,
    /// Gray levels from the mean to a ridge.
    pub contrast: f64,
    /// Gray levels of noise, at most.
    pub noise: f64,
    /// How much wider than the valleys the ridges are, -1 (dry) to 1 (wet).
    pub wet: f64,
    /// Light lines that cross the print.
    pub creases: bool,
    /// Whether a white background surrounds an oval print.
    pub oval: bool,
}

impl Drawing {
    pub fn plain() -> Self {
        Self {
            width: 288,
            height: 320,
            period_px: 9.0,
            scale: 1.0,
            contrast: 90.0,
            noise: 0.0,
            wet: 0.0,
            creases: false,
            oval: false,
        }
    }

    /// Arched ridges with a minutia at each fork: the phase of the wave turns once around it
    /// (Larkin and Fletcher, 2007).
    pub fn image(&self) -> GrayImage {
        let mut pixels = Vec::with_capacity(self.width * self.height);
        let mut state = 7u64;
        for y in 0..self.height {
            for x in 0..self.width {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = (state >> 40) as f64 / f64::from(1 << 23) - 1.0;
                let level = self.level(x as f64 / self.scale, y as f64 / self.scale);
                pixels.push((level + self.noise * noise).round().clamp(0.0, 255.0) as u8);
            }
        }
        GrayImage::new(self.width, self.height, pixels, Resolution::Ppi(500.0)).unwrap()
    }

    fn level(&self, x: f64, y: f64) -> f64 {
        let (u, v) = ((x - 144.0) / 118.0, (y - 165.0) / 140.0);
        if self.oval && u * u + v * v > 1.0 {
            return 250.0;
        }
        let arch = y + (x - 140.0) * (x - 140.0) / 400.0;
        let (mut re, mut im) = wave(arch / self.period_px);
        for (fx, fy, turn) in FORKS {
            let (dx, dy) = (x - fx, turn * (y - fy));
            (re, im) = (re * dx - im * dy, re * dy + im * dx);
            let length = (re * re + im * im).sqrt().max(1e-9);
            (re, im) = (re / length, im / length);
        }
        let crease = self.creases
            && [0.9, -0.4].iter().any(|slope| {
                let off = y - 170.0 - slope * (x - 130.0);
                off * off < 4.0 * (1.0 + slope * slope)
            });
        if crease {
            return 235.0;
        }
        (150.0 + self.contrast * (re - self.wet)).min(245.0)
    }
}

/// Cosine and sine of so many turns, by sums and products alone.
fn wave(turns: f64) -> (f64, f64) {
    let x = (turns - turns.round()) * std::f64::consts::TAU;
    let (mut cos, mut sin) = (0.0, 0.0);
    for n in (0..14).rev() {
        let n = f64::from(n);
        cos = 1.0 - cos * x * x / ((2.0 * n + 1.0) * (2.0 * n + 2.0));
        sin = 1.0 - sin * x * x / ((2.0 * n + 2.0) * (2.0 * n + 3.0));
    }
    (cos, sin * x)
}
