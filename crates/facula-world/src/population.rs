// SPDX-License-Identifier: MIT OR Apache-2.0
//! Unnamed craters: how many, where, how old.
//!
//! A production function (cumulative, two powers of the diameter), capped where the ground is full: there the craters one
//! sees are the youngest, and their ages reach back only as far as a crater of that size lives. Ages run evenly; depth falls
//! with age as a hollow under diffusion, `1 / (1 + 2 κ t / s²)`, with the lifetime of the size as the unit of time (an
//! equilibrium of slope −2 under a steeper production asks for a diffusivity that grows with size: Minton et al. 2019,
//! Icarus 326, 63).
//!
//! Craters above [`BASE_KM`] are a list; smaller ones are made where they are needed: each octave of size has cells on the
//! cube faces, and each cell makes its few craters out of the seed and its number.

use facula_core::{BodyFixed, Random, Vec3};

use crate::crater::{Crater, Form, REACH};
use crate::faces::{cells_near, face_point};
use crate::facts::{CraterLaws, PopulationLaws};
use crate::noise::mix;

/// Craters from this diameter on are in the list, km.
pub(crate) const BASE_KM: f64 = 2.5;
/// Geometric saturation: cumulative number per km² times the square of the diameter (Gault 1970).
const SATURATION: f64 = 1.54;
/// Sizes in an octave.
const SIZES: usize = 64;
/// Octaves below [`BASE_KM`]: down to 5 m.
const OCTAVES: usize = 9;

impl PopulationLaws {
    /// Craters above a diameter (km) that ever formed on the oldest ground, per km².
    pub(crate) fn produced_per_km2(&self, diameter_km: f64) -> f64 {
        let large = |d_km: f64| self.count_above_10_km_per_km2 * (d_km / 10.0).powf(-self.slope_large);
        if diameter_km >= self.bend_km {
            large(diameter_km)
        } else {
            large(self.bend_km) * (diameter_km / self.bend_km).powf(-self.slope_small)
        }
    }

    /// Craters above a diameter (km) that are there, per km².
    pub(crate) fn present_per_km2(&self, diameter_km: f64) -> f64 {
        let full = self.saturation_fraction * SATURATION / (diameter_km * diameter_km);
        self.produced_per_km2(diameter_km).min(full)
    }

    /// Age of the oldest crater of a size (km) that is still there, over that of the oldest ground.
    pub(crate) fn lifetime_ratio(&self, diameter_km: f64) -> f64 {
        self.present_per_km2(diameter_km) / self.produced_per_km2(diameter_km).max(f64::MIN_POSITIVE)
    }

    /// Freshness at a fraction of the lifetime.
    pub(crate) fn freshness(&self, lived: f64) -> f64 {
        1.0 / (1.0 + self.softening * lived)
    }
}

/// The craters of the list, on a body of some radius.
pub(crate) fn listed(
    laws: &CraterLaws,
    population: &PopulationLaws,
    (seed, radius_km): (u64, f64),
) -> Vec<Crater> {
    let area_km2 = 4.0 * std::f64::consts::PI * radius_km * radius_km;
    let (most, least) = (population.largest_km.max(BASE_KM), BASE_KM);
    let [all, large] = [least, most].map(|d_km| population.present_per_km2(d_km));
    let mut random = Random::new(seed, 1);
    let count = ((all - large) * area_km2) as usize;
    let crater = |_| {
        let diameter_km = size_km(population, (least, most), random.uniform());
        let lived = random.uniform();
        let age_ratio = lived * population.lifetime_ratio(diameter_km);
        let form = Form::new(laws, diameter_km);
        let centre = random.direction();
        let hash = (random.uniform() * 9e15) as u64;
        Crater::new(centre, form, (population.freshness(lived), age_ratio), hash)
    };
    (0..count).map(crater).collect()
}

