// SPDX-License-Identifier: MIT OR Apache-2.0
//! The detector against its description, and against the calibration that undoes it.

use facula_core::{FrameMeta, Level, Quality, RawFrame, parse_utc};
use facula_geometry::CameraFile;
use facula_photometry::{CalibrateOptions, ClearMode, DarkLaw, ShiftDirection, SmearModel, calibrate};

use super::*;
use crate::PointingError;

/// The bound on I/F of unsaturated pixels.
const IOF_FRACTION: f64 = 2e-3;
const SUN_AU: f64 = 2.9;
const POINTING: PointingError = PointingError { shift_px: 0.0, twist_deg: 0.0 };

fn detector() -> Detector {
    CameraFile::built_in("dawn_fc2").unwrap().filter("F1").unwrap().detector.clone()
}

fn exposure<'a>(detector: &'a Detector, flat: &'a FlatField, exposure_s: f64) -> Exposure<'a> {
    let effects = Effects::default();
    Exposure { detector, flat, exposure_s, sun_distance_au: SUN_AU, seed: 5, pointing: POINTING, effects }
}

/// A bright square in a dark sky.
fn square(width: usize, height: usize) -> Raster<f32> {
    let mut iof = Raster::filled(width, height, 0.0f32);
    for line in height / 4..height * 3 / 4 {
        for sample in width / 4..width * 3 / 4 {
            iof.set(sample, line, 0.05 + 1e-4 * line as f32);
        }
    }
    iof
}

fn raw(dn: Raster<f32>, exposure_s: f64, temperature_k: Option<f64>) -> RawFrame {
    let meta = FrameMeta {
        id: "T".into(),
        target: "ceres".into(),
        instrument: "dawn_fc2".into(),
        filter: "F1".into(),
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        exposure_s,
        detector_temperature_k: temperature_k,
        level: Level::Raw,
        keywords: Default::default(),
    };
    RawFrame { meta, quality: dn.map(|_| Quality::GOOD), dn, pose: None }
}

#[test]
fn calibration_undoes_every_step_of_the_detector() {
    let (width, height) = (48, 200);
    let flat = FlatField::new(width, height, 9);
    let iof = square(width, height);
    for (direction, clear) in [
        (ShiftDirection::Growing, ClearMode::Dumped),
        (ShiftDirection::Falling, ClearMode::Shifted { transfer_s: 4e-3 }),
        (ShiftDirection::Growing, ClearMode::ShiftedBack { transfer_s: 2e-3 }),
    ] {
        let detector = Detector {
            psf_fwhm_px: 0.0,
            dark_e_per_s: 3_000.0,
            dark: DarkLaw::Arrhenius { reference_k: 220.0, activation_ev: 0.6 },
            linearity: Linearity::Polynomial {
                scale_dn: 10_000.0,
                coefficients: vec![0.03, -0.01],
                valid_dn: 15_000.0,
            },
            smear: SmearModel { direction, clear, storage_s: 0.05 },
            ..detector()
        };
        let effects = Effects { temperature_k: Some(226.0), noise: Noise::Off, ..Default::default() };
        let input = Exposure { effects, ..exposure(&detector, &flat, 0.03) };
        let dn = expose(&iof, &input, 0).unwrap();
        let options =
            CalibrateOptions { flat: Some(&flat.truth), ..CalibrateOptions::new(&detector, SUN_AU) };
        let found = calibrate(&raw(dn, 0.03, Some(226.0)), &options).unwrap();
        let off = found.iof.as_slice().iter().zip(iof.as_slice()).map(|(a, b)| f64::from((a - b).abs()));
        let worst = off.fold(0.0, f64::max);
        assert!(worst < IOF_FRACTION * 0.05, "{direction:?} {clear:?}: {worst}");
    }
}

