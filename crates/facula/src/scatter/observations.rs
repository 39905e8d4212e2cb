// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables of observed brightness: CSV, or the light curves of a survey.

use std::path::Path;

use facula_photometry::{LightAngles, Observation};
use facula_spots::{Illumination, LightPoint, read_light_curves_parquet};

use crate::RequestError;

/// What of a light curve is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum What {
    /// The spots themselves.
    #[default]
    Spot,
    /// The ground around them.
    Surroundings,
}

/// Where the weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weights {
    /// The sigmas of the table.
    Given,
    /// All alike: the table has no sigmas. The fit finds one sigma for all from the scatter.
    Equal,
}

/// Observations with their groups.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationTable {
    /// The observations; with equal weights their sigma is 1.
    pub observations: Vec<Observation>,
    /// Where the weights come from.
    pub weights: Weights,
    /// Names of the groups in the order they appear; empty when the table has none.
    pub groups: Vec<String>,
    /// Group of each observation, a place in `groups`; empty when the table has none.
    pub group_of: Vec<usize>,
    /// What was noticed: rows left out, angles that do not go together.
    pub notes: Vec<String>,
}

const COLUMNS: [&str; 4] = ["incidence_deg", "emission_deg", "phase_deg", "iof"];
/// By how much a phase angle may miss what incidence and emission allow before a note is made, degrees: rounding in
/// tables, and angles of the ground at the ends of an exposure.
const ANGLE_SLACK_DEG: f64 = 0.5;
/// Longest table, rows.
const MOST_ROWS: usize = 5_000_000;

/// Reads a table: `.parquet` is the light curves of a survey (the group is the spot), anything else is CSV with the
/// headings `incidence_deg, emission_deg, phase_deg, iof` and, if wanted, `sigma` and `group`; `what` chooses in light
/// curves. Lines that begin with `#` are comments.
///
/// # Errors
/// [`RequestError::Io`], [`RequestError::Spots`], and [`RequestError::Scattering`] with the line of what cannot be used.
pub fn read_observations(path: &Path, what: What) -> Result<ObservationTable, RequestError> {
    let parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
    let table = if parquet {
        of_light_curves(&read_light_curves_parquet(path)?, what)
    } else {
        let text = std::fs::read_to_string(path).map_err(|error| RequestError::io("read", path, &error))?;
        read_csv(&text).map_err(|reason| RequestError::scattering(path.display(), reason))?
    };
    if table.observations.is_empty() {
        let reason = format!("no observation of lit ground that is seen; {}", table.notes.join("; "));
        return Err(RequestError::scattering(path.display(), reason.trim_end_matches("; ")));
    }
    Ok(table)
}

/// Places of the columns of a CSV table.
struct Columns {
    needed: [usize; 4],
    sigma: Option<usize>,
    group: Option<usize>,
}

impl Columns {
    fn of(headings: &csv::StringRecord) -> Result<Self, String> {
        let place = |name: &str| headings.iter().position(|heading| heading.eq_ignore_ascii_case(name));
        let mut needed = [0; 4];
        for (slot, name) in needed.iter_mut().zip(COLUMNS) {
            let found: Vec<&str> = headings.iter().collect();
            *slot = place(name).ok_or_else(|| {
                format!("line 1: no column `{name}` among the headings ({})", found.join(", "))
            })?;
        }
        Ok(Self { needed, sigma: place("sigma"), group: place("group") })
    }
}

fn read_csv(text: &str) -> Result<ObservationTable, String> {
    let mut builder = csv::ReaderBuilder::new();
    builder.comment(Some(b'#')).trim(csv::Trim::All).flexible(true);
    let mut reader = builder.from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| error.to_string())?.clone();
    let columns = Columns::of(&headings)?;
    let weights = if columns.sigma.is_some() { Weights::Given } else { Weights::Equal };
    let mut table = Gathered::new(weights);
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, |position| line_of(text, position));
        let place = format!("line {line}");
        if record.len() != headings.len() {
            return Err(format!("{place}: {} fields under {} headings", record.len(), headings.len()));
        }
        let observation = observation(&record, &columns).map_err(|reason| format!("{place}: {reason}"))?;
        table.take(observation, columns.group.and_then(|column| record.get(column)), &place)?;
    }
    Ok(table.done())
}

