// SPDX-License-Identifier: MIT OR Apache-2.0
//! A built-in world: terrain and albedo from published facts, filled up with a seeded population.
//!
//! From facts (`data/*.toml`, the nomenclature and the body file): radii, named craters and spots at their IAU places and
//! sizes, laws of depth and number, single landforms. Seeded: unnamed craters and spots, swells, roughness, mottling.
//! One photometric function holds for all ground.

use facula_core::{Body, BodyFixed, Ellipsoid, Feature, LonLat, Random, Vec3, features};
use facula_shape::{GridSampling, RadiusGrid, Shape};

use crate::facts::{FaculaLaws, SpotFact, WorldFacts};
use crate::ground::Ground;
use crate::patch::TrueSpot;
use crate::tint::{Tint, TintInput};

/// How a world is made.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldOptions {
    /// Seed of everything that is not a fact.
    pub seed: u64,
    /// Cells along a cube face of the base terrain; 1024 gives 0.94 km at a face's centre on Ceres.
    pub terrain_cells: usize,
    /// Cells along a cube face of the shape model given to the survey, coarser than the truth.
    pub survey_cells: usize,
    /// Number of unnamed faculae.
    pub faculae: usize,
}

impl Default for WorldOptions {
    fn default() -> Self {
        Self { seed: 20150415, terrain_cells: 1024, survey_cells: 384, faculae: 150 }
    }
}

/// Terrain, albedo and the spots in it.
///
/// The same ground at any footprint: what is larger than three footprints is there in full, what is smaller than one and a
/// half is not. The base terrain ([`World::shape`], [`World::height_km`]) is its sample at two cells of the grid.
///
/// ```
/// use facula_core::{Body, LonLat};
/// use facula_world::{World, WorldOptions};
///
/// let options = WorldOptions { terrain_cells: 64, survey_cells: 32, ..Default::default() };
/// let world = World::built_in(&Body::built_in("ceres")?, &options);
/// let ahuna = LonLat::from_degrees(316.2, -10.48).direction();
/// let foot = LonLat::from_degrees(317.4, -10.48).direction();
/// let rise_km = world.height_at_km(ahuna, 0.035) - world.height_at_km(foot, 0.035);
/// assert!(rise_km > 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct World {
    /// The base terrain.
    pub shape: Shape,
    /// The bright spots put in.
    pub spots: Vec<TrueSpot>,
    /// Slope parameter G of its ground.
    pub phase_slope: f64,
    ellipsoid: Ellipsoid,
    ground: Ground,
    tint: Tint,
    survey_cells: usize,
}

impl World {
    /// The built-in world of a body: its facts, or laws alone for a body without any.
    pub fn built_in(body: &Body, options: &WorldOptions) -> Self {
        Self::from_facts(body, &WorldFacts::built_in(&body.name), options)
    }

    /// A world of a body from facts.
    pub fn from_facts(body: &Body, facts: &WorldFacts, options: &WorldOptions) -> Self {
        let ellipsoid = body.ellipsoid();
        let radius_km = ellipsoid.mean_radius_km();
        let named = features(&body.name);
        let ground = Ground::new(facts, &named, (options.seed, radius_km));
        let spots = spots((facts, &named), radius_km, options);
        let input = TintInput {
            mean: body.normal_albedo,
            radius_km,
            seed: options.seed,
            laws: &facts.albedo,
            cells: options.terrain_cells / 4,
        };
        let tint = Tint::new(input, &spots);
        let footprint_km = base_footprint_km(radius_km, options.terrain_cells);
        let sampling = GridSampling { ellipsoid, cells: options.terrain_cells };
        let terrain = RadiusGrid::from_heights(sampling, |d| ground.height_km(d, footprint_km));
        Self {
            shape: Shape::Grid(terrain),
            spots,
            phase_slope: body.phase_slope,
            ellipsoid,
            ground,
            tint,
            survey_cells: options.survey_cells,
        }
    }

    /// The reference ellipsoid.
    pub fn ellipsoid(&self) -> Ellipsoid {
        self.ellipsoid
    }

    /// Normal albedo in a direction (unit vector): mottling as the base grid holds it, spots without texture.
    pub fn normal_albedo(&self, direction: Vec3<BodyFixed>) -> f64 {
        self.tint.coarse(direction)
    }

    /// Normal albedo of the ground without its spots, as the base grid holds it.
    pub fn ground_albedo(&self, direction: Vec3<BodyFixed>) -> f64 {
        self.tint.ground(direction)
    }

    /// Normal albedo in a direction (unit vector) averaged over a footprint (km, ≥ 0): spots smaller than it are fainter and
    /// wider with the same excess in all (footprints beyond 8 km do not widen them further).
    pub fn albedo_at(&self, direction: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        self.tint.at(direction, footprint_km)
    }

    /// Height of the base terrain above the ellipsoid along the radius in a direction (unit vector), km.
    pub fn height_km(&self, direction: Vec3<BodyFixed>) -> f64 {
        match &self.shape {
            Shape::Grid(grid) => grid.height_km(direction),
            _ => 0.0,
        }
    }

