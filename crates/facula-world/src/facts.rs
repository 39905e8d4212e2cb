// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of a world's ground, as a TOML file tells it: a new world is a file, not code.
//!
//! In: TOML text (`data/ceres.toml` explains every key). Out: [`WorldFacts`]. Names of features refer to the
//! nomenclature of `facula-core`.

use serde::{Deserialize, Serialize};

use crate::WorldError;

/// The facts a world is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFacts {
    /// Name of the body in lower case.
    pub name: String,
    /// Shapes of craters.
    pub craters: CraterLaws,
    /// How many craters of which size and age.
    pub population: PopulationLaws,
    /// Swells and roughness.
    pub relief: ReliefLaws,
    /// Mottling of the ground.
    pub albedo: AlbedoLaws,
    /// Unnamed bright spots.
    pub faculae: FaculaLaws,
    /// What is known of single craters.
    #[serde(default)]
    pub crater: Vec<CraterFact>,
    /// Mountains, domes and pits.
    #[serde(default)]
    pub mountain: Vec<MountainFact>,
    /// Fractured floors.
    #[serde(default)]
    pub fractures: Vec<FractureFact>,
    /// Named bright spots.
    #[serde(default)]
    pub spot: Vec<SpotFact>,
}

/// Shapes of craters by size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CraterLaws {
    /// Diameter at which bowls turn into craters with flat floors, km.
    pub transition_km: f64,
    /// Depth over diameter of fresh bowls.
    pub simple_depth_ratio: f64,
    /// Power of the diameter with which the depth of larger craters grows.
    pub complex_exponent: f64,
    /// Height of the rim over the old ground, over depth.
    pub rim_ratio: f64,
    /// Central peaks from this diameter on, km.
    pub peak_from_km: f64,
    /// Central pits instead of peaks from this diameter on, km.
    pub pit_from_km: f64,
}

/// How many craters of which size and age.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationLaws {
    /// Craters above 10 km that ever formed on the oldest ground, per km².
    pub count_above_10_km_per_km2: f64,
    /// Cumulative slope above the bend, positive.
    pub slope_large: f64,
    /// Cumulative slope below the bend, positive.
    pub slope_small: f64,
    /// Where the slope changes, km.
    pub bend_km: f64,
    /// Most there can be, over geometric saturation.
    pub saturation_fraction: f64,
    /// The largest unnamed crater, km.
    pub largest_km: f64,
    /// Depth of a crater at the end of its life is `1 / (1 + softening)` of that of a fresh one.
    pub softening: f64,
}

/// Swells and roughness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliefLaws {
    /// Wavelength and rms height, km each.
    pub swells: Vec<[f64; 2]>,
    /// Longest wavelength of the roughness, km.
    pub roughness_from_km: f64,
    /// Its rms height at that wavelength, km.
    pub roughness_rms_km: f64,
    /// Power of the wavelength with which the rms grows.
    pub hurst_exponent: f64,
}

/// Mottling of the ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlbedoLaws {
    /// Wavelength (km) and rms over the mean.
    pub mottling: Vec<[f64; 2]>,
}

/// Unnamed bright spots.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaculaLaws {
    /// Least diameter, km.
    pub least_km: f64,
    /// Greatest diameter, km.
    pub most_km: f64,
    /// Cumulative number falls with this power of the diameter.
    pub exponent: f64,
    /// Least albedo over that of the surroundings.
    pub least_contrast: f64,
    /// Greatest albedo over that of the surroundings.
    pub most_contrast: f64,
}

/// What is known of a named crater; what is left out follows the laws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CraterFact {
    /// Name of the feature.
    pub name: String,
    /// Age over that of the oldest ground, 0 to 1.
    pub age_ratio: f64,
    /// Rim to rim, km, where it is not that of the nomenclature.
    pub diameter_km: Option<f64>,
    /// Rim to floor, km, where it does not follow the laws.
    pub depth_km: Option<f64>,
    /// What stands in its middle.
    #[serde(default)]
    pub centre: CraterCentre,
}

/// What stands in the middle of a crater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CraterCentre {
    /// A peak or a pit, by its size.
    #[default]
    BySize,
    /// Nothing: a mountain of the file may stand there.
    Plain,
}

