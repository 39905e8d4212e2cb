// SPDX-License-Identifier: MIT OR Apache-2.0
//! Published scattering laws of Ceres and Vesta, each value with its source (`data/published.toml`).

use serde::{Deserialize, Serialize};

use crate::SurfaceModel;

const FILE: &str = include_str!("../data/published.toml");

/// A scattering law with its sources. Other files of the same form are read by `toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedModel {
    /// Name of the set.
    pub name: String,
    /// Body, in small letters.
    pub body: String,
    /// Wavelength it holds for, nm.
    pub wavelength_nm: f64,
    /// Which formulas hide behind the letters.
    pub variant: String,
    /// Geometric albedo published with it, dimensionless.
    pub geometric_albedo: f64,
    /// One sigma of it.
    pub geometric_albedo_sigma: f64,
    /// Its source.
    pub geometric_albedo_source: String,
    /// The law.
    pub model: SurfaceModel,
    /// Uncertainty and source of each parameter of the law.
    #[serde(rename = "value")]
    pub values: Vec<PublishedValue>,
}

/// Where a parameter comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedValue {
    /// Name, as [`SurfaceModel::parameters`] has it.
    pub name: String,
    /// One sigma, in the unit of the parameter; nothing when none was published.
    #[serde(default)]
    pub sigma: Option<f64>,
    /// Source; a text that begins with `ASSUMED` marks a value nobody published.
    pub source: String,
}

#[derive(Deserialize)]
struct Sets {
    set: Vec<PublishedModel>,
}

/// All built-in sets.
pub fn published_models() -> Vec<PublishedModel> {
    toml::from_str::<Sets>(FILE).expect("the built-in file is read by a test").set
}

/// The built-in set of a name, such as `ceres-hapke-vir-550`.
pub fn published_model(name: &str) -> Option<PublishedModel> {
    published_models().into_iter().find(|set| set.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_every_set_has_a_source_and_no_source_is_idle() {
        for set in published_models() {
            let parameters: Vec<_> = set.model.parameters().iter().map(|p| p.name.to_string()).collect();
            let sourced: Vec<_> = set.values.iter().map(|value| value.name.clone()).collect();
            assert_eq!(parameters, sourced, "{}", set.name);
            assert!(set.values.iter().all(|value| value.source.len() > 20), "{}", set.name);
        }
        assert!(published_model("ceres-hapke-fc-555").is_some() && published_model("moon").is_none());
    }

    #[test]
    fn spheres_have_the_published_geometric_albedo() {
        for set in published_models() {
            let found = set.model.sphere_brightness(0.0).value;
            let off = (found - set.geometric_albedo).abs() / set.geometric_albedo_sigma;
            assert!(off < 0.1, "{}: {found}", set.name);
        }
    }

    #[test]
    fn the_bond_albedo_of_ceres_is_the_published_one() {
        // Li et al. 2019, abstract: bolometric Bond albedo 0.037 +- 0.002; at one wavelength a little more or less. That of
        // a law whose lobe width was found from the geometric albedo alone tests the phase curve: within 15 %.
        for name in ["ceres-hapke-vir-550", "ceres-hapke-fc-555", "ceres-hg"] {
            let spherical = published_model(name).unwrap().model.sphere_albedos().spherical.value;
            assert!((spherical / 0.037 - 1.0).abs() < 0.15, "{name}: {spherical}");
        }
    }
}
