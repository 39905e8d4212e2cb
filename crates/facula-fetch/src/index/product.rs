// SPDX-License-Identifier: MIT OR Apache-2.0
//! A product of an archive: one row of an index, typed.

use std::collections::BTreeMap;

use facula_core::{Epoch, parse_utc};

use crate::FetchError;
use crate::index::table::TableLabel;

/// Geometry at the middle of the observation, where the index tells it. Degrees: this is an edge.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Geometry {
    /// Sun – target – camera angle, 0 to 180.
    pub phase_deg: Option<f64>,
    /// Distance of spacecraft and target centre, km.
    pub range_km: Option<f64>,
    /// Latitude below the spacecraft, planetocentric, −90 to 90.
    pub sub_spacecraft_latitude_deg: Option<f64>,
    /// East longitude below the spacecraft, as the index counts it.
    pub sub_spacecraft_longitude_deg: Option<f64>,
}

/// A product of an archive. Texts are empty where nothing is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Product {
    /// Identifier, unique in its volume.
    pub id: String,
    /// Volume (`DWNCAFC2_1B`).
    pub volume: String,
    /// File of the product, relative to the volume, with `/`.
    pub path: String,
    /// Data set (`DAWN-A-FC2-3-RDR-CERES-IMAGES-V1.0`).
    pub data_set: String,
    /// Target in capitals (`CERES`).
    pub target: String,
    /// Mission phase.
    pub phase: String,
    /// Filter (`F1`).
    pub filter: String,
    /// Start of the observation.
    pub start: Option<Epoch>,
    /// End of the observation.
    pub stop: Option<Epoch>,
    /// Exposure, s.
    pub exposure_s: Option<f64>,
    /// Geometry, where the index tells it.
    pub geometry: Geometry,
}

impl Product {
    /// The rows of an index table.
    ///
    /// # Errors
    /// [`FetchError::Format`] when label and table do not belong together, or no column tells the file.
    pub fn from_index(label: &str, table: &str, origin: &str) -> Result<Vec<Self>, FetchError> {
        let label = TableLabel::parse(label, origin)?;
        let rows = label.rows(table, origin)?;
        let names: Vec<&str> = label.columns.iter().map(|column| column.name.as_str()).collect();
        if !names.iter().any(|name| FILE_NAMES.contains(name)) {
            let what = format!("no column tells the file: {}", names.join(", "));
            return Err(FetchError::format(origin, what, "give the index of data files, not another table"));
        }
        Ok(rows
            .iter()
            .map(|row| Self::from_row(&Row { names: &names, fields: row, common: &label.common }))
            .collect())
    }

    fn from_row(row: &Row<'_>) -> Self {
        let file = row.text(&FILE_NAMES);
        let folder = row.text(&["PATH_NAME"]);
        let joined =
            if folder.is_empty() { file } else { format!("{}/{file}", folder.trim_end_matches(['/', '\\'])) };
        Self {
            id: row.text(&["PRODUCT_ID"]),
            volume: row.text(&["VOLUME_ID", "VOLUME_NAME"]),
            path: joined.replace('\\', "/").trim_start_matches('/').to_string(),
            data_set: row.text(&["DATA_SET_ID"]),
            target: row.text(&["TARGET_NAME"]).to_uppercase(),
            phase: row.text(&["MISSION_PHASE_NAME", "MISSION_PHASE"]),
            filter: row.text(&["FILTER_NAME", "FILTER_NUMBER"]),
            start: time(&row.text(&["START_TIME", "IMAGE_TIME", "OBSERVATION_TIME"])),
            stop: time(&row.text(&["STOP_TIME"])),
            exposure_s: row.number(&["EXPOSURE_DURATION"]).map(|ms| ms / MS_PER_S),
            geometry: Geometry {
                phase_deg: row.number(&["PHASE_ANGLE"]),
                range_km: row.number(&["TARGET_CENTER_DISTANCE", "SPACECRAFT_TARGET_CENTER_DISTANCE"]),
                sub_spacecraft_latitude_deg: row.number(&["SUB_SPACECRAFT_LATITUDE"]),
                sub_spacecraft_longitude_deg: row.number(&["SUB_SPACECRAFT_LONGITUDE"]),
            },
        }
    }
}

/// PDS gives EXPOSURE_DURATION in milliseconds (Planetary Science Data Dictionary).
const MS_PER_S: f64 = 1000.0;
const FILE_NAMES: [&str; 3] = ["FILE_SPECIFICATION_NAME", "FILE_NAME", "PATH_AND_FILE_NAME"];

struct Row<'a> {
    names: &'a [&'a str],
    fields: &'a [String],
    common: &'a BTreeMap<String, String>,
}

