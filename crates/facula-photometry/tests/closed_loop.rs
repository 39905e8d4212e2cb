// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light put through a detector written from its description comes back as it was, with the error it was told to have.

#![allow(clippy::unwrap_used)]

mod support;

use facula_core::{Quality, Raster};
use facula_photometry::{
    Bias, CalibrateOptions, ClearMode, DarkFrame, DarkLaw, Detector, HotAction, Linearity, ShiftDirection,
    SmearModel, SmearRemoval, StrayLight, StrayLightModel, Window, calibrate, calibrate_with_record,
    hot_pixels,
};
use proptest::prelude::*;
use support::{Random, charge_e, detector, raw};

/// The bound on I/F of unsaturated pixels.
const IOF_FRACTION: f64 = 2e-3;
/// The bound on the spread of simulated pixels against their sigma.
const SIGMA_FRACTION: f64 = 0.05;
const EXPOSURE_S: f64 = 0.05;
const SUN_AU: f64 = 2.9;

/// A bright body with a terminator in a dark sky.
fn body(width: usize, height: usize) -> Raster<f32> {
    let mut iof = Raster::filled(width, height, 0.0f32);
    for line in height / 5..height * 3 / 5 {
        for sample in width / 6..width * 5 / 6 {
            iof.set(sample, line, 0.01 + 0.05 * sample as f32 / width as f32 + 0.0001 * line as f32);
        }
    }
    iof
}

fn flat(width: usize, height: usize) -> Raster<f32> {
    let values = (0..width * height).map(|k| 1.0 + 0.02 * ((k * 7 % 11) as f32 / 10.0 - 0.5));
    Raster::from_vec(width, height, values.collect()).unwrap()
}

/// Electrons per second of I/F behind a flat.
fn rate_e_per_s(iof: &Raster<f32>, flat: &Raster<f32>, detector: &Detector) -> Raster<f32> {
    let per_iof = detector.responsivity_dn_per_s * detector.solar_irradiance_w_m2_nm
        / (std::f64::consts::PI * SUN_AU * SUN_AU)
        / detector.gain_dn_per_e;
    let values = iof.as_slice().iter().zip(flat.as_slice()).map(|(iof, flat)| iof * flat * per_iof as f32);
    Raster::from_vec(iof.width(), iof.height(), values.collect()).unwrap()
}

fn worst(found: &Raster<f32>, truth: &Raster<f32>, but: impl Fn(usize) -> bool) -> f64 {
    let pairs = found.as_slice().iter().zip(truth.as_slice()).enumerate();
    pairs
        .filter(|(k, (_, truth))| **truth > 0.0 && !but(*k))
        .map(|(_, (found, truth))| f64::from((found / truth - 1.0).abs()))
        .fold(0.0, f64::max)
}

