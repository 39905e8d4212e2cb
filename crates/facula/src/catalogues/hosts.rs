// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crater a spot lies in and where in it: of fitted rims where there are, else of the IAU's table.

use std::path::Path;

use facula_core::{Ellipsoid, Feature};
use facula_spots::{CraterPlace, CraterRim, ExtraColumn, Spot, host_crater, read_craters_parquet};

use crate::RequestError;

/// The crater that holds a spot.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Its name, or its identifier where it has none.
    pub name: String,
    /// Where in it the spot lies.
    pub at: CraterPlace,
}

/// Rims with names.
pub(super) struct Rims {
    names: Vec<String>,
    rims: Vec<CraterRim>,
}

impl Rims {
    /// The craters of a table of features; those that a file of fitted craters names are taken from there.
    pub fn new(features: &[Feature], fitted: Option<&Path>) -> Result<Self, RequestError> {
        let fitted = fitted.map(read_craters_parquet).transpose()?.unwrap_or_default();
        let is_fitted = |feature: &&Feature| fitted.iter().any(|c| c.name.as_ref() == Some(&feature.name));
        let table: Vec<&Feature> =
            features.iter().filter(|f| f.kind == "crater").filter(|f| !is_fitted(f)).collect();
        let own = fitted.iter().map(|crater| crater.name.clone().unwrap_or_else(|| crater.id.clone()));
        Ok(Self {
            names: own.chain(table.iter().map(|feature| feature.name.clone())).collect(),
            rims: fitted.iter().map(CraterRim::from).chain(table.into_iter().map(CraterRim::from)).collect(),
        })
    }

    /// The smallest crater around each spot; the spots are told its name.
    pub fn hosts(&self, spots: &mut [Spot], ellipsoid: &Ellipsoid) -> Vec<Option<Host>> {
        let host = |spot: &mut Spot| {
            let found = host_crater(spot.place, &self.rims, ellipsoid);
            let host = found.map(|(index, at)| Host { name: self.names[index].clone(), at });
            spot.host_crater = host.as_ref().map(|host| host.name.clone());
            host
        };
        spots.iter_mut().map(host).collect()
    }
}

/// The columns about hosts.
pub(super) fn columns(hosts: &[Option<Host>]) -> [ExtraColumn; 4] {
    let number = |of: fn(&CraterPlace) -> f64| -> Vec<f64> {
        hosts.iter().map(|host| host.as_ref().map_or(f64::NAN, |host| of(&host.at))).collect()
    };
    let part = hosts.iter().map(|host| host.as_ref().map(|host| host.at.part.word().to_string())).collect();
    [
        ExtraColumn::texts(
            "crater_part",
            "part of the host crater: centre (to 0.2 radii), floor (0.7), wall (0.9), rim",
            part,
        ),
        ExtraColumn::numbers(
            "crater_radius_ratio",
            "distance from the host's centre over that of its rim in that direction",
            number(|at| at.radius_ratio),
        ),
        ExtraColumn::numbers(
            "crater_distance_km",
            "distance from the host crater's centre",
            number(|at| at.distance_km),
        )
        .within("position_sigma_km"),
        ExtraColumn::numbers(
            "crater_azimuth_deg",
            "direction from the host's centre, clockwise from north",
            number(|at| at.azimuth_rad.to_degrees()),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{Body, LonLat, features};
    use facula_spots::Where;

    #[test]
    fn vinalia_lies_on_the_floor_of_occator() {
        let ceres = Body::built_in("ceres").unwrap();
        let rims = Rims::new(&features("ceres"), None).unwrap();
        let at = |lon: f64, lat: f64| {
            host_crater(LonLat::from_degrees(lon, lat), &rims.rims, &ceres.ellipsoid())
                .map(|(k, place)| (rims.names[k].clone(), place.part))
        };
        assert_eq!(at(242.5, 20.3), Some(("Occator".to_string(), Where::Floor)));
        assert_eq!(at(100.0, 0.0), None);
    }
}
