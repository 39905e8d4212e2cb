// SPDX-License-Identifier: MIT OR Apache-2.0
//! Data numbers to I/F: bias, dark, read-out smear, flat field, exposure, Sun distance; with errors and flags.
//!
//! The smear model is exact for a frame-transfer detector that is cleared before the exposure: a packet of line
//! `y` is shifted towards growing lines and collects light for [`Detector::line_transfer_s`] over each line it
//! passes, so `raw(y) = S(y) t + Σ_{y' > y} S(y') τ`. In stored frames of Dawn FC2 the smear lies above the body
//! (frame FC21A0002962 of Vesta).

use facula_core::{IofFrame, Level, Quality, Raster, RawFrame};

use crate::Detector;

/// Why a frame cannot be calibrated.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// The exposure time is not positive.
    #[error(
        "frame {frame}: exposure time {exposure_s} s is not positive; check EXPOSURE_DURATION in its label"
    )]
    Exposure {
        /// Frame.
        frame: String,
        /// Value found, s.
        exposure_s: f64,
    },
    /// The flat field has another size than the frame.
    #[error(
        "frame {frame} is {found} pixels, the flat field {expected}; use the flat of this camera and binning"
    )]
    Size {
        /// Frame.
        frame: String,
        /// Size of the frame.
        found: String,
        /// Size of the flat.
        expected: String,
    },
    /// No pixel has a value.
    #[error("frame {frame} has no valid pixel; it may be lost in transmission: leave it out")]
    Empty {
        /// Frame.
        frame: String,
    },
}

/// What the calibration needs beside the frame.
#[derive(Debug, Clone)]
pub struct CalibrateOptions<'a> {
    /// The detector behind the frame's filter.
    pub detector: &'a Detector,
    /// Relative response of each pixel, mean 1; `None` for a flat response.
    pub flat: Option<&'a Raster<f32>>,
    /// Distance from the body to the Sun, au.
    pub sun_distance_au: f64,
}

/// Calibrates a frame to I/F. A [`Level::Relative`] or [`Level::IOverF`] frame keeps its numbers and gets flags
/// and errors only: its zero and scale are not known (a relative frame's error is taken as one step of 8 bit).
///
/// # Errors
/// [`CalibrationError`] for a frame with no exposure, no valid pixel, or of another size than the flat.
pub fn calibrate(raw: &RawFrame, options: &CalibrateOptions<'_>) -> Result<IofFrame, CalibrationError> {
    check(raw, options)?;
    if raw.meta.level != Level::Raw {
        return Ok(unchanged(raw));
    }
    let detector = options.detector;
    let mut quality = flag(raw, detector);
    let exposure_s = raw.meta.exposure_s;
    let zero_dn = (detector.bias_dn + detector.dark_e_per_s * detector.gain_dn_per_e * exposure_s) as f32;
    let collected = raw.dn.map(|dn| dn - zero_dn);
    let signal = remove_smear(&collected, detector.line_transfer_s() / exposure_s);
    flag_smear_of_saturated(&mut quality);
    let scale = 1.0 / (detector.dn_per_s_at_unit_iof(options.sun_distance_au) * exposure_s);
    let mut iof = signal;
    let mut sigma = collected.map(|dn| (noise_dn(detector, f64::from(dn)) * scale) as f32);
    for (k, (value, error)) in iof.as_mut_slice().iter_mut().zip(sigma.as_mut_slice()).enumerate() {
        let response = options.flat.map_or(1.0, |flat| flat.as_slice()[k]);
        *value *= scale as f32 / response;
        *error /= response;
    }
    let meta = facula_core::FrameMeta { level: Level::IOverF, ..raw.meta.clone() };
    Ok(IofFrame { meta, iof, sigma, quality })
}

