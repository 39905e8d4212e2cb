// SPDX-License-Identifier: MIT OR Apache-2.0
//! Data numbers to I/F, with errors and flags.
//!
//! The steps, in this order, of a pixel `dn` of line `y`, sample `x`:
//! 1. bias: `m = dn − bias` ([`Bias`]);
//! 2. linearity: `q = m (1 + c1 m + …)` or a table ([`crate::Linearity`]);
//! 3. dark: `c = q − dark rate · exposure`, the rate a constant that follows the temperature ([`crate::DarkLaw`]) or a
//!    master dark frame ([`DarkFrame`]);
//! 4. hot pixels: flagged, and filled from their neighbours if asked ([`HotAction`]);
//! 5. smear: the exact inverse of what a frame-transfer detector does ([`crate::SmearModel`], [`remove_smear`]);
//! 6. flat: divided by the relative response;
//! 7. stray light: what a function of the image says is subtracted ([`StrayLightModel`]);
//! 8. responsivity: `radiance = signal / (exposure · responsivity)`, W m⁻² sr⁻¹ nm⁻¹;
//! 9. sunlight: `I/F = π d² radiance / F`, d the distance to the Sun in au, F the solar irradiance over the filter.
//!
//! Frames in radiance begin at step 9.
//!
//! Random errors (shot noise of light, smear and dark, read-out, converter, flat, smear) go into each pixel's sigma;
//! what all pixels share (responsivity, level of the flat, bias, dark) is stated once in the [`CalibrationRecord`].

use facula_core::{IofFrame, Level, Quality, Raster, RawFrame};

mod bias;
mod chain;
mod error;
mod flags;
mod hot;
mod options;
mod radiance;
mod record;
mod smear;

pub use error::CalibrationError;
pub use hot::hot_pixels;
pub use options::{
    Bias, CalibrateOptions, DarkFrame, HotAction, SmearRemoval, StrayLight, StrayLightModel, Window,
};
pub use record::{CalibrationRecord, Constant, PixelCounts, Step, StepRecord, StepState};
pub use smear::{fit_smear_factor, remove_smear};

use chain::Chain;

/// A calibrated frame, and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The frame in I/F.
    pub frame: IofFrame,
    /// What was done with which constants.
    pub record: CalibrationRecord,
}

impl Calibrated {
    /// The frame's spectral radiance, W m⁻² sr⁻¹ nm⁻¹.
    pub fn radiance(&self) -> Raster<f32> {
        let factor = self.record.radiance_per_iof_w_m2_nm as f32;
        self.frame.iof.map(|iof| iof * factor)
    }
}

/// Calibrates a frame to I/F. A [`Level::Radiance`] frame takes the last step only. A [`Level::Relative`] or [`Level::IOverF`] frame keeps its numbers and gets flags
/// and errors only: its zero and scale are not known (a relative frame's error is taken as one step of 8 bit).
///
/// # Errors
/// [`CalibrationError`] for a frame with no exposure or no valid pixel, images of another size than the frame,
/// windows outside it, and constants that cannot be used.
pub fn calibrate(raw: &RawFrame, options: &CalibrateOptions<'_>) -> Result<IofFrame, CalibrationError> {
    let mut frame = empty(raw);
    calibrate_into(raw, options, &mut frame)?;
    Ok(frame)
}

/// [`calibrate`] into a frame at hand, whatever it holds, so that many frames of one size need memory once.
///
/// # Errors
/// As [`calibrate`]; the frame is then unchanged.
pub fn calibrate_into(
    raw: &RawFrame,
    options: &CalibrateOptions<'_>,
    frame: &mut IofFrame,
) -> Result<(), CalibrationError> {
    match check(raw, options)? {
        Some(unchanged) => *frame = unchanged,
        None => {
            Chain::new(raw, options)?.run(raw, frame);
        }
    }
    Ok(())
}

/// [`calibrate`], with the record of what was done.
///
/// # Errors
/// As [`calibrate`].
pub fn calibrate_with_record(
    raw: &RawFrame,
    options: &CalibrateOptions<'_>,
) -> Result<Calibrated, CalibrationError> {
    if let Some(frame) = check(raw, options)? {
        let record = match raw.meta.level {
            Level::Radiance => radiance::record(&frame, options),
            _ => CalibrationRecord::nothing_done(&frame, options),
        };
        return Ok(Calibrated { frame, record });
    }
    let chain = Chain::new(raw, options)?;
    let mut frame = empty(raw);
    let alone = chain.run(raw, &mut frame);
    let record = record::record(&chain, &frame, alone);
    Ok(Calibrated { frame, record })
}

