// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a light curve is measured of: spots of a catalogue, or any circle on the ground.

use std::f64::consts::PI;
use std::fs::File;
use std::path::Path;

use facula_core::LonLat;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;

use crate::{Spot, SpotError};

/// A piece of ground whose brightness is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct LightTarget {
    /// Identifier, unique among those measured together.
    pub id: String,
    /// Name, if it has one.
    pub name: Option<String>,
    /// Centre.
    pub place: LonLat,
    /// Diameter of the circle of its area, km.
    pub diameter_km: f64,
    /// Area the light above the surroundings is put back on, km².
    pub area_km2: f64,
    /// Places that fill or surround it: the aperture reaches to the farthest, twice the radius at most. Empty: a circle.
    pub footprint: Vec<LonLat>,
}

impl LightTarget {
    /// A circle on the ground.
    pub fn circle(id: &str, place: LonLat, diameter_km: f64) -> Self {
        let area_km2 = 0.25 * PI * diameter_km * diameter_km;
        Self { id: id.into(), name: None, place, diameter_km, area_km2, footprint: Vec::new() }
    }

    /// A spot of a catalogue.
    pub fn of(spot: &Spot) -> Self {
        Self {
            id: spot.id.clone(),
            name: spot.name.clone(),
            place: spot.place,
            diameter_km: spot.diameter_km,
            area_km2: spot.area_km2,
            footprint: spot.footprint.clone(),
        }
    }

    /// Name or identifier.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// Reads the spots of a catalogue as [`crate::write_geojson`] or [`crate::write_spots_parquet`] wrote it; any GeoJSON of points
/// or polygons with `id` and `diameter_km` does, polygons are footprints. Spots without position or size are refused, not
/// guessed.
///
/// # Errors
/// [`SpotError::Io`] when the file cannot be read, [`SpotError::Format`] when it is no such table.
pub fn read_light_targets(path: &Path) -> Result<Vec<LightTarget>, SpotError> {
    let bad = |reason: String| SpotError::Format { reason, path: path.to_path_buf() };
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet")) {
        let file = File::open(path).map_err(SpotError::io("read", path))?;
        let reader = SerializedFileReader::new(file).map_err(|error| bad(error.to_string()))?;
        let rows = reader.get_row_iter(None).map_err(|error| bad(error.to_string()))?;
        let target = |(index, row): (usize, Result<Row, parquet::errors::ParquetError>)| {
            let row = row.map_err(|error| error.to_string());
            row.and_then(|row| of_row(&row)).map_err(|reason| bad(format!("row {}: {reason}", index + 1)))
        };
        return rows.enumerate().map(target).collect();
    }
    let bytes = std::fs::read(path).map_err(SpotError::io("read", path))?;
    let whole: Value =
        serde_json::from_slice(&bytes).map_err(|error| bad(format!("it is not GeoJSON: {error}")))?;
    let features = whole["features"].as_array().ok_or_else(|| bad("it has no `features`".into()))?;
    let target = |(index, feature): (usize, &Value)| {
        of_feature(feature).map_err(|reason| bad(format!("feature {}: {reason}", index + 1)))
    };
    features.iter().enumerate().map(target).collect()
}

/// What every form of a catalogue tells of a spot.
struct Told {
    id: Option<String>,
    name: Option<String>,
    place: Option<LonLat>,
    diameter_km: Option<f64>,
    area_km2: Option<f64>,
}

impl Told {
    fn target(self, footprint: Vec<LonLat>) -> Result<LightTarget, String> {
        let id = self.id.ok_or("it has no `id`")?;
        let sound = |size: Option<f64>| size.filter(|size| *size > 0.0 && size.is_finite());
        let diameter_km = sound(self.diameter_km).ok_or_else(|| format!("{id} has no `diameter_km`"))?;
        let place = self.place.ok_or_else(|| format!("{id} has no position"))?;
        let circle = LightTarget::circle(&id, place, diameter_km);
        let area_km2 = sound(self.area_km2).unwrap_or(circle.area_km2);
        Ok(LightTarget { name: self.name, area_km2, footprint, ..circle })
    }
}

fn place(longitude_deg: Option<f64>, latitude_deg: Option<f64>) -> Option<LonLat> {
    let (longitude_deg, latitude_deg) = (longitude_deg?, latitude_deg?);
    let sound = longitude_deg.abs() <= 360.0 && latitude_deg.abs() <= 90.0;
    sound.then(|| LonLat::from_degrees(longitude_deg, latitude_deg))
}

