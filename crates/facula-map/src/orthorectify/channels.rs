// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is interpolated between the nodes of a tile, and how a cell's geometry follows from it: for smooth bodies the
//! geometry itself; for terrain that of the sphere below it with its change with height, turned into the cell's own by
//! its height and normal.

use facula_core::{PixelPos, Vec3};

use super::lattice::{Guards, Node};
use super::view::ShotView;
use crate::mosaic::{Spot, TileGround};

/// Error of places allowed between nodes, px: a fifth of the hundredth of a pixel promised, as it is estimated.
const PLACE_PX: f64 = 0.002;
/// Error of cosines allowed.
const COSINE: f64 = 5e-5;
/// Error of distances and of brightness allowed, as a part of them.
const RATIO: f64 = 1e-4;

/// Geometry of one cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellSight {
    /// Place in the frame, px.
    pub x_px: f32,
    /// Place in the frame, px.
    pub y_px: f32,
    /// Cosine of the emission angle.
    pub cos_emission: f32,
    /// Cosine of the incidence angle.
    pub cos_incidence: f32,
    /// Distance of the camera, km.
    pub range_km: f32,
    /// Phase function, or cosine of the phase angle: whatever [`ShotView::phase_value`] gives.
    pub phase: f32,
}

/// A set of interpolated values. The first is x, the one at [`Channels::Y`] is y.
pub(super) trait Channels<const N: usize> {
    /// Where y is among the values.
    const Y: usize;

    /// Exact values at a place of the tile.
    fn node(view: &ShotView<'_>, ground: &TileGround, place: (f64, f64)) -> Node<N>;

    /// Allowed errors, from the values in the middle.
    fn tolerance(values: &[f64; N]) -> [f64; N];

    /// Farthest that terrain moves a place in the frame, px.
    fn shift_px(values: &[f64; N]) -> f64;

    /// Whether the values say that smooth ground faces away.
    fn faces_away(values: &[f64; N]) -> bool;

    /// Geometry of a cell from the values there, the height and the normal of its terrain.
    fn cell(values: &[f32; N], relief: [f32; 4]) -> CellSight;
}

/// A smooth ellipsoid: x, y, cosines of emission and incidence, distance, phase.
pub(super) struct Smooth;

impl Channels<6> for Smooth {
    const Y: usize = 1;

    fn node(view: &ShotView<'_>, ground: &TileGround, (column, line): (f64, f64)) -> Node<6> {
        let spot = ground.smooth_at(ground.up_at(column, line));
        let (pose, at) = (&view.shot.pose, pixel(view, &spot));
        let to_camera_km = pose.spacecraft_km - spot.point_km;
        let range_km = to_camera_km.length();
        let to_camera = to_camera_km * (1.0 / range_km);
        let to_sun = direction(pose.sun_km - spot.point_km);
        let half_phase_sin = 0.5 * (to_sun - to_camera).length();
        Node {
            values: [
                at.x_px,
                at.y_px,
                spot.normal.dot(to_camera),
                spot.normal.dot(to_sun),
                range_km,
                view.phase_value(half_phase_sin),
            ],
            guards: Guards {
                camera_up: spot.up.dot(to_camera),
                sun_up: spot.up.dot(to_sun),
                half_phase_sin,
                bend_px: 0.0,
            },
        }
    }

    fn tolerance(values: &[f64; 6]) -> [f64; 6] {
        [PLACE_PX, PLACE_PX, COSINE, COSINE, RATIO * values[4], RATIO * values[5].abs().max(0.1)]
    }

    fn shift_px(_: &[f64; 6]) -> f64 {
        0.0
    }

    fn faces_away(values: &[f64; 6]) -> bool {
        values[2] < 0.0
    }

    #[inline(always)]
    fn cell(v: &[f32; 6], _: [f32; 4]) -> CellSight {
        CellSight {
            x_px: v[0],
            y_px: v[1],
            cos_emission: v[2],
            cos_incidence: v[3],
            range_km: v[4],
            phase: v[5],
        }
    }
}

/// Terrain: x, y with first and second growth with height; directions to the camera with their growth, and to the Sun;
/// distance and phase with their growth.
pub(super) struct Rough;

impl Channels<19> for Rough {
    const Y: usize = 3;

