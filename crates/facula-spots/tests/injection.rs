// SPDX-License-Identifier: MIT OR Apache-2.0
#![allow(clippy::unwrap_used)]
//! Discs of known place, size and contrast, blurred, put on noise, slow texture and shaded craters: how many are
//! found, how many reports are false, how far off they are.
//!
//! Numbers of the built-in campaign: 3600 x 1800 cells of 0.82 km, frames of 1.27 km/px, point-spread function of
//! the map 2.3 cells, noise 0.5 %. Seeded, so the figures are the same on every machine.

use std::f64::consts::{PI, TAU};

use facula_core::{Ellipsoid, LonLat, MapGrid, PixelPos, Quality, Raster, Silent};
use facula_spots::{DetectOptions, Spot, SpotFlag, SpotMap, detect};

/// Issue 2: at least 95 % of the faculae of contrast 1.5 and 1.5 px, at most 5 % false, 0.5 px rms.
const COMPLETENESS: f64 = 0.95;
const FALSE_FRACTION: f64 = 0.05;
const POSITION_RMS_KM: f64 = 0.5 * 1.27;
/// Centroids of well-resolved discs are much better than what the issue asks.
const RESOLVED_RMS_CELLS: f64 = 0.2;
/// Worst of 120 discs on smooth ground: light of all, diameter and peak of those wider than 6 km.
const EXCESS_ERROR: f64 = 0.05;
/// The same in its own sigmas, on waves of ground.
const EXCESS_PULL: f64 = 2.5;
const DIAMETER_ERROR: f64 = 0.02;
const CONTRAST_ERROR: f64 = 0.03;
const PSF_CELLS: f64 = 2.3;
const NOISE: f64 = 0.005;
const HEIGHT: usize = 1800;

/// A small generator of the xorshift family: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }
    fn log_between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.uniform())
    }
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().max(1e-300).ln()).sqrt() * (TAU * self.uniform()).cos()
    }
    fn place(&mut self) -> LonLat {
        LonLat::new(TAU * self.uniform(), (2.0 * self.uniform() - 1.0).asin())
    }
}

struct Disc {
    place: LonLat,
    diameter_km: f64,
    contrast: f64,
}

struct World {
    grid: MapGrid,
    ellipsoid: Ellipsoid,
    albedo: Raster<f32>,
}

