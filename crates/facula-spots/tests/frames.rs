// SPDX-License-Identifier: MIT OR Apache-2.0
#![allow(clippy::unwrap_used)]
//! Spots on frames of a smooth ellipsoid with limb and terminator in them: false alarms, completeness, places and light.
//!
//! The frames: the dwarf planet's ellipsoid under a Lommel-Seeliger law, noise of photons and read-out. Divided by the
//! law the noise grows several times from the bright limb to the terminator: that is the hard case.

use std::f64::consts::{PI, TAU};

use facula_core::{
    Ellipsoid, FrameMeta, IofFrame, Level, LonLat, PixelPos, Pose, Quality, Random, Raster, Rotation, Silent,
    Vec3, parse_utc,
};
use facula_geometry::{CameraFile, Shape, Shot, backplanes};
use facula_photometry::{LightAngles, SurfaceModel};
use facula_spots::{FrameOptions, FrameSpot, detect_frame};

/// Issue 7: at most one false alarm in a million independent cells, at least 95 % complete at signal-to-noise 5.
const FALSE_PER_PIXEL: f64 = 1e-6;
const COMPLETENESS: f64 = 0.95;
const PSF_PX: f64 = 1.3;
const ALBEDO: f64 = 0.09;
/// Noise of I/F: of the read-out, and of photons at an I/F of 1. At 0.05 they are 4.3 % together, at 0.01 12 %.
const READ_IOF: f64 = 0.0008;
const PHOTON_IOF: f64 = 0.009;

fn body() -> Ellipsoid {
    Ellipsoid::new(482.1, 482.1, 445.94).unwrap()
}

fn model() -> SurfaceModel {
    SurfaceModel::lommel_seeliger(0.12)
}

/// Where the camera and the Sun stand.
struct View {
    range_km: f64,
    /// Turn of the camera away from the middle of the body, deg.
    turn_deg: f64,
    sun_deg: [f64; 2],
}

/// Phases from 30 to 85 degrees; the limb is in all of them, the terminator in the last three.
const VIEWS: [View; 4] = [
    View { range_km: 6500.0, turn_deg: 2.0, sun_deg: [30.0, 5.0] },
    View { range_km: 14_070.0, turn_deg: 0.0, sun_deg: [45.0, -10.0] },
    View { range_km: 7500.0, turn_deg: -1.0, sun_deg: [-60.0, 4.0] },
    View { range_km: 5000.0, turn_deg: 2.5, sun_deg: [85.0, 20.0] },
];

/// A frame without spots and without noise, and what every pixel's noise is.
#[derive(Clone)]
struct Clean {
    shot: Shot,
    incidence_deg: Raster<f32>,
    emission_deg: Raster<f32>,
}

impl View {
    fn clean(&self) -> Clean {
        let (sin, cos) = self.turn_deg.to_radians().sin_cos();
        let rows = [[sin, cos, 0.0], [0.0, 0.0, -1.0], [-cos, sin, 0.0]];
        let pose = Pose {
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            spacecraft_km: Vec3::new(self.range_km, 0.0, 0.0),
            sun_km: LonLat::from_degrees(self.sun_deg[0], self.sun_deg[1]).direction() * 4.3e8,
            camera_from_body: Rotation::from_rows(rows).unwrap(),
        };
        let camera = CameraFile::built_in("dawn_fc2").unwrap().camera("F1").unwrap();
        let planes = backplanes(&camera, &pose, &Shape::Ellipsoid(body()));
        let count = camera.width_px * camera.height_px;
        let value = |k: usize| {
            let cosine = |plane: &Raster<f32>| f64::from(plane.as_slice()[k]).to_radians().cos();
            let light = LightAngles {
                cos_incidence: cosine(&planes.incidence_deg),
                cos_emission: cosine(&planes.emission_deg),
                phase_rad: f64::from(planes.phase_deg.as_slice()[k]).to_radians(),
            };
            let lit = light.cos_incidence > 0.0;
            if lit { (ALBEDO * model().iof_per_albedo(light)) as f32 } else { 0.0 }
        };
        let iof: Vec<f32> = (0..count).map(value).collect();
        let sigma = |iof: &f32| READ_IOF.hypot(PHOTON_IOF * f64::from(*iof).max(0.0).sqrt()) as f32;
        let sigmas: Vec<f32> = iof.iter().map(sigma).collect();
        let (width, height) = (camera.width_px, camera.height_px);
        let frame = IofFrame {
            meta: FrameMeta {
                id: format!("R{}", self.range_km),
                target: "ceres".into(),
                instrument: "dawn_fc2".into(),
                filter: "F1".into(),
                mid_exposure: pose.mid_exposure,
                exposure_s: 0.02,
                detector_temperature_k: None,
                level: Level::IOverF,
                keywords: Default::default(),
            },
            iof: Raster::from_vec(width, height, iof).unwrap(),
            sigma: Raster::from_vec(width, height, sigmas).unwrap(),
            quality: Raster::filled(width, height, Quality::GOOD),
        };
        let (incidence_deg, emission_deg) = (planes.incidence_deg, planes.emission_deg);
        Clean { shot: Shot { frame, camera, pose }, incidence_deg, emission_deg }
    }
}

