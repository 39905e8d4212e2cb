// SPDX-License-Identifier: MIT OR Apache-2.0
//! Slopes under spots from a map of heights: a bright spot on steep ground may be a lit wall.
//!
//! A mosaic does not tell from where its ground was lit. So a spot is judged by what the slope under it could do at most: the
//! plane through the heights under it turned straight to the Sun (for dark spots: away from it), at an incidence that is
//! assumed ([`slope_contrast`]). A spot of no more mean contrast than that is flagged; one of more cannot be a slope alone.
//! Walls that look in all directions, as under a spot that fills a crater, cancel in the plane as they do in the light.

use facula_core::{Body, LonLat, Raster, Reporter, quantile};
use facula_map::slope_deg;
use facula_spots::{ExtraColumn, Polarity, Spot, SpotFlag, slope_contrast};

use super::map_file::{MapChoice, OpenMap};
use super::sample::{Patch, cell, value};
use super::spots::SpotRequest;
use crate::RequestError;
use crate::survey::InputFile;

/// Share of the ground under a spot that is less steep than what is told as its steepest.
const STEEPEST: f64 = 0.9;
/// Spots narrower than this many cells of the heights are judged by the median slope: a plane would be of too few heights.
const LEAST_CELLS: f64 = 3.0;

/// Slopes of the ground under each spot, and the contrast that they could make; spots of no more are flagged.
pub(super) fn columns(
    spots: &mut [Spot],
    (choice, request, body): (&MapChoice, &SpotRequest, &Body),
    report: &dyn Reporter,
    inputs: &mut Vec<InputFile>,
) -> Result<[ExtraColumn; 4], RequestError> {
    let incidence_deg = request.shading_incidence_deg;
    if !(incidence_deg > 0.0 && incidence_deg < 90.0) {
        let what = "shading-incidence (degrees, above 0 and below 90)";
        return Err(RequestError::argument(what, &incidence_deg.to_string()));
    }
    let of_body = MapChoice { body: choice.body.clone().or(Some(body.name.clone())), ..choice.clone() };
    let heights = OpenMap::open(&of_body, report)?;
    inputs.extend(heights.inputs.iter().cloned());
    let radius_km = body.ellipsoid().mean_radius_km();
    let slopes = slope_deg(&heights.values, &heights.grid, radius_km)?;
    let of =
        |part: f64| -> Vec<f64> { spots.iter().map(|spot| under(spot, &slopes, &heights, part)).collect() };
    let (middle_deg, steepest_deg) = (of(0.5), of(STEEPEST));
    let least_km = LEAST_CELLS * heights.grid.step_rad * radius_km;
    let tilt = |(spot, middle_deg): (&Spot, &f64)| {
        if spot.diameter_km < least_km { *middle_deg } else { tilt_deg(spot, &heights, radius_km) }
    };
    let tilts_deg: Vec<f64> = spots.iter().zip(&middle_deg).map(tilt).collect();
    let shading = spots.iter_mut().zip(&tilts_deg).map(|(spot, tilt_deg)| {
        let contrast = shading_contrast(spot.polarity, *tilt_deg, incidence_deg);
        judge(spot, contrast);
        contrast
    });
    let shading = shading.collect();
    let about = format!(
        "contrast that ground as steep as terrain_tilt_deg has by its shading alone, facing the Sun (dark spots: turned away from \
         it) at an incidence of {incidence_deg} degrees; a spot whose mean_contrast is no more has the flag slope"
    );
    let tilt_about = "slope of the plane through the heights under the spot; the median slope where it is narrower than 3 \
                      cells of the heights";
    Ok([
        ExtraColumn::numbers(
            "terrain_slope_deg",
            "median slope of the ground under the spot, from --dtm",
            middle_deg,
        ),
        ExtraColumn::numbers(
            "terrain_steepest_deg",
            "90th percentile of the slope under the spot",
            steepest_deg,
        ),
        ExtraColumn::numbers("terrain_tilt_deg", tilt_about, tilts_deg),
        ExtraColumn::numbers("terrain_shading_contrast", &about, shading),
    ])
}

