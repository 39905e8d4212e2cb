// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same body from far away: the map blurred and binned to coarse pixels, and searched again. What is one spot there
//! may be several here: the family tree of both tells.

use std::f64::consts::PI;

use facula_core::{MapGrid, PixelPos, Progress, Quality, Raster, Reporter, features};
use facula_spots::{DetectOptions, Spot, SpotMap, detect};
use rayon::prelude::*;

use super::charts::Picture;
use super::map_file::{FWHM_PER_SIGMA, OpenMap};
use super::spots::{SpotCatalogue, number};
use crate::RequestError;

/// What the folder of a view is called until it has a name.
pub(super) const FOLDER: &str = "view";
/// Least contrast of a spot from far away: Hubble's maps of Ceres span ± 6 % (Li et al. 2006, Icarus 182, 143).
const FAR_CONTRAST: f64 = 1.01;
/// The blur reaches so many sigma.
const REACH_SIGMA: f64 = 3.0;
/// A coarse pixel with less of its weight known has no value.
const LEAST_KNOWN: f64 = 0.5;

/// The spots of a map as seen at `pixel_km` per pixel through a point-spread function of the same width.
pub(super) fn from_far(
    map: &OpenMap,
    fine: &[Spot],
    (pixel_km, options): (f64, &DetectOptions),
    report: &dyn Reporter,
) -> Result<SpotCatalogue, RequestError> {
    let radius_km = map.body.ellipsoid().mean_radius_km();
    if !(pixel_km > 2.0 * map.cell_km() && pixel_km < 0.2 * radius_km) {
        let value = format!(
            "{pixel_km} (the map's cells are {:.2} km, the body's radius {radius_km:.0} km)",
            map.cell_km()
        );
        return Err(RequestError::argument("hubble-km (more than two cells, less than 0.2 radii)", &value));
    }
    let grid = coarse_grid(&map.grid, pixel_km / radius_km);
    report.progress(Progress { stage: "far view", done: 0, total: 1 });
    let values = blurred(map, &grid, pixel_km);
    let quality = values.map(|value| if value.is_nan() { Quality::MISSING } else { Quality::GOOD });
    let seen = SpotMap {
        grid,
        albedo: &values,
        quality: &quality,
        sigma: None,
        coverage: None,
        ellipsoid: map.body.ellipsoid(),
        effective_psf_px: 1.0,
    };
    // Lengths follow the pixels: windows of 20 of them, filters of 8. What relief shows small is gone, so that low contrasts
    // count; the noise decides.
    let wide = DetectOptions {
        least_contrast: options.least_contrast.min(FAR_CONTRAST),
        least_contrast_small: options.least_contrast_small.min(FAR_CONTRAST),
        largest_km: options.largest_km.max(8.0 * pixel_km),
        background_km: options.background_km.max(20.0 * pixel_km),
        noise_km: options.noise_km.max(25.0 * pixel_km),
        features: features(&map.body.name),
        ..options.clone()
    };
    let mut spots = detect(&seen, &wide, report)?;
    number(&mut spots);
    report.progress(Progress { stage: "far view", done: 1, total: 1 });
    Ok(SpotCatalogue {
        name: format!("{}_{pixel_km:.0}km", map.name),
        cell_km: pixel_km,
        about: format!(
            "{} as it would be seen at {pixel_km} km per pixel: {} of its {} spots",
            map.name,
            spots.len(),
            fine.len()
        ),
        spots,
        hosts: Vec::new(),
        extra: Vec::new(),
        folder: FOLDER.into(),
        picture: Picture::Map { values, grid, quantity: map.quantity.clone() },
        times_utc: Vec::new(),
    })
}

/// The window of a grid in coarser steps: whole steps around the body where it goes round.
fn coarse_grid(fine: &MapGrid, step_rad: f64) -> MapGrid {
    let (width_rad, height_rad) = (fine.width as f64 * fine.step_rad, fine.height as f64 * fine.step_rad);
    let lines = (height_rad / step_rad).round().max(1.0);
    let step_rad = height_rad / lines;
    let columns = (width_rad / step_rad).round().max(1.0);
    MapGrid { width: columns as usize, height: lines as usize, step_rad, ..*fine }
}

/// Means of the fine map about the middle of each coarse cell, weighted by a Gaussian on the ground.
fn blurred(map: &OpenMap, grid: &MapGrid, fwhm_km: f64) -> Raster<f32> {
    let sigma_rad = fwhm_km / FWHM_PER_SIGMA / map.body.ellipsoid().mean_radius_km();
    let mut values = Raster::filled(grid.width, grid.height, f32::NAN);
    values.as_mut_slice().par_iter_mut().enumerate().for_each(|(k, value)| {
        let middle = PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64);
        *value = mean_about(map, grid, middle, sigma_rad);
    });
    values
}

