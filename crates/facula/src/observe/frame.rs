// SPDX-License-Identifier: MIT OR Apache-2.0
//! The geometry of one frame: its label and kernels (or the label's own geometry) to camera, pose and ground.

use std::path::Path;

use facula_archive::{FrameHeader, ReadOptions, read_header};
use facula_core::{Body, Epoch, Pose, Reporter, Silent, Unit, Vec3};
use facula_geometry::{
    Camera, FrameGeometry, FrameStart, FrameTiming, InstrumentGeometry, Isd, IsdRequest, LineScale, Mission,
    Shape, Target,
};
use facula_spice::{FileKind, Kernels, PoseRequest, pose_in_body_frame};
use serde::Serialize;

use crate::RequestError;
use crate::inputs::{read_body, read_camera, read_mesh};

/// Which frame, and what its label does not say.
#[derive(Debug, Clone, Copy)]
pub struct FrameQuestion<'a> {
    /// PDS3 label (its image may be absent), FITS file, or PNG with a JSON pose.
    pub label: &'a Path,
    /// Built-in body or body file; the label's target when absent.
    pub body: Option<&'a str>,
    /// Built-in camera or camera file; the label's instrument when absent.
    pub camera: Option<&'a str>,
    /// Mesh of the body in a file, body-fixed; the ellipsoid when absent.
    pub shape: Option<&'a Path>,
}

/// Where the geometry of a frame comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GeometrySource {
    /// Kernels.
    Kernels,
    /// The label or the file beside the frame.
    Label,
}

/// A frame that is placed.
#[derive(Debug, Clone)]
pub struct PlacedFrame {
    /// What its file tells.
    pub header: FrameHeader,
    /// Its camera.
    pub camera: Camera,
    /// Camera, body and Sun at mid exposure.
    pub pose: Pose,
    /// The body; its radii and rotation are those of the kernels where they have them.
    pub body: Body,
    /// The surface.
    pub shape: Shape,
    /// Where its geometry comes from.
    pub source: GeometrySource,
    /// Name of the camera's reference frame, with geometry from kernels.
    pub camera_frame: Option<String>,
    /// Name of the body-fixed reference frame, with geometry from kernels.
    pub body_frame: String,
    /// NAIF number of the spacecraft, where known.
    pub spacecraft: Option<i32>,
}

/// Places a frame: by kernels when any attitude is loaded, else by what its label tells.
///
/// # Errors
/// [`RequestError`] names what is missing: the kernels' coverage, the label's geometry, the camera, the body.
pub fn place_frame(
    kernels: &Kernels,
    question: &FrameQuestion<'_>,
    report: &dyn Reporter,
) -> Result<PlacedFrame, RequestError> {
    let body = body_of(question)?;
    let instrument =
        |header: &FrameHeader| question.camera.map_or_else(|| header.meta.instrument.clone(), str::to_string);
    let unplaced = read_header(question.label, &ReadOptions::new(&body), &Silent)?;
    let file = read_camera(&instrument(&unplaced));
    let shutter_delay_s = file.as_ref().map_or(0.0, |file| file.shutter_delay_s);
    let sun = |epoch: Epoch| facula_spice::sun_in_body_frame(kernels, &body, epoch).ok();
    let options = ReadOptions { shutter_delay_s, sun: Some(&sun), ..ReadOptions::new(&body) };
    let header = read_header(question.label, &options, report)?;
    let body_frame = body_frame(kernels, &body);
    let ellipsoid = Target::from_kernels(kernels, body.naif_id, &body_frame)?.ellipsoid;
    let shape = match question.shape {
        Some(path) => Shape::Mesh(read_mesh(path)?),
        None => Shape::Ellipsoid(ellipsoid),
    };
    let body = Body { radii_km: [ellipsoid.a_km, ellipsoid.b_km, ellipsoid.c_km], ..body };
    if kernels.structures().is_empty() {
        let pose = header.pose;
        let missing = "neither kernels with an attitude nor a label with geometry tell where the camera was";
        let pose = pose.ok_or_else(|| RequestError::frame(question.label, missing))?;
        let camera = file?.camera(&header.meta.filter)?;
        let source = GeometrySource::Label;
        let (camera_frame, spacecraft) = (None, None);
        return Ok(PlacedFrame {
            header,
            camera,
            pose,
            body,
            shape,
            source,
            camera_frame,
            body_frame,
            spacecraft,
        });
    }
    let named = file.as_ref().map_or_else(|_| instrument(&header), |file| file.name.clone());
    let mission = Mission::of_camera(&named)?;
    let camera_frame = mission.camera_frame(&header.meta.filter)?;
    let camera = Camera::from_kernels(kernels, &camera_frame, InstrumentGeometry::default())?;
    let camera = Camera { name: mission.camera.to_string(), ..camera };
    let mid_exposure = timing(&header, shutter_delay_s).mid_exposure(kernels, mission.spacecraft)?;
    let request = PoseRequest {
        spacecraft: mission.spacecraft,
        camera_frame: camera_frame.clone(),
        body: &body,
        mid_exposure,
    };
    let pose = pose_in_body_frame(kernels, &request, &body_frame)?;
    let (camera_frame, spacecraft) = (Some(camera_frame), Some(mission.spacecraft));
    let source = GeometrySource::Kernels;
    Ok(PlacedFrame { header, camera, pose, body, shape, source, camera_frame, body_frame, spacecraft })
}

