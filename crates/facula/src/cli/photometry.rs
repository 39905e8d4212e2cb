// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula photometry`: laws, their values, and fits of them.

mod evaluate;
mod fit;
mod models;

use clap::{Args, Subcommand};
use facula::RequestError;

use super::Answer;

const HELP: &str = "Examples:
  facula photometry models
      Published laws of Ceres and Vesta with their sources; laws that can be fitted, with their parameters
  facula photometry evaluate --model ceres-hapke-fc-555 -i 30 60 -e 0 30 -p 30 90 --sphere
      I/F at angles; albedos of a sphere
  facula photometry fit brightness.csv --disk minnaert --phase exponential -o law.toml --plot fit.png
      A law from observations";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct PhotometryArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Published laws with their sources, and laws that can be fitted.
    Models(models::ModelsArgs),
    /// I/F of a law at angles, and the albedos of a sphere.
    Evaluate(evaluate::EvaluateArgs),
    /// A law from observed brightness, with its uncertainty.
    Fit(Box<fit::FitArgs>),
}

impl PhotometryArgs {
    /// Whether JSON was asked for.
    pub(super) fn json(&self) -> bool {
        match &self.command {
            Command::Models(args) => args.json,
            Command::Evaluate(args) => args.json,
            Command::Fit(args) => args.json,
        }
    }
}

pub(super) fn run(args: &PhotometryArgs) -> Result<Answer, RequestError> {
    match &args.command {
        Command::Models(args) => Ok(models::run(args).into()),
        Command::Evaluate(args) => evaluate::run(args).map(Into::into),
        Command::Fit(args) => fit::run(args),
    }
}

/// A value to two digits of its sigma, or to six when it has none, and the sigma.
pub(super) fn with_sigma(value: f64, sigma: Option<f64>) -> [String; 2] {
    match sigma {
        Some(sigma) if sigma > 0.0 && sigma.is_finite() => {
            let decimals = (1.0 - sigma.log10().floor()).clamp(0.0, 12.0) as usize;
            [format!("{value:.decimals$}"), format!("{sigma:.decimals$}")]
        }
        Some(sigma) if sigma > 0.0 => [format!("{value:.6}"), "not determined".into()],
        Some(_) => [format!("{value:.6}"), "at its limit".into()],
        None => [format!("{value:.6}"), "-".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::with_sigma;

    #[test]
    fn values_have_the_digits_their_sigma_allows() {
        assert_eq!(with_sigma(0.0934567, Some(0.00123)), ["0.0935", "0.0012"]);
        assert_eq!(with_sigma(123.456, Some(12.0)), ["123", "12"]);
        assert_eq!(with_sigma(0.5, Some(f64::INFINITY))[1], "not determined");
        assert_eq!(with_sigma(0.5, Some(0.0))[1], "at its limit");
        assert_eq!(with_sigma(0.5, None), ["0.500000", "-"]);
    }
}
