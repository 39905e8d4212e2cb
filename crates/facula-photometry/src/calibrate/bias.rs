// SPDX-License-Identifier: MIT OR Apache-2.0
//! The zero of a frame: bias per line, from the camera file, the caller, or the frame's own unexposed pixels.

use facula_core::RawFrame;

use super::{Bias, CalibrationError, Window};
use crate::Detector;

/// Bias of every line and its error.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zero {
    /// One value, or one for each line, DN.
    pub(super) bias_dn: Vec<f64>,
    /// One sigma, DN.
    pub(super) sigma_dn: f64,
    pub(super) source: String,
    /// Pixels it was taken from.
    pub(super) window: Option<Window>,
}

impl Zero {
    pub(super) fn at_dn(&self, line: usize) -> f64 {
        self.bias_dn[line.min(self.bias_dn.len() - 1)]
    }

    pub(super) fn mean_dn(&self) -> f64 {
        self.bias_dn.iter().sum::<f64>() / self.bias_dn.len() as f64
    }
}

pub(super) fn zero(raw: &RawFrame, bias: Bias, detector: &Detector) -> Result<Zero, CalibrationError> {
    let known = |bias_dn: f64, sigma_dn: f64, source: String| Zero {
        bias_dn: vec![bias_dn],
        sigma_dn,
        source,
        window: None,
    };
    let height = raw.dn.height();
    match bias {
        Bias::Detector => {
            Ok(known(detector.bias_dn, detector.errors.bias_dn, detector.source("bias_dn").to_string()))
        }
        Bias::Value { bias_dn, sigma_dn } if bias_dn.is_finite() && sigma_dn >= 0.0 => {
            Ok(known(bias_dn, sigma_dn, "given for this frame".into()))
        }
        Bias::Value { bias_dn, .. } => Err(CalibrationError::Constant {
            frame: raw.meta.id.clone(),
            key: "bias",
            value: bias_dn.to_string(),
        }),
        Bias::Overscan(window) => {
            let (mean_dn, sigma_dn) = mean(raw, window)?;
            let source = format!("mean of {} x {} unexposed pixels", window.width, window.height);
            Ok(Zero { window: Some(window), ..known(mean_dn, sigma_dn, source) })
        }
        Bias::OverscanLines(window) => {
            let rows = (0..height).map(|line| mean(raw, Window { line, height: 1, ..window }));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            let sigma_dn = (rows.iter().map(|row| row.1 * row.1).sum::<f64>() / height as f64).sqrt();
            Ok(Zero {
                bias_dn: rows.iter().map(|row| row.0).collect(),
                sigma_dn,
                source: format!("mean of {} unexposed samples of each line", window.width),
                window: Some(Window { line: 0, height, ..window }),
            })
        }
    }
}

/// Mean and its error over a window, values beyond three sigma left out, DN.
fn mean(raw: &RawFrame, window: Window) -> Result<(f64, f64), CalibrationError> {
    let bad = || CalibrationError::Window {
        frame: raw.meta.id.clone(),
        subject: "the overscan window",
        window: format!("{window:?}"),
    };
    if !window.lies_within(raw.dn.width(), raw.dn.height()) {
        return Err(bad());
    }
    let lines = window.line..window.line + window.height;
    let rows = lines.map(|line| &raw.dn.line(line)[window.sample..window.sample + window.width]);
    let mut values: Vec<f64> = rows.flatten().map(|dn| f64::from(*dn)).filter(|dn| dn.is_finite()).collect();
    for _ in 0..5 {
        if values.is_empty() {
            return Err(bad());
        }
        let (mean_dn, sigma_dn) = moments(&values);
        let before = values.len();
        // A quarter of a number: all values equal must not cut themselves.
        values.retain(|dn| (dn - mean_dn).abs() <= 3.0 * sigma_dn + 0.25);
        if values.len() == before {
            break;
        }
    }
    let (mean_dn, sigma_dn) = moments(&values);
    Ok((mean_dn, sigma_dn / (values.len() as f64).sqrt()))
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt())
}
