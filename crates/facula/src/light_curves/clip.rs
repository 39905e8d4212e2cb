// SPDX-License-Identifier: MIT OR Apache-2.0
//! A spot crossing the terminator: each frame brought to a view from straight above the spot (orthographic, north up), with
//! the numbers of that moment beneath.

use std::collections::BTreeMap;
use std::path::PathBuf;

use facula_core::{Epoch, PixelPos, Raster, Vec3, format_utc};
use facula_geometry::{Shape, Shot};
use facula_publish::{
    AnimationFrame, AnimationMark, AnimationOptions, BlackPoint, Stretch, terminator_animation, write_file,
};
use facula_spots::{LightPoint, LightTarget};

use super::{LightCurveOutcome, LightCurveRequest, file_stem};
use crate::RequestError;

/// Spots with an animation at most.
pub const MOST_ANIMATED: usize = 6;
/// Pixels along a side of a view.
const SIDE_PX: usize = 192;
/// Half the width of a view: in diameters of the spot, and at least this fraction of the body's radius; the same in every
/// frame, so that the spot does not seem to grow.
const HALF_DIAMETERS: f64 = 2.5;
const LEAST_HALF_FRACTION: f64 = 0.04;
/// Least cosine of the emission angle at a spot, 60 degrees: seen more obliquely, a spot on the floor of a crater 4 km deep
/// lies more than 7 km beside its place on the smooth body, out of its ring.
const LEAST_COS_EMISSION: f64 = 0.5;
/// The ring lies outside the spot.
const RING_OF_SPOT: f64 = 1.4;
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
    let seen = shot.light(&ground).cos_emission > LEAST_COS_EMISSION && at.x_px.is_finite();
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

/// Writes `<spot>.gif` or `<spot>.mp4`, as asked for, of every spot that at least two frames show.
pub(super) fn write_clips(
    request: &LightCurveRequest,
    (outcome, shown): (&LightCurveOutcome, &[usize]),
    crops: &BTreeMap<String, Vec<Crop>>,
) -> Result<Vec<PathBuf>, RequestError> {
    let mut files = Vec::new();
    for k in shown {
        let curve = &outcome.curves[*k];
        let Some(target) = outcome.target(&curve.spot_id) else { continue };
        let mut own: Vec<&Crop> = crops.get(&curve.spot_id).into_iter().flatten().collect();
        own.sort_by(|a, b| a.epoch.cmp(&b.epoch).then(a.frame_id.cmp(&b.frame_id)));
        let frame = |crop: &&Crop| {
            let point = curve.points.iter().find(|p| p.frame_id == crop.frame_id);
            let from = format!("from {:.0} km", crop.range_km);
            AnimationFrame {
                image: crop.image.clone(),
                caption: caption(target.label(), (crop.epoch, point), &from),
                marks: vec![ring(target, outcome.body.ellipsoid().radius_km(target.place.direction()))],
            }
        };
        let frames: Vec<AnimationFrame> = own.iter().map(frame).collect();
        if frames.len() > 1 {
            files.extend(write_animations(request, &file_stem(&curve.spot_id), &frames)?);
        }
    }
    Ok(files)
}

/// A ring around the spot in the middle of its view; the name stands in the caption, where it hides nothing.
pub(super) fn ring(target: &LightTarget, radius_km: f64) -> AnimationMark {
    let pixel_km = 2.0 * half_width_km(target, radius_km) / (SIDE_PX - 1) as f64;
    let radius_px = RING_OF_SPOT * 0.5 * target.diameter_km / pixel_km;
    AnimationMark { at: centre(), radius_px, name: String::new() }
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

/// One file of each format asked for.
pub(super) fn write_animations(
    request: &LightCurveRequest,
    stem: &str,
    frames: &[AnimationFrame],
) -> Result<Vec<PathBuf>, RequestError> {
    let stretch = Stretch { black: BlackPoint::Zero, ..Stretch::default() };
    let options = AnimationOptions { width_px: WIDTH_PX, delay_ms: DELAY_MS, stretch, max_bytes: MOST_BYTES };
    let mut files = Vec::new();
    for format in &request.animation_formats {
        let path = request.out.join(format!("{stem}.{}", format.extension()));
        write_file(&path, &terminator_animation(*format, frames, &options)?)?;
        files.push(path);
    }
    Ok(files)
}

/// Name, time, light and brightness of a moment.
pub(super) fn caption(name: &str, (epoch, point): (Epoch, Option<&LightPoint>), from: &str) -> String {
    let utc = format_utc(epoch).replace('T', " ");
    let time = utc.get(..16).unwrap_or(&utc);
    let numbers = point.map_or_else(|| "brightness not measured".into(), light_words);
    format!("{name} · {time} UTC · {from} · {numbers}")
}

/// Incidence, phase and brightness: `incidence 46.2° · phase 57.7° · I/F 0.11491 ± 0.00006`.
pub(crate) fn light_words(point: &LightPoint) -> String {
    let (incidence_deg, phase_deg) = (point.incidence_rad.to_degrees(), point.phase_rad.to_degrees());
    let brightness = with_error(point.iof, point.iof_sigma);
    format!("incidence {incidence_deg:.1}° · phase {phase_deg:.1}° · I/F {brightness}")
}

/// A brightness to the first figure of its error, four decimals at least and six at most; none of -0.0000.
fn with_error(iof: f64, sigma: f64) -> String {
    let known = sigma > 0.0;
    let places = if known { (-sigma.log10()).ceil().clamp(4.0, 6.0) as usize } else { 4 };
    let text = format!("{iof:.places$}");
    let nothing = text.chars().all(|c| "-0.".contains(c));
    let value = if nothing { text.trim_start_matches('-') } else { &text };
    if known { format!("{value} ± {sigma:.places$}") } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_is_told_to_the_first_figure_of_its_error() {
        for (iof, sigma, text) in [
            (0.0694839, 0.0000987, "0.06948 ± 0.00010"),
            (0.1956714, 0.0012496, "0.1957 ± 0.0012"),
            (-0.0000095, 0.0000129, "-0.00001 ± 0.00001"),
            (-0.0000001, 0.0012, "0.0000 ± 0.0012"),
            (0.2338, 0.0, "0.2338"),
            (-0.00001, f64::NAN, "0.0000"),
        ] {
            assert_eq!(with_error(iof, sigma), text);
        }
    }

    #[test]
    fn the_ring_lies_around_the_spot() {
        let target = LightTarget {
            id: "S001".into(),
            name: None,
            place: facula_core::LonLat::from_degrees(239.6, 19.7),
            diameter_km: 14.0,
            area_km2: 154.0,
            footprint: Vec::new(),
        };
        // The view is five diameters wide: a spot of 14 km takes a fifth of 191 pixels.
        let spot_px = 0.5 * 191.0 / 5.0;
        let ring = ring(&target, 470.0);
        assert!((ring.radius_px - 1.4 * spot_px).abs() < 1e-9 && ring.name.is_empty(), "{ring:?}");
    }
}
