// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which lines a charge packet passes under light before and after the exposure of a frame-transfer detector.
//!
//! With `t` the exposure and `s` the signal rates of a column, `y` growing downwards in the stored image,
//! `collected(y) = s(y) t + τ_below Σ_{y' > y} s(y') + τ_above Σ_{y' < y} s(y')`. The time over its own line while a
//! packet starts or stops is counted as exposure.

use serde::{Deserialize, Serialize};

/// Which way the image is shifted when it is read out, in lines of the stored image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ShiftDirection {
    /// Towards growing line numbers: smear of a body lies above it.
    #[default]
    Growing,
    /// Towards falling line numbers: smear of a body lies below it.
    Falling,
}

/// How charge of the time before the exposure is removed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ClearMode {
    /// All packets at once, at the start of the exposure (pre-clear, dump gate): no smear before the exposure.
    #[default]
    Dumped,
    /// By shifting the image out the way it is read: a packet has passed the lines behind it.
    Shifted {
        /// Time to shift all lines, s.
        transfer_s: f64,
    },
    /// By shifting the image out against the way it is read.
    ShiftedBack {
        /// Time to shift all lines, s.
        transfer_s: f64,
    },
}

/// The smear of a frame-transfer detector.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmearModel {
    /// Which way the image is shifted after the exposure.
    pub direction: ShiftDirection,
    /// What happens before the exposure.
    pub clear: ClearMode,
    /// Time from the end of the shift to the reading of the last line, s: the lines wait in storage, the one farthest
    /// from the output longest, and collect dark current.
    pub storage_s: f64,
}

impl SmearModel {
    /// Time a line of an image waits in storage before it is read, s.
    pub fn waiting_s(&self, line: usize, lines: usize) -> f64 {
        let before = match self.direction {
            ShiftDirection::Growing => lines.saturating_sub(line + 1),
            ShiftDirection::Falling => line,
        };
        self.storage_s * before as f64 / lines.max(1) as f64
    }

    /// Time a packet spends over each line below and each line above its own, s, given the time per line of the
    /// read-out and the number of lines.
    pub(super) fn line_times_s(&self, line_transfer_s: f64, lines: u32) -> [f64; 2] {
        let lines = f64::from(lines);
        let [ahead, behind] = match self.clear {
            ClearMode::Dumped => [line_transfer_s, 0.0],
            ClearMode::Shifted { transfer_s } => [line_transfer_s, transfer_s / lines],
            ClearMode::ShiftedBack { transfer_s } => [line_transfer_s + transfer_s / lines, 0.0],
        };
        match self.direction {
            ShiftDirection::Growing => [ahead, behind],
            ShiftDirection::Falling => [behind, ahead],
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let time_s = match self.clear {
            ClearMode::Dumped => 0.0,
            ClearMode::Shifted { transfer_s } | ClearMode::ShiftedBack { transfer_s } => transfer_s,
        };
        (!(time_s >= 0.0 && time_s.is_finite())).then(|| ("smear", format!("clear transfer {time_s} s")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_and_clearing_say_which_lines_are_passed() {
        let model =
            |direction, clear| SmearModel { direction, clear, storage_s: 0.0 }.line_times_s(1e-6, 1000);
        let shifted = ClearMode::Shifted { transfer_s: 2e-3 };
        let back = ClearMode::ShiftedBack { transfer_s: 2e-3 };
        assert_eq!(model(ShiftDirection::Growing, ClearMode::Dumped), [1e-6, 0.0]);
        assert_eq!(model(ShiftDirection::Falling, ClearMode::Dumped), [0.0, 1e-6]);
        assert_eq!(model(ShiftDirection::Growing, shifted), [1e-6, 2e-6]);
        assert_eq!(model(ShiftDirection::Falling, shifted), [2e-6, 1e-6]);
        assert_eq!(model(ShiftDirection::Growing, back), [3e-6, 0.0]);
    }

    #[test]
    fn a_negative_time_is_refused() {
        let bad = SmearModel { clear: ClearMode::Shifted { transfer_s: -1.0 }, ..SmearModel::default() };
        assert!(bad.problem().is_some());
    }
}
