//! Prints as a search keeps them for its second pass: places, angles and codes of minutiae.

use super::prepared::{LANES, Parts, Point, Prepared, count_below};
use super::surroundings::PARTS;
use super::{Comparison, compare};
use crate::Minutia;
use crate::template::{MINUTIAE_MAX, Template};

/// Bytes of a minutia's code, two parts each.
const CODE_BYTES: usize = PARTS / 2;
/// Bytes of a minutia in what [`sketch`] gives: its number and its code.
pub const SKETCH_BYTES: usize = 1 + CODE_BYTES;

/// What is kept of a template's minutiae: in the order of their angles the number of each in the
/// template; then the first bytes of all codes, the next of all, and so on, eight in all. Minutiae
/// beyond those that a template keeps are left out.
pub fn sketch(template: &Template) -> Vec<u8> {
    let prepared = Prepared::of(template);
    let codes: Vec<[u8; PARTS]> =
        (0..prepared.points.len()).map(|at| prepared.codes.part(at)).collect();
    let mut out: Vec<u8> = prepared.points.iter().map(|p| p.index).collect();
    for byte in 0..CODE_BYTES {
        out.extend(codes.iter().map(|code| code[2 * byte] | code[2 * byte + 1] << 4));
    }
    out
}

/// A print without what surrounds its minutiae but their codes; made once, filled again and again.
#[derive(Debug, Default)]
pub struct Sketch(pub(super) Prepared);

impl Sketch {
    /// Takes what [`sketch`] gave of a template, and its minutiae by their numbers; a number that none
    /// has stands for a minutia at the edge.
    pub fn fill(&mut self, kept: &[u8], minutia: impl Fn(usize) -> Option<Minutia>) {
        let Prepared { points, codes, below, .. } = &mut self.0;
        let count = (kept.len() / SKETCH_BYTES).min(MINUTIAE_MAX);
        let (order, rest) = kept.split_at(count);
        points.clear();
        points.extend(order.iter().map(|index| {
            let none = Point::default();
            minutia(usize::from(*index)).map_or(none, |m| Point {
                x: f32::from(m.x_px),
                y: f32::from(m.y_px),
                angle: m.angle.wrapping_neg(),
                index: *index,
                ..none
            })
        }));
        codes.parts.clear();
        codes.parts.resize(count.div_ceil(LANES), Parts([[0; LANES]; PARTS]));
        for (byte, all) in rest.chunks_exact(count.max(1)).take(CODE_BYTES).enumerate() {
            for (some, parts) in all.chunks(LANES).zip(&mut codes.parts) {
                let mut both = [0; LANES];
                both[..some.len()].copy_from_slice(some);
                let Some([low, high]) = parts.0.get_mut(2 * byte..2 * byte + 2) else { continue };
                // In a loop, which is done by vectors; `map` of an array is not.
                for ((low, high), both) in low.iter_mut().zip(high).zip(both) {
                    (*low, *high) = (both & 15, both >> 4);
                }
            }
        }
        count_below(points, below);
    }

    /// The whole print, of which this is the sketch; its codes are made anew where the sketch is
    /// of other minutiae.
    pub fn completed(&self, template: &Template) -> Kept {
        Kept(Prepared::made_on(pulp::Arch::new(), template, Some(&self.0)))
    }
}

/// A print of a gallery, ready to be the second of comparisons: it has no tables to be a first.
#[derive(Debug)]
pub struct Kept(Prepared);

impl Kept {
    /// What [`compare`] gives of a first print and this one.
    pub fn compared_with(&self, first: &Prepared) -> Comparison {
        compare(first, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::glance;
    use crate::synth::{Difficulty, DirectFinger};

    #[test]
    fn a_glance_tells_most_fingers_apart() {
        let print = |finger, impression| {
            DirectFinger::draw(6, finger).template(impression, Difficulty::Medium)
        };
        let (mut kept, mut first) = (Sketch::default(), 0);
        for finger in 0..30 {
            let probe = Prepared::of(&print(finger, 1));
            let mut looked_at = |other| {
                let template = print(other, 2);
                kept.fill(&sketch(&template), |k| template.minutiae.get(k).copied());
                glance(&probe, &kept)
            };
            let own = looked_at(finger);
            let best = (1..30).map(|k| looked_at((finger + k) % 30)).fold(0.0, f32::max);
            first += usize::from(own > best);
        }
        assert!(first >= 27, "{first}");
    }

    #[test]
    fn a_print_with_the_codes_of_its_sketch_is_compared_as_without() {
        let drawn = |finger| DirectFinger::draw(7, finger).template(1, Difficulty::Medium);
        let probe = Prepared::of(&DirectFinger::draw(7, 0).template(2, Difficulty::Medium));
        let (mut own, mut others) = (Sketch::default(), Sketch::default());
        for finger in 0..20 {
            let template = drawn(finger);
            let expected = compare(&probe, &Prepared::of(&template));
            own.fill(&sketch(&template), |k| template.minutiae.get(k).copied());
            assert_eq!(own.completed(&template).compared_with(&probe), expected);
            // A sketch of another finger changes nothing, nor does one of nobody.
            let another = drawn(finger + 1);
            others.fill(&sketch(&another), |k| another.minutiae.get(k).copied());
            for wrong in [&others, &Sketch::default()] {
                assert_eq!(wrong.completed(&template).compared_with(&probe), expected);
            }
        }
    }

    #[test]
    fn few_many_and_no_minutiae_are_sketched() {
        let template = DirectFinger::draw(5, 2).template(1, Difficulty::Easy);
        let probe = Prepared::of(&template);
        let bytes = sketch(&template);
        assert_eq!(bytes.len(), template.minutiae.len() * SKETCH_BYTES);
        let mut kept = Sketch::default();
        kept.fill(&bytes, |k| template.minutiae.get(k).copied());
        let own = glance(&probe, &kept);
        assert!(own > 0.05, "{own}");
        kept.fill(&[], |k| template.minutiae.get(k).copied());
        assert_eq!(glance(&probe, &kept).to_bits(), 0.0_f32.to_bits());
        // Minutiae that are missing, and more than there can be.
        for (minutiae, bytes) in [(&[][..], &bytes), (&template.minutiae, &bytes.repeat(20))] {
            kept.fill(bytes, |k| minutiae.get(k).copied());
            assert!(glance(&probe, &kept).is_finite());
        }
        // What was there before is gone.
        kept.fill(&bytes, |k| template.minutiae.get(k).copied());
        assert_eq!(glance(&probe, &kept).to_bits(), own.to_bits());
    }
}