impl World {
    fn new() -> Self {
        let grid = MapGrid::global(HEIGHT);
        let texture = |k: usize| {
            let p = grid.place(PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64)).direction();
            // Waves of 300 and 90 km.
            0.09 * (1.0
                + 0.05 * (9.0 * p.x + 4.0 * p.y).sin() * (7.0 * p.z).cos()
                + 0.01 * (32.0 * p.y).sin() * (30.0 * p.x).cos())
        };
        let values = (0..grid.width * grid.height).map(|k| texture(k) as f32).collect();
        let ellipsoid = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        Self { grid, ellipsoid, albedo: Raster::from_vec(grid.width, grid.height, values).unwrap() }
    }

    fn cell_km(&self) -> f64 {
        self.grid.step_rad * self.ellipsoid.a_km
    }

    /// Multiplies the ground around a place by 1 + `relative(distance_km, bearing_rad)`.
    fn stamp(&mut self, place: LonLat, reach_km: f64, relative: impl Fn(f64, f64) -> f64) {
        let reach_rad = reach_km / self.ellipsoid.a_km;
        let (step, width) = (self.grid.step_rad, self.grid.width);
        let line = |latitude_rad: f64| {
            ((self.grid.north_rad - latitude_rad) / step).clamp(0.0, self.grid.height as f64) as usize
        };
        for y in line(place.latitude_rad + reach_rad)
            ..(line(place.latitude_rad - reach_rad) + 1).min(self.grid.height)
        {
            let cos = self.grid.place(PixelPos::new(0.0, y as f64)).latitude_rad.cos();
            let across = ((1.2 * reach_rad / cos / step).ceil() as usize + 2).min(width / 2);
            let middle = (place.longitude_rad / step) as usize;
            for dx in 0..(2 * across).min(width) {
                let x = (middle + width + dx - across) % width;
                let here = self.grid.place(PixelPos::new(x as f64, y as f64));
                let distance_km = here.separation_rad(place) * self.ellipsoid.a_km;
                if distance_km < reach_km {
                    let east = (here.longitude_rad - place.longitude_rad + PI).rem_euclid(TAU) - PI;
                    let bearing = (east * cos).atan2(here.latitude_rad - place.latitude_rad);
                    let value = self.albedo.at(x, y) * (1.0 + relative(distance_km, bearing)) as f32;
                    self.albedo.set(x, y, value);
                }
            }
        }
    }

    fn add_disc(&mut self, disc: &Disc) {
        let sigma_km = PSF_CELLS * self.cell_km() / 2.3548;
        let profile = blurred_disc(disc.diameter_km / 2.0, sigma_km);
        let reach_km = disc.diameter_km / 2.0 + 4.5 * sigma_km;
        self.stamp(disc.place, reach_km, |distance_km, _| {
            (disc.contrast - 1.0) * profile[(distance_km / reach_km * 255.0).round() as usize]
        });
    }

    /// A bowl whose walls a mosaic of several frames leaves shaded by up to `depth`, bright to one side.
    fn add_crater(&mut self, place: LonLat, diameter_km: f64, depth: f64) {
        let radius_km = diameter_km / 2.0;
        self.stamp(place, 1.3 * radius_km, |distance_km, bearing| {
            let r = distance_km / radius_km;
            let wall = if r < 1.0 { r * r } else { -0.5 * (1.3 - r) / 0.3 };
            depth * wall * (bearing - 0.4).cos()
        });
    }

    fn add_noise(&mut self, random: &mut Random) {
        for value in self.albedo.as_mut_slice() {
            *value *= 1.0 + (NOISE * random.normal()) as f32;
        }
    }

    fn spots(&self, quality: &Raster<Quality>) -> Vec<Spot> {
        let map = SpotMap {
            grid: self.grid,
            albedo: &self.albedo,
            quality,
            sigma: None,
            coverage: None,
            ellipsoid: self.ellipsoid,
            effective_psf_px: PSF_CELLS,
        };
        detect(&map, &DetectOptions::default(), &Silent).unwrap()
    }

    fn distance_km(&self, a: LonLat, b: LonLat) -> f64 {
        a.separation_rad(b) * self.ellipsoid.a_km
    }
}

/// Height of a unit disc after a Gaussian at 256 distances up to radius + 4.5 sigma: a sum over the disc.
fn blurred_disc(radius_km: f64, sigma_km: f64) -> Vec<f64> {
    let (rings, spokes) = (60, 72);
    let points: Vec<[f64; 3]> = (0..rings * spokes)
        .map(|k| {
            let r = (((k / spokes) as f64 + 0.5) / rings as f64).sqrt() * radius_km;
            let angle = TAU * (k % spokes) as f64 / spokes as f64;
            [r * angle.cos(), r * angle.sin(), PI * radius_km * radius_km / (rings * spokes) as f64]
        })
        .collect();
    let at = |distance_km: f64| -> f64 {
        let of = |[x, y, area]: &[f64; 3]| {
            area * (-0.5 * ((x - distance_km).powi(2) + y * y) / (sigma_km * sigma_km)).exp()
        };
        points.iter().map(of).sum::<f64>() / (TAU * sigma_km * sigma_km)
    };
    (0..256).map(|k| at(k as f64 / 255.0 * (radius_km + 4.5 * sigma_km))).collect()
}

