// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames onto tiles: what a mosaic in memory and a streamed one share.
//!
//! In: tickets, then shots; a tile at a time. Out: sums of the tile and how many of its cells each frame measured.

use std::sync::Arc;

use facula_core::{CellGrid, Quality, Vec3};
use facula_geometry::{Shape, Shot};
use twox_hash::XxHash3_64;

use super::footprint::{BodySize, Footprint, SPREAD, Tiling, spread};
use super::quantum::{FrameTag, weight_units};
use super::registry::{FrameRecord, Refusal};
use super::rules::MosaicConfig;
use super::ticket::ShotTicket;
use super::tile_sums::TileSums;
use super::{GroundSource, window};
use crate::orthorectify::{Clean, PhaseTable, ShotView, TileReadings, read_tile};
use crate::{MapError, MosaicOptions};

/// What stays the same for all frames of a run.
pub(crate) struct Engine<'a> {
    pub grid: CellGrid,
    pub shape: &'a Shape,
    pub options: &'a MosaicOptions,
    pub config: &'a MosaicConfig,
    phase: PhaseTable,
    size: BodySize,
    tiling: Tiling,
    pub ground: GroundSource<'a>,
}

/// A frame that may go in.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    /// What is the same in all its cells.
    pub tag: FrameTag,
    /// Its entry in the registry; cells are counted later.
    pub record: FrameRecord,
    /// Tiles it can touch, ascending.
    pub tiles: Vec<u32>,
}

impl<'a> Engine<'a> {
    pub fn new(
        grid: CellGrid,
        shape: &'a Shape,
        options: &'a MosaicOptions,
        config: &'a MosaicConfig,
    ) -> Result<Self, MapError> {
        options.check()?;
        let (phase, size) = (PhaseTable::of(options), BodySize::of(shape));
        Ok(Self {
            grid,
            shape,
            options,
            config,
            phase,
            size,
            tiling: Tiling::of(&grid),
            ground: GroundSource::new(shape, &grid),
        })
    }

