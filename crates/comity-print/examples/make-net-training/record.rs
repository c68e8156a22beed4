//! One sample as bytes of a fixed length, so that a file of them can be mapped as an array.

use crate::sight::{HEIGHT_PX, Taken, WIDTH_PX};
use comity_print::net;

/// Cells of the grid are 8 pixels a side.
pub const CELL_PX: usize = 8;
/// Most minutiae of a sample.
const MINUTIAE: usize = 160;

/// A sample: what the network sees, and what it is to say.
pub struct Record {
    /// Half resolution, 60ths of the evened contrast.
    image: Vec<i8>,
    /// Half resolution, 127ths: 127 on a ridge, -127 in a valley.
    ridges: Vec<i8>,
    /// By cells: 1 inside of the print.
    mask: Vec<u8>,
    /// By cells: cosine and sine of twice the ridge direction (x right, y down), 127ths.
    cos2: Vec<i8>,
    sin2: Vec<i8>,
    /// x, y in pixels, angle in radians counterclockwise, kind; 0 after the last.
    minutiae: Vec<[f32; 4]>,
}

impl Record {
    /// The sample of an impression.
    pub fn of(taken: &Taken) -> Self {
        let half = net::input(&taken.image);
        assert_eq!((half.width, half.height), (WIDTH_PX / 2, HEIGHT_PX / 2));
        let mean = |x: usize, y: usize| {
            let at = |dx: usize, dy: usize| taken.ridges[(2 * y + dy) * WIDTH_PX + 2 * x + dx];
            (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4.0
        };
        let coded = |v: f32, one: f32| (v * one).round().clamp(-127.0, 127.0) as i8;
        let mut minutiae: Vec<[f32; 4]> = taken
            .minutiae
            .iter()
            .map(|m| [m.x, m.y, m.angle_rad, f32::from(m.kind as u8)])
            .take(MINUTIAE)
            .collect();
        minutiae.resize(MINUTIAE, [0.0; 4]);
        Self {
            image: half.values.iter().map(|v| coded(*v, 60.0)).collect(),
            ridges: (0..half.values.len())
                .map(|at| coded(mean(at % half.width, at / half.width), 127.0))
                .collect(),
            mask: taken.cells.iter().map(|c| u8::from(c.inside)).collect(),
            cos2: taken.cells.iter().map(|c| coded(c.cos2, 127.0)).collect(),
            sin2: taken.cells.iter().map(|c| coded(c.sin2, 127.0)).collect(),
            minutiae,
        }
    }

    /// Appends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let signed = |out: &mut Vec<u8>, values: &[i8]| {
            out.extend(values.iter().map(|v| v.cast_unsigned()));
        };
        signed(out, &self.image);
        signed(out, &self.ridges);
        out.extend(&self.mask);
        signed(out, &self.cos2);
        signed(out, &self.sin2);
        out.extend(self.minutiae.iter().flatten().flat_map(|v| v.to_le_bytes()));
    }
}
