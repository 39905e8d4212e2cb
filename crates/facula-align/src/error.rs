// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a pose could not be refined.

/// Why a pose could not be refined. The a-priori pose stays as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AlignError {
    /// Too little of a sunlit limb in the frame: the body fills it, lies outside it, or nothing was exposed.
    #[error(
        "frame {frame}: {found} limb points found where {predicted} sunlit ones were predicted inside the frame; \
         {needed} are needed; match it against a map instead, or check the a-priori pose"
    )]
    NoLimb {
        /// Frame.
        frame: String,
        /// Sunlit limb points that should lie inside the frame.
        predicted: usize,
        /// Those with a clear edge near them.
        found: usize,
        /// Those needed.
        needed: usize,
    },
    /// Frame and map have too little ground in common.
    #[error(
        "frame {frame}: the reference map covers {covered_fraction:.2} of the ground in it, {needed_fraction:.2} is \
         needed; choose another map or check the a-priori pose"
    )]
    NoOverlap {
        /// Frame.
        frame: String,
        /// Part of the body in the frame that is lit, seen well and covered by the map.
        covered_fraction: f64,
        /// Part needed.
        needed_fraction: f64,
    },
    /// The best match is not clearly better than the second best.
    #[error(
        "frame {frame}: best correlation {correlation:.3} at ({x_px:.0}, {y_px:.0}) px, second best {second:.3}, noise \
         {noise:.3}: not trustworthy; enlarge the search or use a map with more in common"
    )]
    Ambiguous {
        /// Frame.
        frame: String,
        /// Highest correlation, −1 to 1.
        correlation: f64,
        /// Highest correlation elsewhere.
        second: f64,
        /// Standard deviation of the correlations elsewhere.
        noise: f64,
        /// Shift of the scene at the best correlation, along samples, px.
        x_px: f64,
        /// Shift of the scene at the best correlation, along lines, px.
        y_px: f64,
    },
    /// The iteration does not settle, or the points contradict each other.
    #[error(
        "frame {frame}: not converged after {iterations} iterations: {used} points agree with residual {residual_px:.2} \
         px, {rejected} do not"
    )]
    NotConverged {
        /// Frame.
        frame: String,
        /// Iterations made.
        iterations: usize,
        /// Points in use at the end.
        used: usize,
        /// Points rejected at the end.
        rejected: usize,
        /// Root mean square residual of the points in use, px.
        residual_px: f64,
    },
    /// A value outside its range.
    #[error("option {option} = {value} is outside its range {range}")]
    Argument {
        /// Option.
        option: &'static str,
        /// Value found.
        value: f64,
        /// Range allowed.
        range: &'static str,
    },
}

/// Refuses a value outside a closed range (and NaN).
pub(crate) fn within(
    option: &'static str,
    value: f64,
    (low, high, range): (f64, f64, &'static str),
) -> Result<(), AlignError> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(AlignError::Argument { option, value, range }) }
}
