// SPDX-License-Identifier: MIT OR Apache-2.0
//! How deep a crater is, and what stands in its middle.

use crate::SpotError;
use crate::craters::crater::cell_km;
use crate::craters::ellipse::correlation_factor;
use crate::craters::fit::{Care, Field, Fitted, Guess, Way};
use crate::craters::polar::Polar;
use crate::craters::{Crater, CraterCentre, CraterDepth, CraterMap, Surface};

/// The floor lies within this part of the radius; its depth is this quantile of the heights there.
const FLOOR: f64 = 0.6;
const FLOOR_QUANTILE: f64 = 0.1;
/// The middle, and the ring that tells what would be there without a peak, over the radius.
const MIDDLE: f64 = 0.12;
const RING: [f64; 2] = [0.2, 0.5];
/// A peak or pit stands out of the floor by more than this part of the depth and this many times the ring's scatter.
const STANDS_OUT: f64 = 0.06;
const STANDS_OUT_SIGMA: f64 = 2.0;

/// Measures the depths of craters found on another map (a picture), on heights: rims are fitted again there, about the
/// given ones; a crater whose rim is not found keeps no depth.
///
/// # Errors
/// [`SpotError::Argument`] when the map does not hold heights.
pub fn measure_depths(craters: &mut [Crater], heights: &CraterMap<'_>) -> Result<(), SpotError> {
    if !matches!(heights.surface, Surface::Heights) {
        let found = "a map of brightness".to_string();
        return Err(SpotError::Argument { what: "heights", found, remedy: "give a map of heights" });
    }
    let field = Field::new(heights);
    for crater in craters {
        let guess = Guess { place: crater.place, diameter_km: crater.diameter_km, way: Way::Crater };
        crater.depth = field.fit(guess, Care::Full).and_then(|fitted| depth_of(&fitted, cell_km(&field)));
    }
    Ok(())
}

/// Depth of a crater from the heights about it.
pub(crate) fn depth_of(fitted: &Fitted, cell_km: f64) -> Option<CraterDepth> {
    let radius_km = 0.5 * fitted.ellipse.diameter_km()[0];
    let rim: Vec<f64> = rim_heights_km(fitted);
    let mut sorted = rim.clone();
    let rim_height_km = quantile(&mut sorted, 0.5)?;
    let mut spread: Vec<f64> = rim.iter().map(|h| (h - rim_height_km).abs()).collect();
    let scatter_km = 1.4826 * quantile(&mut spread, 0.5)?;
    let residuals: Vec<f64> = rim.iter().map(|h| h - rim_height_km).collect();
    // A median is less certain than a mean by the square root of π/2.
    let rim_variance = 1.57 * scatter_km * scatter_km * correlation_factor(&residuals) / rim.len() as f64;
    let mut floor: Vec<f64> = fitted.polar.between(0.0, FLOOR * radius_km).map(|(_, h)| h).collect();
    let floor_km = quantile(&mut floor, FLOOR_QUANTILE)?;
    let floor_sigma_km = 0.5 * (quantile(&mut floor, 0.25)? - quantile(&mut floor, 0.05)?);
    let depth_km = rim_height_km - floor_km;
    Some(CraterDepth {
        depth_km,
        depth_sigma_km: (rim_variance + floor_sigma_km * floor_sigma_km).sqrt(),
        rim_height_km,
        centre: centre(&fitted.polar, (radius_km, depth_km), cell_km),
    })
}

fn rim_heights_km(fitted: &Fitted) -> Vec<f64> {
    let of_ray = |(ray, point): (usize, &crate::craters::ellipse::RimPoint)| {
        let height_km = fitted.polar.at(ray, point.at_km[0].hypot(point.at_km[1]));
        (point.weight > 0.0 && !height_km.is_nan()).then_some(height_km)
    };
    fitted.points.iter().enumerate().filter_map(of_ray).collect()
}

fn quantile(values: &mut [f64], fraction: f64) -> Option<f64> {
    facula_core::quantile(values, fraction, f64::total_cmp)
}

