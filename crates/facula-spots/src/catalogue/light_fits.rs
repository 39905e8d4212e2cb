// SPDX-License-Identifier: MIT OR Apache-2.0
//! What light curves tell, as a table: one row a spot.

use std::path::Path;

use crate::catalogue::parquet::{Table, write};
use crate::catalogue::{Cell, Column, Kind, column, number, text};
use crate::{Edge, Excess, LightFit, LightParameter, SpotError, SpotStudy, Zone};

const DEG_PER_RAD: f64 = 180.0 / std::f64::consts::PI;

fn count(value: usize) -> Cell {
    Cell::Count(i32::try_from(value).ok())
}

fn of_fit(fit: Option<&LightFit>, of: impl Fn(&LightFit) -> f64) -> Cell {
    fit.map_or(Cell::Number(None), |fit| number(of(fit)))
}

fn slope(fit: Option<&LightFit>, of: fn(&LightParameter) -> f64) -> Cell {
    of_fit(fit, |fit| fit.phase_slope().map_or(f64::NAN, of))
}

fn albedo(fit: Option<&LightFit>, of: fn(&LightParameter) -> f64) -> Cell {
    of_fit(fit, |fit| fit.normal_albedo().map_or(f64::NAN, of))
}

fn excess(study: &SpotStudy, zone: Zone, of: fn(&Excess) -> f64) -> Cell {
    let found = study.fit.as_ref().and_then(|fit| fit.excess.iter().find(|e| e.zone == zone));
    number(found.map_or(f64::NAN, of))
}

fn crossings(study: &SpotStudy, edge: Edge) -> Cell {
    count(study.crossings.iter().filter(|c| c.edge == edge).count())
}

const FIT_COLUMNS: [Column<SpotStudy>; 38] = [
    column(Kind::Text, "spot_id", "spot in the catalogue", |s| text(&s.spot_id)),
    column(Kind::Count, "points", "points of its light curve", |s| count(s.points)),
    column(Kind::Count, "fitted_points", "points the law was fitted to", |s| {
        count(s.fit.as_ref().map_or(0, |f| f.used.len()))
    }),
    column(Kind::Count, "rotations", "rotations with fitted points", |s| {
        count(s.fit.as_ref().map_or(0, LightFit::rotations))
    }),
    column(Kind::Number, "phase_least_deg", "least phase angle fitted, degrees", |s| {
        of_fit(s.fit.as_ref(), |f| f.phase_range_rad[0] * DEG_PER_RAD)
    }),
    column(Kind::Number, "phase_most_deg", "largest phase angle fitted, degrees", |s| {
        of_fit(s.fit.as_ref(), |f| f.phase_range_rad[1] * DEG_PER_RAD)
    }),
    column(Kind::Number, "incidence_most_deg", "largest incidence angle fitted, degrees", |s| {
        of_fit(s.fit.as_ref(), |f| f.incidence_range_rad[1] * DEG_PER_RAD)
    }),
    column(Kind::Text, "slope_name", "parameter of the phase function; empty where not constrained", |s| {
        Cell::Text(s.fit.as_ref().and_then(LightFit::phase_slope).map(|p| p.name.clone()))
    }),
    column(Kind::Number, "slope", "that parameter, in the unit its name tells", |s| {
        slope(s.fit.as_ref(), |p| p.value)
    }),
    column(Kind::Number, "slope_sigma", "one sigma of it, all parts of the error", |s| {
        slope(s.fit.as_ref(), |p| p.sigma)
    }),
    column(Kind::Number, "slope_scatter_sigma", "from the scatter about the law", |s| {
        slope(s.fit.as_ref(), |p| p.scatter_sigma)
    }),
    column(Kind::Number, "slope_relief_sigma", "from relief that is not known", |s| {
        slope(s.fit.as_ref(), |p| p.relief_sigma)
    }),
    column(Kind::Number, "slope_rotation_sigma", "from leaving out one rotation after the other", |s| {
        slope(s.fit.as_ref(), |p| p.rotation_sigma)
    }),
    column(Kind::Number, "normal_albedo", "I/F at incidence, emission and phase 0 by the law", |s| {
        albedo(s.fit.as_ref(), |p| p.value)
    }),
    column(Kind::Number, "normal_albedo_sigma", "one sigma of it", |s| albedo(s.fit.as_ref(), |p| p.sigma)),
    column(Kind::Number, "chi2", "sum of squared residuals over their errors", |s| {
        of_fit(s.fit.as_ref(), |f| f.chi2)
    }),
    column(Kind::Number, "degrees_of_freedom", "fitted points less parameters", |s| {
        of_fit(s.fit.as_ref(), |f| f.degrees_of_freedom as f64)
    }),
    column(Kind::Number, "surroundings_slope", "slope of the ring around it", |s| {
        slope(s.surroundings.as_ref(), |p| p.value)
    }),
    column(Kind::Number, "surroundings_slope_sigma", "one sigma of it", |s| {
        slope(s.surroundings.as_ref(), |p| p.sigma)
    }),
    column(Kind::Number, "surroundings_albedo", "normal albedo of the ring around it", |s| {
        albedo(s.surroundings.as_ref(), |p| p.value)
    }),
    column(Kind::Number, "surroundings_albedo_sigma", "one sigma of it", |s| {
        albedo(s.surroundings.as_ref(), |p| p.sigma)
    }),
    column(Kind::Number, "surroundings_chi2", "chi2 of the ring around it", |s| {
        of_fit(s.surroundings.as_ref(), |f| f.chi2)
    }),
    column(Kind::Number, "contrast", "I/F over that of the surroundings at the mean phase", |s| {
        number(s.contrast.map_or(f64::NAN, |c| c.contrast))
    }),
    column(Kind::Number, "contrast_sigma", "one sigma of it", |s| {
        number(s.contrast.map_or(f64::NAN, |c| c.contrast_sigma))
    }),
    column(Kind::Number, "contrast_phase_deg", "that mean phase, degrees", |s| {
        number(s.contrast.map_or(f64::NAN, |c| c.mean_phase_rad * DEG_PER_RAD))
    }),
    column(Kind::Number, "contrast_slope_per_rad", "relative change of the contrast per rad of phase", |s| {
        number(s.contrast.map_or(f64::NAN, |c| c.slope_per_rad))
    }),
    column(Kind::Number, "contrast_slope_sigma_per_rad", "one sigma of it", |s| {
        number(s.contrast.map_or(f64::NAN, |c| c.slope_sigma_per_rad))
    }),
    column(Kind::Number, "grazing_excess_iof", "mean I/F above the law at grazing light", |s| {
        excess(s, Zone::Grazing, |e| e.excess_iof)
    }),
    column(Kind::Number, "grazing_excess_sigma", "one sigma of it", |s| {
        excess(s, Zone::Grazing, |e| e.excess_sigma)
    }),
    column(Kind::Number, "night_excess_iof", "mean I/F 5 degrees and more beyond the terminator", |s| {
        excess(s, Zone::Night, |e| e.excess_iof)
    }),
    column(Kind::Number, "night_excess_sigma", "one sigma of it", |s| {
        excess(s, Zone::Night, |e| e.excess_sigma)
    }),
    column(Kind::Count, "rises", "passages from night to day seen", |s| crossings(s, Edge::Rise)),
    column(Kind::Count, "sets", "passages from day to night seen", |s| crossings(s, Edge::Set)),
    column(Kind::Text, "constancy", "constant, brightening, fading, variable, not tested", |s| {
        Cell::Text(s.variability.as_ref().map(|v| v.constancy.word().to_string()))
    }),
    column(
        Kind::Number,
        "probability",
        "that chance makes rotations differ as much, all tests counted",
        |s| number(s.variability.as_ref().map_or(f64::NAN, |v| v.probability)),
    ),
    column(Kind::Number, "trend_per_day", "relative change of brightness per day of 86400 s", |s| {
        number(s.variability.as_ref().map_or(f64::NAN, |v| v.trend_ratio))
    }),
    column(Kind::Number, "trend_sigma_per_day", "one sigma of it", |s| {
        number(s.variability.as_ref().map_or(f64::NAN, |v| v.trend_sigma))
    }),
    column(Kind::Text, "notes", "what to know", |s| text(&s.notes.join("; "))),
];

