// SPDX-License-Identifier: MIT OR Apache-2.0
//! Scenes that have closed formulas.

#![allow(dead_code, clippy::unwrap_used)]

use facula_core::{BodyFixed, Pose, Rotation, Vec3, parse_utc};
use facula_geometry::{Camera, Distortion};
use facula_shape::{Mesh, cube_point};

/// A camera of square pixels without distortion.
pub fn camera(side_px: usize, ifov_rad: f64) -> Camera {
    let pitch_mm = 0.014;
    Camera {
        name: "test".into(),
        width_px: side_px,
        height_px: side_px,
        focal_length_mm: pitch_mm / ifov_rad,
        pitch_mm: [pitch_mm; 2],
        skew_mm: [0.0; 2],
        principal_point_px: [0.5 * (side_px as f64 - 1.0); 2],
        distortion: Distortion::None,
    }
}

/// A camera on the z axis that looks down at the centre, its x axis along the body's; the Sun in the x-z plane at an
/// angle from the z axis.
pub fn from_above(distance_km: f64, sun_angle_rad: f64) -> Pose {
    let rows = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];
    Pose {
        mid_exposure: parse_utc("2015-05-04").unwrap(),
        spacecraft_km: Vec3::new(0.0, 0.0, distance_km),
        sun_km: Vec3::new(sun_angle_rad.sin(), 0.0, sun_angle_rad.cos()) * 4.2e8,
        camera_from_body: Rotation::from_rows(rows).unwrap(),
    }
}

/// A body of 470 km with waves and pits, 12 cells² facets.
pub fn lumpy(cells: usize) -> Mesh {
    let height = |d: Vec3<BodyFixed>| {
        let wave = |f: f64, a: f64, b: f64| (f * (d.x + a * d.y) + b).sin() * (f * (d.z - a * d.x) - b).cos();
        let broad = 0.02 * wave(5.0, 0.3, 1.0) + 0.008 * wave(17.0, -0.6, 2.0) + 0.002 * wave(61.0, 0.8, 0.5);
        let pit = |x: f64, y: f64, z: f64| {
            let off = (d - Vec3::new(x, y, z).unit().unwrap()).length() / 0.12;
            if off < 1.0 { 0.02 * (off * off - 1.0) } else { 0.0 }
        };
        1.0 + broad + pit(0.3, 0.2, 1.0) + pit(0.6, -0.4, 0.8) + pit(-0.1, -0.5, 0.9)
    };
    let (mut vertices_km, mut facets) = (Vec::new(), Vec::new());
    let mut add = |cell: usize, at: [f64; 2]| {
        let d = cube_point(cell, cells, at).unit().unwrap();
        vertices_km.push((d * (470.0 * height(d))).to_array());
        vertices_km.len() as u32 - 1
    };
    for cell in 0..6 * cells * cells {
        let [a, b, c, d] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].map(|at| add(cell, at));
        facets.extend([[a, b, c], [a, c, d]]);
    }
    // Faces differ in handedness: outward means away from the centre.
    for facet in &mut facets {
        let [a, b, c] = facet.map(|k: u32| Vec3::<BodyFixed>::from_array(vertices_km[k as usize]));
        if (b - a).cross(c - a).dot(a) < 0.0 {
            facet.swap(1, 2);
        }
    }
    Mesh::new(vertices_km, facets).unwrap()
}

/// A plain at z = 100 km with a block of 10 km height and 10 x 10 km on it, whose eastern wall stands at x = 0.
pub fn block_on_plain() -> Mesh {
    let plain = [[-40.0, -40.0], [40.0, -40.0], [40.0, 40.0], [-40.0, 40.0]].map(|[x, y]| [x, y, 100.0]);
    let foot = [[-10.0, -5.0], [0.0, -5.0], [0.0, 5.0], [-10.0, 5.0]];
    let mut vertices_km = plain.to_vec();
    vertices_km.extend(foot.map(|[x, y]| [x, y, 100.0]));
    vertices_km.extend(foot.map(|[x, y]| [x, y, 110.0]));
    let mut facets = vec![[0, 1, 2], [0, 2, 3], [8, 9, 10], [8, 10, 11]];
    for k in 0..4u32 {
        let (a, b) = (4 + k, 4 + (k + 1) % 4);
        facets.extend([[a, b, b + 4], [a, b + 4, a + 4]]);
    }
    Mesh::new(vertices_km, facets).unwrap()
}
