//! Elementary functions of our own: the platform's differ in the last bit, templates must not.

use std::f64::consts::{FRAC_PI_2, LN_2, PI};

/// Sine and cosine, within 1e-12 for |angle| < 1,000.
pub(crate) fn sin_cos(angle_rad: f64) -> (f64, f64) {
    let turns = (angle_rad / FRAC_PI_2).round();
    let x = angle_rad - turns * FRAC_PI_2;
    let square = x * x;
    let (mut sin, mut cos) = (0.0, 0.0);
    // Taylor's series by Horner, to x^17 and x^16: |x| is at most pi/4.
    for n in (0..=8).rev() {
        let n = f64::from(n);
        sin = 1.0 - sin * square / ((2.0 * n + 2.0) * (2.0 * n + 3.0));
        cos = 1.0 - cos * square / ((2.0 * n + 1.0) * (2.0 * n + 2.0));
    }
    sin *= x;
    match (turns as i64).rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// The exponential, within 1e-12 of it for -700 < x < 700; 0 below.
pub(crate) fn exp(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let halvings = (x.min(700.0) / LN_2).round();
    let rest = x.min(700.0) - halvings * LN_2;
    let mut sum = 1.0;
    for n in (1..=14).rev() {
        sum = 1.0 + sum * rest / f64::from(n);
    }
    sum * f64::from_bits(((halvings as i64 + 1023) as u64) << 52)
}

/// The angle of (x, y) from the x axis, -pi to pi, within 1e-5; 0 for the origin.
pub(crate) fn atan2(y: f32, x: f32) -> f32 {
    let (large, small) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
    if large == 0.0 {
        return 0.0;
    }
    let t = small / large;
    let s = t * t;
    // Abramowitz and Stegun 4.4.49.
    let series =
        ((((0.020_835_1 * s - 0.085_133_0) * s + 0.180_141) * s - 0.330_299_5) * s + 0.999_866) * t;
    let first = if y.abs() > x.abs() { FRAC_PI_2 as f32 - series } else { series };
    let upper = if x < 0.0 { PI as f32 - first } else { first };
    if y < 0.0 { -upper } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library() {
        for step in -400..400 {
            let x = f64::from(step) * 0.0371;
            let (sin, cos) = sin_cos(x);
            assert!((sin - x.sin()).abs() < 1e-12 && (cos - x.cos()).abs() < 1e-12, "{x}");
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-12, "{x}");
            let (y, z) = (x.sin() as f32, (2.0 * x).cos() as f32);
            assert!((atan2(y, z) - y.atan2(z)).abs() < 2e-5, "{y} {z}");
        }
    }
}
