// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light curves read back from the Parquet file a survey wrote. Columns are found by name; others are passed over.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use facula_core::parse_utc;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::{Illumination, LightPoint, SpotError};

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
    let (word, utc) = (text("illumination")?, text("utc")?);
    Ok(LightPoint {
        spot_id: text("spot_id")?,
        frame_id: text("frame_id")?,
        epoch: parse_utc(&utc).ok_or_else(|| format!("time `{utc}` is not understood"))?,
        iof: number("iof")?,
        iof_sigma: number("iof_sigma")?,
        surroundings_iof: number("surroundings_iof")?,
        incidence_rad: radians("incidence_deg")?,
        emission_rad: radians("emission_deg")?,
        phase_rad: radians("phase_deg")?,
        illumination: Illumination::of_word(&word)
            .ok_or_else(|| format!("illumination `{word}` is unknown"))?,
        pixel_km: number("pixel_km")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LightCurve, write_light_curves_parquet};

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
