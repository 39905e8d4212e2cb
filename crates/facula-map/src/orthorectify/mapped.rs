// SPDX-License-Identifier: MIT OR Apache-2.0
//! One frame as a map of its own: its planes on a grid, and the terrain prepared once for many frames.

use facula_core::{MapGrid, Quality, Raster};
use facula_geometry::{Shape, Shot};
use rayon::prelude::*;

use super::obstacles::{Surveyed, hide};
use super::planes::{Planes, Window};
use super::tile::read_tile_into;
use super::{MosaicOptions, PhaseTable, ShotView};
use crate::MapError;
use crate::mosaic::{
    GroundSource, Refusal, Spot, TileGround, TileWindow, pose_problem, size_problem, tile_count,
};

/// Columns and lines of a tile: long lines, because memory gives long stretches of a frame's lines faster.
const TILE: [usize; 2] = [512, 64];
/// Most cells of a mapped frame: its planes take 17 bytes a cell, 4.6 GB.
const MAX_CELLS: u64 = 1 << 28;

/// The ground of every cell of a grid, prepared once for any number of frames. Ellipsoids need no memory; terrain takes
/// 16 bytes a cell.
pub struct Terrain<'a> {
    shape: &'a Shape,
    grid: MapGrid,
    tiles: Vec<TileGround>,
}

/// What one frame says of the cells of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedFrame {
    /// Where the cells lie.
    pub grid: MapGrid,
    /// I/F at the standard geometry (normal albedo by default); NaN where nothing was measured.
    pub albedo: Raster<f32>,
    /// One-sigma random error of `albedo`. This and the other planes have no pixels where only albedo is wanted.
    pub sigma: Raster<f32>,
    /// Weight in a mosaic, m⁻²; 0 where nothing was measured.
    pub weight: Raster<f32>,
    /// Size of a pixel across the line of sight, m; NaN where nothing was measured.
    pub scale_m: Raster<f32>,
    /// Measured cells: flags of the pixels used. Others: why they could not be used; none when they were not seen.
    pub quality: Raster<Quality>,
}

impl<'a> Terrain<'a> {
    /// The ground of a grid.
    ///
    /// # Errors
    /// [`MapError::Argument`] for a grid without cells, [`MapError::Limit`] beyond 268 million cells.
    pub fn new(shape: &'a Shape, grid: MapGrid) -> Result<Self, MapError> {
        check(&grid)?;
        let across = grid.width.div_ceil(TILE[0]);
        let count = across * grid.height.div_ceil(TILE[1]);
        let source = GroundSource::new(shape, &grid.into());
        let tile = |k: usize| {
            let (column, line) = (k % across * TILE[0], k / across * TILE[1]);
            let (width, height) = (TILE[0].min(grid.width - column), TILE[1].min(grid.height - line));
            source.tile(TileWindow { column, line, width, height })
        };
        Ok(Self { shape, grid, tiles: (0..count).into_par_iter().map(tile).collect() })
    }

    /// The grid.
    pub fn grid(&self) -> MapGrid {
        self.grid
    }
}

impl MappedFrame {
    /// Planes of a grid with nothing measured.
    ///
    /// # Errors
    /// As [`Terrain::new`].
    pub fn new(grid: MapGrid) -> Result<Self, MapError> {
        check(&grid)?;
        let plane = |value: f32| Raster::filled(grid.width, grid.height, value);
        Ok(Self {
            grid,
            albedo: plane(f32::NAN),
            sigma: plane(f32::NAN),
            weight: plane(0.0),
            scale_m: plane(f32::NAN),
            quality: Raster::filled(grid.width, grid.height, Quality::GOOD),
        })
    }

