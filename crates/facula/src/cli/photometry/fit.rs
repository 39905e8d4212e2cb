// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula photometry fit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use facula::RequestError;
use facula::photometry::{FitWarning, Loss};
use facula::scatter::{
    FitChoice, FitNote, Grouping, ObservationTable, ScatterFit, StartLaw, What, fit_as_law, fit_scattering,
    parameter_unit, read_law, read_observations, start_law, write_fit_figure, write_law,
};
use serde_json::{Value, json};

use super::super::table::Table;
use super::super::{Answer, json_text};
use super::with_sigma;

const HELP: &str = "Examples:
  facula photometry fit brightness.csv --disk lommel-seeliger --phase hg
  facula photometry fit facula-out/dawn-ceres-2015/light_curves.parquet --disk akimov --phase exponential --per-spot
      Light curves of a survey: each spot has its own normal albedo, the phase function is shared
  facula photometry fit brightness.csv --disk hapke --start roughness_rad=0.3 --fix particle_1 -o law.toml --plot fit.svg
  facula photometry fit brightness.csv --model law.toml --free normal_albedo --loss huber
      From a law with its values; a few wrong observations do not decide

A CSV table has the headings incidence_deg, emission_deg, phase_deg, iof and, if wanted, sigma (one sigma of iof;
without it all weigh alike) and group (for --per-spot). `facula photometry models` lists laws and parameters. The law
file holds each value with its sigma; every --model takes it. Exit code 1: written, with warnings.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct FitArgs {
    /// Table of observations: CSV, or light_curves.parquet of a survey.
    observations: PathBuf,
    /// Disk function.
    #[arg(long, value_name = "LAW", default_value = "lommel-seeliger")]
    disk: String,
    /// Phase function [default: hg-sphere; none with Hapke's law].
    #[arg(long, value_name = "LAW")]
    phase: Option<String>,
    /// Start from a published law or a law file instead.
    #[arg(long, value_name = "NAME|FILE.toml", conflicts_with_all = ["disk", "phase"])]
    model: Option<String>,
    /// Value to start from.
    #[arg(long, value_name = "PARAMETER=VALUE", num_args = 1.., value_parser = assignment)]
    start: Vec<(String, f64)>,
    /// Fit these parameters and no others; `all` is every one.
    #[arg(long, value_name = "PARAMETER", num_args = 1.., value_delimiter = ',')]
    free: Vec<String>,
    /// Hold these parameters at their start.
    #[arg(long, value_name = "PARAMETER", num_args = 1.., value_delimiter = ',')]
    fix: Vec<String>,
    /// What a deviation costs: squares, huber, or huber:SIGMAS beyond which only its size counts.
    #[arg(long, value_name = "LOSS", default_value = "squares", value_parser = loss)]
    loss: Loss,
    /// Each group (spot) has a normal albedo of its own.
    #[arg(long)]
    per_spot: bool,
    /// What of a light curve to fit.
    #[arg(long, value_enum, default_value_t = Part::Spot)]
    what: Part,
    /// Body, for the law file.
    #[arg(long, default_value = "unknown")]
    body: String,
    /// Wavelength for the law file, nm.
    #[arg(long, value_name = "NM")]
    wavelength_nm: Option<f64>,
    /// Law file to write.
    #[arg(short, long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
    /// Figure to write: I/F against phase, and residuals.
    #[arg(long, value_name = "FILE.svg|png")]
    plot: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    Spot,
    Surroundings,
}

/// Correlations beyond this are told.
const TOLD_CORRELATION: f64 = 0.9;
/// Where Huber's loss becomes linear when nobody says, sigmas: 95 % as sharp as squares on normal errors.
///
/// # Source
/// Holland and Welsch 1977, Commun. Statist. A6, 813, table 1.
const USUAL_CLIP_SIGMA: f64 = 1.345;

fn assignment(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("give PARAMETER=VALUE")?;
    let value = value.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    value.map(|value| (name.trim().to_string(), value)).ok_or_else(|| "the value is not a number".into())
}

fn loss(text: &str) -> Result<Loss, String> {
    let clip = match text.split_once(':') {
        None if text == "squares" => return Ok(Loss::Squares),
        None if text == "huber" => Some(USUAL_CLIP_SIGMA),
        Some(("huber", clip)) => clip.parse().ok().filter(|clip: &f64| *clip > 0.0 && clip.is_finite()),
        _ => None,
    };
    clip.map(|clip_sigma| Loss::Huber { clip_sigma })
        .ok_or_else(|| "give squares, huber or huber:SIGMAS".into())
}