#[test]
fn every_step_undoes_what_the_detector_did() {
    let (width, height) = (40, 300);
    let (iof, flat) = (body(width, height), flat(width, height));
    let law = Linearity::Polynomial { scale_dn: 10_000.0, coefficients: vec![0.03], valid_dn: 12_000.0 };
    let dark = DarkLaw::Arrhenius { reference_k: 220.0, activation_ev: 0.6 };
    let detector = Detector { linearity: law, dark, dark_e_per_s: 40.0, ..detector() };
    let charge = charge_e(&rate_e_per_s(&iof, &flat, &detector), &detector, EXPOSURE_S);
    // Dark frame at 230 K with two hot pixels; the frame is taken at 240 K.
    let growth = |from_k: f64, to_k: f64| (0.6 / 8.617_333_262e-5 * (1.0 / from_k - 1.0 / to_k)).exp();
    let mut dark_230 =
        Raster::filled(width, height, (40.0 * growth(220.0, 230.0) * detector.gain_dn_per_e) as f32);
    dark_230.set(12, 100, 9_000.0);
    dark_230.set(30, 200, 5_000.0);
    let dn = Raster::from_vec(
        width,
        height,
        (0..width * height)
            .map(|k| {
                let dark_dn = f64::from(dark_230.as_slice()[k]) * growth(230.0, 240.0) * EXPOSURE_S;
                let true_dn = charge.as_slice()[k] * detector.gain_dn_per_e + dark_dn;
                // The output chain: true = m (1 + 0.03 m / 10 000), solved for m.
                let m = ((1.0 + 4.0 * 0.03 / 1e4 * true_dn).sqrt() - 1.0) / (2.0 * 0.03 / 1e4);
                (detector.bias_dn + m) as f32
            })
            .collect(),
    )
    .unwrap();
    let options = CalibrateOptions {
        flat: Some(&flat),
        dark_frame: Some(DarkFrame { rate: &dark_230, sigma_dn_per_s: 0.0, temperature_k: Some(230.0) }),
        ..CalibrateOptions::new(&detector, SUN_AU)
    };
    let found = calibrate(&raw(dn, EXPOSURE_S, Some(240.0)), &options).unwrap();
    let off = worst(&found.iof, &iof, |k| !found.quality.as_slice()[k].is_good());
    assert!(off < 1e-4, "{off}");
    assert!(found.quality.as_slice().iter().all(|flag| flag.is_good()));
}

#[test]
fn dark_current_of_waiting_lines_is_taken_from_each_line_as_it_waited() {
    let (width, height) = (4, 100);
    for direction in [ShiftDirection::Growing, ShiftDirection::Falling] {
        let smear = SmearModel { direction, storage_s: 2.0, ..SmearModel::default() };
        let detector = Detector { smear, dark_e_per_s: 300.0, transfer_s: 0.0, ..detector() };
        let gain = detector.gain_dn_per_e;
        // The line next to the output waits not at all; the farthest 99 hundredths of two seconds.
        let dn = (0..width * height).map(|k| {
            let line = (k / width) as f64;
            let before = if direction == ShiftDirection::Growing { 99.0 - line } else { line };
            (detector.bias_dn + 300.0 * gain * (EXPOSURE_S + 2.0 * before / 100.0)) as f32
        });
        let dn = Raster::from_vec(width, height, dn.collect()).unwrap();
        let found = calibrate(&raw(dn, EXPOSURE_S, None), &CalibrateOptions::new(&detector, SUN_AU)).unwrap();
        let per_iof = detector.dn_per_s_at_unit_iof(SUN_AU) * EXPOSURE_S;
        assert!(found.iof.as_slice().iter().all(|iof| f64::from(*iof).abs() * per_iof < 1e-3));
    }
}

#[test]
fn read_noise_is_multiplied_by_the_slope_of_the_linearity() {
    let law = Linearity::Polynomial { scale_dn: 10_000.0, coefficients: vec![0.2], valid_dn: 12_000.0 };
    let detector = Detector {
        linearity: law,
        transfer_s: 0.0,
        dark_e_per_s: 0.0,
        gain_dn_per_e: 1e-9,
        read_noise_e: 5e9,
        full_well_e: 1e15,
        ..detector()
    };
    // Slope at 5,000 DN above bias: 1 + 0.4 · 0.5; shot noise is nothing, read noise 5 DN, the converter 1/12 DN².
    let dn = Raster::filled(2, 3, (detector.bias_dn + 5000.0) as f32);
    let found = calibrate(&raw(dn, EXPOSURE_S, None), &CalibrateOptions::new(&detector, SUN_AU)).unwrap();
    let sigma_dn = f64::from(found.sigma.at(0, 0)) * detector.dn_per_s_at_unit_iof(SUN_AU) * EXPOSURE_S;
    assert!((sigma_dn / (1.2 * (25.0f64 + 1.0 / 12.0).sqrt()) - 1.0).abs() < 1e-4, "{sigma_dn}");
}

