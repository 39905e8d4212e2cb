// SPDX-License-Identifier: MIT OR Apache-2.0
//! A fit of a law to a table: what is free, what is held, one ground or several.

use facula_photometry::{
    Fit, FitOptions, FitWarning, FittedParameter, Loss, Observation, SurfaceModel, fit, fit_groups,
};

use super::laws::StartLaw;
use super::observations::{ObservationTable, Weights};
use crate::RequestError;

/// Whether all ground is of one brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Grouping {
    /// It is.
    #[default]
    Together,
    /// Each group has a normal albedo of its own; the rest of the law is shared.
    PerGroup,
}

/// What to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct FitChoice {
    /// The law to start from.
    pub law: StartLaw,
    /// Values to start from in place of the law's.
    pub start: Vec<(String, f64)>,
    /// Parameters to fit, no others; `all` is every one. Empty: all but those the law holds.
    pub free: Vec<String>,
    /// Parameters to hold at their start.
    pub fix: Vec<String>,
    /// What a deviation costs.
    pub loss: Loss,
    /// One ground or several.
    pub grouping: Grouping,
}

/// A parameter that was not fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldParameter {
    /// Its name.
    pub name: String,
    /// Where it was held, in the unit its name tells.
    pub value: f64,
}

/// What a fit came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterFit {
    /// The law with its values; of a grouped fit with the mean of the groups' normal albedos.
    pub model: SurfaceModel,
    /// The fit; parameters of groups have the group's name, `normal_albedo[S001]`.
    pub fit: Fit,
    /// Parameters held.
    pub held: Vec<HeldParameter>,
    /// The observations fitted, with the sigmas that were used.
    pub observations: Vec<Observation>,
    /// Modelled I/F over that of `model` for each observation's group: 1 without groups.
    pub group_factor: Vec<f64>,
    /// What was decided for the user.
    pub notes: Vec<String>,
}