fn of_row(row: &Row) -> Result<LightTarget, String> {
    let cell = |wanted: &str| row.get_column_iter().find(|(name, _)| *name == wanted).map(|(_, cell)| cell);
    let number = |name: &str| match cell(name) {
        Some(Field::Double(value)) => Some(*value),
        Some(Field::Float(value)) => Some(f64::from(*value)),
        _ => None,
    };
    let text = |name: &str| match cell(name) {
        Some(Field::Str(text)) => Some(text.clone()),
        _ => None,
    };
    let told = Told {
        id: text("id"),
        name: text("name"),
        place: place(number("longitude_deg"), number("latitude_deg")),
        diameter_km: number("diameter_km"),
        area_km2: number("area_km2"),
    };
    told.target(Vec::new())
}

fn of_feature(feature: &Value) -> Result<LightTarget, String> {
    let properties = &feature["properties"];
    let number = |name: &str| properties[name].as_f64();
    let text = |name: &str| properties[name].as_str().map(str::to_string);
    let mut footprint = Vec::new();
    positions(&feature["geometry"]["coordinates"], &mut footprint);
    let own = place(number("longitude_deg"), number("latitude_deg"));
    let told = Told {
        id: text("id").or_else(|| feature["id"].as_str().map(str::to_string)),
        name: text("name"),
        place: own.or_else(|| middle(&footprint)),
        diameter_km: number("diameter_km"),
        area_km2: number("area_km2"),
    };
    told.target(footprint)
}

/// All positions in coordinates of any depth.
fn positions(coordinates: &Value, into: &mut Vec<LonLat>) {
    let Some(parts) = coordinates.as_array() else { return };
    match (parts.first().and_then(Value::as_f64), parts.get(1).and_then(Value::as_f64)) {
        (Some(longitude_deg), latitude_deg) => into.extend(place(Some(longitude_deg), latitude_deg)),
        _ => parts.iter().for_each(|part| positions(part, into)),
    }
}

fn middle(places: &[LonLat]) -> Option<LonLat> {
    let sum = places.iter().fold(facula_core::Vec3::default(), |sum, place| sum + place.direction());
    sum.unit().map(LonLat::of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::spot_at;
    use crate::{write_geojson, write_spots_parquet};
    use facula_core::Body;

    #[test]
    fn catalogues_come_back_from_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let ceres = Body::built_in("ceres").unwrap();
        let spots = [spot_at(239.6, 19.7), Spot { id: "S002".into(), ..spot_at(10.0, -5.0) }];
        let path = |name: &str| folder.path().join(name);
        write_geojson(&path("a.geojson"), &spots, &ceres).unwrap();
        write_spots_parquet(&path("a.parquet"), &spots, &ceres).unwrap();
        for name in ["a.geojson", "a.parquet"] {
            let found = read_light_targets(&path(name)).unwrap();
            assert_eq!(found.len(), 2, "{name}");
            for (target, spot) in found.iter().zip(&spots) {
                assert_eq!((&target.id, &target.name), (&spot.id, &spot.name), "{name}");
                assert!((target.diameter_km - spot.diameter_km).abs() < 1e-9, "{name}");
                assert!(target.place.separation_rad(spot.place) < 0.05, "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_catalogue_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.geojson");
        for (text, reason) in [
            ("{", "not GeoJSON"),
            ("{}", "no `features`"),
            (r#"{"features":[{}]}"#, "feature 1: it has no `id`"),
            (r#"{"features":[{"id":"A","properties":{"diameter_km":-1}}]}"#, "A has no `diameter_km`"),
            (r#"{"features":[{"id":"A","properties":{"diameter_km":5}}]}"#, "A has no position"),
        ] {
            std::fs::write(&path, text).unwrap();
            let told = read_light_targets(&path).unwrap_err().to_string();
            assert!(told.contains(reason), "{told}");
        }
        std::fs::write(&path, r#"{"features":[]}"#).unwrap();
        assert!(read_light_targets(&path).unwrap().is_empty());
        assert!(matches!(read_light_targets(&folder.path().join("no.parquet")), Err(SpotError::Io { .. })));
    }

    #[test]
    fn a_circle_has_the_area_of_its_diameter() {
        let circle = LightTarget::circle("A", LonLat::from_degrees(1.0, 2.0), 10.0);
        assert!((circle.area_km2 - 78.539_816_339).abs() < 1e-6 && circle.label() == "A");
    }
}
