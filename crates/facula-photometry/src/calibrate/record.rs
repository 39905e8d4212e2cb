// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a calibration did, with which constants, where they come from, and what each step adds to the error.

use facula_core::{IofFrame, Level, Quality};
use serde::{Deserialize, Serialize};

use super::chain::Chain;
use super::{CalibrateOptions, SmearRemoval};
use crate::DarkLaw;

mod shares;

use shares::Shares;

/// A step of the calibration, in the order of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// Noise of read-out, converter and light, before any correction.
    Noise,
    /// Bias subtracted.
    Bias,
    /// Charge from data numbers.
    Linearity,
    /// Dark signal subtracted.
    Dark,
    /// Hot pixels flagged or filled.
    HotPixels,
    /// Read-out smear removed.
    Smear,
    /// Divided by the flat field.
    Flat,
    /// Stray light subtracted.
    StrayLight,
    /// Signal to radiance.
    Responsivity,
    /// Radiance to I/F.
    Sunlight,
}

/// Whether a step changed the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepState {
    /// It was done.
    Applied,
    /// There was nothing to do it with, or it was switched off.
    LeftOut,
}

/// A constant used in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// Name with unit (`bias_dn`).
    pub name: String,
    /// Value in that unit.
    pub value: f64,
    /// Where it comes from; begins with `ASSUMED` where nobody published it.
    pub source: String,
}

/// One step as it was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Which.
    pub step: Step,
    /// Done or left out.
    pub state: StepState,
    /// What was done, in words.
    pub what: String,
    /// Constants used.
    pub constants: Vec<Constant>,
    /// What the step adds to a pixel's random error at the reference signal, I/F.
    pub random_iof: f64,
    /// What it adds to the error all pixels share, at the reference signal, I/F.
    pub common_iof: f64,
}

/// How many pixels have which flag (a pixel may have several).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PixelCounts {
    /// All pixels.
    pub all: usize,
    /// Without any flag.
    pub good: usize,
    /// Missing or unexposed.
    pub missing: usize,
    /// Saturated or spilled over.
    pub saturated: usize,
    /// Hot.
    pub hot: usize,
    /// Smear not known.
    pub smear: usize,
    /// Beyond the range of the linearity.
    pub beyond_linearity: usize,
}

/// What a calibration did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRecord {
    /// Frame.
    pub frame: String,
    /// Camera.
    pub instrument: String,
    /// Filter.
    pub filter: String,
    /// Exposure time, s.
    pub exposure_s: f64,
    /// Detector temperature, K, where known.
    pub temperature_k: Option<f64>,
    /// Distance of the body to the Sun, au.
    pub sun_distance_au: f64,
    /// Spectral radiance of I/F = 1, W m⁻² sr⁻¹ nm⁻¹: the frame's radiance is I/F times this.
    pub radiance_per_iof_w_m2_nm: f64,
    /// Signal at which the shares of the steps are given, I/F: the median of pixels brighter than ten sigma.
    pub reference_iof: f64,
    /// Steps, in the order of work.
    pub steps: Vec<StepRecord>,
    /// Error of the scale all pixels share, one sigma, fraction.
    pub scale_error_fraction: f64,
    /// Error of the zero all pixels share, one sigma, I/F.
    pub zero_error_iof: f64,
    /// Pixels by flag.
    pub pixels: PixelCounts,
    /// What a user should know.
    pub warnings: Vec<String>,
}

impl CalibrationRecord {
    /// The record of a frame that was not raw.
    pub(super) fn nothing_done(frame: &IofFrame, options: &CalibrateOptions<'_>) -> Self {
        let what =
            if frame.meta.level == Level::IOverF { "I/F already" } else { "of unknown zero and scale" };
        let warning = format!("the frame is {what}: its numbers are unchanged");
        Self { warnings: vec![warning], ..Self::empty(frame, options) }
    }

    pub(super) fn empty(frame: &IofFrame, options: &CalibrateOptions<'_>) -> Self {
        Self {
            frame: frame.meta.id.clone(),
            instrument: frame.meta.instrument.clone(),
            filter: frame.meta.filter.clone(),
            exposure_s: frame.meta.exposure_s,
            temperature_k: frame.meta.detector_temperature_k,
            sun_distance_au: options.sun_distance_au,
            radiance_per_iof_w_m2_nm: options.radiance_per_iof(),
            reference_iof: 0.0,
            steps: Vec::new(),
            scale_error_fraction: 0.0,
            zero_error_iof: 0.0,
            pixels: counts(frame),
            warnings: Vec::new(),
        }
    }

