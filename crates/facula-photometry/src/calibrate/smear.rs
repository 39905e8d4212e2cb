// SPDX-License-Identifier: MIT OR Apache-2.0
//! Removing read-out smear, exactly, with its noise.
//!
//! A column collects `c(y) = S(y) + a Σ_{passed first} S + b Σ_{the others} S`, where the lines are taken from the side
//! with the larger ratio `a`. With `ρ = (1 − a)/(1 − b)`, `A_k = Σ_{j<k} ρ^{k−1−j} c_j` over the lines before line `k`
//! and `T = K A_N`, `K = 1/(1 − b + b (1 − ρ^N)/(1 − ρ))`, the sum of all signals, the solution is
//! `S_k = (c_k − (1 − ρ) A_k − b ρ^k T) / (1 − b)`: one pass for `b = 0`, two otherwise. It is linear in `c`, so the
//! variance follows without approximation (covariances between `c_k`, `A_k` and `T` included).

use std::ops::Range;

use facula_core::Raster;

/// Noise of a pixel's charge from its signal: `variance = max(signal + dark, 0) · gain + floor`, DN².
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Noise {
    pub(super) gain_dn_per_e: f32,
    pub(super) dark_dn: f32,
    pub(super) floor_dn2: f32,
}

impl Noise {
    fn variance_dn2(self, signal_dn: f32) -> f32 {
        (signal_dn + self.dark_dn).max(0.0) * self.gain_dn_per_e + self.floor_dn2
    }
}

/// Removes read-out smear. `below_above_ratio` holds, for lines below (larger numbers) and above a pixel, the time a
/// packet spends over one line divided by the exposure time; both in [0, 1). Missing (NaN) pixels stay missing and
/// count as the last valid signal before them.
pub fn remove_smear(collected: &Raster<f32>, below_above_ratio: [f64; 2]) -> Raster<f32> {
    let (width, height) = (collected.width(), collected.height());
    let mut signal = collected.clone();
    let mut variance = vec![0.0f32; width];
    let mut smear = Smear::new((width, height), below_above_ratio, 0.0, Noise::default());
    smear.prepare(|line, row| row.copy_from_slice(collected.line(line)));
    for line in smear.order() {
        let at = line * width..(line + 1) * width;
        smear.clean(collected.line(line), &mut signal.as_mut_slice()[at], &mut variance);
    }
    signal
}

/// One removal, line by line.
pub(super) struct Smear {
    height: usize,
    /// Ratio of the side the lines are taken from, and of the other.
    a: f64,
    b: f64,
    from_below: bool,
    error_fraction: f32,
    noise: Noise,
    /// Lines done so far, and sums over them.
    done: usize,
    columns: Columns,
    /// Sums over all lines, where the other side smears too.
    total: Option<Columns>,
    /// Smear measured in lines without light, and its variance, in place of the model.
    measured: Option<Vec<(f32, f32)>>,
}

/// Sums per column.
#[derive(Debug, Clone, Default)]
struct Columns {
    passed: Vec<f64>,
    last: Vec<f32>,
    variance: Vec<f32>,
}

impl Columns {
    fn new(width: usize) -> Self {
        Self { passed: vec![0.0; width], last: vec![0.0; width], variance: vec![0.0; width] }
    }
}

impl Smear {
    pub(super) fn new(
        (width, height): (usize, usize),
        [below, above]: [f64; 2],
        error_fraction: f64,
        noise: Noise,
    ) -> Self {
        Self {
            height,
            a: below.max(above),
            b: below.min(above),
            from_below: below >= above,
            error_fraction: error_fraction as f32,
            noise,
            done: 0,
            columns: Columns::new(width),
            total: None,
            measured: None,
        }
    }

