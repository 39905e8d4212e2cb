// SPDX-License-Identifier: MIT OR Apache-2.0
//! How stages tell what they do: progress and structured warnings, without touching a terminal.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

/// Something a user should know that did not stop the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// Stage that noticed (`calibrate`, `align`).
    pub stage: String,
    /// File, frame or value concerned.
    pub subject: String,
    /// What is wrong, with the value.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// How far a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    /// Stage (`align`).
    pub stage: &'a str,
    /// Items done.
    pub done: usize,
    /// Items in all.
    pub total: usize,
}

/// Where a stage reports to. Shared between threads.
pub trait Reporter: Send + Sync {
    /// Takes a warning.
    fn warn(&self, warning: Warning);
    /// Takes note of progress; called often, must be cheap.
    fn progress(&self, progress: Progress<'_>);
}

/// Drops everything, for tests and callers that do not care.
#[derive(Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn warn(&self, _: Warning) {}
    fn progress(&self, _: Progress<'_>) {}
}

/// Keeps the warnings, for tests and products.
#[derive(Debug, Default)]
pub struct Collected {
    warnings: Mutex<Vec<Warning>>,
}

impl Collected {
    /// The warnings so far, sorted, so that their order does not depend on threads.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
        warnings.sort();
        warnings
    }
}

impl Reporter for Collected {
    fn warn(&self, warning: Warning) {
        self.warnings.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(warning);
    }
    fn progress(&self, _: Progress<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collected_warnings_come_sorted() {
        let collected = Collected::default();
        for subject in ["b", "a"] {
            let warning = Warning {
                stage: "align".into(),
                subject: subject.into(),
                message: String::new(),
                hint: String::new(),
            };
            collected.warn(warning);
        }
        let subjects: Vec<_> = collected.warnings().into_iter().map(|w| w.subject).collect();
        assert_eq!(subjects, ["a", "b"]);
    }
}
