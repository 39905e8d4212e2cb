// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames of a camera: as read, and calibrated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Epoch, MapGrid, Pose, Quality, Raster};

/// What the numbers of a frame are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Level {
    /// Data numbers as the camera gave them (PDS level 1A, EDR).
    Raw,
    /// Spectral radiance, W m⁻² sr⁻¹ nm⁻¹ (PDS level 1B, RDR).
    Radiance,
    /// Reflectance I/F (PDS level 1C or calibrated by Facula).
    IOverF,
    /// Brightness with unknown zero and scale, as in stretched previews: shapes and places, no albedos.
    Relative,
}

/// What is known about a frame beside its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameMeta {
    /// Product identifier, unique within a campaign; also the stem of output file names.
    pub id: String,
    /// Body the camera looked at, as the archive writes it in lower case (`ceres`).
    pub target: String,
    /// Camera name (`dawn_fc2`).
    pub instrument: String,
    /// Filter name (`F1`).
    pub filter: String,
    /// Middle of the exposure.
    pub mid_exposure: Epoch,
    /// Exposure time, s.
    pub exposure_s: f64,
    /// Detector temperature, K, where known.
    pub detector_temperature_k: Option<f64>,
    /// What the numbers are.
    pub level: Level,
    /// All keywords of the label as text, in alphabetical order.
    pub keywords: BTreeMap<String, String>,
}

/// A frame as the archive holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct RawFrame {
    /// What is known about it.
    pub meta: FrameMeta,
    /// Data numbers (or what `meta.level` says).
    pub dn: Raster<f32>,
    /// Flags set by the reader (missing pixels).
    pub quality: Raster<Quality>,
    /// Pose told by the label or sidecar, if any.
    pub pose: Option<Pose>,
}

/// A calibrated frame.
#[derive(Debug, Clone, PartialEq)]
pub struct IofFrame {
    /// What is known about it; its level is [`Level::IOverF`] or [`Level::Relative`].
    pub meta: FrameMeta,
    /// I/F: π times radiance over solar irradiance at the body's distance, dimensionless.
    pub iof: Raster<f32>,
    /// One-sigma random error of `iof`, same unit.
    pub sigma: Raster<f32>,
    /// What is wrong with each pixel.
    pub quality: Raster<Quality>,
}

/// A map as read from a file, or a band of one to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct MapImage {
    /// Where the cells lie.
    pub grid: MapGrid,
    /// One value per cell, NaN where there is none.
    pub values: Raster<f32>,
}