    /// The same for albedo alone: a quarter of the memory to write.
    ///
    /// # Errors
    /// As [`Terrain::new`].
    pub fn albedo_only(grid: MapGrid) -> Result<Self, MapError> {
        check(&grid)?;
        let nothing = || Raster::filled(0, 0, f32::NAN);
        Ok(Self {
            grid,
            albedo: Raster::filled(grid.width, grid.height, f32::NAN),
            sigma: nothing(),
            weight: nothing(),
            scale_m: nothing(),
            quality: Raster::filled(0, 0, Quality::GOOD),
        })
    }

    /// Maps a frame into the memory of these planes; the number of measured cells. The values are those that a mosaic
    /// adds up.
    ///
    /// # Errors
    /// [`MapError::Argument`] for options out of range, planes of another grid than the terrain's, a frame of another
    /// size than its camera's or a pose that is not finite.
    pub fn fill(
        &mut self,
        shot: &Shot,
        terrain: &Terrain<'_>,
        options: &MosaicOptions,
    ) -> Result<usize, MapError> {
        options.check()?;
        fits(shot)?;
        if self.grid != terrain.grid {
            let found = format!("{:?} for a terrain of {:?}", self.grid, terrain.grid);
            let remedy = "make the planes with the terrain's grid";
            return Err(MapError::Argument { what: "map grid", found, remedy });
        }
        let phase = PhaseTable::of(options);
        let view = ShotView::new(shot, terrain.shape, options, &phase);
        let row = self.grid.width * TILE[1];
        let rows = terrain.tiles.par_chunks(self.grid.width.div_ceil(TILE[0]));
        let all = !self.sigma.as_slice().is_empty();
        let rows = rows.zip(self.albedo.as_mut_slice().par_chunks_mut(row));
        if !all {
            let work = rows.map_init(Scratch::new, |scratch, (tiles, albedo)| {
                let others = Window { first: 0, stride: 0 };
                let Scratch { sigma, weight, scale_m, flags } = scratch;
                let planes = Planes {
                    albedo,
                    sigma,
                    weight,
                    scale_m,
                    flags,
                    window: Window { first: 0, stride: self.grid.width },
                    others,
                    width: 0,
                };
                fill_row(&view, tiles, planes)
            });
            return Ok(work.sum());
        }
        let planes = rows
            .zip(self.sigma.as_mut_slice().par_chunks_mut(row))
            .zip(self.weight.as_mut_slice().par_chunks_mut(row))
            .zip(self.scale_m.as_mut_slice().par_chunks_mut(row))
            .zip(self.quality.as_mut_slice().par_chunks_mut(row));
        let work = planes.map(|(((((tiles, albedo), sigma), weight), scale_m), flags)| {
            let window = Window { first: 0, stride: self.grid.width };
            let planes = Planes { albedo, sigma, weight, scale_m, flags, window, others: window, width: 0 };
            fill_row(&view, tiles, planes)
        });
        Ok(work.sum())
    }
}

/// A line of a tile in planes that nobody wants.
struct Scratch {
    sigma: Vec<f32>,
    weight: Vec<f32>,
    scale_m: Vec<f32>,
    flags: Vec<Quality>,
}

impl Scratch {
    fn new() -> Self {
        let plane = || vec![f32::NAN; TILE[0]];
        let flags = vec![Quality::GOOD; TILE[0]];
        Self { sigma: plane(), weight: plane(), scale_m: plane(), flags }
    }
}

/// Maps a frame onto a row of tiles; the number of measured cells.
fn fill_row(view: &ShotView<'_>, tiles: &[TileGround], mut planes: Planes<'_>) -> usize {
    let (mut measured, mut surveyed) = (0, Vec::new());
    for ground in tiles {
        planes.width = ground.width;
        if view.misses(&ground.bounds) {
            (0..ground.height).for_each(|line| planes.line(line).nothing());
        } else {
            let (count, suspects) = read_tile_into(view, ground, &mut planes);
            measured += count;
            if !suspects.is_empty() {
                let Planes { window, others, .. } = planes;
                surveyed.push(Surveyed { ground, suspects, window, others });
            }
        }
        planes.window.first += ground.width;
        // Planes of one line are for one tile after the other.
        planes.others.first += if planes.others.stride > 0 { ground.width } else { 0 };
    }
    measured - hide(view, &surveyed, &mut planes)
}

