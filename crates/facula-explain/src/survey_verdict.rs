// SPDX-License-Identifier: MIT OR Apache-2.0
//! The verdicts of all spots together: what `verdict.json` says.

use serde::{Deserialize, Serialize};

use crate::{Conclusion, Verdict};

/// All spots weighed, and what the evidence leaves open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyVerdict {
    /// In words.
    pub statement: String,
    /// What was compared and how.
    pub method: String,
    /// Sum of the logarithms of the Bayes factors, reflecting over self-luminous: all spots of one kind.
    pub ln_bayes: f64,
    /// Spots that reflect.
    pub reflecting: usize,
    /// Spots that shine by themselves.
    pub self_luminous: usize,
    /// Spots not decided.
    pub not_decisive: usize,
    /// Hypotheses that light curves in one filter cannot tell apart, and what would.
    pub not_decided: Vec<String>,
    /// Each spot.
    pub spots: Vec<Verdict>,
}

const METHOD: &str = "Reflecting (amplitude times the ground's photometric function, dark at night) against self-luminous \
                      (the same brightness day and night); weighted least squares, Bayes factor from the Bayesian \
                      information criterion, errors widened where the best model does not fit.";

/// What one filter and kilometre-sized pixels leave open. Composition needs spectra, thickness needs height.
const NOT_DECIDED: [&str; 4] = [
    "Salt or ice: both are bright in clear light; not decisive. Spectra from 1 to 4 µm would tell them apart.",
    "Cryovolcano: a dome of less than five pixels can neither be shown nor denied; not decisive. Stereo images at 35 m per \
     pixel would decide.",
    "Vapour: haze of some per cent is hidden by an imperfect disk function; not decisive. Frames at high phase angle over \
     the limb would decide.",
    "Age and origin: brightness says nothing of them. Crater counts and gravity would help.",
];

impl SurveyVerdict {
    /// Sums up the verdicts of single spots.
    pub fn of(spots: Vec<Verdict>) -> Self {
        let count = |conclusion: Conclusion| spots.iter().filter(|v| v.conclusion == conclusion).count();
        let (reflecting, self_luminous) = (count(Conclusion::Reflecting), count(Conclusion::SelfLuminous));
        let not_decisive = spots.len() - reflecting - self_luminous;
        Self {
            statement: statement(spots.len(), reflecting, self_luminous),
            method: METHOD.to_string(),
            ln_bayes: spots.iter().map(|v| v.ln_bayes).sum(),
            reflecting,
            self_luminous,
            not_decisive,
            not_decided: NOT_DECIDED.map(String::from).to_vec(),
            spots,
        }
    }
}

fn statement(all: usize, reflecting: usize, self_luminous: usize) -> String {
    let rest = all - reflecting - self_luminous;
    let mut text = match (all, reflecting, self_luminous) {
        (0, _, _) => {
            return "No light curve was measured: nothing is said about what makes the spots bright.".into();
        }
        (_, 0, 0) => return format!("The light curves of {all} spots decide nothing."),
        (_, r, 0) => {
            format!("{r} of {all} spots reflect sunlight and go dark with the night; none shines by itself")
        }
        (_, r, s) => format!("{r} of {all} spots reflect sunlight, {s} shine by themselves"),
    };
    if rest > 0 {
        text += &format!("; {rest} cannot be decided");
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weigh_observations;

    #[test]
    fn no_spots_give_an_honest_sentence() {
        let none = SurveyVerdict::of(Vec::new());
        assert!(none.statement.starts_with("No light curve"));
        assert_eq!(none.not_decided.len(), 4);
        let open = SurveyVerdict::of(vec![weigh_observations("a", &[], |_| 1.0).unwrap()]);
        assert!(open.statement.contains("decide nothing"));
    }
}
