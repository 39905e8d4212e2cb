// SPDX-License-Identifier: MIT OR Apache-2.0
//! The minimum: normal equations, damped steps, limits.

use nalgebra::{DMatrix, DVector};

use super::{FitError, FitOptions, Limits, Loss, Observation};
use crate::SurfaceModel;
use crate::surface::Slot;

/// Place of the normal albedo among the parameters of a model.
const ALBEDO: usize = 0;
/// Damping beyond which no step helps.
const MOST_DAMPING: f64 = 1e14;
/// Fraction of the cost by which a last step may still lower it.
const SETTLED: f64 = 1e-13;

/// What to fit.
pub(super) struct Problem {
    pub(super) start: SurfaceModel,
    /// Shared parameters.
    pub(super) slots: Vec<Slot>,
    /// Groups with a normal albedo of their own; 0 in a fit of one kind of ground.
    pub(super) groups: usize,
    /// Observations with the number of their group.
    pub(super) data: Vec<(usize, Observation)>,
    pub(super) limits: Vec<[f64; 2]>,
    pub(super) loss: Loss,
    most_steps: usize,
}

/// Where the steps ended.
pub(super) struct Solution {
    pub(super) x: DVector<f64>,
    pub(super) equations: Equations,
    pub(super) steps: usize,
}

/// Cost and its derivatives at a place.
pub(super) struct Equations {
    /// Half the loss.
    cost: f64,
    /// `Jᵀ W J` of the residuals in sigmas.
    pub(super) normal: DMatrix<f64>,
    /// `Jᵀ W r`: the downhill direction.
    pub(super) downhill: DVector<f64>,
    pub(super) residual_sigma: Vec<f64>,
}

impl Problem {
    pub(super) fn shared(
        observations: &[Observation],
        start: &SurfaceModel,
        options: &FitOptions,
    ) -> Result<Self, FitError> {
        let data = observations.iter().map(|observation| (0, *observation)).collect();
        Self::new(*start, data, 0, options)
    }

    pub(super) fn grouped(
        groups: &[&[Observation]],
        start: &SurfaceModel,
        options: &FitOptions,
    ) -> Result<Self, FitError> {
        let start = start.with_normal_albedo(start.normal_iof());
        let numbered = groups.iter().enumerate();
        let data = numbered.flat_map(|(k, group)| group.iter().map(move |observation| (k, *observation)));
        Self::new(start, data.collect(), groups.len(), options)
    }

    fn new(
        start: SurfaceModel,
        data: Vec<(usize, Observation)>,
        groups: usize,
        options: &FitOptions,
    ) -> Result<Self, FitError> {
        check(&data)?;
        let mut slots = start.slots();
        if groups > 0 {
            slots.retain(|slot| slot.index != ALBEDO);
        }
        let known = slots.iter().map(|slot| slot.name).collect::<Vec<_>>().join(", ");
        let named = options.free.iter().chain(options.limits.iter().map(|limits| &limits.name));
        let own = |name: &str| groups > 0 && name == "normal_albedo";
        for name in named {
            if !own(name) && !slots.iter().any(|slot| slot.name == name) {
                return Err(FitError::Parameter { name: name.clone(), known });
            }
        }
        slots.retain(|slot| options.free.is_empty() || options.free.iter().any(|name| name == slot.name));
        let mut limits = Vec::new();
        for slot in &slots {
            limits.push(narrowed(slot.name, slot.range, &options.limits)?);
        }
        limits.extend(vec![narrowed("normal_albedo", [0.0, f64::INFINITY], &options.limits)?; groups]);
        let (observations, parameters) = (data.len(), limits.len());
        if observations < parameters.max(1) {
            return Err(FitError::TooFew { observations, parameters });
        }
        let (loss, most_steps) = (options.loss, options.most_steps);
        Ok(Self { start, slots, groups, data, limits, loss, most_steps })
    }

    fn first(&self) -> DVector<f64> {
        let values = self.start.vector();
        let shared = self.slots.iter().map(|slot| values[slot.index]);
        let own = (0..self.groups).map(|_| values[ALBEDO]);
        let held =
            shared.chain(own).zip(&self.limits).map(|(value, [least, most])| value.clamp(*least, *most));
        DVector::from_vec(held.collect())
    }

    /// The model of a group for a place.
    pub(super) fn model(&self, x: &DVector<f64>, group: usize) -> SurfaceModel {
        let mut values = self.start.vector();
        for (slot, value) in self.slots.iter().zip(x.iter()) {
            values[slot.index] = *value;
        }
        if self.groups > 0 {
            values[ALBEDO] = x[self.slots.len() + group];
        }
        self.start.with_vector(&values)
    }

