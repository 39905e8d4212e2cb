// SPDX-License-Identifier: MIT OR Apache-2.0
//! Colours of spots: their albedo in maps of other filters over that in the map they were found on.

use facula_core::{Ellipsoid, Reporter};
use facula_spots::{ExtraColumn, Spot};

use super::map_file::OpenMap;
use super::sample::{Patch, cell};
use super::spots::SpotRequest;
use crate::RequestError;
use crate::survey::InputFile;

/// Places of the ring around a spot, and its radii over the spot's diameter.
const RING_PLACES: usize = 96;
const RING: [f64; 2] = [1.2, 1.8];

/// Three columns for each further map: ratio of spot, its error, and that ratio over the surroundings'.
pub(super) fn columns(
    spots: &[Spot],
    map: &OpenMap,
    (request, report): (&SpotRequest, &dyn Reporter),
    inputs: &mut Vec<InputFile>,
) -> Result<Vec<ExtraColumn>, RequestError> {
    let mut columns = Vec::new();
    for choice in &request.colours {
        let other = OpenMap::open(choice, report)?;
        if other.grid != map.grid {
            return Err(RequestError::MapFile {
                what: format!("its cells are not those of {}", map.path.display()),
                remedy: "map both filters with the same --scale and --window",
                path: other.path,
            });
        }
        inputs.extend(other.inputs.iter().cloned());
        let ellipsoid = map.body.ellipsoid();
        let found: Vec<Colour> = spots.iter().map(|spot| colour(spot, (map, &other), &ellipsoid)).collect();
        let name = |end: &str| format!("{}_{end}", other.name);
        let of = |value: fn(&Colour) -> f64| found.iter().map(value).collect();
        let (ratio, sigma) = (name("ratio"), name("ratio_sigma"));
        let about = format!("mean of the spot in {} over that in {}", other.name, map.name);
        columns.extend([
            ExtraColumn::numbers(&ratio, &about, of(|c| c.ratio)).within(&sigma),
            ExtraColumn::numbers(
                &sigma,
                "one-sigma random error of it, from its scatter over the spot",
                of(|c| c.sigma),
            ),
            ExtraColumn::numbers(
                &name("colour"),
                &format!("{ratio} over that of the surroundings"),
                of(|c| c.relative),
            )
            .within(&sigma),
        ]);
    }
    Ok(columns)
}

struct Colour {
    ratio: f64,
    sigma: f64,
    relative: f64,
}

fn colour(spot: &Spot, (map, other): (&OpenMap, &OpenMap), ellipsoid: &Ellipsoid) -> Colour {
    let mut own: Vec<usize> = spot.footprint.iter().filter_map(|place| cell(&map.grid, *place)).collect();
    own.sort_unstable();
    own.dedup();
    let patch = Patch::new(spot.place, ellipsoid.radius_km(spot.place.direction()));
    let ring = (0..RING_PLACES).filter_map(|k| {
        let (sin, cos) = (k as f64 * 2.399_963).sin_cos();
        let far = RING[0] + (RING[1] - RING[0]) * k as f64 / RING_PLACES as f64;
        let radius_km = far * spot.diameter_km.max(2.0 * map.cell_km());
        cell(&map.grid, patch.place(radius_km * sin, radius_km * cos))
    });
    let (ratio, sigma) = ratio(&pairs(own.into_iter(), (map, other)));
    let (around, _) = self::ratio(&pairs(ring, (map, other)));
    Colour { ratio, sigma, relative: ratio / around }
}

fn pairs(cells: impl Iterator<Item = usize>, (map, other): (&OpenMap, &OpenMap)) -> Vec<[f64; 2]> {
    let both = cells.map(|k| [map, other].map(|map| f64::from(map.values.as_slice()[k])));
    both.filter(|pair| pair.iter().all(|value| value.is_finite())).collect()
}

/// Ratio of the means and its error from the scatter of single cells; NaN for fewer than one, and than three, cells.
fn ratio(pairs: &[[f64; 2]]) -> (f64, f64) {
    let n = pairs.len() as f64;
    let [own, other] = pairs.iter().fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
    let ratio = other / own;
    let scatter = pairs.iter().map(|p| (p[1] - ratio * p[0]).powi(2)).sum::<f64>();
    let sigma = if n < 3.0 { f64::NAN } else { (scatter / (n - 1.0) / n).sqrt() * n / own };
    (if n > 0.0 { ratio } else { f64::NAN }, sigma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;

    #[test]
    fn ratios_come_with_the_error_that_they_have() {
        let mut random = Random::new(4, 4);
        let mut off = Vec::new();
        for _ in 0..300 {
            let pairs: Vec<[f64; 2]> = (0..20)
                .map(|k| {
                    let own = 0.1 + 0.01 * f64::from(k);
                    [own, 1.3 * own + 0.01 * random.normal_pair().0]
                })
                .collect();
            let (found, sigma) = ratio(&pairs);
            off.push((found - 1.3) / sigma);
        }
        let scatter = (off.iter().map(|z| z * z).sum::<f64>() / off.len() as f64).sqrt();
        assert!((scatter - 1.0).abs() < 0.15, "{scatter}");
        assert!(ratio(&[]).0.is_nan() && ratio(&[[1.0, 2.0]]).0 == 2.0 && ratio(&[[1.0, 2.0]]).1.is_nan());
    }
}