/// A frame without pixels.
fn empty(raw: &RawFrame) -> IofFrame {
    let none = Raster::filled(0, 0, 0.0);
    IofFrame {
        meta: raw.meta.clone(),
        iof: none.clone(),
        sigma: none,
        quality: Raster::filled(0, 0, Quality::GOOD),
    }
}

/// What a frame that is not raw becomes, or nothing for a raw frame that can be calibrated.
fn check(raw: &RawFrame, options: &CalibrateOptions<'_>) -> Result<Option<IofFrame>, CalibrationError> {
    let frame = || raw.meta.id.clone();
    // Negated so that NaN is refused too.
    if matches!(raw.meta.level, Level::Raw | Level::Radiance) && !(raw.meta.exposure_s > 0.0) {
        return Err(CalibrationError::Exposure { frame: frame(), exposure_s: raw.meta.exposure_s });
    }
    let size = (raw.dn.width(), raw.dn.height());
    let sizes = [
        ("flat field", options.flat.map(|flat| (flat.width(), flat.height()))),
        ("dark frame", options.dark_frame.map(|dark| (dark.rate.width(), dark.rate.height()))),
        ("map of hot pixels", options.hot.map(|hot| (hot.width(), hot.height()))),
    ];
    for (image, found) in sizes {
        if let Some(expected) = found.filter(|found| *found != size) {
            let text = |(width, height): (usize, usize)| format!("{width} x {height}");
            let (found, expected) = (text(size), text(expected));
            return Err(CalibrationError::Size { frame: frame(), image, found, expected });
        }
    }
    if raw.dn.as_slice().iter().all(|dn| dn.is_nan()) {
        return Err(CalibrationError::Empty { frame: frame() });
    }
    match raw.meta.level {
        Level::Raw => check_values(raw, options).map(|()| None),
        Level::Radiance => check_values(raw, options).map(|()| Some(radiance::calibrated(raw, options))),
        _ => Ok(Some(unchanged(raw))),
    }
}

fn check_values(raw: &RawFrame, options: &CalibrateOptions<'_>) -> Result<(), CalibrationError> {
    let frame = || raw.meta.id.clone();
    let bad = |key: &'static str, value: String| CalibrationError::Constant { frame: frame(), key, value };
    if let Some((key, value)) = options.detector.problem() {
        return Err(bad(key, value));
    }
    let positive = |value: f64| value > 0.0 && value.is_finite();
    if !positive(options.sun_distance_au) {
        return Err(bad("sun_distance_au", options.sun_distance_au.to_string()));
    }
    if !positive(options.sunlight_w_m2_nm()) {
        return Err(bad("solar_irradiance_w_m2_nm", options.sunlight_w_m2_nm().to_string()));
    }
    if let SmearRemoval::Lines { first_line, lines } = options.smear {
        let window = Window { sample: 0, line: first_line, width: raw.dn.width(), height: lines };
        if !window.lies_within(raw.dn.width(), raw.dn.height()) {
            let window = format!("{first_line} + {lines}");
            return Err(CalibrationError::Window { frame: frame(), subject: "lines of smear", window });
        }
    }
    Ok(())
}