    /// Constants of the run, by name.
    pub fn constants(&self) -> [(&'static str, String); 2] {
        [("shape", shape_text(self.shape)), ("options", format!("{:?}", self.options))]
    }

    /// Where a frame goes, or why nowhere.
    pub fn plan(&self, ticket: &ShotTicket) -> Result<Planned, Refusal> {
        if ticket.pose.spacecraft_km.length() < self.size.least_km {
            let range_km = ticket.pose.spacecraft_km.length();
            let message =
                format!("its pose lies {range_km:.1} km from the centre, inside the body; left out");
            return Err(Refusal { message, hint: "check the frame's pose" });
        }
        let levels = &self.config.levels;
        let seen = Footprint::of(&ticket.camera, &ticket.pose, self.size);
        let tiles = seen.map(|seen| seen.tiles(&self.tiling)).unwrap_or_default();
        let scale_m = self.scale_m(ticket);
        let level = match &ticket.scale_level {
            None => levels.rank_of(scale_m),
            Some(name) => levels.rank_named(name).ok_or_else(|| Refusal {
                message: format!("no scale level is called {name}; left out"),
                hint: "name one of the mosaic's levels, or none",
            })?,
        };
        let cell_m = self.grid.cell_m(self.shape.bounding_radius_km());
        let nominal_m = levels.levels()[usize::from(level)].nominal_m.unwrap_or(cell_m);
        let tag = FrameTag {
            key: ticket.key(),
            level,
            day: ticket.day(),
            gain: ticket.gain as f32,
            weight_units: weight_units(nominal_m, scale_m),
            quantum: ticket.quantum(),
        };
        let record = FrameRecord { level, scale_m, gain: ticket.gain, cells: 0 };
        Ok(Planned { tag, record, tiles })
    }

    /// Pixel scale where the boresight meets the ground; past the limb, that at the limb.
    fn scale_m(&self, ticket: &ShotTicket) -> f64 {
        let pose = &ticket.pose;
        let boresight = pose.camera_from_body.inverse() * Vec3::new(0.0, 0.0, 1.0);
        let hit = self.shape.intersect(pose.spacecraft_km, boresight);
        let (range_km, radius_km) = (pose.spacecraft_km.length(), self.size.least_km);
        let limb_km = (range_km * range_km - radius_km * radius_km).max(0.0).sqrt();
        hit.map_or(limb_km, |hit| hit.distance_km).max(1e-6) * ticket.camera.ifov_rad() * 1000.0
    }

    /// A shot made ready to be looked into.
    pub fn view<'b>(&'b self, shot: &'b Shot) -> ShotView<'b> {
        ShotView::new(shot, self.shape, self.options, &self.phase)
    }

    /// The same with what is known of its flags already.
    pub fn view_again<'b>(&'b self, shot: &'b Shot, clean: &Arc<Clean>) -> ShotView<'b> {
        ShotView::with_clean(shot, Arc::clone(clean), (self.shape, self.options, &self.phase))
    }

    /// Adds frames to a tile; the cells each of them measured. A tile of which nothing is known stays `None`.
    pub fn fill(
        &self,
        index: usize,
        sums: &mut Option<TileSums>,
        frames: &[(&ShotView<'_>, &FrameTag)],
    ) -> Vec<u64> {
        let tile = window(&self.grid, index);
        let ground = self.ground.tile(tile);
        let mut readings = TileReadings::default();
        let cells = tile.width * tile.height;
        let mut counts = vec![0; frames.len()];
        // The order that sums are added fastest in; it leaves no trace.
        let mut order: Vec<usize> = (0..frames.len()).collect();
        order.sort_by_key(|k| (frames[*k].1.level, frames[*k].1.key));
        for k in order {
            let (view, tag) = frames[k];
            if view.misses(&ground.bounds) {
                continue;
            }
            let measured = read_tile(view, &ground, &mut readings);
            if measured > 0 || readings.flags.iter().any(|flags| !flags.is_good()) {
                sums.get_or_insert_with(|| TileSums::new(self.config, cells)).add(&readings, tag);
            }
            counts[k] = measured as u64;
        }
        if let Some(sums @ TileSums::Median(_)) = sums {
            sums.settle();
        }
        counts
    }
}

/// A shape in words that tell two apart: radii of an ellipsoid, else a fingerprint of its radius in many directions.
fn shape_text(shape: &Shape) -> String {
    let radii = (0..SPREAD).map(|k| shape.surface(spread(k)).map_or(0.0, |p| p.point_km.length()));
    let bytes: Vec<u8> = radii.flat_map(|r_km| r_km.to_le_bytes()).collect();
    let name = match shape {
        Shape::Ellipsoid(e) => {
            format!("ellipsoid within {} km, mean {}", e.largest_radius_km(), e.mean_radius_km())
        }
        _ => format!("terrain within {} km", shape.bounding_radius_km()),
    };
    format!("{name}, fingerprint {:016x}", XxHash3_64::oneshot(&bytes))
}

/// Whether the planes of a shot have the size of its camera, or what is wrong.
pub(crate) fn size_problem(shot: &Shot) -> Option<Refusal> {
    let (frame, camera) = (&shot.frame, &shot.camera);
    let size = |width: usize, height: usize| (width, height) == (camera.width_px, camera.height_px);
    let same_size = size(frame.iof.width(), frame.iof.height())
        && size(frame.sigma.width(), frame.sigma.height())
        && size(frame.quality.width(), frame.quality.height());
    if same_size && frame.iof.width() >= 2 && frame.iof.height() >= 2 {
        return None;
    }
    let size = format!("{} x {} pixels", frame.iof.width(), frame.iof.height());
    let camera = format!("{} x {}", camera.width_px, camera.height_px);
    let message = format!("frame of {size} does not fit its camera of {camera}; left out");
    Some(Refusal { message, hint: "name the right camera" })
}

/// Whether the pixels of a shot can be used at all, or why not.
pub(crate) fn pixels_problem(shot: &Shot, rejected: Quality) -> Option<Refusal> {
    if let Some(refusal) = size_problem(shot) {
        return Some(refusal);
    }
    let frame = &shot.frame;
    let mut pixels = frame.iof.as_slice().iter().zip(frame.quality.as_slice());
    if pixels.any(|(v, q)| v.is_finite() && !q.intersects(rejected)) {
        return None;
    }
    let message = "no pixel of it can be used; left out".to_string();
    Some(Refusal { message, hint: "the frame may be lost; check the archive" })
}

/// What is said of a frame that measured nothing.
pub(crate) fn nothing_seen() -> Refusal {
    Refusal {
        message: "no cell of the map can be measured in it; left out".to_string(),
        hint: "check its pose, and the limits of emission and incidence",
    }
}
