// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cubic splines with given slopes at both ends, their coefficients computed at compile time.

use crate::number::Number;

/// A spline through N places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spline<const N: usize> {
    place: [f64; N],
    value: [f64; N],
    slope: [f64; N],
}

impl<const N: usize> Spline<N> {
    /// Through points with the slopes of both ends (the slopes between from a continuous second derivative).
    ///
    /// # Source
    /// de Boor 1978, A Practical Guide to Splines, chapter IV.
    pub(super) const fn new(place: [f64; N], value: [f64; N], [first, last]: [f64; 2]) -> Self {
        let mut slope = [0.0; N];
        slope[0] = first;
        slope[N - 1] = last;
        // Rows `s[k-1]/h0 + 2 (1/h0 + 1/h1) s[k] + s[k+1]/h1 = 3 (d0/h0 + d1/h1)`, swept upward, then back.
        let mut factor = [0.0; N];
        let mut k = 1;
        while k < N - 1 {
            let (h0, h1) = (place[k] - place[k - 1], place[k + 1] - place[k]);
            let (d0, d1) = ((value[k] - value[k - 1]) / h0, (value[k + 1] - value[k]) / h1);
            let pivot = 2.0 * (1.0 / h0 + 1.0 / h1) - factor[k - 1] / h0;
            factor[k] = 1.0 / h1 / pivot;
            slope[k] = (3.0 * (d0 / h0 + d1 / h1) - slope[k - 1] / h0) / pivot;
            k += 1;
        }
        k = N - 2;
        while k > 0 {
            slope[k] -= factor[k] * slope[k + 1];
            k -= 1;
        }
        Self { place, value, slope }
    }

    /// The value at x; beyond the ends straight on.
    #[inline(always)]
    pub(super) fn at<T: Number>(&self, x: T) -> T {
        let mut found = self.line(0, x);
        for k in 0..N - 1 {
            if x.value() >= self.place[k] {
                found = self.piece(k, x);
            }
        }
        if x.value() > self.place[N - 1] { self.line(N - 1, x) } else { found }
    }

    #[inline(always)]
    fn line<T: Number>(&self, k: usize, x: T) -> T {
        T::of(self.value[k]) + T::of(self.slope[k]) * (x - T::of(self.place[k]))
    }

    #[inline(always)]
    fn piece<T: Number>(&self, k: usize, x: T) -> T {
        let width = self.place[k + 1] - self.place[k];
        let rise = (self.value[k + 1] - self.value[k]) / width;
        let (first, last) = (self.slope[k], self.slope[k + 1]);
        let second = (3.0 * rise - 2.0 * first - last) / width;
        let third = (first + last - 2.0 * rise) / (width * width);
        (x - T::of(self.place[k])).series(&[self.value[k], first, second, third])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cubic_is_its_own_spline() {
        let f = |x: f64| 1.0 + x * (-2.0 + x * (0.5 + 0.25 * x));
        let slope = |x: f64| -2.0 + x * (1.0 + 0.75 * x);
        let place = [0.0, 0.5, 1.7, 2.0, 4.0];
        let spline = Spline::new(place, place.map(f), [slope(0.0), slope(4.0)]);
        for x in [0.0, 0.2, 0.5, 1.0, 1.9, 3.3, 4.0] {
            assert!((spline.at(x) - f(x)).abs() < 1e-13, "{x}");
        }
        assert!((spline.at(-1.0) - (f(0.0) + 2.0)).abs() < 1e-13);
        assert!((spline.at(5.0) - (f(4.0) + slope(4.0))).abs() < 1e-12);
    }
}
