// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a calibration needs beside the frame, and which way each step goes.

use facula_core::{Quality, Raster};

use crate::Detector;

/// A rectangle of pixels of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First sample.
    pub sample: usize,
    /// First line.
    pub line: usize,
    /// Samples.
    pub width: usize,
    /// Lines.
    pub height: usize,
}

impl Window {
    /// Whether it lies within an image of the given size and is not empty.
    pub fn lies_within(&self, width: usize, height: usize) -> bool {
        let fits = |from: usize, count: usize, size: usize| {
            count > 0 && from.checked_add(count).is_some_and(|end| end <= size)
        };
        fits(self.sample, self.width, width) && fits(self.line, self.height, height)
    }
}

/// Where the bias comes from.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Bias {
    /// `bias_dn` of the detector.
    #[default]
    Detector,
    /// A value known for this frame, DN, and its error.
    Value {
        /// Bias, DN.
        bias_dn: f64,
        /// One sigma of it, DN.
        sigma_dn: f64,
    },
    /// One mean over pixels without light (overscan or covered), values beyond three sigma left out. The pixels
    /// are flagged as missing.
    Overscan(Window),
    /// A mean for each line over the samples of the window, whose lines must be all of the frame's. The pixels are
    /// flagged as missing.
    OverscanLines(Window),
}

/// A master dark frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DarkFrame<'a> {
    /// Dark signal per second above bias, DN/s.
    pub rate: &'a Raster<f32>,
    /// One-sigma noise of a pixel of it, DN/s.
    pub sigma_dn_per_s: f64,
    /// Detector temperature it was taken at, K; with the frame's own temperature and the detector's law the rate is
    /// scaled. `None`: as it is.
    pub temperature_k: Option<f64>,
}

/// How read-out smear is removed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum SmearRemoval {
    /// With the detector's transfer times ([`crate::SmearModel`]).
    #[default]
    Model,
    /// With the smear seen in lines that have no light of their own, subtracted from every line. Exact where
    /// packets pass every line ([`crate::ClearMode::Shifted`] as fast as the read-out).
    Lines {
        /// First of them.
        first_line: usize,
        /// How many.
        lines: usize,
    },
    /// Not at all.
    Off,
}

/// What happens to hot pixels. They are flagged either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HotAction {
    /// Keep their value.
    #[default]
    Flag,
    /// Take the median of the good ones among their eight neighbours, before smear is removed.
    Interpolate,
}

/// Light that reaches pixels by other ways than the lens's image.
#[derive(Debug, Clone, PartialEq)]
pub struct StrayLight {
    /// Signal to subtract, DN of the exposure.
    pub signal: Raster<f32>,
    /// One sigma of it per pixel, as a fraction of it.
    pub error_fraction: f64,
}

/// Computes the stray light of an image (DN of the exposure after bias, dark, smear and flat).
#[derive(Clone, Copy)]
pub struct StrayLightModel<'a>(pub &'a (dyn Fn(&Raster<f32>) -> StrayLight + Sync));

impl std::fmt::Debug for StrayLightModel<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("StrayLightModel(function)")
    }
}

/// What the calibration needs beside the frame.
#[derive(Debug, Clone, Copy)]
pub struct CalibrateOptions<'a> {
    /// The detector behind the frame's filter.
    pub detector: &'a Detector,
    /// Distance from the body to the Sun, au.
    pub sun_distance_au: f64,
    /// Relative response of each pixel, mean 1; `None` for a flat response.
    pub flat: Option<&'a Raster<f32>>,
    /// Where the bias comes from.
    pub bias: Bias,
    /// Dark signal per pixel; `None` for the detector's constant.
    pub dark_frame: Option<DarkFrame<'a>>,
    /// How smear is removed.
    pub smear: SmearRemoval,
    /// Pixels known as hot, flagged [`Quality::HOT`]; [`crate::hot_pixels`] makes it from a master dark frame.
    pub hot: Option<&'a Raster<Quality>>,
    /// What happens to hot pixels.
    pub hot_action: HotAction,
    /// How far along its column the charge of a pixel beyond full well spills, pixels: they are flagged
    /// [`Quality::SATURATED`] too.
    pub bloom_reach_px: usize,
    /// In-field stray light.
    pub stray_light: Option<StrayLightModel<'a>>,
    /// Solar irradiance over the filter at 1 au in place of the detector's, W m⁻² nm⁻¹.
    pub solar_irradiance_w_m2_nm: Option<f64>,
}

impl<'a> CalibrateOptions<'a> {
    /// The detector's constants and nothing else.
    pub fn new(detector: &'a Detector, sun_distance_au: f64) -> Self {
        Self {
            detector,
            sun_distance_au,
            flat: None,
            bias: Bias::default(),
            dark_frame: None,
            smear: SmearRemoval::default(),
            hot: None,
            hot_action: HotAction::default(),
            bloom_reach_px: 0,
            stray_light: None,
            solar_irradiance_w_m2_nm: None,
        }
    }

    /// Solar irradiance used, W m⁻² nm⁻¹ at 1 au.
    pub(super) fn sunlight_w_m2_nm(&self) -> f64 {
        self.solar_irradiance_w_m2_nm.unwrap_or(self.detector.solar_irradiance_w_m2_nm)
    }

    /// Radiance of I/F = 1, W m⁻² sr⁻¹ nm⁻¹.
    ///
    /// # Source
    /// Radiance of a perfect Lambert disc facing the Sun: `L = F / (π d²)`.
    pub(super) fn radiance_per_iof(&self) -> f64 {
        self.sunlight_w_m2_nm() / (std::f64::consts::PI * self.sun_distance_au * self.sun_distance_au)
    }
}
