// SPDX-License-Identifier: MIT OR Apache-2.0
//! A frame as a picture (PNG, JPEG, TIFF), VICAR or ENVI image with a JSON pose of the same name beside it.
//!
//! In: one band; of a PNG or JPEG grey pixels (8 or 16 bit, a palette of greys, RGB with equal channels) and
//! `spacecraft_position_km`, `camera_from_body` (rows), `sun_position_km` (optional), all body-fixed, and
//! `mid_exposure_utc`, or `start_time_utc` with `exposure_ms`. Out: a frame of [`Level::Relative`], for such
//! pictures are stretched by unknown factors.

use std::collections::BTreeMap;

use facula_core::{FrameMeta, Level, Pose, Quality, Raster, RawFrame, Rotation, Vec3};
use serde::Deserialize;

use crate::files::{read_bounded, sibling};
use crate::format::open;
use crate::frame::{MAX_EXPOSURE_S, Source, looks_at_body, plain_name, target_name};
use crate::picture::keywords;
use crate::png_image::Picture;
use crate::samples::quality_of;
use crate::time::parse_time;
use crate::{ArchiveError, FileKind};

/// Hint of all errors about the sidecar.
const HINT: &str = "correct the JSON pose file";

/// The sidecar; keys not listed are kept as keywords only.
#[derive(Debug, Deserialize)]
struct Sidecar {
    product_id: Option<String>,
    #[serde(default)]
    target: String,
    #[serde(default)]
    instrument: String,
    #[serde(default)]
    filter: String,
    mid_exposure_utc: Option<String>,
    start_time_utc: Option<String>,
    exposure_ms: Option<f64>,
    detector_temperature_k: Option<f64>,
    spacecraft_position_km: Option<[f64; 3]>,
    sun_position_km: Option<[f64; 3]>,
    camera_from_body: Option<[[f64; 3]; 3]>,
}

/// Reads the picture and the sidecar beside it.
pub(crate) fn read(source: &Source<'_>) -> Result<RawFrame, ArchiveError> {
    let (dn, quality) = pixels(source)?;
    let path = sibling(source.path, "json").ok_or_else(|| {
        ArchiveError::missing(
            "the pose file (.json) beside the picture",
            "write one, or read the frame from its label",
        )
    })?;
    let bytes = read_bounded(&path, &source.options.limits)?;
    let json = Source { path: &path, bytes: &bytes, ..*source };
    let (meta, pose) = read_sidecar(&json).map_err(|error| error.in_file(&path))?;
    Ok(RawFrame { meta, dn, quality, pose })
}

/// The only band of the image.
fn pixels(source: &Source<'_>) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
    let limits = &source.options.limits;
    if matches!(FileKind::of(source.path, source.bytes), FileKind::Png | FileKind::Jpeg) {
        let picture = Picture::decode(source.bytes, limits)?;
        if !picture.is_grey() {
            let hint = "give one filter as a grey picture";
            return Err(ArchiveError::unsupported("a colour picture as a frame", hint));
        }
        let dn = picture.mean_of_colours();
        let quality = quality_of(&dn);
        return Ok((dn, quality));
    }
    let file = open(source.path, source.bytes, limits)?;
    let bands = file.parts().first().map_or(0, |part| part.sizes[2]);
    if bands != 1 {
        let what = format!("an image of {bands} bands as a frame");
        return Err(ArchiveError::unsupported(what, "give one filter as an image of one band"));
    }
    file.band(0, 0, limits)
}

fn read_sidecar(source: &Source<'_>) -> Result<(FrameMeta, Option<Pose>), ArchiveError> {
    let malformed = |error: serde_json::Error| ArchiveError::format(format!("JSON pose: {error}"), HINT);
    let all: serde_json::Map<_, _> = serde_json::from_slice(source.bytes).map_err(malformed)?;
    let keywords = keywords(&all);
    let sidecar: Sidecar = serde_json::from_value(serde_json::Value::Object(all)).map_err(malformed)?;
    let meta = meta(source, &sidecar, keywords)?;
    let pose = pose(source, &sidecar, &meta)?;
    Ok((meta, pose))
}