impl FitArgs {
    fn law(&self) -> Result<StartLaw, RequestError> {
        let Some(model) = &self.model else {
            return start_law(&self.disk, self.phase.as_deref());
        };
        let law = read_law(model)?;
        Ok(StartLaw { name: law.name, model: law.model, held: Vec::new(), scale: None })
    }

    fn choice(&self) -> Result<FitChoice, RequestError> {
        Ok(FitChoice {
            law: self.law()?,
            start: self.start.clone(),
            free: self.free.clone(),
            fix: self.fix.clone(),
            loss: self.loss,
            grouping: if self.per_spot { Grouping::PerGroup } else { Grouping::Together },
        })
    }

    fn table_name(&self) -> String {
        super::super::short(&self.observations.display().to_string())
    }

    fn check_plot(&self) -> Result<(), RequestError> {
        let extension = |path: &PathBuf| path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        match &self.plot {
            Some(path) if !matches!(extension(path).as_deref(), Some("svg" | "png")) => {
                Err(RequestError::argument("plot (.svg or .png)", &path.display().to_string()))
            }
            _ => Ok(()),
        }
    }
}

pub(super) fn run(args: &FitArgs) -> Result<Answer, RequestError> {
    args.check_plot()?;
    let choice = args.choice()?;
    let what = match args.what {
        Part::Spot => What::Spot,
        Part::Surroundings => What::Surroundings,
    };
    let table = read_observations(&args.observations, what)?;
    let result = fit_scattering(&table, &choice)?;
    let written = write(args, (&choice, &table), &result)?;
    let text = if args.json {
        json_text(&as_json(args, (&choice, &table), &result))
    } else {
        told(args, (&choice, &table), &result) + &written
    };
    Ok(if result.fit.warnings.is_empty() { Answer::complete(text) } else { Answer::partial(text) })
}

fn write(
    args: &FitArgs,
    (choice, table): (&FitChoice, &ObservationTable),
    result: &ScatterFit,
) -> Result<String, RequestError> {
    let mut told = String::new();
    if let Some(path) = &args.out {
        let note = FitNote {
            name: path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
            body: args.body.to_lowercase(),
            wavelength_nm: args.wavelength_nm.unwrap_or(f64::NAN),
            law: choice.law.name.clone(),
            table: args.table_name(),
        };
        write_law(path, &fit_as_law(result, &note))?;
        told += &format!("Wrote {}\n", path.display());
    }
    if let Some(path) = &args.plot {
        let title = format!("Brightness of {} and the law {}", args.table_name(), choice.law.name);
        write_fit_figure(path, (result, table), choice.grouping, [&title, &values(result)])?;
        told += &format!("Wrote {}\n", path.display());
    }
    Ok(told)
}

/// The shared values in one line, for the figure.
fn values(result: &ScatterFit) -> String {
    let shared = result.fit.parameters.iter().filter(|p| !p.name.contains('['));
    let words: Vec<String> = shared
        .map(|p| {
            let [value, sigma] = with_sigma(p.value, Some(p.sigma));
            format!("{} = {value} ± {sigma} {}", p.name, parameter_unit(&p.name)).trim_end().to_string()
        })
        .collect();
    format!("{}; {}", words.join(", "), quality(result))
}

fn quality(result: &ScatterFit) -> String {
    let fit = &result.fit;
    let per = fit.chi2 / fit.degrees_of_freedom.max(1) as f64;
    format!("chi2 {:.1} over {} degrees of freedom ({per:.2})", fit.chi2, fit.degrees_of_freedom)
}