/// A mountain, a dome or a pit at the place of a named feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountainFact {
    /// Name of the feature.
    pub at: String,
    /// Width at the foot, km.
    pub width_km: f64,
    /// Height of the top over the foot, negative for a pit, km.
    pub height_km: f64,
    /// Age over that of the oldest ground: older craters smaller than half of it are gone from it.
    pub age_ratio: f64,
}

/// Rings and rays of fractures about a named feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FractureFact {
    /// Name of the feature in the middle.
    pub at: String,
    /// Radii of the rings, km.
    pub rings_km: Vec<f64>,
    /// Number of rays.
    pub rays: u32,
    /// Rays and rings begin here, km from the middle.
    pub inner_km: f64,
    /// And end here, km.
    pub outer_km: f64,
    /// Width of a fracture at its lips, km.
    pub width_km: f64,
    /// Depth, km.
    pub depth_km: f64,
}

/// A bright spot at a named feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpotFact {
    /// Name of the feature.
    pub at: String,
    /// Name of the larger spot it lies in.
    pub part_of: Option<String>,
    /// Its long axis over the diameter of the feature.
    pub size_ratio: f64,
    /// Short axis over long axis.
    pub axis_ratio: f64,
    /// Direction of the long axis, degrees east of north.
    pub position_angle_deg: f64,
    /// Albedo in the middle over that of the surroundings.
    pub contrast: f64,
}

const BUILT_IN: [(&str, &str); 2] =
    [("ceres", include_str!("../data/ceres.toml")), ("vesta", include_str!("../data/vesta.toml"))];
const PLAIN: &str = include_str!("../data/plain.toml");

impl WorldFacts {
    /// The built-in facts of a body by name (any case); laws without named landforms for a body that has none.
    pub fn built_in(body: &str) -> Self {
        let text =
            BUILT_IN.iter().find(|(name, _)| name.eq_ignore_ascii_case(body)).map_or(PLAIN, |(_, t)| t);
        Self::from_toml(text).expect("a test reads every built-in file")
    }

    /// Facts from TOML text.
    ///
    /// # Errors
    /// [`WorldError::Format`] for text that is no such file, [`WorldError::Argument`] for a value out of range.
    pub fn from_toml(text: &str) -> Result<Self, WorldError> {
        let facts: Self = toml::from_str(text)?;
        match facts.wrong() {
            Some((key, value)) => Err(WorldError::Argument { world: facts.name, key, value }),
            None => Ok(facts),
        }
    }

    /// The first value out of its range.
    fn wrong(&self) -> Option<(&'static str, f64)> {
        self.wrong_law().or_else(|| self.wrong_landform())
    }

    fn wrong_law(&self) -> Option<(&'static str, f64)> {
        let (c, p, r, f) = (&self.craters, &self.population, &self.relief, &self.faculae);
        let checks = [
            ("craters.transition_km", c.transition_km, (1e-3, 1e4)),
            ("craters.simple_depth_ratio", c.simple_depth_ratio, (0.0, 0.5)),
            ("craters.complex_exponent", c.complex_exponent, (0.0, 1.0)),
            ("craters.rim_ratio", c.rim_ratio, (0.0, 0.5)),
            ("craters.peak_from_km", c.peak_from_km, (0.0, 1e9)),
            ("craters.pit_from_km", c.pit_from_km, (0.0, 1e9)),
            ("population.count_above_10_km_per_km2", p.count_above_10_km_per_km2, (0.0, 0.01)),
            ("population.slope_large", p.slope_large, (1.0, 4.0)),
            ("population.slope_small", p.slope_small, (1.0, 5.0)),
            ("population.bend_km", p.bend_km, (1e-3, 1e3)),
            ("population.saturation_fraction", p.saturation_fraction, (1e-6, 0.2)),
            ("population.largest_km", p.largest_km, (0.1, 1e3)),
            ("population.softening", p.softening, (0.0, 100.0)),
            ("relief.roughness_from_km", r.roughness_from_km, (1e-3, 1e3)),
            ("relief.roughness_rms_km", r.roughness_rms_km, (0.0, 10.0)),
            ("relief.hurst_exponent", r.hurst_exponent, (0.0, 1.0)),
            ("faculae.least_km", f.least_km, (1e-3, 1e3)),
            ("faculae.most_km", f.most_km, (f.least_km, 1e3)),
            ("faculae.exponent", f.exponent, (0.1, 5.0)),
            ("faculae.least_contrast", f.least_contrast, (0.0, 20.0)),
            ("faculae.most_contrast", f.most_contrast, (f.least_contrast, 20.0)),
        ];
        checks.into_iter().find(|(_, v, (least, most))| !(least..=most).contains(&v)).map(|(k, v, _)| (k, v))
    }

