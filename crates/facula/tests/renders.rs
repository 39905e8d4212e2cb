// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rendered pictures against flight frames: Vesta on approach from its mesh and albedo map, Ceres from its terrain and
//! albedo map at the pose of a frame of the HAMO orbit.
//!
//! With `FACULA_LOOK` set to a folder the pictures are written there side by side (flight left, rendered right).

// Tests may unwrap; and this one reads a mesh as text and writes pictures to look at.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::ops::Range;
use std::path::Path;

use facula::align::{LimbOptions, MapMatchOptions, fit_limb, match_map};
use facula::archive::{Limits, ReadOptions, read_frame, read_map};
use facula::core::{Body, BodyFixed, Epoch, IofFrame, LonLat, Raster, RawFrame, Silent, Vec3};
use facula::geometry::{CameraFile, GridSampling, Mesh, Relief, Shape, Shot, terrain_of_map};
use facula::photometry::{Detector, SurfaceModel, published_model};
use facula::simulate::{
    ConstantGround, Effects, Exposure, FlatField, Ground, MapGround, Noise, PointingError, RenderOptions,
    Scene, Shading, expose, render,
};
use facula_testkit::{data_folder, skip};

/// The bounds.
const LIMB_PX: f64 = 0.3;
const LEAST_CORRELATION: f64 = 0.85;
const LEVEL_FRACTION: f64 = 0.1;
const SMEAR_FRACTION: f64 = 0.1;
/// Lines of the Vesta frame far above the limb, where the halo of the optics has faded.
const SKY_LINES: Range<usize> = 10..170;
/// Lines that hold the body and its halo.
const BODY_LINES: Range<usize> = 190..790;

fn shot(frame: RawFrame, principal_point_px: [f64; 2]) -> Shot {
    let mut camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
    camera.principal_point_px = principal_point_px;
    let pose = frame.pose.unwrap();
    let sigma = frame.dn.map(|_| 1.0);
    Shot { frame: IofFrame { meta: frame.meta, iof: frame.dn, sigma, quality: frame.quality }, camera, pose }
}

fn detector() -> Detector {
    CameraFile::built_in("dawn_fc2").unwrap().filter("F1").unwrap().detector.clone()
}

/// Data numbers above bias of a scene at the pose of a shot, without noise.
fn simulated(scene: &Scene<'_>, shot: &Shot, exposure_s: f64) -> Raster<f32> {
    let options = RenderOptions { samples_per_pixel: 16, ..Default::default() };
    let iof = render(scene, &shot.camera, &shot.pose, &options).unwrap().iof;
    let (detector, flat) = (detector(), FlatField::even(iof.width(), iof.height()));
    let input = Exposure {
        detector: &detector,
        flat: &flat,
        exposure_s,
        sun_distance_au: shot.pose.sun_distance_au(),
        seed: 1,
        pointing: PointingError { shift_px: 0.0, twist_deg: 0.0 },
        effects: Effects { noise: Noise::Off, ..Default::default() },
    };
    expose(&iof, &input, 0).unwrap().map(|dn| dn - detector.bias_dn as f32)
}

/// Pearson's correlation, and the factor that brings the second nearest to the first, over pixels both have.
fn agreement(pairs: &[(f64, f64)]) -> (f64, f64) {
    let n = pairs.len() as f64;
    let mean = pairs.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0 / n, s.1 + p.1 / n));
    let sums = pairs.iter().fold([0.0; 3], |s, (a, b)| {
        let (a, b) = (a - mean.0, b - mean.1);
        [s[0] + a * a, s[1] + b * b, s[2] + a * b]
    });
    let factor =
        pairs.iter().map(|(a, b)| a * b).sum::<f64>() / pairs.iter().map(|(_, b)| b * b).sum::<f64>();
    (sums[2] / (sums[0] * sums[1]).sqrt(), factor)
}

fn column_mean(image: &Raster<f32>, columns: Range<usize>, lines: Range<usize>) -> f64 {
    let count = (columns.len() * lines.len()) as f64;
    let pixels = lines.flat_map(|line| columns.clone().map(move |x| f64::from(image.at(x, line))));
    pixels.sum::<f64>() / count
}

/// Smear of the sky of the Vesta frame as a part of the light of its column, from the frame alone. A column's smear is that
/// light times the time over a line by the exposure, so it grows by one step of 8 bit between the columns where the sky
/// passes from its zero to the first step and those where it passes to the second, wherever the zero lies between two steps.
///
/// The smear of this frame is below two steps and its noise 0.04 of one: nearly all columns of the sky hold one number
/// only, and their mean says no more than half a step.
fn smear_ratio(frame: &Raster<f32>, zero: f64) -> f64 {
    let light_where = |step: f64| {
        let columns = (0..1024).filter(|x| (column_mean(frame, *x..*x + 1, SKY_LINES) - step).abs() < 0.25);
        let lights: Vec<f64> = columns.map(|x| column_light(frame, x, zero)).collect();
        lights.iter().sum::<f64>() / lights.len() as f64
    };
    1.0 / (light_where(zero + 1.5) - light_where(zero + 0.5))
}

