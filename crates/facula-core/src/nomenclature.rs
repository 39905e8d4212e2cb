// SPDX-License-Identifier: MIT OR Apache-2.0
//! Named features of the built-in bodies: what a spot may be called, and which crater it lies in.
//!
//! # Source
//! IAU/USGS Gazetteer of Planetary Nomenclature (planetarynames.wr.usgs.gov); the tables in `data/nomenclature`.

use serde::{Deserialize, Serialize};

use crate::LonLat;

/// A named feature of a body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// Name as the IAU writes it (`Cerealia Facula`).
    pub name: String,
    /// Kind in lower case, singular (`crater`, `facula`, `mons`).
    pub kind: String,
    /// Centre.
    pub place: LonLat,
    /// Largest extent, km.
    pub diameter_km: f64,
}

const TABLES: [(&str, &str); 2] = [
    ("ceres", include_str!("../data/nomenclature/ceres.csv")),
    ("vesta", include_str!("../data/nomenclature/vesta.csv")),
];

/// The named features of a body (name in any case), sorted by name; empty for a body without a table.
pub fn features(body: &str) -> Vec<Feature> {
    let table = TABLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(body));
    let lines = table.map_or("", |(_, text)| *text).lines();
    lines.filter(|line| !line.starts_with('#')).filter_map(feature).collect()
}

/// One line of a table; `None` for the line of column names.
fn feature(line: &str) -> Option<Feature> {
    let mut columns = line.split(',');
    let (name, kind) = (columns.next()?, columns.next()?);
    let mut number = || columns.next()?.parse::<f64>().ok();
    let (latitude_deg, longitude_deg, diameter_km) = (number()?, number()?, number()?);
    Some(Feature {
        name: name.to_string(),
        kind: kind.to_string(),
        place: LonLat::from_degrees(longitude_deg, latitude_deg),
        diameter_km,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_a_feature() {
        for (body, text) in TABLES {
            let rows = text.lines().filter(|line| !line.starts_with('#')).count() - 1;
            let all = features(body);
            assert_eq!(all.len(), rows, "{body}");
            assert!(all.windows(2).all(|pair| pair[0].name < pair[1].name), "{body} is not sorted");
            let sane = |f: &Feature| {
                f.diameter_km > 0.0 && f.diameter_km < 1000.0 && f.place.latitude_deg().abs() <= 90.0
            };
            assert!(all.iter().all(sane), "{body}");
        }
    }

    #[test]
    fn occator_lies_where_the_gazetteer_says() {
        // planetarynames.wr.usgs.gov: Occator 19.82 N, 239.33 E, 92 km.
        let ceres = features("Ceres");
        let occator = ceres.iter().find(|f| f.name == "Occator").expect("Occator");
        assert!((occator.place.latitude_deg() - 19.82).abs() < 0.01);
        assert!((occator.place.longitude_deg() - 239.33).abs() < 0.01);
        assert_eq!((occator.diameter_km, occator.kind.as_str()), (92.0, "crater"));
        assert_eq!(ceres.iter().filter(|f| f.kind == "facula").count(), 3);
    }

    #[test]
    fn a_body_without_a_table_has_no_features() {
        assert!(features("pluto").is_empty());
    }
}
