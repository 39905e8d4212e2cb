// SPDX-License-Identifier: MIT OR Apache-2.0
//! Frames of data numbers or radiance to I/F, with the record of every step.

use std::path::{Path, PathBuf};

use facula_archive::{
    ImageOptions, ReadOptions, Written, read_frame, read_header, read_image, write_iof_frame,
};
use facula_core::{
    Body, Epoch, FrameMeta, KM_PER_AU, Pose, Quality, Raster, RawFrame, Reporter, Silent, quantile,
    write_aside,
};
use facula_geometry::CameraFile;
use facula_photometry::{
    Bias, CalibrateOptions, Calibrated, DarkFrame, Detector, HotAction, SmearRemoval, SolarSpectrum,
    calibrate_with_record, hot_pixels,
};
use facula_spice::{Correction, Kernels, sun_in_body_frame};

use crate::RequestError;
use crate::inputs::{read_camera, read_text};
use crate::observe::built_in_kernels;

/// What to calibrate with; what is absent comes from the frame's label, the camera file and the built-in ephemeris.
#[derive(Debug, Clone, Default)]
pub struct CalibrationChoice {
    /// Built-in camera or camera file; the frame's instrument when absent.
    pub camera: Option<String>,
    /// Filter; the frame's when absent.
    pub filter: Option<String>,
    /// Distance from the target to the Sun, au.
    pub sun_distance_au: Option<f64>,
    /// Flat field: relative response, mean 1.
    pub flat: Option<PathBuf>,
    /// Master dark frame: signal above bias, DN/s.
    pub dark: Option<PathBuf>,
    /// Temperature of that dark frame, K.
    pub dark_temperature_k: Option<f64>,
    /// Pixels of the dark frame that stand out by more than this many sigma are hot.
    pub hot_clip_sigma: Option<f32>,
    /// What happens to hot pixels.
    pub hot_action: HotAction,
    /// Where the bias comes from.
    pub bias: Bias,
    /// How smear is removed.
    pub smear: SmearRemoval,
    /// How far charge spills from a saturated pixel, px.
    pub bloom_reach_px: usize,
    /// Solar spectrum (ASTM E490 as text: micrometres, W m⁻² µm⁻¹) to integrate over the filter in place of the
    /// camera file's irradiance.
    pub solar_spectrum: Option<PathBuf>,
}

/// Everything a calibration needs beside the frames, read once.
pub struct Calibrator {
    choice: CalibrationChoice,
    camera: Option<CameraFile>,
    flat: Option<Raster<f32>>,
    dark: Option<Dark>,
    spectrum: Option<SolarSpectrum>,
    kernels: Kernels,
}

struct Dark {
    rate: Raster<f32>,
    sigma_dn_per_s: f64,
    hot: Option<Raster<Quality>>,
}

/// A calibrated frame with where it was taken from.
struct Placed {
    raw: RawFrame,
    body: Body,
    shutter_delay_s: f64,
    sun_distance_au: f64,
    /// The detector behind its filter.
    detector: Detector,
}

/// The files of a calibrated frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalibratedFiles {
    /// PDS3 label with the pose, if the frame has one.
    pub label: PathBuf,
    /// FITS: I/F, extensions SIGMA and QUALITY.
    pub image: PathBuf,
    /// What was done, as JSON.
    pub record: PathBuf,
}

impl Calibrator {
    /// Reads the files a choice names.
    ///
    /// # Errors
    /// [`RequestError`] names the file that cannot be read.
    pub fn new(choice: CalibrationChoice, report: &dyn Reporter) -> Result<Self, RequestError> {
        let image =
            |path: &PathBuf| read_image(path, &ImageOptions::default(), report).map(|read| read.image);
        let flat = choice.flat.as_ref().map(image).transpose()?;
        let dark = choice.dark.as_ref().map(image).transpose()?;
        let dark = dark.map(|rate| {
            let sigma_dn_per_s = spread(&rate);
            let hot = choice.hot_clip_sigma.map(|clip_sigma| hot_pixels(&rate, clip_sigma));
            Dark { rate, sigma_dn_per_s, hot }
        });
        let camera = choice.camera.as_deref().map(read_camera).transpose()?;
        let spectrum = choice.solar_spectrum.as_deref().map(read_text).transpose()?;
        let spectrum = spectrum.map(|text| SolarSpectrum::from_e490(&text)).transpose()?;
        Ok(Self { choice, camera, flat, dark, spectrum, kernels: built_in_kernels()? })
    }

    /// Calibrates one frame and writes `<id>.FIT`, `<id>.LBL` and `<id>.json` into a folder that exists.
    ///
    /// # Errors
    /// [`RequestError`]: the frame cannot be read, its camera or Sun distance is not known, it cannot be calibrated.
    pub fn run(
        &self,
        frame: &Path,
        folder: &Path,
        report: &dyn Reporter,
    ) -> Result<(Calibrated, CalibratedFiles), RequestError> {
        let placed = self.place(frame, report)?;
        let calibrated = self.calibrate(&placed)?;
        let of = (placed.raw.pose, &placed.body, placed.shutter_delay_s);
        let files = write_calibrated(&calibrated, of, folder)?;
        Ok((calibrated, files))
    }