    /// Height of the ground above the ellipsoid along the radius in a direction (unit vector), km, with what can be
    /// seen with a footprint (km, ≥ 0): all that is larger than three footprints, nothing below one and a half.
    pub fn height_at_km(&self, direction: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        self.ground.height_km(direction, footprint_km)
    }

    /// Outward unit normal of the ground in a direction (unit vector), body-fixed, seen with a footprint (km): slopes
    /// over half a footprint to each side, 1 m at least.
    pub fn normal_at(&self, direction: Vec3<BodyFixed>, footprint_km: f64) -> Vec3<BodyFixed> {
        let step_rad = (0.5 * footprint_km).max(1e-3) / self.ellipsoid.mean_radius_km();
        let pole = if direction.z.abs() < 0.9 { Vec3::new(0.0, 0.0, 1.0) } else { Vec3::new(1.0, 0.0, 0.0) };
        let Some(east) = pole.cross(direction).unit() else { return direction };
        let north = direction.cross(east);
        let nearby = self.ground.nearby((direction, 2.0 * step_rad), footprint_km);
        let point_km = |side: Vec3<BodyFixed>| {
            let there = direction + side * step_rad;
            let there = there * (1.0 / there.length());
            there * (self.ellipsoid.radius_km(there) + nearby.height_km(there, footprint_km))
        };
        let (along_km, across_km) = (point_km(east) - point_km(-east), point_km(north) - point_km(-north));
        along_km.cross(across_km).unit().unwrap_or(direction)
    }

    /// The shape model a survey would have: the base terrain averaged to coarser cells. Relief smaller than two
    /// of its cells is lost, as in a real shape model.
    pub fn survey_shape(&self) -> RadiusGrid {
        let ellipsoid = self.ellipsoid;
        // Three by three samples over a cell (2 / cells rad at a face's centre).
        let step = 0.67 / self.survey_cells as f64;
        let sampling = GridSampling { ellipsoid, cells: self.survey_cells };
        RadiusGrid::from_heights(sampling, |d| {
            let side = d.cross(Vec3::new(0.3, 0.5, 0.8)).unit().unwrap_or(Vec3::new(1.0, 0.0, 0.0));
            let other = d.cross(side);
            let heights_km = (0..9).map(|k| {
                let at = d + side * (f64::from(k % 3 - 1) * step) + other * (f64::from(k / 3 - 1) * step);
                self.height_km(at * (1.0 / at.length()))
            });
            heights_km.sum::<f64>() / 9.0
        })
    }

    pub(crate) fn ground(&self) -> &Ground {
        &self.ground
    }
}

/// Footprint of a base grid: the two cells that a wave needs, at a face's centre.
fn base_footprint_km(radius_km: f64, cells: usize) -> f64 {
    4.0 / cells.max(1) as f64 * radius_km
}

fn spots((facts, named): (&WorldFacts, &[Feature]), radius_km: f64, options: &WorldOptions) -> Vec<TrueSpot> {
    let place = |fact: &SpotFact| named.iter().find(|f| f.name == fact.at);
    let mut spots: Vec<TrueSpot> =
        facts.spot.iter().filter_map(|fact| Some(named_spot(fact, place(fact)?))).collect();
    let mut random = Random::new(options.seed, 2);
    let mut serial = 0;
    // A body may be too small for all of them.
    for _ in 0..100 * options.faculae {
        if serial == options.faculae {
            break;
        }
        let spot = seeded_spot(&facts.faculae, &mut random, serial + 1);
        let apart = |other: &TrueSpot| {
            let gap_km = spot.place().separation_rad(other.place()) * radius_km;
            gap_km > 1.5 * (spot.diameter_km + other.diameter_km) + 8.0
        };
        if spots.iter().all(apart) {
            spots.push(spot);
            serial += 1;
        }
    }
    spots
}

fn named_spot(fact: &SpotFact, feature: &Feature) -> TrueSpot {
    TrueSpot {
        name: feature.name.clone(),
        part_of: fact.part_of.clone(),
        longitude_deg: feature.place.longitude_deg(),
        latitude_deg: feature.place.latitude_deg(),
        diameter_km: fact.size_ratio * feature.diameter_km,
        axis_ratio: fact.axis_ratio,
        position_angle_deg: fact.position_angle_deg,
        contrast: fact.contrast,
    }
}

fn seeded_spot(laws: &FaculaLaws, random: &mut Random, serial: usize) -> TrueSpot {
    let place = LonLat::of(random.direction());
    let rank = random.between((laws.least_km / laws.most_km).powf(laws.exponent), 1.0);
    let range = laws.most_contrast - laws.least_contrast;
    TrueSpot {
        name: format!("T{serial:03}"),
        part_of: None,
        longitude_deg: place.longitude_deg(),
        latitude_deg: place.latitude_deg(),
        diameter_km: laws.least_km * rank.powf(-1.0 / laws.exponent),
        axis_ratio: random.between(0.6, 1.0),
        position_angle_deg: random.between(0.0, 180.0),
        contrast: laws.least_contrast + range * random.uniform().powi(2),
    }
}

#[cfg(test)]
mod tests;
