// SPDX-License-Identifier: MIT OR Apache-2.0
//! The six faces of a cube of half-width 1 around the centre: face coordinates of directions and back.
//!
//! Face `2 k` looks along axis `k`, face `2 k + 1` against it; the first coordinate is along axis `k + 1`, the second along
//! `k + 2`. Coordinates are components of the direction, never turned over, so that an edge has the same numbers on both
//! of its faces.

use facula_core::{BodyFixed, Vec3};

/// The point of a face with coordinates `u`, `v`.
pub(crate) fn face_point(face: usize, u: f64, v: f64) -> Vec3<BodyFixed> {
    let sign = if face.is_multiple_of(2) { 1.0 } else { -1.0 };
    match face / 2 {
        0 => Vec3::new(sign, u, v),
        1 => Vec3::new(v, sign, u),
        _ => Vec3::new(u, v, sign),
    }
}

/// Where a direction meets the plane of a face, if it goes that way at all.
pub(crate) fn on_face(face: usize, d: Vec3<BodyFixed>) -> Option<[f64; 2]> {
    let sign = if face.is_multiple_of(2) { 1.0 } else { -1.0 };
    let (axis, u, v) = match face / 2 {
        0 => (d.x, d.y, d.z),
        1 => (d.y, d.z, d.x),
        _ => (d.z, d.x, d.y),
    };
    let height = axis * sign;
    (height > 1e-3).then(|| [u / height, v / height])
}

/// The face that a direction leaves through.
pub(crate) fn face_of(d: Vec3<BodyFixed>) -> usize {
    let (x, y, z) = (d.x.abs(), d.y.abs(), d.z.abs());
    if x >= y && x >= z {
        usize::from(d.x < 0.0)
    } else if y >= z {
        2 + usize::from(d.y < 0.0)
    } else {
        4 + usize::from(d.z < 0.0)
    }
}

/// Calls `visit` with the face, column and line of every cell that a disc (unit direction, radius in rad below 0.5) may
/// touch when each face is cut into `side²` gnomonic cells: in the order of their numbers, none twice.
pub(crate) fn cells_near(
    (direction, radius_rad): (Vec3<BodyFixed>, f64),
    side: usize,
    mut visit: impl FnMut(usize, usize, usize),
) {
    let beyond = std::f64::consts::SQRT_2 * radius_rad + 1e-9;
    // Well inside a face the others need no look.
    let own = face_of(direction);
    let inside = on_face(own, direction)
        .is_some_and(|[u, v]| 1.0 - u.abs().max(v.abs()) > beyond * (1.0 + u * u + v * v).sqrt());
    let faces = if inside { own..own + 1 } else { 0..6 };
    for face in faces {
        let Some([u, v]) = on_face(face, direction) else { continue };
        // The nearest edge lies in a plane at 45 degrees through the centre: the sine of the angle to it.
        let square = 1.0 + u * u + v * v;
        if u.abs().max(v.abs()) - 1.0 > beyond * square.sqrt() {
            continue;
        }
        // Stretch of the gnomonic plane, and what it grows over the disc.
        let reach = radius_rad * square * (1.0 + 3.0 * radius_rad);
        let cell = |w: f64| (((w + 1.0) * 0.5 * side as f64).max(0.0) as usize).min(side - 1);
        for line in cell(v - reach)..=cell(v + reach) {
            for column in cell(u - reach)..=cell(u + reach) {
                visit(face, column, line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

    #[test]
    fn coordinates_and_directions_go_round() {
        let mut random = Random::new(4, 4);
        for _ in 0..2_000 {
            let d = random.direction();
            let face = face_of(d);
            let [u, v] = on_face(face, d).unwrap();
            assert!(u.abs() <= 1.0 && v.abs() <= 1.0);
            assert!(face_point(face, u, v).unit().unwrap().angle_rad(d) < 1e-15);
        }
    }

    #[test]
    fn no_cell_within_reach_is_missed_even_across_edges_and_corners() {
        let (mut random, side) = (Random::new(8, 1), 19);
        for round in 0..400 {
            let corner = Vec3::new(1.0, 1.0, if round % 2 == 0 { 1.0 } else { 0.3 });
            let d = (corner + random.direction() * 0.2).unit().unwrap();
            let radius_rad = random.between(0.01, 0.3);
            let mut seen = Vec::new();
            cells_near((d, radius_rad), side, |f, c, l| seen.push((f, c, l)));
            assert!(seen.windows(2).all(|w| (w[0].0, w[0].2, w[0].1) < (w[1].0, w[1].2, w[1].1)));
            for _ in 0..200 {
                let near = (d + random.direction() * (0.98 * radius_rad)).unit().unwrap();
                let face = face_of(near);
                let [u, v] = on_face(face, near).unwrap();
                let cell = |w: f64| (((w + 1.0) * 0.5 * side as f64) as usize).min(side - 1);
                if near.angle_rad(d) < radius_rad {
                    assert!(seen.contains(&(face, cell(u), cell(v))), "{face} {u} {v}");
                }
            }
        }
    }
}
