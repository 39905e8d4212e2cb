// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What the spots may be, weighed by physics.
//!
//! The first test is the one the story is sure of: does a spot reflect sunlight, or does it shine by itself? In: the
//! light curve of a spot through the terminator. Out: a [`Verdict`] with the Bayes factor of the two.

mod fit;
mod survey_verdict;
mod weigh;

pub use survey_verdict::SurveyVerdict;
pub use weigh::{Conclusion, ExplainError, Observation, Verdict, observations, weigh, weigh_observations};
