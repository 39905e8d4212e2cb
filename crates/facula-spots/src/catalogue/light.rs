// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light curves as a Parquet table, written and read back. Columns are found by name; others are passed over.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use facula_core::{format_utc, parse_utc};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::catalogue::parquet::{Table, write};
use crate::catalogue::{Cell, Column, Kind, column, number, text, write_aside};
use crate::{Illumination, LightCurve, LightPoint, SpotError};

const DEG_PER_RAD: f64 = 180.0 / std::f64::consts::PI;

/// The columns of a table of light curves.
const LIGHT_COLUMNS: [Column<LightPoint>; 15] = [
    column(Kind::Text, "spot_id", "spot in the catalogue", |p| text(&p.spot_id)),
    column(Kind::Text, "frame_id", "frame", |p| text(&p.frame_id)),
    column(Kind::Text, "utc", "middle of the exposure, UTC", |p| text(&format_utc(p.epoch))),
    column(Kind::Number, "iof", "mean I/F of the spot over its area", |p| number(p.iof)),
    column(Kind::Number, "iof_sigma", "one-sigma random error of iof", |p| number(p.iof_sigma)),
    column(Kind::Number, "surroundings_iof", "median I/F of the ring around it", |p| {
        number(p.surroundings_iof)
    }),
    column(Kind::Number, "surroundings_sigma", "one-sigma random error of surroundings_iof", |p| {
        number(p.surroundings_sigma)
    }),
    column(Kind::Number, "incidence_deg", "incidence angle, degrees", |p| {
        number(p.incidence_rad * DEG_PER_RAD)
    }),
    column(Kind::Number, "emission_deg", "emission angle, degrees", |p| number(p.emission_rad * DEG_PER_RAD)),
    column(Kind::Number, "phase_deg", "phase angle, degrees", |p| number(p.phase_rad * DEG_PER_RAD)),
    column(Kind::Number, "sun_azimuth_deg", "direction to the Sun, clockwise from north, degrees", |p| {
        number(p.sun_azimuth_rad * DEG_PER_RAD)
    }),
    column(
        Kind::Number,
        "camera_azimuth_deg",
        "direction to the camera, clockwise from north, degrees",
        |p| number(p.camera_azimuth_rad * DEG_PER_RAD),
    ),
    column(Kind::Number, "local_time_h", "local true solar time, hours", |p| number(p.local_time_h)),
    column(Kind::Text, "illumination", "lit, grazing or night", |p| text(p.illumination.word())),
    column(Kind::Number, "pixel_km", "size of a pixel across the line of sight, km", |p| number(p.pixel_km)),
];

/// Writes the points of all light curves, one row each.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_light_curves_parquet(path: &Path, curves: &[LightCurve]) -> Result<(), SpotError> {
    let rows: Vec<&LightPoint> = curves.iter().flat_map(|curve| &curve.points).collect();
    write(path, &Table { name: "light_curves", columns: &LIGHT_COLUMNS, extra: &[], rows, geometry: None })
}

/// The same table as text: a line of headings, commas between, nothing where a number is missing.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_light_curves_csv(path: &Path, curves: &[LightCurve]) -> Result<(), SpotError> {
    let told = |cell: Cell| match cell {
        // Identifiers are the user's: a comma or a quotation mark in one must not break the line.
        Cell::Text(Some(text)) if text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Cell::Text(text) => text.unwrap_or_default(),
        Cell::Number(number) => number.map_or_else(String::new, |number| number.to_string()),
        Cell::Count(count) => count.map_or_else(String::new, |count| count.to_string()),
    };
    let headings: Vec<&str> = LIGHT_COLUMNS.iter().map(|column| column.name).collect();
    write_aside(path, |file| {
        writeln!(file, "{}", headings.join(","))?;
        for point in curves.iter().flat_map(|curve| &curve.points) {
            let cells: Vec<String> = LIGHT_COLUMNS.iter().map(|column| told((column.of)(point))).collect();
            writeln!(file, "{}", cells.join(","))?;
        }
        Ok(())
    })
}

/// Reads the points of all light curves, in the order of the file; numbers that are missing there are NaN.
///
/// # Errors
/// [`SpotError::Io`] when the file cannot be opened, [`SpotError::Format`] when it is not Parquet, lacks a column, or
/// holds a time or a word that means nothing.
pub fn read_light_curves_parquet(path: &Path) -> Result<Vec<LightPoint>, SpotError> {
    let file = File::open(path).map_err(SpotError::io("read", path))?;
    let bad = |reason: String| SpotError::Format { reason, path: path.to_path_buf() };
    let reader = SerializedFileReader::new(file).map_err(|error| bad(error.to_string()))?;
    let rows = reader.get_row_iter(None).map_err(|error| bad(error.to_string()))?;
    let point = |(index, row): (usize, Result<Row, _>)| {
        let row = row.map_err(|error: parquet::errors::ParquetError| error.to_string());
        row.and_then(|row| light_point(&row)).map_err(|reason| bad(format!("row {}: {reason}", index + 1)))
    };
    rows.enumerate().map(point).collect()
}

