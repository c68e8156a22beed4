//! NBIS: mindtct and bozorth3 as their programs call them, one thread.
//!
//! bozorth3 keeps its tables in globals, so a [`Probe`] borrows the whole of it.

use std::ffi::c_int;

/// `MAX_BOZORTH_MINUTIAE` of bozorth.h.
const MINUTIAE_MAX: usize = 200;

/// `struct xyt_struct` of bozorth.h: what bozorth3 reads of a print.
#[repr(C)]
#[derive(Clone)]
pub struct Xyt {
    rows: c_int,
    x: [c_int; MINUTIAE_MAX],
    y: [c_int; MINUTIAE_MAX],
    theta: [c_int; MINUTIAE_MAX],
}

unsafe extern "C" {
    fn comity_nbis_extract(pixels: *mut u8, width: c_int, height: c_int, out: *mut Xyt) -> c_int;
    fn bozorth_probe_init(probe: *mut Xyt) -> c_int;
    fn bozorth_to_gallery(probe_len: c_int, probe: *mut Xyt, gallery: *mut Xyt) -> c_int;
}

/// The only handle on NBIS; there must be one, since its tables are globals.
pub struct Nbis(());

impl Nbis {
    /// # Safety
    /// Once in a program.
    pub unsafe fn new() -> Self {
        Self(())
    }

    /// The minutiae of an image of 500 pixels an inch, at most 150.
    pub fn extract(&mut self, image: &comity_print::GrayImage) -> Xyt {
        let mut out =
            Xyt { rows: 0, x: [0; MINUTIAE_MAX], y: [0; MINUTIAE_MAX], theta: [0; MINUTIAE_MAX] };
        let (w, h) = (image.width_px() as c_int, image.height_px() as c_int);
        // SAFETY: `w * h` pixels, which mindtct reads and does not write; `out` is as C lays it
        // out; the handle is borrowed for itself alone.
        let failed =
            unsafe { comity_nbis_extract(image.pixels().as_ptr().cast_mut(), w, h, &raw mut out) };
        assert_eq!(failed, 0, "mindtct refuses an image of {w} x {h} pixels");
        out
    }

    /// The probe's table of edges, made once for all prints that it is compared with.
    pub fn probe<'a>(&'a mut self, print: &Xyt) -> Probe<'a> {
        let mut print = print.clone();
        // SAFETY: at most 200 rows; the handle is borrowed for as long as the tables are used.
        let edges = unsafe { bozorth_probe_init(&raw mut print) };
        Probe { _nbis: self, print, edges }
    }
}

/// A print that is compared with others.
pub struct Probe<'a> {
    _nbis: &'a mut Nbis,
    print: Xyt,
    edges: c_int,
}

impl Probe<'_> {
    /// bozorth3's score.
    pub fn score(&mut self, other: &mut Xyt) -> i32 {
        // SAFETY: both have at most 200 rows; the probe's edges are those in the tables.
        unsafe { bozorth_to_gallery(self.edges, &raw mut self.print, other) }
    }
}

impl Xyt {
    /// How many minutiae.
    pub fn len(&self) -> usize {
        self.rows as usize
    }
}
