// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a camera would see: a body, a time, a place to stand, a camera; out comes a picture, or the raw frame an archive
//! would hold, with the truth of every pixel.
//!
//! What the commands `render` and `simulate` call.

mod frame;
mod scene;
mod sequence;
mod view;

pub use frame::{FrameRequest, TakenFrame, simulate_campaign, take_frame};
pub use scene::{LightChoice, PictureRequest, Stage, SurfaceChoice, Terrain, picture};
pub use sequence::{Span, animation};
pub use view::{Standpoint, pinhole, pose_for};

use std::path::Path;

use facula_archive::fits::{FitsCard, FitsPlane, write_fits_planes};
use facula_core::{capitalised, format_utc};
use facula_publish::{BlackPoint, FrameFigure, FrameView, Png, Stretch, annotated_frame};
use facula_simulate::{Rendered, Truth};

use crate::RequestError;

/// Writes I/F and, where it is there, the truth of every pixel as a FITS file of named extensions.
///
/// # Errors
/// [`RequestError::Archive`].
pub fn write_picture_fits(
    path: &Path,
    rendered: &Rendered,
    request: &PictureRequest<'_>,
) -> Result<(), RequestError> {
    let cards = [
        FitsCard::text("OBJECT", &request.body.name.to_uppercase()),
        FitsCard::text("DATE-AVG", &format_utc(request.pose.mid_exposure)),
    ];
    let mut planes = vec![FitsPlane { name: "IOF", unit: "I/F", image: &rendered.iof }];
    let quality = rendered.truth.as_ref().map(|truth| truth.quality.map(|flag| f32::from(flag.bits())));
    planes.extend(rendered.truth.iter().flat_map(truth_planes));
    planes.extend(quality.iter().map(|image| FitsPlane { name: "QUALITY", unit: "", image }));
    Ok(write_fits_planes(path, &planes, &cards)?)
}

fn truth_planes(truth: &Truth) -> [FitsPlane<'_>; 9] {
    let plane = |name, unit, image| FitsPlane { name, unit, image };
    [
        plane("LONGITUDE", "deg", &truth.longitude_deg),
        plane("LATITUDE", "deg", &truth.latitude_deg),
        plane("INCIDENCE", "deg", &truth.incidence_deg),
        plane("EMISSION", "deg", &truth.emission_deg),
        plane("PHASE", "deg", &truth.phase_deg),
        plane("DISTANCE", "km", &truth.distance_km),
        plane("ALBEDO", "", &truth.normal_albedo),
        plane("SHADOW", "", &truth.shadow_fraction),
        plane("GROUND", "", &truth.ground_fraction),
    ]
}

/// The picture with title, scale and caption.
///
/// # Errors
/// [`RequestError::Publish`].
pub fn picture_figure(rendered: &Rendered, request: &PictureRequest<'_>) -> Result<Png, RequestError> {
    let pose = &request.pose;
    let below = pose.sub_spacecraft();
    let surface_km = request.body.ellipsoid().radius_km(below.direction());
    let altitude_km = pose.range_km() - surface_km;
    let phase_deg = pose.sun_km.angle_rad(pose.spacecraft_km).to_degrees();
    let scale_m = altitude_km * request.camera.ifov_rad() * 1000.0;
    let sun = pose.sub_solar();
    let input = FrameFigure {
        title: format!("{} from {altitude_km:.0} km, as computed", capitalised(&request.body.name)),
        subtitle: format!(
            "{} UTC · phase {phase_deg:.1}° · {scale_m:.0} m/px below the camera",
            format_utc(pose.mid_exposure)
        ),
        caption: format!(
            "Seen from above {:.1}° E {:+.1}°, Sun above {:.1}° E {:+.1}° at {:.3} au. {} I/F up to {:.3}.",
            below.longitude_deg(),
            below.latitude_deg(),
            sun.longitude_deg(),
            sun.latitude_deg(),
            pose.sun_distance_au(),
            request.surface.words(),
            rendered.iof.as_slice().iter().copied().fold(0.0, f32::max),
        ),
        scale_m_px: scale_m,
        view: FrameView::Whole,
        stretch: Stretch { black: BlackPoint::Zero, ..Stretch::default() },
        ..FrameFigure::new(&rendered.iof)
    };
    Ok(annotated_frame(&input)?)
}
