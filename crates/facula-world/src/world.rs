// SPDX-License-Identifier: MIT OR Apache-2.0
//! The built-in Ceres: terrain and albedo from published facts, filled up with a seeded population.
//!
//! From facts: radii (body file), named craters and faculae at their IAU places and sizes, Ahuna Mons, Occator's
//! central pit. Seeded: unnamed craters above 5 km with a cumulative density falling with the square of the
//! diameter (order of Hiesinger et al. 2016), 150 unnamed faculae (Stein et al. 2019, Icarus 320, 188, count over
//! 300), mottling of the albedo. ASSUMED: everything about the seeded part, contrasts of the named faculae other
//! than Cerealia's, and one photometric function for all ground.

use facula_core::{Body, BodyFixed, Ellipsoid, Feature, LonLat, Random, Vec3, features};
use facula_shape::{CubeGrid, GridSampling, RadiusGrid, Shape};

use crate::bins::Bins;
use crate::crater::{Crater, EJECTA_REACH, Mountain};
use crate::noise::lattice_noise;
use crate::patch::{Patch, TrueSpot};

/// How a world is made.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldOptions {
    /// Seed of everything that is not a fact.
    pub seed: u64,
    /// Cells along a cube face of the terrain; 1024 gives 0.94 km at a face's centre on Ceres.
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
#[derive(Debug, Clone)]
pub struct World {
    /// True terrain.
    pub shape: Shape,
    /// The bright spots put in.
    pub spots: Vec<TrueSpot>,
    /// Slope parameter G of its ground.
    pub phase_slope: f64,
    ellipsoid: Ellipsoid,
    ground_albedo: CubeGrid,
    patches: Vec<Patch>,
    patch_bins: Bins,
    survey_cells: usize,
}

/// Cumulative number of unnamed craters above 10 km, per km².
const CRATERS_ABOVE_10_KM: f64 = 6e-4;
/// Unnamed craters lie between these diameters, km.
const CRATER_RANGE_KM: (f64, f64) = (5.0, 60.0);
/// Seeded faculae lie between these diameters, km.
const FACULA_RANGE_KM: (f64, f64) = (1.6, 14.0);

impl World {
    /// The built-in Ceres for a body with its name and radii. For a body without named features only the seeded
    /// part is there.
    pub fn built_in(body: &Body, options: &WorldOptions) -> Self {
        let ellipsoid = body.ellipsoid();
        let named = features(&body.name);
        let craters = craters(&named, &ellipsoid, options.seed);
        let mountains = mountains(&named);
        let terrain = terrain(&ellipsoid, &craters, &mountains, options);
        let spots = spots(&named, &ellipsoid, options);
        let radius_km = ellipsoid.mean_radius_km();
        let patches: Vec<Patch> = spots.iter().map(|spot| spot.patch(radius_km)).collect();
        let patch_bins = Bins::new(64, patches.iter().map(|patch| (patch.centre, patch.reach_rad())));
        let ground_albedo = ground_albedo(body.normal_albedo, options);
        Self {
            shape: Shape::Grid(terrain),
            spots,
            phase_slope: body.phase_slope,
            ellipsoid,
            ground_albedo,
            patches,
            patch_bins,
            survey_cells: options.survey_cells,
        }
    }

    /// Normal albedo in a direction (unit vector).
    pub fn normal_albedo(&self, direction: Vec3<BodyFixed>) -> f64 {
        let excess: f64 = self
            .patch_bins
            .at(direction)
            .iter()
            .map(|k| self.patches[*k as usize].excess_at(direction))
            .sum();
        self.ground_albedo.value(direction) * (1.0 + excess)
    }

    /// Normal albedo of the ground without its spots.
    pub fn ground_albedo(&self, direction: Vec3<BodyFixed>) -> f64 {
        self.ground_albedo.value(direction)
    }

    /// Height of the true terrain above the ellipsoid along the radius in a direction (unit vector), km.
    pub fn height_km(&self, direction: Vec3<BodyFixed>) -> f64 {
        match &self.shape {
            Shape::Grid(grid) => grid.height_km(direction),
            _ => 0.0,
        }
    }

    /// The shape model a survey would have: the true terrain averaged to coarser cells. Relief smaller than two
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
}

