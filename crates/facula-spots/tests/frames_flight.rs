// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spots of the real HAMO frame: bright ground listed, sunlit walls flagged.
//!
//! With `FACULA_LOOK` set to a folder the frame with what was found, and small pictures of the strongest, are drawn there.

// Tests may unwrap; this one writes a picture to look at.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "support/hamo.rs"]
mod hamo;

use std::path::Path;

use facula_core::Silent;
use facula_geometry::Shot;
use facula_photometry::SurfaceModel;
use facula_shape::Shape;
use facula_spots::{DetectOptions, FrameOptions, FrameSpot, Slopes, SpotFlag, detect_frame};
use facula_testkit::{data_folder, skip};

use hamo::{ceres, hamo};

fn draw(folder: &Path, shot: &Shot, spots: &[FrameSpot]) {
    let image = &shot.frame.iof;
    let (width, height) = (image.width(), image.height());
    let mut rgb: Vec<[u8; 3]> = image.as_slice().iter().map(|v| [(*v).clamp(0.0, 255.0) as u8; 3]).collect();
    let plain = rgb.clone();
    for s in spots {
        let radius = (0.5 * s.spot.diameter_km / s.pixel_km).max(5.0) + 2.0;
        let colour = if s.spot.has(SpotFlag::Slope) { [255, 60, 60] } else { [255, 210, 0] };
        for k in 0..720 {
            let (sin, cos) = (f64::from(k).to_radians() * 0.5).sin_cos();
            let (x, y) = ((s.at.x_px + radius * cos).round(), (s.at.y_px + radius * sin).round());
            if x >= 0.0 && y >= 0.0 && (x as usize) < width && (y as usize) < height {
                rgb[y as usize * width + x as usize] = colour;
            }
        }
    }
    write(&folder.join("hamo_spots.ppm"), [width, height], &rgb);
    // Ten small pictures of 96 pixels at three times the size, five in a row.
    const SIDE: usize = 96;
    const TIMES: usize = 3;
    let (across, down) = (5 * SIDE * TIMES, 2 * SIDE * TIMES);
    let strongest: Vec<&FrameSpot> = spots.iter().take(10).collect();
    let pixel = |k: usize| {
        let (x, y) = (k % across, k / across);
        let which = y / (SIDE * TIMES) * 5 + x / (SIDE * TIMES);
        let Some(s) = strongest.get(which) else { return [0; 3] };
        let (dx, dy) = ((x % (SIDE * TIMES)) / TIMES, (y % (SIDE * TIMES)) / TIMES);
        if dx == 0 || dy == 0 {
            return if s.spot.has(SpotFlag::Slope) { [255, 60, 60] } else { [255, 210, 0] };
        }
        let at = [s.at.x_px + dx as f64 - 48.0, s.at.y_px + dy as f64 - 48.0].map(|a| a.round() as i64);
        let inside = (0..width as i64).contains(&at[0]) && (0..height as i64).contains(&at[1]);
        if inside { plain[at[1] as usize * width + at[0] as usize] } else { [0; 3] }
    };
    let crops: Vec<[u8; 3]> = (0..across * down).map(pixel).collect();
    write(&folder.join("hamo_crops.ppm"), [across, down], &crops);
}

fn write(path: &Path, [width, height]: [usize; 2], rgb: &[[u8; 3]]) {
    let mut bytes = format!("P6 {width} {height} 255\n").into_bytes();
    bytes.extend(rgb.iter().flatten());
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn the_hamo_frame_lists_its_bright_ground_and_flags_its_sunlit_walls() {
    const NAME: &str = "the_hamo_frame_lists_its_bright_ground_and_flags_its_sunlit_walls";
    let Some(folder) = data_folder() else { return skip(NAME, "no data folder") };
    let body = ceres();
    let (shot, ellipsoid) = (hamo(&folder, &body), body.ellipsoid());
    let model = SurfaceModel::lommel_seeliger(body.phase_slope);
    let options = FrameOptions {
        detect: DetectOptions { slopes: Slopes::Flagged, ..FrameOptions::default().detect },
        ..FrameOptions::default()
    };
    let found = |options: &FrameOptions| {
        let surface = Some((&model, &ellipsoid));
        detect_frame(&shot, &Shape::Ellipsoid(ellipsoid), surface, options, &Silent).unwrap()
    };
    let spots = found(&options);
    for s in &spots {
        eprintln!(
            "{} at {:.0} {:.0}: S/N {:.1}, contrast {:.2}, {:.1} px, slope {:.2} {:?}",
            s.spot.id,
            s.at.x_px,
            s.at.y_px,
            s.spot.significance,
            s.spot.contrast,
            s.spot.diameter_km / s.pixel_km,
            s.spot.slope_fraction,
            s.spot.flags
        );
    }
    if let Ok(look) = std::env::var("FACULA_LOOK") {
        draw(Path::new(&look), &shot, &spots);
    }
    let near = |s: &FrameSpot, at: &[f64; 2]| (s.at.x_px - at[0]).hypot(s.at.y_px - at[1]) < EYE_PX;
    let listed: Vec<&FrameSpot> = spots.iter().filter(|s| !s.spot.has(SpotFlag::Slope)).collect();
    assert!(near(listed[0], &BRIGHT_PX[0]), "the strongest: {:?}", listed[0].at);
    for at in &BRIGHT_PX {
        assert!(listed.iter().any(|s| near(s, at)), "{at:?} is not listed");
    }
    for s in &listed {
        assert!(BRIGHT_PX.iter().any(|at| near(s, at)), "listed without a flag: {:?}", s.at);
    }
    let walls = spots.iter().filter(|s| WALLS_PX.iter().any(|at| near(s, at)));
    assert!(walls.filter(|s| s.spot.has(SpotFlag::Slope)).count() >= 4);
    let without = found(&FrameOptions::default());
    assert!(without.len() == listed.len(), "slopes left out: {} of {}", without.len(), listed.len());
}

/// How well the eye places a patch without a sharp edge, pixels.
const EYE_PX: f64 = 15.0;
/// Bright ground, judged by eye on the frame at three times its size: patches that are not the far wall of a bowl and have no
/// shaded wall towards the Sun (upper right). Strongest first.
const BRIGHT_PX: [[f64; 2]; 5] =
    [[268.0, 747.0], [902.0, 136.0], [275.0, 530.0], [375.0, 635.0], [387.0, 434.0]];
/// Sunlit far walls of clear bowls, whose near walls lie in shade: by eye.
const WALLS_PX: [[f64; 2]; 12] = [
    [213.0, 181.0],
    [711.0, 314.0],
    [80.0, 838.0],
    [372.0, 845.0],
    [491.0, 848.0],
    [680.0, 752.0],
    [561.0, 739.0],
    [70.0, 609.0],
    [93.0, 438.0],
    [64.0, 797.0],
    [829.0, 448.0],
    [862.0, 23.0],
];
