// SPDX-License-Identifier: MIT OR Apache-2.0
//! A spot: what was measured of it.

use facula_core::LonLat;
use serde::{Deserialize, Serialize};

/// Whether a spot is brighter or darker than its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Polarity {
    /// Brighter.
    #[default]
    Bright,
    /// Darker.
    Dark,
}

/// What a reader of the catalogue should know about a spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SpotFlag {
    /// As seen not wider than 1.25 times the point-spread function: the diameter is an upper bound.
    Unresolved,
    /// A cell of it is saturated: its albedo is a lower bound.
    Saturated,
    /// Cells without data lie in it or around it.
    Edge,
    /// It reaches beyond the window of the largest scale: area and diameter are lower bounds.
    Truncated,
    /// It touches another spot: areas are divided at the half maxima.
    Crowded,
    /// As dark a companion lies beside it as it is bright (or the other way round): a slope lit by the Sun and its
    /// shaded counterpart, no albedo.
    Slope,
}

impl SpotFlag {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Saturated => "saturated",
            Self::Edge => "edge",
            Self::Truncated => "truncated",
            Self::Crowded => "crowded",
            Self::Slope => "slope",
        }
    }
}

/// A spot on a map. All ratios are to the local background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Identifier within the catalogue: `S001` is the most significant.
    pub id: String,
    /// Brighter or darker.
    pub polarity: Polarity,
    /// Centroid, weighted by the excess brightness above half maximum.
    pub place: LonLat,
    /// One-sigma error of the centroid in any one direction, km.
    pub position_sigma_km: f64,
    /// Area above half maximum as seen (the point-spread function not removed), km².
    pub area_km2: f64,
    /// Diameter of the circle of that area, km.
    pub diameter_km: f64,
    /// Diameter of a uniform disc that looks as wide after the point-spread function, km; 0 when narrower.
    pub disc_diameter_km: f64,
    /// Lower end of the 68 % range of `disc_diameter_km`, km.
    pub disc_diameter_low_km: f64,
    /// Upper end of the 68 % range of `disc_diameter_km`, km.
    pub disc_diameter_high_km: f64,
    /// Largest albedo (of the map smoothed over 0.4 of the spot's scale).
    pub peak_albedo: f64,
    /// Mean albedo above half maximum.
    pub mean_albedo: f64,
    /// One-sigma random error of `mean_albedo`.
    pub albedo_sigma: f64,
    /// Albedo of the uniform disc of `disc_diameter_km` with the light of `excess_km2`: the point-spread function is taken
    /// out. `None` where the range of the diameter reaches 0.
    pub disc_albedo: Option<f64>,
    /// Lower bound of it: the widest disc of the 68 % range with an excess one sigma nearer to none (of dark spots the
    /// narrowest with the most, 0 at the least). `None` when no disc looks as narrow.
    pub disc_albedo_low: Option<f64>,
    /// Upper bound, the other way round; `None` when unbounded.
    pub disc_albedo_high: Option<f64>,
    /// Median albedo of the surroundings.
    pub background_albedo: f64,
    /// `peak_albedo / background_albedo`.
    pub contrast: f64,
    /// `mean_albedo / background_albedo`.
    pub mean_contrast: f64,
    /// Sum of (albedo / background − 1) times area over the spot and its skirt, km²: does not depend on the
    /// point-spread function.
    pub excess_km2: f64,
    /// One-sigma error of `excess_km2`: noise and relief around it, and the background's own error. Soft wings beyond the
    /// skirt are not in it.
    pub excess_sigma_km2: f64,
    /// Filter response over the local noise of the filtered map (terrain included).
    pub significance: f64,
    /// Full width at half maximum of the filter that saw it best, km.
    pub scale_km: f64,
    /// Frames that saw the centroid's cell, where the map tells.
    pub frames: Option<u32>,
    /// Evidence for relief: height of the strongest companion of the opposite sign beside it (along the direction of the
    /// Sun where that is known) over its own; on frames, where larger, the share of its light that the ground beside it
    /// lacks towards the Sun. A slope lit by the Sun has about 1, an albedo spot on flat ground about 0.
    pub slope_fraction: f64,
    /// Closed outline at half maximum: the first place is repeated at the end.
    pub outline: Vec<LonLat>,
    /// Places of equal ground area that fill the spot, at most [`Spot::FOOTPRINT_PLACES`].
    pub footprint: Vec<LonLat>,
    /// What to know about it, sorted.
    pub flags: Vec<SpotFlag>,
    /// Name of the facula or crater it lies in or at.
    pub name: Option<String>,
    /// Distance from the centre of the named feature, km.
    pub distance_to_name_km: Option<f64>,
    /// The smallest named crater that holds the centroid.
    pub host_crater: Option<String>,
}

impl Spot {
    /// Largest number of places in a footprint.
    pub const FOOTPRINT_PLACES: usize = 256;

    /// Whether a flag is set.
    pub fn has(&self, flag: SpotFlag) -> bool {
        self.flags.contains(&flag)
    }
}