/// Line of a record, from 1: its position is that of the comments and empty lines before it.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or("");
    let skipped = rest.lines().take_while(|line| line.is_empty() || line.starts_with('#')).count();
    position.line() + skipped as u64
}

/// One row: angles in degrees, I/F, sigma.
fn observation(record: &csv::StringRecord, columns: &Columns) -> Result<([f64; 3], f64, f64), String> {
    let number = |place: usize, name: &str| {
        let text = record.get(place).unwrap_or("");
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        value.ok_or_else(|| format!("{name} = `{text}` is not a number"))
    };
    let mut values = [0.0; 4];
    for ((value, place), name) in values.iter_mut().zip(columns.needed).zip(COLUMNS) {
        *value = number(place, name)?;
    }
    let [incidence_deg, emission_deg, phase_deg, iof] = values;
    for (name, angle_deg) in [("incidence_deg", incidence_deg), ("emission_deg", emission_deg)] {
        if !(0.0..90.0).contains(&angle_deg) {
            return Err(format!("{name} = {angle_deg} is not from 0 to below 90; leave the line out"));
        }
    }
    if !(0.0..=180.0).contains(&phase_deg) {
        return Err(format!("phase_deg = {phase_deg} is not from 0 to 180"));
    }
    let sigma = columns.sigma.map_or(Ok(1.0), |place| number(place, "sigma"))?;
    if !(sigma > 0.0) {
        return Err(format!("sigma = {sigma} is not above 0; leave the line or the column out"));
    }
    Ok(([incidence_deg, emission_deg, phase_deg], iof, sigma))
}

fn of_light_curves(points: &[LightPoint], what: What) -> ObservationTable {
    let weights = if what == What::Spot { Weights::Given } else { Weights::Equal };
    let mut table = Gathered::new(weights);
    let mut left_out = 0;
    for (row, point) in points.iter().enumerate() {
        let (iof, sigma) = match what {
            What::Spot => (point.iof, point.iof_sigma),
            What::Surroundings => (point.surroundings_iof, 1.0),
        };
        let lit = point.illumination != Illumination::Night && point.angles().is_lit_and_seen();
        let usable =
            lit && iof.is_finite() && sigma > 0.0 && sigma.is_finite() && point.phase_rad.is_finite();
        let angles_deg = [point.incidence_rad, point.emission_rad, point.phase_rad].map(f64::to_degrees);
        let kept = usable
            && table
                .take((angles_deg, iof, sigma), Some(&point.spot_id), &format!("row {}", row + 1))
                .is_ok();
        left_out += usize::from(!kept);
    }
    if left_out > 0 {
        table.notes.push(format!(
            "{left_out} of {} rows left out: night, not seen, or without a value",
            points.len()
        ));
    }
    table.done()
}

/// A table being filled.
struct Gathered {
    table: ObservationTable,
    notes: Vec<String>,
    impossible: usize,
    first_impossible: String,
}

impl Gathered {
    fn new(weights: Weights) -> Self {
        let table = ObservationTable {
            observations: Vec::new(),
            weights,
            groups: Vec::new(),
            group_of: Vec::new(),
            notes: Vec::new(),
        };
        Self { table, notes: Vec::new(), impossible: 0, first_impossible: String::new() }
    }

