// SPDX-License-Identifier: MIT OR Apache-2.0
//! What slopes alone can do: contrast of inclined ground against level ground of the same albedo.

use facula_core::polynomial;
use facula_photometry::{DiskFunction, LightAngles};

/// Share of Lommel-Seeliger's law in the lunar-Lambert law, by powers of the phase in rad.
///
/// # Source
/// McEwen (1996), Lunar Planet. Sci. XXVII, 841, for the Moon: 1 − 0.019 α + 2.42e-4 α² − 1.46e-6 α³ of the phase in degrees.
const SEELIGER_PER_RAD: [f64; 4] = [1.0, -1.088_62, 0.794_429, -0.274_607];

/// That share at a phase.
pub(crate) fn seeliger_share(phase_rad: f64) -> f64 {
    polynomial(phase_rad, &SEELIGER_PER_RAD).clamp(0.0, 1.0)
}

/// I/F of ground inclined by `slope_rad` towards the Sun (negative: away from it) over that of level ground of the same
/// albedo, seen from above. `incidence_rad` is that of the level ground, 0 to below π/2; 0 where the ground is in its own
/// shade, NaN where the level ground is not lit or the slope is not known.
///
/// A bright spot of less contrast may be nothing but a slope: lunar-Lambert law f(i, e) at the phase of the incidence,
/// contrast = f(i − s, s) / f(i, 0).
///
/// # Source
/// McEwen (1991), Icarus 92, 298, eq. 2; weights of McEwen (1996), Lunar Planet. Sci. XXVII, 841.
///
/// ```
/// // Ground of 20° facing a Sun at 45°: a quarter brighter.
/// let contrast = facula_spots::slope_contrast(20f64.to_radians(), 45f64.to_radians());
/// assert!((contrast - 1.23).abs() < 0.01);
/// ```
pub fn slope_contrast(slope_rad: f64, incidence_rad: f64) -> f64 {
    let law = DiskFunction::LunarLambert { weight: SEELIGER_PER_RAD };
    let value = |tilt_rad: f64| {
        law.value(LightAngles {
            cos_incidence: (incidence_rad - tilt_rad).cos(),
            cos_emission: tilt_rad.cos(),
            phase_rad: incidence_rad,
        })
    };
    let level = value(0.0);
    if level > 0.0 && slope_rad.is_finite() { value(slope_rad) / level } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_share_is_that_of_the_moon() {
        // McEwen's polynomial at 60 degrees of phase by hand: 1 - 1.14 + 0.8712 - 0.31536.
        assert!((seeliger_share(60f64.to_radians()) - 0.415_84).abs() < 1e-4);
        assert_eq!(seeliger_share(0.0), 1.0);
        assert_eq!(seeliger_share(3.0), 0.0);
    }

    #[test]
    fn slopes_towards_the_sun_are_bright_and_those_away_dark() {
        // By hand at 45 degrees, share 0.502: 20 degrees towards it 2 cos 25 / (cos 25 + cos 20) = 0.9818, cos 25 = 0.9063:
        // 0.9442; level 2 cos 45 / (1 + cos 45) = 0.8284, 0.7071: 0.7680.
        let rad = f64::to_radians;
        assert!((slope_contrast(rad(20.0), rad(45.0)) - 0.9442 / 0.7680).abs() < 2e-3);
        assert!(slope_contrast(rad(-20.0), rad(45.0)) < 0.8);
        assert_eq!(slope_contrast(rad(-50.0), rad(45.0)), 0.0);
        assert!(slope_contrast(0.1, 2.0).is_nan() && slope_contrast(f64::NAN, 0.5).is_nan());
    }

    proptest! {
        #[test]
        fn steeper_ground_towards_the_sun_is_never_darker(slope in 0.0..0.5f64, incidence in 0.5..1.4f64) {
            prop_assert!(slope_contrast(slope + 0.01, incidence) >= slope_contrast(slope, incidence));
            prop_assert!(slope_contrast(slope, incidence) >= 1.0);
        }
    }
}