    /// Lines in the order [`Self::clean`] wants them.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let (height, from_below) = (self.height, self.from_below);
        (0..height).map(move |k| if from_below { height - 1 - k } else { k })
    }

    /// ρ.
    fn decay(&self) -> f64 {
        (1.0 - self.a) / (1.0 - self.b)
    }

    /// K.
    fn of_total(&self) -> f64 {
        let rho = self.decay();
        let powers =
            if rho < 1.0 { (1.0 - rho.powi(self.height as i32)) / (1.0 - rho) } else { self.height as f64 };
        1.0 / (1.0 - self.b + self.b * powers)
    }

    /// Sums over all lines, where both sides smear; `collect` gives the charge of a line.
    pub(super) fn prepare(&mut self, collect: impl Fn(usize, &mut [f32])) {
        if self.b == 0.0 {
            return;
        }
        let width = self.columns.passed.len();
        let (mut row, mut sums) = (vec![0.0; width], Columns::new(width));
        let (rho, k) = (self.decay(), self.of_total());
        for line in self.order() {
            collect(line, &mut row);
            for (x, value) in row.iter().enumerate() {
                let smear = (1.0 - rho) * sums.passed[x];
                let own = if value.is_finite() { f64::from(*value) - smear } else { f64::from(sums.last[x]) };
                sums.last[x] = own as f32;
                sums.passed[x] += own;
                let of_own = self.noise.variance_dn2((own + smear) as f32);
                sums.variance[x] = sums.variance[x] * (rho * rho) as f32 + of_own;
            }
        }
        sums.passed.iter_mut().for_each(|sum| *sum *= k);
        sums.variance.iter_mut().for_each(|sum| *sum *= (k * k) as f32);
        self.total = Some(sums);
    }

    /// Takes the smear from lines that hold nothing else; see [`super::SmearRemoval::Lines`].
    pub(super) fn measure(&mut self, lines: Range<usize>, collect: impl Fn(usize, &mut [f32])) {
        let width = self.columns.passed.len();
        let (mut row, mut sums) = (vec![0.0; width], vec![(0.0f64, 0.0f64); width]);
        for line in lines {
            collect(line, &mut row);
            for (sum, value) in sums.iter_mut().zip(&row).filter(|(_, value)| value.is_finite()) {
                *sum = (sum.0 + f64::from(*value), sum.1 + 1.0);
            }
        }
        let profile = sums.iter().map(|(sum, count)| {
            let mean = (sum / count.max(1.0)) as f32;
            let error = self.error_fraction * mean;
            (mean, self.noise.variance_dn2(mean) / count.max(1.0) as f32 + error * error)
        });
        self.measured = Some(profile.collect());
    }

    /// The next line of [`Self::order`]: from charge to signal and its variance.
    pub(super) fn clean(&mut self, charge: &[f32], signal: &mut [f32], variance: &mut [f32]) {
        let finite = charge.iter().fold(true, |all, value| all & value.is_finite());
        match (&self.measured, &self.total) {
            (Some(_), _) => self.clean_measured(charge, signal, variance),
            (None, None) if finite => self.clean_one_sided(charge, signal, variance),
            _ => self.clean_any(charge, signal, variance),
        }
        self.done += 1;
    }

    fn clean_measured(&self, charge: &[f32], signal: &mut [f32], variance: &mut [f32]) {
        // Every packet passes all lines but its own: c = S + a (T − S), the lines of smear hold a T.
        let inverse = (1.0 / (1.0 - self.b)) as f32;
        let profile = self.measured.iter().flatten();
        for (((charge, signal), variance), (smear, of_smear)) in
            charge.iter().zip(signal).zip(variance).zip(profile)
        {
            *signal = (charge - smear) * inverse;
            *variance = (self.noise.variance_dn2(*charge) + of_smear) * inverse * inverse;
        }
    }

    /// [`Self::clean_any`] for `b = 0` and no missing pixel: in a form compilers turn into vector instructions.
    fn clean_one_sided(&mut self, charge: &[f32], signal: &mut [f32], variance: &mut [f32]) {
        let (ratio, noise, error_fraction) = (self.a, self.noise, self.error_fraction);
        let (of_before, decay) = ((ratio * ratio) as f32, ((1.0 - ratio) * (1.0 - ratio)) as f32);
        for ((charge, signal), passed) in charge.iter().zip(&mut *signal).zip(&mut self.columns.passed) {
            let own = f64::from(*charge) - ratio * *passed;
            *passed += own;
            *signal = own as f32;
        }
        self.columns.last.copy_from_slice(signal);
        let pixels = charge.iter().zip(&*signal).zip(variance).zip(&mut self.columns.variance);
        for (((charge, signal), variance), before) in pixels {
            let of_own = noise.variance_dn2(*charge);
            let error = error_fraction * (charge - signal);
            *variance = of_own + *before * of_before + error * error;
            *before = *before * decay + of_own;
        }
    }

    fn clean_any(&mut self, charge: &[f32], signal: &mut [f32], variance: &mut [f32]) {
        let (rho, k_total, k) = (self.decay(), self.of_total(), self.done as i32);
        let rest = self.height as i32 - 1 - k;
        let left = self.b * rho.powi(k);
        let inverse = 1.0 / (1.0 - self.b);
        let of_own = 1.0 - 2.0 * left * k_total * rho.powi(rest);
        let of_before = (1.0 - rho).powi(2) + 2.0 * left * k_total * (1.0 - rho) * rho.powi(rest + 1);
        let (of_own, of_before) = (of_own as f32, of_before as f32);
        let columns = &mut self.columns;
        for x in 0..charge.len() {
            let smear = (1.0 - rho) * columns.passed[x];
            let valid = charge[x].is_finite();
            let own = if valid { f64::from(charge[x]) - smear } else { f64::from(columns.last[x]) };
            let (total, total_variance) =
                self.total.as_ref().map_or((0.0, 0.0), |total| (total.passed[x], total.variance[x]));
            let found = ((own - left * total) * inverse) as f32;
            let whole = (own + smear) as f32;
            let own_variance = self.noise.variance_dn2(whole);
            let error = self.error_fraction * (whole - found);
            let sum = own_variance * of_own
                + columns.variance[x] * of_before
                + total_variance * (left * left) as f32;
            signal[x] = if valid { found } else { charge[x] };
            variance[x] = sum * (inverse * inverse) as f32 + error * error;
            columns.last[x] = own as f32;
            columns.passed[x] += own;
            columns.variance[x] = columns.variance[x] * (rho * rho) as f32 + own_variance;
        }
    }
}

