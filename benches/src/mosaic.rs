// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `mosaic`: raw HAMO frames of 1024² to a weighted mosaic, calibrated, orthorectified, normalised, tile by tile.
//! `facula-bench mosaic FRAMES HEIGHT [BUDGET_MB]`: frames of polar arcs around Ceres at 1,475 km, all made of one raw
//! image, onto a global grid of so many lines (11,520 in DESIGN section 5).

use std::time::Instant;

use facula_core::{
    Ellipsoid, FrameMeta, Level, LonLat, MapGrid, Pose, Quality, Raster, RawFrame, Rotation, Silent, Vec3,
    parse_utc,
};
use facula_geometry::{CameraFile, Shape, Shot};
use facula_map::{
    FinishedTile, MapError, MosaicConfig, MosaicOptions, ScaleLevels, ShotError, ShotSource, ShotTicket,
    StreamPlan, TileSink, mosaic_streamed,
};
use facula_photometry::{CalibrateOptions, Detector, calibrate};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;
const SIDE_PX: usize = 1024;
/// Frames along an arc from pole to pole: 4.5° apart, four in a field of view.
const ALONG: usize = 40;
const RANGE_KM: f64 = 1955.0;

struct Raws {
    tickets: Vec<ShotTicket>,
    raw: RawFrame,
    detector: Detector,
}

impl ShotSource for Raws {
    fn tickets(&self) -> &[ShotTicket] {
        &self.tickets
    }

    fn shot(&self, index: usize) -> Result<Shot, ShotError> {
        let ticket = &self.tickets[index];
        let mut frame = calibrate(&self.raw, &CalibrateOptions::new(&self.detector, 2.9))?;
        frame.meta.id.clone_from(&ticket.id);
        Ok(Shot { frame, camera: ticket.camera.clone(), pose: ticket.pose })
    }
}

/// Counts what comes.
#[derive(Default)]
struct Count {
    tiles: u64,
    cells: u64,
    contributions: u64,
}

impl TileSink for Count {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        self.tiles += 1;
        self.cells += tile.albedo.iter().filter(|v| v.is_finite()).count() as u64;
        self.contributions += tile.coverage.iter().map(|n| u64::from(*n)).sum::<u64>();
        Ok(())
    }
}

/// Times the whole, and the calibration of the same frames alone.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let [frames, height, rest @ ..] = arguments else {
        return Err("usage: facula-bench mosaic FRAMES HEIGHT [BUDGET_MB]".into());
    };
    let (frames, height): (usize, usize) = (frames.parse()?, height.parse()?);
    let budget_mb: u64 = rest.first().map_or(Ok(1600), |text| text.parse())?;
    let source = source(frames)?;
    let shape = Shape::Ellipsoid(Ellipsoid::new(482.1, 482.1, 445.94).ok_or("radii")?);
    let options = MosaicOptions::default();
    let plan = StreamPlan {
        grid: MapGrid::global(height).into(),
        config: MosaicConfig {
            levels: ScaleLevels::dawn_at_ceres(),
            budget_bytes: budget_mb * 1_000_000,
            ..MosaicConfig::default()
        },
        shape: &shape,
        options: &options,
        base: None,
        keep: None,
    };
    let mut count = Count::default();
    let start = Instant::now();
    let done = mosaic_streamed(&source, &plan, &mut count, &Silent)?;
    let whole_s = start.elapsed().as_secs_f64();
    let start = Instant::now();
    const ALONE: usize = 20;
    for index in 0..ALONE.min(frames) {
        drop(source.shot(index).map_err(|error| error.to_string())?);
    }
    let calibrate_ms = 1000.0 * start.elapsed().as_secs_f64() / ALONE.min(frames) as f64;
    Ok(json!({
        "row": "mosaic",
        "frames": frames,
        "height": height,
        "whole_s": whole_s,
        "calibrate_ms_per_frame_one_thread": calibrate_ms,
        "reads": done.reads,
        "most_frames_held": done.most_held,
        "tiles": count.tiles,
        "cells": count.cells,
        "contributions": count.contributions,
        "area_fraction": done.levels.area_fraction,
    }))
}

fn source(frames: usize) -> Result<Raws, Error> {
    let file = CameraFile::built_in("dawn_fc2")?;
    let camera = file.camera("F1")?;
    let detector = file.filter("F1")?.detector.clone();
    let raw = raw()?;
    let arcs = frames.div_ceil(ALONG);
    let tickets = (0..frames).map(|k| {
        let (arc, along) = (k / ALONG, k % ALONG);
        let above = LonLat::from_degrees(
            360.0 * arc as f64 / arcs as f64,
            -90.0 + 180.0 * (along as f64 + 0.5) / ALONG as f64,
        );
        let mut ticket = ShotTicket::new(&raw.meta, camera.clone(), pose(above, raw.meta.mid_exposure));
        ticket.id = format!("frame {k}");
        ticket.quantity = Level::IOverF;
        ticket
    });
    Ok(Raws { tickets: tickets.collect(), raw: raw.clone(), detector })
}

fn raw() -> Result<RawFrame, Error> {
    let meta = FrameMeta {
        id: "raw".into(),
        target: "ceres".into(),
        instrument: "dawn_fc2".into(),
        filter: "F1".into(),
        mid_exposure: parse_utc("2015-09-24").ok_or("time")?,
        exposure_s: 0.03,
        detector_temperature_k: Some(220.0),
        level: Level::Raw,
        keywords: Default::default(),
    };
    let dn = (0..SIDE_PX * SIDE_PX).map(|k| 3000.0 + (k % 997) as f32 + (k / SIDE_PX % 64) as f32).collect();
    let dn = Raster::from_vec(SIDE_PX, SIDE_PX, dn).ok_or("size")?;
    Ok(RawFrame { meta, dn, quality: Raster::filled(SIDE_PX, SIDE_PX, Quality::GOOD), pose: None })
}

/// Straight down, the Sun 35° east and a little north.
fn pose(above: LonLat, mid_exposure: facula_core::Epoch) -> Pose {
    let z = -above.direction();
    let x = z.cross(Vec3::new(0.01, 0.02, 1.0)).unit().unwrap_or(Vec3::new(1.0, 0.0, 0.0));
    let y = z.cross(x);
    let rows = [x.to_array(), y.to_array(), z.to_array()];
    let sun = LonLat::new(above.longitude_rad + 0.6, 0.3 * above.latitude_rad);
    Pose {
        mid_exposure,
        spacecraft_km: above.direction() * RANGE_KM,
        sun_km: sun.direction() * 4.3e8,
        camera_from_body: Rotation::from_rows(rows).expect("an orthonormal base"),
    }
}
