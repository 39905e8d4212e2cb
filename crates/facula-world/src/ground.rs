// SPDX-License-Identifier: MIT OR Apache-2.0
//! The relief of a world: swells, craters, landforms, roughness, for any footprint.
//!
//! In: facts, named features, a seed. Out: height over the ellipsoid in a direction, with everything that is larger than
//! three footprints, nothing smaller than one and a half, and a smooth change between. There is one definition for all
//! footprints; a base grid is a sample of it.
//!
//! Craters lie on each other by age: a crater erases what is older and smaller inside it, and rides on what is larger.

use facula_core::{BodyFixed, Feature, Random, Vec3};

use crate::bins::Bins;
use crate::crater::{Crater, Form, REACH, erased};
use crate::facts::{CraterCentre, WorldFacts};
use crate::landform::Landform;
use crate::noise::{Wave, mix, seen};
use crate::population::{Octave, listed, octaves};

/// Roughness ends at this wavelength, km.
const FINEST_WAVE_KM: f64 = 0.02;
/// Wavelength of one wave of the roughness over that of the next.
const WAVE_STEP: f64 = 2.1;
/// Craters at one place that may erase smaller ones; more than this never lie on each other (the rest is ignored).
const COVERS: usize = 24;
/// Named craters without a known age are no older than this: old ones would be too worn to be named.
const NAMED_AGE_RATIO: f64 = 0.5;

/// The relief of a world.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    radius_km: f64,
    /// Large ones first.
    craters: Vec<Crater>,
    bins: Bins,
    octaves: Vec<Octave>,
    waves: Vec<Wave>,
    landforms: Vec<Landform>,
}

/// What may be met inside a cap: for many heights close to each other.
#[derive(Debug, Clone)]
pub(crate) struct Nearby<'a> {
    ground: &'a Ground,
    /// From the octaves, in their order.
    small: Vec<Crater>,
}

impl Ground {
    pub(crate) fn new(facts: &WorldFacts, named: &[Feature], (seed, radius_km): (u64, f64)) -> Self {
        let mut craters = named_craters(facts, named, seed);
        craters.extend(listed(&facts.craters, &facts.population, (seed, radius_km)));
        craters.sort_by(|a, b| b.form.diameter_km.total_cmp(&a.form.diameter_km));
        let reach_rad = |c: &Crater| 0.5 * c.form.diameter_km * REACH / radius_km;
        let bins = Bins::new(160, craters.iter().map(|c| (c.centre, reach_rad(c))));
        Self {
            radius_km,
            bins,
            craters,
            octaves: octaves(&facts.craters, &facts.population, (seed, radius_km)),
            waves: waves(facts, (seed, radius_km)),
            landforms: landforms(facts, named, (seed, radius_km)),
        }
    }

    /// Height over the ellipsoid in a direction (unit vector), km.
    pub(crate) fn height_km(&self, d: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        let mut sum = self.begun(d, footprint_km);
        self.bins.at(d).iter().for_each(|k| sum.add(&self.craters[*k as usize], self.radius_km));
        for octave in self.octaves.iter().take_while(|o| o.most_km > 1.5 * footprint_km) {
            octave.each_near((d, 0.0), |crater| sum.add(crater, self.radius_km));
        }
        self.finished(sum)
    }

    /// The craters that reach into a cap (unit direction, radius in rad) and can be seen with a footprint.
    pub(crate) fn nearby(&self, cap: (Vec3<BodyFixed>, f64), footprint_km: f64) -> Nearby<'_> {
        let mut small = Vec::new();
        for octave in self.octaves.iter().take_while(|o| o.most_km > 1.5 * footprint_km) {
            octave.each_near(cap, |crater| small.push(*crater));
        }
        Nearby { ground: self, small }
    }

    fn begun(&self, d: Vec3<BodyFixed>, footprint_km: f64) -> Sum {
        let mut sum = Sum::new(d, footprint_km);
        let covers = self.landforms.iter().filter_map(|form| form.cover(d, self.radius_km));
        covers.for_each(|cover| sum.cover(cover));
        sum
    }

    fn finished(&self, sum: Sum) -> f64 {
        let Sum { d, footprint_km, height_km, .. } = sum;
        let at = (footprint_km, self.radius_km);
        let landforms_km: f64 = self.landforms.iter().map(|form| form.height_km(d, at)).sum();
        let waves = self.waves.iter().take_while(|wave| wave.wavelength_km > 1.5 * footprint_km);
        let waves_km: f64 = waves.map(|wave| wave.value(d) * seen(wave.wavelength_km, footprint_km)).sum();
        height_km + landforms_km + waves_km
    }
}