#[test]
fn raw_numbers_with_noise_give_the_mean_brightness_within_a_fifth_of_a_percent() {
    let (width, height) = (64, 400);
    let (iof, flat) = (body(width, height), flat(width, height));
    let detector = detector();
    let charge = charge_e(&rate_e_per_s(&iof, &flat, &detector), &detector, EXPOSURE_S);
    let mut random = Random(3);
    let values = charge.as_slice().iter().map(|e| {
        let total_e = e + detector.dark_e_per_s * EXPOSURE_S;
        let noisy_e = total_e + (total_e + detector.read_noise_e.powi(2)).sqrt() * random.normal();
        (detector.bias_dn + noisy_e * detector.gain_dn_per_e).round().clamp(0.0, 16383.0) as f32
    });
    let dn = Raster::from_vec(width, height, values.collect()).unwrap();
    let options = CalibrateOptions { flat: Some(&flat), ..CalibrateOptions::new(&detector, SUN_AU) };
    let found = calibrate_with_record(&raw(dn, EXPOSURE_S, None), &options).unwrap();
    let frame = &found.frame;
    let lit: Vec<usize> = (0..iof.as_slice().len())
        .filter(|k| iof.as_slice()[*k] > 0.0 && frame.quality.as_slice()[*k].is_good())
        .collect();
    let sum = |image: &Raster<f32>| lit.iter().map(|k| f64::from(image.as_slice()[*k])).sum::<f64>();
    assert!((sum(&frame.iof) / sum(&iof) - 1.0).abs() < IOF_FRACTION);
    // Each pixel deviates by what its sigma says.
    let chi2: f64 = lit
        .iter()
        .map(|k| {
            f64::from((frame.iof.as_slice()[*k] - iof.as_slice()[*k]) / frame.sigma.as_slice()[*k]).powi(2)
        })
        .sum::<f64>()
        / lit.len() as f64;
    assert!((chi2 - 1.0).abs() < SIGMA_FRACTION, "{chi2}");
    // And the record's share of the noise is that of the median pixel.
    let noise = found.record.steps.iter().map(|step| step.random_iof.powi(2)).sum::<f64>().sqrt();
    let mut sigmas: Vec<f32> = lit.iter().map(|k| frame.sigma.as_slice()[*k]).collect();
    sigmas.sort_by(f32::total_cmp);
    assert!((noise / f64::from(sigmas[lit.len() / 2]) - 1.0).abs() < 0.1, "{noise}");
    assert!(found.radiance().at(20, 150) / frame.iof.at(20, 150) > 0.0);
}

/// Any way of reading out.
fn models() -> impl Strategy<Value = (SmearModel, f64)> {
    let direction = prop_oneof![Just(ShiftDirection::Growing), Just(ShiftDirection::Falling)];
    let clear = prop_oneof![
        Just(ClearMode::Dumped),
        (0.0..0.05f64).prop_map(|transfer_s| ClearMode::Shifted { transfer_s }),
        (0.0..0.05f64).prop_map(|transfer_s| ClearMode::ShiftedBack { transfer_s }),
    ];
    (direction, clear, 1e-4..0.05f64)
        .prop_map(|(direction, clear, s)| (SmearModel { direction, clear, storage_s: 0.0 }, s))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn smear_of_every_kind_of_read_out_is_removed_exactly(
        (smear, transfer_s) in models(),
        lights in proptest::collection::vec(0.0..1.0f32, 3 * 60),
        exposure_s in 0.005..1.0f64,
    ) {
        let iof = Raster::from_vec(3, 60, lights.iter().map(|l| if *l > 0.6 { 0.1 * l } else { 0.0 }).collect()).unwrap();
        let detector = Detector {
            smear, transfer_s, transfer_lines: 60, full_well_e: 1e12, converter_bits: 31, dark_e_per_s: 0.0, ..detector()
        };
        let flat = Raster::filled(3, 60, 1.0f32);
        let charge = charge_e(&rate_e_per_s(&iof, &flat, &detector), &detector, exposure_s);
        let dn = charge.map(|e| (e * detector.gain_dn_per_e + detector.bias_dn) as f32);
        let found = calibrate(&raw(dn, exposure_s, None), &CalibrateOptions::new(&detector, SUN_AU)).unwrap();
        // Single-precision numbers of the whole smear limit what is left of it.
        let brightest = charge.as_slice().iter().fold(0.0f64, |a, b| a.max(*b)) * detector.gain_dn_per_e;
        let scale = found.iof.as_slice().iter().fold(0.0f32, |a, b| a.max(*b));
        for (found, truth) in found.iof.as_slice().iter().zip(iof.as_slice()) {
            prop_assert!((found - truth).abs() < 3e-5 * scale + 1e-9, "{} {} {}", found, truth, brightest);
        }
    }
}