    /// Constants that nobody published, by name.
    pub fn assumed(&self) -> Vec<&str> {
        let constants = self.steps.iter().flat_map(|step| &step.constants);
        constants.filter(|constant| constant.source.starts_with("ASSUMED")).map(|c| c.name.as_str()).collect()
    }
}

pub(super) fn record(chain: &Chain<'_>, frame: &IofFrame, alone: usize) -> CalibrationRecord {
    let errors = &chain.detector.errors;
    let reference_iof = reference(frame);
    let empty = CalibrationRecord::empty(frame, chain.options);
    let shares = Shares { chain, reference_dn: reference_iof / chain.scale };
    let zero_dn = chain.zero.sigma_dn.hypot(errors.dark_fraction * chain.mean_dark_dn());
    CalibrationRecord {
        reference_iof,
        steps: shares.steps(),
        scale_error_fraction: errors.responsivity_fraction.hypot(errors.flat_level_fraction),
        zero_error_iof: zero_dn * chain.scale,
        warnings: warnings(chain, &empty.pixels, alone),
        ..empty
    }
}

/// Median of a sample of the good pixels brighter than ten sigma, I/F; 0 without any.
fn reference(frame: &IofFrame) -> f64 {
    // Every seventh pixel is sample enough, and 7 does not divide the width of a detector.
    let pixels = frame.iof.as_slice().iter().zip(frame.sigma.as_slice()).zip(frame.quality.as_slice());
    let bright = pixels.step_by(7).filter(|((iof, sigma), flag)| flag.is_good() && **iof > 10.0 * **sigma);
    let mut bright: Vec<f32> = bright.map(|((iof, _), _)| *iof).collect();
    f64::from(super::hot::median(&mut bright).unwrap_or(0.0))
}

fn counts(frame: &IofFrame) -> PixelCounts {
    let mut of_flags = [0usize; 256];
    frame.quality.as_slice().iter().for_each(|flag| of_flags[usize::from(flag.bits())] += 1);
    let count = |of: Quality| {
        let with = (0..=u8::MAX).filter(|bits| Quality::from_bits(*bits).intersects(of));
        with.map(|bits| of_flags[usize::from(bits)]).sum::<usize>()
    };
    PixelCounts {
        all: of_flags.iter().sum(),
        good: of_flags[0],
        missing: count(Quality::MISSING),
        saturated: count(Quality::SATURATED),
        hot: count(Quality::HOT),
        smear: count(Quality::SMEAR),
        beyond_linearity: count(Quality::EXTRAPOLATED),
    }
}

fn warnings(chain: &Chain<'_>, pixels: &PixelCounts, alone: usize) -> Vec<String> {
    let (options, detector) = (chain.options, chain.detector);
    let law_unused = detector.dark != DarkLaw::Constant && chain.temperature_k.is_none();
    let both = chain.ratios[0] > 0.0 && (chain.ratios[0] - chain.ratios[1]).abs() < 1e-9 * chain.ratios[0];
    let uneven = matches!(options.smear, SmearRemoval::Lines { .. }) && !both;
    let told = [
        (
            chain.dark.extrapolated,
            "the detector temperature lies outside the table of dark currents".to_string(),
        ),
        (
            law_unused,
            "the detector temperature is not known: dark current taken as at its reference".to_string(),
        ),
        (
            uneven,
            "smear taken from lines, but this camera's packets do not pass every line alike".to_string(),
        ),
        (
            options.flat.is_none(),
            "no flat field was given: pixel-to-pixel response and vignetting remain".into(),
        ),
        (alone > 0, format!("{alone} hot pixels have no good neighbour and keep their value")),
        (
            pixels.saturated > 0,
            format!("{} pixels are saturated: their I/F is a lower bound", pixels.saturated),
        ),
        (pixels.smear > 0, format!("{} pixels share a column with saturated ones", pixels.smear)),
    ];
    told.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect()
}
