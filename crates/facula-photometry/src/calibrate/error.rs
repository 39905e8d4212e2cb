// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stops a calibration.

/// Why a frame cannot be calibrated.
#[derive(Debug, Clone, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum CalibrationError {
    /// The exposure time is not positive.
    #[error(
        "frame {frame}: exposure time {exposure_s} s is not positive; check EXPOSURE_DURATION in its label"
    )]
    Exposure {
        /// Frame.
        frame: String,
        /// Value found, s.
        exposure_s: f64,
    },
    /// An image that goes with the frame (flat, dark, hot pixels, stray light) has another size than it.
    #[error(
        "frame {frame} is {found} pixels, the {image} {expected}; use the {image} of this camera and binning"
    )]
    Size {
        /// Frame.
        frame: String,
        /// Which image.
        image: &'static str,
        /// Size of the frame.
        found: String,
        /// Size of the image.
        expected: String,
    },
    /// No pixel has a value.
    #[error("frame {frame} has no valid pixel; it may be lost in transmission: leave it out")]
    Empty {
        /// Frame.
        frame: String,
    },
    /// A window does not lie within the frame, or has no valid pixel.
    #[error(
        "frame {frame}: {subject} {window} is not a part of the frame with valid pixels; correct the window"
    )]
    Window {
        /// Frame.
        frame: String,
        /// What the window is for.
        subject: &'static str,
        /// The window.
        window: String,
    },
    /// A constant of the detector or of the options is not usable.
    #[error("frame {frame}: {key} is {value}, which is not usable; correct the camera file or the option")]
    Constant {
        /// Frame.
        frame: String,
        /// Key of the detector table, or option.
        key: &'static str,
        /// Value found.
        value: String,
    },
}