    fn wrong_landform(&self) -> Option<(&'static str, f64)> {
        let waves = self.relief.swells.iter().map(|w| ("relief.swells", w));
        let waves = waves.chain(self.albedo.mottling.iter().map(|w| ("albedo.mottling", w)));
        let mut checks: Vec<(&str, f64, (f64, f64))> = Vec::new();
        for (key, [wavelength_km, rms]) in waves {
            checks.extend([(key, *wavelength_km, (0.01, 1e4)), (key, *rms, (0.0, 100.0))]);
        }
        for fact in &self.crater {
            checks.push(("crater.age_ratio", fact.age_ratio, (0.0, 1.0)));
            checks.push(("crater.diameter_km", fact.diameter_km.unwrap_or(1.0), (1e-3, 1e4)));
            checks.push(("crater.depth_km", fact.depth_km.unwrap_or(1.0), (0.0, 1e3)));
        }
        for fact in &self.mountain {
            checks.push(("mountain.width_km", fact.width_km, (1e-3, 1e4)));
            checks.push(("mountain.age_ratio", fact.age_ratio, (0.0, 1.0)));
            checks.push(("mountain.height_km", fact.height_km, (-100.0, 100.0)));
        }
        for fact in &self.fractures {
            checks.push(("fractures.width_km", fact.width_km, (1e-3, 100.0)));
            checks.push(("fractures.depth_km", fact.depth_km, (0.0, 10.0)));
            checks.push(("fractures.outer_km", fact.outer_km, (fact.inner_km.max(1e-3), 1e3)));
        }
        for fact in &self.spot {
            checks.push(("spot.size_ratio", fact.size_ratio, (1e-3, 10.0)));
            checks.push(("spot.axis_ratio", fact.axis_ratio, (0.01, 1.0)));
            checks.push(("spot.contrast", fact.contrast, (0.0, 20.0)));
        }
        checks.into_iter().find(|(_, v, (least, most))| !(least..=most).contains(&v)).map(|(k, v, _)| (k, v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::features;

    #[test]
    fn every_built_in_file_is_read_and_names_only_features_there_are() {
        assert_eq!(WorldFacts::from_toml(PLAIN).unwrap().name, "plain");
        for (name, text) in BUILT_IN {
            let facts = WorldFacts::from_toml(text).unwrap();
            assert_eq!(facts.name, name);
            let named = features(name);
            let craters = facts.crater.iter().map(|f| &f.name);
            let others = facts.mountain.iter().map(|f| &f.at).chain(facts.spot.iter().map(|f| &f.at));
            for used in craters.chain(others).chain(facts.fractures.iter().map(|f| &f.at)) {
                assert!(named.iter().any(|f| f.name == *used), "{name}: {used}");
            }
        }
    }

    #[test]
    fn a_bad_file_says_what_is_wrong() {
        let text = PLAIN.replace("softening = 3.5", "softening = -1.0");
        let message = WorldFacts::from_toml(&text).unwrap_err().to_string();
        assert!(message.contains("population.softening") && message.contains("-1"), "{message}");
        let message = WorldFacts::from_toml(&format!("{PLAIN}\n[sea]\n")).unwrap_err().to_string();
        assert!(message.contains("sea"), "{message}");
        let text = PLAIN.replace("swells = [[160.0", "swells = [[nan");
        assert!(WorldFacts::from_toml(&text).unwrap_err().to_string().contains("relief.swells"));
    }

    #[test]
    fn a_cut_off_file_is_refused_or_still_a_world_but_never_a_panic() {
        for (_, text) in BUILT_IN {
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                let _ = WorldFacts::from_toml(&text[..end]);
            }
        }
    }
}
