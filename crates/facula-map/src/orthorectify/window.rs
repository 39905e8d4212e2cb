// SPDX-License-Identifier: MIT OR Apache-2.0
//! The window of a grid that a frame covers: footprint first, so that nothing outside is touched.

use facula_core::{LonLat, MapGrid, PixelPos, longitude_span};
use facula_geometry::{Shape, Shot};

/// Looks along each side of a frame from which its window is found.
const OUTLINE: usize = 48;

/// The part of a grid that a frame covers, with a margin of some cells; `None` when it sees nothing of it. Grids that go
/// around the body may give windows that begin west of them.
pub fn frame_window(shot: &Shot, shape: &Shape, grid: &MapGrid) -> Option<MapGrid> {
    let places = places(shot, shape);
    let (mut west, mut width_rad) = longitude_span(places.iter().copied())?;
    let latitudes = || places.iter().map(|place| place.latitude_rad);
    let (mut south, mut north) =
        (latitudes().fold(f64::INFINITY, f64::min), latitudes().fold(f64::NEG_INFINITY, f64::max));
    let margin_rad = margin_rad(&places) + 2.0 * grid.step_rad;
    (south, north) = (south - margin_rad, north + margin_rad);
    let polar = north.max(-south);
    let widen_rad = margin_rad / polar.min(std::f64::consts::FRAC_PI_2).cos().max(1e-6);
    (west, width_rad) = (west - widen_rad, width_rad + 2.0 * widen_rad);
    if width_rad >= std::f64::consts::TAU - 2.0 * widen_rad {
        (west, width_rad) = (grid.west_rad, std::f64::consts::TAU);
    }
    cut(grid, [west, width_rad], [south, north])
}

/// Places that the frame sees: a lattice of its pixels, and the poles.
fn places(shot: &Shot, shape: &Shape) -> Vec<LonLat> {
    let at = |k: usize, size: usize| (k as f64 / OUTLINE as f64) * (size as f64 - 1.0);
    let (width, height) = (shot.camera.width_px, shot.camera.height_px);
    let pixels = (0..=OUTLINE).flat_map(|line| (0..=OUTLINE).map(move |column| (column, line)));
    let pixels = pixels.map(|(column, line)| PixelPos::new(at(column, width), at(line, height)));
    pixels.filter_map(|at| shot.ground(shape, at)).map(|hit| LonLat::of(hit.point_km)).collect()
}

/// Largest distance between neighbouring places of a frame, roughly, rad.
fn margin_rad(places: &[LonLat]) -> f64 {
    let steps = places.windows(2).map(|two| two[0].separation_rad(two[1]));
    let mut steps: Vec<f64> = steps.collect();
    steps.sort_by(f64::total_cmp);
    // Steps from one line of the lattice to the next are as long as the frame.
    steps.get(steps.len() * 9 / 10).copied().unwrap_or(0.1)
}

/// The cells of a grid in a range of longitudes (west and width) and latitudes (south and north), rad.
fn cut(grid: &MapGrid, [west, width_rad]: [f64; 2], [south, north]: [f64; 2]) -> Option<MapGrid> {
    let step = grid.step_rad;
    let top = ((grid.north_rad - north) / step).floor().max(0.0) as usize;
    let bottom = ((grid.north_rad - south) / step).ceil().clamp(0.0, grid.height as f64) as usize;
    let height = bottom.checked_sub(top).filter(|lines| *lines > 0)?;
    let tau = std::f64::consts::TAU;
    let offset = (west - grid.west_rad).rem_euclid(tau);
    // West of the grid rather than east of it, where that is nearer.
    let wrapped = if offset + width_rad > tau { offset - tau } else { offset };
    let (first, last) = ((wrapped / step).floor(), ((wrapped + width_rad) / step).ceil());
    let (first, last) = if grid.wraps() {
        if last - first >= grid.width as f64 { (0.0, grid.width as f64) } else { (first, last) }
    } else {
        (first.max(0.0), last.min(grid.width as f64))
    };
    let width = (last - first) as usize;
    (last > first).then_some(MapGrid {
        width,
        height,
        west_rad: grid.west_rad + first * step,
        north_rad: grid.north_rad - top as f64 * step,
        step_rad: step,
    })
}
