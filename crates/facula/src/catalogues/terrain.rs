// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slopes under spots from a map of heights: a bright spot on steep ground may be a lit wall.

use facula_core::{Body, Raster, Reporter, quantile};
use facula_map::slope_deg;
use facula_spots::{ExtraColumn, Spot};

use super::map_file::{MapChoice, OpenMap};
use super::sample::cell;
use crate::RequestError;
use crate::survey::InputFile;

/// Median and largest slope of the ground under each spot.
pub(super) fn columns(
    spots: &[Spot],
    (choice, body): (&MapChoice, &Body),
    report: &dyn Reporter,
    inputs: &mut Vec<InputFile>,
) -> Result<[ExtraColumn; 2], RequestError> {
    let of_body = MapChoice { body: choice.body.clone().or(Some(body.name.clone())), ..choice.clone() };
    let heights = OpenMap::open(&of_body, report)?;
    inputs.extend(heights.inputs.iter().cloned());
    let slopes = slope_deg(&heights.values, &heights.grid, body.ellipsoid().mean_radius_km())?;
    let of = |part: f64| spots.iter().map(|spot| under(spot, &slopes, &heights, part)).collect();
    Ok([
        ExtraColumn::numbers(
            "terrain_slope_deg",
            "median slope of the ground under the spot, from --dtm",
            of(0.5),
        ),
        ExtraColumn::numbers("terrain_steepest_deg", "90th percentile of the slope under the spot", of(0.9)),
    ])
}

fn under(spot: &Spot, slopes: &Raster<f32>, heights: &OpenMap, part: f64) -> f64 {
    let cells = spot.footprint.iter().filter_map(|place| cell(&heights.grid, *place));
    let mut known: Vec<f32> = cells.map(|k| slopes.as_slice()[k]).filter(|slope| !slope.is_nan()).collect();
    quantile(&mut known, part, f32::total_cmp).map_or(f64::NAN, f64::from)
}