fn meta(
    source: &Source<'_>,
    sidecar: &Sidecar,
    keywords: BTreeMap<String, String>,
) -> Result<FrameMeta, ArchiveError> {
    let exposure_s = exposure_s(source, sidecar)?;
    let parse = |key: &str, text: &str| {
        parse_time(text)
            .ok_or_else(|| ArchiveError::format(format!("{key} = \"{text}\" is not a UTC time"), HINT))
    };
    let mid_exposure = match (&sidecar.mid_exposure_utc, &sidecar.start_time_utc) {
        (Some(mid), _) => parse("mid_exposure_utc", mid)?,
        (None, Some(start)) => source.options.mid_exposure(parse("start_time_utc", start)?, exposure_s)?,
        (None, None) => {
            return Err(ArchiveError::missing("mid_exposure_utc or start_time_utc in the JSON pose", HINT));
        }
    };
    let stem = || source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FrameMeta {
        id: sidecar.product_id.clone().filter(|id| !id.is_empty()).unwrap_or_else(stem),
        target: target_name(&sidecar.target),
        instrument: plain_name(&sidecar.instrument),
        filter: sidecar.filter.clone(),
        mid_exposure,
        exposure_s,
        detector_temperature_k: sidecar.detector_temperature_k,
        level: Level::Relative,
        keywords,
    })
}

/// The exposure time; none is 0 s, and a warning where the middle of the exposure depends on it.
fn exposure_s(source: &Source<'_>, sidecar: &Sidecar) -> Result<f64, ArchiveError> {
    let Some(exposure_ms) = sidecar.exposure_ms else {
        if sidecar.mid_exposure_utc.is_none() {
            let message = "no exposure_ms: the exposure is taken as 0 s, its middle as its start";
            source.warn(message, "add exposure_ms to the JSON pose");
        }
        return Ok(0.0);
    };
    let exposure_s = exposure_ms / 1000.0;
    if (0.0..=MAX_EXPOSURE_S).contains(&exposure_s) {
        Ok(exposure_s)
    } else {
        Err(ArchiveError::format(format!("exposure_ms = {exposure_ms} is not an exposure time"), HINT))
    }
}

fn pose(source: &Source<'_>, sidecar: &Sidecar, meta: &FrameMeta) -> Result<Option<Pose>, ArchiveError> {
    let (Some(position_km), Some(rows)) = (sidecar.spacecraft_position_km, sidecar.camera_from_body) else {
        source.warn(
            "no spacecraft_position_km or camera_from_body: the frame has no pose",
            "add them, or give kernels",
        );
        return Ok(None);
    };
    let spacecraft_km = place_km("spacecraft_position_km", position_km)?;
    let told_sun_km = sidecar.sun_position_km.map(|sun| place_km("sun_position_km", sun)).transpose()?;
    let camera_from_body = Rotation::from_rows(rows)
        .ok_or_else(|| ArchiveError::format("camera_from_body is not a rotation (rows within 5e-4)", HINT))?;
    if !looks_at_body(source, &meta.target) {
        return Ok(None);
    }
    let Some(sun_km) = told_sun_km.or_else(|| source.options.sun_at(meta.mid_exposure)) else {
        let message = "neither the pose file nor an ephemeris tells where the Sun is: the frame has no pose";
        source.warn(message, "add sun_position_km to the JSON pose");
        return Ok(None);
    };
    Ok(Some(Pose { mid_exposure: meta.mid_exposure, spacecraft_km, sun_km, camera_from_body }))
}

fn place_km<F>(key: &str, components_km: [f64; 3]) -> Result<Vec3<F>, ArchiveError> {
    let place = Vec3::from_array(components_km);
    let good = place.length() > 0.0 && place.length().is_finite();
    good.then_some(place).ok_or_else(|| {
        ArchiveError::format(format!("{key} = {components_km:?} is not a place off the centre"), HINT)
    })
}