fn check(raw: &RawFrame, options: &CalibrateOptions<'_>) -> Result<(), CalibrationError> {
    let frame = raw.meta.id.clone();
    // Negated so that NaN is refused too.
    if raw.meta.level == Level::Raw && !(raw.meta.exposure_s > 0.0) {
        return Err(CalibrationError::Exposure { frame, exposure_s: raw.meta.exposure_s });
    }
    if let Some(flat) = options.flat
        && (flat.width(), flat.height()) != (raw.dn.width(), raw.dn.height())
    {
        let size = |width: usize, height: usize| format!("{width} x {height}");
        return Err(CalibrationError::Size {
            frame,
            found: size(raw.dn.width(), raw.dn.height()),
            expected: size(flat.width(), flat.height()),
        });
    }
    if raw.dn.as_slice().iter().all(|dn| dn.is_nan()) {
        return Err(CalibrationError::Empty { frame });
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

fn flag(raw: &RawFrame, detector: &Detector) -> Raster<Quality> {
    let saturation_dn = detector.saturation_dn() as f32;
    let mut quality = raw.quality.clone();
    for (flag, dn) in quality.as_mut_slice().iter_mut().zip(raw.dn.as_slice()) {
        if !dn.is_finite() {
            *flag |= Quality::MISSING;
        } else if *dn >= saturation_dn {
            *flag |= Quality::SATURATED;
        }
    }
    quality
}

/// A saturated pixel hides how much light smeared over the packets that passed it: everything above is flagged.
fn flag_smear_of_saturated(quality: &mut Raster<Quality>) {
    for sample in 0..quality.width() {
        let mut below = false;
        for line in (0..quality.height()).rev() {
            let here = quality.at(sample, line);
            if below {
                quality.set(sample, line, here | Quality::SMEAR);
            }
            below |= here.intersects(Quality::SATURATED);
        }
    }
}

/// Shot and read noise of a signal above bias, DN.
fn noise_dn(detector: &Detector, signal_dn: f64) -> f64 {
    let gain = detector.gain_dn_per_e;
    let electrons = (signal_dn / gain).max(0.0);
    // A converter step adds 1/12 DN².
    ((electrons + detector.read_noise_e * detector.read_noise_e) * gain * gain + 1.0 / 12.0).sqrt()
}

/// Removes read-out smear: `ratio` is the time over one line during the shift divided by the exposure time.
/// Exact inverse of `raw(y) = S(y) + ratio · Σ_{y' > y} S(y')`, from the last line up. Missing (NaN) pixels
/// stay missing and count as the last valid signal below them.
pub fn remove_smear(collected: &Raster<f32>, ratio: f64) -> Raster<f32> {
    let (width, height) = (collected.width(), collected.height());
    let mut signal = collected.clone();
    let mut passed = vec![0.0f64; width];
    let mut last = vec![0.0f64; width];
    for line in (0..height).rev() {
        let row = &mut signal.as_mut_slice()[line * width..(line + 1) * width];
        for ((value, passed), last) in row.iter_mut().zip(&mut passed).zip(&mut last) {
            if value.is_finite() {
                *last = f64::from(*value) - ratio * *passed;
                *value = *last as f32;
            }
            *passed += *last;
        }
    }
    signal
}

#[cfg(test)]
mod tests {
    use super::*;
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
        }
    }

    fn raw(dn: Raster<f32>, exposure_s: f64) -> RawFrame {
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
        let options = CalibrateOptions { detector: &detector, flat: Some(&flat), sun_distance_au: 2.9 };
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
        let options = CalibrateOptions { detector: &detector, flat: None, sun_distance_au: 2.9 };
        let frame = calibrate(&raw(dn, 0.01), &options).unwrap();
        assert!(frame.quality.at(1, 3).intersects(Quality::SATURATED));
        assert!(frame.quality.at(1, 0).intersects(Quality::SMEAR));
        assert!(frame.quality.at(1, 4).is_good() && frame.quality.at(0, 3).is_good());
        assert!(frame.quality.at(2, 0).intersects(Quality::MISSING));
    }

    #[test]
    fn frames_that_cannot_be_calibrated_say_why() {
        let detector = detector();
        let options = CalibrateOptions { detector: &detector, flat: None, sun_distance_au: 2.9 };
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