fn light_point(row: &Row) -> Result<LightPoint, String> {
    let cells: BTreeMap<&str, &Field> =
        row.get_column_iter().map(|(name, cell)| (name.as_str(), cell)).collect();
    let of = |name: &str| cells.get(name).copied().ok_or_else(|| format!("no column `{name}`"));
    let number = |name: &str| match of(name)? {
        Field::Double(value) => Ok(*value),
        Field::Null => Ok(f64::NAN),
        other => Err(format!("`{name}` is {other}, not a number")),
    };
    let text = |name: &str| match of(name)? {
        Field::Str(text) => Ok(text.clone()),
        other => Err(format!("`{name}` is {other}, not a text")),
    };
    let radians = |name: &str| number(name).map(f64::to_radians);
    // Columns that older files do not have.
    let later = |name: &str| if cells.contains_key(name) { number(name) } else { Ok(f64::NAN) };
    let (word, utc) = (text("illumination")?, text("utc")?);
    Ok(LightPoint {
        spot_id: text("spot_id")?,
        frame_id: text("frame_id")?,
        epoch: parse_utc(&utc).ok_or_else(|| format!("time `{utc}` is not understood"))?,
        iof: number("iof")?,
        iof_sigma: number("iof_sigma")?,
        surroundings_iof: number("surroundings_iof")?,
        surroundings_sigma: later("surroundings_sigma")?,
        incidence_rad: radians("incidence_deg")?,
        emission_rad: radians("emission_deg")?,
        phase_rad: radians("phase_deg")?,
        sun_azimuth_rad: later("sun_azimuth_deg")?.to_radians(),
        camera_azimuth_rad: later("camera_azimuth_deg")?.to_radians(),
        local_time_h: later("local_time_h")?,
        illumination: Illumination::of_word(&word)
            .ok_or_else(|| format!("illumination `{word}` is unknown"))?,
        pixel_km: number("pixel_km")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<LightPoint> {
        let point = |k: i32| LightPoint {
            spot_id: format!("S{:03}", k % 3),
            frame_id: format!("FC{k}"),
            epoch: parse_utc("2015-05-04T01:02:03.004").unwrap(),
            iof: 0.1 + 0.01 * f64::from(k),
            iof_sigma: 0.001,
            surroundings_iof: 0.03,
            incidence_rad: 1.0,
            emission_rad: 0.5,
            phase_rad: 0.8,
            surroundings_sigma: 0.0005,
            sun_azimuth_rad: 1.25,
            camera_azimuth_rad: 2.5,
            local_time_h: 9.5,
            illumination: if k == 2 { Illumination::Night } else { Illumination::Lit },
            pixel_km: 1.3,
        };
        (0..7).map(point).collect()
    }

    fn written(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("light_curves.parquet");
        let curve = LightCurve { spot_id: "S000".into(), points: points() };
        write_light_curves_parquet(&path, &[curve]).unwrap();
        path
    }

    #[test]
    fn light_curves_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let back = read_light_curves_parquet(&written(folder.path())).unwrap();
        assert_eq!(back.len(), 7);
        for (found, given) in back.iter().zip(points()) {
            // Degrees and back cost a rounding.
            assert!((found.phase_rad - given.phase_rad).abs() < 1e-15);
            let angles = LightPoint {
                incidence_rad: given.incidence_rad,
                emission_rad: given.emission_rad,
                phase_rad: given.phase_rad,
                sun_azimuth_rad: given.sun_azimuth_rad,
                camera_azimuth_rad: given.camera_azimuth_rad,
                ..found.clone()
            };
            assert_eq!(angles, given);
        }
    }

    #[test]
    fn missing_numbers_are_nan_and_other_tables_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("light_curves.parquet");
        let point = LightPoint { surroundings_iof: f64::NAN, ..points().remove(0) };
        write_light_curves_parquet(&path, &[LightCurve { spot_id: "S000".into(), points: vec![point] }])
            .unwrap();
        assert!(read_light_curves_parquet(&path).unwrap()[0].surroundings_iof.is_nan());
        let spots = [crate::detect::tests::spot_at(10.0, 5.0)];
        crate::write_spots_parquet(&path, &spots, &facula_core::Body::built_in("ceres").unwrap()).unwrap();
        let told = read_light_curves_parquet(&path).unwrap_err().to_string();
        assert!(told.contains("row 1: no column `illumination`"), "{told}");
    }

    #[test]
    fn text_has_a_line_a_point_and_quotes_what_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("light_curves.csv");
        let point = LightPoint { frame_id: "a,\"b\"".into(), iof: f64::NAN, ..points().remove(0) };
        write_light_curves_csv(&path, &[LightCurve { spot_id: "S000".into(), points: vec![point] }]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("spot_id,frame_id,utc,iof,iof_sigma"), "{text}");
        assert!(lines[1].starts_with("S000,\"a,\"\"b\"\"\",2015-05-04T01:02:03.004,,0.001,0.03,"), "{text}");
    }

    #[test]
    fn files_cut_anywhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        for length in (0..bytes.len()).step_by(5) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(read_light_curves_parquet(&path).is_err(), "{length} of {} bytes", bytes.len());
        }
    }
}
