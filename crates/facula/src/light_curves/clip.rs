// SPDX-License-Identifier: MIT OR Apache-2.0
//! A spot crossing the terminator: each frame brought to a view from straight above the spot (orthographic, north up), with
//! the numbers of that moment beneath.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{Epoch, PixelPos, Raster, Vec3, format_utc};
use facula_geometry::{Shape, Shot};
use facula_publish::{BlackPoint, GifFrame, GifOptions, Stretch, terminator_gif, write_file};
use facula_spots::{LightPoint, LightTarget};

use super::{LightCurveOutcome, file_stem};
use crate::RequestError;

/// Spots with an animation at most.
pub const MOST_ANIMATED: usize = 6;
/// Pixels along a side of a view.
const SIDE_PX: usize = 192;
/// Half the width of a view: in diameters of the spot, and at least this fraction of the body's radius; the same in every
/// frame, so that the spot does not seem to grow.
const HALF_DIAMETERS: f64 = 2.5;
const LEAST_HALF_FRACTION: f64 = 0.04;
/// Width of the animation, px.
pub(super) const WIDTH_PX: u32 = 480;
/// Time each picture stays, ms.
pub(super) const DELAY_MS: u32 = 200;
/// Largest file, bytes.
pub(super) const MOST_BYTES: usize = 12_000_000;

/// The view of a spot from above in one frame.
#[derive(Debug, Clone)]
pub(super) struct Crop {
    pub frame_id: String,
    pub epoch: Epoch,
    pub image: Raster<f32>,
    pub range_km: f64,
}

/// Half the width of the view of a spot, km.
pub(super) fn half_width_km(target: &LightTarget, radius_km: f64) -> f64 {
    (HALF_DIAMETERS * target.diameter_km).max(LEAST_HALF_FRACTION * radius_km).min(0.95 * radius_km)
}

/// `None` where the spot is turned away from the camera or lies outside the frame.
pub(super) fn crop(shot: &Shot, shape: &Shape, target: &LightTarget) -> Option<Crop> {
    let up = target.place.direction();
    let ground = shape.surface(up)?;
    let range_km = (ground.point_km - shot.pose.spacecraft_km).length();
    let at = shot.pixel_of(ground.point_km).filter(|at| shot.camera.contains(*at))?;
    let seen = shot.light(&ground).cos_emission > 0.17 && at.x_px.is_finite();
    if !seen {
        return None;
    }
    let radius_km = ground.point_km.length();
    let half_km = half_width_km(target, radius_km);
    let east = Vec3::new(0.0, 0.0, 1.0).cross(up).unit().unwrap_or(Vec3::new(0.0, 1.0, 0.0));
    let north = up.cross(east);
    let step = 2.0 * half_km / radius_km / (SIDE_PX - 1) as f64;
    let middle = 0.5 * (SIDE_PX - 1) as f64;
    let mut image = Raster::filled(SIDE_PX, SIDE_PX, f32::NAN);
    for line in 0..SIDE_PX {
        for sample in 0..SIDE_PX {
            let (x, y) = ((sample as f64 - middle) * step, (middle - line as f64) * step);
            let height = (1.0 - x * x - y * y).max(0.0).sqrt();
            let value = shape
                .surface(up * height + east * x + north * y)
                .filter(|point| shot.light(point).cos_emission > 0.05)
                .and_then(|point| shot.pixel_of(point.point_km))
                .and_then(|at| shot.frame.iof.bilinear(at));
            image.set(sample, line, value.unwrap_or(f32::NAN));
        }
    }
    Some(Crop { frame_id: shot.frame.meta.id.clone(), epoch: shot.pose.mid_exposure, image, range_km })
}

/// Writes `<spot>.gif` of every spot that at least two frames show.
pub(super) fn write_clips(
    out: &Path,
    (outcome, shown): (&LightCurveOutcome, &[usize]),
    crops: &BTreeMap<String, Vec<Crop>>,
) -> Result<Vec<PathBuf>, RequestError> {
    let mut files = Vec::new();
    for k in shown {
        let curve = &outcome.curves[*k];
        let mut own: Vec<&Crop> = crops.get(&curve.spot_id).into_iter().flatten().collect();
        own.sort_by(|a, b| a.epoch.cmp(&b.epoch).then(a.frame_id.cmp(&b.frame_id)));
        let label = outcome.label(&curve.spot_id);
        let frames: Vec<GifFrame> = own
            .iter()
            .map(|crop| {
                let point = curve.points.iter().find(|p| p.frame_id == crop.frame_id);
                let caption = caption(crop.epoch, point, &format!("{:.0} km", crop.range_km));
                GifFrame { image: crop.image.clone(), caption, marks: vec![(centre(), label.clone())] }
            })
            .collect();
        if frames.len() > 1 {
            files.push(write_gif(out, &curve.spot_id, &frames)?);
        }
    }
    Ok(files)
}

/// The middle of a view.
pub(super) fn centre() -> PixelPos {
    let middle = 0.5 * (SIDE_PX - 1) as f64;
    PixelPos::new(middle, middle)
}

/// Pixels along a side of a view.
pub(super) const fn side_px() -> usize {
    SIDE_PX
}

pub(super) fn write_gif(out: &Path, spot_id: &str, frames: &[GifFrame]) -> Result<PathBuf, RequestError> {
    let stretch = Stretch { black: BlackPoint::Zero, ..Stretch::default() };
    let options = GifOptions { width_px: WIDTH_PX, delay_ms: DELAY_MS, stretch, max_bytes: MOST_BYTES };
    let path = out.join(format!("{}.gif", file_stem(spot_id)));
    write_file(&path, &terminator_gif(frames, &options)?)?;
    Ok(path)
}

/// Time, light and brightness of a moment.
pub(super) fn caption(epoch: Epoch, point: Option<&LightPoint>, from: &str) -> String {
    let utc = format_utc(epoch).replace('T', " ");
    let time = utc.get(..16).unwrap_or(&utc);
    let numbers = point.map_or_else(
        || "brightness not measured".into(),
        |p| {
            let (incidence_deg, phase_deg) = (p.incidence_rad.to_degrees(), p.phase_rad.to_degrees());
            let error = if p.iof_sigma > 0.0 { format!(" ± {:.4}", p.iof_sigma) } else { String::new() };
            format!("incidence {incidence_deg:.1}° · phase {phase_deg:.1}° · I/F {:.4}{error}", p.iof)
        },
    );
    format!("{time} UTC · {from} · {numbers}")
}
