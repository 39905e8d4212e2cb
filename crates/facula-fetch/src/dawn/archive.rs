// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of volumes: `data/dawn.toml`, or a user's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::FetchError;
use crate::cache::text_key;

/// Where frames and kernels lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Address that holds the volumes.
    pub base_url: String,
    /// Addresses of mission kernels with `{kind}` and `{name}`, best first.
    pub kernel_urls: Vec<String>,
    /// Addresses of general kernels by kind, tried after those.
    #[serde(default)]
    pub generic_urls: BTreeMap<String, Vec<String>>,
    /// Kernel names that labels get wrong, and the right ones.
    #[serde(default)]
    pub renamed: BTreeMap<String, String>,
    /// The mission phases.
    #[serde(rename = "phase")]
    pub phases: Vec<Phase>,
}

/// A mission phase and the volume that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Target (`ceres`).
    pub target: String,
    /// Short name (`rc3`).
    pub key: String,
    /// Name in the labels (`CERES SCIENCE RC3 (CSR)`).
    pub name: String,
    /// Volume without level (`DWNCAFC2`).
    pub volume: String,
    /// Part of the path of its frames; empty where the volume holds nothing else.
    pub folder: String,
    /// How sure the name of the raw volume is.
    pub raw: Status,
    /// How sure the name of the calibrated volume is.
    pub calibrated: Status,
    /// Where this is known from.
    pub source: String,
}

/// How sure a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// A file of the volume was seen in the archive.
    Seen,
    /// Formed by the rule of its sisters.
    Assumed,
}

/// Level of processing of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Level {
    /// Level 1A: data numbers as they came down.
    Raw,
    /// Level 1B: radiance.
    #[default]
    Calibrated,
}

impl Phase {
    /// Name of the volume (`DWNCAFC2_1B`).
    pub fn volume_id(&self, level: Level) -> String {
        let suffix = if level == Level::Raw { "_1A" } else { "_1B" };
        format!("{}{suffix}", self.volume)
    }

    /// How sure [`Self::volume_id`] is.
    pub fn status(&self, level: Level) -> Status {
        if level == Level::Raw { self.raw } else { self.calibrated }
    }
}

impl Archive {
    /// The table that comes with Facula.
    pub fn built_in() -> Self {
        toml::from_str(include_str!("../../data/dawn.toml")).expect("a test reads the same table")
    }

    /// A user's own table.
    ///
    /// # Errors
    /// [`FetchError::Format`] with the line.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, FetchError> {
        toml::from_str(text).map_err(|error| {
            FetchError::format(
                origin,
                format!("table of volumes: {error}"),
                "compare with data/dawn.toml of Facula",
            )
        })
    }

    /// The entry of a phase.
    ///
    /// # Errors
    /// [`FetchError::Argument`] for unknown ones; the message lists those of the target.
    pub fn phase(&self, target: &str, key: &str) -> Result<&Phase, FetchError> {
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let of_target: Vec<&Phase> = self.phases.iter().filter(|phase| same(&phase.target, target)).collect();
        of_target.iter().find(|phase| same(&phase.key, key)).copied().ok_or_else(|| {
            let known: Vec<&str> = match of_target.is_empty() {
                true => self.phases.iter().map(|phase| phase.target.as_str()).collect(),
                false => of_target.iter().map(|phase| phase.key.as_str()).collect(),
            };
            let mut known: Vec<&str> = known;
            known.dedup();
            FetchError::Argument {
                name: if of_target.is_empty() { "target" } else { "phase" },
                value: format!("{target} {key} (known: {})", known.join(", ")),
                reason: "a target and phase of the table of volumes",
            }
        })
    }

    /// Address of a file of a volume.
    pub fn url(&self, volume: &str, path: &str) -> String {
        format!("{}/{volume}/{path}", self.base_url.trim_end_matches('/'))
    }

    /// Changes with the table.
    pub(crate) fn fingerprint(&self) -> String {
        text_key(&format!("{self:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_the_volumes_of_files_that_were_seen() {
        let archive = Archive::built_in();
        let rc3 = archive.phase("Ceres", "RC3").unwrap();
        // Path of FC21A0035300 in the Small Bodies Node.
        assert_eq!(
            archive.url(&rc3.volume_id(Level::Raw), "DATA/FITS/20150424_RC3/x.LBL"),
            "https://sbnarchive.psi.edu/pds3/dawn/fc/DWNCAFC2_1A/DATA/FITS/20150424_RC3/x.LBL"
        );
        assert_eq!((rc3.status(Level::Raw), rc3.status(Level::Calibrated)), (Status::Seen, Status::Assumed));
        assert!(archive.phases.iter().all(|phase| !phase.source.is_empty()));
    }

    #[test]
    fn unknown_phases_are_answered_with_the_known_ones() {
        let archive = Archive::built_in();
        let text = archive.phase("ceres", "rc4").unwrap_err().to_string();
        assert!(text.contains("approach, rc3, survey"), "{text}");
        assert!(archive.phase("pluto", "rc3").unwrap_err().to_string().contains("vesta"));
    }

    #[test]
    fn a_table_with_a_mistake_is_refused_with_its_place() {
        let text = include_str!("../../data/dawn.toml");
        assert_eq!(Archive::from_toml(text, "dawn.toml").unwrap(), Archive::built_in());
        let error = Archive::from_toml(&text.replace("folder = \"RC3\"", "foldr = \"RC3\""), "dawn.toml");
        assert!(error.unwrap_err().to_string().contains("foldr"));
    }
}
