// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crater catalogue in files: GeoParquet, GeoJSON of the centres, GeoJSON of the rims.

use std::path::Path;

use facula_core::{Body, LonLat};
use serde_json::json;

use crate::catalogue::geojson::{properties, ring_deg, write_collection};
use crate::catalogue::parquet::{Table, geo, wkb_point, write};
use crate::catalogue::{Cell, Column, Kind, column, described, number, position_deg, text};
use crate::{Crater, SpotError};

const DEG_PER_RAD: f64 = 180.0 / std::f64::consts::PI;

/// The columns of a crater catalogue.
const CRATER_COLUMNS: [Column<Crater>; 28] = [
    column(Kind::Text, "id", "identifier, C00001 the largest", |c| text(&c.id)),
    column(Kind::Text, "name", "catalogue crater it is (IAU)", |c| Cell::Text(c.name.clone())),
    column(
        Kind::Number,
        "distance_to_name_km",
        "distance of the centre from the catalogue's, km",
        |c: &Crater| Cell::Number(c.distance_to_name_km),
    )
    .within("east_sigma_km, north_sigma_km"),
    column(Kind::Number, "name_diameter_km", "diameter in the catalogue, km", |c| {
        Cell::Number(c.name_diameter_km)
    }),
    column(
        Kind::Number,
        "longitude_deg",
        "east longitude of the centre, degrees, -180 to 180",
        |c: &Crater| number(position_deg(c.place)[0]),
    )
    .within("east_sigma_km"),
    column(Kind::Number, "latitude_deg", "planetocentric latitude of the centre, degrees", |c: &Crater| {
        number(position_deg(c.place)[1])
    })
    .within("north_sigma_km"),
    column(Kind::Number, "east_sigma_km", "one-sigma error of the centre to the east, km", |c| {
        number(c.centre_covariance_km2[0][0].sqrt())
    }),
    column(Kind::Number, "north_sigma_km", "one-sigma error of the centre to the north, km", |c| {
        number(c.centre_covariance_km2[1][1].sqrt())
    }),
    column(Kind::Number, "east_north_covariance_km2", "covariance of the two, km2", |c| {
        number(c.centre_covariance_km2[0][1])
    }),
    column(Kind::Number, "diameter_km", "diameter of the circle of the rim's area, km", |c: &Crater| {
        number(c.diameter_km)
    })
    .within("diameter_sigma_km"),
    column(Kind::Number, "diameter_sigma_km", "one-sigma error of it, km", |c| number(c.diameter_sigma_km)),
    column(Kind::Number, "semi_major_km", "longer semi-axis of the rim's ellipse, km", |c: &Crater| {
        number(c.semi_major_km)
    })
    .within("semi_major_sigma_km"),
    column(Kind::Number, "semi_major_sigma_km", "one-sigma error of it, km", |c| {
        number(c.semi_major_sigma_km)
    }),
    column(Kind::Number, "semi_minor_km", "shorter semi-axis, km", |c: &Crater| number(c.semi_minor_km))
        .within("semi_minor_sigma_km"),
    column(Kind::Number, "semi_minor_sigma_km", "one-sigma error of it, km", |c| {
        number(c.semi_minor_sigma_km)
    }),
    column(Kind::Number, "ellipticity", "longer over shorter semi-axis", |c: &Crater| {
        number(c.ellipticity())
    })
    .within("semi_major_sigma_km, semi_minor_sigma_km"),
    column(
        Kind::Number,
        "orientation_deg",
        "direction of the longer axis, clockwise from north, degrees",
        |c| number(c.orientation_rad * DEG_PER_RAD),
    ),
    column(Kind::Number, "rim_scatter_km", "robust scatter of the rim about the ellipse, km", |c| {
        number(c.rim_scatter_km)
    }),
    column(
        Kind::Number,
        "rim_fraction",
        "part of the visible rim within three scatters of the ellipse",
        |c| number(c.rim_fraction),
    ),
    column(Kind::Number, "likeness", "mean correlation of 72 rays with a crater's profile", |c| {
        number(c.likeness)
    }),
    column(
        Kind::Number,
        "depth_km",
        "median rim less tenth percentile of the floor, km; empty: no heights",
        |c: &Crater| Cell::Number(c.depth.map(|d| d.depth_km)),
    )
    .within("depth_sigma_km"),
    column(Kind::Number, "depth_sigma_km", "one-sigma error of it, km", |c| {
        Cell::Number(c.depth.map(|d| d.depth_sigma_km))
    }),
    column(Kind::Number, "depth_ratio", "depth over diameter", |c: &Crater| Cell::Number(c.depth_ratio()))
        .within("depth_sigma_km, diameter_sigma_km"),
    column(Kind::Number, "rim_height_km", "median rim above the plane of the surroundings, km", |c| {
        Cell::Number(c.depth.map(|d| d.rim_height_km))
    }),
    column(Kind::Text, "centre", "plain, peak, pit or unresolved; empty: no heights", |c| {
        Cell::Text(c.depth.map(|d| d.centre.word().to_string()))
    }),
    column(Kind::Number, "chord_east_km", "extent of the rim from west to east, km", |c| {
        number(chord_km(c, 0.0))
    }),
    column(Kind::Number, "chord_north_km", "extent of the rim from south to north, km", |c| {
        number(chord_km(c, std::f64::consts::FRAC_PI_2))
    }),
    column(Kind::Text, "flags", "what to know about it, separated by spaces", |c| {
        text(&c.flags.iter().map(|f| f.word()).collect::<Vec<_>>().join(" "))
    }),
];