/// Discs well apart from each other: contrast 1.5 to 6, diameter 1.9 to 20 km.
fn discs(random: &mut Random, count: usize) -> Vec<Disc> {
    let mut discs: Vec<Disc> = Vec::new();
    while discs.len() < count {
        let place = random.place();
        let disc = Disc {
            place,
            diameter_km: random.log_between(1.9, 20.0),
            contrast: random.log_between(1.5, 6.0),
        };
        if discs
            .iter()
            .all(|d| d.place.separation_rad(place) * 470.0 > 2.0 * (d.diameter_km + disc.diameter_km) + 10.0)
        {
            discs.push(disc);
        }
    }
    discs
}

struct Score {
    /// Diameter (km) and contrast of the discs that were not found.
    missed: Vec<(f64, f64)>,
    completeness: f64,
    false_fraction: f64,
    rms_km: f64,
    resolved_rms_km: f64,
}

fn score(world: &World, truth: &[Disc], spots: &[Spot]) -> Score {
    let near = |disc: &Disc, spot: &Spot| {
        world.distance_km(disc.place, spot.place) < 1.27f64.max(0.5 * disc.diameter_km)
    };
    let (mut squares, mut missed) = (Vec::new(), Vec::new());
    for disc in truth {
        let distances =
            spots.iter().filter(|s| near(disc, s)).map(|s| world.distance_km(disc.place, s.place));
        match distances.min_by(f64::total_cmp) {
            Some(distance_km) => squares.push((disc.diameter_km, distance_km * distance_km)),
            None => missed.push((disc.diameter_km, disc.contrast)),
        }
    }
    let rms = |least_km: f64| {
        let chosen: Vec<f64> = squares.iter().filter(|s| s.0 >= least_km).map(|s| s.1).collect();
        (chosen.iter().sum::<f64>() / chosen.len() as f64).sqrt()
    };
    // A second report of one disc counts as false too.
    let first = |k: usize| truth.iter().any(|d| near(d, &spots[k]) && !spots[..k].iter().any(|s| near(d, s)));
    let wrong: Vec<usize> = (0..spots.len()).filter(|k| !first(*k)).collect();
    Score {
        missed,
        completeness: squares.len() as f64 / truth.len() as f64,
        false_fraction: wrong.len() as f64 / spots.len().max(1) as f64,
        rms_km: rms(0.0),
        resolved_rms_km: rms(6.0),
    }
}

fn world(craters: usize) -> (World, Vec<Disc>) {
    let mut random = Random(0x5eed_1234_abcd_0001);
    let mut world = World::new();
    for _ in 0..craters {
        let place = random.place();
        // Cumulative number ∝ D⁻², as on old surfaces.
        let diameter_km = (3.0 / random.uniform().max(1e-4).sqrt()).min(150.0);
        let depth = random.between(0.02, 0.12);
        world.add_crater(place, diameter_km, depth);
    }
    let truth = discs(&mut random, 120);
    for disc in &truth {
        world.add_disc(disc);
    }
    world.add_noise(&mut random);
    (world, truth)
}

#[test]
fn injected_faculae_are_found_on_shaded_craters_and_noise() {
    let (world, truth) = world(6000);
    let quality = Raster::filled(world.grid.width, world.grid.height, Quality::GOOD);
    let spots = world.spots(&quality);
    let score = score(&world, &truth, &spots);
    eprintln!(
        "completeness {:.3}, false {:.3} of {}, rms {:.3} km, resolved {:.3} km",
        score.completeness,
        score.false_fraction,
        spots.len(),
        score.rms_km,
        score.resolved_rms_km
    );
    assert!(score.completeness >= COMPLETENESS, "missed {:?}", score.missed);
    assert!(score.false_fraction <= FALSE_FRACTION);
    assert!(score.rms_km <= POSITION_RMS_KM);
    assert!(score.resolved_rms_km <= RESOLVED_RMS_CELLS * world.cell_km());
}