fn craters(named: &[Feature], ellipsoid: &Ellipsoid, seed: u64) -> Vec<Crater> {
    let mut random = Random::new(seed, 1);
    let mut craters: Vec<Crater> = named
        .iter()
        .filter(|f| f.kind == "crater")
        .map(|f| Crater {
            centre: f.place.direction(),
            diameter_km: f.diameter_km,
            freshness: random.between(0.6, 1.0),
        })
        .collect();
    let area_km2 = 4.0 * std::f64::consts::PI * ellipsoid.mean_radius_km().powi(2);
    let (least_km, most_km) = CRATER_RANGE_KM;
    let above = |d_km: f64| CRATERS_ABOVE_10_KM * area_km2 * (10.0 / d_km).powi(2);
    let (all, large) = (above(least_km), above(most_km));
    for _ in 0..(all - large) as usize {
        let rank = random.between(large, all);
        let diameter_km = 10.0 * (CRATERS_ABOVE_10_KM * area_km2 / rank).sqrt();
        craters.push(Crater {
            centre: random.direction(),
            diameter_km,
            freshness: random.between(0.15, 0.9),
        });
    }
    // Large first: the young small ones lie on top of them.
    craters.sort_by(|a, b| b.diameter_km.total_cmp(&a.diameter_km));
    craters
}

/// Ahuna Mons (4 km high, 17 km wide: Ruesch et al. 2016, Science 353, aaf4286) and Occator's central pit
/// (9 km wide, 0.8 km deep) with its dome (2 km wide, 0.7 km high: Schenk et al. 2016, LPSC 47, 2697).
fn mountains(named: &[Feature]) -> Vec<Mountain> {
    let place = |name: &str| named.iter().find(|f| f.name == name).map(|f| f.place.direction());
    let mut mountains = Vec::new();
    if let Some(centre) = place("Ahuna Mons") {
        mountains.push(Mountain { centre, width_km: 17.0, height_km: 4.0 });
    }
    if let Some(centre) = place("Cerealia Facula") {
        mountains.push(Mountain { centre, width_km: 9.0, height_km: -0.8 });
        mountains.push(Mountain { centre, width_km: 2.5, height_km: 0.7 });
    }
    mountains
}

fn terrain(
    ellipsoid: &Ellipsoid,
    craters: &[Crater],
    mountains: &[Mountain],
    options: &WorldOptions,
) -> RadiusGrid {
    let radius_km = ellipsoid.mean_radius_km();
    let reach_rad = |c: &Crater| 0.5 * c.diameter_km * EJECTA_REACH / radius_km;
    let bins = Bins::new(48, craters.iter().map(|c| (c.centre, reach_rad(c))));
    let seed = options.seed;
    let sampling = GridSampling { ellipsoid: *ellipsoid, cells: options.terrain_cells };
    RadiusGrid::from_heights(sampling, |d| {
        let distance_km = |centre: Vec3<BodyFixed>| (d - centre).length() * radius_km;
        let mut height_km = 2.0 * lattice_noise(d, 3.0, seed ^ 11) + 0.6 * lattice_noise(d, 9.0, seed ^ 12);
        for index in bins.at(d) {
            let crater = &craters[*index as usize];
            height_km += crater.height_km(distance_km(crater.centre));
        }
        for mountain in mountains {
            height_km += mountain.height_at_km(distance_km(mountain.centre));
        }
        height_km + 0.05 * lattice_noise(d, 70.0, seed ^ 13)
    })
}

/// Mottling of the ground: 6 % over hundreds of km, 2 % over tens of km.
fn ground_albedo(mean: f64, options: &WorldOptions) -> CubeGrid {
    CubeGrid::from_fn(options.terrain_cells / 4, |v| {
        let d = v * (1.0 / v.length());
        let broad = 0.06 * lattice_noise(d, 4.0, options.seed ^ 21);
        let fine = 0.02 * lattice_noise(d, 25.0, options.seed ^ 22);
        mean * (1.0 + broad + fine)
    })
}