/// Compares the middle with what a bowl through the ring about it would have there: a straight line in the square of the
/// distance.
fn centre(polar: &Polar, (radius_km, depth_km): (f64, f64), cell_km: f64) -> CraterCentre {
    if MIDDLE * radius_km < 1.5 * cell_km {
        return CraterCentre::Unresolved;
    }
    let square = |at: [f64; 2]| (at[0] * at[0] + at[1] * at[1]) / (radius_km * radius_km);
    let ring: Vec<(f64, f64)> =
        polar.between(RING[0] * radius_km, RING[1] * radius_km).map(|(at, h)| (square(at), h)).collect();
    let n = ring.len() as f64;
    let mean = ring.iter().fold([0.0; 2], |s, (x, h)| [s[0] + x / n, s[1] + h / n]);
    let slope = ring.iter().map(|(x, h)| (x - mean[0]) * (h - mean[1])).sum::<f64>()
        / ring.iter().map(|(x, _)| (x - mean[0]).powi(2)).sum::<f64>();
    let expected = |x: f64| mean[1] + slope.max(0.0) * (x - mean[0]);
    let mut off: Vec<f64> = ring.iter().map(|(x, h)| (h - expected(*x)).abs()).collect();
    let Some(scatter_km) = quantile(&mut off, 0.5) else { return CraterCentre::Unresolved };
    let middle: Vec<f64> =
        polar.between(0.0, MIDDLE * radius_km).map(|(at, h)| h - expected(square(at))).collect();
    let rise_km = middle.iter().sum::<f64>() / middle.len().max(1) as f64;
    let least_km = (STANDS_OUT * depth_km).max(STANDS_OUT_SIGMA * scatter_km);
    match rise_km {
        rise if rise > least_km => CraterCentre::Peak,
        rise if rise < -least_km => CraterCentre::Pit,
        _ => CraterCentre::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craters::polar::RAYS;
    use proptest::prelude::*;

    fn polar(height_km: impl Fn(f64) -> f64) -> Polar {
        let (radii, step_km) = (80, 0.5);
        let value = |k: usize| height_km(((k % radii) as f64 + 0.5) * step_km / 20.0);
        Polar { radii, step_km, values: (0..RAYS * radii).map(value).collect() }
    }

    #[test]
    fn peaks_and_pits_are_told_from_bowls_and_flat_floors() {
        let bowl = |x: f64| 4.0 * (x * x - 1.0);
        let flat = |x: f64| if x < 0.5 { -4.0 } else { 4.0 * ((x - 0.5) / 0.5).powf(1.5) - 4.0 };
        let bump = |x: f64| (1.0 - x / 0.22).max(0.0);
        let told = |height: &dyn Fn(f64) -> f64| centre(&polar(height), (20.0, 4.0), 0.5);
        assert_eq!(told(&bowl), CraterCentre::Plain);
        assert_eq!(told(&flat), CraterCentre::Plain);
        assert_eq!(told(&|x| flat(x) + 1.1 * bump(x)), CraterCentre::Peak);
        assert_eq!(told(&|x| flat(x) - 0.8 * bump(x)), CraterCentre::Pit);
        assert_eq!(centre(&polar(bowl), (20.0, 4.0), 3.0), CraterCentre::Unresolved);
    }

    proptest! {
        #[test]
        fn quantiles_lie_among_the_values(mut values in prop::collection::vec(-5.0..5.0f64, 1..40), f in 0.0..1.0f64) {
            let found = quantile(&mut values, f).unwrap();
            prop_assert!(values.contains(&found));
        }
    }

    #[test]
    fn brightness_has_no_depth() {
        let ellipsoid = facula_core::Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let values = facula_core::Raster::filled(8, 4, 1.0f32);
        let grid = facula_core::MapGrid::global(4);
        let sunlight = crate::craters::Sunlight::Even { azimuth_rad: 0.0, incidence_rad: 1.0 };
        let map = CraterMap { grid, values: &values, surface: Surface::Lit(sunlight), ellipsoid };
        assert!(measure_depths(&mut [], &map).is_err());
    }
}
