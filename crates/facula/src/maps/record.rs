// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was done to make a map, as JSON.

use std::path::{Path, PathBuf};

use facula_core::{Body, CellGrid, format_utc, write_aside};
use facula_map::{LevelReport, MapCrs};
use serde_json::{Value, json};

use super::align::tie_record;
use super::cells::cell_size_m;
use super::frames::{FrameSet, PlacedShot};
use super::request::MapOutcome;
use crate::RequestError;

/// The record as a value.
pub fn map_record(frames: &FrameSet, outcome: &MapOutcome) -> Value {
    let crs = MapCrs::of_grid(&frames.body, &outcome.grid);
    let (in_map, new) = outcome.frames;
    json!({
        "facula": env!("CARGO_PKG_VERSION"),
        "target": frames.body.name,
        "body_constants": frames.body.source.trim(),
        "quantity": outcome.quantity,
        "model": outcome.model,
        "grid": grid(&frames.body, &outcome.grid),
        "coordinate_system": { "name": crs.projected_name(), "code": crs.authority_code(), "wkt2": crs.wkt2() },
        "frames_in_map": in_map,
        "frames_added": new,
        "frames_left_out": outcome.left_out,
        "coverage": coverage(&outcome.coverage),
        "gains": outcome.balanced.as_ref().map(|levels| levels.gains.iter().map(|gain| json!({
            "frame": gain.id, "gain": gain.gain, "sigma": gain.sigma, "cells_shared": gain.cells,
        })).collect::<Vec<_>>()),
        "aligned": outcome.ties.iter().map(tie_record).collect::<Vec<_>>(),
        "frames_of_this_run": frames.shots.iter().map(frame).collect::<Vec<_>>(),
    })
}

fn grid(body: &Body, grid: &CellGrid) -> Value {
    json!({ "width": grid.width(), "height": grid.height(), "cell_m": cell_size_m(body, grid), "cells": grid })
}

fn coverage(report: &LevelReport) -> Value {
    let number = |value: f64| if value.is_finite() { json!(value) } else { Value::Null };
    let levels = report.levels.iter().map(|level| {
        json!({
            "level": level.name,
            "frames": level.frames,
            "area_fraction": level.area_fraction,
            "best_scale_m": number(level.best_scale_m),
            "median_scale_m": number(level.median_scale_m),
        })
    });
    json!({
        "area_fraction": report.area_fraction,
        "values_rejected": report.outliers_rejected,
        "levels": levels.collect::<Vec<_>>(),
    })
}

fn frame(shot: &PlacedShot) -> Value {
    json!({
        "frame": shot.meta.id,
        "mid_exposure_utc": format_utc(shot.pose.mid_exposure),
        "filter": shot.meta.filter,
        "range_km": shot.pose.range_km(),
    })
}

/// Writes the record.
pub(super) fn write(path: &Path, frames: &FrameSet, outcome: &MapOutcome) -> Result<PathBuf, RequestError> {
    let text = serde_json::to_string_pretty(&map_record(frames, outcome)).map_err(std::io::Error::other);
    text.and_then(|text| write_aside(path, |out| std::io::Write::write_all(out, (text + "\n").as_bytes())))
        .map_err(|error| RequestError::io("write", path, &error))?;
    Ok(path.to_path_buf())
}