impl Clean {
    /// Whether a pixel is lit and seen well enough to be searched.
    fn searched(&self, x: f64, y: f64) -> bool {
        let (x, y) = (x.round(), y.round());
        let inside = (0.0..1024.0).contains(&x) && (0.0..1024.0).contains(&y);
        inside && {
            let (x, y) = (x as usize, y as usize);
            self.incidence_deg.at(x, y) < 80.0 && self.emission_deg.at(x, y) < 75.0
        }
    }

    fn searched_count(&self) -> usize {
        (0..1024 * 1024).filter(|k| self.searched((k % 1024) as f64, (k / 1024) as f64)).count()
    }

    /// The frame as the camera would give it: with a seed's noise.
    fn noisy(&self, seed: u64) -> Shot {
        let mut random = Random::new(seed, 7);
        let mut shot = self.shot.clone();
        let sigma = shot.frame.sigma.as_slice();
        let values = shot.frame.iof.as_slice().iter().zip(sigma);
        let noisy = values.map(|(iof, sigma)| iof + sigma * random.normal_pair().0 as f32).collect();
        shot.frame.iof = Raster::from_vec(1024, 1024, noisy).unwrap();
        shot
    }

    /// Puts a spot in; gives its excess over the ground, summed over pixels.
    fn add(&mut self, at: PixelPos, profile: &Profile, signal_to_noise: f64) -> f64 {
        let (x, y) = (at.x_px.round() as usize, at.y_px.round() as usize);
        let iof = &mut self.shot.frame.iof;
        let noise = f64::from(self.shot.frame.sigma.at(x, y)) / f64::from(iof.at(x, y));
        let contrast = signal_to_noise * noise / profile.at(0.0);
        let reach = profile.reach_px().ceil() as i64;
        for k in 0..(2 * reach + 1) * (2 * reach + 1) {
            let (px, py) = (x as i64 + k % (2 * reach + 1) - reach, y as i64 + k / (2 * reach + 1) - reach);
            let distance_px = (px as f64 - at.x_px).hypot(py as f64 - at.y_px);
            let value = f64::from(iof.at(px as usize, py as usize));
            let excess = contrast * profile.at(distance_px);
            iof.set(px as usize, py as usize, (value * (1.0 + excess)) as f32);
        }
        contrast * profile.light_px2
    }
}

/// Height of a disc of height 1 after the point-spread function, by distance from its centre; a point has the height 1.
struct Profile {
    diameter_px: f64,
    steps: Vec<f64>,
    light_px2: f64,
}

impl Profile {
    const STEP_PX: f64 = 0.05;

    fn new(diameter_px: f64) -> Self {
        let sigma_px = PSF_PX / 2.354_82;
        let gauss = |d2: f64| (-0.5 * d2 / (sigma_px * sigma_px)).exp();
        let count = ((0.5 * diameter_px + 4.5 * sigma_px) / Self::STEP_PX).ceil() as usize;
        if diameter_px == 0.0 {
            let steps = (0..count).map(|k| gauss((k as f64 * Self::STEP_PX).powi(2))).collect();
            return Self { diameter_px, steps, light_px2: TAU * sigma_px * sigma_px };
        }
        // Points of equal area: a sunflower's seeds.
        const SEEDS: usize = 4000;
        let area = PI / 4.0 * diameter_px * diameter_px;
        let seed = |k: usize| {
            let radius = 0.5 * diameter_px * ((k as f64 + 0.5) / SEEDS as f64).sqrt();
            let turn = k as f64 * 2.399_963_229_728_653;
            [radius * turn.cos(), radius * turn.sin()]
        };
        let density = area / SEEDS as f64 / (TAU * sigma_px * sigma_px);
        let height = |r: f64| {
            (0..SEEDS).map(seed).map(|[x, y]| gauss((x - r) * (x - r) + y * y)).sum::<f64>() * density
        };
        let steps = (0..count).map(|k| height(k as f64 * Self::STEP_PX)).collect();
        Self { diameter_px, steps, light_px2: area }
    }