/// Width of the rim's ellipse along a direction counter-clockwise from east.
fn chord_km(crater: &Crater, angle_rad: f64) -> f64 {
    let from_axis_rad = angle_rad - (std::f64::consts::FRAC_PI_2 - crater.orientation_rad);
    let (sin, cos) = from_axis_rad.sin_cos();
    2.0 * (crater.semi_major_km * cos).hypot(crater.semi_minor_km * sin)
}

/// Writes the craters as GeoParquet: all columns of the catalogue and `geometry` (WKB points, longitude −180 to 180).
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_craters_parquet(path: &Path, craters: &[Crater], body: &Body) -> Result<(), SpotError> {
    let places = || craters.iter().map(|crater| crater.place);
    let geometry = Some((places().map(wkb_point).collect(), geo(places(), body)));
    write(
        path,
        &Table {
            name: "craters",
            columns: &CRATER_COLUMNS,
            extra: &[],
            rows: craters.iter().collect(),
            geometry,
        },
    )
}

/// Writes the centres as GeoJSON points with all columns as properties. Longitudes −180 to 180 degrees.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_craters_geojson(path: &Path, craters: &[Crater], body: &Body) -> Result<(), SpotError> {
    let feature = |crater: &Crater| {
        let geometry = json!({ "type": "Point", "coordinates": position_deg(crater.place) });
        json!({
            "type": "Feature", "id": crater.id, "geometry": geometry,
            "properties": properties(&CRATER_COLUMNS, crater),
        })
    };
    let columns = Some(described(&CRATER_COLUMNS, &[]));
    write_collection(path, (craters.iter().map(feature).collect(), columns), body)
}

/// Writes the rims as GeoJSON polygons with the columns `id`, `name` and `diameter_km`; see
/// [`crate::write_outlines_geojson`] for longitude 180°.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_rims_geojson(path: &Path, craters: &[Crater], body: &Body) -> Result<(), SpotError> {
    let ellipsoid = body.ellipsoid();
    let feature = |crater: &Crater| {
        let outline: Vec<LonLat> = crater.outline(&ellipsoid);
        let geometry = json!({ "type": "Polygon", "coordinates": [ring_deg(&outline)] });
        let properties = json!({ "id": crater.id, "name": crater.name, "diameter_km": crater.diameter_km });
        json!({ "type": "Feature", "id": crater.id, "geometry": geometry, "properties": properties })
    };
    write_collection(path, (craters.iter().map(feature).collect(), None), body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craters::crater::tests::crater_at;
    use crate::{CraterCentre, CraterDepth};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    fn craters() -> [Crater; 2] {
        let depth =
            CraterDepth { depth_km: 4.0, depth_sigma_km: 0.1, rim_height_km: 0.7, centre: CraterCentre::Pit };
        let occator =
            Crater { depth: Some(depth), name: Some("Occator".into()), ..crater_at(239.4, 19.8, 92.0) };
        [occator, crater_at(180.0, -5.0, 8.0)]
    }

    #[test]
    fn craters_come_back_with_geometry_and_documented_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("craters.parquet");
        write_craters_parquet(&path, &craters(), &Body::built_in("ceres").unwrap()).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!((rows.len(), rows[0].get_string(1).unwrap().as_str()), (2, "Occator"));
        assert_eq!((rows[0].get_double(9).unwrap(), rows[0].get_double(20).unwrap()), (92.0, 4.0));
        assert!(rows[1].is_null(20).unwrap_or(true) && rows[0].get_string(24).unwrap() == "pit");
        assert_eq!(rows[1].get_bytes(CRATER_COLUMNS.len()).unwrap().len(), 21);
        let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let abouts = pairs.iter().find(|p| p.key == "columns").unwrap().value.clone().unwrap();
        let abouts: serde_json::Value = serde_json::from_str(&abouts).unwrap();
        assert_eq!(abouts.as_object().unwrap().len(), CRATER_COLUMNS.len());
        assert_eq!(
            abouts["depth_km"],
            json!({ "meaning": "median rim less tenth percentile of the floor, km; empty: no heights",
                    "unit": "km", "uncertainty": "depth_sigma_km" })
        );
    }

    #[test]
    fn centres_and_rims_are_geojson() {
        let folder = tempfile::tempdir().unwrap();
        let ceres = Body::built_in("ceres").unwrap();
        let read = |name: &str| -> serde_json::Value {
            serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
        };
        write_craters_geojson(&folder.path().join("a.geojson"), &craters(), &ceres).unwrap();
        let centres = read("a.geojson");
        assert_eq!(centres["features"][0]["properties"]["name"], "Occator");
        assert!(centres["features"][1]["properties"]["depth_km"].is_null());
        assert_eq!(centres["crs"]["properties"]["name"], "urn:ogc:def:crs:IAU:2015:200000100");
        write_rims_geojson(&folder.path().join("b.geojson"), &craters(), &ceres).unwrap();
        let ring = read("b.geojson")["features"][1]["geometry"]["coordinates"][0].clone();
        let longitudes: Vec<f64> = ring.as_array().unwrap().iter().map(|p| p[0].as_f64().unwrap()).collect();
        assert_eq!(longitudes.len(), 73);
        assert!(longitudes.windows(2).all(|w| (w[1] - w[0]).abs() < 1.0), "in one piece across 180");
    }

    #[test]
    fn chords_are_those_of_the_outline() {
        let sphere = facula_core::Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let crater = crater_at(0.0, 0.0, 10.0);
        let outline = crater.outline(&sphere);
        let north = outline.iter().map(|p| p.latitude_rad).fold(0.0, f64::max) * 470.0;
        assert!((2.0 * north - chord_km(&crater, std::f64::consts::FRAC_PI_2)).abs() < 0.02);
    }
}