/// Spread of many frames of one scene, pixel by pixel, over the sigma they state.
fn spread_over_sigma(detector: &Detector, options: &CalibrateOptions<'_>, iof: &Raster<f32>) -> Vec<f64> {
    const FRAMES: usize = 1_000;
    let flat = options.flat.unwrap();
    let charge = charge_e(&rate_e_per_s(iof, flat, detector), detector, EXPOSURE_S);
    let mut random = Random(77);
    let mut sums = vec![(0.0f64, 0.0f64, 0.0f64); iof.as_slice().len()];
    for _ in 0..FRAMES {
        let smear_error = 1.0 + detector.errors.smear_fraction * random.normal();
        let values = charge.as_slice().iter().zip(iof.as_slice().iter().zip(flat.as_slice())).map(
            |(e, (iof, flat))| {
                let own_e = f64::from(iof * flat)
                    * f64::from(
                        rate_e_per_s(&Raster::filled(1, 1, 1.0), &Raster::filled(1, 1, 1.0), detector)
                            .at(0, 0),
                    )
                    * EXPOSURE_S;
                let unflat = 1.0 + detector.errors.flat_fraction * random.normal();
                let light_e = own_e * unflat + (e - own_e) * smear_error;
                let total_e = light_e + detector.dark_e_per_s * EXPOSURE_S;
                let noisy_e = total_e + (total_e + detector.read_noise_e.powi(2)).sqrt() * random.normal();
                (detector.bias_dn + noisy_e * detector.gain_dn_per_e).round() as f32
            },
        );
        let dn = Raster::from_vec(iof.width(), iof.height(), values.collect()).unwrap();
        let frame = calibrate(&raw(dn, EXPOSURE_S, None), options).unwrap();
        for (k, sum) in sums.iter_mut().enumerate() {
            let value = f64::from(frame.iof.as_slice()[k]);
            let sigma = f64::from(frame.sigma.as_slice()[k]);
            *sum = (sum.0 + value, sum.1 + value * value, sum.2 + sigma * sigma);
        }
    }
    let n = FRAMES as f64;
    sums.iter().map(|(a, b, sigma2)| ((b - a * a / n) / (n - 1.0) / (sigma2 / n)).sqrt()).collect()
}

/// Quantiles of the ratio: the spread of 1,000 numbers itself scatters by 1 / sqrt(2000) = 2.2 %.
fn check_spread(ratios: &[f64]) {
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let within = ratios.iter().filter(|ratio| (*ratio - 1.0).abs() < SIGMA_FRACTION).count();
    assert!((mean - 1.0).abs() < 0.02, "mean {mean}");
    // 5 % are 2.2 sigma of the scatter: 97 % of the pixels lie within.
    assert!(within as f64 > 0.93 * ratios.len() as f64, "{within} of {}", ratios.len());
    assert!(ratios.iter().all(|ratio| (ratio - 1.0).abs() < 0.1), "{ratios:?}");
}

#[test]
fn the_spread_of_a_thousand_frames_is_their_sigma() {
    let (iof, flat) = (body(4, 60), flat(4, 60));
    let errors = facula_photometry::KnownErrors { flat_fraction: 0.01, ..Default::default() };
    let detector = Detector { errors, dark_e_per_s: 20_000.0, ..detector() };
    let options = CalibrateOptions { flat: Some(&flat), ..CalibrateOptions::new(&detector, SUN_AU) };
    check_spread(&spread_over_sigma(&detector, &options, &iof));
}