    fn reach_px(&self) -> f64 {
        self.steps.len() as f64 * Self::STEP_PX
    }

    fn at(&self, distance_px: f64) -> f64 {
        let step = distance_px / Self::STEP_PX;
        let of = |k: usize| self.steps.get(k).copied().unwrap_or(0.0);
        let (a, b) = (of(step as usize), of(step as usize + 1));
        a + (b - a) * step.fract()
    }

    /// Signal-to-noise of an ideal filter, from that of the pixel in the middle.
    fn matched(&self, of_peak: f64) -> f64 {
        let square = |k: usize| {
            let radius_px = k as f64 * Self::STEP_PX;
            TAU * radius_px * Self::STEP_PX * (self.steps[k] / self.steps[0]).powi(2)
        };
        of_peak * (0..self.steps.len()).map(square).sum::<f64>().sqrt()
    }

    /// Full width at half maximum after the point-spread function, about.
    fn width_px(&self) -> f64 {
        self.diameter_px.hypot(PSF_PX)
    }
}

fn found(shot: &Shot, options: &FrameOptions) -> Vec<FrameSpot> {
    let ellipsoid = body();
    detect_frame(shot, &Shape::Ellipsoid(ellipsoid), Some((&model(), &ellipsoid)), options, &Silent).unwrap()
}

fn options() -> FrameOptions {
    let mut options = FrameOptions { psf_px: PSF_PX, ..FrameOptions::default() };
    options.detect.most_spots = 20_000;
    // The ground is even: small spots need no contrast beyond that of relief.
    options.detect.least_contrast_small = options.detect.least_contrast;
    options
}

#[test]
fn frames_without_spots_have_at_most_one_false_alarm_in_a_million_sunlit_pixels() {
    let (mut pixels, mut alarms) = (0, 0);
    for (k, view) in VIEWS.iter().enumerate() {
        let clean = view.clean();
        for seed in 0..SEEDS {
            let spots = found(&clean.noisy(100 * k as u64 + seed), &options());
            pixels += clean.searched_count();
            alarms += spots.len();
            for s in &spots {
                let (x, y) = (s.at.x_px.round() as usize, s.at.y_px.round() as usize);
                eprintln!(
                    "view {k} seed {seed}: false alarm at {x} {y}, incidence {:.0}, emission {:.0}, S/N {:.1}, scale {:.1} px, {:?}",
                    clean.incidence_deg.at(x, y),
                    clean.emission_deg.at(x, y),
                    s.spot.significance,
                    s.spot.scale_km / s.pixel_km,
                    s.spot.flags
                );
            }
        }
    }
    let rate = alarms as f64 / pixels as f64;
    eprintln!("{alarms} false alarms in {pixels} sunlit pixels: {rate:.1e}");
    assert!(pixels >= 1_000_000, "{pixels}");
    assert!(rate <= FALSE_PER_PIXEL, "{alarms} in {pixels}");
}

/// Frames of each view.
const SEEDS: u64 = 3;

/// What became of the spots of one size and signal-to-noise.
#[derive(Default)]
struct Tally {
    put: usize,
    found: usize,
    pulls: [Vec<f64>; 2],
    light: Vec<f64>,
    light_pulls: Vec<f64>,
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt()
}