/// The factor by which the transfer times of a detector have to be multiplied so that no smear is left in `sky`, the
/// lines of a frame without light of their own; `collected` is above bias and dark. Columns listed in `leave_out`
/// (saturated ones) do not count. `None` where the columns hold no light or no factor below 8 does it.
pub fn fit_smear_factor(
    collected: &Raster<f32>,
    below_above_ratio: [f64; 2],
    sky: Range<usize>,
    leave_out: &[usize],
) -> Option<f64> {
    let slope = |factor: f64| -> f64 {
        let signal = remove_smear(collected, below_above_ratio.map(|ratio| ratio * factor));
        let columns = (0..signal.width()).filter(|x| !leave_out.contains(x));
        columns.map(|x| left_in_sky(&signal, x, sky.clone())).sum()
    };
    let largest = below_above_ratio[0].max(below_above_ratio[1]);
    let (mut low, mut high) = (0.0, 8f64.min(0.9 / largest));
    if sky.is_empty() || sky.end > collected.height() || !(slope(low) > 0.0 && slope(high) < 0.0) {
        return None;
    }
    for _ in 0..30 {
        let middle = 0.5 * (low + high);
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

/// What is left in the sky of a column times the light in it.
fn left_in_sky(signal: &Raster<f32>, sample: usize, sky: Range<usize>) -> f64 {
    let value = |line: usize| f64::from(signal.at(sample, line));
    let finite = |line: &usize| signal.at(sample, *line).is_finite();
    let light: f64 = (0..signal.height()).filter(finite).map(value).sum();
    let left: f64 = sky.filter(finite).map(value).sum();
    left * light.max(0.0)
}