#[test]
fn the_spread_is_the_sigma_where_smear_is_as_strong_as_the_light_and_goes_both_ways() {
    let (iof, flat) = (body(4, 60), flat(4, 60));
    for clear in
        [ClearMode::Dumped, ClearMode::Shifted { transfer_s: 0.1 }, ClearMode::Shifted { transfer_s: 0.03 }]
    {
        let smear = SmearModel { clear, ..SmearModel::default() };
        let detector = Detector { smear, transfer_s: 0.1, transfer_lines: 60, ..detector() };
        let options = CalibrateOptions { flat: Some(&flat), ..CalibrateOptions::new(&detector, SUN_AU) };
        check_spread(&spread_over_sigma(&detector, &options, &iof));
    }
}

#[test]
fn an_error_of_the_smear_shows_in_the_sigma_of_smeared_pixels() {
    let (iof, flat) = (body(4, 60), flat(4, 60));
    let errors = facula_photometry::KnownErrors { smear_fraction: 0.05, ..Default::default() };
    let detector = Detector { errors, transfer_s: 0.02, transfer_lines: 60, ..detector() };
    let exact = Detector { errors: Default::default(), ..detector.clone() };
    let charge = charge_e(&rate_e_per_s(&iof, &flat, &detector), &detector, EXPOSURE_S);
    let frame = raw(charge.map(|e| (e * detector.gain_dn_per_e + detector.bias_dn) as f32), EXPOSURE_S, None);
    let sigma = |detector: &Detector| {
        let options = CalibrateOptions { flat: Some(&flat), ..CalibrateOptions::new(detector, SUN_AU) };
        calibrate(&frame, &options).unwrap().sigma
    };
    let (with, without) = (sigma(&detector), sigma(&exact));
    // Line 2 lies above the body: all its charge is smear, of which 5 % is not known.
    let per_dn = 1.0 / (detector.dn_per_s_at_unit_iof(SUN_AU) * EXPOSURE_S);
    let smear = charge.at(2, 2) * detector.gain_dn_per_e * per_dn / f64::from(flat.at(2, 2));
    let added = (f64::from(with.at(2, 2)).powi(2) - f64::from(without.at(2, 2)).powi(2)).sqrt();
    assert!((added / (0.05 * smear) - 1.0).abs() < 0.01, "{added} {smear}");
    assert_eq!(with.at(2, 55), without.at(2, 55));
}

#[test]
fn the_bias_of_overscan_pixels_is_used_and_the_pixels_are_left_out() {
    let (iof, flat) = (body(40, 100), Raster::filled(40, 100, 1.0f32));
    let detector = Detector { dark_e_per_s: 0.0, ..detector() };
    let charge = charge_e(&rate_e_per_s(&iof, &flat, &detector), &detector, EXPOSURE_S);
    let mut dn = Raster::filled(40, 100, 0.0f32);
    for line in 0..100 {
        for sample in 0..40 {
            let e = if sample < 5 { 0.0 } else { charge.at(sample, line) };
            // The zero drifts down the frame.
            dn.set(sample, line, (250.0 + 0.1 * line as f64 + e * detector.gain_dn_per_e) as f32);
        }
    }
    // A cosmic ray in the overscan.
    dn.set(1, 7, 4000.0);
    let frame = raw(dn, EXPOSURE_S, None);
    let window = Window { sample: 0, line: 0, width: 5, height: 100 };
    let with =
        |bias| calibrate(&frame, &CalibrateOptions { bias, ..CalibrateOptions::new(&detector, SUN_AU) });
    let lines = with(Bias::OverscanLines(window)).unwrap();
    let left_out = |k: usize| lines.quality.as_slice()[k].intersects(Quality::MISSING);
    // One of five overscan pixels hit: three-sigma clipping of five cannot see it, so leave that line.
    let off = worst(&lines.iof, &iof, |k| left_out(k) || k / 40 == 7);
    assert!(off < 1e-4, "{off}");
    assert!(lines.quality.at(4, 50).intersects(Quality::MISSING) && lines.quality.at(5, 50).is_good());
    let one = calibrate_with_record(
        &frame,
        &CalibrateOptions { bias: Bias::Overscan(window), ..CalibrateOptions::new(&detector, SUN_AU) },
    )
    .unwrap();
    let bias =
        one.record.steps.iter().flat_map(|step| &step.constants).find(|c| c.name == "bias_dn").unwrap();
    // Mean of the drift over 100 lines: 250 + 0.1 · 49.5.
    assert!((bias.value - 254.95).abs() < 0.02, "{bias:?}");
    let outside = with(Bias::Overscan(Window { sample: 39, width: 2, ..window })).unwrap_err();
    assert!(outside.to_string().contains("overscan window"), "{outside}");
}

