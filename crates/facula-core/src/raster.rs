// SPDX-License-Identifier: MIT OR Apache-2.0
//! Images: `[line][sample]` in one vector, pixel (0, 0) is the centre of the first pixel.

/// A place in an image, in pixels: x right (sample), y down (line), (0, 0) the centre of the first pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelPos {
    /// Sample, growing to the right, px.
    pub x_px: f64,
    /// Line, growing downwards, px.
    pub y_px: f64,
}

impl PixelPos {
    /// A place from its sample and line.
    pub const fn new(x_px: f64, y_px: f64) -> Self {
        Self { x_px, y_px }
    }
}

/// An image of `height` lines with `width` samples each, line by line. Its unit is that of its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster<T> {
    width: usize,
    height: usize,
    data: Vec<T>,
}

impl<T: Copy> Raster<T> {
    /// An image filled with one value.
    pub fn filled(width: usize, height: usize, value: T) -> Self {
        Self { width, height, data: vec![value; width * height] }
    }

    /// An image from its values, line by line; `None` when their number is not `width * height`.
    pub fn from_vec(width: usize, height: usize, data: Vec<T>) -> Option<Self> {
        (width.checked_mul(height) == Some(data.len())).then_some(Self { width, height, data })
    }

    /// Samples per line.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Lines.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// The value at a sample and line inside the image (panics outside, as indexing a slice does).
    pub fn at(&self, sample: usize, line: usize) -> T {
        self.data[line * self.width + sample]
    }

    /// The value at a sample and line; `None` outside.
    pub fn get(&self, sample: usize, line: usize) -> Option<T> {
        (sample < self.width && line < self.height).then(|| self.data[line * self.width + sample])
    }

    /// Sets the value at a sample and line inside the image (panics outside).
    pub fn set(&mut self, sample: usize, line: usize, value: T) {
        self.data[line * self.width + sample] = value;
    }

    /// All values, line by line.
    pub fn as_slice(&self) -> &[T] {
        &self.data
    }

    /// All values, line by line, for writing.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The values of one line.
    pub fn line(&self, line: usize) -> &[T] {
        &self.data[line * self.width..(line + 1) * self.width]
    }

    /// The values themselves, line by line.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// A new image with every value passed through `f`.
    pub fn map<U: Copy>(&self, f: impl FnMut(T) -> U) -> Raster<U> {
        Raster { width: self.width, height: self.height, data: self.data.iter().copied().map(f).collect() }
    }
}

impl Raster<f32> {
    /// Bilinear value at a place; `None` within no full set of four pixels or when one of them is NaN.
    pub fn bilinear(&self, at: PixelPos) -> Option<f32> {
        let (x0, y0) = (at.x_px.floor(), at.y_px.floor());
        // Also false for NaN places.
        if !(x0 >= 0.0 && y0 >= 0.0 && x0 + 1.0 < self.width as f64 && y0 + 1.0 < self.height as f64) {
            return None;
        }
        let (fx, fy) = ((at.x_px - x0) as f32, (at.y_px - y0) as f32);
        let index = y0 as usize * self.width + x0 as usize;
        let (top, bottom) =
            (&self.data[index..index + 2], &self.data[index + self.width..index + self.width + 2]);
        let upper = top[0] + (top[1] - top[0]) * fx;
        let lower = bottom[0] + (bottom[1] - bottom[0]) * fx;
        let value = upper + (lower - upper) * fy;
        (!value.is_nan()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bilinear_is_exact_on_a_plane_and_none_outside() {
        let plane = Raster::from_vec(4, 3, (0..12).map(|i| (i % 4) as f32 + 10.0 * (i / 4) as f32).collect());
        let plane = plane.expect("4 x 3");
        assert_eq!(plane.bilinear(PixelPos::new(1.25, 0.5)), Some(6.25));
        assert_eq!(plane.bilinear(PixelPos::new(3.1, 0.5)), None);
        assert_eq!(plane.bilinear(PixelPos::new(-0.1, 0.5)), None);
        assert_eq!(plane.bilinear(PixelPos::new(f64::NAN, 0.5)), None);
    }

    #[test]
    fn nan_neighbours_give_no_value() {
        let mut image = Raster::filled(3, 3, 1.0f32);
        image.set(1, 1, f32::NAN);
        assert_eq!(image.bilinear(PixelPos::new(0.5, 0.5)), None);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert!(Raster::from_vec(2, 2, vec![0u8; 3]).is_none());
        assert!(Raster::from_vec(usize::MAX, 2, vec![0u8; 3]).is_none());
    }
}