/// Slope of the plane through the heights (m) under a spot, degrees; NaN where they do not span one.
fn tilt_deg(spot: &Spot, heights: &OpenMap, radius_km: f64) -> f64 {
    let patch = Patch::new(spot.place, radius_km);
    let height_km = |place| 1e-3 * f64::from(value(&heights.values, &heights.grid, place));
    let of = |place: &LonLat| {
        let [east_km, north_km] = patch.offset_km(*place);
        [east_km, north_km, height_km(*place)]
    };
    let points: Vec<[f64; 3]> = spot.footprint.iter().map(of).filter(|point| !point[2].is_nan()).collect();
    slope_of_plane(&points).atan().to_degrees()
}

/// Rise over run of the plane of least squares through points; NaN where they lie on one line.
fn slope_of_plane(points: &[[f64; 3]]) -> f64 {
    let count = points.len() as f64;
    let mean = [0, 1, 2].map(|k| points.iter().map(|point| point[k]).sum::<f64>() / count);
    let product = |a: usize, b: usize| {
        points.iter().map(|point| (point[a] - mean[a]) * (point[b] - mean[b])).sum::<f64>()
    };
    let (xx, xy, yy, xz, yz) = (product(0, 0), product(0, 1), product(1, 1), product(0, 2), product(1, 2));
    let determinant = xx * yy - xy * xy;
    if !(determinant > 1e-9 * xx * yy) {
        return f64::NAN;
    }
    ((xz * yy - yz * xy) / determinant).hypot((yz * xx - xz * xy) / determinant)
}

/// Contrast that a slope could make at most; NaN where the slope is not known.
fn shading_contrast(polarity: Polarity, slope_deg: f64, incidence_deg: f64) -> f64 {
    let towards_deg = if polarity == Polarity::Dark { -slope_deg } else { slope_deg };
    slope_contrast(towards_deg.to_radians(), incidence_deg.to_radians())
}

/// Flags a spot whose mean contrast a slope could make.
fn judge(spot: &mut Spot, shading_contrast: f64) {
    let slope = match spot.polarity {
        Polarity::Dark => spot.mean_contrast >= shading_contrast,
        _ => spot.mean_contrast <= shading_contrast,
    };
    if slope && !spot.has(SpotFlag::Slope) {
        spot.flags.push(SpotFlag::Slope);
        spot.flags.sort();
    }
}

fn under(spot: &Spot, slopes: &Raster<f32>, heights: &OpenMap, part: f64) -> f64 {
    let cells = spot.footprint.iter().filter_map(|place| cell(&heights.grid, *place));
    let mut known: Vec<f32> = cells.map(|k| slopes.as_slice()[k]).filter(|slope| !slope.is_nan()).collect();
    quantile(&mut known, part, f32::total_cmp).map_or(f64::NAN, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_brighten_towards_the_sun_and_darken_away_from_it() {
        // By the law of `slope_contrast`, whose own test has the numbers.
        assert!((shading_contrast(Polarity::Bright, 20.0, 45.0) - 1.23).abs() < 0.01);
        assert!(shading_contrast(Polarity::Dark, 20.0, 45.0) < 0.8);
        assert!(shading_contrast(Polarity::Bright, f64::NAN, 45.0).is_nan());
    }

    #[test]
    fn planes_are_found_and_bowls_have_none() {
        let places = (0..100).map(|k| [f64::from(k % 10) - 4.5, f64::from(k / 10) - 4.5]);
        let with = |height: fn(f64, f64) -> f64| -> Vec<[f64; 3]> {
            places.clone().map(|[x, y]| [x, y, height(x, y)]).collect()
        };
        assert!((slope_of_plane(&with(|x, y| 0.3 * x - 0.4 * y + 7.0)) - 0.5).abs() < 1e-9);
        assert!(slope_of_plane(&with(|x, y| 0.1 * (x * x + y * y))) < 1e-9);
        assert!(slope_of_plane(&[[0.0, 0.0, 1.0], [1.0, 1.0, 2.0], [2.0, 2.0, 9.0]]).is_nan());
        assert!(slope_of_plane(&[]).is_nan());
    }
}