#[test]
fn smear_measured_in_lines_without_light_is_removed_without_knowing_its_time() {
    let (iof, flat) = (body(20, 200), Raster::filled(20, 200, 1.0f32));
    let smear = SmearModel { clear: ClearMode::Shifted { transfer_s: 0.08 }, ..SmearModel::default() };
    let truth = Detector { smear, transfer_s: 0.08, transfer_lines: 200, dark_e_per_s: 0.0, ..detector() };
    let charge = charge_e(&rate_e_per_s(&iof, &flat, &truth), &truth, EXPOSURE_S);
    let frame = raw(charge.map(|e| (e * truth.gain_dn_per_e + truth.bias_dn) as f32), EXPOSURE_S, None);
    let lines = SmearRemoval::Lines { first_line: 150, lines: 40 };
    let options = CalibrateOptions { smear: lines, ..CalibrateOptions::new(&truth, SUN_AU) };
    let found = calibrate_with_record(&frame, &options).unwrap();
    assert!(worst(&found.frame.iof, &iof, |_| false) < 1e-4);
    assert!(found.record.warnings.iter().all(|text| !text.contains("every line alike")));
    // A camera whose packets pass lines on one side only is warned about.
    let one_sided = Detector { smear: SmearModel::default(), ..truth };
    let options = CalibrateOptions { smear: lines, ..CalibrateOptions::new(&one_sided, SUN_AU) };
    let warned = calibrate_with_record(&frame, &options).unwrap();
    assert!(warned.record.warnings.iter().any(|text| text.contains("every line alike")));
}

#[test]
fn hot_pixels_are_flagged_and_filled_and_full_wells_spill() {
    let detector = Detector { dark_e_per_s: 0.0, transfer_s: 0.0, ..detector() };
    let mut dark = Raster::filled(30, 30, 1.0f32);
    (0..900).for_each(|k| dark.as_mut_slice()[k] += (k % 5) as f32 * 0.01);
    dark.set(10, 10, 500.0);
    let hot = hot_pixels(&dark, 8.0);
    let mut dn = Raster::filled(30, 30, 1269.0f32);
    dn.set(10, 10, 3000.0);
    dn.set(20, 20, 16383.0);
    let frame = raw(dn, EXPOSURE_S, None);
    let options = CalibrateOptions {
        hot: Some(&hot),
        hot_action: HotAction::Interpolate,
        bloom_reach_px: 2,
        ..CalibrateOptions::new(&detector, SUN_AU)
    };
    let found = calibrate_with_record(&frame, &options).unwrap();
    assert_eq!(found.frame.iof.at(10, 10), found.frame.iof.at(2, 2));
    assert!(found.frame.quality.at(10, 10).intersects(Quality::HOT));
    let saturated = |line| found.frame.quality.at(20, line).intersects(Quality::SATURATED);
    assert!((18..=22).all(saturated) && !saturated(17) && !saturated(23));
    assert_eq!((found.record.pixels.hot, found.record.pixels.saturated), (1, 5));
    let kept = calibrate(&frame, &CalibrateOptions { hot_action: HotAction::Flag, ..options }).unwrap();
    assert!(kept.iof.at(10, 10) > 2.0 * kept.iof.at(2, 2));
}

