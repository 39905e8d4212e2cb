// SPDX-License-Identifier: MIT OR Apache-2.0
//! Weighted linear least squares with one or two amplitudes that cannot be negative.

/// One datum: value, its error, and what each amplitude contributes per unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datum {
    pub(crate) value: f64,
    pub(crate) sigma: f64,
    /// Response to the reflecting amplitude.
    pub(crate) reflect: f64,
    /// Response to the emitting amplitude.
    pub(crate) emit: f64,
}

/// A fit: amplitudes, one-sigma error of the emitting one, and chi².
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fit {
    pub(crate) reflect: f64,
    pub(crate) emit: f64,
    pub(crate) emit_sigma: f64,
    pub(crate) chi2: f64,
}

/// Weighted sums over the data.
struct Sums {
    rr: f64,
    re: f64,
    ee: f64,
    rv: f64,
    ev: f64,
}

impl Sums {
    fn of(data: &[Datum]) -> Self {
        let mut sums = Self { rr: 0.0, re: 0.0, ee: 0.0, rv: 0.0, ev: 0.0 };
        for d in data {
            let w = 1.0 / (d.sigma * d.sigma);
            sums.rr += w * d.reflect * d.reflect;
            sums.re += w * d.reflect * d.emit;
            sums.ee += w * d.emit * d.emit;
            sums.rv += w * d.reflect * d.value;
            sums.ev += w * d.emit * d.value;
        }
        sums
    }
}

fn chi2(data: &[Datum], reflect: f64, emit: f64) -> f64 {
    data.iter().map(|d| ((d.value - reflect * d.reflect - emit * d.emit) / d.sigma).powi(2)).sum()
}

/// Reflection alone.
pub(crate) fn reflecting(data: &[Datum]) -> Fit {
    let sums = Sums::of(data);
    let reflect = if sums.rr > 0.0 { (sums.rv / sums.rr).max(0.0) } else { 0.0 };
    Fit { reflect, emit: 0.0, emit_sigma: 0.0, chi2: chi2(data, reflect, 0.0) }
}

/// Emission alone.
pub(crate) fn emitting(data: &[Datum]) -> Fit {
    let sums = Sums::of(data);
    let emit = if sums.ee > 0.0 { (sums.ev / sums.ee).max(0.0) } else { 0.0 };
    Fit { reflect: 0.0, emit, emit_sigma: (1.0 / sums.ee).sqrt(), chi2: chi2(data, 0.0, emit) }
}

/// Both together. Where the free solution has a negative amplitude the better of the two single fits stands.
pub(crate) fn both(data: &[Datum]) -> Fit {
    let sums = Sums::of(data);
    let determinant = sums.rr * sums.ee - sums.re * sums.re;
    let singular = !(determinant > 1e-12 * sums.rr * sums.ee);
    let emit_sigma = if singular { f64::INFINITY } else { (sums.rr / determinant).sqrt() };
    let reflect = (sums.rv * sums.ee - sums.ev * sums.re) / determinant;
    let emit = (sums.ev * sums.rr - sums.rv * sums.re) / determinant;
    if !singular && reflect >= 0.0 && emit >= 0.0 {
        return Fit { reflect, emit, emit_sigma, chi2: chi2(data, reflect, emit) };
    }
    let (r, e) = (reflecting(data), emitting(data));
    Fit { emit_sigma, ..if r.chi2 <= e.chi2 { r } else { e } }
}
