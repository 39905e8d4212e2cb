// SPDX-License-Identifier: MIT OR Apache-2.0
//! Shapes of craters and mountains: height over distance from the centre.
//!
//! Depths: simple craters 0.16 of the diameter, complex ones above 10 km growing with the 0.35th power (fits
//! Occator: 92 km wide, 4 km deep; measured laws for Ceres in Hiesinger et al. 2016, Science 353, aaf4759, scatter
//! by a factor of two). Rims rise to a quarter of the depth, ejecta fall with the cube of distance. ASSUMED where
//! no source is named; the profiles are for closed-loop tests, not for morphometry.

use facula_core::{BodyFixed, Vec3};

/// Diameter at which craters on Ceres turn from bowls to flat floors, km (Hiesinger et al. 2016: 7.5 to 12 km).
const COMPLEX_KM: f64 = 10.0;
/// Ejecta end at this many crater radii.
pub(crate) const EJECTA_REACH: f64 = 2.5;

/// A crater.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crater {
    /// Direction of the centre.
    pub(crate) centre: Vec3<BodyFixed>,
    /// Rim to rim, km.
    pub(crate) diameter_km: f64,
    /// 1 fresh, towards 0 worn down.
    pub(crate) freshness: f64,
}

impl Crater {
    /// Depth from rim to floor of a fresh crater of this size, km.
    pub(crate) fn fresh_depth_km(diameter_km: f64) -> f64 {
        if diameter_km < COMPLEX_KM {
            0.16 * diameter_km
        } else {
            0.16 * COMPLEX_KM * (diameter_km / COMPLEX_KM).powf(0.42)
        }
    }

    /// Height above the old ground at a distance from the centre, km.
    pub(crate) fn height_km(&self, distance_km: f64) -> f64 {
        let r = distance_km / (0.5 * self.diameter_km);
        if r >= EJECTA_REACH {
            return 0.0;
        }
        let depth_km = self.freshness * Self::fresh_depth_km(self.diameter_km);
        let rim_km = 0.25 * depth_km;
        if r < 1.0 {
            let rise = if self.diameter_km < COMPLEX_KM { r * r } else { smooth((r - 0.45) / 0.55) };
            rim_km - depth_km * (1.0 - rise)
        } else {
            let fade = 1.0 - smooth((r - 1.0) / (EJECTA_REACH - 1.0));
            rim_km * r.powi(-3) * fade
        }
    }
}

/// A mountain: a cone with rounded top and foot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mountain {
    /// Direction of the centre.
    pub(crate) centre: Vec3<BodyFixed>,
    /// Width at the foot, km.
    pub(crate) width_km: f64,
    /// Height of the top; negative for a pit, km.
    pub(crate) height_km: f64,
}

impl Mountain {
    /// Height at a distance from the centre, km.
    pub(crate) fn height_at_km(&self, distance_km: f64) -> f64 {
        self.height_km * (1.0 - smooth(distance_km / (0.5 * self.width_km)))
    }
}

/// 0 below 0, 1 above 1, smooth between.
pub(crate) fn smooth(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crater(diameter_km: f64) -> Crater {
        Crater { centre: Vec3::new(1.0, 0.0, 0.0), diameter_km, freshness: 1.0 }
    }

    #[test]
    fn occator_is_about_four_kilometres_deep() {
        // Published: 92 km wide, 4 km deep (NASA press captions; Hiesinger et al. 2016).
        let depth_km = crater(92.0).height_km(46.0) - crater(92.0).height_km(0.0);
        assert!((depth_km - 4.0).abs() < 0.3, "{depth_km}");
    }

    #[test]
    fn profiles_have_no_steps_and_slopes_below_the_angle_of_repose() {
        for diameter_km in [5.0, 9.9, 20.0, 92.0, 280.0] {
            let crater = crater(diameter_km);
            let step_km = diameter_km * 1e-4;
            for k in 0..15_000 {
                let at_km = k as f64 * step_km;
                let slope = (crater.height_km(at_km + step_km) - crater.height_km(at_km)) / step_km;
                assert!(slope.abs() < 0.75, "{diameter_km} km: slope {slope} at {at_km} km");
            }
        }
    }
}