impl Nearby<'_> {
    /// As [`Ground::height_km`], bit for bit, for a direction inside the cap.
    pub(crate) fn height_km(&self, d: Vec3<BodyFixed>, footprint_km: f64) -> f64 {
        let ground = self.ground;
        let mut sum = ground.begun(d, footprint_km);
        ground.bins.at(d).iter().for_each(|k| sum.add(&ground.craters[*k as usize], ground.radius_km));
        let least_km = 1.5 * footprint_km;
        let small = self.small.iter().filter(|crater| crater.form.diameter_km > least_km);
        small.for_each(|crater| sum.add(crater, ground.radius_km));
        ground.finished(sum)
    }
}

/// Craters one upon another at one place.
struct Sum {
    d: Vec3<BodyFixed>,
    footprint_km: f64,
    height_km: f64,
    covers: [Cover; COVERS],
    count: usize,
}

/// What erases older and smaller craters at a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cover {
    pub(crate) age_ratio: f64,
    pub(crate) size_km: f64,
    /// Fraction that it leaves of them.
    pub(crate) left: f64,
}

impl Sum {
    fn new(d: Vec3<BodyFixed>, footprint_km: f64) -> Self {
        let none = Cover { age_ratio: 0.0, size_km: 0.0, left: 1.0 };
        Self { d, footprint_km, height_km: 0.0, covers: [none; COVERS], count: 0 }
    }

    /// Adds a crater no larger than those before.
    fn add(&mut self, crater: &Crater, radius_km: f64) {
        let share = seen(crater.form.diameter_km, self.footprint_km);
        if share == 0.0 {
            return;
        }
        let Some(at) = crater.away(self.d, radius_km) else { return };
        let diameter_km = crater.form.diameter_km;
        let over = |c: &&Cover| c.age_ratio < crater.age_ratio && c.size_km >= diameter_km;
        let left: f64 = self.covers[..self.count].iter().filter(over).map(|c| c.left).product();
        self.height_km += share * left * crater.form.height_km(at, crater.freshness);
        let left = 1.0 - share * erased(at.r);
        self.cover(Cover { age_ratio: crater.age_ratio, size_km: diameter_km, left });
    }

    fn cover(&mut self, cover: Cover) {
        if cover.left < 1.0 && self.count < COVERS {
            self.covers[self.count] = cover;
            self.count += 1;
        }
    }
}

fn named_craters(facts: &WorldFacts, named: &[Feature], seed: u64) -> Vec<Crater> {
    let mut random = Random::new(seed, 3);
    let crater = |feature: &Feature| {
        let fact = facts.crater.iter().find(|fact| fact.name == feature.name);
        let some_age = random.between(0.02, NAMED_AGE_RATIO);
        let age_ratio = fact.map_or(some_age, |fact| fact.age_ratio);
        let diameter_km = fact.and_then(|fact| fact.diameter_km).unwrap_or(feature.diameter_km);
        let mut form = Form::new(&facts.craters, diameter_km);
        let mut freshness = facts.population.freshness(age_ratio);
        if let Some(fact) = fact {
            if let Some(depth_km) = fact.depth_km {
                // A measured depth is that of today.
                (form, freshness) = (form.with_depth_km(depth_km), 1.0);
            }
            if fact.centre == CraterCentre::Plain {
                form = form.with_plain_floor();
            }
        }
        let hash = (random.uniform() * 9e15) as u64;
        Crater::new(feature.place.direction(), form, (freshness, age_ratio), hash)
    };
    named.iter().filter(|f| f.kind == "crater").map(crater).collect()
}

fn waves(facts: &WorldFacts, (seed, radius_km): (u64, f64)) -> Vec<Wave> {
    let relief = &facts.relief;
    let mut list: Vec<[f64; 2]> = relief.swells.clone();
    let mut wavelength_km = relief.roughness_from_km;
    while wavelength_km > FINEST_WAVE_KM {
        let rms_km =
            relief.roughness_rms_km * (wavelength_km / relief.roughness_from_km).powf(relief.hurst_exponent);
        list.push([wavelength_km, rms_km]);
        wavelength_km /= WAVE_STEP;
    }
    list.sort_by(|a, b| b[0].total_cmp(&a[0]));
    let wave = |(k, [wavelength_km, rms_km]): (usize, [f64; 2])| {
        Wave::new(mix(seed ^ (0xAB00 + k as u64)), (wavelength_km, radius_km), rms_km)
    };
    list.into_iter().enumerate().map(wave).collect()
}

fn landforms(facts: &WorldFacts, named: &[Feature], (seed, radius_km): (u64, f64)) -> Vec<Landform> {
    let place = |name: &str| named.iter().find(|f| f.name == name).map(|f| f.place.direction());
    let mountains = facts.mountain.iter().filter_map(|fact| Some(Landform::mountain(fact, place(&fact.at)?)));
    let fractures = facts
        .fractures
        .iter()
        .filter_map(|fact| Some(Landform::fractures(fact, place(&fact.at)?, (seed, radius_km))));
    mountains.chain(fractures).collect()
}
