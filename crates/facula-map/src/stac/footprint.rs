// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bounding box and outline of a grid in degrees, longitude from −180 to 180 as GeoJSON has it.

use facula_core::{CellGrid, MapGrid, PixelPos, ProjectedGrid, longitude_span};
use serde_json::{Value, json};

/// West, south, east, north in degrees. A grid across the antimeridian has west > east (RFC 7946, section 5.2).
pub(super) fn bbox_deg(grid: &CellGrid) -> [f64; 4] {
    match grid {
        CellGrid::Angular(grid) => angular(grid),
        CellGrid::Projected(grid) => projected(grid),
        _ => [-180.0, -90.0, 180.0, 90.0],
    }
}

/// From places spread over the grid, as much wider as they stand apart; all longitudes around a pole.
fn projected(grid: &ProjectedGrid) -> [f64; 4] {
    /// Places along each side, borders included.
    const PLACES: usize = 65;
    let at = |k: usize, cells: usize| k as f64 / (PLACES - 1) as f64 * cells as f64 - 0.5;
    let place = |k: usize| grid.place(PixelPos::new(at(k % PLACES, grid.width), at(k / PLACES, grid.height)));
    let places: Vec<_> = (0..PLACES * PLACES).filter_map(place).collect();
    let latitudes = || places.iter().map(|place| place.latitude_deg());
    let side_rad = grid.step_m * grid.width.max(grid.height) as f64 / grid.projection.spheroid().equatorial_m;
    let margin_deg = (side_rad / (PLACES - 1) as f64).to_degrees();
    let south_deg = (latitudes().fold(90.0, f64::min) - margin_deg).max(-90.0);
    let north_deg = (latitudes().fold(-90.0, f64::max) + margin_deg).min(90.0);
    let margin_deg = margin_deg / north_deg.max(-south_deg).min(89.9).to_radians().cos();
    let whole = [-180.0, clean(south_deg), 180.0, clean(north_deg)];
    let Some((west_rad, width_rad)) = longitude_span(places) else { return whole };
    let (west_deg, width_deg) =
        (west_rad.to_degrees() - margin_deg, width_rad.to_degrees() + 2.0 * margin_deg);
    if north_deg.max(-south_deg) >= 90.0 || width_deg >= 360.0 {
        return whole;
    }
    [half_turn(west_deg), clean(south_deg), half_turn(west_deg + width_deg), clean(north_deg)]
}

fn angular(grid: &MapGrid) -> [f64; 4] {
    let north_deg = clean(grid.north_rad.to_degrees());
    let south_deg = clean((grid.north_rad - grid.height as f64 * grid.step_rad).to_degrees());
    if grid.wraps() {
        return [-180.0, south_deg, 180.0, north_deg];
    }
    let west_deg = half_turn(grid.west_rad.to_degrees());
    let east_deg = west_deg + clean((grid.width as f64 * grid.step_rad).to_degrees());
    [west_deg, south_deg, if east_deg > 180.0 { clean(east_deg - 360.0) } else { clean(east_deg) }, north_deg]
}

/// The outline as GeoJSON, cut in two at the antimeridian where needed.
pub(super) fn geometry(grid: &CellGrid) -> Value {
    let [west, south, east, north] = bbox_deg(grid);
    let ring = |w: f64, e: f64| json!([[[w, south], [e, south], [e, north], [w, north], [w, south]]]);
    if west < east {
        json!({ "type": "Polygon", "coordinates": ring(west, east) })
    } else {
        json!({ "type": "MultiPolygon", "coordinates": [ring(west, 180.0), ring(-180.0, east)] })
    }
}

fn half_turn(longitude_deg: f64) -> f64 {
    clean((longitude_deg + 180.0).rem_euclid(360.0) - 180.0)
}

/// Rounded to 1e-9 degrees (a micrometre on Ceres is 1e-10), so that 90 is printed as 90.
fn clean(angle_deg: f64) -> f64 {
    (angle_deg * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(west_deg: f64) -> CellGrid {
        let step_rad = 1f64.to_radians();
        CellGrid::Angular(MapGrid {
            width: 20,
            height: 10,
            west_rad: west_deg.to_radians(),
            north_rad: 20.0 * step_rad,
            step_rad,
        })
    }

    #[test]
    fn a_global_map_is_one_box() {
        assert_eq!(bbox_deg(&MapGrid::global(180).into()), [-180.0, -90.0, 180.0, 90.0]);
        assert_eq!(geometry(&MapGrid::global(180).into())["type"], "Polygon");
    }

    #[test]
    fn eastern_longitudes_above_180_become_western() {
        assert_eq!(bbox_deg(&window(230.0)), [-130.0, 10.0, -110.0, 20.0]);
        assert_eq!(bbox_deg(&window(160.0)), [160.0, 10.0, 180.0, 20.0]);
    }

    #[test]
    fn a_window_across_the_antimeridian_is_cut_there() {
        assert_eq!(bbox_deg(&window(170.0)), [170.0, 10.0, -170.0, 20.0]);
        let shape = geometry(&window(170.0));
        assert_eq!(shape["type"], "MultiPolygon");
        assert_eq!(shape["coordinates"][0][0][1][0], 180.0);
        assert_eq!(shape["coordinates"][1][0][0][0], -180.0);
    }
}
