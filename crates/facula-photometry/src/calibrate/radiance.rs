// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames that are radiance already (PDS level 1B) to I/F: sunlight is the only step.
//!
//! Their noise is not in the archive. What is stated is that of the camera file for the same light: shot noise and
//! read-out noise of a signal of `radiance · responsivity · exposure`; the archive's own calibration (flat, smear,
//! stray light) adds what nobody tells.

use facula_core::{IofFrame, Level, Quality, RawFrame};

use super::{CalibrateOptions, CalibrationRecord, Constant, Step, StepRecord, StepState};

/// The frame in I/F.
pub(super) fn calibrated(raw: &RawFrame, options: &CalibrateOptions<'_>) -> IofFrame {
    let detector = options.detector;
    let per_iof = options.radiance_per_iof();
    let iof = raw.dn.map(|radiance| (f64::from(radiance) / per_iof) as f32);
    let dn_per_iof = detector.responsivity_dn_per_s * raw.meta.exposure_s * per_iof;
    let read_dn = detector.read_noise_e * detector.gain_dn_per_e;
    let sigma = iof.map(|iof| {
        let shot_dn2 = (f64::from(iof) * dn_per_iof).max(0.0) * detector.gain_dn_per_e;
        ((shot_dn2 + read_dn * read_dn).sqrt() / dn_per_iof) as f32
    });
    let mut quality = raw.quality.clone();
    for (flag, value) in quality.as_mut_slice().iter_mut().zip(iof.as_slice()) {
        if !value.is_finite() {
            *flag |= Quality::MISSING;
        }
    }
    let meta = facula_core::FrameMeta { level: Level::IOverF, ..raw.meta.clone() };
    IofFrame { meta, iof, sigma, quality }
}

/// What was done to it.
pub(super) fn record(frame: &IofFrame, options: &CalibrateOptions<'_>) -> CalibrationRecord {
    let of_file = |name: &str, value: f64| Constant {
        name: name.to_string(),
        value,
        source: options.detector.source(name).to_string(),
    };
    let mut light = of_file("solar_irradiance_w_m2_nm", options.sunlight_w_m2_nm());
    if options.solar_irradiance_w_m2_nm.is_some() {
        light.source = "given for this frame".into();
    }
    let distance = Constant {
        name: "sun_distance_au".into(),
        value: options.sun_distance_au,
        source: "geometry of the frame".into(),
    };
    let sunlight = StepRecord {
        step: Step::Sunlight,
        state: StepState::Applied,
        what: "I/F = pi d^2 radiance / F".into(),
        constants: vec![light, distance],
        random_iof: 0.0,
        common_iof: 0.0,
    };
    let warning = "the frame is radiance: its errors are the noise of the camera file for this light, what the \
                   archive's calibration added is not known";
    CalibrationRecord {
        steps: vec![sunlight],
        warnings: vec![warning.into()],
        ..CalibrationRecord::empty(frame, options)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::detector;
    use super::super::{calibrate_with_record, tests::raw};
    use super::*;
    use facula_core::Raster;

    #[test]
    fn radiance_becomes_the_reflectance_of_a_lambert_disc() {
        let detector = detector();
        let options = CalibrateOptions::new(&detector, 2.0);
        // A perfect Lambert disc facing the Sun at 2 au: F / (pi d^2) = 1.3 / (pi 4).
        let full = 1.3 / (std::f64::consts::PI * 4.0);
        let mut frame = raw(Raster::from_vec(3, 1, vec![full as f32, 0.0, f32::NAN]).unwrap(), 0.1);
        frame.meta.level = Level::Radiance;
        let calibrated = calibrate_with_record(&frame, &options).unwrap();
        let found = &calibrated.frame;
        assert!((found.iof.at(0, 0) - 1.0).abs() < 1e-6 && found.iof.at(1, 0) == 0.0);
        assert_eq!(found.meta.level, Level::IOverF);
        assert!(found.quality.at(2, 0).intersects(Quality::MISSING) && found.quality.at(0, 0).is_good());
        // 20 electrons of read-out noise on the sky: 20 · 0.0565 DN of 4e7 · 0.1 · 0.1035 DN for I/F = 1.
        let expected = 20.0 * 0.0565 / (4.0e7 * 0.1 * full);
        assert!((f64::from(found.sigma.at(1, 0)) / expected - 1.0).abs() < 1e-5);
        assert!(found.sigma.at(0, 0) > found.sigma.at(1, 0));
        assert_eq!(calibrated.record.steps.len(), 1);
        assert!((f64::from(calibrated.radiance().at(0, 0)) / full - 1.0).abs() < 1e-6);
    }
}
