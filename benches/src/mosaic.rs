// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `mosaic`: raw HAMO frames of 1024² to a weighted mosaic, calibrated, orthorectified, normalised, tile by tile.
//! `facula-bench mosaic FRAMES HEIGHT [BUDGET_MB] [FOLDER]`: frames spread evenly over Ceres from 1,475 km above it, made
//! of a pool of four raw images in memory, onto a global grid of so many lines (11,520 in DESIGN section 5); the tiles are
//! counted and forgotten, or with a folder written there as Cloud Optimized GeoTIFF.

use std::time::Instant;

use facula_core::{
    Body, Ellipsoid, FrameMeta, Level, LonLat, MapGrid, Pose, Quality, Raster, RawFrame, Rotation, Silent,
    Vec3, parse_utc,
};
use facula_geometry::{CameraFile, Shape, Shot};
use facula_map::{
    FinishedTile, MapError, MapFiles, MosaicConfig, MosaicOptions, ProductInfo, ScaleLevels, ShotError,
    ShotSource, ShotTicket, StreamPlan, Streamed, TileSink, mosaic_streamed,
};
use facula_photometry::{CalibrateOptions, Detector, calibrate};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;
const SIDE_PX: usize = 1024;
/// Raw images in memory.
const POOL: usize = 4;
/// Turn in longitude from one place of an even spiral over a sphere to the next, rad: the golden angle.
const GOLDEN_RAD: f64 = 2.399_963_229_728_653;
const RANGE_KM: f64 = 1955.0;

struct Raws {
    tickets: Vec<ShotTicket>,
    raws: Vec<RawFrame>,
    detector: Detector,
}

impl ShotSource for Raws {
    fn tickets(&self) -> &[ShotTicket] {
        &self.tickets
    }

    fn shot(&self, index: usize) -> Result<Shot, ShotError> {
        let ticket = &self.tickets[index];
        let mut frame = calibrate(&self.raws[index % POOL], &CalibrateOptions::new(&self.detector, 2.9))?;
        frame.meta.id.clone_from(&ticket.id);
        Ok(Shot { frame, camera: ticket.camera.clone(), pose: ticket.pose })
    }
}

/// Counts what comes, and passes it on to files.
#[derive(Default)]
struct Count {
    tiles: u64,
    cells: u64,
    contributions: u64,
    files: Option<MapFiles>,
}

impl TileSink for Count {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        self.tiles += 1;
        self.cells += tile.albedo.iter().filter(|v| v.is_finite()).count() as u64;
        self.contributions += tile.coverage.iter().map(|n| u64::from(*n)).sum::<u64>();
        self.files.as_mut().map_or(Ok(()), |files| files.tile(tile))
    }

    fn no_tile(&mut self, column: usize, line: usize) -> Result<(), MapError> {
        self.files.as_mut().map_or(Ok(()), |files| files.no_tile(column, line))
    }
}

/// Times the whole, and the calibration of the same frames alone.
pub fn run(arguments: &[String]) -> Result<Value, Error> {
    let [frames, height, rest @ ..] = arguments else {
        return Err("usage: facula-bench mosaic FRAMES HEIGHT [BUDGET_MB] [FOLDER]".into());
    };
    let budget_mb: u64 = rest.first().map_or(Ok(1800), |text| text.parse())?;
    let source = source(frames.parse()?)?;
    let grid = MapGrid::global(height.parse()?);
    let mut count = Count::default();
    let (clock, start_cpu_s) = (Instant::now(), cpu_s());
    if let Some(folder) = rest.get(1) {
        let info = ProductInfo::default();
        count.files = Some(MapFiles::create(folder.as_ref(), &Body::built_in("ceres")?, grid, &info)?);
    }
    let done = streamed(&source, (grid, budget_mb * 1_000_000), &mut count)?;
    count.files.take().map_or(Ok(Vec::new()), MapFiles::finish)?;
    let (whole_s, whole_cpu_s) = (clock.elapsed().as_secs_f64(), cpu_s() - start_cpu_s);
    let peak_mb = status_kb("VmHWM") / 1000.0;
    Ok(json!({
        "row": "mosaic",
        "frames": source.tickets.len(),
        "height": grid.height,
        "whole_s": whole_s,
        "whole_cpu_s": whole_cpu_s,
        "peak_mb": peak_mb,
        "calibrate_ms_per_frame_one_thread": calibrate_ms(&source)?,
        "reads": done.reads,
        "most_frames_held": done.most_held,
        "tiles": count.tiles,
        "cells": count.cells,
        "contributions": count.contributions,
        "ns_cpu_per_contribution": 1e9 * whole_cpu_s / count.contributions.max(1) as f64,
        "area_fraction": done.levels.area_fraction,
    }))
}

fn streamed(
    source: &Raws,
    (grid, budget_bytes): (MapGrid, u64),
    sink: &mut Count,
) -> Result<Streamed, Error> {
    let shape = Shape::Ellipsoid(Ellipsoid::new(482.1, 482.1, 445.94).ok_or("radii")?);
    let levels = ScaleLevels::dawn_at_ceres();
    let plan = StreamPlan {
        grid: grid.into(),
        config: MosaicConfig { levels, budget_bytes, ..MosaicConfig::default() },
        shape: &shape,
        options: &MosaicOptions::default(),
        base: None,
        keep: None,
    };
    Ok(mosaic_streamed(source, &plan, sink, &Silent)?)
}

/// Shortest of some calibrations.
fn calibrate_ms(source: &Raws) -> Result<f64, Error> {
    const ALONE: usize = 10;
    let mut least_ms = f64::INFINITY;
    for index in 0..ALONE.min(source.tickets.len()) {
        let clock = Instant::now();
        drop(source.shot(index).map_err(|error| error.to_string())?);
        least_ms = least_ms.min(1000.0 * clock.elapsed().as_secs_f64());
    }
    Ok(least_ms)
}

/// A number of Linux' about this process, kB; not a number elsewhere.
fn status_kb(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(f64::NAN)
}

/// Time of all threads so far, s, where Linux tells it in hundredths; not a number elsewhere.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |k: usize| fields.get(k).and_then(|field| field.parse().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn source(frames: usize) -> Result<Raws, Error> {
    let file = CameraFile::built_in("dawn_fc2")?;
    let camera = file.camera("F1")?;
    let detector = file.filter("F1")?.detector.clone();
    let raws: Vec<RawFrame> = (0..POOL).map(raw).collect::<Result<_, Error>>()?;
    let tickets = (0..frames).map(|k| {
        let raw = &raws[k % POOL];
        let sine = 1.0 - (2 * k + 1) as f64 / frames as f64;
        let above = LonLat::new(GOLDEN_RAD * k as f64, sine.asin());
        let mut ticket = ShotTicket::new(&raw.meta, camera.clone(), pose(above, raw.meta.mid_exposure));
        ticket.id = format!("frame {k}");
        ticket.quantity = Level::IOverF;
        ticket
    });
    Ok(Raws { tickets: tickets.collect(), raws: raws.clone(), detector })
}

/// One of the pool: brightness that differs from line to line and from pixel to pixel.
fn raw(number: usize) -> Result<RawFrame, Error> {
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
    let period = [997, 1009, 1013, 1019][number % POOL];
    let dn = (0..SIDE_PX * SIDE_PX).map(|k| 3000.0 + 0.2 * (k % period) as f32 + (k / SIDE_PX % 64) as f32);
    let dn = Raster::from_vec(SIDE_PX, SIDE_PX, dn.collect()).ok_or("size")?;
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
