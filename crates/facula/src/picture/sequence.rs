// SPDX-License-Identifier: MIT OR Apache-2.0
//! A body that turns before a camera that stays: many pictures, one animation.
//!
//! The camera keeps its position in inertial space, as a spacecraft far away nearly does for some hours, and looks at the
//! body's centre or at a place that turns with the ground.

use facula_core::{Epoch, Feature, Pose, Progress, Raster, Reporter, features, format_utc};
use facula_publish::{
    AnimationFormat, AnimationFrame, AnimationMark, AnimationOptions, BlackPoint, Stretch,
    terminator_animation,
};
use facula_spice::Kernels;

use super::{PictureRequest, Stage, Standpoint, pose_for};
use crate::RequestError;

/// Most pictures of an animation.
const MOST_PICTURES: usize = 2000;
/// Names shown of what is in view, the brightest spots first.
const NAMES_SHOWN: usize = 2;
/// A place nearer to a brighter one than this fraction of the picture's width gets no mark of its own.
const CROWDED: f64 = 0.06;

/// When, and where the camera looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Last picture; the first is the request's pose.
    pub until: Epoch,
    /// Pictures, the first and last included; 2 to 2000.
    pub pictures: usize,
    /// East longitude and latitude of a place looked at, degrees; the centre when `None`.
    pub look_at_deg: Option<[f64; 2]>,
    /// The file made.
    pub format: AnimationFormat,
}

/// Pictures at equal intervals from the time of the request's pose on, as an animation of the given width, px, with the light of the
/// moment, and of the first place marked, beneath.
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
        let places = places(request, &pose, &rendered.iof);
        let caption = caption(&pose, places.first());
        let marks = places.into_iter().map(|place| place.mark).collect();
        frames.push(AnimationFrame { image: rendered.iof, caption, marks });
        report.progress(Progress { stage: "render", done: k + 1, total: span.pictures });
    }
    let stretch = Stretch { black: BlackPoint::Zero, ..Stretch::default() };
    let options = AnimationOptions { width_px, delay_ms: 160, stretch, max_bytes: 20_000_000 };
    Ok(terminator_animation(span.format, &frames, &options)?)
}

/// A named place in view with its light.
struct Place {
    mark: AnimationMark,
    incidence_deg: f64,
    iof: f32,
}

/// The time to the second, the light on the body, and that at a place.
fn caption(pose: &Pose, place: Option<&Place>) -> String {
    let utc = format_utc(pose.mid_exposure);
    let time = utc.split('.').next().unwrap_or(&utc).replace('T', " ");
    let phase_deg = pose.sun_km.angle_rad(pose.spacecraft_km).to_degrees();
    let sun = pose.sub_solar();
    let (longitude_deg, latitude_deg) = (sun.longitude_deg(), sun.latitude_deg());
    let mut text =
        format!("{time} UTC · phase {phase_deg:.1}° · Sun above {longitude_deg:.1}° E {latitude_deg:+.1}°");
    if let Some(Place { mark, incidence_deg, iof }) = place {
        text += &format!(" · {}: incidence {incidence_deg:.1}°, I/F {iof:.4}", mark.name);
    }
    text
}

/// Named faculae that are on the near side and lit, the brightest first.
fn places(request: &PictureRequest<'_>, pose: &Pose, iof: &Raster<f32>) -> Vec<Place> {
    let mut faculae = features(&request.body.name);
    faculae.retain(|feature| feature.kind == "facula");
    let mut lit: Vec<Place> =
        faculae.iter().filter_map(|feature| lit_place(request, pose, (feature, iof))).collect();
    lit.sort_by(|a, b| b.iof.total_cmp(&a.iof));
    let mut places: Vec<Place> = Vec::new();
    for place in lit {
        let away_px = |other: &Place| {
            (other.mark.at.x_px - place.mark.at.x_px).hypot(other.mark.at.y_px - place.mark.at.y_px)
        };
        if places.iter().all(|other| away_px(other) > CROWDED * iof.width() as f64) {
            places.push(place);
        }
    }
    places.truncate(NAMES_SHOWN);
    places
}

fn lit_place(
    request: &PictureRequest<'_>,
    pose: &Pose,
    (feature, iof): (&Feature, &Raster<f32>),
) -> Option<Place> {
    let ellipsoid = request.body.ellipsoid();
    let direction = feature.place.direction();
    let point_km = direction * ellipsoid.radius_km(direction);
    let normal = ellipsoid.normal(point_km);
    let to_camera = pose.spacecraft_km - point_km;
    let near = normal.dot(to_camera) > 0.0;
    let at = request.camera.pixel(pose.camera_from_body * -to_camera).filter(|_| near)?;
    let (x, y) = (at.x_px.round(), at.y_px.round());
    let inside = x >= 0.0 && y >= 0.0 && x < iof.width() as f64 && y < iof.height() as f64;
    let iof = if inside { iof.at(x as usize, y as usize) } else { 0.0 };
    let incidence_deg = normal.angle_rad(pose.sun_km - point_km).to_degrees();
    (iof > 0.0).then(|| Place { mark: AnimationMark::named(at, &feature.name), incidence_deg, iof })
}
