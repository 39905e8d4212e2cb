// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sweep over a frame: line by line from data numbers to I/F and sigma, so that a line stays in the cache.

use facula_core::{FrameMeta, IofFrame, Level, Quality, Raster, RawFrame};

use super::bias::{self, Zero};
use super::hot::{self, Filled};
use super::smear::{Noise, Smear};
use super::{CalibrateOptions, CalibrationError, HotAction, SmearRemoval, StrayLight, flags};
use crate::{Detector, Linearity};

/// What has to be known before the first pixel.
pub(super) struct Chain<'a> {
    pub(super) options: &'a CalibrateOptions<'a>,
    pub(super) detector: &'a Detector,
    pub(super) zero: Zero,
    pub(super) exposure_s: f64,
    pub(super) temperature_k: Option<f64>,
    pub(super) dark: Dark,
    /// Smear per line below and above.
    pub(super) ratios: [f64; 2],
    /// I/F per DN.
    pub(super) scale: f64,
}

/// Dark signal of the exposure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dark {
    /// Of every pixel where there is no dark frame, DN.
    constant_dn: f64,
    /// What the dark frame's rate is multiplied with to get DN, s.
    pub(super) of_frame_s: f64,
    /// Collected per second of waiting in storage, DN per s.
    storage_dn_per_s: f64,
    /// Whether the temperature lies outside the law's table.
    pub(super) extrapolated: bool,
}

impl Dark {
    fn new(raw: &RawFrame, options: &CalibrateOptions<'_>) -> Self {
        let (detector, exposure_s) = (options.detector, raw.meta.exposure_s);
        let now = raw.meta.detector_temperature_k;
        let (e_per_s, extrapolated) = detector.dark_at_e_per_s(now);
        let storage_dn_per_s = e_per_s * detector.gain_dn_per_e;
        let Some(frame) = options.dark_frame else {
            let constant_dn = storage_dn_per_s * exposure_s;
            return Self { constant_dn, of_frame_s: 0.0, storage_dn_per_s, extrapolated };
        };
        let then_e_per_s = frame.temperature_k.map(|then| detector.dark_at_e_per_s(Some(then)).0);
        let factor = match then_e_per_s {
            Some(then) if now.is_some() && then > 0.0 => e_per_s / then,
            _ => 1.0,
        };
        Self { constant_dn: 0.0, of_frame_s: exposure_s * factor, storage_dn_per_s, extrapolated }
    }
}

impl<'a> Chain<'a> {
    pub(super) fn new(raw: &RawFrame, options: &'a CalibrateOptions<'a>) -> Result<Self, CalibrationError> {
        let (detector, exposure_s) = (options.detector, raw.meta.exposure_s);
        let ratios = match options.smear {
            SmearRemoval::Off => [0.0; 2],
            _ => detector.smear_ratios(exposure_s),
        };
        if !ratios.iter().all(|ratio| (0.0..1.0).contains(ratio)) {
            let value = format!("{ratios:?} of the exposure {exposure_s} s per line");
            return Err(CalibrationError::Constant { frame: raw.meta.id.clone(), key: "transfer_s", value });
        }
        Ok(Self {
            options,
            detector,
            zero: bias::zero(raw, options.bias, detector)?,
            exposure_s,
            temperature_k: raw.meta.detector_temperature_k,
            dark: Dark::new(raw, options),
            ratios,
            scale: 1.0 / (detector.responsivity_dn_per_s * options.radiance_per_iof() * exposure_s),
        })
    }

    /// Mean dark signal of the exposure, DN.
    pub(super) fn mean_dark_dn(&self) -> f64 {
        let Some(frame) = self.options.dark_frame else { return self.dark.constant_dn };
        let rates = frame.rate.as_slice().iter().filter(|rate| rate.is_finite());
        let (sum, count) = rates.fold((0.0, 0.0f64), |(sum, n), rate| (sum + f64::from(*rate), n + 1.0));
        sum / count.max(1.0) * self.dark.of_frame_s
    }

