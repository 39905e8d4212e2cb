// SPDX-License-Identifier: MIT OR Apache-2.0
//! Craters read back from the GeoParquet file they were written to. Columns are found by name; others are passed over.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use facula_core::LonLat;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::{Crater, CraterCentre, CraterDepth, CraterFlag, SpotError};

const RAD_PER_DEG: f64 = std::f64::consts::PI / 180.0;

/// Reads the craters of a file, in its order; numbers that are missing there are NaN.
///
/// # Errors
/// [`SpotError::Io`] when the file cannot be opened, [`SpotError::Argument`] when it is not Parquet, lacks a column, or
/// holds a word that means nothing.
pub fn read_craters_parquet(path: &Path) -> Result<Vec<Crater>, SpotError> {
    let file = File::open(path).map_err(SpotError::io("read", path))?;
    let bad = |reason: String| SpotError::Argument {
        what: "table of craters",
        found: format!("{}: {reason}", path.display()),
        remedy: "give craters.parquet of `facula craters`",
    };
    let reader = SerializedFileReader::new(file).map_err(|error| bad(error.to_string()))?;
    let rows = reader.get_row_iter(None).map_err(|error| bad(error.to_string()))?;
    let one = |(index, row): (usize, Result<Row, _>)| {
        let row = row.map_err(|error: parquet::errors::ParquetError| error.to_string());
        row.and_then(|row| crater(&row)).map_err(|reason| bad(format!("row {}: {reason}", index + 1)))
    };
    rows.enumerate().map(one).collect()
}

/// The cells of a row by the names of their columns.
struct Cells<'a>(BTreeMap<&'a str, &'a Field>);

impl Cells<'_> {
    fn of(&self, name: &str) -> Result<&Field, String> {
        self.0.get(name).copied().ok_or_else(|| format!("no column `{name}`"))
    }

    /// A number, `None` where it is missing.
    fn known(&self, name: &str) -> Result<Option<f64>, String> {
        match self.of(name)? {
            Field::Double(value) => Ok(Some(*value)),
            Field::Null => Ok(None),
            other => Err(format!("`{name}` is {other}, not a number")),
        }
    }

    fn number(&self, name: &str) -> Result<f64, String> {
        Ok(self.known(name)?.unwrap_or(f64::NAN))
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.of(name)? {
            Field::Str(text) => Ok(Some(text.clone())),
            Field::Null => Ok(None),
            other => Err(format!("`{name}` is {other}, not a text")),
        }
    }
}

fn crater(row: &Row) -> Result<Crater, String> {
    let cells = Cells(row.get_column_iter().map(|(name, cell)| (name.as_str(), cell)).collect());
    let number = |name: &str| cells.number(name);
    let between = number("east_north_covariance_km2")?;
    let square = |name: &str| number(name).map(|sigma| sigma * sigma);
    let words = cells.text("flags")?.unwrap_or_default();
    Ok(Crater {
        id: cells.text("id")?.unwrap_or_default(),
        place: LonLat::new(number("longitude_deg")? * RAD_PER_DEG, number("latitude_deg")? * RAD_PER_DEG),
        centre_covariance_km2: [[square("east_sigma_km")?, between], [between, square("north_sigma_km")?]],
        diameter_km: number("diameter_km")?,
        diameter_sigma_km: number("diameter_sigma_km")?,
        semi_major_km: number("semi_major_km")?,
        semi_major_sigma_km: number("semi_major_sigma_km")?,
        semi_minor_km: number("semi_minor_km")?,
        semi_minor_sigma_km: number("semi_minor_sigma_km")?,
        orientation_rad: number("orientation_deg")? * RAD_PER_DEG,
        rim_scatter_km: number("rim_scatter_km")?,
        rim_fraction: number("rim_fraction")?,
        likeness: number("likeness")?,
        depth: depth(&cells)?,
        flags: words.split_whitespace().map(flag).collect::<Result<_, _>>()?,
        name: cells.text("name")?,
        distance_to_name_km: cells.known("distance_to_name_km")?,
        name_diameter_km: cells.known("name_diameter_km")?,
    })
}

fn depth(cells: &Cells<'_>) -> Result<Option<CraterDepth>, String> {
    let Some(depth_km) = cells.known("depth_km")? else { return Ok(None) };
    let word = cells.text("centre")?.unwrap_or_default();
    let known = [CraterCentre::Plain, CraterCentre::Peak, CraterCentre::Pit, CraterCentre::Unresolved];
    let centre = known.into_iter().find(|centre| centre.word() == word);
    Ok(Some(CraterDepth {
        depth_km,
        depth_sigma_km: cells.number("depth_sigma_km")?,
        rim_height_km: cells.number("rim_height_km")?,
        centre: centre.ok_or_else(|| format!("centre `{word}` is unknown"))?,
    }))
}

fn flag(word: &str) -> Result<CraterFlag, String> {
    let known = [CraterFlag::Edge, CraterFlag::PartialRim, CraterFlag::Small];
    known.into_iter().find(|flag| flag.word() == word).ok_or_else(|| format!("flag `{word}` is unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craters::crater::tests::crater_at;
    use crate::write_craters_parquet;
    use facula_core::Body;

    fn craters() -> Vec<Crater> {
        let depth =
            CraterDepth { depth_km: 4.0, depth_sigma_km: 0.1, rim_height_km: 0.7, centre: CraterCentre::Pit };
        let occator =
            Crater { depth: Some(depth), name: Some("Occator".into()), ..crater_at(239.4, 19.8, 92.0) };
        vec![occator, crater_at(350.0, -5.0, 8.0)]
    }

    fn written(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("craters.parquet");
        write_craters_parquet(&path, &craters(), &Body::built_in("ceres").unwrap()).unwrap();
        path
    }

    #[test]
    fn craters_come_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        for (found, given) in read_craters_parquet(&written(folder.path())).unwrap().iter().zip(craters()) {
            // Degrees are rounded to 1e-9, sigmas squared and back.
            assert!(found.place.separation_rad(given.place) < 1e-10);
            assert!((found.orientation_rad - given.orientation_rad).abs() < 1e-12);
            let same = Crater {
                place: given.place,
                orientation_rad: given.orientation_rad,
                centre_covariance_km2: given.centre_covariance_km2,
                ..found.clone()
            };
            assert_eq!(same, given);
        }
    }

    #[test]
    fn other_tables_and_cut_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        for length in (0..bytes.len()).step_by(97) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(read_craters_parquet(&path).is_err(), "{length} of {} bytes", bytes.len());
        }
        let spots = [crate::detect::tests::spot_at(10.0, 5.0)];
        crate::write_spots_parquet(&path, &spots, &Body::built_in("ceres").unwrap()).unwrap();
        let told = read_craters_parquet(&path).unwrap_err().to_string();
        assert!(told.contains("row 1: no column"), "{told}");
    }
}