/// Writes one row a spot.
///
/// # Errors
/// [`SpotError::Io`].
pub fn write_light_fits_parquet(path: &Path, studies: &[SpotStudy]) -> Result<(), SpotError> {
    let rows: Vec<&SpotStudy> = studies.iter().collect();
    write(path, &Table { name: "light_fits", columns: &FIT_COLUMNS, extra: &[], rows, geometry: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::rotations::tests::{DAY_S, Made};
    use crate::{LightCurve, LightFitOptions, StudyOptions, study_light_curves};
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    #[test]
    fn every_study_is_a_row_with_its_numbers_or_none() {
        let curves = [
            LightCurve { spot_id: "S001".into(), points: Made::default().points() },
            LightCurve { spot_id: "S002".into(), points: Vec::new() },
        ];
        let fit = LightFitOptions { day_s: DAY_S, ..LightFitOptions::default() };
        let studies = study_light_curves(&curves, &StudyOptions { fit, ..StudyOptions::default() });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fits.parquet");
        write_light_fits_parquet(&path, &studies).unwrap();
        let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let cell = |row: usize, name: &str| {
            rows[row].get_column_iter().find(|(n, _)| *n == name).map(|(_, cell)| cell.clone()).unwrap()
        };
        let slope = studies[0].fit.as_ref().unwrap().phase_slope().unwrap();
        assert_eq!(cell(0, "slope"), Field::Double(slope.value));
        assert_eq!(cell(0, "slope_name"), Field::Str("phase_slope".into()));
        assert_eq!((cell(1, "slope"), cell(1, "points")), (Field::Null, Field::Int(0)));
        assert!(matches!(cell(1, "notes"), Field::Str(note) if note.contains("0 of 0")));
        assert_eq!(rows[0].get_column_iter().count(), FIT_COLUMNS.len());
    }
}
