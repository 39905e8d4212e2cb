// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the simulated camera was shown comes back from the calibration.

#![allow(clippy::unwrap_used)]

use facula_core::{FrameMeta, Level, Quality, Raster, RawFrame, parse_utc};
use facula_photometry::{CalibrateOptions, Detector, calibrate};
use facula_simulate::{Effects, Exposure, FlatField, PointingError, expose};

/// The bound on I/F where unsaturated.
const IOF_FRACTION: f64 = 2e-3;

fn detector() -> Detector {
    serde_json::from_value(serde_json::json!({
        "bias_dn": 269.0, "gain_dn_per_e": 0.0565, "read_noise_e": 20.0, "full_well_e": 320000.0, "converter_bits": 14,
        "dark_e_per_s": 40.0, "transfer_s": 1.32e-3, "transfer_lines": 1056, "responsivity_dn_per_s": 4.0e7,
        "solar_irradiance_w_m2_nm": 1.3, "psf_fwhm_px": 1e-3
    }))
    .unwrap()
}

#[test]
fn smear_dark_flat_and_noise_of_a_simulated_frame_leave_the_mean_brightness_within_a_fifth_of_a_percent() {
    let (size, exposure_s, sun_distance_au) = (256, 0.02, 2.9);
    let mut iof = Raster::filled(size, size, 0.0f32);
    for line in 60..200 {
        for sample in 40..220 {
            iof.set(sample, line, 0.02 + 0.0002 * sample as f32 + 0.0001 * line as f32);
        }
    }
    let (detector, flat) = (detector(), FlatField::new(size, size, 5));
    let pointing = PointingError { shift_px: 0.0, twist_deg: 0.0 };
    let effects = Effects::default();
    let input = Exposure {
        detector: &detector,
        flat: &flat,
        exposure_s,
        sun_distance_au,
        seed: 11,
        pointing,
        effects,
    };
    let dn = expose(&iof, &input, 0).unwrap();
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
    let raw = RawFrame { meta, quality: dn.map(|_| Quality::GOOD), dn, pose: None };
    let options =
        CalibrateOptions { flat: Some(&flat.measured), ..CalibrateOptions::new(&detector, sun_distance_au) };
    let found = calibrate(&raw, &options).unwrap();
    assert!(found.quality.as_slice().iter().all(|flag| flag.is_good()));
    // By blocks of 20 x 20 pixels: noise of the mean below a tenth of a percent.
    for block in 0..(140 / 20) * (180 / 20) {
        let (left, top) = (40 + block % 9 * 20, 60 + block / 9 * 20);
        let sum = |image: &Raster<f32>| {
            (0..400).map(|k| f64::from(image.at(left + k % 20, top + k / 20))).sum::<f64>()
        };
        let off = sum(&found.iof) / sum(&iof) - 1.0;
        assert!(off.abs() < IOF_FRACTION, "block {block}: {off}");
    }
    // The sky above holds no smear: its mean is nothing within three of its sigmas.
    let sky: f64 =
        (0..50 * 180).map(|k| f64::from(found.iof.at(40 + k % 180, k / 180))).sum::<f64>() / 9000.0;
    let sigma = f64::from(found.sigma.at(100, 20)) / 9000f64.sqrt();
    assert!(sky.abs() < 3.0 * sigma, "{sky} {sigma}");
}