    fn node(view: &ShotView<'_>, ground: &TileGround, (column, line): (f64, f64)) -> Node<19> {
        let middle = ground.smooth_at(ground.up_at(column, line));
        let half_range_km = ground.relief.as_ref().map_or(0.0, |relief| relief.half_range_km);
        let pose = &view.shot.pose;
        let at = |height: f64| {
            let point_km = middle.point_km + middle.up * (height * half_range_km);
            let to_camera_km = pose.spacecraft_km - point_km;
            let to_camera = direction(to_camera_km);
            let to_sun = direction(pose.sun_km - point_km);
            let half_phase_sin = 0.5 * (to_sun - to_camera).length();
            let place = pixel(view, &Spot { point_km, ..middle });
            (place, to_camera, to_sun, to_camera_km.length(), half_phase_sin)
        };
        let [low, mid, high] = [-1.0, 0.0, 1.0].map(at);
        let parabola = |of: fn(&PixelPos) -> f64| {
            let (a, b, c) = (of(&low.0), of(&mid.0), of(&high.0));
            [b, 0.5 * (c - a), 0.5 * (a + c) - b]
        };
        let (x, y) = (parabola(|p| p.x_px), parabola(|p| p.y_px));
        let between = at(0.5).0;
        let miss = |v: [f64; 3], found: f64| (v[0] + 0.5 * v[1] + 0.25 * v[2] - found).abs();
        let bend_px = miss(x, between.x_px) + miss(y, between.y_px);
        let turn = (high.1 - low.1) * 0.5;
        let phase = [&low, &mid, &high].map(|at| view.phase_value(at.4));
        Node {
            values: [
                x[0],
                x[1],
                x[2],
                y[0],
                y[1],
                y[2],
                mid.1.x,
                mid.1.y,
                mid.1.z,
                turn.x,
                turn.y,
                turn.z,
                mid.2.x,
                mid.2.y,
                mid.2.z,
                mid.3,
                0.5 * (high.3 - low.3),
                phase[1],
                0.5 * (phase[2] - phase[0]),
            ],
            guards: Guards {
                camera_up: middle.up.dot(mid.1),
                sun_up: middle.up.dot(mid.2),
                half_phase_sin: low.4.max(high.4),
                bend_px,
            },
        }
    }

    fn tolerance(values: &[f64; 19]) -> [f64; 19] {
        std::array::from_fn(|k| match k {
            0..6 => PLACE_PX,
            6..15 => COSINE,
            15 | 16 => RATIO * values[15],
            _ => RATIO * values[17].abs().max(0.1),
        })
    }

    fn shift_px(values: &[f64; 19]) -> f64 {
        let shift = |k: usize| values[k + 1].abs() + values[k + 2].abs();
        shift(0).max(shift(3))
    }

    fn faces_away(_: &[f64; 19]) -> bool {
        false
    }

    #[inline(always)]
    fn cell(v: &[f32; 19], [height, nx, ny, nz]: [f32; 4]) -> CellSight {
        CellSight {
            x_px: v[0] + height * (v[1] + height * v[2]),
            y_px: v[3] + height * (v[4] + height * v[5]),
            cos_emission: nx * (v[6] + height * v[9])
                + (ny * (v[7] + height * v[10]) + nz * (v[8] + height * v[11])),
            cos_incidence: nx * v[12] + (ny * v[13] + nz * v[14]),
            range_km: v[15] + height * v[16],
            phase: v[17] + height * v[18],
        }
    }
}

fn direction(v: Vec3<facula_core::BodyFixed>) -> Vec3<facula_core::BodyFixed> {
    v * (1.0 / v.length())
}

/// Where a spot falls; not a number behind the camera and where the distortion has no place.
fn pixel(view: &ShotView<'_>, spot: &Spot) -> PixelPos {
    view.shot.pixel_of(spot.point_km).unwrap_or(PixelPos::new(f64::NAN, f64::NAN))
}
