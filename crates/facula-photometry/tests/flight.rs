// SPDX-License-Identifier: MIT OR Apache-2.0
//! Read-out smear of real frames: the Earth seen by Hayabusa2, Vesta seen by Dawn.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod support;

use facula_core::{Quality, Raster, RawFrame};
use facula_photometry::{
    CalibrateOptions, ClearMode, Detector, Linearity, SmearModel, SmearRemoval, calibrate, fit_smear_factor,
    remove_smear,
};
use support::{detector, raw};

/// The bound on what is left in smear columns.
const LEFT_FRACTION: f64 = 0.01;
/// Columns of the Earth that are smeared by more than 20 DN, and lines of the Earth.
const COLUMNS: std::ops::RangeInclusive<usize> = 543..=579;
const EARTH: std::ops::Range<usize> = 735..815;

/// `hyb2_onc_20151203_000006_w2f_l2a.fit`: the second header's image, big-endian 16 bit; a reader of its own, since
/// crates of one level do not see each other.
fn earth() -> Option<Raster<f32>> {
    let bytes =
        std::fs::read(facula_testkit::data_folder()?.join("frames/hyb2_onc_20151203_000006_w2f_l2a.fit"))
            .unwrap();
    let mut at = 0;
    for _ in 0..2 {
        while !bytes[at..at + 2880].chunks(80).any(|card| card.starts_with(b"END     ")) {
            at += 2880;
        }
        at += 2880;
    }
    let pixels = bytes[at..at + 2 * 1024 * 1024].as_chunks::<2>().0;
    Raster::from_vec(1024, 1024, pixels.iter().map(|two| f32::from(i16::from_be_bytes(*two))).collect())
}

/// ONC-W2 as `hayabusa2_onc_w2.toml` of facula-geometry has it.
fn onc_w2() -> Detector {
    Detector {
        bias_dn: 291.93,
        gain_dn_per_e: 0.05,
        read_noise_e: 35.0,
        full_well_e: 76_000.0,
        converter_bits: 12,
        dark_e_per_s: 0.0,
        transfer_s: 7.43e-3,
        transfer_lines: 1024,
        linearity: Linearity::Polynomial { scale_dn: 1000.0, coefficients: vec![], valid_dn: 2808.0 },
        smear: SmearModel { clear: ClearMode::Shifted { transfer_s: 7.43e-3 }, ..SmearModel::default() },
        ..detector()
    }
}

fn frame(dn: Raster<f32>) -> RawFrame {
    // XPOSURE, CCDTSEL of the header.
    raw(dn, 0.0041, Some(273.15 - 24.84))
}

/// Mean over lines of a column.
fn column(image: &Raster<f32>, sample: usize, lines: std::ops::Range<usize>) -> f64 {
    let count = lines.len() as f64;
    lines.map(|line| f64::from(image.at(sample, line))).sum::<f64>() / count
}

fn dn_of(iof: &Raster<f32>, detector: &Detector) -> Raster<f32> {
    let per_iof = detector.dn_per_s_at_unit_iof(1.0) * 0.0041;
    iof.map(|iof| iof * per_iof as f32)
}

#[test]
fn smear_columns_of_the_earth_drop_below_a_percent_and_the_earth_stays() {
    let Some(dn) = earth() else {
        return facula_testkit::skip("smear_columns_of_the_earth_drop", "no flight data");
    };
    let detector = onc_w2();
    let frame = frame(dn.clone());
    // Smear measured in the upper lines, judged in others and below the Earth.
    let lines = SmearRemoval::Lines { first_line: 10, lines: 350 };
    let measured = CalibrateOptions { smear: lines, ..CalibrateOptions::new(&detector, 1.0) };
    let clean = dn_of(&calibrate(&frame, &measured).unwrap().iof, &detector);
    for part in [360..710, 830..1010] {
        for sample in COLUMNS {
            let level = column(&dn, sample, part.clone()) - detector.bias_dn;
            let left = column(&clean, sample, part.clone());
            // Three sigma of the mean of 180 pixels of 1.8 DN noise besides.
            assert!(left.abs() < LEFT_FRACTION * level + 0.4, "{sample} {part:?}: {left} of {level}");
        }
    }
    // Rms over columns, weighted as they come.
    let rms = |image: &Raster<f32>| {
        let left = COLUMNS.map(|sample| column(image, sample, 360..710).powi(2)).sum::<f64>();
        let level =
            COLUMNS.map(|sample| (column(&dn, sample, 360..710) - detector.bias_dn).powi(2)).sum::<f64>();
        (left / level).sqrt()
    };
    assert!(rms(&clean) < LEFT_FRACTION, "{}", rms(&clean));
    // The Earth keeps its light: what is taken from each pixel is the smear of its column and no more.
    for sample in COLUMNS {
        let body = column(&dn, sample, EARTH) - column(&dn, sample, 360..710);
        let kept = column(&clean, sample, EARTH);
        assert!((kept / body - 1.0).abs() < 0.005, "{sample}: {kept} of {body}");
    }
}