fn mean_about(map: &OpenMap, grid: &MapGrid, middle: PixelPos, sigma_rad: f64) -> f32 {
    let (fine, place) = (&map.grid, grid.place(middle));
    let direction = place.direction();
    let reach_rad = REACH_SIGMA * sigma_rad;
    let line_of = |latitude_rad: f64| (fine.north_rad - latitude_rad) / fine.step_rad - 0.5;
    let first = line_of(place.latitude_rad + reach_rad).ceil().max(0.0) as usize;
    let last =
        line_of(place.latitude_rad - reach_rad).floor().min(fine.height as f64 - 1.0).max(0.0) as usize;
    let column = (place.longitude_rad - fine.west_rad).rem_euclid(2.0 * PI) / fine.step_rad - 0.5;
    let (mut sum, mut weight, mut all) = (0.0, 0.0, 0.0);
    for line in first..=last {
        let latitude_rad = fine.place(PixelPos::new(0.0, line as f64)).latitude_rad;
        let cos = latitude_rad.cos().max(1e-6);
        let half = (reach_rad / (fine.step_rad * cos)).min(0.5 * fine.width as f64);
        // On lines near a pole cells are narrow: as many are asked as there are steps on the ground.
        let stride = (1.0 / cos).floor().max(1.0);
        let steps = (half / stride).floor() as i64;
        for step in -steps..=steps {
            let x = (column + step as f64 * stride).round() as i64;
            let inside = if fine.wraps() { x.rem_euclid(fine.width as i64) } else { x };
            if inside < 0 || inside >= fine.width as i64 {
                continue;
            }
            let there = fine.place(PixelPos::new(inside as f64, line as f64));
            let apart = (2.0 - 2.0 * direction.dot(there.direction())).max(0.0) / (sigma_rad * sigma_rad);
            if apart > REACH_SIGMA * REACH_SIGMA {
                continue;
            }
            let share = (-0.5 * apart).exp() * cos * stride;
            all += share;
            let index = line * fine.width + inside as usize;
            let value = f64::from(map.values.as_slice()[index]);
            if value.is_finite() && !map.quality.as_slice()[index].intersects(Quality::MISSING) {
                sum += share * value;
                weight += share;
            }
        }
    }
    if weight > LEAST_KNOWN * all && weight > 0.0 { (sum / weight) as f32 } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Body, LonLat};
    use std::path::PathBuf;

    fn map(value: impl Fn(LonLat) -> f32) -> OpenMap {
        let grid = MapGrid::global(256);
        let places = (0..grid.width * grid.height)
            .map(|k| grid.place(PixelPos::new((k % grid.width) as f64, (k / grid.width) as f64)));
        let values = Raster::from_vec(grid.width, grid.height, places.map(value).collect()).unwrap();
        OpenMap {
            name: "map".into(),
            path: PathBuf::new(),
            body: Body::built_in("ceres").unwrap(),
            grid,
            quality: values.map(|_| Quality::GOOD),
            values,
            sigma: None,
            coverage: None,
            effective_psf_px: 1.0,
            quantity: "albedo".into(),
            inputs: Vec::new(),
        }
    }

    #[test]
    fn an_even_map_stays_even_up_to_the_poles() {
        let map = map(|_| 0.1);
        let grid = coarse_grid(&map.grid, 60.0 / 470.0);
        assert!(grid.wraps() && grid.height > 20, "{grid:?}");
        let seen = blurred(&map, &grid, 60.0);
        assert!(seen.as_slice().iter().all(|v| (v - 0.1).abs() < 1e-6));
    }

    #[test]
    fn light_is_kept_wherever_a_spot_lies() {
        for (lon, lat) in [(0.1, 0.0), (100.0, 60.0), (200.0, -80.0)] {
            let centre = LonLat::from_degrees(lon, lat);
            let map = map(|place| if place.separation_rad(centre) < 0.06 { 1.1 } else { 0.1 });
            let grid = coarse_grid(&map.grid, 40.0 / 470.0);
            let seen = blurred(&map, &grid, 40.0);
            let mut excess = 0.0;
            for line in 0..grid.height {
                let place = grid.place(PixelPos::new(0.0, line as f64));
                let area = grid.step_rad * grid.step_rad * place.latitude_rad.cos();
                excess += seen.line(line).iter().map(|v| f64::from(*v) - 0.1).sum::<f64>() * area;
            }
            let disc = PI * 0.06 * 0.06;
            assert!((excess / disc - 1.0).abs() < 0.1, "{lon} {lat}: {}", excess / disc);
        }
    }
}