    /// Fills a calibrated frame, whatever it held; returns how many hot pixels had no good neighbour.
    pub(super) fn run(&self, raw: &RawFrame, into: &mut IofFrame) -> usize {
        into.meta = FrameMeta { level: Level::IOverF, ..raw.meta.clone() };
        let IofFrame { iof, sigma, quality, .. } = into;
        let size = (raw.dn.width(), raw.dn.height());
        fit(iof, size, 0.0);
        fit(sigma, size, 0.0);
        fit(quality, size, Quality::GOOD);
        let any_saturated = flags::flag(raw, self, quality);
        let filled = match (self.options.hot, self.options.hot_action) {
            (Some(_), HotAction::Interpolate) => {
                hot::fill(quality, |sample, line| self.collected_at(&raw.dn, sample, line))
            }
            _ => Filled::default(),
        };
        if any_saturated && self.options.smear == SmearRemoval::Model {
            flags::flag_smear_of_saturated(quality, self.ratios);
        }
        self.sweep(&raw.dn, &filled, iof, sigma);
        if let Some(model) = self.options.stray_light {
            let per_dn = (1.0 / self.scale) as f32;
            let stray = (model.0)(&iof.map(|iof| iof * per_dn));
            self.subtract(&stray, iof, sigma, quality);
        }
        filled.alone
    }

    /// Steps 5 to 9 but stray light, line by line in the order the smear wants.
    fn sweep(&self, dn: &Raster<f32>, filled: &Filled, iof: &mut Raster<f32>, sigma: &mut Raster<f32>) {
        let (width, height) = (dn.width(), dn.height());
        let mut row = vec![0.0f32; width];
        let ones = vec![1.0f32; width];
        let size = (width, height);
        let mut smear = Smear::new(size, self.ratios, self.detector.errors.smear_fraction, self.noise());
        match self.options.smear {
            SmearRemoval::Lines { first_line, lines } => {
                let lines = first_line..first_line + lines;
                smear.measure(lines, |line, row| self.collect(dn, filled, line, row));
            }
            _ => smear.prepare(|line, row| self.collect(dn, filled, line, row)),
        }
        for line in smear.order() {
            self.collect(dn, filled, line, &mut row);
            let at = line * width..(line + 1) * width;
            let (iof, sigma) = (&mut iof.as_mut_slice()[at.clone()], &mut sigma.as_mut_slice()[at]);
            smear.clean(&row, iof, sigma);
            let floor_dn2 = self.read_variance_dn2();
            self.detector.linearity.add_noise(dn.line(line), self.zero.at_dn(line), floor_dn2, sigma);
            self.add_dark_frame_noise(line, sigma);
            self.finish(self.options.flat.map_or(&ones, |flat| flat.line(line)), iof, sigma);
        }
    }

    /// Steps 1 to 4 of one line: charge above bias and dark, DN.
    fn collect(&self, dn: &Raster<f32>, filled: &Filled, line: usize, row: &mut [f32]) {
        let bias_dn = self.zero.at_dn(line);
        let linearity = &self.detector.linearity;
        let dark_dn = self.dark.constant_dn + self.storage_dn(line, dn.height());
        if *linearity == Linearity::Proportional {
            let zero_dn = (bias_dn + dark_dn) as f32;
            row.iter_mut().zip(dn.line(line)).for_each(|(charge, dn)| *charge = dn - zero_dn);
        } else {
            row.copy_from_slice(dn.line(line));
            linearity.correct(row, bias_dn);
            let dark_dn = dark_dn as f32;
            row.iter_mut().for_each(|charge| *charge -= dark_dn);
        }
        if let Some(dark) = self.options.dark_frame {
            let of_frame_s = self.dark.of_frame_s as f32;
            row.iter_mut().zip(dark.rate.line(line)).for_each(|(charge, rate)| *charge -= rate * of_frame_s);
        }
        let start = filled.values.partition_point(|(at, _)| *at < line * dn.width());
        let here = filled.values[start..].iter().take_while(|(at, _)| *at < (line + 1) * dn.width());
        here.for_each(|(at, value)| row[at - line * dn.width()] = *value);
    }

