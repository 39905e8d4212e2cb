// SPDX-License-Identifier: MIT OR Apache-2.0
//! Flight frames: the limb of Vesta on approach, the bright spots of Ceres from HAMO.
// Tests may unwrap; and this one reads a mesh, which is text and has no reader in the archive.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::Path;

use facula_align::{LimbOptions, MapMatch, MapMatchOptions, ReferenceMap, fit_limb, match_map};
use facula_archive::{Limits, ReadOptions, read_frame, read_map};
use facula_core::{Body, BodyFixed, Epoch, IofFrame, LonLat, PixelPos, Quality, RawFrame, Silent, Vec3};
use facula_geometry::{CameraFile, Mesh, Shape, Shot};
use facula_testkit::{data_folder, skip};

/// What a mesh of 49,152 facets (5 km, 4 px, each) is to be fitted to, px rms.
const LIMB_RESIDUAL_PX: f64 = 0.3;
/// With at least this many points.
const LIMB_POINTS: usize = 100;
/// The brightest spot of the frame and of the map are one place within this: five cells of the map, km.
const SPOT_KM: f64 = 4.0;

/// The Sun from the centre of Ceres at the time of the HAMO frame, body-fixed, km. From CSPICE N0067 by
/// spiceypy: `spkpos` (planets_ceres_vesta_2007_2018.bsp), pole and spin of dawn_ceres_v06.tpc, naif0012.tls.
fn hamo_sun(_: Epoch) -> Option<Vec3<BodyFixed>> {
    let au_km = 149_597_870.7;
    Some(LonLat::from_degrees(160.155_480, 3.944_772).direction() * (2.964_19 * au_km))
}

/// A frame with relative brightness as a shot; the principal point is that of its pose file.
fn shot(frame: RawFrame, principal_point_px: [f64; 2]) -> Shot {
    let mut camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
    camera.principal_point_px = principal_point_px;
    let pose = frame.pose.unwrap();
    let sigma = frame.dn.map(|_| 1.0);
    Shot { frame: IofFrame { meta: frame.meta, iof: frame.dn, sigma, quality: frame.quality }, camera, pose }
}

fn vesta(folder: &Path) -> (Shot, Shape) {
    let body = Body::built_in("vesta").unwrap();
    let path = folder.join("vesta-approach/FC21A0002962_11198033947F1H.png");
    let frame = read_frame(&path, &ReadOptions::new(&body), &Silent).unwrap();
    let obj = std::fs::read_to_string(folder.join("vesta-approach/vesta_49k_vesta_fixed_v06.obj")).unwrap();
    (shot(frame, [512.0, 512.0]), Shape::Mesh(Mesh::from_obj(&obj).unwrap()))
}

fn hamo(folder: &Path) -> (Shot, Shape, ReferenceMap) {
    let body = Body::built_in("ceres").unwrap();
    let options = ReadOptions { sun: Some(&hamo_sun), ..ReadOptions::new(&body) };
    let path = folder.join("ceres-hamo/FC21B0043185_15267083218F1E.png");
    let frame = read_frame(&path, &options, &Silent).unwrap();
    let map = read_map(&folder.join("maps/ceres_albedo_4096.jpg"), -180.0, &Limits::default()).unwrap();
    (shot(frame, [511.5, 511.5]), Shape::Ellipsoid(body.ellipsoid()), map)
}

#[test]
fn the_limb_of_vesta_fits_its_mesh() {
    let Some(folder) = data_folder() else {
        return skip("the_limb_of_vesta_fits_its_mesh", "no data folder");
    };
    let (shot, shape) = vesta(&folder);
    let fit = fit_limb(&shot, &shape, &LimbOptions::default(), &Silent).unwrap();
    assert!(fit.rms_px <= LIMB_RESIDUAL_PX && fit.used >= LIMB_POINTS, "{} px, {}", fit.rms_px, fit.used);
    assert!(fit.rejected * 10 < fit.used, "{} of {} rejected", fit.rejected, fit.used);
    // An independent prototype (numpy, linear slope instead of a disk law) moved the disc by (-1.67, -0.60) px.
    assert!(
        (fit.shift_px[0] + 1.67).abs() < 0.3 && (fit.shift_px[1] + 0.60).abs() < 0.3,
        "{:?}",
        fit.shift_px
    );
}

/// Centre of the brightest place of a size of about 4 km in the frame.
fn spot_in_frame(shot: &Shot) -> PixelPos {
    let iof = &shot.frame.iof;
    let mean = |x: usize, y: usize| {
        let cells = (y - 14..=y + 14).flat_map(|v| (x - 14..=x + 14).map(move |u| (u, v)));
        cells.map(|(u, v)| f64::from(iof.at(u, v))).sum::<f64>()
    };
    let places = (20..1004).step_by(4).flat_map(|y| (20..1004).step_by(4).map(move |x| (x, y)));
    let (x, y) = places.max_by(|a, b| mean(a.0, a.1).total_cmp(&mean(b.0, b.1))).unwrap();
    let near = (y - 40..y + 40).flat_map(|v| (x - 40..x + 40).map(move |u| (u, v)));
    centroid(near.map(|(u, v)| (u as f64, v as f64, (f64::from(iof.at(u, v)) - 200.0).max(0.0))))
}

