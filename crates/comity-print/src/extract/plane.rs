//! Planes of numbers.

/// A rectangle of values, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane<T> {
    /// Values across.
    pub width: usize,
    /// Values down.
    pub height: usize,
    /// `width * height` values.
    pub values: Vec<T>,
}

impl<T: Copy + Default> Plane<T> {
    /// All at the default.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, values: vec![T::default(); width * height] }
    }

    /// The value at a place; the default outside.
    pub fn at(&self, x: isize, y: isize) -> T {
        let inside = x >= 0 && y >= 0 && (x as usize) < self.width && (y as usize) < self.height;
        if inside { self.values[y as usize * self.width + x as usize] } else { T::default() }
    }
}