    /// What [`Self::collect`] gives for one pixel that is not filled.
    fn collected_at(&self, dn: &Raster<f32>, sample: usize, line: usize) -> f32 {
        let measured_dn = f64::from(dn.at(sample, line)) - self.zero.at_dn(line);
        let rate = self.options.dark_frame.map_or(0.0, |dark| f64::from(dark.rate.at(sample, line)));
        let dark_dn =
            self.dark.constant_dn + self.storage_dn(line, dn.height()) + rate * self.dark.of_frame_s;
        (self.detector.linearity.corrected_dn(measured_dn) - dark_dn) as f32
    }

    /// Dark signal a line collects while it waits to be read, DN; that of the mean pixel, dark frame or not.
    fn storage_dn(&self, line: usize, lines: usize) -> f64 {
        self.dark.storage_dn_per_s * self.detector.smear.waiting_s(line, lines)
    }

    /// Variance of reading and converting a pixel, DN².
    fn read_variance_dn2(&self) -> f64 {
        let read_dn = self.detector.read_noise_e * self.detector.gain_dn_per_e;
        read_dn * read_dn + 1.0 / 12.0
    }

    /// Noise of the collected charge. The shot noise of dark current in storage is that of the middle line.
    ///
    /// # Source
    /// Janesick 2001, Scientific Charge-Coupled Devices, chapter 2: shot and read-out noise; a converter step of 1 DN
    /// adds 1/12 DN².
    fn noise(&self) -> Noise {
        let storage_dn = 0.5 * self.dark.storage_dn_per_s * self.detector.smear.storage_s;
        Noise {
            gain_dn_per_e: self.detector.gain_dn_per_e as f32,
            // With a dark frame each pixel's own is added later.
            dark_dn: (self.dark.constant_dn + storage_dn) as f32,
            floor_dn2: self.read_variance_dn2() as f32,
        }
    }

    /// Shot noise of the dark frame's pattern, and its own noise.
    fn add_dark_frame_noise(&self, line: usize, variance: &mut [f32]) {
        let Some(dark) = self.options.dark_frame else { return };
        let of_frame_s = self.dark.of_frame_s as f32;
        let gain_dn_per_e = self.detector.gain_dn_per_e as f32;
        let own = (dark.sigma_dn_per_s as f32 * of_frame_s).powi(2);
        for (variance, rate) in variance.iter_mut().zip(dark.rate.line(line)) {
            *variance += (rate * of_frame_s).max(0.0) * gain_dn_per_e + own;
        }
    }

    /// Flat, scale and sigma of one line.
    fn finish(&self, flat: &[f32], signal: &mut [f32], variance: &mut [f32]) {
        let scale = self.scale as f32;
        let flat_fraction =
            if self.options.flat.is_some() { self.detector.errors.flat_fraction as f32 } else { 0.0 };
        for ((value, variance), response) in signal.iter_mut().zip(variance).zip(flat) {
            let flat_error = *value * flat_fraction;
            let factor = scale / response;
            *variance = (*variance + flat_error * flat_error).sqrt() * factor;
            *value *= factor;
        }
    }

    /// Step 7: subtracts stray light; where the model gives no number the pixel is flagged.
    fn subtract(
        &self,
        stray: &StrayLight,
        iof: &mut Raster<f32>,
        sigma: &mut Raster<f32>,
        quality: &mut Raster<Quality>,
    ) {
        let scale = self.scale as f32;
        let error = stray.error_fraction as f32 * scale;
        let pixels = iof.as_mut_slice().iter_mut().zip(sigma.as_mut_slice()).zip(quality.as_mut_slice());
        // A model's image of another size leaves the pixels it does not reach.
        for (((value, sigma), flag), stray) in pixels.zip(stray.signal.as_slice()) {
            if stray.is_finite() {
                *value -= stray * scale;
                *sigma = sigma.hypot(stray * error);
            } else {
                *flag |= Quality::EXTRAPOLATED;
            }
        }
    }
}

/// Makes an image the given size; what it held does not matter.
fn fit<T: Copy>(image: &mut Raster<T>, (width, height): (usize, usize), value: T) {
    if (image.width(), image.height()) != (width, height) {
        *image = Raster::filled(width, height, value);
    }
}