/// Centre of the bright cells of the map within 1.5 degrees of a place.
fn spot_on_map(map: &ReferenceMap, place: LonLat) -> LonLat {
    let at = map.grid.position(place).unwrap();
    let reach = (1.5f64.to_radians() / map.grid.step_rad) as usize;
    let (x, y) = (at.x_px.round() as usize, at.y_px.round() as usize);
    let near: Vec<(usize, usize)> =
        (y - reach..=y + reach).flat_map(|v| (x - reach..=x + reach).map(move |u| (u, v))).collect();
    let mut values: Vec<f32> = near.iter().map(|(u, v)| map.values.at(*u, *v)).collect();
    values.sort_by(f32::total_cmp);
    let (median, highest) = (values[values.len() / 2], values[values.len() - 1]);
    let floor = median + 0.35 * (highest - median);
    let weighted =
        near.iter().map(|(u, v)| (*u as f64, *v as f64, f64::from((map.values.at(*u, *v) - floor).max(0.0))));
    map.grid.place(centroid(weighted))
}

fn centroid(cells: impl Iterator<Item = (f64, f64, f64)>) -> PixelPos {
    let (x, y, w) = cells.fold((0.0, 0.0, 0.0), |s, (x, y, w)| (s.0 + x * w, s.1 + y * w, s.2 + w));
    PixelPos::new(x / w, y / w)
}

/// Distance between the brightest spot of the frame under a pose and that of the map, km.
fn spot_apart_km(shot: &Shot, shape: &Shape, map: &ReferenceMap) -> f64 {
    let at = spot_in_frame(shot);
    assert!((at.x_px - 265.0).abs() < 10.0 && (at.y_px - 745.0).abs() < 10.0, "another spot: {at:?}");
    let point_km = shot.ground(shape, at).unwrap().point_km;
    let place = LonLat::of(point_km);
    let on_map = spot_on_map(map, place);
    place.separation_rad(on_map) * point_km.length()
}

fn matched(shot: &Shot, shape: &Shape, map: &ReferenceMap, options: &MapMatchOptions) -> (MapMatch, f64) {
    let found = match_map(shot, shape, map, options, &Silent).unwrap();
    let moved = Shot { pose: found.pose, ..shot.clone() };
    let apart_km = spot_apart_km(&moved, shape, map);
    (found, apart_km)
}

#[test]
fn the_spots_of_a_hamo_frame_fall_on_those_of_the_global_map() {
    let Some(folder) = data_folder() else {
        return skip("the_spots_of_a_hamo_frame_fall_on_those_of_the_global_map", "no data folder");
    };
    let (shot, shape, map) = hamo(&folder);
    let (found, apart_km) = matched(&shot, &shape, &map, &MapMatchOptions::default());
    assert!(apart_km <= SPOT_KM, "{apart_km} km");
    assert!(
        found.correlation > 2.0 * found.second_correlation,
        "{} {}",
        found.correlation,
        found.second_correlation
    );
    assert!(found.used >= 60, "{}", found.used);

    // The rough pose is off in position too: letting it go halves the residuals.
    let free = MapMatchOptions { position_sigma_km: 50.0, ..MapMatchOptions::default() };
    let (with_position, apart_km) = matched(&shot, &shape, &map, &free);
    assert!(apart_km <= SPOT_KM, "{apart_km} km");
    assert!(with_position.rms_px < 0.6 * found.rms_px, "{} {}", with_position.rms_px, found.rms_px);
}

#[test]
fn a_hamo_frame_does_not_match_the_wrong_side_of_ceres() {
    let Some(folder) = data_folder() else {
        return skip("a_hamo_frame_does_not_match_the_wrong_side_of_ceres", "no data folder");
    };
    let (shot, shape, map) = hamo(&folder);
    for turned_deg in [20.0f64, 60.0, 120.0, 200.0, 300.0] {
        let mut elsewhere = map.clone();
        elsewhere.grid.west_rad += turned_deg.to_radians();
        let error = match_map(&shot, &shape, &elsewhere, &MapMatchOptions::default(), &Silent).unwrap_err();
        assert!(matches!(error, facula_align::AlignError::Ambiguous { .. }), "{turned_deg}: {error}");
    }
    assert!(shot.frame.quality.as_slice().iter().filter(|q| **q == Quality::GOOD).count() > 1_000_000);
}