/// Sum over the lines of the body.
fn column_light(image: &Raster<f32>, x: usize, zero: f64) -> f64 {
    BODY_LINES.len() as f64 * (column_mean(image, x..x + 1, BODY_LINES) - zero)
}

fn look(name: &str, pictures: [&Raster<f32>; 2], white: [f32; 2]) {
    let Ok(folder) = std::env::var("FACULA_LOOK") else { return };
    let mut bytes = format!("P5 {} {} 255\n", 2 * pictures[0].width(), pictures[0].height()).into_bytes();
    for line in 0..pictures[0].height() {
        for (picture, white) in pictures.iter().zip(white) {
            bytes.extend(
                picture.line(line).iter().map(|v| (255.0 * (v / white).clamp(0.0, 1.0).powf(0.6)) as u8),
            );
        }
    }
    std::fs::write(Path::new(&folder).join(name), bytes).unwrap();
}

#[test]
fn vesta_on_approach_looks_as_the_flight_frame_does() {
    let Some(folder) = data_folder() else {
        return skip("vesta_on_approach_looks_as_the_flight_frame_does", "no data folder");
    };
    let body = Body::built_in("vesta").unwrap();
    let path = folder.join("vesta-approach/FC21A0002962_11198033947F1H.png");
    let frame = read_frame(&path, &ReadOptions::new(&body), &Silent).unwrap();
    let obj = std::fs::read_to_string(folder.join("vesta-approach/vesta_49k_vesta_fixed_v06.obj")).unwrap();
    let shape = Shape::Mesh(Mesh::from_obj(&obj).unwrap());
    let mut real = shot(frame, [512.0, 512.0]);
    let real_limb = fit_limb(&real, &shape, &LimbOptions::default(), &Silent).unwrap();
    real.pose = real_limb.pose;

    let map =
        read_map(&folder.join("maps/vesta_albedo_4096.jpg"), VESTA_WEST_DEG, &Limits::default()).unwrap();
    let ground = MapGround::with_mean(map, body.normal_albedo);
    let model = published_model("vesta-hapke-fc-700").unwrap().model;
    let scene = Scene::new(&shape, &ground, &model).shaded(Shading::Smooth);
    let dn = simulated(&scene, &real, 0.015);
    let peak = dn.as_slice().iter().copied().fold(0.0, f32::max);
    look("vesta.pgm", [&real.frame.iof, &dn], [255.0, peak]);

    // The frame's zero: what it stores where there is only sky, in the columns left of the body.
    let zero = column_mean(&real.frame.iof, 0..200, SKY_LINES);
    let lit = |k: usize| dn.as_slice()[k] > 0.05 * peak;
    let pair = |k: usize| (f64::from(real.frame.iof.as_slice()[k]) - zero, f64::from(dn.as_slice()[k]));
    let pairs: Vec<(f64, f64)> = (0..1024 * 1024).filter(|k| lit(*k)).map(pair).collect();
    let (correlation, nearest) = agreement(&pairs);
    let sums = pairs.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    // The one unknown: what a step of 8 bit is, from the whole disc.
    let scale = sums.0 / sums.1;
    let (ratio, middle) = (smear_ratio(&real.frame.iof, zero), 480..700usize);
    let light: f64 = middle.clone().map(|x| column_light(&real.frame.iof, x, zero)).sum();
    let real_smear = ratio * light / middle.len() as f64;
    let smear = scale * column_mean(&dn, middle, SKY_LINES);
    eprintln!(
        "Vesta: correlation {correlation:.4}, zero {zero}, scale {scale:.5}, level {:.4}, smear {:.4} ({real_smear:.3} of 255)",
        nearest / scale,
        smear / real_smear
    );

    // The limb of the rendered frame under the same pose, point by point against that of the flight frame.
    let rendered = Shot { frame: IofFrame { iof: dn.clone(), ..real.frame.clone() }, ..real.clone() };
    let limb = fit_limb(&rendered, &shape, &LimbOptions::default(), &Silent).unwrap();
    let shift_px = limb.shift_px[0].hypot(limb.shift_px[1]);
    eprintln!(
        "limb: rendered rms {:.3}, shift {shift_px:.3}; flight rms {:.3}",
        limb.rms_px, real_limb.rms_px
    );
    assert!(shift_px < LIMB_PX && limb.rms_px < LIMB_PX && real_limb.rms_px < LIMB_PX);
    assert!(correlation >= LEAST_CORRELATION, "{correlation}");
    assert!((nearest / scale - 1.0).abs() < LEVEL_FRACTION, "{nearest} {scale}");
    assert!((smear / real_smear - 1.0).abs() < SMEAR_FRACTION, "{smear} {real_smear}");
}

