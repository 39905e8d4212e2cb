// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which rotation of the body a point belongs to.

use super::LightPoint;

/// The rotation of each point: whole solar days since the local midnight before the first, from local times where the points
/// have them, else counted from the first point. `day_s` is the length of a day, s, good to a few per cent.
pub fn rotation_numbers(points: &[LightPoint], day_s: f64) -> Vec<i64> {
    let Some(first) = points.iter().min_by_key(|point| point.epoch) else { return Vec::new() };
    let since = |point: &LightPoint| (point.epoch - first.epoch).to_seconds() / day_s;
    let number = |point: &LightPoint| {
        let turns = (point.local_time_h - first.local_time_h) / 24.0;
        if turns.is_finite() { (since(point) - turns).round() } else { since(point).floor() }
    };
    points.iter().map(|point| number(point) as i64).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::Illumination;
    use facula_core::{Random, Unit, parse_utc};
    use facula_photometry::SurfaceModel;
    use std::f64::consts::{PI, TAU};

    /// Length of a day of the made-up body, s: about that of Ceres.
    pub(crate) const DAY_S: f64 = 32_700.0;

    /// What a made-up light curve is made with.
    #[derive(Clone)]
    pub(crate) struct Made {
        pub model: SurfaceModel,
        pub noise_fraction: f64,
        /// Latitude of the spot and of the camera above its equator, rad.
        pub latitudes_rad: [f64; 2],
        pub rotations: usize,
        pub points_per_rotation: usize,
        /// The spot's brightness in each rotation over its usual one.
        pub brightness_ratio: fn(usize) -> f64,
        /// Error common to a rotation, one sigma.
        pub rotation_noise_fraction: f64,
        pub seed: u64,
    }

    impl Default for Made {
        fn default() -> Self {
            Self {
                model: SurfaceModel::lommel_seeliger(0.12).with_normal_albedo(0.3),
                noise_fraction: 0.01,
                latitudes_rad: [0.3, 0.1],
                rotations: 4,
                points_per_rotation: 20,
                brightness_ratio: |_| 1.0,
                rotation_noise_fraction: 0.0,
                seed: 1,
            }
        }
    }

    impl Made {
        /// A spot on a turning sphere; the Sun stands over the equator, the camera goes around with it, at another angle
        /// each rotation. Points where the spot is turned away are left out.
        pub(crate) fn points(&self) -> Vec<LightPoint> {
            let mut random = Random::new(self.seed, 11);
            let start = parse_utc("2015-05-01").unwrap();
            let mut points = Vec::new();
            for rotation in 0..self.rotations {
                let common = 1.0 + self.rotation_noise_fraction * random.normal_pair().0;
                for k in 0..self.points_per_rotation {
                    let turn = rotation as f64 + (k as f64 + 0.37) / self.points_per_rotation as f64;
                    let ratio = common * (self.brightness_ratio)(rotation);
                    let camera_hour_rad = [0.5, 1.1, 0.3, 0.9, 0.7][rotation % 5];
                    let point = self.point((turn, camera_hour_rad), ratio, &mut random);
                    points.extend(point.map(|p| LightPoint {
                        epoch: start + turn * DAY_S * Unit::Second,
                        frame_id: format!("F{:04}", 100 * rotation + k),
                        ..p
                    }));
                }
            }
            points
        }

        fn point(
            &self,
            (turn, camera_hour_rad): (f64, f64),
            ratio: f64,
            random: &mut Random,
        ) -> Option<LightPoint> {
            let [latitude_rad, camera_latitude_rad] = self.latitudes_rad;
            let hour_rad = TAU * turn - PI;
            let sun = local(latitude_rad, (0.0, -hour_rad));
            let camera = local(latitude_rad, (camera_latitude_rad, camera_hour_rad - hour_rad));
            let dot: f64 = (0..3).map(|k| sun[k] * camera[k]).sum();
            let angle = |up: f64| up.clamp(-1.0, 1.0).acos();
            let mut point = LightPoint {
                spot_id: "S001".into(),
                frame_id: String::new(),
                epoch: parse_utc("2015-05-01").unwrap(),
                iof: 0.0,
                iof_sigma: 2e-4,
                surroundings_iof: 0.0,
                surroundings_sigma: 2e-4,
                incidence_rad: angle(sun[2]),
                emission_rad: angle(camera[2]),
                phase_rad: angle(dot),
                sun_azimuth_rad: sun[0].atan2(sun[1]).rem_euclid(TAU),
                camera_azimuth_rad: camera[0].atan2(camera[1]).rem_euclid(TAU),
                local_time_h: (24.0 * turn).rem_euclid(24.0),
                illumination: if sun[2] <= 0.0 {
                    Illumination::Night
                } else if sun[2] < 0.17 {
                    Illumination::Grazing
                } else {
                    Illumination::Lit
                },
                pixel_km: 1.3,
            };
            let clean = self.model.iof(point.angles());
            let (a, b) = random.normal_pair();
            point.iof_sigma = (self.noise_fraction * clean).hypot(2e-4);
            point.iof = clean * ratio + point.iof_sigma * a;
            point.surroundings_iof = 0.3 * clean + 2e-4 * b;
            (camera[2] > 0.25).then_some(point)
        }
    }

    /// East, north and up of a direction given by latitude and longitude from the meridian of the spot.
    fn local(spot_latitude_rad: f64, (latitude_rad, ahead_rad): (f64, f64)) -> [f64; 3] {
        let (sin, cos) = spot_latitude_rad.sin_cos();
        let (z, r) = latitude_rad.sin_cos();
        let (x, y) = (r * ahead_rad.cos(), r * ahead_rad.sin());
        [y, z * cos - x * sin, x * cos + z * sin]
    }

    #[test]
    fn rotations_are_counted_from_local_midnight() {
        let points = Made::default().points();
        let numbers = rotation_numbers(&points, DAY_S);
        for (point, number) in points.iter().zip(&numbers) {
            let rotation: i64 = point.frame_id[1..].parse::<i64>().unwrap() / 100;
            assert_eq!(*number - numbers[0], rotation, "{}", point.frame_id);
        }
        // A day wrong by two per cent does not matter while local times are there.
        assert_eq!(rotation_numbers(&points, 1.02 * DAY_S), numbers);
        assert!(rotation_numbers(&[], DAY_S).is_empty());
    }

    #[test]
    fn without_local_times_days_are_counted() {
        let mut points = Made::default().points();
        points.iter_mut().for_each(|p| p.local_time_h = f64::NAN);
        let numbers = rotation_numbers(&points, DAY_S);
        assert!(numbers.windows(2).all(|pair| pair[0] <= pair[1]) && *numbers.last().unwrap() == 3);
    }
}
