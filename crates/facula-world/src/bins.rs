// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which of many discs on a sphere reach a direction: bins on the faces of a cube.

use facula_core::{BodyFixed, Vec3};
use facula_shape::cube_cell;

use crate::faces::cells_near;

/// Added to radii so that rounding leaves no disc out, rad.
const ROUNDING_RAD: f64 = 1e-9;
/// Larger discs are put into every bin, rad.
const LARGE_RAD: f64 = 0.4;

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
        let mut lists = vec![Vec::new(); 6 * side * side];
        for (index, (centre, radius_rad)) in discs.enumerate() {
            if radius_rad > LARGE_RAD {
                lists.iter_mut().for_each(|list| list.push(index as u32));
                continue;
            }
            cells_near((centre, radius_rad + ROUNDING_RAD), side, |face, column, line| {
                lists[(face * side + line) * side + column].push(index as u32);
            });
        }
        Self { side, lists }
    }

    /// Indices of the discs that may reach a direction.
    pub(crate) fn at(&self, direction: Vec3<BodyFixed>) -> &[u32] {
        &self.lists[cube_cell(direction, self.side)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

    #[test]
    fn no_disc_is_ever_missed() {
        let mut random = Random::new(1, 1);
        let discs: Vec<_> = (0..300).map(|_| (random.direction(), random.between(0.001, 0.6))).collect();
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