fn tally(cleans: &[Clean], profile: &Profile, signal_to_noise: f64) -> Tally {
    let mut tally = Tally::default();
    for (k, clean) in cleans.iter().enumerate() {
        let mut clean = clean.clone();
        let mut random = Random::new(k as u64, 3);
        let apart_px = (6.0 * profile.width_px()).max(24.0);
        let mut truths = Vec::new();
        let side = (1024.0 / apart_px) as usize;
        for cell in 0..side * side {
            let x = ((cell % side) as f64 + 0.5) * apart_px + random.between(-2.0, 2.0);
            let y = ((cell / side) as f64 + 0.5) * apart_px + random.between(-2.0, 2.0);
            let around = |k: u32| {
                let (sin, cos) = (TAU * f64::from(k) / 8.0).sin_cos();
                clean.searched(x + profile.reach_px() * cos, y + profile.reach_px() * sin)
            };
            if clean.searched(x, y) && (0..8).all(around) {
                let at = PixelPos::new(x, y);
                truths.push((at, clean.add(at, profile, signal_to_noise)));
            }
        }
        let spots = found(&clean.noisy(1000 + k as u64), &options());
        tally.put += truths.len();
        for (at, light_px2) in truths {
            let apart = |s: &&FrameSpot| (s.at.x_px - at.x_px).hypot(s.at.y_px - at.y_px);
            let nearest = spots.iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
            let Some(s) = nearest.filter(|s| apart(s) < (0.6 * profile.width_px()).max(1.5)) else {
                continue;
            };
            tally.found += 1;
            tally.pulls[0].push((s.at.x_px - at.x_px) / s.position_sigma_px);
            tally.pulls[1].push((s.at.y_px - at.y_px) / s.position_sigma_px);
            let truth_km2 = light_px2 * s.pixel_km.powi(2);
            tally.light.push(s.spot.excess_km2 / truth_km2 - 1.0);
            tally.light_pulls.push((s.spot.excess_km2 - truth_km2) / s.spot.excess_sigma_km2);
        }
    }
    tally
}

/// Means of pulls and of light over their standard errors: of a thousand spots and more, and the error of what is put in.
const MEAN_PULL: f64 = 0.12;
/// Positions are as uncertain as they say: the floor of a twentieth of a pixel is wide for strong spots.
const PULL_RMS: [f64; 2] = [0.4, 1.35];
/// The segment ends at the half maximum plus the point-spread function: what lies beyond is 1 % of the light.
const LIGHT_BIAS: f64 = 0.02;

#[test]
fn spots_of_known_size_are_found_where_they_are_with_their_light() {
    let cleans: Vec<Clean> = [&VIEWS[1], &VIEWS[3]].map(View::clean).into();
    for (diameter_px, signal_to_noise) in
        [(0.0, 5.0), (0.0, 10.0), (2.0, 5.0), (2.0, 7.0), (4.0, 5.0), (8.0, 5.0), (8.0, 20.0)]
    {
        let profile = Profile::new(diameter_px);
        let t = tally(&cleans, &profile, signal_to_noise);
        let completeness = t.found as f64 / t.put as f64;
        let matched = profile.matched(signal_to_noise);
        let [x, y] = [0, 1].map(|k| (mean(&t.pulls[k]), rms(&t.pulls[k])));
        let light_error = rms(&t.light) / (t.found as f64).sqrt();
        eprintln!(
            "{diameter_px} px, S/N of the peak's pixel {signal_to_noise}, of the whole {matched:.1}: {completeness:.3} of {}; pulls x {:.2} ± {:.2}, y {:.2} ± {:.2}; light {:+.3} ± {:.3}, single ones {:.3}, pulls {:.2} ± {:.2}",
            t.put,
            x.0,
            x.1,
            y.0,
            y.1,
            mean(&t.light),
            light_error,
            rms(&t.light),
            mean(&t.light_pulls),
            rms(&t.light_pulls),
        );
        if matched >= ENOUGH {
            assert!(completeness >= COMPLETENESS, "{completeness}");
            let unbiased = mean(&t.light).abs() < LIGHT_BIAS + 3.0 * light_error;
            let pulls = [mean(&t.light_pulls).abs(), rms(&t.light_pulls)];
            assert!(pulls[0] < MEAN_PULL && pulls[1] > PULL_RMS[0] && pulls[1] < PULL_RMS[1], "{pulls:?}");
            assert!(unbiased, "light {} ± {light_error}", mean(&t.light));
        }
        for (mean_pull, rms_pull) in [x, y] {
            assert!(mean_pull.abs() < MEAN_PULL, "{mean_pull}");
            assert!(rms_pull > PULL_RMS[0] && rms_pull < PULL_RMS[1], "{rms_pull}");
        }
    }
}

/// Signal-to-noise of a whole spot (ideal filter) that is found 95 times in 100 at one false alarm in a million cells: 4.75 +
/// 1.65 sigma by the normal distribution, and half a sigma that a bank of filters at whole pixels loses. Points of 1.3 px and
/// signal-to-noise 5 of their brightest pixel have 4.9: no detector finds 95 % of them.
const ENOUGH: f64 = 7.0;