#[test]
fn the_transfer_model_of_the_earth_frame_fits_its_unsaturated_columns() {
    let Some(dn) = earth() else {
        return facula_testkit::skip("the_transfer_model_of_the_earth_frame", "no flight data");
    };
    let detector = onc_w2();
    let charge = dn.map(|dn| dn - detector.bias_dn as f32);
    // Columns with a pixel beyond the linear range (DYNRNGLN 3100 DN) hide light; others hold no Earth.
    let bright = |sample: usize| (0..1024).any(|line| dn.at(sample, line) > 3100.0);
    let leave_out: Vec<usize> = (0..1024).filter(|x| !COLUMNS.contains(x) || bright(*x)).collect();
    let used = 1024 - leave_out.len();
    assert!(used >= 15, "{used}");
    let ratios = detector.smear_ratios(0.0041);
    let factor = fit_smear_factor(&charge, ratios, 10..710, &leave_out).unwrap();
    // The file's time is that of this fit.
    assert!((factor - 1.0).abs() < 0.005, "{factor}");
    let clean = remove_smear(&charge, ratios.map(|ratio| ratio * factor));
    let fractions: Vec<f64> = COLUMNS
        .filter(|x| !leave_out.contains(x))
        .map(|x| column(&clean, x, 10..710) / column(&charge, x, 10..710))
        .collect();
    let rms = (fractions.iter().map(|f| f * f).sum::<f64>() / fractions.len() as f64).sqrt();
    assert!(rms < LEFT_FRACTION, "{rms} {fractions:?}");
    // Saturated columns are told apart.
    let flagged = calibrate(&frame(dn), &CalibrateOptions::new(&detector, 1.0)).unwrap();
    assert!(flagged.quality.at(553, 100).intersects(Quality::SMEAR));
    assert!(flagged.quality.at(100, 100).is_good());
}

/// `FC21A0002962_11198033947F1H.png`: 8 bit, 64 of the camera's numbers to one (bias 269 becomes 4.2, and the sky is 4).
fn vesta() -> Option<Raster<f32>> {
    let path = facula_testkit::data_folder()?.join("vesta-approach/FC21A0002962_11198033947F1H.png");
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Grayscale, png::BitDepth::Eight));
    Raster::from_vec(1024, 1024, bytes.iter().map(|byte| f32::from(*byte)).collect())
}

#[test]
fn smear_above_vesta_drops_below_the_steps_of_the_picture() {
    /// Half a step: rounding to 8 bit.
    const HALF_STEP: f64 = 0.5;
    /// Spread of rounding, one sigma, steps.
    const ROUNDING: f64 = 0.289;
    const STEP_DN: f64 = 64.0;
    const EXPOSURE_S: f64 = 0.015;
    let Some(dn) = vesta() else {
        return facula_testkit::skip("smear_above_vesta_drops", "no flight data");
    };
    let detector = Detector {
        bias_dn: 269.0 / STEP_DN,
        gain_dn_per_e: 0.05649717514124294 / STEP_DN,
        converter_bits: 8,
        dark_e_per_s: 0.0,
        ..detector()
    };
    let options = CalibrateOptions::new(&detector, 2.26);
    let frame = raw(dn.clone(), EXPOSURE_S, None);
    let clean = calibrate(&frame, &options).unwrap();
    let per_iof = detector.dn_per_s_at_unit_iof(2.26) * EXPOSURE_S;
    let left = |sample: usize| column(&clean.iof, sample, 5..200) * per_iof;
    let level = |sample: usize| column(&dn, sample, 5..200) - detector.bias_dn;
    // Columns through the body, lit lines 274 to 703: above them lies the smear, below nothing.
    let columns = 460..730usize;
    let rms = |value: &dyn Fn(usize) -> f64| {
        (columns.clone().map(|sample| value(sample).powi(2)).sum::<f64>() / columns.len() as f64).sqrt()
    };
    assert!(rms(&level) > 1.2, "{}", rms(&level));
    assert!(rms(&left) < ROUNDING, "{}", rms(&left));
    assert!(columns.clone().all(|sample| left(sample).abs() < HALF_STEP));
    // The noise the calibration states for the sky is not less than the rounding alone.
    assert!(f64::from(clean.sigma.at(600, 100)) * per_iof > 0.9 * ROUNDING);
    // Vesta keeps its light: less is taken than half a step more than the smear of the sky above it.
    for sample in columns {
        let body = column(&dn, sample, 400..600) - detector.bias_dn;
        let kept = column(&clean.iof, sample, 400..600) * per_iof;
        assert!(kept <= body && body - kept < level(sample) + HALF_STEP, "{sample}: {kept} of {body}");
    }
}
