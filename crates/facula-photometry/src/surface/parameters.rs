// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters of a surface model as one list: what a fit changes and derivatives are taken of.

use super::SurfaceModel;
use crate::angles::Light;
use crate::number::{MOST_PARAMETERS, Number};
use crate::{DiskFunction, Hapke};

/// Places in the vector of all parameters.
const ALBEDO: usize = 0;
const DISK: usize = 1;
const PHASE: usize = 10;

/// One parameter of a model, by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// Name; its end is its unit, without one it is dimensionless.
    pub name: &'static str,
    /// Value, in that unit.
    pub value: f64,
}

/// Where a parameter stands in the vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) index: usize,
    /// Least and largest value the law allows.
    pub(crate) range: [f64; 2],
}

const ANY: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];
const POSITIVE: [f64; 2] = [0.0, f64::INFINITY];
/// Ranges of Hapke's parameters in the order of [`Hapke::NAMES`].
const HAPKE_RANGES: [[f64; 2]; 9] = [
    [1e-6, 1.0 - 1e-9],
    [-0.99, 0.99],
    ANY,
    POSITIVE,
    [1e-6, f64::INFINITY],
    POSITIVE,
    [1e-6, f64::INFINITY],
    [0.0, 1.04],
    [0.0, 0.74],
];

pub(crate) type Vector<T> = [T; MOST_PARAMETERS];

impl SurfaceModel {
    /// All parameters the model has, in a fixed order.
    pub fn parameters(&self) -> Vec<Parameter> {
        let values = self.vector();
        self.slots().iter().map(|slot| Parameter { name: slot.name, value: values[slot.index] }).collect()
    }

    /// The model with one parameter changed; nothing when it has none of that name.
    pub fn with_parameter(&self, name: &str, value: f64) -> Option<Self> {
        let slot = *self.slots().iter().find(|slot| slot.name == name)?;
        let mut values = self.vector();
        values[slot.index] = value;
        Some(self.with_vector(&values))
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        let slot = |name, index, range| Slot { name, index, range };
        let mut slots = Vec::new();
        if self.normal_albedo.is_some() {
            slots.push(slot("normal_albedo", ALBEDO, POSITIVE));
        }
        match &self.disk {
            DiskFunction::Hapke(hapke) => slots.extend(hapke_slots(hapke)),
            disk => {
                let names = disk.names().iter().enumerate();
                slots.extend(names.map(|(k, name)| slot(name, DISK + k, ANY)));
            }
        }
        let names = self.phase.names().iter().enumerate();
        slots.extend(names.map(|(k, name)| slot(name, PHASE + k, ANY)));
        slots
    }

    pub(crate) fn vector(&self) -> Vector<f64> {
        let mut values = [0.0; MOST_PARAMETERS];
        values[ALBEDO] = self.normal_albedo.unwrap_or(1.0);
        match &self.disk {
            DiskFunction::Hapke(hapke) => values[DISK..PHASE].copy_from_slice(&hapke.values()),
            disk => values[DISK..DISK + 4].copy_from_slice(&disk.values()),
        }
        values[PHASE..PHASE + 9].copy_from_slice(&self.phase.values());
        values
    }

    pub(crate) fn with_vector(&self, values: &Vector<f64>) -> Self {
        let disk = match self.disk {
            DiskFunction::Hapke(hapke) => DiskFunction::Hapke(hapke.with_values(&part(values, DISK))),
            DiskFunction::LunarLambert { .. } => DiskFunction::LunarLambert { weight: part(values, DISK) },
            DiskFunction::Minnaert { .. } => DiskFunction::Minnaert { exponent: part(values, DISK) },
            other => other,
        };
        Self {
            disk,
            phase: self.phase.with_values(&part(values, PHASE)),
            normal_albedo: self.normal_albedo.map(|_| values[ALBEDO]),
        }
    }

    /// I/F of ground that is lit and seen, with parameters of any number type.
    pub(crate) fn evaluate<T: Number>(&self, values: &Vector<T>, light: &Light<T>) -> T {
        let law = |light: &Light<T>| {
            let disk = match &self.disk {
                DiskFunction::Hapke(hapke) => {
                    hapke.prepared(&part(values, DISK)).iof(hapke.relief(), hapke.multiple, light)
                }
                disk => disk.simple(&part(values, DISK), light),
            };
            disk * self.phase.of(&part(values, PHASE), light)
        };
        match self.normal_albedo {
            None => law(light),
            Some(_) => values[ALBEDO] * law(light) / law(&Light::of(crate::LightAngles::ZERO)),
        }
    }
}

fn part<T: Number, const N: usize>(values: &Vector<T>, from: usize) -> [T; N] {
    std::array::from_fn(|k| values[from + k])
}

/// Those parameters of Hapke's law that its form has: a surge of no height and ground without slopes have none.
fn hapke_slots(hapke: &Hapke) -> impl Iterator<Item = Slot> + use<> {
    let lobes = hapke.particle.count();
    let surges = [hapke.shadow_hiding, hapke.coherent_backscatter].map(|surge| surge.angular_width > 0.0);
    let (rough, porous) = (hapke.roughness_rad > 0.0, hapke.filling_fraction > 0.0);
    let has = [true, lobes > 0, lobes > 1, surges[0], surges[0], surges[1], surges[1], rough, porous];
    (0..9).filter(move |k| has[*k]).map(|k| Slot {
        name: Hapke::NAMES[k],
        index: DISK + k,
        range: HAPKE_RANGES[k],
    })
}