impl Row<'_> {
    /// The first of some columns that says something; what the label says of all rows counts last.
    fn text(&self, names: &[&str]) -> String {
        let of = |name: &&str| {
            let at = self.names.iter().position(|other| other == name)?;
            Some(self.fields[at].as_str()).filter(|text| known(text))
        };
        let common = || names.iter().find_map(|name| self.common.get(*name)).map(String::as_str);
        names.iter().find_map(of).or_else(common).filter(|text| known(text)).unwrap_or_default().to_string()
    }

    fn number(&self, names: &[&str]) -> Option<f64> {
        self.text(names).split_whitespace().next()?.parse().ok().filter(|n: &f64| n.is_finite())
    }
}

fn known(text: &str) -> bool {
    !matches!(text.to_uppercase().as_str(), "" | "N/A" | "UNK" | "NULL" | "NONE")
}

/// A PDS time: `2015-117T00:50:20.036` (day of the year) or `2015-04-27T00:50:20.036`.
fn time(text: &str) -> Option<Epoch> {
    let text = text.trim_end_matches('Z');
    let (date, clock) = text.split_once('T').unwrap_or((text, "00:00:00"));
    match date.split('-').collect::<Vec<_>>()[..] {
        [year, day] if day.len() == 3 => {
            let day: u32 = day.parse().ok().filter(|day| (1..=366).contains(day))?;
            let new_year = parse_utc(&format!("{year}-01-01T{clock}"))?;
            // Days are added to the date, not to the epoch, lest a leap second shift the clock.
            let at_day = new_year + f64::from(day - 1) * facula_core::Unit::Day;
            let shown = facula_core::format_utc(at_day + 12.0 * facula_core::Unit::Hour * noon_sign(clock));
            parse_utc(&format!("{}T{clock}", &shown[..10]))
        }
        [_, _, _] => parse_utc(&format!("{date}T{clock}")),
        _ => None,
    }
}

/// Moves a time of day towards noon, so that a leap second does not lead to another date.
fn noon_sign(clock: &str) -> f64 {
    let hour: u32 = clock.get(..2).and_then(|hour| hour.parse().ok()).unwrap_or(12);
    if hour < 6 {
        0.25
    } else if hour > 18 {
        -0.25
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::format_utc;

    #[test]
    fn both_forms_of_time_agree() {
        // Pairs START_TIME / DAWN:ALT_START_TIME of labels FC21A0035300 and FC21A0092895 (Small Bodies Node); the last
        // is the first second after a leap second inside the year.
        let pairs = [
            ("2015-117T00:50:20.036", "2015-04-27T00:50:20.036"),
            ("2018-173T00:35:02.028", "2018-06-22T00:35:02.028"),
            ("2015-182T00:00:00.000", "2015-07-01T00:00:00.000"),
            ("2015-365T23:59:59.999", "2015-12-31T23:59:59.999"),
        ];
        for (day, date) in pairs {
            assert_eq!(format_utc(time(day).unwrap()), date);
            assert_eq!(time(day), time(date));
        }
        for bad in ["", "N/A", "2015", "2015-000T00:00:00", "2015-400", "2015-04", "x-yyyT1"] {
            assert!(time(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_table_without_files_is_refused() {
        let label = "OBJECT = TABLE\nOBJECT = COLUMN\nNAME = A\nSTART_BYTE = 1\nBYTES = 1\nEND_OBJECT\nEND_OBJECT\nEND";
        let error = Product::from_index(label, "x\n", "A.TAB").unwrap_err();
        assert!(error.to_string().contains("no column tells the file: A"), "{error}");
    }

    #[test]
    fn geometry_and_units_are_taken_from_the_columns_that_have_them() {
        let field = |name: &str| format!("OBJECT = FIELD\nNAME = {name}\nEND_OBJECT\n");
        let names = [
            "PATH_NAME",
            "FILE_NAME",
            "EXPOSURE_DURATION",
            "PHASE_ANGLE",
            "TARGET_NAME",
            "SUB_SPACECRAFT_LATITUDE",
        ];
        let fields: String = names.iter().map(|name| field(name)).collect();
        let label = format!("VOLUME_ID = V1\nOBJECT = SPREADSHEET\n{fields}END_OBJECT\nEND");
        let table = "\"DATA\\RC3\\\",\"a.LBL\",1800.0,43.5,\"ceres\",\"N/A\"\n";
        let product = &Product::from_index(&label, table, "").unwrap()[0];
        assert_eq!((product.path.as_str(), product.volume.as_str()), ("DATA/RC3/a.LBL", "V1"));
        assert_eq!((product.exposure_s, product.geometry.phase_deg), (Some(1.8), Some(43.5)));
        assert_eq!((product.target.as_str(), product.geometry.sub_spacecraft_latitude_deg), ("CERES", None));
    }
}