    fn take(
        &mut self,
        (angles_deg, iof, sigma): ([f64; 3], f64, f64),
        group: Option<&str>,
        place: &str,
    ) -> Result<(), String> {
        let [incidence_deg, emission_deg, phase_deg] = angles_deg;
        if self.table.observations.len() >= MOST_ROWS {
            return Err(format!("{place}: more than {MOST_ROWS} observations; give fewer"));
        }
        if let Some(group) = group {
            let known = self.table.groups.iter().position(|name| name == group);
            self.table.group_of.push(known.unwrap_or(self.table.groups.len()));
            if known.is_none() {
                self.table.groups.push(group.to_string());
            }
        }
        if !angles_go_together(angles_deg) {
            if self.impossible == 0 {
                self.first_impossible = place.to_string();
            }
            self.impossible += 1;
        }
        let light = LightAngles::from_degrees(incidence_deg, emission_deg, phase_deg);
        self.table.observations.push(Observation { light, iof, sigma });
        Ok(())
    }

    fn done(mut self) -> ObservationTable {
        if self.impossible > 0 {
            self.notes.push(format!(
                "{} observations have a phase angle that their incidence and emission do not allow, the first in {}",
                self.impossible, self.first_impossible
            ));
        }
        self.table.notes = self.notes;
        self.table
    }
}

/// Whether a phase angle lies between the difference and the sum of incidence and emission.
pub(super) fn angles_go_together([incidence_deg, emission_deg, phase_deg]: [f64; 3]) -> bool {
    let least = (incidence_deg - emission_deg).abs() - ANGLE_SLACK_DEG;
    let most = (incidence_deg + emission_deg).min(360.0 - incidence_deg - emission_deg) + ANGLE_SLACK_DEG;
    (least..=most).contains(&phase_deg)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "incidence_deg,emission_deg,phase_deg,iof,sigma,group\n\
                        30,20,40,0.05,0.001,a\n# a comment\n50,10,45,0.04,0.001,b\n20,20,10,0.06,0.002,a\n";

    #[test]
    fn a_table_is_read_with_its_groups() {
        let table = read_csv(GOOD).unwrap();
        assert_eq!((table.observations.len(), table.weights), (3, Weights::Given));
        assert_eq!((table.groups.join(" "), table.group_of), ("a b".to_string(), vec![0, 1, 0]));
        assert!((table.observations[1].light.cos_incidence - 50f64.to_radians().cos()).abs() < 1e-15);
        assert!(table.notes.is_empty());
    }

    #[test]
    fn bad_lines_are_named() {
        for (from, to, expected) in [
            ("50,10", "95,10", "line 4: incidence_deg = 95"),
            ("50,10", "50,ten", "line 4: emission_deg = `ten`"),
            ("0.04,0.001", "0.04,0", "line 4: sigma = 0"),
            ("0.04", "NaN", "line 4: iof = `NaN`"),
            ("45,", "181,", "line 4: phase_deg = 181"),
            ("phase_deg", "alpha", "line 1: no column `phase_deg`"),
            ("0.04,0.001,b", "0.04", "line 4: 4 fields under 6 headings"),
        ] {
            let told = read_csv(&GOOD.replace(from, to)).unwrap_err();
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn angles_that_do_not_go_together_are_noted() {
        let table = read_csv(&GOOD.replace("20,20,10", "20,20,70")).unwrap();
        assert!(
            table.notes[0].contains("1 observations") && table.notes[0].contains("line 5"),
            "{:?}",
            table.notes
        );
        assert!(angles_go_together([30.0, 30.0, 60.3]) && !angles_go_together([80.0, 85.0, 4.0]));
    }

    #[test]
    fn without_sigmas_all_weigh_alike() {
        let text = "iof,phase_deg,emission_deg,incidence_deg\n0.05,40,20,30\n";
        let table = read_csv(text).unwrap();
        assert_eq!((table.weights, table.observations[0].sigma), (Weights::Equal, 1.0));
        assert!(table.groups.is_empty() && table.group_of.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_table_or_an_error(text in "[0-9a-z,.\\-\n\"# _]{0,120}") {
            let _ = read_csv(&text);
            let _ = read_csv(&format!("incidence_deg,emission_deg,phase_deg,iof\n{text}"));
        }
    }
}