    /// Calibrates one frame; nothing is written.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn calibrated(&self, frame: &Path, report: &dyn Reporter) -> Result<Calibrated, RequestError> {
        self.calibrate(&self.place(frame, report)?)
    }

    fn place(&self, path: &Path, report: &dyn Reporter) -> Result<Placed, RequestError> {
        let any = Body::built_in("ceres")?;
        let meta = read_header(path, &ReadOptions::new(&any), &Silent)?.meta;
        // A body Facula has no constants of: its frames can be calibrated, but have no pose.
        let body = Body::built_in(&meta.target).unwrap_or(any);
        let camera = match &self.camera {
            Some(file) => file.clone(),
            None => CameraFile::built_in(&meta.instrument)?,
        };
        let shutter_delay_s = camera.shutter_delay_s;
        let sun = |epoch: Epoch| sun_in_body_frame(&self.kernels, &body, epoch).ok();
        let options = ReadOptions { shutter_delay_s, sun: Some(&sun), ..ReadOptions::new(&body) };
        let raw = read_frame(path, &options, report)?;
        let known = raw.meta.target == body.name;
        let pose = raw.pose.filter(|_| known);
        let sun_distance_au = self.sun_distance_au(path, &raw.meta, pose.as_ref())?;
        let filter = self.choice.filter.as_deref().unwrap_or(&raw.meta.filter);
        let detector = camera.filter(filter)?.detector.clone();
        Ok(Placed { raw: RawFrame { pose, ..raw }, body, shutter_delay_s, sun_distance_au, detector })
    }

    /// As the caller says; else from the pose; else from the built-in ephemeris.
    fn sun_distance_au(
        &self,
        path: &Path,
        meta: &FrameMeta,
        pose: Option<&Pose>,
    ) -> Result<f64, RequestError> {
        if let Some(au) = self.choice.sun_distance_au.or_else(|| pose.map(Pose::sun_distance_au)) {
            return Ok(au);
        }
        let code = |name: &str| self.kernels.body_code(name);
        let missing = || {
            let what = format!(
                "how far its target ({}) was from the Sun is not known; give --sun-au",
                if meta.target.is_empty() { "none named" } else { &meta.target }
            );
            RequestError::frame(path, what)
        };
        let (target, sun) = (code(&meta.target).ok_or_else(missing)?, code("SUN").ok_or_else(missing)?);
        let state = self.kernels.state(sun, target, meta.mid_exposure, Correction::None);
        state.map(|state| state.position_km.length() / KM_PER_AU).map_err(|_| missing())
    }

    fn calibrate(&self, placed: &Placed) -> Result<Calibrated, RequestError> {
        let Placed { raw, detector, sun_distance_au, .. } = placed;
        let choice = &self.choice;
        let band = self.spectrum.as_ref().zip(detector.band.as_ref());
        let sunlight = band.map(|(spectrum, band)| spectrum.over(band)).transpose()?;
        let options = CalibrateOptions {
            flat: self.flat.as_ref(),
            bias: choice.bias,
            dark_frame: self.dark.as_ref().map(|dark| DarkFrame {
                rate: &dark.rate,
                sigma_dn_per_s: dark.sigma_dn_per_s,
                temperature_k: choice.dark_temperature_k,
            }),
            smear: choice.smear,
            hot: self.dark.as_ref().and_then(|dark| dark.hot.as_ref()),
            hot_action: choice.hot_action,
            bloom_reach_px: choice.bloom_reach_px,
            solar_irradiance_w_m2_nm: sunlight.map(|sunlight| sunlight.irradiance_w_m2_nm),
            ..CalibrateOptions::new(detector, *sun_distance_au)
        };
        Ok(calibrate_with_record(raw, &options)?)
    }
}

/// Writes a calibrated frame: `<id>.FIT` (I/F, extensions SIGMA and QUALITY), `<id>.LBL` (with the pose) and
/// `<id>.json` (what was done). `of` is the frame's pose, the body it refers to and the camera's shutter delay, s.
///
/// # Errors
/// [`RequestError::Archive`], [`RequestError::Io`].
pub fn write_calibrated(
    calibrated: &Calibrated,
    of: (Option<Pose>, &Body, f64),
    folder: &Path,
) -> Result<CalibratedFiles, RequestError> {
    let (pose, body, shutter_delay_s) = of;
    let record = folder.join(format!("{}.json", calibrated.frame.meta.id));
    let text = serde_json::to_vec_pretty(&calibrated.record).map_err(std::io::Error::other);
    text.and_then(|text| write_aside(&record, |out| std::io::Write::write_all(out, &text)))
        .map_err(|error| RequestError::io("write", &record, &error))?;
    let Written { label, image } = write_iof_frame(folder, (&calibrated.frame, pose), body, shutter_delay_s)?;
    Ok(CalibratedFiles { label, image, record })
}

/// One sigma of the noise of an image: 1.4826 times the median deviation from the median.
fn spread(image: &Raster<f32>) -> f64 {
    let middle = |mut values: Vec<f32>| quantile(&mut values, 0.5, f32::total_cmp).unwrap_or(0.0);
    let valid: Vec<f32> = image.as_slice().iter().copied().filter(|value| value.is_finite()).collect();
    let median = middle(valid.clone());
    1.4826 * f64::from(middle(valid.iter().map(|value| (value - median).abs()).collect()))
}
