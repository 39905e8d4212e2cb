// SPDX-License-Identifier: MIT OR Apache-2.0
//! The albedo of a world: mottled ground and bright patches, for any footprint.

use facula_core::{BodyFixed, Vec3};
use facula_shape::CubeGrid;

use crate::bins::Bins;
use crate::facts::AlbedoLaws;
use crate::noise::{Wave, mix, seen};
use crate::patch::{Patch, TrueSpot};

/// Bright material is uneven by this rms at each of these wavelengths, km. ASSUMED.
const GRAIN: [[f64; 2]; 4] = [[0.9, 0.10], [0.4, 0.10], [0.17, 0.09], [0.07, 0.08]];
/// Outlines of patches stray by this fraction (rms) of their radius at each of these wavelengths, km, where the wavelength is
/// below the width of the patch. ASSUMED.
const RAGS: [[f64; 2]; 5] = [[6.0, 0.10], [2.5, 0.08], [1.0, 0.06], [0.4, 0.05], [0.17, 0.04]];
/// Footprints beyond this do not widen patches further, km.
const WIDEST_KM: f64 = 8.0;
/// Ground is no darker than this fraction of the mean.
const DARKEST: f64 = 0.3;

/// Albedo over directions.
#[derive(Debug, Clone)]
pub(crate) struct Tint {
    mean: f64,
    radius_km: f64,
    mottling: Vec<Wave>,
    grain: Vec<Wave>,
    rags: Vec<Wave>,
    /// The ground sampled once for fast look-up.
    ground: CubeGrid,
    patches: Vec<Patch>,
    bins: Bins,
}

/// What a tint is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TintInput<'a> {
    pub(crate) mean: f64,
    pub(crate) radius_km: f64,
    pub(crate) seed: u64,
    pub(crate) laws: &'a AlbedoLaws,
    pub(crate) cells: usize,
}

impl Tint {
    pub(crate) fn new(input: TintInput<'_>, spots: &[TrueSpot]) -> Self {
        let TintInput { mean, radius_km, seed, laws, cells } = input;
        let waves = |list: &[[f64; 2]], salt: u64| -> Vec<Wave> {
            let wave = |(k, w): (usize, &[f64; 2])| {
                Wave::new(mix(seed ^ (salt + k as u64)), (w[0], radius_km), w[1])
            };
            list.iter().enumerate().map(wave).collect()
        };
        let mottling = waves(&laws.mottling, 0xA1B0);
        let patches: Vec<Patch> = spots.iter().map(|spot| spot.patch(radius_km)).collect();
        let reach = |p: &Patch| (p.centre, p.widened(WIDEST_KM / radius_km).reach_rad() * 1.3);
        let bins = Bins::new(64, patches.iter().map(reach));
        // A cell spans 2 / cells rad; the grid cannot hold less than two of them.
        let footprint_km = 4.0 / cells.max(1) as f64 * radius_km;
        let ground =
            CubeGrid::from_fn(cells, |v| mottled(mean, &mottling, v * (1.0 / v.length()), footprint_km));
        Self {
            mean,
            radius_km,
            grain: waves(&GRAIN, 0x6EA1),
            rags: waves(&RAGS, 0x7A65),
            mottling,
            ground,
            patches,
            bins,
        }
    }

    /// Ground without spots, as the grid holds it.
    pub(crate) fn ground(&self, d: Vec3<BodyFixed>) -> f64 {
        self.ground.value(d)
    }

    /// Ground with spots, as the grid holds it.
    pub(crate) fn coarse(&self, d: Vec3<BodyFixed>) -> f64 {
        let excess = |k: &u32| self.patches[*k as usize].excess_at(d);
        self.ground.value(d) * (1.0 + self.bins.at(d).iter().map(excess).sum::<f64>())
    }

    /// Ground with spots, seen with a footprint.
    pub(crate) fn at(&self, d: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        let footprint_rad = footprint_km.clamp(0.0, WIDEST_KM) / self.radius_km;
        let excess = |k: &u32| {
            let patch = &self.patches[*k as usize];
            let outward = self.ragged((d, footprint_km), patch);
            patch.widened(footprint_rad).excess_ragged(d, outward)
        };
        let excess: f64 = self.bins.at(d).iter().map(excess).sum();
        let ground = mottled(self.mean, &self.mottling, d, footprint_km);
        if excess == 0.0 { ground } else { ground * (1.0 + excess * self.uneven(d, footprint_km)) }
    }

    fn ragged(&self, (d, footprint_km): (Vec3<BodyFixed>, f64), patch: &Patch) -> f64 {
        let width_km = patch.width_rad() * self.radius_km;
        if (d - patch.centre).length() > 2.0 * patch.reach_rad() {
            return 0.0;
        }
        let waves =
            self.rags.iter().filter(|w| w.wavelength_km < width_km && w.wavelength_km > 1.5 * footprint_km);
        let sum: f64 = waves.map(|w| w.value(d) * seen(w.wavelength_km, footprint_km)).sum();
        sum.clamp(-0.29, 0.29)
    }

    fn uneven(&self, d: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        let waves = self.grain.iter().take_while(|w| w.wavelength_km > 1.5 * footprint_km);
        1.0 + waves.map(|w| w.value(d) * seen(w.wavelength_km, footprint_km)).sum::<f64>()
    }
}

fn mottled(mean: f64, waves: &[Wave], d: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
    let seen_waves = waves.iter().filter(|w| w.wavelength_km > 1.5 * footprint_km);
    let sum: f64 = seen_waves.map(|w| w.value(d) * seen(w.wavelength_km, footprint_km)).sum();
    mean * (1.0 + sum).max(DARKEST)
}
