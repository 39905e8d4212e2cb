// SPDX-License-Identifier: MIT OR Apache-2.0
//! A body that turns before a camera that stays: many pictures, one animation.
//!
//! The camera keeps its position in inertial space, as a spacecraft far away nearly does for some hours, and looks at the
//! body's centre or at a place that turns with the ground.

use facula_core::{Epoch, PixelPos, Progress, Raster, Reporter, features, format_utc};
use facula_publish::{BlackPoint, GifFrame, GifOptions, Stretch, terminator_gif};
use facula_spice::Kernels;

use super::{PictureRequest, Stage, Standpoint, pose_for};
use crate::RequestError;

/// Most pictures of an animation.
const MOST_PICTURES: usize = 2000;
/// Names shown of what is in view, the largest spots first.
const NAMES_SHOWN: usize = 2;

/// When, and where the camera looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Last picture; the first is the request's pose.
    pub until: Epoch,
    /// Pictures, the first and last included; 2 to 2000.
    pub pictures: usize,
    /// East longitude and latitude of a place looked at, degrees; the centre when `None`.
    pub look_at_deg: Option<[f64; 2]>,
}

/// Pictures at equal intervals from the time of the request's pose on, as an animated GIF of the given width, px.
///
/// # Errors
/// [`RequestError::Argument`] for a span that is empty, and what [`Stage::render`] says.
pub fn animation(
    (request, kernels): (&PictureRequest<'_>, &Kernels),
    span: &Span,
    width_px: u32,
    report: &dyn Reporter,
) -> Result<Vec<u8>, RequestError> {
    let first = request.pose.mid_exposure;
    if !(2..=MOST_PICTURES).contains(&span.pictures) || span.until <= first {
        let value = format!("{} pictures until {}", span.pictures, format_utc(span.until));
        return Err(RequestError::argument("span of the animation", &value));
    }
    let stage = Stage::new(request.body, &request.surface)?;
    let from_icrf = |epoch: Epoch| request.body.body_from_icrf(epoch);
    let position_km = from_icrf(first).inverse() * request.pose.spacecraft_km;
    let step = (span.until - first) * (1.0 / (span.pictures - 1) as f64);
    let mut frames = Vec::with_capacity(span.pictures);
    for k in 0..span.pictures {
        let epoch = first + step * k as f64;
        let at = Standpoint::At(from_icrf(epoch) * position_km);
        let pose = pose_for((request.body, kernels), epoch, at, span.look_at_deg)?;
        let rendered = stage.render((&request.camera, &pose), &request.options, report)?;
        let marks = names(request, &pose, &rendered.iof);
        frames.push(GifFrame { image: rendered.iof, caption: caption(epoch), marks });
        report.progress(Progress { stage: "render", done: k + 1, total: span.pictures });
    }
    let stretch = Stretch { black: BlackPoint::Zero, ..Stretch::default() };
    let options = GifOptions { width_px, delay_ms: 160, stretch, max_bytes: 20_000_000 };
    Ok(terminator_gif(&frames, &options)?)
}

/// The time to the second.
fn caption(epoch: Epoch) -> String {
    let utc = format_utc(epoch);
    format!("{} UTC", utc.split('.').next().unwrap_or(&utc).replace('T', " "))
}

/// Named faculae that are on the near side and lit.
fn names(
    request: &PictureRequest<'_>,
    pose: &facula_core::Pose,
    iof: &Raster<f32>,
) -> Vec<(PixelPos, String)> {
    let ellipsoid = request.body.ellipsoid();
    let mut faculae = features(&request.body.name);
    faculae.retain(|feature| feature.kind == "facula");
    faculae.sort_by(|a, b| b.diameter_km.total_cmp(&a.diameter_km));
    let seen = faculae.iter().filter_map(|feature| {
        let direction = feature.place.direction();
        let point_km = direction * ellipsoid.radius_km(direction);
        let to_camera = pose.spacecraft_km - point_km;
        let near = ellipsoid.normal(point_km).dot(to_camera) > 0.0;
        let at = request.camera.pixel(pose.camera_from_body * -to_camera).filter(|_| near)?;
        let (x, y) = (at.x_px.round(), at.y_px.round());
        let inside = x >= 0.0 && y >= 0.0 && x < iof.width() as f64 && y < iof.height() as f64;
        let lit = inside && iof.at(x as usize, y as usize) > 0.0;
        lit.then(|| (at, feature.name.clone()))
    });
    seen.take(NAMES_SHOWN).collect()
}