    pub(super) fn equations(&self, x: &DVector<f64>) -> Equations {
        let n = x.len();
        let mut normal = DMatrix::zeros(n, n);
        let mut downhill = DVector::zeros(n);
        let (mut cost, mut residual_sigma) = (0.0, Vec::with_capacity(self.data.len()));
        let models: Vec<SurfaceModel> = (0..self.groups.max(1)).map(|group| self.model(x, group)).collect();
        let mut row = vec![(0, 0.0); self.slots.len() + usize::from(self.groups > 0)];
        for (group, observation) in &self.data {
            let iof = models[*group].iof_dual(observation.light);
            let residual = (observation.iof - iof.value) / observation.sigma;
            for (k, slot) in self.slots.iter().enumerate() {
                row[k] = (k, iof.slope[slot.index] / observation.sigma);
            }
            if self.groups > 0 {
                row[self.slots.len()] = (self.slots.len() + group, iof.slope[ALBEDO] / observation.sigma);
            }
            let (half_loss, weight) = self.loss.of(residual);
            cost += half_loss;
            for (k, slope) in &row {
                downhill[*k] += weight * slope * residual;
                for (j, other) in &row {
                    normal[(*k, *j)] += weight * slope * other;
                }
            }
            residual_sigma.push(residual);
        }
        Equations { cost, normal, downhill, residual_sigma }
    }

    /// Steps of Levenberg and Marquardt; a step is taken when it lowers the cost.
    pub(super) fn solve(&self) -> Result<Solution, FitError> {
        let mut x = self.first();
        let mut here = self.equations(&x);
        let mut damping = 1e-3;
        for steps in 0..self.most_steps {
            if !here.cost.is_finite() {
                break;
            }
            let settled = loop {
                let next_x = self.step(&x, &here, damping);
                let next = self.equations(&next_x);
                if next.cost <= here.cost {
                    let gained = here.cost - next.cost;
                    (x, here) = (next_x, next);
                    damping = (damping * 0.1).max(1e-14);
                    break gained <= SETTLED * (here.cost + f64::MIN_POSITIVE);
                }
                damping *= 10.0;
                if damping > MOST_DAMPING {
                    break true;
                }
            };
            if settled {
                return Ok(Solution { x, equations: here, steps: steps + 1 });
            }
        }
        Err(FitError::NotConverged { steps: self.most_steps, chi2: 2.0 * here.cost })
    }

    /// Whether a parameter stands at a limit and wants beyond it.
    pub(super) fn is_held(&self, x: &DVector<f64>, downhill: &DVector<f64>, k: usize) -> bool {
        let [least, most] = self.limits[k];
        (x[k] <= least && downhill[k] <= 0.0) || (x[k] >= most && downhill[k] >= 0.0)
    }

    /// The damped step from a place, parameters scaled to a diagonal of 1, those at their limits left out.
    fn step(&self, x: &DVector<f64>, here: &Equations, damping: f64) -> DVector<f64> {
        let n = x.len();
        let held: Vec<bool> = (0..n).map(|k| self.is_held(x, &here.downhill, k)).collect();
        let scale = scales(&here.normal);
        let scaled = DMatrix::from_fn(n, n, |k, j| match (k == j, held[k] || held[j]) {
            (true, true) => 1.0,
            (false, true) => 0.0,
            (same, false) => here.normal[(k, j)] * scale[k] * scale[j] + if same { damping } else { 0.0 },
        });
        let wanted = DVector::from_fn(n, |k, _| if held[k] { 0.0 } else { here.downhill[k] * scale[k] });
        let step = scaled.cholesky().map_or_else(|| wanted.clone() * 0.0, |factor| factor.solve(&wanted));
        DVector::from_fn(n, |k, _| (x[k] + step[k] * scale[k]).clamp(self.limits[k][0], self.limits[k][1]))
    }
}

/// What brings the diagonal of a matrix to 1; 0 where it is 0.
pub(super) fn scales(normal: &DMatrix<f64>) -> Vec<f64> {
    let diagonal = (0..normal.nrows()).map(|k| normal[(k, k)]);
    diagonal.map(|value| if value > 0.0 { 1.0 / value.sqrt() } else { 0.0 }).collect()
}

impl Loss {
    /// Half the loss of a residual in sigmas, and its weight in the normal equations.
    fn of(self, residual: f64) -> (f64, f64) {
        let size = residual.abs();
        match self {
            Self::Huber { clip_sigma } if size > clip_sigma => {
                (clip_sigma * (size - 0.5 * clip_sigma), clip_sigma / size)
            }
            _ => (0.5 * residual * residual, 1.0),
        }
    }
}

fn check(data: &[(usize, Observation)]) -> Result<(), FitError> {
    for (index, (_, observation)) in data.iter().enumerate() {
        let light = observation.light;
        let reason = if !light.is_lit_and_seen() || !light.phase_rad.is_finite() {
            format!("not lit and seen (cos i {}, cos e {})", light.cos_incidence, light.cos_emission)
        } else if !(observation.sigma > 0.0 && observation.sigma.is_finite() && observation.iof.is_finite()) {
            format!("I/F {} with sigma {}", observation.iof, observation.sigma)
        } else {
            continue;
        };
        return Err(FitError::Observation { index, reason });
    }
    Ok(())
}

/// The law's range within the limits asked for.
fn narrowed(name: &str, [least, most]: [f64; 2], limits: &[Limits]) -> Result<[f64; 2], FitError> {
    let asked = limits.iter().find(|limits| limits.name == name);
    let [low, high] = asked.map_or([least, most], |limits| limits.bounds);
    let range = [low.max(least), high.min(most)];
    if range[0] <= range[1] {
        return Ok(range);
    }
    Err(FitError::Limits {
        what: format!("limits {low} to {high} of {name} leave nothing of {least} to {most}"),
    })
}
