// SPDX-License-Identifier: MIT OR Apache-2.0
//! Raw frames as an archive would hold them: one from a standpoint, or all of a campaign's plan.

use std::path::{Path, PathBuf};

use facula_archive::{Written, write_frame};
use facula_core::{FrameMeta, Level, Quality, Raster, RawFrame, Reporter};
use facula_geometry::CameraFile;
use facula_photometry::Detector;
use facula_simulate::{Effects, Exposure, FlatField, PointingError, Rendered, expose};

use super::{PictureRequest, picture, write_picture_fits};
use crate::campaign::LoadedCampaign;
use crate::{RequestError, SurveyError};

/// A frame to take.
#[derive(Debug, Clone)]
pub struct FrameRequest<'a> {
    /// What is to be seen.
    pub picture: PictureRequest<'a>,
    /// The camera with its detector.
    pub camera: &'a CameraFile,
    /// Its filter.
    pub filter: String,
    /// Exposure time, s; that which brings the brightest pixel to half of full well when `None`.
    pub exposure_s: Option<f64>,
    /// Detector temperature, K, for its dark law.
    pub temperature_k: Option<f64>,
    /// Identifier, also the stem of the files.
    pub id: String,
    /// Seed of the noise.
    pub seed: u64,
}

/// The files of a simulated frame.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenFrame {
    /// Label and image.
    pub files: Written,
    /// I/F and truth of every pixel, `<id>_TRUTH.FIT`.
    pub truth: PathBuf,
    /// Exposure time used, s.
    pub exposure_s: f64,
    /// Pixels at the end of the converter or beyond full well.
    pub saturated_px: usize,
    /// Largest data number.
    pub largest_dn: f32,
}

/// Takes one frame and writes it into a folder that exists: FITS and label as an archive holds them, and the truth.
///
/// # Errors
/// [`RequestError`]: a picture that cannot be made, a detector that cannot be exposed, files that cannot be written.
pub fn take_frame(
    request: &FrameRequest<'_>,
    folder: &Path,
    report: &dyn Reporter,
) -> Result<TakenFrame, RequestError> {
    let rendered = picture(&request.picture, report)?;
    let detector = &request.camera.filter(&request.filter)?.detector;
    let pose = request.picture.pose;
    let sun_distance_au = pose.sun_distance_au();
    let half_full = || half_full_s(&rendered.iof, detector, sun_distance_au);
    let exposure_s = request.exposure_s.unwrap_or_else(half_full);
    let flat = FlatField::even(rendered.iof.width(), rendered.iof.height());
    let exposure = Exposure {
        detector,
        flat: &flat,
        exposure_s,
        sun_distance_au,
        seed: request.seed,
        pointing: PointingError { shift_px: 0.0, twist_deg: 0.0 },
        effects: Effects { temperature_k: request.temperature_k, ..Effects::default() },
    };
    let dn = expose(&rendered.iof, &exposure, noise_stream(request))?;
    let full = |value: &&f32| f64::from(**value) >= detector.saturation_dn().floor();
    let saturated_px = dn.as_slice().iter().filter(full).count();
    let largest_dn = dn.as_slice().iter().copied().fold(0.0, f32::max);
    let quality = dn.map(|_| Quality::GOOD);
    let frame = RawFrame { meta: meta(request, exposure_s), dn, quality, pose: Some(pose) };
    let truth = truth_file(request, &rendered, folder)?;
    let files = write_frame(folder, &frame, request.picture.body, request.camera.shutter_delay_s)?;
    Ok(TakenFrame { files, truth, exposure_s, saturated_px, largest_dn })
}

/// Frames of one seed have noise of their own, told apart by identifier and filter (FNV-1a; Fowler, Noll, Vo).
fn noise_stream(request: &FrameRequest<'_>) -> u64 {
    let words = request.id.bytes().chain([0]).chain(request.filter.bytes());
    let hash = words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The streams below a million belong to numbered frames.
    hash & !0xf_ffff
}

/// Whole milliseconds, 1 ms to 60 s, that bring the brightest pixel to half of full well.
fn half_full_s(iof: &Raster<f32>, detector: &Detector, sun_distance_au: f64) -> f64 {
    let brightest = f64::from(iof.as_slice().iter().copied().fold(0.0, f32::max));
    let dn_per_s = brightest * detector.dn_per_s_at_unit_iof(sun_distance_au);
    let half_dn = 0.5 * (detector.saturation_dn() - detector.bias_dn);
    ((half_dn / dn_per_s.max(1e-9) * 1000.0).floor() / 1000.0).clamp(0.001, 60.0)
}

fn truth_file(
    request: &FrameRequest<'_>,
    rendered: &Rendered,
    folder: &Path,
) -> Result<PathBuf, RequestError> {
    let path = folder.join(format!("{}_TRUTH.FIT", request.id));
    write_picture_fits(&path, rendered, &request.picture)?;
    Ok(path)
}

fn meta(request: &FrameRequest<'_>, exposure_s: f64) -> FrameMeta {
    FrameMeta {
        id: request.id.clone(),
        target: request.picture.body.name.clone(),
        instrument: request.camera.name.clone(),
        filter: request.filter.clone(),
        mid_exposure: request.picture.pose.mid_exposure,
        exposure_s,
        detector_temperature_k: request.temperature_k,
        level: Level::Raw,
        keywords: [("MISSION_PHASE_NAME".to_string(), "SIMULATED".to_string())].into(),
    }
}

/// Takes all frames of a campaign's plan: `archive/` with frames and flat field, `truth.json`. A run that was cut goes
/// on where it was. Gives the labels.
///
/// # Errors
/// [`SurveyError`]: a campaign without a plan, or one that cannot be carried out.
pub fn simulate_campaign(
    loaded: &LoadedCampaign,
    out: &Path,
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, SurveyError> {
    crate::survey::simulate_only(loaded, out, report)
}
