// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which of many discs on a sphere reach a direction: bins on the faces of a cube.

use facula_core::{BodyFixed, Vec3};

/// Indices of discs by bin of direction.
#[derive(Debug, Clone)]
pub(crate) struct Bins {
    side: usize,
    lists: Vec<Vec<u32>>,
}

impl Bins {
    /// Sorts discs (centre direction, radius in rad) into `6 side²` bins, each disc into every bin it may touch.
    /// Lists keep the order of the discs.
    pub(crate) fn new(side: usize, discs: impl Iterator<Item = (Vec3<BodyFixed>, f64)>) -> Self {
        let mut bins = Self { side, lists: vec![Vec::new(); 6 * side * side] };
        let centres: Vec<(Vec3<BodyFixed>, f64)> = (0..bins.lists.len()).map(|k| bins.cap(k)).collect();
        for (index, (centre, radius_rad)) in discs.enumerate() {
            for (list, (bin_centre, bin_radius_rad)) in bins.lists.iter_mut().zip(&centres) {
                if centre.angle_rad(*bin_centre) <= radius_rad + bin_radius_rad {
                    list.push(index as u32);
                }
            }
        }
        bins
    }

    /// Indices of the discs that may reach a direction.
    pub(crate) fn at(&self, direction: Vec3<BodyFixed>) -> &[u32] {
        let (face, u, v) = face(direction);
        let cell = |w: f64| (((w + 1.0) * 0.5 * self.side as f64) as usize).min(self.side - 1);
        &self.lists[(face * self.side + cell(v)) * self.side + cell(u)]
    }

    /// A cap that holds the bin: centre direction and radius in rad.
    fn cap(&self, bin: usize) -> (Vec3<BodyFixed>, f64) {
        let (face, rest) = (bin / (self.side * self.side), bin % (self.side * self.side));
        let along = |i: f64| 2.0 * i / self.side as f64 - 1.0;
        let (column, line) = ((rest % self.side) as f64, (rest / self.side) as f64);
        let centre = direction(face, along(column + 0.5), along(line + 0.5));
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
        let reach =
            corners.map(|(x, y)| centre.angle_rad(direction(face, along(column + x), along(line + y))));
        (centre, reach.into_iter().fold(0.0, f64::max))
    }
}

fn face(v: Vec3<BodyFixed>) -> (usize, f64, f64) {
    let (x, y, z) = (v.x.abs(), v.y.abs(), v.z.abs());
    if x >= y && x >= z {
        (usize::from(v.x < 0.0), v.y / x, v.z / x)
    } else if y >= z {
        (2 + usize::from(v.y < 0.0), v.z / y, v.x / y)
    } else {
        (4 + usize::from(v.z < 0.0), v.x / z, v.y / z)
    }
}

fn direction(face: usize, u: f64, v: f64) -> Vec3<BodyFixed> {
    let sign = if face.is_multiple_of(2) { 1.0 } else { -1.0 };
    let point = match face / 2 {
        0 => Vec3::new(sign, u, v),
        1 => Vec3::new(v, sign, u),
        _ => Vec3::new(u, v, sign),
    };
    point * (1.0 / point.length())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Random;

    #[test]
    fn no_disc_is_ever_missed() {
        let mut random = Random::new(1, 1);
        let discs: Vec<_> = (0..300).map(|_| (random.direction(), random.between(0.001, 0.2))).collect();
        let bins = Bins::new(24, discs.iter().copied());
        for _ in 0..5_000 {
            let d = random.direction();
            let inside = (0..300u32).filter(|k| discs[*k as usize].0.angle_rad(d) <= discs[*k as usize].1);
            let listed = bins.at(d);
            for k in inside {
                assert!(listed.contains(&k));
            }
        }
    }
}