#[test]
fn sizes_contrasts_and_excess_come_back() {
    let (world, truth) = world(0);
    let quality = Raster::filled(world.grid.width, world.grid.height, Quality::GOOD);
    let spots = world.spots(&quality);
    assert!(spots.len() <= truth.len(), "false reports on smooth ground");
    let mut worst: [f64; 3] = [0.0; 3];
    for disc in &truth {
        let Some(spot) = spots.iter().min_by(|a, b| {
            world.distance_km(a.place, disc.place).total_cmp(&world.distance_km(b.place, disc.place))
        }) else {
            continue;
        };
        let flux = PI / 4.0 * disc.diameter_km.powi(2) * (disc.contrast - 1.0);
        worst[0] = worst[0].max((spot.excess_km2 / flux - 1.0).abs());
        if disc.diameter_km > 6.0 {
            worst[1] = worst[1].max((spot.disc_diameter_km / disc.diameter_km - 1.0).abs());
            worst[2] = worst[2].max((spot.contrast / disc.contrast - 1.0).abs());
        }
        assert!(!spot.has(SpotFlag::Edge) && spot.outline.first() == spot.outline.last());
    }
    eprintln!("worst relative error of excess, diameter, contrast: {worst:?}");
    assert!(worst[0] < EXCESS_ERROR && worst[1] < DIAMETER_ERROR && worst[2] < CONTRAST_ERROR, "{worst:?}");
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads_or_on_where_the_map_begins() {
    let (world, _) = world(300);
    let quality = Raster::filled(world.grid.width, world.grid.height, Quality::GOOD);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| world.spots(&quality))
    };
    let spots = with(1);
    assert!(spots == with(3), "threads change the result");
    let turn = world.grid.width / 4;
    let mut turned = World { grid: MapGrid { west_rad: PI / 2.0, ..world.grid }, ..world };
    for line in 0..turned.grid.height {
        let width = turned.grid.width;
        turned.albedo.as_mut_slice()[line * width..][..width].rotate_left(turn);
    }
    let same = turned.spots(&quality);
    assert!(same.len().abs_diff(spots.len()) <= 2, "{} {}", same.len(), spots.len());
    for spot in spots.iter().filter(|s| s.significance > 20.0) {
        let nearest_km =
            same.iter().map(|s| turned.distance_km(s.place, spot.place)).fold(f64::MAX, f64::min);
        assert!(nearest_km < 0.1, "{} {nearest_km}", spot.id);
    }
}

#[test]
fn spots_at_the_pole_across_the_seam_and_beside_a_gap_are_found_once() {
    let mut world = World::new();
    let at =
        |lon, lat, diameter_km| Disc { place: LonLat::from_degrees(lon, lat), diameter_km, contrast: 2.0 };
    let beside_gap = at(90.0, 30.0, 8.0);
    let truth = [beside_gap, at(120.0, 89.7, 6.0), at(0.05, 10.0, 8.0), at(200.0, -89.9, 5.0)];
    truth.iter().for_each(|disc| world.add_disc(disc));
    world.add_noise(&mut Random(77));
    let mut quality = Raster::filled(world.grid.width, world.grid.height, Quality::GOOD);
    // The hole begins 8 km east of the first disc.
    for y in 500..700 {
        for x in 912..1200 {
            quality.set(x, y, Quality::MISSING);
            world.albedo.set(x, y, f32::NAN);
        }
    }
    let spots = world.spots(&quality);
    for (k, disc) in truth.iter().enumerate() {
        let found: Vec<_> = spots.iter().filter(|s| world.distance_km(s.place, disc.place) < 0.5).collect();
        assert_eq!(found.len(), 1, "{:?}", disc.place);
        let flux = PI / 4.0 * disc.diameter_km.powi(2);
        let (error, sigma) = (found[0].excess_km2 / flux - 1.0, found[0].excess_sigma_km2 / flux);
        eprintln!("{k}: excess off by {error:.3} of itself, sigma {sigma:.3}");
        assert!(error.abs() < EXCESS_ERROR.max(EXCESS_PULL * sigma), "{k}: {error} {sigma}");
        assert_eq!(found[0].has(SpotFlag::Edge), k == 0);
    }
    assert_eq!(spots.len(), truth.len());
}
