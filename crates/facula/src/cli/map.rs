// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula map`: frames to a map.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use facula::RequestError;
use facula::frames::CalibrationChoice;
use facula::map::{LevelCoverage, MosaicRule, Outliers};
use facula::maps::{
    Balance, CellChoice, ColourOutcome, FilterChoice, FrameChoice, FrameSet, FrameTie, MapFormat, MapOutcome,
    MapRequest, ModelChoice, ProjectionChoice, Region, ScaleChoice, Start, cell_size_m, make_colour_maps,
    make_map, map_record,
};

use super::table::Table;
use super::{Answer, KernelArgs, json_text};
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula map raw/*.LBL
      All frames onto one map, as fine as they are, into map/
  facula map raw/ -k kernels/* --scale 140 --window 230,10,250,30 -o occator
      A window at 140 m per cell with poses from kernels; folders stand for the labels in them
  facula map more/*.LBL -o occator
      Adds frames to that map: those already in it are not worked again
  facula map raw/*.LBL --projection polar-stereographic,0,90 --scale 400
      The north, as a pole wants to be seen
  facula map raw/ --colour -o colours
      A map for each filter, registered to each other, and all of them as bands of colour.tif with a picture of ratios
  facula map raw/*.LBL --model fit --equalise --rule median
      How the ground scatters light and the frames' own levels from what frames see in common

Written: map.tif (normal albedo, sigma), quality.tif, coverage.tif, scale.tif as Cloud Optimized GeoTIFF, preview.png, map.json
(what was done), and map.facc (the sums: give the same folder more frames and only they are worked; --merge joins the sums of
several processes).";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct MapArgs {
    /// Frames: labels, FITS files, PNG with a JSON pose; a folder stands for the labels in it.
    frames: Vec<PathBuf>,
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "map")]
    out: PathBuf,
    #[command(flatten)]
    kernels: KernelArgs,
    /// Built-in body or body file [default: the frames' target].
    #[arg(long)]
    body: Option<String>,
    /// Built-in camera or camera file [default: the frames' instrument].
    #[arg(long, value_name = "NAME|FILE.toml")]
    camera: Option<String>,
    /// Only frames behind this filter of the camera; frames that do not tell theirs are taken as behind it.
    #[arg(long)]
    filter: Option<String>,
    /// Flat field, mean 1.
    #[arg(long, value_name = "FILE")]
    flat: Option<PathBuf>,
    /// Master dark frame: signal above bias, DN/s.
    #[arg(long, value_name = "FILE")]
    dark: Option<PathBuf>,
    /// Shape model: OBJ, PLY, STL, VTK, ICQ or DSK in km, body-fixed [default: the ellipsoid].
    #[arg(long, value_name = "FILE")]
    shape: Option<PathBuf>,
    #[command(flatten)]
    cells: CellArgs,
    #[command(flatten)]
    light: LightArgs,
    /// Levels of scale of which the finer replaces the coarser: auto (Dawn's orbits at Ceres, else one), one, octaves.
    #[arg(long, value_enum, default_value_t = Levels::Auto)]
    levels: Levels,
    /// What a cell seen by several frames becomes.
    #[arg(long, value_enum, default_value_t = Rule::Mean)]
    rule: Rule,
    /// A map for each filter of the frames on the same cells, registered to each other: DIR/FILTER/, and DIR/colour.tif.
    #[arg(long, conflicts_with_all = ["filter", "merge", "align_to"])]
    colour: bool,
    /// Refine the poses first, until the ground lies where this map has it: a global map, or a map.facc.
    #[arg(long, value_name = "MAP")]
    align_to: Option<PathBuf>,
    /// Sums of other processes (map.facc) to join; may be repeated.
    #[arg(long, value_name = "FILE")]
    merge: Vec<PathBuf>,
    /// Start anew where the folder holds a map already.
    #[arg(long)]
    fresh: bool,
    /// Also write these: zarr (Zarr v3 with shards), tiles (XYZ and WMTS), pds4 (label of map.tif).
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FORMAT")]
    also: Vec<Also>,
    /// Tell every warning.
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Where the cells lie.
#[derive(Debug, Args)]
struct CellArgs {
    /// Size of a cell, metres [default: the median size of the frames' pixels].
    #[arg(long, value_name = "M", value_parser = positive)]
    scale: Option<f64>,
    /// Window: west, south, east, north in degrees; east below west crosses the meridian [default: what the frames see].
    #[arg(long, value_name = "W,S,E,N", value_parser = window, allow_hyphen_values = true, conflicts_with = "global")]
    window: Option<Region>,
    /// The whole body.
    #[arg(long)]
    global: bool,
    /// Projection, and where it is centred: east longitude, latitude (deg). Equirectangular, sinusoidal, mercator,
    /// polar-stereographic, equal-area, orthographic [default: equirectangular].
    #[arg(long, value_name = "NAME[,LON,LAT]", allow_hyphen_values = true)]
    projection: Option<ProjectionChoice>,
}

/// How light is divided out.
#[derive(Debug, Args)]
struct LightArgs {
    /// How the ground scatters light: a published model by name (`facula photometry models`), or fit: from the overlaps of
    /// the frames [default: Lommel-Seeliger with the body's H, G].
    #[arg(long, value_name = "NAME|fit")]
    model: Option<String>,
    /// Bring the frames to one level, by least squares over all overlaps.
    #[arg(long)]
    equalise: bool,
    /// Cells lit at larger incidence are left out, degrees.
    #[arg(long, value_name = "DEG", value_parser = angle)]
    max_incidence: Option<f64>,
    /// Cells seen at larger emission are left out, degrees.
    #[arg(long, value_name = "DEG", value_parser = angle)]
    max_emission: Option<f64>,
    /// Single values that stand off the others of a cell by more than this are left out (cosmic rays, ghosts); 0 keeps all.
    #[arg(long, value_name = "SIGMA", default_value_t = 8.0)]
    clip: f64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rule {
    /// Mean, weighted by scale, incidence and emission.
    Mean,
    /// The finest frame.
    BestResolution,
    /// The frame with the best light.
    BestLight,
    /// Median (keeps every value: more memory).
    Median,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Levels {
    Auto,
    One,
    Octaves,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Also {
    Zarr,
    Tiles,
    Pds4,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|n: &f64| n.is_finite() && *n > 0.0);
    number.ok_or_else(|| "give a number above 0".into())
}

fn angle(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|deg| *deg <= 90.0).ok_or_else(|| "give an angle above 0, up to 90".into())
}

fn window(text: &str) -> Result<Region, String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    let [west, south, east, north] = numbers.as_deref().unwrap_or_default() else {
        return Err("give four numbers with commas, such as 230,10,250,30".into());
    };
    Region::new(*west, *south, *east, *north)
}

impl MapArgs {
    fn frames(&self) -> FrameChoice {
        FrameChoice {
            paths: self.frames.clone(),
            body: self.body.clone(),
            mesh: self.shape.clone(),
            filters: if self.colour { FilterChoice::All } else { FilterChoice::First },
            calibration: CalibrationChoice {
                camera: self.camera.clone(),
                filter: self.filter.clone(),
                flat: self.flat.clone(),
                dark: self.dark.clone(),
                ..CalibrationChoice::default()
            },
        }
    }

    fn request(&self) -> MapRequest {
        MapRequest {
            out: self.out.clone(),
            cells: self.cells.choice(),
            rule: match self.rule {
                Rule::Mean => MosaicRule::WeightedMean,
                Rule::BestResolution => MosaicRule::BestResolution,
                Rule::BestLight => MosaicRule::BestIllumination,
                Rule::Median => MosaicRule::Median,
            },
            outliers: match self.light.clip {
                clip_sigma if clip_sigma > 0.0 => Outliers::Reject { clip_sigma },
                _ => Outliers::Keep,
            },
            levels: match self.levels {
                Levels::Auto => ScaleChoice::Auto,
                Levels::One => ScaleChoice::One,
                Levels::Octaves => ScaleChoice::Octaves,
            },
            model: match self.light.model.as_deref() {
                None => ModelChoice::Body,
                Some("fit") => ModelChoice::Fitted,
                Some(name) => ModelChoice::Named(name.into()),
            },
            balance: if self.light.equalise { Balance::Overlaps } else { Balance::Calibrated },
            limits_deg: [self.light.max_incidence, self.light.max_emission],
            start: if self.fresh { Start::Fresh } else { Start::Add },
            align_to: self.align_to.clone(),
            merge: self.merge.clone(),
            also: self.also.iter().map(|also| also.format()).collect(),
        }
    }
}

impl Also {
    fn format(self) -> MapFormat {
        match self {
            Self::Zarr => MapFormat::Zarr,
            Self::Tiles => MapFormat::Tiles,
            Self::Pds4 => MapFormat::Pds4,
        }
    }
}

impl CellArgs {
    /// `None` when nothing was said: a map that is added to keeps its cells.
    fn choice(&self) -> Option<CellChoice> {
        let region = if self.global { Some(Region::GLOBAL) } else { self.window };
        if self.scale.is_none() && region.is_none() && self.projection.is_none() {
            return None;
        }
        Some(CellChoice { scale_m: self.scale, region, projection: self.projection.unwrap_or_default() })
    }
}

pub(super) fn run(args: &MapArgs) -> Result<Answer, RequestError> {
    if args.frames.is_empty() {
        return Err(RequestError::argument("frames", "none"));
    }
    if args.colour {
        return colour(args);
    }
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let made = kernels_and_map(args, &terminal);
    terminal.close();
    let (frames, outcome) = made?;
    let text = if args.json { json_text(&map_record(&frames, &outcome)) } else { told(&frames, &outcome) };
    let all = frames.left_out + outcome.left_out == 0;
    Ok(if all { Answer::complete(text) } else { Answer::partial(text) })
}

fn colour(args: &MapArgs) -> Result<Answer, RequestError> {
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let made = args.kernels.load().and_then(|kernels| {
        let frames = FrameSet::open(&kernels, &args.frames(), &terminal)?;
        let outcome = make_colour_maps(&frames, &args.request(), &terminal)?;
        Ok((frames, outcome))
    });
    terminal.close();
    let (frames, outcome) = made?;
    let lost: usize = outcome.maps.iter().map(|map| map.outcome.left_out).sum();
    let text = if args.json { json_text(&outcome.record) } else { told_set(&frames, &outcome) };
    let all = frames.left_out + lost + outcome.untied == 0;
    Ok(if all { Answer::complete(text) } else { Answer::partial(text) })
}

fn told_set(frames: &FrameSet, outcome: &ColourOutcome) -> String {
    let Some(first) = outcome.maps.first() else { return String::new() };
    let grid = &first.outcome.grid;
    let mut text = format!(
        "{} of {} behind {} filters: {} x {} cells of {:.1} m, registered to {}\n",
        first.outcome.quantity,
        facula::core::capitalised(&frames.body.name),
        outcome.maps.len(),
        grid.width(),
        grid.height(),
        cell_size_m(&frames.body, grid),
        outcome.reference,
    );
    let mut table = Table::new(&["filter", "nm", "frames", "area %", "moved by px", "left px"], 1);
    for map in &outcome.maps {
        let mean = |of: &dyn Fn(&FrameTie) -> f64| match map.ties.len() {
            0 => "-".to_string(),
            count => format!("{:.2}", map.ties.iter().map(of).sum::<f64>() / count as f64),
        };
        table.line(vec![
            map.filter.clone(),
            map.centre_nm.map_or_else(|| "-".into(), |nm| format!("{nm:.0}")),
            map.outcome.frames.0.to_string(),
            format!("{:.2}", 100.0 * map.outcome.coverage.area_fraction),
            mean(&|tie| tie.shift_px[0].hypot(tie.shift_px[1])),
            mean(&|tie| tie.rms_px),
        ]);
    }
    text += &table.text();
    if outcome.untied > 0 {
        text += &format!("{} frames could not be tied: their poses stay as told\n", outcome.untied);
    }
    let folders = outcome.maps.iter().filter_map(|map| map.outcome.files.first()?.parent());
    folders.for_each(|folder| text += &format!("Wrote {}{}\n", folder.display(), std::path::MAIN_SEPARATOR));
    outcome.files.iter().for_each(|file| text += &format!("Wrote {}\n", file.display()));
    text
}

fn kernels_and_map(args: &MapArgs, terminal: &Terminal) -> Result<(FrameSet, MapOutcome), RequestError> {
    let kernels = args.kernels.load()?;
    let frames = FrameSet::open(&kernels, &args.frames(), terminal)?;
    let outcome = make_map(&frames, &args.request(), terminal)?;
    Ok((frames, outcome))
}

fn told(frames: &FrameSet, outcome: &MapOutcome) -> String {
    let (in_map, new) = outcome.frames;
    let left_out = frames.left_out + outcome.left_out;
    let cell_m = cell_size_m(&frames.body, &outcome.grid);
    let mut text = format!(
        "{} of {}: {} x {} cells of {cell_m:.1} m, {:.2} % of the body\n\
         {in_map} frames in the map, {new} of them new, {left_out} left out\n",
        outcome.quantity,
        facula::core::capitalised(&frames.body.name),
        outcome.grid.width(),
        outcome.grid.height(),
        100.0 * outcome.coverage.area_fraction,
    );
    let mut table = Table::new(&["level", "frames", "area %", "best m/px", "median m/px"], 1);
    let number = |value: f64| if value.is_finite() { format!("{value:.1}") } else { "-".into() };
    let line = |level: &LevelCoverage| {
        vec![
            level.name.clone(),
            level.frames.to_string(),
            format!("{:.2}", 100.0 * level.area_fraction),
            number(level.best_scale_m),
            number(level.median_scale_m),
        ]
    };
    outcome.coverage.levels.iter().filter(|level| level.frames > 0).for_each(|level| table.line(line(level)));
    text += &table.text();
    if !outcome.ties.is_empty() {
        let left_px = outcome.ties.iter().map(|tie| tie.rms_px).sum::<f64>() / outcome.ties.len() as f64;
        text += &format!("{} frames aligned to the map, to {left_px:.2} px\n", outcome.ties.len());
    }
    if outcome.coverage.outliers_rejected > 0 {
        text += &format!("{} single values left out as outliers\n", outcome.coverage.outliers_rejected);
    }
    if let Some(levels) = &outcome.balanced {
        let [before, after] = levels.scatter_fraction.map(|fraction| 100.0 * fraction);
        text +=
            &format!("Frames brought to one level: they differed by {before:.2} %, now by {after:.2} %\n");
    }
    outcome.files.iter().for_each(|file| text += &format!("Wrote {}\n", file.display()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_numbers_are_understood() {
        assert_eq!(window("350,-10,10,10").unwrap().east_deg, 370.0);
        for bad in ["", "1,2,3", "0,10,20,-10", "a,b,c,d"] {
            assert!(window(bad).is_err(), "{bad}");
        }
        assert!(positive("0").is_err() && positive("nan").is_err() && positive("140").is_ok());
        assert!(angle("91").is_err() && angle("80").is_ok());
    }
}
