// SPDX-License-Identifier: MIT OR Apache-2.0
//! Terrain between cells and the camera or the Sun.
//!
//! On a mesh all measured cells of some tiles that need it are asked together: the mesh is drawn as camera and Sun see it,
//! and what lies in front of a cell's own point counts, whatever the size of pixels or cells. Other shapes are asked by
//! rays, one per block of cells about as large as a pixel.

use std::ops::Range;

use facula_core::{BodyFixed, Quality, Vec3};
use facula_geometry::{SUN_RADIUS_KM, Shape, SurfacePoint};
use facula_shape::{Mesh, SunDisc};

use super::SunShape;
use super::planes::{Planes, Window};
use super::rays::Rays;
use super::view::ShotView;
use crate::mosaic::{Spot, TileGround};

/// Places on the Sun's disc that cells on a shadow's edge are tested against.
const SUN_SAMPLES: usize = 64;

/// What a cell is to be seen from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The camera: is the ground hidden?
    Camera,
    /// The Sun: is it in shadow?
    Sun,
}

/// Cells that terrain may stand in front of.
pub(super) struct Suspect {
    /// Columns and lines of the tile.
    pub cells: [Range<usize>; 2],
    /// The camera stands low there.
    pub camera: bool,
    /// The Sun stands low there.
    pub sun: bool,
}

/// A tile whose cells have been read.
pub(super) struct Surveyed<'a> {
    /// Its ground.
    pub ground: &'a TileGround,
    /// Cells that terrain may stand in front of.
    pub suspects: Vec<Suspect>,
    /// Where it lies in the planes.
    pub window: Window,
    /// Where it lies in the planes other than albedo.
    pub others: Window,
}

impl Surveyed<'_> {
    /// The planes of this tile.
    fn of<'p, 'q>(&self, planes: &'p mut Planes<'q>) -> &'p mut Planes<'q> {
        (planes.window, planes.others, planes.width) = (self.window, self.others, self.ground.width);
        planes
    }

    /// Measured cells that terrain may stand in front of.
    fn cells(&self, target: Target, planes: &mut Planes<'_>) -> Vec<usize> {
        let planes = self.of(planes);
        let wanted = self.suspects.iter().filter(|suspect| match target {
            Target::Camera => suspect.camera,
            Target::Sun => suspect.sun,
        });
        let cells = wanted.flat_map(|suspect| {
            let [columns, lines] = suspect.cells.clone();
            lines.flat_map(move |line| columns.clone().map(move |column| line * self.ground.width + column))
        });
        cells.filter(|cell| planes.is_measured(*cell)).collect()
    }
}

/// Refuses measured cells of tiles that are hidden or in shadow; their number.
pub(super) fn hide(view: &ShotView<'_>, tiles: &[Surveyed<'_>], into: &mut Planes<'_>) -> usize {
    let mut refused = 0;
    for target in [Target::Camera, Target::Sun] {
        let cells: Vec<Vec<usize>> = tiles.iter().map(|tile| tile.cells(target, into)).collect();
        if cells.iter().all(Vec::is_empty) {
            continue;
        }
        refused += match view.shape {
            Shape::Mesh(mesh) => drawn(view, (mesh, target), (tiles, &cells), into),
            _ => {
                let each = tiles.iter().zip(&cells);
                each.map(|(tile, cells)| traced((view, tile.ground), target, cells, tile.of(into))).sum()
            }
        };
    }
    refused
}

fn reason(target: Target) -> Quality {
    match target {
        Target::Camera => Quality::OFF_BODY,
        Target::Sun => Quality::SHADOW,
    }
}

fn place_km(view: &ShotView<'_>, target: Target) -> Vec3<BodyFixed> {
    match target {
        Target::Camera => view.shot.pose.spacecraft_km,
        Target::Sun => view.shot.pose.sun_km,
    }
}

fn drawn(
    view: &ShotView<'_>,
    (mesh, target): (&Mesh, Target),
    (tiles, cells): (&[Surveyed<'_>], &[Vec<usize>]),
    into: &mut Planes<'_>,
) -> usize {
    let mut points = Vec::with_capacity(cells.iter().map(Vec::len).sum());
    for (tile, cells) in tiles.iter().zip(cells) {
        points.extend(cells.iter().map(|cell| {
            let Spot { point_km, normal, .. } = tile.ground.spot(*cell);
            SurfacePoint { point_km, normal }
        }));
    }
    let disc = target == Target::Sun && view.options.sun == SunShape::Disc;
    let source = SunDisc {
        centre_km: place_km(view, target),
        radius_km: if disc { SUN_RADIUS_KM } else { 0.0 },
        samples: SUN_SAMPLES,
    };
    let lit = mesh.lit(&points, &source);
    let mut fractions = lit.iter();
    let partly = view.options.rejected.intersects(Quality::SHADOW);
    let mut refused = 0;
    for (tile, cells) in tiles.iter().zip(cells) {
        let planes = tile.of(into);
        for (cell, fraction) in cells.iter().zip(&mut fractions) {
            if *fraction <= 0.0 || (*fraction < 1.0 && partly) {
                planes.refuse(*cell, reason(target));
                refused += 1;
            } else if *fraction < 1.0 {
                planes.dim(*cell, *fraction);
            }
        }
    }
    refused
}

fn traced(
    (view, ground): (&ShotView<'_>, &TileGround),
    target: Target,
    cells: &[usize],
    into: &mut Planes<'_>,
) -> usize {
    let mut rays = Rays::new(view.ray_block_cells(ground));
    let from_km = place_km(view, target);
    let low = |cell: usize| {
        let Spot { point_km, up, .. } = ground.spot(cell);
        let towards_km = from_km - point_km;
        up.dot(towards_km) < view.ray_cos_zenith * towards_km.length()
    };
    let mut refused = 0;
    for cell in cells.iter().copied().filter(|cell| low(*cell)) {
        if rays.blocked((ground, cell), |point| view.shape.hidden(point, from_km)) {
            into.refuse(cell, reason(target));
            refused += 1;
        }
    }
    refused
}