impl ScatterFit {
    /// The fitted parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&FittedParameter> {
        self.fit.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// Fits a law to a table. Without sigmas in the table all observations weigh alike, with the one sigma that the scatter
/// about a first fit tells (robustly with Huber's loss).
///
/// # Errors
/// [`RequestError::Scattering`] for parameters the law does not have or nothing left to fit, and for groups asked of a
/// table without; [`RequestError::Fit`].
pub fn fit_scattering(table: &ObservationTable, choice: &FitChoice) -> Result<ScatterFit, RequestError> {
    let mut notes = table.notes.clone();
    let grouped = choice.grouping == Grouping::PerGroup;
    if grouped && table.groups.is_empty() {
        return Err(RequestError::scattering("--per-spot", "the table has no column `group`"));
    }
    let start = started(choice)?;
    let free = free(choice, &start, &mut notes)?;
    let options = FitOptions { free: free.clone(), loss: choice.loss, ..FitOptions::default() };
    let run = |observations: &[Observation]| fit_once(observations, table, (&start, grouped), &options);
    let mut observations = table.observations.clone();
    let mut found = run(&observations)?;
    if table.weights == Weights::Equal {
        let sigma = scatter(&found, choice.loss);
        if !(sigma > 0.0) {
            let reason = "no scatter about the law, so no sigma can be found from it";
            return Err(RequestError::scattering("observations without sigma", reason));
        }
        notes.push(format!("no sigmas given: all weigh alike, sigma {sigma:.3e} I/F from the scatter"));
        observations.iter_mut().for_each(|observation| observation.sigma = sigma);
        found = run(&observations)?;
    }
    let parameters = start.parameters();
    let held = parameters.iter().filter(|p| !free.iter().any(|name| name == p.name));
    let held = held.map(|p| HeldParameter { name: p.name.to_string(), value: p.value });
    let mut result = ScatterFit {
        model: found.model,
        group_factor: vec![1.0; observations.len()],
        held: held.collect(),
        fit: found,
        observations,
        notes,
    };
    if grouped {
        name_groups(&mut result, table);
    }
    Ok(result)
}

/// The law with the values to start from.
fn started(choice: &FitChoice) -> Result<SurfaceModel, RequestError> {
    let mut model = choice.law.model;
    if choice.grouping == Grouping::PerGroup {
        model = model.with_normal_albedo(model.normal_iof());
    }
    for (name, value) in &choice.start {
        model = model.with_parameter(name, *value).ok_or_else(|| no_parameter("start", name, &model))?;
    }
    Ok(model)
}

fn no_parameter(option: &str, name: &str, model: &SurfaceModel) -> RequestError {
    let known: Vec<_> = model.parameters().iter().map(|p| p.name).collect();
    let reason = format!("the law has no such parameter; it has {}", known.join(", "));
    RequestError::scattering(format!("--{option} {name}"), reason)
}

/// Names of the free parameters, in the order of the law.
fn free(
    choice: &FitChoice,
    start: &SurfaceModel,
    notes: &mut Vec<String>,
) -> Result<Vec<String>, RequestError> {
    let names: Vec<_> = start.parameters().iter().map(|p| p.name).collect();
    for (option, asked) in [("free", &choice.free), ("fix", &choice.fix)] {
        let known = |name: &str| names.contains(&name) || (option == "free" && name == "all");
        if let Some(name) = asked.iter().find(|name| !known(name)) {
            return Err(no_parameter(option, name, start));
        }
    }
    let asked = |name: &str| choice.free.iter().any(|free| free == name || free == "all");
    let is_free = |name: &str| {
        let wanted = if choice.free.is_empty() {
            !choice.law.held.iter().any(|held| held == name)
        } else {
            asked(name)
        };
        wanted && !choice.fix.iter().any(|fixed| fixed == name)
    };
    let mut free: Vec<String> = names.into_iter().filter(|name| is_free(name)).map(str::to_string).collect();
    if choice.grouping == Grouping::PerGroup {
        // The groups' normal albedos carry the brightness.
        if let Some(scale) = choice.law.scale
            && !choice.free.iter().any(|name| name == scale)
            && free.iter().any(|name| name == scale)
        {
            free.retain(|name| name != scale);
            notes.push(format!("{scale} is held: each group has its own normal albedo"));
        }
        if !free.iter().any(|name| name == "normal_albedo") {
            free.push("normal_albedo".into());
        }
    }
    if free.is_empty() {
        return Err(RequestError::scattering("--fix", "nothing is left to fit"));
    }
    Ok(free)
}

fn fit_once(
    observations: &[Observation],
    table: &ObservationTable,
    (start, grouped): (&SurfaceModel, bool),
    options: &FitOptions,
) -> Result<Fit, RequestError> {
    if !grouped {
        return Ok(fit(observations, start, options)?);
    }
    let mut groups = vec![Vec::new(); table.groups.len()];
    for (observation, group) in observations.iter().zip(&table.group_of) {
        groups[*group].push(*observation);
    }
    let slices: Vec<&[Observation]> = groups.iter().map(Vec::as_slice).collect();
    let mut found = fit_groups(&slices, start, options)?;
    // Back to the order of the table: the fit has them group by group.
    let mut next: Vec<usize> =
        groups.iter().scan(0, |first, g| Some(std::mem::replace(first, *first + g.len()))).collect();
    let place = |group: &usize| {
        let place = next[*group];
        next[*group] += 1;
        found.residual_sigma[place]
    };
    found.residual_sigma = table.group_of.iter().map(place).collect();
    Ok(found)
}

/// One sigma of the residuals of a fit with sigma 1, I/F.
fn scatter(fit: &Fit, loss: Loss) -> f64 {
    /// Sigma over the median deviation, of a normal distribution.
    const SIGMA_PER_MEDIAN: f64 = 1.4826;
    if loss == Loss::Squares {
        return (fit.chi2 / fit.degrees_of_freedom.max(1) as f64).sqrt();
    }
    let mut size: Vec<f64> = fit.residual_sigma.iter().map(|residual| residual.abs()).collect();
    size.sort_by(f64::total_cmp);
    let share = (size.len() as f64 / fit.degrees_of_freedom.max(1) as f64).sqrt();
    SIGMA_PER_MEDIAN * share * size.get(size.len() / 2).copied().unwrap_or(0.0)
}

/// Gives the groups' parameters their names, and the law the mean of their normal albedos.
fn name_groups(result: &mut ScatterFit, table: &ObservationTable) {
    let number = |name: &str| {
        let inside = name.strip_prefix("normal_albedo[")?.strip_suffix(']')?;
        inside.parse::<usize>().ok().filter(|k| *k < table.groups.len())
    };
    let named = |name: &mut String| {
        if let Some(k) = number(name) {
            *name = format!("normal_albedo[{}]", table.groups[k]);
        }
    };
    let mut albedos = vec![1.0; table.groups.len()];
    for parameter in &mut result.fit.parameters {
        if let Some(k) = number(&parameter.name) {
            albedos[k] = parameter.value;
        }
        named(&mut parameter.name);
    }
    for warning in &mut result.fit.warnings {
        match warning {
            FitWarning::Undetermined { name } | FitWarning::AtLimit { name } => named(name),
            FitWarning::Correlated { names, .. } => names.iter_mut().for_each(named),
            _ => {}
        }
    }
    let mean = albedos.iter().sum::<f64>() / albedos.len() as f64;
    result.model = result.model.with_normal_albedo(mean);
    result.group_factor = table.group_of.iter().map(|group| albedos[*group] / mean).collect();
}
