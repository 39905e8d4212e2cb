// SPDX-License-Identifier: MIT OR Apache-2.0
//! One day over a spot as the renderer sees it, from straight above: the built-in ground, or a map of brightness.

use std::path::PathBuf;

use facula_core::{Body, Epoch, LonLat, Progress, Raster, Reporter, Unit};
use facula_geometry::{Camera, light_at};
use facula_publish::AnimationFrame;
use facula_shape::Shape;
use facula_simulate::RenderOptions;
use facula_spice::{Kernels, sun_in_body_frame};
use facula_spots::{Illumination, LightPoint, LightTarget, day_s};

use super::clip::{caption, centre, half_width_km, ring, side_px, write_animations};
use super::{Animation, LightCurveOutcome, LightCurveRequest, file_stem};
use crate::RequestError;
use crate::picture::{Stage, Standpoint, SurfaceChoice, pinhole, pose_for};

/// Most pictures of a day.
const MOST_PICTURES: usize = 500;
/// What is shown of the 24 hours of local time: from before sunrise to after sunset.
const FROM_H: f64 = 4.5;
const SHOWN_H: f64 = 15.0;
/// Distance of the eye from the centre, radii: perspective hardly shows.
const FAR: f64 = 40.0;

/// Writes `<spot>_model.gif` or `.mp4`, as asked for, of every spot: the day that holds its first point.
pub(super) fn write_turns(
    kernels: &Kernels,
    request: &LightCurveRequest,
    (outcome, shown): (&LightCurveOutcome, &[usize]),
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, RequestError> {
    let Animation::Model { map, pictures } = &request.animation else { return Ok(Vec::new()) };
    let pictures = *pictures;
    if !(2..=MOST_PICTURES).contains(&pictures) {
        return Err(RequestError::argument("pictures of a day (2 to 500)", &pictures.to_string()));
    }
    let map = map.as_ref().map(|(path, west_deg)| (path.clone(), f64::from(*west_deg)));
    let stage = Stage::new(&outcome.body, &SurfaceChoice { map, ..SurfaceChoice::default() })?;
    let day_s = day_s(outcome.body.spin_deg_day.to_radians() / 86_400.0);
    let mut files = Vec::new();
    for k in shown {
        let curve = &outcome.curves[*k];
        let (Some(target), Some(first)) = (outcome.target(&curve.spot_id), curve.points.first()) else {
            continue;
        };
        let since_h = local_time_h(kernels, (&outcome.body, target), first.epoch)?;
        let midnight = first.epoch - since_h / 24.0 * day_s * Unit::Second;
        let turn = Turn { kernels, outcome, stage: &stage, target };
        let mut frames = Vec::with_capacity(pictures);
        for picture in 0..pictures {
            let local_h = FROM_H + SHOWN_H * (picture as f64 + 0.5) / pictures as f64;
            frames.push(turn.picture(midnight + local_h / 24.0 * day_s * Unit::Second, report)?);
            report.progress(Progress { stage: "animation", done: picture + 1, total: pictures });
        }
        let stem = format!("{}_model", file_stem(&curve.spot_id));
        files.extend(write_animations(request, &stem, &frames)?);
    }
    Ok(files)
}

/// Hours since midnight at a spot, by the Sun.
fn local_time_h(
    kernels: &Kernels,
    (body, target): (&Body, &LightTarget),
    epoch: Epoch,
) -> Result<f64, RequestError> {
    let sun = LonLat::of(sun_in_body_frame(kernels, body, epoch)?);
    let behind_deg = (target.place.longitude_deg() - sun.longitude_deg()) * body.spin_deg_day.signum();
    Ok((12.0 + behind_deg / 15.0).rem_euclid(24.0))
}

struct Turn<'a> {
    kernels: &'a Kernels,
    outcome: &'a LightCurveOutcome,
    stage: &'a Stage<'a>,
    target: &'a LightTarget,
}

impl Turn<'_> {
    fn picture(&self, epoch: Epoch, report: &dyn Reporter) -> Result<AnimationFrame, RequestError> {
        let body = &self.outcome.body;
        let place = self.target.place;
        let radius_km = body.ellipsoid().radius_km(place.direction());
        let place_deg = [place.longitude_deg(), place.latitude_deg()];
        let above = Standpoint::Above {
            longitude_deg: place_deg[0],
            latitude_deg: place_deg[1],
            range_km: FAR * radius_km,
        };
        let pose = pose_for((body, self.kernels), epoch, above, Some(place_deg))?;
        let half_km = half_width_km(self.target, radius_km);
        let field_deg = 2.0 * (half_km / ((FAR - 1.0) * radius_km)).atan().to_degrees();
        let camera: Camera = pinhole([side_px(); 2], field_deg)?;
        let rendered = self.stage.render((&camera, &pose), &RenderOptions::default(), report)?;
        let point = self.point(epoch, (&camera, &pose), &rendered.iof);
        let caption = caption(self.target.label(), (epoch, point.as_ref()), "computed");
        let marks = vec![ring(self.target, radius_km)];
        Ok(AnimationFrame { image: rendered.iof, caption, marks })
    }

    /// Light and mean brightness of the spot in a picture.
    fn point(
        &self,
        epoch: Epoch,
        (camera, pose): (&Camera, &facula_core::Pose),
        iof: &Raster<f32>,
    ) -> Option<LightPoint> {
        let ground =
            Shape::Ellipsoid(self.outcome.body.ellipsoid()).surface(self.target.place.direction())?;
        let light = light_at(pose, &ground);
        let pixel_km = (pose.range_km() - ground.point_km.length()) * camera.ifov_rad();
        let (radius_px, middle) = (0.5 * self.target.diameter_km / pixel_km, centre());
        let mut values = Vec::new();
        for line in 0..iof.height() {
            for sample in 0..iof.width() {
                if (sample as f64 - middle.x_px).hypot(line as f64 - middle.y_px) <= radius_px.max(0.8) {
                    values.push(f64::from(iof.at(sample, line)));
                }
            }
        }
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let incidence_rad = facula_core::Vec3::angle_rad(ground.normal, pose.sun_km - ground.point_km);
        Some(LightPoint {
            spot_id: self.target.id.clone(),
            frame_id: String::new(),
            epoch,
            iof: mean,
            iof_sigma: 0.0,
            surroundings_iof: f64::NAN,
            surroundings_sigma: f64::NAN,
            incidence_rad,
            emission_rad: 0.0,
            phase_rad: light.phase_rad,
            sun_azimuth_rad: f64::NAN,
            camera_azimuth_rad: f64::NAN,
            local_time_h: f64::NAN,
            illumination: Illumination::Lit,
            pixel_km,
        })
    }
}