fn unchanged(raw: &RawFrame) -> IofFrame {
    let mut quality = raw.quality.clone();
    for (flag, dn) in quality.as_mut_slice().iter_mut().zip(raw.dn.as_slice()) {
        if !dn.is_finite() {
            *flag |= Quality::MISSING;
        }
    }
    let step = if raw.meta.level == Level::Relative { 1.0 } else { 0.0 };
    IofFrame { meta: raw.meta.clone(), iof: raw.dn.clone(), sigma: raw.dn.map(|_| step), quality }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detector;
    use facula_core::{FrameMeta, parse_utc};

    pub(crate) fn detector() -> Detector {
        Detector {
            bias_dn: 269.0,
            gain_dn_per_e: 0.0565,
            read_noise_e: 20.0,
            full_well_e: 320_000.0,
            converter_bits: 14,
            dark_e_per_s: 1.0,
            transfer_s: 1.32e-3,
            transfer_lines: 1056,
            responsivity_dn_per_s: 4.0e7,
            solar_irradiance_w_m2_nm: 1.3,
            psf_fwhm_px: 1.3,
            dark: Default::default(),
            linearity: Default::default(),
            smear: Default::default(),
            band: None,
            errors: Default::default(),
            sources: Default::default(),
        }
    }

    pub(crate) fn raw(dn: Raster<f32>, exposure_s: f64) -> RawFrame {
        let quality = dn.map(|_| Quality::GOOD);
        let meta = FrameMeta {
            id: "T1".into(),
            target: "ceres".into(),
            instrument: "dawn_fc2".into(),
            filter: "F1".into(),
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            exposure_s,
            detector_temperature_k: None,
            level: Level::Raw,
            keywords: Default::default(),
        };
        RawFrame { meta, dn, quality, pose: None }
    }

    /// The detector's equation written out, independent of the inverse: sums over the lines below.
    fn expose(iof: &Raster<f32>, detector: &Detector, exposure_s: f64, au: f64) -> Raster<f32> {
        let mut dn = iof.clone();
        for sample in 0..iof.width() {
            for line in 0..iof.height() {
                let rate = |l: usize| f64::from(iof.at(sample, l)) * detector.dn_per_s_at_unit_iof(au);
                let smear: f64 = (line + 1..iof.height()).map(rate).sum::<f64>() * detector.line_transfer_s();
                let dark = detector.dark_e_per_s * detector.gain_dn_per_e * exposure_s;
                dn.set(sample, line, (detector.bias_dn + dark + rate(line) * exposure_s + smear) as f32);
            }
        }
        dn
    }

    #[test]
    fn calibration_recovers_what_the_detector_was_shown() {
        let mut iof = Raster::filled(8, 200, 0.0f32);
        for line in 60..160 {
            for sample in 2..7 {
                iof.set(sample, line, 0.03 + 0.0005 * line as f32);
            }
        }
        let detector = detector();
        let dn = expose(&iof, &detector, 0.016, 2.9);
        let flat = Raster::filled(8, 200, 1.0f32);
        let options = CalibrateOptions { flat: Some(&flat), ..CalibrateOptions::new(&detector, 2.9) };
        let frame = calibrate(&raw(dn, 0.016), &options).unwrap();
        for (found, shown) in frame.iof.as_slice().iter().zip(iof.as_slice()) {
            assert!((found - shown).abs() < 2e-5, "{found} {shown}");
        }
        assert!(frame.sigma.as_slice().iter().all(|s| *s > 0.0));
    }

    #[test]
    fn saturated_and_missing_pixels_are_flagged_and_their_column_above_too() {
        let mut dn = Raster::filled(3, 5, 1000.0f32);
        dn.set(1, 3, 16383.0);
        dn.set(2, 0, f32::NAN);
        let detector = detector();
        let options = CalibrateOptions::new(&detector, 2.9);
        let frame = calibrate(&raw(dn, 0.01), &options).unwrap();
        assert!(frame.quality.at(1, 3).intersects(Quality::SATURATED));
        assert!(frame.quality.at(1, 0).intersects(Quality::SMEAR));
        assert!(frame.quality.at(1, 4).is_good() && frame.quality.at(0, 3).is_good());
        assert!(frame.quality.at(2, 0).intersects(Quality::MISSING));
    }

    #[test]
    fn frames_that_cannot_be_calibrated_say_why() {
        let detector = detector();
        let options = CalibrateOptions::new(&detector, 2.9);
        let zero = calibrate(&raw(Raster::filled(2, 2, 1.0), 0.0), &options).unwrap_err();
        assert!(zero.to_string().contains("EXPOSURE_DURATION"));
        let empty = calibrate(&raw(Raster::filled(2, 2, f32::NAN), 0.1), &options).unwrap_err();
        assert_eq!(empty, CalibrationError::Empty { frame: "T1".into() });
        let flat = Raster::filled(3, 2, 1.0f32);
        let options = CalibrateOptions { flat: Some(&flat), ..options };
        assert!(
            calibrate(&raw(Raster::filled(2, 2, 1.0), 0.1), &options)
                .unwrap_err()
                .to_string()
                .contains("3 x 2")
        );
    }
}
