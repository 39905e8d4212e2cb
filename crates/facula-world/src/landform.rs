// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mountains, domes, pits and fractured floors.

use facula_core::{BodyFixed, Vec3};

use crate::crater::erased;
use crate::facts::{FractureFact, MountainFact};
use crate::ground::Cover;
use crate::noise::{Wave, seen, smooth};

/// Something that stands at a place.
#[derive(Debug, Clone)]
pub(crate) enum Landform {
    Mountain(Mountain),
    Fractures(Box<Fractures>),
}

/// A mountain with rounded top and foot, or a pit.
#[derive(Debug, Clone)]
pub(crate) struct Mountain {
    centre: Vec3<BodyFixed>,
    width_km: f64,
    height_km: f64,
    age_ratio: f64,
}

/// Rings and rays of graben.
#[derive(Debug, Clone)]
pub(crate) struct Fractures {
    centre: Vec3<BodyFixed>,
    east: Vec3<BodyFixed>,
    north: Vec3<BodyFixed>,
    fact: FractureFact,
    /// Bends the lines.
    bends: [Wave; 2],
    /// Breaks the lines into pieces.
    breaks: Wave,
}

/// Radius of a pit's floor over that of the pit. ASSUMED.
const PIT_FLOOR: f64 = 0.4;
/// Lines stray from circles and radii by this rms, km.
const BEND_KM: f64 = 0.5;

impl Landform {
    pub(crate) fn mountain(fact: &MountainFact, centre: Vec3<BodyFixed>) -> Self {
        let MountainFact { width_km, height_km, age_ratio, .. } = *fact;
        Self::Mountain(Mountain { centre, width_km, height_km, age_ratio })
    }

    pub(crate) fn fractures(
        fact: &FractureFact,
        centre: Vec3<BodyFixed>,
        (seed, radius_km): (u64, f64),
    ) -> Self {
        let east = Vec3::new(0.0, 0.0, 1.0).cross(centre).unit().unwrap_or(Vec3::new(0.0, 1.0, 0.0));
        let wave =
            |k: u64, wavelength_km: f64, rms: f64| Wave::new(seed ^ k, (wavelength_km, radius_km), rms);
        Self::Fractures(Box::new(Fractures {
            centre,
            east,
            north: centre.cross(east),
            fact: fact.clone(),
            bends: [wave(51, 7.0, BEND_KM), wave(52, 7.0, BEND_KM)],
            breaks: wave(53, 9.0, 1.0),
        }))
    }

    /// What it erases in a direction.
    pub(crate) fn cover(&self, d: Vec3<BodyFixed>, radius_km: f64) -> Option<Cover> {
        let Self::Mountain(mountain) = self else { return None };
        if mountain.out_of_reach(d, radius_km) {
            return None;
        }
        let r = (d - mountain.centre).length() * radius_km / (0.5 * mountain.width_km);
        let left = 1.0 - erased(r);
        (left < 1.0).then_some(Cover {
            age_ratio: mountain.age_ratio,
            size_km: 0.5 * mountain.width_km,
            left,
        })
    }

    /// Height it adds in a direction, km.
    pub(crate) fn height_km(&self, d: Vec3<BodyFixed>, (footprint_km, radius_km): (f64, f64)) -> f64 {
        match self {
            Self::Mountain(mountain) => {
                mountain.height_at_km(d, radius_km) * seen(mountain.width_km, footprint_km)
            }
            // A graben of two widths is a line one sees in ground of its own width.
            Self::Fractures(fractures) => match seen(2.0 * fractures.fact.width_km, footprint_km) {
                0.0 => 0.0,
                share => -share * fractures.depth_km(d, radius_km),
            },
        }
    }
}

impl Mountain {
    /// Nothing of it beyond three quarters of its width.
    fn out_of_reach(&self, d: Vec3<BodyFixed>, radius_km: f64) -> bool {
        let apart = d - self.centre;
        let reach_km = 0.75 * self.width_km;
        apart.dot(apart) * radius_km * radius_km > reach_km * reach_km
    }