fn spots(named: &[Feature], ellipsoid: &Ellipsoid, options: &WorldOptions) -> Vec<TrueSpot> {
    let mut spots: Vec<TrueSpot> = named.iter().filter_map(named_spot).collect();
    let mut random = Random::new(options.seed, 2);
    let radius_km = ellipsoid.mean_radius_km();
    let mut serial = 0;
    while serial < options.faculae {
        let spot = seeded_spot(&mut random, serial + 1);
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

/// Named faculae, and the bright craters Haulani, Oxo, Kupalo, Juling as spots on their floors.
///
/// # Source
/// Contrast of Cerealia Facula: normal albedo 0.5 to 0.6 against 0.09 (Schröder et al. 2017, Icarus 288, 201).
/// The others: assumed.
fn named_spot(feature: &Feature) -> Option<TrueSpot> {
    let (diameter_km, axis_ratio, position_angle_deg, contrast) = match feature.name.as_str() {
        "Cerealia Facula" => (feature.diameter_km, 1.0, 0.0, 6.0),
        "Pasola Facula" => (feature.diameter_km, 1.0, 0.0, 1.5),
        "Vinalia Faculae" => (feature.diameter_km, 0.5, 70.0, 3.0),
        "Haulani" => (0.6 * feature.diameter_km, 0.9, 30.0, 1.6),
        "Oxo" => (0.7 * feature.diameter_km, 0.8, 0.0, 2.2),
        "Kupalo" => (0.4 * feature.diameter_km, 0.6, 120.0, 2.0),
        "Juling" => (0.3 * feature.diameter_km, 0.6, 45.0, 1.7),
        _ => return None,
    };
    Some(TrueSpot {
        name: feature.name.clone(),
        part_of: (feature.name == "Pasola Facula").then(|| "Cerealia Facula".to_string()),
        longitude_deg: feature.place.longitude_deg(),
        latitude_deg: feature.place.latitude_deg(),
        diameter_km,
        axis_ratio,
        position_angle_deg,
        contrast,
    })
}

fn seeded_spot(random: &mut Random, serial: usize) -> TrueSpot {
    let place = LonLat::of(random.direction());
    let (least_km, most_km) = FACULA_RANGE_KM;
    // Cumulative number falls with the 1.2th power of the diameter.
    let rank = random.between((least_km / most_km).powf(1.2), 1.0);
    TrueSpot {
        name: format!("T{serial:03}"),
        part_of: None,
        longitude_deg: place.longitude_deg(),
        latitude_deg: place.latitude_deg(),
        diameter_km: least_km * rank.powf(-1.0 / 1.2),
        axis_ratio: random.between(0.6, 1.0),
        position_angle_deg: random.between(0.0, 180.0),
        contrast: 1.25 + 2.75 * random.uniform().powi(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> (Body, World) {
        let body = Body::built_in("ceres").unwrap();
        let options =
            WorldOptions { terrain_cells: 128, survey_cells: 64, faculae: 30, ..Default::default() };
        let world = World::built_in(&body, &options);
        (body, world)
    }

    #[test]
    fn cerealia_facula_is_six_times_as_bright_as_its_surroundings() {
        let (_, world) = small();
        let centre = LonLat::from_degrees(239.6, 19.7).direction();
        let contrast = world.normal_albedo(centre) / world.ground_albedo(centre);
        // 6.0 and what Pasola Facula, which lies inside, may add.
        assert!((6.0..=6.6).contains(&contrast), "{contrast}");
        assert!((world.ground_albedo(centre) / 0.09 - 1.0).abs() < 0.09);
    }

    #[test]
    fn occator_is_a_hole_and_ahuna_a_mountain() {
        let body = Body::built_in("ceres").unwrap();
        let options = WorldOptions { terrain_cells: 512, survey_cells: 64, faculae: 0, ..Default::default() };
        let world = World::built_in(&body, &options);
        let height_km = |lon: f64, lat: f64| world.height_km(LonLat::from_degrees(lon, lat).direction());
        assert!(height_km(239.335, 22.5) < height_km(239.335, 25.3) - 2.0, "floor below rim");
        assert!(height_km(316.2, -10.4778) > height_km(318.5, -10.4778) + 1.5, "top above foot");
    }

    #[test]
    fn the_survey_shape_follows_the_terrain_at_long_wavelengths() {
        let (_, world) = small();
        let shape = world.survey_shape();
        let mut random = Random::new(5, 5);
        let mut squares = 0.0;
        for _ in 0..2_000 {
            let d = random.direction();
            squares += (shape.height_km(d) - world.height_km(d)).powi(2);
        }
        let rms_km = (squares / 2_000.0).sqrt();
        assert!(rms_km > 0.01 && rms_km < 0.6, "{rms_km}");
    }

    #[test]
    fn the_same_seed_makes_the_same_world_and_another_seed_another() {
        let body = Body::built_in("ceres").unwrap();
        let make = |seed| {
            let options = WorldOptions { seed, terrain_cells: 16, survey_cells: 8, faculae: 10 };
            World::built_in(&body, &options).spots
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}