impl PlacedFrame {
    /// Support data (CSM ISD) for ISIS and the Ames Stereo Pipeline: from the kernels as USGS ALE makes it, else from
    /// the pose.
    ///
    /// # Errors
    /// [`RequestError::Geometry`] for what the format cannot say or the kernels lack.
    pub fn isd(&self, kernels: &Kernels) -> Result<Isd, RequestError> {
        let (Some(camera_frame), Some(spacecraft)) = (&self.camera_frame, self.spacecraft) else {
            let geometry = FrameGeometry::from_pose(&self.camera, &self.pose, &self.body);
            return Ok(geometry.to_isd(LineScale::OfCamera)?);
        };
        let keyword = |name: &str| self.header.meta.keywords.get(name).map_or("", String::as_str);
        let request = IsdRequest {
            spacecraft,
            camera_frame,
            camera: &self.camera,
            body: self.body.naif_id,
            body_frame: &self.body_frame,
            mid_exposure: self.pose.mid_exposure,
            names: [keyword("INSTRUMENT_HOST_NAME"), keyword("INSTRUMENT_NAME")],
        };
        Ok(Isd::from_kernels(kernels, &request, LineScale::OfCamera)?)
    }
}

/// Whether any part of the body can lie in the field of view of a pose: the angle from the boresight to the body's centre
/// is less than half the diagonal field and the body's angular radius together. Says why not.
///
/// # Errors
/// The reason, for people.
pub fn body_in_view(body: &Body, camera: &Camera, pose: &Pose) -> Result<(), String> {
    let centre = pose.camera_from_body * (-pose.spacecraft_km);
    let range_km = pose.range_km();
    let radius_km = body.ellipsoid().largest_radius_km();
    if !(range_km > 0.5 * radius_km) {
        return Err(format!("its pose lies {range_km:.0} km from the centre, inside {}", body.name));
    }
    let off_axis_rad = centre.angle_rad(Vec3::new(0.0, 0.0, 1.0));
    let half_field_rad = 0.5 * camera.ifov_rad() * (camera.width_px as f64).hypot(camera.height_px as f64);
    let reach_rad = (radius_km / range_km).min(1.0).asin() + half_field_rad;
    if off_axis_rad <= reach_rad {
        return Ok(());
    }
    Err(format!(
        "its pose looks away from {}: the centre is {:.1} deg off the boresight, {:.1} deg would still show the limb",
        body.name,
        off_axis_rad.to_degrees(),
        reach_rad.to_degrees()
    ))
}

/// The body asked for, or the label's target.
fn body_of(question: &FrameQuestion<'_>) -> Result<Body, RequestError> {
    let name = match question.body {
        Some(name) => name.to_string(),
        None => {
            let any = Body::built_in("ceres")?;
            read_header(question.label, &ReadOptions::new(&any), &Silent)?.meta.target
        }
    };
    read_body(&name)
}

/// The body-fixed frame the kernels bind to a body, else the IAU's.
fn body_frame(kernels: &Kernels, body: &Body) -> String {
    let bound =
        kernels.texts(&format!("OBJECT_{}_FRAME", body.naif_id)).and_then(|texts| texts.first().cloned());
    bound.unwrap_or_else(|| format!("IAU_{}", body.name.to_uppercase()))
}

/// By the clock where the label has a count and the kernels a clock: labels are rounded to the millisecond.
fn timing(header: &FrameHeader, shutter_delay_s: f64) -> FrameTiming {
    let exposure_s = header.meta.exposure_s;
    let count = header.meta.keywords.get("SPACECRAFT_CLOCK_START_COUNT");
    let start = header.meta.mid_exposure - (shutter_delay_s + 0.5 * exposure_s) * Unit::Second;
    let start = count.map_or(FrameStart::Time(start), |count| FrameStart::Clock(count.clone()));
    FrameTiming { start, shutter_delay_s, exposure_s }
}

/// The constants of a body as a text kernel: under loaded kernels, they answer where those do not.
pub(super) fn constants_kernel(body: &Body) -> String {
    let id = body.naif_id;
    let [a, b, c] = body.radii_km;
    format!(
        "KPL/PCK\n{}\n\\begindata\nBODY{id}_RADII = ( {a} {b} {c} )\nBODY{id}_POLE_RA = ( {} 0 0 )\n\
         BODY{id}_POLE_DEC = ( {} 0 0 )\nBODY{id}_PM = ( {} {} 0 )\n",
        body.source, body.pole_ra_deg, body.pole_dec_deg, body.prime_meridian_deg, body.spin_deg_day
    )
}

/// Names of the text kernels and built-in tables that may have set the constants of a body, the strongest last.
pub(super) fn constants_source(kernels: &Kernels) -> Option<String> {
    let texts = kernels.files().filter(|file| file.kind == FileKind::Text);
    texts
        .filter(|file| file.name.ends_with(".tpc") || file.name.contains("built in"))
        .last()
        .map(|f| f.name.clone())
}