    fn height_at_km(&self, d: Vec3<BodyFixed>, radius_km: f64) -> f64 {
        let r = (d - self.centre).length() * radius_km / (0.5 * self.width_km);
        // Pits have a flat floor.
        let flat = if self.height_km < 0.0 { PIT_FLOOR } else { 0.0 };
        self.height_km * (1.0 - smooth((r - flat) / (1.0 - flat)))
    }
}

impl Fractures {
    fn depth_km(&self, d: Vec3<BodyFixed>, radius_km: f64) -> f64 {
        let fact = &self.fact;
        let apart = d - self.centre;
        if apart.dot(apart) > (1.2 * fact.outer_km / radius_km).powi(2) {
            return 0.0;
        }
        let x_km = apart.dot(self.east) * radius_km + self.bends[0].value(d);
        let y_km = apart.dot(self.north) * radius_km + self.bends[1].value(d);
        let r_km = x_km.hypot(y_km);
        let inside = smooth((r_km - fact.inner_km) / 2.0) * smooth((fact.outer_km - r_km) / 3.0);
        if inside == 0.0 {
            return 0.0;
        }
        let ring_km =
            fact.rings_km.iter().map(|ring_km| (r_km - ring_km).abs()).fold(f64::INFINITY, f64::min);
        let turn = f64::from(fact.rays.max(1)) * y_km.atan2(x_km) / std::f64::consts::TAU;
        // Every other ray begins half-way out, so that they do not crowd near the middle.
        let inner_km = if (turn.round() as i64) % 2 == 0 {
            fact.inner_km
        } else {
            0.5 * (fact.inner_km + fact.outer_km)
        };
        let apart_km =
            (turn - turn.round()).abs() * std::f64::consts::TAU * r_km / f64::from(fact.rays.max(1));
        let ray_km = if fact.rays > 0 && r_km > inner_km { apart_km } else { f64::INFINITY };
        let whole = self.breaks.value(d);
        let (rings, rays) = (smooth(1.5 * whole + 0.5), smooth(0.5 - 1.5 * whole));
        let cut = |distance_km: f64| 1.0 - smooth((distance_km / (0.5 * fact.width_km) - 0.4) / 0.6);
        fact.depth_km * inside * (rings * cut(ring_km)).max(rays * cut(ray_km))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact() -> FractureFact {
        FractureFact {
            at: "x".into(),
            rings_km: vec![8.0, 15.0],
            rays: 9,
            inner_km: 5.0,
            outer_km: 25.0,
            width_km: 0.4,
            depth_km: 0.1,
        }
    }

    #[test]
    fn fractures_cut_as_deep_as_the_fact_says_and_only_inside_their_ring() {
        let centre = Vec3::new(0.0, 0.0, 1.0);
        let form = Landform::fractures(&fact(), centre, (3, 470.0));
        let (mut deepest_km, mut cut, n) = (0.0f64, 0, 400);
        for i in -n..n {
            for j in -n..n {
                let at = Vec3::new(f64::from(i), f64::from(j), 0.0) * (0.09 / 470.0);
                let d = (centre + at).unit().unwrap();
                let height_km = form.height_km(d, (0.0, 470.0));
                deepest_km = deepest_km.min(height_km);
                cut += usize::from(height_km < -0.02);
                if at.length() * 470.0 > 27.5 {
                    assert_eq!(height_km, 0.0);
                }
            }
        }
        assert!((deepest_km + 0.1).abs() < 0.005, "{deepest_km}");
        // Lines, not areas.
        let share = f64::from(cut as u32) / f64::from(4 * n * n);
        assert!(share > 0.005 && share < 0.1, "{share}");
    }

    #[test]
    fn fractures_are_gone_from_ground_too_coarse_for_them() {
        let form = Landform::fractures(&fact(), Vec3::new(0.0, 0.0, 1.0), (3, 470.0));
        for k in 0..1000 {
            let d = Vec3::new(f64::from(k) * 5e-5, 0.0, 1.0).unit().unwrap();
            assert_eq!(form.height_km(d, (1.0, 470.0)), 0.0);
        }
    }
}
