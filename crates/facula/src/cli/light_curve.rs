// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula light-curve`: how bright spots are as the Sun passes over them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use facula::RequestError;
use facula::core::LonLat;
use facula::frames::CalibrationChoice;
use facula::light_curves::{
    Animation, CurveSource, LightCurveOutcome, LightCurveRequest, Pointing, light_record, make_light_curves,
};
use facula::maps::{FilterChoice, FrameChoice};
use facula::photometry::SurfaceModel;
use facula::publish::AnimationFormat;
use facula::scatter::{read_law, start_law};
use facula::spots::{LightFit, LightTarget, PhaseSlope, SpotStudy, Zone, read_light_targets};

use super::photometry::with_sigma;
use super::table::Table;
use super::{Answer, KernelArgs, json_text};
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula light-curve --run facula-out/dawn-ceres-2015
      The light curves of a survey: law, contrast, rise and set, repeatability of every spot
  facula light-curve raw/*.LBL -k kernels/* --spots spots.geojson
      Measured anew in frames, at the spots of a catalogue (GeoJSON or GeoParquet)
  facula light-curve raw/ --at 239.6,19.7 --diameter-km 15 --pointing limb
      One place; poses refined by the limb first
  facula light-curve --run facula-out/dawn-ceres-2015 --show \"Cerealia Facula\" --animate frames
      One spot, and its frames from straight above as an animation (--animate model: a computed day)
  facula light-curve raw/*.LBL --spots spots.parquet --disk akimov --phase exponential --free normal_albedo,phase_decay_per_rad

Written: light_curves.parquet and .csv (every point), fits.parquet (one row a spot) and fits.json (with residuals, covariance,
rises and sets), and of the spots shown SPOT.png, SPOT.svg and with --animate SPOT.gif or SPOT.mp4 (SPOT_model for a computed day). Lit points up to 70 degrees of incidence
and emission are fitted; points at grazing light and at night are compared with the law afterwards. Errors hold the scatter,
relief that is not known, and what all points of a rotation share. Exit code 1: written, with frames or spots left out.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct LightCurveArgs {
    /// Frames: labels, FITS files, PNG with a JSON pose; a folder stands for the labels in it.
    #[arg(conflicts_with = "run")]
    frames: Vec<PathBuf>,
    /// Folder of a survey whose light curves are taken as they are.
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Catalogue of the spots to follow: GeoJSON or GeoParquet with id and diameter_km.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "at"])]
    spots: Option<PathBuf>,
    /// A place to follow: east longitude, latitude, degrees.
    #[arg(long, value_name = "LON,LAT", value_parser = place, allow_hyphen_values = true, requires = "diameter_km", conflicts_with = "run")]
    at: Option<LonLat>,
    /// Its diameter, km.
    #[arg(long, value_name = "KM", value_parser = positive, requires = "at")]
    diameter_km: Option<f64>,
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "light-curves")]
    out: PathBuf,
    #[command(flatten)]
    kernels: KernelArgs,
    /// Built-in body or body file [default: the frames' target].
    #[arg(long)]
    body: Option<String>,
    /// Built-in camera or camera file [default: the frames' instrument].
    #[arg(long, value_name = "NAME|FILE.toml")]
    camera: Option<String>,
    /// Filter of the camera [default: the frames'].
    #[arg(long)]
    filter: Option<String>,
    /// Flat field, mean 1.
    #[arg(long, value_name = "FILE")]
    flat: Option<PathBuf>,
    /// Shape model: OBJ, PLY, STL, VTK, ICQ or DSK in km, body-fixed [default: the ellipsoid].
    #[arg(long, value_name = "FILE")]
    shape: Option<PathBuf>,
    /// Poses as told, or refined by the limb of each frame.
    #[arg(long, value_enum, default_value_t = PointingArg::Told)]
    pointing: PointingArg,
    #[command(flatten)]
    law: LawArgs,
    /// Chance of calling any constant spot variable, all spots and tests together.
    #[arg(long, value_name = "RATE", default_value_t = 0.01, value_parser = rate)]
    false_alarm_rate: f64,
    /// Spots in the table on the terminal, in figures and animations, by identifier or name [default: the first].
    #[arg(long, value_name = "SPOT", num_args = 1.., value_delimiter = ',')]
    show: Vec<String>,
    /// Figures at most.
    #[arg(long, value_name = "N", default_value_t = 12)]
    figures: usize,
    /// Animate the spots shown, at most six: frames (from straight above) or model (a computed day).
    #[arg(long, value_enum)]
    animate: Option<AnimateArg>,
    /// Pictures of a computed day, 2 to 500; each takes about a second.
    #[arg(long, value_name = "N", default_value_t = 36, requires = "animate")]
    pictures: usize,
    /// Files of an animation: gif (plays everywhere), mp4 (AV1 video, all greys, smaller) or gif,mp4.
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "gif",
        value_delimiter = ',',
        requires = "animate"
    )]
    animation_format: Vec<FormatArg>,
    /// Global map of brightness for --animate model, and the east longitude of its left edge, whole degrees [default: the
    /// built-in ground].
    #[arg(long, value_name = "FILE[,DEG]", requires = "animate", allow_hyphen_values = true)]
    map: Option<String>,
    /// Tell every warning.
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The law to fit.
#[derive(Debug, Args)]
struct LawArgs {
    /// Disk function [default: lommel-seeliger].
    #[arg(long, value_name = "LAW")]
    disk: Option<String>,
    /// Phase function [default: hg-sphere].
    #[arg(long, value_name = "LAW")]
    phase: Option<String>,
    /// A published law or a law file to start from instead (`facula photometry models`).
    #[arg(long, value_name = "NAME|FILE.toml", conflicts_with_all = ["disk", "phase"])]
    model: Option<String>,
    /// Fit these parameters and no others [default: all].
    #[arg(long, value_name = "PARAMETER", num_args = 1.., value_delimiter = ',')]
    free: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PointingArg {
    /// As kernels or labels tell.
    Told,
    /// Refined by the limb.
    Limb,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum AnimateArg {
    /// The frames, from straight above the spot.
    Frames,
    /// A day as computed.
    Model,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    /// Endless, plays everywhere.
    Gif,
    /// AV1 video.
    Mp4,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|n: &f64| n.is_finite() && *n > 0.0);
    number.ok_or_else(|| "give a number above 0".into())
}

fn rate(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|rate| *rate < 1.0).ok_or_else(|| "give a rate between 0 and 1".into())
}

fn place(text: &str) -> Result<LonLat, String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([longitude, latitude]) if longitude.abs() <= 360.0 && latitude.abs() <= 90.0 => {
            Ok(LonLat::from_degrees(*longitude, *latitude))
        }
        _ => Err("give east longitude and latitude with a comma, such as 239.6,19.7".into()),
    }
}

/// A map and the longitude of its left edge: `map.tif,-180`.
fn map_choice(text: &str) -> (PathBuf, i32) {
    let split = text.rsplit_once(',').and_then(|(path, deg)| Some((path, deg.trim().parse().ok()?)));
    split.map_or_else(|| (PathBuf::from(text), 0), |(path, deg)| (PathBuf::from(path), deg))
}

impl LightCurveArgs {
    fn request(&self) -> Result<LightCurveRequest, RequestError> {
        let animation = match self.animate {
            None => Animation::None,
            Some(AnimateArg::Frames) => Animation::Frames,
            Some(AnimateArg::Model) => {
                Animation::Model { map: self.map.as_deref().map(map_choice), pictures: self.pictures }
            }
        };
        Ok(LightCurveRequest {
            source: self.source()?,
            out: self.out.clone(),
            shown: self.show.clone(),
            most_figures: self.figures,
            law: self.law.model()?,
            free: self.law.free.clone(),
            false_alarm_rate: self.false_alarm_rate,
            animation,
            animation_formats: self.formats(),
        })
    }

    fn formats(&self) -> Vec<AnimationFormat> {
        let format = |arg: &FormatArg| match arg {
            FormatArg::Gif => AnimationFormat::Gif,
            FormatArg::Mp4 => AnimationFormat::Mp4,
        };
        self.animation_format.iter().map(format).collect()
    }

    fn source(&self) -> Result<CurveSource, RequestError> {
        if let Some(folder) = &self.run {
            return Ok(CurveSource::Run(folder.clone()));
        }
        if self.frames.is_empty() {
            return Err(RequestError::argument("frames (or the folder of a survey with --run)", "none"));
        }
        let targets = match (&self.spots, self.at, self.diameter_km) {
            (Some(path), ..) => read_light_targets(Path::new(path))?,
            (None, Some(place), Some(diameter_km)) => vec![LightTarget::circle("place", place, diameter_km)],
            _ => {
                return Err(RequestError::argument(
                    "spots (give --spots FILE, or --at and --diameter-km)",
                    "none",
                ));
            }
        };
        let pointing = match self.pointing {
            PointingArg::Told => Pointing::Told,
            PointingArg::Limb => Pointing::Limb,
        };
        let frames = FrameChoice {
            paths: self.frames.clone(),
            body: self.body.clone(),
            mesh: self.shape.clone(),
            filters: FilterChoice::First,
            calibration: CalibrationChoice {
                camera: self.camera.clone(),
                filter: self.filter.clone(),
                flat: self.flat.clone(),
                ..CalibrationChoice::default()
            },
        };
        Ok(CurveSource::Frames { frames: Box::new(frames), targets, pointing })
    }
}

impl LawArgs {
    /// `None`: the body's own.
    fn model(&self) -> Result<Option<SurfaceModel>, RequestError> {
        if let Some(name) = &self.model {
            return read_law(name).map(|set| Some(set.model));
        }
        if self.disk.is_none() && self.phase.is_none() {
            return Ok(None);
        }
        let disk = self.disk.as_deref().unwrap_or("lommel-seeliger");
        start_law(disk, self.phase.as_deref()).map(|law| Some(law.model))
    }
}

pub(super) fn run(args: &LightCurveArgs) -> Result<Answer, RequestError> {
    let request = args.request()?;
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let made = args.kernels.load().and_then(|kernels| make_light_curves(&kernels, &request, &terminal));
    terminal.close();
    let outcome = made?;
    let text = if args.json { json_text(&light_record(&outcome)) } else { told(&outcome, &request.shown) };
    let all = outcome.frames.1 == 0 && outcome.never_seen.is_empty();
    Ok(if all { Answer::complete(text) } else { Answer::partial(text) })
}

/// Spots in the table when nobody says which.
const TABLE_ROWS: usize = 20;

fn told(outcome: &LightCurveOutcome, shown: &[String]) -> String {
    let points: usize = outcome.curves.iter().map(|curve| curve.points.len()).sum();
    let (used, left_out) = outcome.frames;
    let mut text = format!("{points} points of {} spots", outcome.curves.len());
    if used + left_out > 0 {
        text += &format!(" in {used} frames, {left_out} left out");
    }
    text += "\n";
    let headings = [
        "spot",
        "points",
        "rotations",
        "phase deg",
        "slope",
        "sigma",
        "albedo",
        "sigma",
        "contrast",
        "chi2/dof",
        "variable?",
    ];
    let mut table = Table::new(&headings, 1);
    let wanted = |study: &&SpotStudy| {
        let label = outcome.label(&study.spot_id);
        shown.is_empty() || shown.iter().any(|s| *s == study.spot_id || s.eq_ignore_ascii_case(&label))
    };
    let rows: Vec<&SpotStudy> = outcome.studies.iter().filter(wanted).collect();
    let most = if shown.is_empty() { TABLE_ROWS } else { usize::MAX };
    rows.iter().take(most).for_each(|study| table.line(row(outcome, study)));
    text += &table.text();
    if rows.len() > most {
        text += &format!("… and {} more in fits.json\n", rows.len() - most);
    }
    text += &notes(outcome, &rows);
    rows.iter().take(most).for_each(|study| text += &night_light(outcome, study));
    text += &never_seen(&outcome.never_seen);
    let alarms =
        outcome.studies.iter().filter_map(|s| s.variability.as_ref()).filter(|v| v.tests > 0).count();
    text += &format!("{alarms} spots tested for variability\n");
    let shown_files = outcome.files.iter().take(12);
    shown_files.for_each(|file| text += &format!("Wrote {}\n", file.display()));
    if outcome.files.len() > 12 {
        text += &format!("… and {} more files\n", outcome.files.len() - 12);
    }
    text
}

fn row(outcome: &LightCurveOutcome, study: &SpotStudy) -> Vec<String> {
    let mut cells = vec![outcome.label(&study.spot_id), study.points.to_string()];
    let Some(fit) = &study.fit else {
        cells.extend(["0", "-", "-", "-", "-", "-", "-", "-", "not fitted"].map(String::from));
        return cells;
    };
    let [least, most] = fit.phase_range_rad.map(f64::to_degrees);
    cells.extend([fit.rotations().to_string(), format!("{least:.0}-{most:.0}")]);
    let slope = match (fit.slope, fit.phase_slope()) {
        (PhaseSlope::NotConstrained { .. }, _) => ["not constrained".into(), "-".into()],
        (_, Some(slope)) => with_sigma(slope.value, Some(slope.sigma)),
        _ => ["held".into(), "-".into()],
    };
    cells.extend(slope);
    cells
        .extend(fit.normal_albedo().map_or(["-".into(), "-".into()], |a| with_sigma(a.value, Some(a.sigma))));
    cells.push(study.contrast.map_or_else(|| "-".into(), |c| format!("{:.2}", c.contrast)));
    cells.push(format!("{:.2}", fit.chi2 / fit.degrees_of_freedom.max(1) as f64));
    cells.push(study.variability.as_ref().map_or("not tested", |v| v.constancy.word()).to_string());
    cells
}

/// Spots named under a note at most.
const NAMED: usize = 4;

/// Each note once, with the spots it is of.
fn notes(outcome: &LightCurveOutcome, rows: &[&SpotStudy]) -> String {
    let mut notes: Vec<(&str, Vec<String>)> = Vec::new();
    for study in rows {
        for note in &study.notes {
            let label = outcome.label(&study.spot_id);
            match notes.iter_mut().find(|(known, _)| known == note) {
                Some((_, spots)) => spots.push(label),
                None => notes.push((note, vec![label])),
            }
        }
    }
    let line = |(note, spots): (&str, Vec<String>)| match spots.len() {
        few if few <= NAMED => format!("{}: {note}\n", spots.join(", ")),
        many => format!("{many} spots: {note}\n"),
    };
    notes.into_iter().map(line).collect()
}

/// Light where none should be.
fn night_light(outcome: &LightCurveOutcome, study: &SpotStudy) -> String {
    let label = outcome.label(&study.spot_id);
    let mut text = String::new();
    let excess = study.fit.iter().flat_map(|fit: &LightFit| &fit.excess);
    for found in excess.filter(|e| e.zone == Zone::Night && e.significance > 5.0) {
        text += &format!(
            "{label}: light at night, I/F {:.5} ± {:.5} over {} points\n",
            found.excess_iof, found.excess_sigma, found.points
        );
    }
    text
}

fn never_seen(spots: &[String]) -> String {
    match spots {
        [] => String::new(),
        few if few.len() <= 8 => format!("In no frame: {}\n", few.join(", ")),
        many => format!("In no frame: {} and {} more\n", many[..8].join(", "), many.len() - 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_rates_and_maps_are_understood() {
        let at = place("239.6,19.7").unwrap();
        assert!((at.longitude_deg() - 239.6).abs() < 1e-9 && (at.latitude_deg() - 19.7).abs() < 1e-9);
        for bad in ["", "1", "1,2,3", "400,0", "0,91", "a,b"] {
            assert!(place(bad).is_err(), "{bad}");
        }
        assert!(rate("0.01").is_ok() && rate("1").is_err() && rate("0").is_err());
        assert_eq!(map_choice("a.tif,-180"), (PathBuf::from("a.tif"), -180));
        assert_eq!(map_choice("a,b.tif"), (PathBuf::from("a,b.tif"), 0));
    }

    #[test]
    fn long_lists_of_unseen_spots_are_cut() {
        let many: Vec<String> = (0..20).map(|k| format!("S{k}")).collect();
        assert!(never_seen(&many).ends_with("S7 and 12 more\n"));
        assert_eq!(
            (never_seen(&many[..2]), never_seen(&[])),
            ("In no frame: S0, S1\n".into(), String::new())
        );
    }
}