/// How the ground of a grid's cells is lit and seen in a frame, obstacles not considered.
#[derive(Debug, Clone, PartialEq)]
pub struct GeometryLayers {
    /// Where the cells lie.
    pub grid: MapGrid,
    /// Incidence angle, degrees; NaN in this and the other planes for cells that are not in the frame or face away.
    pub incidence_deg: Raster<f32>,
    /// Emission angle, degrees.
    pub emission_deg: Raster<f32>,
    /// Phase angle, degrees.
    pub phase_deg: Raster<f32>,
    /// Size of a pixel across the line of sight, m.
    pub scale_m: Raster<f32>,
}

/// The geometry of a frame on a grid, for a map's layers; exact for every cell.
///
/// # Errors
/// As [`MappedFrame::fill`].
pub fn geometry_layers(shot: &Shot, terrain: &Terrain<'_>) -> Result<GeometryLayers, MapError> {
    fits(shot)?;
    let options = MosaicOptions::default();
    let phase = PhaseTable::of(&options);
    let view = ShotView::new(shot, terrain.shape, &options, &phase);
    let grid = terrain.grid;
    let across = grid.width.div_ceil(TILE[0]);
    let line = |number: usize| -> Vec<[f32; 4]> {
        let tiles = &terrain.tiles[number / TILE[1] * across..][..across];
        let cells = tiles.iter().flat_map(|tile| {
            let first = number % TILE[1] * tile.width;
            (first..first + tile.width).map(move |cell| (tile, cell))
        });
        cells.map(|(tile, cell)| angles(&view, &tile.spot(cell))).collect()
    };
    let all: Vec<Vec<[f32; 4]>> = (0..grid.height).into_par_iter().map(line).collect();
    let plane = |k: usize| {
        let values = all.iter().flatten().map(|values| values[k]).collect();
        Raster::from_vec(grid.width, grid.height, values).expect("one a cell")
    };
    Ok(GeometryLayers {
        grid,
        incidence_deg: plane(0),
        emission_deg: plane(1),
        phase_deg: plane(2),
        scale_m: plane(3),
    })
}

/// Incidence, emission and phase, degrees, and scale, m.
fn angles(view: &ShotView<'_>, spot: &Spot) -> [f32; 4] {
    let Some(sight) = view.sight(spot) else { return [f32::NAN; 4] };
    let angles_rad = [
        spot.normal.angle_rad(sight.to_sun),
        spot.normal.angle_rad(sight.to_camera),
        sight.to_sun.angle_rad(sight.to_camera),
    ];
    let [incidence, emission, phase] = angles_rad.map(|rad| (rad * DEGREES_PER_RAD) as f32);
    [incidence, emission, phase, sight.scale_m as f32]
}

const DEGREES_PER_RAD: f64 = 180.0 / std::f64::consts::PI;

fn check(grid: &MapGrid) -> Result<(), MapError> {
    tile_count(&(*grid).into())?;
    let needed = (grid.width as u64).saturating_mul(grid.height as u64);
    if needed > MAX_CELLS {
        let remedy = "map a window or choose a coarser step";
        return Err(MapError::Limit { what: "map grid, in cells,", needed, limit: MAX_CELLS, remedy });
    }
    Ok(())
}

/// What a mosaic would leave out cannot be a map of its own.
fn fits(shot: &Shot) -> Result<(), MapError> {
    let problem = size_problem(shot).or_else(|| pose_problem(&shot.pose));
    problem.map_or(Ok(()), |Refusal { message, hint }| {
        Err(MapError::Argument { what: "frame", found: message, remedy: hint })
    })
}
