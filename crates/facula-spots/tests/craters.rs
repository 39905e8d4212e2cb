// SPDX-License-Identifier: MIT OR Apache-2.0
//! Craters that were put in come out: on heights with slope and noise, worn ones too; on terrain without craters none.

// Tests may unwrap.
#![allow(clippy::unwrap_used)]

use facula_core::{Ellipsoid, LonLat, MapGrid, PixelPos, Random, Raster, Silent};
use facula_spots::{CraterGuess, CraterMap, CraterOptions, Surface, detect_craters, fit_craters};

/// The bound on centre and radius, cells.
const RIM_CELLS: f64 = 0.5;

/// False finds on random waves per cell of the map: the rate that `CraterOptions` states.
const MOST_FALSE_PER_CELL: f64 = 2e-6;

fn sphere() -> Ellipsoid {
    Ellipsoid::new(470.0, 470.0, 470.0).unwrap()
}

/// Height over the diameter of a fresh bowl at a distance over the radius: depth 0.2 D, rim 0.036 D (Pike 1977, Proc.
/// Lunar Sci. Conf. 8, 3427), ejecta falling with the cube of distance (McGetchin et al. 1973).
fn fresh(x: f64) -> f64 {
    if x < 1.0 { 0.2 * x * x - 0.164 } else { 0.036 / (x * x * x) }
}

/// A worn bowl: the fresh one smoothed along the radius by a Gaussian of `width` radii.
fn worn(x: f64, width: f64) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for k in -24..=24 {
        let t = f64::from(k) / 8.0;
        let weight = (-0.5 * t * t).exp();
        sum += weight * fresh((x + t * width).abs());
        total += weight;
    }
    sum / total
}

/// Where the crest of a profile is, over the radius.
fn crest(profile: &dyn Fn(f64) -> f64) -> f64 {
    (700..1400).map(|k| f64::from(k) / 1000.0).max_by(|a, b| profile(*a).total_cmp(&profile(*b))).unwrap()
}

struct Put {
    place: LonLat,
    diameter_km: f64,
}

struct Ground {
    grid: MapGrid,
    heights_km: Raster<f32>,
    put: Vec<Put>,
}

/// Distance on the sphere, km.
fn distance_km(a: LonLat, b: LonLat) -> f64 {
    a.separation_rad(b) * 470.0
}

/// Craters of 14 to 70 cells apart from each other on a global map, on random waves.
fn ground(lines: usize, seed: u64, profile: &dyn Fn(f64) -> f64, noise_km: f64) -> Ground {
    let grid = MapGrid::global(lines);
    let cell_km = grid.step_rad * 470.0;
    let mut random = Random::new(seed, 1);
    let mut put: Vec<Put> = Vec::new();
    for _ in 0..4000 {
        let place = LonLat::of(random.direction());
        let diameter_km = cell_km * 14.0 * 5f64.powf(random.uniform());
        let apart = |p: &Put| distance_km(p.place, place) > 1.1 * (p.diameter_km + diameter_km);
        if put.len() < 60 && put.iter().all(apart) {
            put.push(Put { place, diameter_km });
        }
    }
    let table: Vec<f64> = (0..=3000).map(|k| profile(f64::from(k) / 1000.0)).collect();
    let mut heights_km = waves(grid, seed, noise_km);
    for y in 0..grid.height {
        let latitude = grid.place(PixelPos::new(0.0, y as f64)).latitude_rad;
        let near: Vec<&Put> = put
            .iter()
            .filter(|p| (p.place.latitude_rad - latitude).abs() * 470.0 < 1.5 * p.diameter_km)
            .collect();
        for x in 0..grid.width {
            let place = grid.place(PixelPos::new(x as f64, y as f64));
            let mut height = heights_km.at(x, y);
            for p in &near {
                let at = distance_km(p.place, place) / (0.5 * p.diameter_km);
                if at < 3.0 {
                    // Ejecta end smoothly.
                    let fade = ((3.0 - at) / 0.5).min(1.0);
                    height += (table[(at * 1000.0) as usize] * p.diameter_km * fade) as f32;
                }
            }
            heights_km.set(x, y, height);
        }
    }
    Ground { grid, heights_km, put }
}

/// Slopes and waves: wavelengths from 300 km down to two cells with the amplitude growing as wavelength to the power 0.85
/// (Hurst exponent of planetary terrain; Rosenburg et al. 2011, JGR 116, E02001).
fn waves(grid: MapGrid, seed: u64, rms_km: f64) -> Raster<f32> {
    let mut random = Random::new(seed, 2);
    let cell_km = grid.step_rad * 470.0;
    let mut all = Vec::new();
    let mut wavelength_km = 300.0;
    while wavelength_km > 2.0 * cell_km {
        for _ in 0..8 {
            let k = random.direction() * (std::f64::consts::TAU * 470.0 / wavelength_km);
            // `rms_km` is that at 10 km.
            let amplitude = 0.5 * rms_km * (wavelength_km / 10.0f64).powf(0.85);
            all.push((k, random.between(0.0, std::f64::consts::TAU), amplitude));
        }
        wavelength_km /= 1.6;
    }
    let cell = |k: usize| {
        let direction =
            grid.place(PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64)).direction();
        all.iter().map(|(k, phase, amplitude)| amplitude * (k.dot(direction) + phase).sin()).sum::<f64>()
            as f32
    };
    let values = (0..grid.width * grid.height).map(cell).collect();
    Raster::from_vec(grid.width, grid.height, values).unwrap()
}

