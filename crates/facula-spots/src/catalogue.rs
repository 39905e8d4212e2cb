// SPDX-License-Identifier: MIT OR Apache-2.0
//! The catalogue in files. The columns are listed once, here; every format writes the same.

pub(crate) mod craters;
pub(crate) mod extra;
pub(crate) mod geojson;
pub(crate) mod light;
pub(crate) mod light_fits;
pub(crate) mod parquet;
pub(crate) mod read_craters;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use facula_core::{Body, LonLat};
use serde_json::{Value, json};

use crate::{Polarity, Spot, SpotError};
pub use extra::{ExtraColumn, ExtraValues};

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(Option<String>),
    Number(Option<f64>),
    Count(Option<i32>),
}

/// What kind of cells a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Count,
}

/// A column: kind, name (it ends in the unit), meaning, value, and which columns tell how uncertain it is.
pub(crate) struct Column<T> {
    pub kind: Kind,
    pub name: &'static str,
    pub about: &'static str,
    pub of: fn(&T) -> Cell,
    pub uncertainty: Option<&'static str>,
}

const fn column<T>(kind: Kind, name: &'static str, about: &'static str, of: fn(&T) -> Cell) -> Column<T> {
    Column { kind, name, about, of, uncertainty: None }
}

impl<T> Column<T> {
    /// The column with the words that tell its uncertainty.
    const fn within(mut self, uncertainty: &'static str) -> Self {
        self.uncertainty = Some(uncertainty);
        self
    }
}

/// Ends of column names and their units; a name without one is a ratio or a count.
const UNITS: [(&str, &str); 6] =
    [("_km2", "km2"), ("_km", "km"), ("_deg", "degree"), ("_px", "px"), ("_s", "s"), ("utc", "UTC")];

/// The unit of a column, from its name: `1` for numbers without, empty for texts.
fn unit_of(kind: Kind, name: &str) -> &'static str {
    let named = UNITS.iter().find(|(end, _)| name.ends_with(end)).map(|(_, unit)| *unit);
    match kind {
        Kind::Text => named.filter(|unit| *unit == "UTC").unwrap_or(""),
        Kind::Number | Kind::Count => named.unwrap_or("1"),
    }
}

/// What each column is, for the files: meaning, unit, and the columns that tell its uncertainty (`null`: none is known).
pub(crate) fn described<T>(columns: &[Column<T>], extra: &[ExtraColumn]) -> Value {
    let entry = |kind, name: &str, about: &str, uncertainty: Option<&str>| {
        let told = json!({ "meaning": about, "unit": unit_of(kind, name), "uncertainty": uncertainty });
        (name.to_string(), told)
    };
    let own = columns.iter().map(|c| entry(c.kind, c.name, c.about, c.uncertainty));
    let added = extra.iter().map(|c| entry(c.kind(), &c.name, &c.about, c.uncertainty.as_deref()));
    Value::Object(own.chain(added).collect())
}

fn number(value: f64) -> Cell {
    Cell::Number(value.is_finite().then_some(value))
}

fn text(value: &str) -> Cell {
    Cell::Text(Some(value.to_string()))
}

