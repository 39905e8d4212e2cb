// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many craters of which size: counts with Poisson errors, and the files that craterstats reads.
//!
//! # Source
//! Bins and errors: Crater Analysis Techniques Working Group 1979, Icarus 37, 467 (diameters in steps of √2; the error of
//! a count is its square root). Files: the samples that come with craterstats 3 (G. Michael,
//! github.com/ggmichael/craterstats, `sample.diam`, `Pickering.scc`); see Michael and Neukum 2010, Earth Planet. Sci.
//! Lett. 294, 223.

use std::io::{self, Write};
use std::path::Path;

use facula_core::{Body, PixelPos};
use rayon::prelude::*;

use crate::SpotError;
use crate::catalogue::{position_deg, write_aside};
use crate::craters::{Crater, CraterMap};

/// One bin of a size-frequency table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeBin {
    /// Smallest diameter (included), km.
    pub least_km: f64,
    /// Largest diameter (not included), km.
    pub greatest_km: f64,
    /// Craters in the bin.
    pub count: usize,
    /// Craters as large as the bin's smallest or larger.
    pub cumulative_count: usize,
    /// Craters as large or larger per area, 1/km².
    pub cumulative_per_km2: f64,
    /// One-sigma error of it, 1/km².
    pub cumulative_sigma_per_km2: f64,
    /// Craters per area and width of the bin, 1/km³.
    pub differential_per_km3: f64,
    /// One-sigma error of it, 1/km³.
    pub differential_sigma_per_km3: f64,
}

/// Sizes of the craters of an area.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeFrequency {
    /// The area they were counted on, km².
    pub area_km2: f64,
    /// Bins in steps of √2 through 1 km, smallest first; none empty at either end.
    pub bins: Vec<SizeBin>,
}

/// Counts the craters of an area by size. No bins for no craters, or for an area that is not positive.
pub fn size_frequency(craters: &[Crater], area_km2: f64) -> SizeFrequency {
    let edge = |k: i32| 2f64.powf(0.5 * f64::from(k));
    let diameters = craters.iter().map(|c| c.diameter_km).filter(|d| *d > 0.0 && d.is_finite());
    // A diameter on an edge belongs to the bin above, whatever the logarithm rounds to.
    let of = |d: f64| {
        let k = (2.0 * d.log2()).round() as i32;
        if d >= edge(k) { k } else { k - 1 }
    };
    let mut numbers: Vec<i32> = diameters.map(of).collect();
    numbers.sort_unstable();
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        return SizeFrequency { area_km2, bins: Vec::new() };
    };
    if !(area_km2 > 0.0) {
        return SizeFrequency { area_km2, bins: Vec::new() };
    }
    let bin = |k: i32| {
        let below = numbers.partition_point(|n| *n < k);
        let count = numbers.partition_point(|n| *n <= k) - below;
        let cumulative_count = numbers.len() - below;
        let (least_km, greatest_km) = (edge(k), edge(k + 1));
        let (per_area, per_bin) = (1.0 / area_km2, 1.0 / (area_km2 * (greatest_km - least_km)));
        SizeBin {
            least_km,
            greatest_km,
            count,
            cumulative_count,
            cumulative_per_km2: cumulative_count as f64 * per_area,
            cumulative_sigma_per_km2: (cumulative_count as f64).sqrt() * per_area,
            differential_per_km3: count as f64 * per_bin,
            differential_sigma_per_km3: (count as f64).sqrt() * per_bin,
        }
    };
    SizeFrequency { area_km2, bins: (first..=last).map(bin).collect() }
}

/// Area of the map's known cells, km²: each on the sphere of the ellipsoid's radius there.
pub fn covered_km2(map: &CraterMap<'_>) -> f64 {
    let line = |y: usize| {
        let known = (0..map.grid.width).filter(|x| map.values.get(*x, y).is_some_and(f32::is_finite)).count();
        let latitude_rad = |y_px: f64| map.grid.place(PixelPos::new(0.0, y_px)).latitude_rad;
        let (north, south) = (latitude_rad(y as f64 - 0.5), latitude_rad(y as f64 + 0.5));
        let middle = map.grid.place(PixelPos::new(0.5 * map.grid.width as f64, y as f64));
        let radius_km = map.ellipsoid.radius_km(middle.direction());
        known as f64 * map.grid.step_rad * (north.sin() - south.sin()) * radius_km * radius_km
    };
    // Collected first: the order of the sum must not depend on threads.
    let lines: Vec<f64> = (0..map.grid.height).into_par_iter().map(line).collect();
    lines.iter().sum()
}

/// Writes diameters and places as `.diam`, for craterstats.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_diam(path: &Path, craters: &[Crater], area_km2: f64) -> Result<(), SpotError> {
    write_aside(path, |file| {
        writeln!(
            file,
            "# Crater diameters counted by facula\n#\n# area, km^2\narea = {}\n#",
            full(area_km2)
        )?;
        writeln!(file, "#         km, fraction, deg, deg\ncrater = {{diameter, fraction, lon, lat")?;
        write_rows(file, craters)?;
        writeln!(file, "}}")
    })
}