/// Of the craters put in: found, and rms errors of centre (both directions together) and radius, cells.
struct Recovery {
    found: usize,
    all: usize,
    others: usize,
    centre_cells: f64,
    radius_cells: f64,
    radius_bias_cells: f64,
    /// Mean of the squared errors over the variances said: centre and diameter.
    chi2: [f64; 2],
}

fn recover(ground: &Ground, crest: f64, options: &CraterOptions) -> Recovery {
    let map = CraterMap {
        grid: ground.grid,
        values: &ground.heights_km,
        surface: Surface::Heights,
        ellipsoid: sphere(),
    };
    let search = detect_craters(&map, options, &Silent).unwrap();
    let cell_km = ground.grid.step_rad * 470.0;
    let mut errors = Vec::new();
    let mut chi2 = [0.0; 2];
    for put in &ground.put {
        let near = search.craters.iter().filter(|c| {
            distance_km(c.place, put.place) < 0.25 * put.diameter_km
                && (c.diameter_km / put.diameter_km).ln().abs() < 0.3
        });
        let best =
            near.min_by(|a, b| distance_km(a.place, put.place).total_cmp(&distance_km(b.place, put.place)));
        if let Some(crater) = best {
            let radius_km = 0.5 * (crater.diameter_km - put.diameter_km * crest);
            let centre_km = distance_km(crater.place, put.place);
            errors.push((centre_km / cell_km, radius_km / cell_km));
            let [[east, _], [_, north]] = crater.centre_covariance_km2;
            chi2[0] += centre_km * centre_km / (east + north);
            chi2[1] += (2.0 * radius_km / crater.diameter_sigma_km).powi(2);
        }
    }
    let n = errors.len().max(1) as f64;
    Recovery {
        found: errors.len(),
        all: ground.put.len(),
        others: search.craters.len() - errors.len(),
        centre_cells: (errors.iter().map(|e| e.0 * e.0).sum::<f64>() / n).sqrt(),
        radius_cells: (errors.iter().map(|e| e.1 * e.1).sum::<f64>() / n).sqrt(),
        radius_bias_cells: errors.iter().map(|e| e.1).sum::<f64>() / n,
        chi2: chi2.map(|c| c / n),
    }
}

fn told(name: &str, r: &Recovery) -> String {
    format!(
        "{name}: {} of {} found, {} others; centre {:.3}, radius {:.3} cells rms, bias {:.3}; chi2 {:.2} {:.2}",
        r.found, r.all, r.others, r.centre_cells, r.radius_cells, r.radius_bias_cells, r.chi2[0], r.chi2[1]
    )
}

#[test]
fn fresh_craters_come_back_to_half_a_cell() {
    let ground = ground(1024, 1, &fresh, 0.03);
    let r = recover(&ground, 1.0, &CraterOptions::default());
    eprintln!("{}", told("fresh", &r));
    assert_eq!(r.found, r.all);
    assert!(r.centre_cells < RIM_CELLS && r.radius_cells < RIM_CELLS);
}

#[test]
fn worn_craters_come_back_to_half_a_cell() {
    let profile = |x: f64| 0.5 * worn(x, 0.08);
    let ground = ground(1024, 2, &profile, 0.015);
    let r = recover(&ground, crest(&profile), &CraterOptions::default());
    eprintln!("{}", told("worn", &r));
    assert!(r.found * 100 >= r.all * 95);
    assert!(r.centre_cells < RIM_CELLS && r.radius_cells < RIM_CELLS);
}

#[test]
fn terrain_without_craters_has_next_to_none() {
    let grid = MapGrid::global(1024);
    let cells = 4.0 * std::f64::consts::PI / (grid.step_rad * grid.step_rad);
    let mut found = 0;
    for seed in 0..3 {
        let heights_km = waves(grid, 100 + seed, 0.03);
        let map = CraterMap { grid, values: &heights_km, surface: Surface::Heights, ellipsoid: sphere() };
        let search = detect_craters(&map, &CraterOptions::default(), &Silent).unwrap();
        eprintln!("waves {seed}: {} found, {} upside down", search.craters.len(), search.chance_count);
        found += search.craters.len();
    }
    eprintln!("{found} in {:.2e} cells", 3.0 * cells);
    assert!((found as f64) < MOST_FALSE_PER_CELL * 3.0 * cells, "{found}");
}

#[test]
fn nothing_to_find_is_an_empty_answer() {
    let empty = |width: usize, height: usize, value: f32| {
        let grid = MapGrid { width, height, ..MapGrid::global(height.max(1)) };
        let values = Raster::filled(width, height, value);
        let map = CraterMap { grid, values: &values, surface: Surface::Heights, ellipsoid: sphere() };
        let search = detect_craters(&map, &CraterOptions::default(), &Silent).unwrap();
        let guess = CraterGuess { place: LonLat::from_degrees(10.0, 10.0), diameter_km: 100.0 };
        let fitted = fit_craters(&map, &[guess], &CraterOptions::default()).unwrap();
        assert!(search.craters.is_empty() && fitted[0].is_none(), "{width} {height} {value}");
    };
    for value in [0.0, 5.0, f32::NAN, f32::INFINITY] {
        empty(256, 128, value);
        empty(1, 1, value);
        empty(2, 1, value);
        empty(9, 3, value);
    }
}