/// East longitude of the left edge of the albedo map of Vesta in the mesh's longitudes, degrees: of all edges in steps of
/// 30 degrees this one correlates best (0.890; 0.875 for -180), which puts the map's meridian at 150.
const VESTA_WEST_DEG: f64 = -30.0;

/// The Sun from the centre of Ceres at the time of the HAMO frame, body-fixed, km. From CSPICE N0067 by
/// spiceypy: `spkpos` (planets_ceres_vesta_2007_2018.bsp), pole and spin of dawn_ceres_v06.tpc, naif0012.tls.
fn hamo_sun(_: Epoch) -> Option<Vec3<BodyFixed>> {
    let au_km = 149_597_870.7;
    Some(LonLat::from_degrees(160.155_480, 3.944_772).direction() * (2.964_19 * au_km))
}

/// Correlation of two pictures over the pixels lit in the second, the first shifted by whole pixels.
fn shifted_correlation(real: &Raster<f32>, rendered: &Raster<f32>, [dx, dy]: [i64; 2]) -> f64 {
    let mut pairs = Vec::new();
    for line in (24..1000i64).step_by(2) {
        for sample in (24..1000i64).step_by(2) {
            let b = rendered.at(sample as usize, line as usize);
            if b > 0.0 {
                pairs.push((f64::from(real.at((sample + dx) as usize, (line + dy) as usize)), f64::from(b)));
            }
        }
    }
    agreement(&pairs).0
}

/// The best shift within a reach.
fn refined(real: &Raster<f32>, rendered: &Raster<f32>, reach: i64) -> ([i64; 2], f64) {
    let shifts = (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| [dx, dy]));
    let tried = shifts.map(|shift| (shift, shifted_correlation(real, rendered, shift)));
    tried.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

#[test]
fn ceres_from_hamo_looks_as_its_maps_do() {
    let Some(folder) = data_folder() else {
        return skip("ceres_from_hamo_looks_as_its_maps_do", "no data folder");
    };
    let body = Body::built_in("ceres").unwrap();
    let options = ReadOptions { sun: Some(&hamo_sun), ..ReadOptions::new(&body) };
    let frame =
        read_frame(&folder.join("ceres-hamo/FC21B0043185_15267083218F1E.png"), &options, &Silent).unwrap();
    let map = |name: &str| read_map(&folder.join("maps").join(name), -180.0, &Limits::default()).unwrap();
    let albedo = map("ceres_albedo_4096.jpg");
    let mut real = shot(frame, [511.5, 511.5]);
    let ellipsoid = Shape::Ellipsoid(body.ellipsoid());
    let matching = MapMatchOptions { position_sigma_km: 50.0, ..MapMatchOptions::default() };
    real.pose = match_map(&real, &ellipsoid, &albedo, &matching, &Silent).unwrap().pose;

    let sampling = GridSampling { ellipsoid: body.ellipsoid(), cells: 512 };
    let terrain = terrain_of_map(&map("ceres_dem_2048.tif"), sampling, Relief::HeightM).unwrap().shape;
    let ground = MapGround::with_mean(albedo, body.normal_albedo);
    let model = SurfaceModel::lommel_seeliger(body.phase_slope);
    let picture = |shape: &Shape, ground: &dyn Ground| {
        let scene = Scene::new(shape, ground, &model);
        render(&scene, &real.camera, &real.pose, &RenderOptions::default()).unwrap().iof
    };
    let even = ConstantGround { normal_albedo: 0.09 };
    let found = picture(&terrain, &ground);
    let (shift, correlation) = refined(&real.frame.iof, &found, 12);
    let (_, of_relief) = refined(&real.frame.iof, &picture(&terrain, &even), 12);
    let (_, of_albedo) = refined(&real.frame.iof, &picture(&ellipsoid, &ground), 12);
    let peak = found.as_slice().iter().copied().fold(0.0, f32::max);
    look("hamo.pgm", [&real.frame.iof, &found], [255.0, peak]);
    eprintln!(
        "HAMO: {correlation:.4} at {shift:?}; terrain alone {of_relief:.4}, albedo alone {of_albedo:.4}"
    );
    assert!(correlation > of_relief.max(of_albedo), "terrain and albedo together explain more than either");
}