/// Writes a spatial crater count (`.scc`), for craterstats. The boundary of the counted area is not written: it would
/// need one polygon, and maps have holes.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_scc(path: &Path, craters: &[Crater], area_km2: f64, body: &Body) -> Result<(), SpotError> {
    write_aside(path, |file| {
        writeln!(file, "# Spatial crater count by facula\n#\n# Ellipsoid axes:")?;
        for (axis, radius_km) in ["a", "b", "c"].iter().zip(body.radii_km) {
            writeln!(file, "{axis}_axis_radius = {radius_km} <km>")?;
        }
        writeln!(file, "coordinate_system_name = {}\n#", system(body))?;
        writeln!(file, "Total_area = {} <km^2>\n#\n# crater_diameters:", full(area_km2))?;
        writeln!(file, "crater = {{diam, fraction, lon, lat")?;
        write_rows(file, craters)?;
        writeln!(file, "}}")
    })
}

fn write_rows(file: &mut impl Write, craters: &[Crater]) -> io::Result<()> {
    for crater in craters {
        let [longitude_deg, latitude_deg] = position_deg(crater.place);
        writeln!(file, "{}\t1\t{longitude_deg:.6}\t{latitude_deg:.6}", full(crater.diameter_km))?;
    }
    Ok(())
}

fn system(body: &Body) -> String {
    body.iau_2015
        .as_ref()
        .map_or_else(|| format!("{} planetocentric", body.name), |crs| crs.geographic_name.clone())
}

/// Digits and a point, never an exponent: craterstats reads no more of an area.
fn full(value: f64) -> String {
    format!("{value:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craters::Surface;
    use crate::craters::crater::tests::crater_at;
    use facula_core::{Ellipsoid, MapGrid, Raster};

    fn sized(diameters_km: &[f64]) -> Vec<Crater> {
        diameters_km.iter().map(|d| crater_at(10.0, 0.0, *d)).collect()
    }

    #[test]
    fn counts_and_errors_are_those_of_poisson() {
        let table = size_frequency(&sized(&[1.0, 1.2, 1.3, 2.0, 2.1, 8.0]), 100.0);
        assert_eq!(table.bins.len(), 7);
        let counts: Vec<_> = table.bins.iter().map(|b| (b.count, b.cumulative_count)).collect();
        assert_eq!(counts, [(3, 6), (0, 3), (2, 3), (0, 1), (0, 1), (0, 1), (1, 1)]);
        let first = table.bins[0];
        assert!((first.least_km - 1.0).abs() < 1e-12 && (first.greatest_km - 2f64.sqrt()).abs() < 1e-12);
        assert!((first.cumulative_sigma_per_km2 - 6f64.sqrt() / 100.0).abs() < 1e-12);
        assert!((first.differential_per_km3 - 3.0 / (100.0 * 0.414_213_562_373)).abs() < 1e-9);
        assert!(size_frequency(&[], 100.0).bins.is_empty());
        assert!(size_frequency(&sized(&[1.0]), f64::NAN).bins.is_empty());
    }

    #[test]
    fn the_area_of_a_whole_sphere_and_of_half_of_it() {
        let grid = MapGrid::global(90);
        let mut values = Raster::filled(grid.width, grid.height, 1.0f32);
        let ellipsoid = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let sphere_km2 = 4.0 * std::f64::consts::PI * 470.0 * 470.0;
        let of = |values: &Raster<f32>| {
            covered_km2(&CraterMap { grid, values, surface: Surface::Heights, ellipsoid })
        };
        assert!((of(&values) / sphere_km2 - 1.0).abs() < 1e-9);
        values.as_mut_slice()[..180 * 45].fill(f32::NAN);
        assert!((of(&values) / sphere_km2 - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_files_are_those_craterstats_reads() {
        // craterstats 3.2.1, Cratercount, reads these lines: area 100, diameters 2.5 and 1.1 km.
        let folder = tempfile::tempdir().unwrap();
        let craters = [crater_at(239.6, 19.7, 2.5), crater_at(10.0, -5.0, 1.1)];
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        write_diam(&folder.path().join("a.diam"), &craters, 100.0).unwrap();
        let text = read("a.diam");
        assert!(text.contains("\narea = 100.000000\n"), "{text}");
        let rows = "crater = {diameter, fraction, lon, lat\n2.500000\t1\t-120.400000\t19.700000\n1.100000\t1\t10.000000\t-5.000000\n}\n";
        assert!(text.ends_with(rows), "{text}");
        write_scc(&folder.path().join("a.scc"), &craters, 100.0, &Body::built_in("ceres").unwrap()).unwrap();
        let text = read("a.scc");
        assert!(
            text.contains("\nTotal_area = 100.000000 <km^2>\n") && text.contains("a_axis_radius = 482"),
            "{text}"
        );
        assert!(text.contains("crater = {diam, fraction, lon, lat\n2.500000\t1\t"), "{text}");
    }
}
