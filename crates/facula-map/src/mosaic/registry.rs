// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which frames a mosaic holds, and the constants they share.
//!
//! In: what is known of frames before their pixels. Out: admission, or why not: a frame that is in already, another body
//! or filter, another version of the camera. Whom most frames agree with is right, so the order does not matter.

use std::collections::BTreeMap;

use facula_core::Level;
use serde::{Deserialize, Serialize};

use super::quantum::Quantum;
use super::rules::Filters;
use super::ticket::{RELATIVE, ShotTicket};
use crate::MapError;

/// A frame in a mosaic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameRecord {
    /// Rank of its scale level, 0 the coarsest.
    pub level: u8,
    /// Its pixel scale where its boresight meets the ground, metres.
    pub scale_m: f64,
    /// Factor put on its brightness.
    pub gain: f64,
    /// Cells it measured, whether or not a finer level hides them.
    pub cells: u64,
}

/// What all frames share, and who they are.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registry {
    /// Name of a constant (`body`, `camera dawn_fc2 F1`) and what it is.
    pub constants: BTreeMap<String, String>,
    /// Frames by identifier.
    pub frames: BTreeMap<String, FrameRecord>,
}

/// Why a frame is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub message: String,
    pub hint: &'static str,
}

impl Registry {
    /// Unit of the values, by what the frames hold.
    pub fn quantum(&self) -> Quantum {
        let relative = self.constants.get("quantity").is_some_and(|quantity| quantity == RELATIVE);
        Quantum::of(if relative { Level::Relative } else { Level::IOverF })
    }

    /// Sets the constants of a run.
    ///
    /// # Errors
    /// [`MapError::Argument`] when the mosaic was begun with others.
    pub fn fix(&mut self, name: &str, value: String) -> Result<(), MapError> {
        match self.constants.get(name) {
            Some(known) if *known != value => Err(mixed(name, known, &value)),
            _ => {
                self.constants.insert(name.to_string(), value);
                Ok(())
            }
        }
    }

    /// Admits frames or says why not, in their order. The constants they bring are kept.
    pub fn admit(&mut self, tickets: &[ShotTicket], filters: Filters) -> Vec<Result<(), Refusal>> {
        let brings: Vec<Vec<(String, String)>> = tickets.iter().map(|t| t.constants(filters)).collect();
        let problems: Vec<Option<Refusal>> = tickets.iter().map(ShotTicket::problem).collect();
        let sound = brings.iter().zip(&problems).filter(|(_, problem)| problem.is_none());
        self.vote(sound.flat_map(|(brought, _)| brought));
        let mut chosen: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
        for (k, ticket) in tickets.iter().enumerate().filter(|(k, _)| problems[*k].is_none()) {
            let candidate = (ticket.fingerprint(), k);
            let entry = chosen.entry(&ticket.id).or_insert(candidate);
            *entry = candidate.min(*entry);
        }
        let first = |k: usize| chosen.get(tickets[k].id.as_str()).is_some_and(|(_, chosen)| *chosen == k);
        let answer = |(k, problem): (usize, Option<Refusal>)| match problem {
            Some(refusal) => Err(refusal),
            None if !first(k) || self.frames.contains_key(&tickets[k].id) => Err(twice()),
            None => self.agrees(&brings[k]),
        };
        problems.into_iter().enumerate().map(answer).collect()
    }

    /// Settles constants not known yet: what most bring; of equals the first in the alphabet.
    fn vote<'a>(&mut self, brought: impl Iterator<Item = &'a (String, String)>) {
        let mut votes: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for (name, value) in brought {
            *votes.entry(name).or_default().entry(value).or_default() += 1;
        }
        for (name, values) in votes {
            let most = values.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
            if let (false, Some((value, _))) = (self.constants.contains_key(name), most) {
                self.constants.insert(name.to_string(), (*value).to_string());
            }
        }
    }

    fn agrees(&self, brought: &[(String, String)]) -> Result<(), Refusal> {
        for (name, value) in brought {
            if let Some(known) = self.constants.get(name).filter(|known| *known != value) {
                let message = format!("its {name} is {value}, that of the mosaic is {known}; left out");
                return Err(Refusal {
                    message,
                    hint: "make one mosaic for each body, filter and camera version",
                });
            }
        }
        Ok(())
    }

    /// Joins the frames of another mosaic.
    ///
    /// # Errors
    /// [`MapError::Argument`] for other constants and for frames that both hold.
    pub fn merge(&mut self, other: &Self) -> Result<(), MapError> {
        for (name, value) in &other.constants {
            if let Some(known) = self.constants.get(name).filter(|known| *known != value) {
                return Err(mixed(name, known, value));
            }
        }
        if let Some(id) = other.frames.keys().find(|id| self.frames.contains_key(*id)) {
            return Err(in_both(id));
        }
        self.constants.extend(other.constants.clone());
        self.frames.extend(other.frames.clone());
        Ok(())
    }
}

fn twice() -> Refusal {
    let message = "it is in the mosaic already; not added again".to_string();
    Refusal { message, hint: "give every frame once, with an identifier of its own" }
}

/// A frame cannot count twice.
pub(crate) fn in_both(id: &str) -> MapError {
    let remedy = "fill each accumulator with frames of its own";
    MapError::Argument { what: "frame in both mosaics", found: id.to_string(), remedy }
}

fn mixed(name: &str, known: &str, value: &str) -> MapError {
    MapError::Argument {
        what: "constants of a mosaic",
        found: format!("{name} is {known} and {value}"),
        remedy: "use the same body, camera files and options for all its parts, or start anew",
    }
}
