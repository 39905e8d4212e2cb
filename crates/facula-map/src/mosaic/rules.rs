// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a mosaic does with frames that show the same ground.

use serde::{Deserialize, Serialize};

use super::ladder::ScaleLevels;
use crate::MapError;

/// Memory a mosaic may take unless told otherwise: 8 GB.
const DEFAULT_BUDGET_BYTES: u64 = 8_000_000_000;
/// Narrowest band within which measurements count as agreeing, sigmas.
const LEAST_CLIP_SIGMA: f64 = 2.0;

/// Which frames a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MosaicRule {
    /// The mean of all, weighted with fading, cosines of incidence and emission, and pixels per area. 64 bytes a cell
    /// (112 with [`Outliers::Reject`]).
    #[default]
    WeightedMean,
    /// The frame with the smallest pixels on the ground (to 1 %, then the one whose identifier hashes higher, so that
    /// neighbouring cells show one frame). 36 bytes a cell.
    BestResolution,
    /// The frame in which the cell is lit and seen most steeply: product of both cosines and of the fading. 36 bytes
    /// a cell.
    BestIllumination,
    /// The middle value. Keeps every measurement: 32 bytes each.
    Median,
}

/// What becomes of a measurement far from the others (cosmic rays, ghosts) in a weighted mean.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
#[non_exhaustive]
pub enum Outliers {
    /// It stays.
    #[default]
    Keep,
    /// The largest and the smallest measurement of a cell are taken out again, exactly, when they stand so far off the
    /// mean of the others and at least four frames saw the cell. A second one on the same side stays.
    Reject {
        /// Distance in standard deviations of one measurement, 2 at least; 5 is usual.
        clip_sigma: f64,
    },
}

/// Whether frames of several filters may be mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Filters {
    /// Frames behind another filter than that of most are left out with a warning.
    #[default]
    One,
    /// All go in.
    Any,
}

/// How a mosaic is made; the same for all its frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MosaicConfig {
    /// Which frames a cell shows.
    pub rule: MosaicRule,
    /// What becomes of outliers ([`MosaicRule::WeightedMean`] only).
    pub outliers: Outliers,
    /// Levels of pixel scale of which the finer replaces the coarser.
    pub levels: ScaleLevels,
    /// Whether filters may be mixed.
    pub filters: Filters,
    /// Most memory for sums (of a mosaic in memory) or for sums and frames (of a streamed one), bytes.
    #[serde(skip, default = "default_budget_bytes")]
    pub budget_bytes: u64,
}

fn default_budget_bytes() -> u64 {
    DEFAULT_BUDGET_BYTES
}

impl Default for MosaicConfig {
    /// Weighted mean of everything, one level, one filter, 8 GB.
    fn default() -> Self {
        Self {
            rule: MosaicRule::default(),
            outliers: Outliers::default(),
            levels: ScaleLevels::single(),
            filters: Filters::default(),
            budget_bytes: DEFAULT_BUDGET_BYTES,
        }
    }
}

impl MosaicConfig {
    /// Refuses what cannot work.
    pub(crate) fn check(&self) -> Result<(), MapError> {
        self.levels.check()?;
        let remedy = "give 2 sigmas or more; 5 is usual";
        match self.outliers {
            Outliers::Reject { clip_sigma } if !(LEAST_CLIP_SIGMA..=1e6).contains(&clip_sigma) => {
                Err(MapError::Argument { what: "clip_sigma", found: clip_sigma.to_string(), remedy })
            }
            _ => Ok(()),
        }
    }

    /// Whether extremes are kept, to be taken out at the end.
    pub(crate) fn clip_sigma(&self) -> Option<f64> {
        match (self.rule, self.outliers) {
            (MosaicRule::WeightedMean, Outliers::Reject { clip_sigma }) => Some(clip_sigma),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_that_would_reject_sound_frames_is_refused() {
        let with = |clip_sigma: f64| MosaicConfig {
            outliers: Outliers::Reject { clip_sigma },
            ..MosaicConfig::default()
        };
        assert!(with(5.0).check().is_ok());
        for bad in [f64::NAN, 0.0, -5.0, 1.9, f64::INFINITY] {
            assert!(matches!(with(bad).check(), Err(MapError::Argument { .. })), "{bad}");
        }
    }

    #[test]
    fn extremes_are_kept_only_for_a_mean_that_rejects() {
        let reject = Outliers::Reject { clip_sigma: 5.0 };
        let config = MosaicConfig { outliers: reject, ..MosaicConfig::default() };
        assert_eq!(config.clip_sigma(), Some(5.0));
        assert_eq!(MosaicConfig { rule: MosaicRule::Median, ..config }.clip_sigma(), None);
        assert_eq!(MosaicConfig::default().clip_sigma(), None);
    }

    #[test]
    fn a_configuration_comes_back_from_its_text() {
        let config = MosaicConfig {
            outliers: Outliers::Reject { clip_sigma: 4.5 },
            levels: ScaleLevels::dawn_at_ceres(),
            ..MosaicConfig::default()
        };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<MosaicConfig>(&text).unwrap(), config);
    }
}