#[test]
fn noisy_frames_have_the_mean_that_was_put_in_and_the_spread_that_calibration_tells() {
    let (width, height) = (64, 400);
    let (detector, flat) = (Detector { psf_fwhm_px: 0.0, ..detector() }, FlatField::even(64, 400));
    let iof = square(width, height);
    let dn = expose(&iof, &exposure(&detector, &flat, 0.03), 0).unwrap();
    assert!(dn.as_slice().iter().all(|dn| dn.fract() == 0.0));
    let found = calibrate(&raw(dn, 0.03, None), &CalibrateOptions::new(&detector, SUN_AU)).unwrap();
    let lit: Vec<usize> = (0..width * height).filter(|k| iof.as_slice()[*k] > 0.0).collect();
    let sum = |image: &Raster<f32>| lit.iter().map(|k| f64::from(image.as_slice()[*k])).sum::<f64>();
    assert!((sum(&found.iof) / sum(&iof) - 1.0).abs() < IOF_FRACTION);
    for (name, pixels) in [("lit", lit.clone()), ("sky", (0..width * height / 8).collect())] {
        let chi2 = pixels.iter().map(|k| {
            let off = found.iof.as_slice()[*k] - iof.as_slice()[*k];
            f64::from(off / found.sigma.as_slice()[*k]).powi(2)
        });
        let (chi2, n) = (chi2.sum::<f64>(), pixels.len() as f64);
        // Five standard deviations of chi-square; neighbours in a column share a little smear noise.
        assert!((chi2 / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt() + 0.01, "{name}: {}", chi2 / n);
    }
}

#[test]
fn the_same_seed_gives_the_same_frame_whatever_the_threads_and_another_stream_another() {
    let (detector, flat) = (detector(), FlatField::even(300, 100));
    let iof = square(300, 100);
    let input = exposure(&detector, &flat, 0.03);
    let take = |threads: usize, stream: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| expose(&iof, &input, stream)).unwrap()
    };
    assert_eq!(take(1, 3), take(3, 3));
    assert_ne!(take(1, 3), take(1, 4));
}

#[test]
fn smear_lies_where_the_packets_pass() {
    let mut signal = Raster::filled(3, 10, 0.0f32);
    signal.set(1, 5, 1000.0);
    smear(&mut signal, [1e-3, 2e-3]);
    let column: Vec<f32> = (0..10).map(|line| signal.at(1, line)).collect();
    assert_eq!(column, [1.0, 1.0, 1.0, 1.0, 1.0, 1000.0, 2.0, 2.0, 2.0, 2.0]);
    assert_eq!(signal.at(0, 2), 0.0);
}

#[test]
fn charge_beyond_full_well_is_lost_or_runs_along_the_column() {
    let well = |blooming| {
        let mut charge = Raster::filled(3, 9, 10.0f32);
        charge.set(1, 4, 500.0);
        fill_wells(&mut charge, 100.0, blooming);
        charge
    };
    assert_eq!(well(Blooming::Drained).as_slice().iter().sum::<f32>(), 260.0 + 100.0);
    let run = well(Blooming::Columns);
    assert_eq!((run.at(1, 3), run.at(1, 5), run.at(1, 2)), (100.0, 100.0, 100.0));
    assert_eq!(run.as_slice().iter().sum::<f32>(), 260.0 + 500.0, "no charge is lost while there is room");
    assert_eq!(run.at(0, 4), 10.0);
}

#[test]
fn hot_pixels_and_saturation_show_in_the_numbers() {
    let (detector, flat) = (detector(), FlatField::even(8, 8));
    let mut hot = Raster::filled(8, 8, 0.0f32);
    hot.set(2, 3, 1e6);
    let mut iof = Raster::filled(8, 8, 0.0f32);
    iof.set(6, 6, 1e4);
    let effects = Effects { hot_e_per_s: Some(&hot), noise: Noise::Off, ..Default::default() };
    let dn = expose(&iof, &Exposure { effects, ..exposure(&detector, &flat, 0.1) }, 0).unwrap();
    let expected_dn = detector.bias_dn + (1e5 + 0.1) * detector.gain_dn_per_e;
    let smear_dn = f64::from(dn.at(3, 3)) - detector.bias_dn;
    assert!((f64::from(dn.at(2, 3)) - expected_dn - smear_dn).abs() < 1.0, "{} {expected_dn}", dn.at(2, 3));
    assert_eq!(f64::from(dn.at(6, 6)), detector.saturation_dn().floor());
}

#[test]
fn what_cannot_be_exposed_is_refused_with_its_name() {
    let (detector, flat) = (detector(), FlatField::even(8, 8));
    let iof = Raster::filled(8, 8, 0.1f32);
    let text = |result: Result<Raster<f32>, SimulateError>| result.unwrap_err().to_string();
    assert!(text(expose(&iof, &exposure(&detector, &flat, 0.0), 0)).contains("exposure_s is 0"));
    let small = Raster::filled(4, 8, 0.1f32);
    assert!(text(expose(&small, &exposure(&detector, &flat, 0.1), 0)).contains("flat field has 8 x 8"));
    let broken = Detector { gain_dn_per_e: -1.0, ..detector.clone() };
    assert!(text(expose(&iof, &exposure(&broken, &flat, 0.1), 0)).contains("gain_dn_per_e is -1"));
}