#[test]
fn stray_light_of_a_given_model_is_subtracted_with_its_error() {
    let detector = Detector { dark_e_per_s: 0.0, transfer_s: 0.0, ..detector() };
    let frame = raw(Raster::filled(8, 8, 1269.0f32), EXPOSURE_S, None);
    let tenth = |image: &Raster<f32>| StrayLight { signal: image.map(|dn| 0.1 * dn), error_fraction: 0.5 };
    let without = CalibrateOptions::new(&detector, SUN_AU);
    let options = CalibrateOptions { stray_light: Some(StrayLightModel(&tenth)), ..without };
    let (plain, clean) = (calibrate(&frame, &without).unwrap(), calibrate(&frame, &options).unwrap());
    assert!((clean.iof.at(3, 3) / plain.iof.at(3, 3) - 0.9).abs() < 1e-5);
    let added = (clean.sigma.at(3, 3).powi(2) - plain.sigma.at(3, 3).powi(2)).sqrt();
    assert!((added / (0.05 * plain.iof.at(3, 3)) - 1.0).abs() < 1e-3, "{added}");
}

#[test]
fn the_record_says_what_was_assumed_and_survives_a_file() {
    let errors = facula_photometry::KnownErrors {
        responsivity_fraction: 0.04,
        flat_level_fraction: 0.03,
        bias_dn: 2.0,
        ..Default::default()
    };
    let sources = [("bias_dn", "laboratory"), ("responsivity_dn_per_s", "ASSUMED: flight levels")];
    let sources = sources.map(|(key, text)| (key.to_string(), text.to_string())).into();
    let detector = Detector { errors, sources, ..detector() };
    let options =
        CalibrateOptions { solar_irradiance_w_m2_nm: Some(1.5), ..CalibrateOptions::new(&detector, SUN_AU) };
    let record = calibrate_with_record(&raw(Raster::filled(8, 8, 1269.0f32), EXPOSURE_S, None), &options)
        .unwrap()
        .record;
    assert!((record.scale_error_fraction - 0.05).abs() < 1e-12);
    let per_dn = std::f64::consts::PI * SUN_AU * SUN_AU / (4.0e7 * 1.5 * EXPOSURE_S);
    assert!((record.zero_error_iof / (2.0 * per_dn) - 1.0).abs() < 1e-9);
    assert_eq!(record.assumed(), ["responsivity_dn_per_s"]);
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<facula_photometry::CalibrationRecord>(&text).unwrap(), record);
}

#[test]
fn constants_that_cannot_be_used_are_named() {
    let frame = raw(Raster::filled(4, 4, 500.0f32), EXPOSURE_S, None);
    let told = |detector: Detector, sun_au: f64| {
        calibrate(&frame, &CalibrateOptions::new(&detector, sun_au)).unwrap_err().to_string()
    };
    assert!(told(detector(), 0.0).contains("sun_distance_au"));
    assert!(told(Detector { gain_dn_per_e: f64::NAN, ..detector() }, 1.0).contains("gain_dn_per_e"));
    assert!(told(Detector { transfer_s: 1000.0, ..detector() }, 1.0).contains("transfer_s"));
    assert!(told(Detector { transfer_lines: 0, ..detector() }, 1.0).contains("transfer_lines"));
    let lines = SmearRemoval::Lines { first_line: 3, lines: 2 };
    let detector = detector();
    let options = CalibrateOptions { smear: lines, ..CalibrateOptions::new(&detector, 1.0) };
    assert!(calibrate(&frame, &options).unwrap_err().to_string().contains("lines of smear"));
}
