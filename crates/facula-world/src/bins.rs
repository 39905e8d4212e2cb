// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which of many discs on a sphere reach a direction: bins on the faces of a cube.

use std::f64::consts::FRAC_PI_2;

use facula_core::{BodyFixed, Vec3};
use facula_shape::{cube_cell, cube_point};

/// Added to chords so that rounding leaves no disc out.
const ROUNDING: f64 = 1e-9;

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
        let caps = (0..bins.lists.len()).map(|k| bins.cap(k));
        let centres: Vec<(Vec3<BodyFixed>, f64)> =
            caps.map(|(centre, radius)| (centre, chord(radius))).collect();
        for (index, (centre, radius_rad)) in discs.enumerate() {
            let chord = chord(radius_rad);
            for (list, (bin_centre, bin_chord)) in bins.lists.iter_mut().zip(&centres) {
                // Chords instead of angles: a hundred million pairs.
                let apart = centre - *bin_centre;
                let reach = chord + bin_chord;
                if apart.dot(apart) <= reach * reach {
                    list.push(index as u32);
                }
            }
        }
        bins
    }

    /// Indices of the discs that may reach a direction.
    pub(crate) fn at(&self, direction: Vec3<BodyFixed>) -> &[u32] {
        &self.lists[cube_cell(direction, self.side)]
    }

    /// A cap that holds the bin: centre direction and radius in rad.
    fn cap(&self, bin: usize) -> (Vec3<BodyFixed>, f64) {
        let at = |x: f64, y: f64| {
            let point = cube_point(bin, self.side, [x, y]);
            point * (1.0 / point.length())
        };
        let centre = at(0.5, 0.5);
        let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
        let reach = corners.map(|(x, y)| centre.angle_rad(at(x, y)));
        (centre, reach.into_iter().fold(0.0, f64::max))
    }
}

/// Chord of an angle, a little long. Chords of two angles add up to at least the chord of their sum.
fn chord(angle_rad: f64) -> f64 {
    2.0 * (0.5 * angle_rad).min(FRAC_PI_2).sin() + ROUNDING
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

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