/// The diameter between two above which a fraction `rank` of the craters between them lies, km.
fn size_km(population: &PopulationLaws, (least, most): (f64, f64), rank: f64) -> f64 {
    let [all, large] = [least, most].map(|d_km| population.present_per_km2(d_km));
    let wanted = large + (all - large) * rank;
    let (mut low, mut high) = (least, most);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if population.present_per_km2(middle) > wanted { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// All craters with diameters from one value to twice that, made on demand.
#[derive(Debug, Clone)]
pub(crate) struct Octave {
    /// Upper end of the diameters, km.
    pub(crate) most_km: f64,
    side: usize,
    seed: u64,
    /// Mean number in a cell of solid angle 1.
    per_sr: f64,
    reach_rad: f64,
    lifetime_ratio: f64,
    forms: Vec<Form>,
    freshness: Vec<f64>,
}

/// The octaves below the list, large ones first.
pub(crate) fn octaves(
    laws: &CraterLaws,
    population: &PopulationLaws,
    (seed, radius_km): (u64, f64),
) -> Vec<Octave> {
    (0..OCTAVES)
        .map(|k| {
            let most_km = BASE_KM * 0.5f64.powi(k as i32);
            let least_km = 0.5 * most_km;
            let [all, large] = [least_km, most_km].map(|d_km| population.present_per_km2(d_km));
            let rank = |j: usize| (j as f64 + 0.5) / SIZES as f64;
            let size = |j: usize| Form::new(laws, size_km(population, (least_km, most_km), rank(j)));
            Octave {
                most_km,
                side: ((0.8 * radius_km / most_km) as usize).max(4),
                seed: mix(seed ^ (0xC0FF_EE00 + k as u64)),
                per_sr: (all - large) * radius_km * radius_km,
                reach_rad: 0.5 * most_km * REACH / radius_km,
                lifetime_ratio: population.lifetime_ratio(least_km * 2f64.sqrt()),
                forms: (0..SIZES).map(size).collect(),
                freshness: (0..SIZES).map(|j| population.freshness(rank(j))).collect(),
            }
        })
        .collect()
}

impl Octave {
    /// Calls `visit` with every crater that may reach into a cap (unit direction, radius in rad), always in the same order.
    pub(crate) fn each_near(&self, cap: (Vec3<BodyFixed>, f64), mut visit: impl FnMut(&Crater)) {
        let (direction, radius_rad) = cap;
        let reach = radius_rad + self.reach_rad;
        let chord = (reach * (1.0 + 1e-9)).powi(2);
        cells_near((direction, reach), self.side, |face, column, line| {
            let cell = mix(self.seed ^ (((face * self.side + line) * self.side + column) as u64));
            let step = 2.0 / self.side as f64;
            let corner = [column, line].map(|k| k as f64 * step - 1.0);
            for index in 0..self.count(cell, corner) {
                let hash = mix(cell.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
                let part = |shift: u32, bits: u32| {
                    ((hash >> shift) & ((1 << bits) - 1)) as f64 / (1u64 << bits) as f64
                };
                let point = face_point(face, corner[0] + step * part(0, 22), corner[1] + step * part(22, 22));
                let centre = point * (1.0 / point.length());
                let apart = direction - centre;
                if apart.dot(apart) <= chord {
                    visit(&self.crater(centre, hash));
                }
            }
        });
    }

    fn crater(&self, centre: Vec3<BodyFixed>, hash: u64) -> Crater {
        let form = self.forms[(hash >> 44) as usize % SIZES];
        let lived = (hash >> 50) as usize;
        let age_ratio = lived as f64 / (1 << 14) as f64 * self.lifetime_ratio;
        Crater::new(centre, form, (self.freshness[lived >> 8], age_ratio), hash)
    }

    /// Number of craters of a cell: Poisson.
    fn count(&self, cell: u64, [u, v]: [f64; 2]) -> u64 {
        let half = 1.0 / self.side as f64;
        let square = 1.0 + (u + half) * (u + half) + (v + half) * (v + half);
        let mean = self.per_sr * 4.0 * half * half / (square * square.sqrt());
        let rank = (mix(cell) >> 11) as f64 / (1u64 << 53) as f64;
        let (mut count, mut term) = (0, (-mean).exp());
        let mut sum = term;
        while rank > sum && count < 64 {
            count += 1;
            term *= mean / count as f64;
            sum += term;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::WorldFacts;

    const RADIUS_KM: f64 = 469.7;

    fn ceres() -> WorldFacts {
        WorldFacts::built_in("ceres")
    }

    #[test]
    fn the_list_follows_the_production_function_within_poisson() {
        let facts = ceres();
        let craters = listed(&facts.craters, &facts.population, (7, RADIUS_KM));
        let area_km2 = 4.0 * std::f64::consts::PI * RADIUS_KM * RADIUS_KM;
        let below = |d_km: f64| facts.population.present_per_km2(d_km) * area_km2;
        for d_km in [2.5, 5.0, 10.0, 20.0, 40.0] {
            let expected = below(d_km) - below(facts.population.largest_km);
            let found = craters.iter().filter(|c| c.form.diameter_km >= d_km).count() as f64;
            assert!((found - expected).abs() < 4.0 * expected.sqrt(), "{d_km} km: {found}, {expected}");
        }
    }

    #[test]
    fn octaves_go_on_where_the_list_ends_within_poisson() {
        let facts = ceres();
        for octave in &octaves(&facts.craters, &facts.population, (7, RADIUS_KM))[..5] {
            // A cap of 300 craters in the mean, at a corner of the cube, where three faces meet.
            let per_km2 = facts.population.present_per_km2(0.5 * octave.most_km)
                - facts.population.present_per_km2(octave.most_km);
            let radius_km = (300.0 / per_km2 / std::f64::consts::PI).sqrt();
            let centre = Vec3::new(1.0, -1.0, 1.0).unit().unwrap();
            let mut diameters = Vec::new();
            octave.each_near((centre, radius_km / RADIUS_KM), |c| {
                if (c.centre - centre).length() * RADIUS_KM < radius_km {
                    diameters.push(c.form.diameter_km);
                }
            });
            let found = diameters.len() as f64;
            assert!((found - 300.0).abs() < 4.0 * 300f64.sqrt(), "{} km: {found}", octave.most_km);
            // Slope near -2: sqrt 2 below the top lie half as many above as a factor of 2 gives: (2 - 1) / (4 - 1).
            let middle_km = octave.most_km / 2f64.sqrt();
            let above = diameters.iter().filter(|d| **d > middle_km).count() as f64;
            let share = (facts.population.present_per_km2(middle_km)
                - facts.population.present_per_km2(octave.most_km))
                / per_km2;
            assert!((above - 300.0 * share).abs() < 45.0, "{above} of {found}, share {share}");
        }
    }

    #[test]
    fn a_crater_is_the_same_from_wherever_it_is_looked_for() {
        let facts = ceres();
        let octave = &octaves(&facts.craters, &facts.population, (3, RADIUS_KM))[1];
        let mut random = Random::new(2, 2);
        for _ in 0..300 {
            let d = random.direction();
            let mut wide = Vec::new();
            octave.each_near((d, 0.02), |c| wide.push((c.centre.to_array(), c.age_ratio)));
            let near = (d + random.direction() * 0.015).unit().unwrap();
            octave.each_near((near, 0.0), |c| assert!(wide.contains(&(c.centre.to_array(), c.age_ratio))));
        }
    }

    #[test]
    fn the_cap_of_saturation_holds_and_lifetimes_shorten_below_it() {
        let laws = ceres().population;
        for d_km in [0.01, 0.1, 1.0, 3.0, 10.0] {
            assert!(laws.present_per_km2(d_km) * d_km * d_km <= 0.05 * SATURATION * (1.0 + 1e-12));
        }
        assert_eq!(laws.lifetime_ratio(10.0), 1.0);
        // Slope -3 against -2: half the size, half the life.
        assert!((laws.lifetime_ratio(0.1) / laws.lifetime_ratio(0.2) - 0.5).abs() < 1e-9);
    }
}