/// The columns of a spot catalogue.
pub(crate) const SPOT_COLUMNS: [Column<Spot>; 29] = [
    column(Kind::Text, "id", "identifier, S001 the most significant", |s| text(&s.id)),
    column(Kind::Text, "name", "facula or crater it lies in or at (IAU)", |s| Cell::Text(s.name.clone())),
    column(Kind::Text, "host_crater", "smallest named crater that holds it (IAU)", |s| {
        Cell::Text(s.host_crater.clone())
    }),
    column(
        Kind::Number,
        "distance_to_name_km",
        "distance from the centre of the named feature, km",
        |s: &Spot| Cell::Number(s.distance_to_name_km),
    )
    .within("position_sigma_km"),
    column(
        Kind::Number,
        "longitude_deg",
        "east longitude of the centroid, degrees, -180 to 180",
        |s: &Spot| number(position_deg(s.place)[0]),
    )
    .within("position_sigma_km"),
    column(Kind::Number, "latitude_deg", "planetocentric latitude of the centroid, degrees", |s: &Spot| {
        number(position_deg(s.place)[1])
    })
    .within("position_sigma_km"),
    column(Kind::Number, "position_sigma_km", "one-sigma error of the centroid in one direction, km", |s| {
        number(s.position_sigma_km)
    }),
    column(Kind::Text, "polarity", "bright or dark", |s| {
        text(match s.polarity {
            Polarity::Bright => "bright",
            Polarity::Dark => "dark",
        })
    }),
    column(Kind::Number, "area_km2", "area above half maximum as seen, km2", |s| number(s.area_km2)),
    column(Kind::Number, "diameter_km", "diameter of the circle of that area, km", |s: &Spot| {
        number(s.diameter_km)
    })
    .within("that of disc_diameter_km where resolved"),
    column(Kind::Number, "disc_diameter_km", "diameter without the point-spread function, km", |s: &Spot| {
        number(s.disc_diameter_km)
    })
    .within("disc_diameter_low_km to disc_diameter_high_km, 68 %"),
    column(Kind::Number, "disc_diameter_low_km", "lower end of its 68 % range, km", |s| {
        number(s.disc_diameter_low_km)
    }),
    column(Kind::Number, "disc_diameter_high_km", "upper end of its 68 % range, km", |s| {
        number(s.disc_diameter_high_km)
    }),
    column(Kind::Number, "peak_albedo", "largest albedo", |s: &Spot| number(s.peak_albedo))
        .within("albedo_sigma at least (random part)"),
    column(Kind::Number, "mean_albedo", "mean albedo above half maximum", |s: &Spot| number(s.mean_albedo))
        .within("albedo_sigma (random part)"),
    column(Kind::Number, "albedo_sigma", "one-sigma random error of mean_albedo", |s| number(s.albedo_sigma)),
    column(
        Kind::Number,
        "disc_albedo",
        "albedo of a uniform disc without the point-spread function",
        |s: &Spot| number(s.disc_albedo.unwrap_or(f64::NAN)),
    )
    .within("disc_albedo_low to disc_albedo_high; none: only they are known"),
    column(Kind::Number, "disc_albedo_low", "lower bound of it", |s| {
        number(s.disc_albedo_low.unwrap_or(f64::NAN))
    }),
    column(Kind::Number, "disc_albedo_high", "upper bound of it; none: unbounded", |s| {
        number(s.disc_albedo_high.unwrap_or(f64::NAN))
    }),
    column(Kind::Number, "background_albedo", "median albedo of the surroundings", |s| {
        number(s.background_albedo)
    }),
    column(Kind::Number, "contrast", "peak_albedo / background_albedo", |s: &Spot| number(s.contrast))
        .within("albedo_sigma / background_albedo at least"),
    column(Kind::Number, "mean_contrast", "mean_albedo / background_albedo", |s: &Spot| {
        number(s.mean_contrast)
    })
    .within("albedo_sigma / background_albedo"),
    column(Kind::Number, "excess_km2", "sum of (albedo / background - 1) times area, km2", |s: &Spot| {
        number(s.excess_km2)
    })
    .within("excess_sigma_km2"),
    column(Kind::Number, "excess_sigma_km2", "one-sigma error of it: noise and relief, km2", |s| {
        number(s.excess_sigma_km2)
    }),
    column(Kind::Number, "significance", "filter response over local noise, sigma", |s| {
        number(s.significance)
    }),
    column(Kind::Number, "scale_km", "full width of the filter that saw it best, km", |s| number(s.scale_km)),
    column(Kind::Count, "frames", "frames that saw its centroid", |s| {
        Cell::Count(s.frames.map(|f| i32::try_from(f).unwrap_or(i32::MAX)))
    }),
    column(
        Kind::Number,
        "slope_fraction",
        "strength of the opposite companion beside it over its own, 1: a slope",
        |s| number(s.slope_fraction),
    ),
    column(Kind::Text, "flags", "words: unresolved saturated edge truncated crowded slope", |s| {
        text(&s.flags.iter().map(|f| f.word()).collect::<Vec<_>>().join(" "))
    }),
];

