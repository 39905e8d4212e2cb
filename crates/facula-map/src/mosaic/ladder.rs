// SPDX-License-Identifier: MIT OR Apache-2.0
//! Levels of pixel scale: the map grows from orbit to orbit, and each level fills and replaces the coarser.
//!
//! In: the pixel scale of a frame, or the name of the orbit it was taken from. Out: the rank of its level.

use serde::{Deserialize, Serialize};

use crate::MapError;

/// Most levels a mosaic can have.
const MAX_LEVELS: usize = 64;

/// One level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleLevel {
    /// Name (`HAMO`).
    pub name: String,
    /// Pixel scale its frames have, metres; `None` for the size of the map's cells at the equator.
    pub nominal_m: Option<f64>,
}

/// Levels from the coarsest to the finest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScaleLevels(Vec<ScaleLevel>);

impl ScaleLevels {
    /// One level: frames of all scales are mixed.
    pub fn single() -> Self {
        Self(vec![ScaleLevel { name: "all".into(), nominal_m: None }])
    }

    /// Levels by name and pixel scale in metres.
    ///
    /// # Errors
    /// [`MapError::Argument`] for none or more than 64, for scales that are not positive or not from the coarsest to
    /// the finest, for a name given twice.
    pub fn new(levels: &[(&str, f64)]) -> Result<Self, MapError> {
        let level = |(name, nominal_m): &(&str, f64)| ScaleLevel {
            name: (*name).to_string(),
            nominal_m: Some(*nominal_m),
        };
        let levels = Self(levels.iter().map(level).collect());
        levels.check().map(|()| levels)
    }

    /// Dawn's way down to Ceres: approach 2 km, RC3 1.3 km, Survey 410 m, HAMO 140 m, LAMO 35 m.
    ///
    /// # Source
    /// Russell et al. 2016, Science 353, 1008, and the story of April 2015 (2.1 km on the approach).
    pub fn dawn_at_ceres() -> Self {
        let levels =
            [("approach", 2100.0), ("RC3", 1300.0), ("Survey", 410.0), ("HAMO", 140.0), ("LAMO", 35.0)];
        Self::new(&levels).expect("five scales, each finer than the one before")
    }

    /// Levels an octave wide, 1,024 km down to 1 mm per pixel, for frames of unknown orbits.
    pub fn octaves() -> Self {
        let name = |scale_m: f64| match scale_m {
            m if m >= 1000.0 => format!("{:.0} km", m / 1000.0),
            m if m >= 1.0 => format!("{m:.0} m"),
            m => format!("{:.0} mm", m * 1000.0),
        };
        let level = |k: i32| {
            let scale_m = 1_024_000.0 / 2f64.powi(k);
            ScaleLevel { name: name(scale_m), nominal_m: Some(scale_m) }
        };
        Self((0..30).map(level).collect())
    }

    /// The levels, coarsest first.
    pub fn levels(&self) -> &[ScaleLevel] {
        &self.0
    }

    /// Rank of the level nearest to a pixel scale (in its logarithm; half way goes to the coarser).
    pub(crate) fn rank_of(&self, scale_m: f64) -> u8 {
        let finer = |pair: &[ScaleLevel]| match (pair[0].nominal_m, pair[1].nominal_m) {
            (Some(coarse_m), Some(fine_m)) => scale_m * scale_m < coarse_m * fine_m,
            _ => false,
        };
        self.0.windows(2).take_while(|pair| finer(pair)).count() as u8
    }

    /// Rank of the level of a name, whatever its case.
    pub(crate) fn rank_named(&self, name: &str) -> Option<u8> {
        self.0.iter().position(|level| level.name.eq_ignore_ascii_case(name)).map(|rank| rank as u8)
    }

    pub(crate) fn check(&self) -> Result<(), MapError> {
        let bad = |found: String| {
            let remedy =
                "give 1 to 64 levels with names of their own and positive scales, the coarsest first";
            Err(MapError::Argument { what: "scale levels", found, remedy })
        };
        if self.0.is_empty() || self.0.len() > MAX_LEVELS {
            return bad(format!("{} levels", self.0.len()));
        }
        for (k, level) in self.0.iter().enumerate() {
            let sound = match level.nominal_m {
                Some(scale_m) => {
                    let coarser_m = if k == 0 { Some(f64::MAX) } else { self.0[k - 1].nominal_m };
                    scale_m > 0.0 && scale_m.is_finite() && coarser_m.is_some_and(|m| m > scale_m)
                }
                None => self.0.len() == 1,
            };
            if !sound {
                return bad(format!("level {} with {:?} m", level.name, level.nominal_m));
            }
            if self.rank_named(&level.name) != Some(k as u8) {
                return bad(format!("two levels {}", level.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_go_to_the_nearest_level_and_orbits_by_name() {
        let levels = ScaleLevels::dawn_at_ceres();
        let at = |scale_m: f64| levels.levels()[usize::from(levels.rank_of(scale_m))].name.clone();
        assert_eq!(
            [2500.0, 1270.0, 420.0, 136.0, 33.0, 5.0].map(at),
            ["approach", "RC3", "Survey", "HAMO", "LAMO", "LAMO"]
        );
        assert_eq!((levels.rank_named("hamo"), levels.rank_named("XMO2")), (Some(3), None));
        assert_eq!(ScaleLevels::single().rank_of(3.0), 0);
    }

    #[test]
    fn octaves_are_an_octave_wide() {
        let levels = ScaleLevels::octaves();
        assert!(levels.check().is_ok());
        assert_eq!(levels.rank_of(1000.0 * 1.4), levels.rank_of(1000.0 / 1.4));
        assert_eq!(levels.rank_of(500.0), levels.rank_of(1000.0) + 1);
        assert_eq!(levels.levels()[10].name, "1 km");
    }

    #[test]
    fn levels_that_make_no_ladder_are_refused() {
        let bad: [&[(&str, f64)]; 6] = [
            &[],
            &[("a", 0.0)],
            &[("a", f64::NAN)],
            &[("a", 10.0), ("b", 20.0)],
            &[("a", 20.0), ("a", 10.0)],
            &[("a", f64::INFINITY)],
        ];
        for levels in bad {
            assert!(matches!(ScaleLevels::new(levels), Err(MapError::Argument { .. })), "{levels:?}");
        }
        let many: Vec<(String, f64)> = (0..65).map(|k| (k.to_string(), 100.0 - f64::from(k))).collect();
        let many: Vec<(&str, f64)> = many.iter().map(|(name, m)| (name.as_str(), *m)).collect();
        assert!(ScaleLevels::new(&many).is_err() && ScaleLevels::new(&many[..64]).is_ok());
    }
}
