// SPDX-License-Identifier: MIT OR Apache-2.0
//! Columns that a caller adds to a catalogue: what was found about the spots elsewhere.

use crate::catalogue::{Cell, Kind};

/// A column beside those of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtraColumn {
    /// Name; ends in the unit as those of the catalogue do.
    pub name: String,
    /// What it is.
    pub about: String,
    /// Which columns (or words) tell how uncertain it is; `None` where nobody knows.
    pub uncertainty: Option<String>,
    /// One value for each row.
    pub values: ExtraValues,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ExtraValues {
    /// Numbers; those that are not finite are missing.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<Option<String>>),
}

impl ExtraColumn {
    /// A column of numbers without a stated uncertainty.
    pub fn numbers(name: &str, about: &str, values: Vec<f64>) -> Self {
        Self::new(name, about, ExtraValues::Numbers(values))
    }

    /// A column of texts.
    pub fn texts(name: &str, about: &str, values: Vec<Option<String>>) -> Self {
        Self::new(name, about, ExtraValues::Texts(values))
    }

    fn new(name: &str, about: &str, values: ExtraValues) -> Self {
        Self { name: name.into(), about: about.into(), uncertainty: None, values }
    }

    /// The column with what tells its uncertainty.
    #[must_use]
    pub fn within(self, uncertainty: &str) -> Self {
        Self { uncertainty: Some(uncertainty.into()), ..self }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self.values {
            ExtraValues::Numbers(_) => Kind::Number,
            ExtraValues::Texts(_) => Kind::Text,
        }
    }

    /// The value of a row; missing beyond the last.
    pub(crate) fn cell(&self, row: usize) -> Cell {
        match &self.values {
            ExtraValues::Numbers(values) => {
                Cell::Number(values.get(row).copied().filter(|value| value.is_finite()))
            }
            ExtraValues::Texts(values) => Cell::Text(values.get(row).cloned().flatten()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::tests::spot_at;
    use crate::{write_geojson_with, write_spots_parquet_with};
    use facula_core::Body;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    #[test]
    fn added_columns_stand_in_both_files_with_their_meaning() {
        let folder = tempfile::tempdir().unwrap();
        let ceres = Body::built_in("ceres").unwrap();
        let spots = [spot_at(10.0, 5.0), spot_at(20.0, 5.0)];
        let extra = [
            ExtraColumn::numbers("crater_distance_km", "distance from its centre", vec![3.5, f64::NAN])
                .within("position_sigma_km"),
            ExtraColumn::texts("crater_part", "where in it", vec![Some("floor".into())]),
        ];
        let path = folder.path().join("a.parquet");
        write_spots_parquet_with(&path, (&spots, &extra), &ceres).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let last = rows[0].len() - 1;
        // The geometry stays last.
        assert_eq!(rows[0].get_bytes(last).unwrap().len(), 21);
        assert_eq!(rows[0].get_double(last - 2).unwrap(), 3.5);
        assert_eq!(rows[0].get_string(last - 1).unwrap(), "floor");
        assert!(rows[1].is_null(last - 2).unwrap() && rows[1].is_null(last - 1).unwrap());
        let path = folder.path().join("a.geojson");
        write_geojson_with(&path, (&spots, &extra), &ceres).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(read["features"][0]["properties"]["crater_part"], "floor");
        assert!(read["features"][1]["properties"]["crater_distance_km"].is_null());
        let told = &read["columns"]["crater_distance_km"];
        assert_eq!((&told["unit"], &told["uncertainty"]), (&"km".into(), &"position_sigma_km".into()));
        assert_eq!(read["columns"]["latitude_deg"]["unit"], "degree");
        assert_eq!(read["columns"]["contrast"]["unit"], "1");
    }
}