/// Longitude in [−180, 180) and latitude, degrees, rounded to 1e-9 (0.01 mm on Ceres) so that no last digit of an
/// arithmetic shows.
pub(crate) fn position_deg(place: LonLat) -> [f64; 2] {
    let round = |deg: f64| (deg * 1e9).round() / 1e9;
    let longitude_deg = round(place.longitude_deg());
    let wrapped = if longitude_deg >= 180.0 { longitude_deg - 360.0 } else { longitude_deg };
    [round(wrapped), round(place.latitude_deg())]
}

/// The body's geographic coordinate system as PROJJSON: the IAU's where there is one, else a sphere.
pub(crate) fn crs_projjson(body: &Body) -> Value {
    let name = body
        .iau_2015
        .as_ref()
        .map_or_else(|| format!("{} - Sphere / Ocentric", body.name), |crs| crs.geographic_name.clone());
    let datum = name.trim_end_matches(" / Ocentric").to_string();
    let radius_m = body.iau_2015.as_ref().map_or(1000.0 * body.radii_km[0], |crs| crs.sphere_radius_m);
    let axis = |name, short, direction| json!({ "name": name, "abbreviation": short, "direction": direction, "unit": "degree" });
    let mut crs = json!({
        "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
        "type": "GeographicCRS",
        "name": name,
        "datum": {
            "type": "GeodeticReferenceFrame",
            "name": datum,
            "ellipsoid": { "name": datum, "radius": radius_m },
            "prime_meridian": { "name": "Reference Meridian", "longitude": 0 },
        },
        "coordinate_system": {
            "subtype": "ellipsoidal",
            "axis": [
                axis("Geodetic latitude", "Lat", "north"),
                axis("Geodetic longitude", "Lon", "east"),
            ],
        },
    });
    if let Some(iau) = &body.iau_2015 {
        crs["id"] = json!({ "authority": "IAU", "code": iau.geographic_code, "version": 2015 });
    }
    crs
}

/// [`facula_core::write_aside`] with this crate's error.
pub(crate) fn write_aside(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), SpotError> {
    facula_core::write_aside(path, fill).map_err(SpotError::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_lie_between_minus_and_plus_180() {
        assert_eq!(position_deg(LonLat::from_degrees(239.6, 19.7)), [-120.4, 19.7]);
        assert_eq!(position_deg(LonLat::from_degrees(180.0, -5.0)), [-180.0, -5.0]);
        assert_eq!(position_deg(LonLat::from_degrees(179.5, 0.0)), [179.5, 0.0]);
    }

    #[test]
    fn the_coordinate_system_of_ceres_is_the_iau_one() {
        let crs = crs_projjson(&Body::built_in("ceres").unwrap());
        assert_eq!(crs["name"], "Ceres (2015) - Sphere / Ocentric");
        assert_eq!(
            (&crs["id"]["code"], &crs["datum"]["ellipsoid"]["radius"]),
            (&json!(200000100), &json!(487300.0))
        );
        let own = Body { iau_2015: None, name: "bennu".into(), ..Body::built_in("ceres").unwrap() };
        assert!(crs_projjson(&own).get("id").is_none());
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let error = write_aside(&path, |_| Err(io::Error::other("disk full"))).unwrap_err();
        assert!(error.to_string().contains("disk full") && error.to_string().contains("a.json"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(matches!(write_aside(Path::new("/"), |_| Ok(())), Err(SpotError::Io { .. })));
    }
}