fn told(args: &FitArgs, (choice, table): (&FitChoice, &ObservationTable), result: &ScatterFit) -> String {
    let count = result.observations.len();
    let mut text = format!("{} fitted to {count} observations of {}", choice.law.name, args.table_name());
    if choice.grouping == Grouping::PerGroup {
        text += &format!(" in {} groups", table.groups.len());
    }
    text.push('\n');
    let mut lines = Table::new(&["parameter", "value", "sigma", "unit"], 1);
    for parameter in &result.fit.parameters {
        let [value, sigma] = with_sigma(parameter.value, Some(parameter.sigma));
        lines.line(vec![parameter.name.clone(), value, sigma, parameter_unit(&parameter.name).into()]);
    }
    for held in &result.held {
        let value = format!("{:.6}", held.value);
        lines.line(vec![held.name.clone(), value, "held".into(), parameter_unit(&held.name).into()]);
    }
    text += &lines.text();
    text += &format!("{}, {} steps\n", quality(result), result.fit.steps);
    for (names, correlation) in correlated(result) {
        text += &format!("correlation of {} and {}: {correlation:.3}\n", names[0], names[1]);
    }
    result.notes.iter().for_each(|note| text += &format!("note: {note}\n"));
    result.fit.warnings.iter().for_each(|warning| text += &format!("warning: {}\n", words(warning)));
    text
}

/// Pairs of parameters that the data hardly tells apart.
fn correlated(result: &ScatterFit) -> Vec<([String; 2], f64)> {
    let parameters = &result.fit.parameters;
    let count = parameters.len();
    let mut pairs = Vec::new();
    for k in 0..count {
        for j in 0..k {
            let correlation = result.fit.correlation[k * count + j];
            if correlation.abs() > TOLD_CORRELATION {
                pairs.push(([parameters[j].name.clone(), parameters[k].name.clone()], correlation));
            }
        }
    }
    pairs
}

fn words(warning: &FitWarning) -> String {
    match warning {
        FitWarning::Undetermined { name } => {
            format!("the data does not determine {name}; hold it with --fix {name} or fit fewer parameters")
        }
        FitWarning::Correlated { names: [a, b], correlation } => {
            format!(
                "{a} and {b} can hardly be told apart (correlation {correlation:.3}); hold one with --fix"
            )
        }
        FitWarning::AtLimit { name } => {
            format!("{name} ended at its limit; hold it with --fix {name} or choose another law")
        }
        FitWarning::NarrowPhase { range_rad } => format!(
            "the phase angles span {:.1} degrees only: the phase function holds nowhere else",
            range_rad.to_degrees()
        ),
        other => format!("{other:?}"),
    }
}

fn as_json(args: &FitArgs, (choice, table): (&FitChoice, &ObservationTable), result: &ScatterFit) -> Value {
    let fit = &result.fit;
    let fitted = fit.parameters.iter().map(|p| {
        // Not determined: JSON has no infinity.
        let sigma = p.sigma.is_finite().then_some(p.sigma);
        json!({ "name": p.name, "value": p.value, "sigma": sigma, "unit": parameter_unit(&p.name) })
    });
    let held = result
        .held
        .iter()
        .map(|p| json!({ "name": p.name, "value": p.value, "unit": parameter_unit(&p.name) }));
    let written: Vec<&PathBuf> = args.out.iter().chain(&args.plot).collect();
    let pairs = correlated(result);
    let correlations =
        pairs.iter().map(|(names, correlation)| json!({ "names": names, "correlation": correlation }));
    json!({
        "law": choice.law.name,
        "model": result.model,
        "observations": result.observations.len(),
        "table": args.observations,
        "groups": table.groups,
        "parameters": fitted.collect::<Vec<_>>(),
        "held": held.collect::<Vec<_>>(),
        "covariance": fit.covariance,
        "correlations_above_0.9": correlations.collect::<Vec<_>>(),
        "chi2": fit.chi2,
        "degrees_of_freedom": fit.degrees_of_freedom,
        "steps": fit.steps,
        "residual_sigma": fit.residual_sigma,
        "notes": result.notes,
        "warnings": fit.warnings.iter().map(words).collect::<Vec<_>>(),
        "written": written,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_and_starts_are_understood() {
        assert_eq!(loss("squares"), Ok(Loss::Squares));
        assert_eq!(loss("huber"), Ok(Loss::Huber { clip_sigma: 1.345 }));
        assert_eq!(loss("huber:3"), Ok(Loss::Huber { clip_sigma: 3.0 }));
        assert!(loss("huber:-1").is_err() && loss("cauchy").is_err());
        assert_eq!(assignment("roughness_rad=0.3"), Ok(("roughness_rad".into(), 0.3)));
        assert!(assignment("roughness_rad").is_err() && assignment("a=b").is_err());
    }
}
