// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula spots`: bright and dark spots of maps or frames.

use std::path::{Path, PathBuf};

use clap::Args;
use facula::RequestError;
use facula::catalogues::{Host, MapChoice, SpotCatalogue, SpotOutcome, SpotRequest, SpotSource, find_spots};
use facula::frames::CalibrationChoice;
use facula::maps::{FilterChoice, FrameChoice, FrameSet};
use facula::spots::{Search, Slopes, Spot};

use super::table::Table;
use super::{Answer, KernelArgs, json_text};
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula spots map/
      The spots of a map of `facula map`, with its quality and errors, into spots/
  facula spots ceres_albedo.jpg --body ceres --west-deg -180 --both
      A picture of the whole body that begins at 180 degrees west; dark spots too
  facula spots approach/ rc3/ hamo/ -o family
      Three maps, searched one by one; what becomes of each spot from the coarse to the fine is in family.json
  facula spots raw/*.LBL -k kernels/*
      Frames as they are: places in pixels and on the ground, with errors of both; lit slopes are told by the Sun's direction
  facula spots hamo/ --false-alarm-rate 1e-3 --min-significance 4
      Fine maps, where crater walls are the noise: more spots, and more false ones
  facula spots map/ --completeness --hubble-km 30 --dtm heights.tif --craters craters/craters.parquet
      How much is found of what is there; the same from far away; slopes under spots; which crater they lie in
  facula spots F2/ --colour F5/ F8/
      Ratio of each spot's albedo in two more filters, mapped on the same cells

Written: spots.parquet (GeoParquet), spots.geojson, spots_outline.geojson, finder.png and .svg (chart with numbers),
finder_spots.png and .svg (small pictures of the strongest), a STAC catalogue, spots.json (what was done); with several maps,
frames or --hubble-km a folder for each and family.json. Every column's meaning, unit and uncertainty stands in the files.
Maps must be equirectangular.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct SpotsArgs {
    /// Maps (GeoTIFF, folder of `facula map`, ISIS cube, JPEG or PNG with --west-deg) or frames (labels, FITS, PNG with a JSON pose).
    sources: Vec<PathBuf>,
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "spots")]
    out: PathBuf,
    #[command(flatten)]
    map: MapArgs,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    beside: BesideArgs,
    #[command(flatten)]
    kernels: KernelArgs,
    #[command(flatten)]
    frames: FrameArgs,
    /// Tell every warning.
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// What a map does not say itself.
#[derive(Debug, Args)]
pub(super) struct MapArgs {
    /// Built-in body or body file [default: the map's or frames' own].
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub(super) body: Option<String>,
    /// East longitude of the left edge of a picture of the whole body, degrees: -180 or 0.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true)]
    pub(super) west_deg: Option<f64>,
    /// Quality flags of the cells [default: quality.tif beside map.tif].
    #[arg(long, value_name = "FILE")]
    quality: Option<PathBuf>,
    /// One-sigma errors of the cells [default: the second band of map.tif].
    #[arg(long, value_name = "FILE")]
    sigma: Option<PathBuf>,
    /// Point-spread function, full width at half maximum in cells or pixels [default: from the map's scale; 2 where that is
    /// unknown, 1.3 on frames].
    #[arg(long, value_name = "PX")]
    psf: Option<f64>,
}

impl MapArgs {
    /// A map of the command line.
    pub(super) fn choice(&self, path: &Path) -> MapChoice {
        MapChoice {
            path: path.to_path_buf(),
            body: self.body.clone(),
            west_deg: self.west_deg,
            quality: self.quality.clone(),
            sigma: self.sigma.clone(),
            psf_px: self.psf,
        }
    }

    /// A further map, of which only body and place are shared.
    pub(super) fn other(&self, path: &Path) -> MapChoice {
        MapChoice { body: self.body.clone(), west_deg: self.west_deg, ..MapChoice::of(path) }
    }
}

#[derive(Debug, Args)]
struct SearchArgs {
    /// Dark spots instead of bright ones.
    #[arg(long, conflicts_with = "both")]
    dark: bool,
    /// Bright spots (the default).
    #[arg(long, conflicts_with_all = ["dark", "both"])]
    bright: bool,
    /// Bright and dark spots.
    #[arg(long)]
    both: bool,
    /// List lit slopes too, flagged, instead of leaving them out.
    #[arg(long)]
    keep_slopes: bool,
    /// False alarms per independent cell [default: 1e-6].
    #[arg(long, value_name = "RATE")]
    false_alarm_rate: Option<f64>,
    /// Least response over the noise, sigma [default: 5.5 on maps, 5 on frames].
    #[arg(long, value_name = "SIGMA")]
    min_significance: Option<f64>,
    /// Least ratio of a spot's peak to its surroundings [default: 1.06].
    #[arg(long, value_name = "RATIO")]
    min_contrast: Option<f64>,
    /// Smallest diameter listed, km.
    #[arg(long, value_name = "KM")]
    min_diameter: Option<f64>,
    /// Largest diameter listed, km.
    #[arg(long, value_name = "KM")]
    max_diameter: Option<f64>,
}

impl SearchArgs {
    fn search(&self) -> Search {
        match (self.dark, self.both) {
            (true, _) => Search::Dark,
            (_, true) => Search::Both,
            _ => Search::Bright,
        }
    }
}

#[derive(Debug, Args)]
struct BesideArgs {
    /// Map of heights in metres: the slope of the ground under each spot; spots that its shading alone could make are flagged.
    #[arg(long, value_name = "FILE")]
    dtm: Option<PathBuf>,
    /// With --dtm: incidence at which the slopes are taken to be lit, degrees; larger ones ask for more contrast.
    #[arg(long, value_name = "DEG", default_value_t = 45.0, requires = "dtm")]
    shading_incidence: f64,
    /// Fitted craters (craters.parquet of `facula craters`) that may host spots, before the IAU's.
    #[arg(long, value_name = "FILE")]
    craters: Option<PathBuf>,
    /// List of places to match with (CSV: name, lon, lat) [default: the IAU's names].
    #[arg(long, value_name = "CSV")]
    catalogue: Option<PathBuf>,
    /// Maps of other filters on the same cells: ratio of each spot's albedo.
    #[arg(long, value_name = "MAP", num_args = 1..)]
    colour: Vec<PathBuf>,
    /// Put discs into the map, so many of each size and contrast, and count those found: completeness.csv, .png and .svg.
    #[arg(long, value_name = "DISCS", num_args = 0..=1, default_missing_value = "40", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    completeness: Option<u16>,
    /// Look at the map again as it would be seen at so many km per pixel (Hubble at Ceres: 30).
    #[arg(long, value_name = "KM")]
    hubble_km: Option<f64>,
}

/// What frames do not say themselves.
#[derive(Debug, Args)]
struct FrameArgs {
    /// Frames: built-in camera or camera file [default: the frames' instrument].
    #[arg(long, value_name = "NAME|FILE.toml")]
    camera: Option<String>,
    /// Frames: filter of the camera [default: the frames'].
    #[arg(long)]
    filter: Option<String>,
    /// Frames: flat field, mean 1.
    #[arg(long, value_name = "FILE")]
    flat: Option<PathBuf>,
    /// Frames: shape model of the body [default: the ellipsoid].
    #[arg(long, value_name = "FILE")]
    shape: Option<PathBuf>,
}

fn has_end(path: &Path, ends: &[&str]) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
    end.is_some_and(|end| ends.contains(&end.as_str()))
}

/// Maps are TIFF, cubes, JPEG, PNG without a JSON pose beside them, and folders with a map.tif; all else is a frame.
fn is_map(path: &Path) -> bool {
    if path.is_dir() {
        return path.join("map.tif").is_file();
    }
    has_end(path, &["tif", "tiff", "cub", "jpg", "jpeg"])
        || (has_end(path, &["png"]) && !path.with_extension("json").is_file())
}

impl SpotsArgs {
    fn request(&self) -> SpotRequest {
        SpotRequest {
            search: self.search.search(),
            slopes: if self.search.keep_slopes { Slopes::Flagged } else { Slopes::LeftOut },
            false_alarm_rate: self.search.false_alarm_rate,
            least_significance: self.search.min_significance,
            least_contrast: self.search.min_contrast,
            diameters_km: [self.search.min_diameter, self.search.max_diameter],
            psf_px: self.map.psf,
            dtm: self.beside.dtm.as_ref().map(|path| self.map.other(path)),
            shading_incidence_deg: self.beside.shading_incidence,
            listed: self.beside.catalogue.clone(),
            craters: self.beside.craters.clone(),
            completeness: self.beside.completeness.map(usize::from),
            colours: self.beside.colour.iter().map(|path| self.map.other(path)).collect(),
            view_km: self.beside.hubble_km,
            ..SpotRequest::new(&self.out)
        }
    }

    fn frame_choice(&self) -> FrameChoice {
        FrameChoice {
            paths: self.sources.clone(),
            body: self.map.body.clone(),
            mesh: self.frames.shape.clone(),
            filters: FilterChoice::First,
            calibration: CalibrationChoice {
                camera: self.frames.camera.clone(),
                filter: self.frames.filter.clone(),
                flat: self.frames.flat.clone(),
                ..CalibrationChoice::default()
            },
        }
    }
}

pub(super) fn run(args: &SpotsArgs) -> Result<Answer, RequestError> {
    let maps = args.sources.iter().filter(|path| is_map(path)).count();
    if args.sources.is_empty() {
        return Err(RequestError::argument("maps or frames", "none"));
    }
    if maps > 0 && maps < args.sources.len() {
        return Err(RequestError::argument("maps or frames (one kind at a time)", "both"));
    }
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let found = found(args, maps > 0, &terminal);
    terminal.close();
    let (outcome, left_out) = found?;
    let text = if args.json { json_text(&outcome.record) } else { told(&outcome) };
    Ok(if left_out == 0 { Answer::complete(text) } else { Answer::partial(text) })
}

fn found(args: &SpotsArgs, of_maps: bool, terminal: &Terminal) -> Result<(SpotOutcome, usize), RequestError> {
    if of_maps {
        let choices = args.sources.iter().map(|path| args.map.choice(path)).collect();
        return Ok((find_spots(&SpotSource::Maps(choices), &args.request(), terminal)?, 0));
    }
    let kernels = args.kernels.load()?;
    let frames = FrameSet::open(&kernels, &args.frame_choice(), terminal)?;
    let outcome = find_spots(&SpotSource::Frames(&frames), &args.request(), terminal)?;
    let left_out = frames.left_out + frames.shots.len() - outcome.catalogues.len();
    Ok((outcome, left_out))
}

/// Spots of a catalogue told on the terminal.
const STRONGEST: usize = 15;

fn told(outcome: &SpotOutcome) -> String {
    let mut text = String::new();
    for catalogue in &outcome.catalogues {
        text += &format!("{}\n", catalogue.about);
        text += &catalogue_text(catalogue);
    }
    if let Some(tree) = &outcome.family {
        let roots = tree.tracks.iter().filter(|track| track.parent.is_none());
        let (whole, parted): (Vec<_>, Vec<_>) = roots.partition(|track| track.children.is_empty());
        text += &format!(
            "Followed through {} catalogues: {} spots, {} of them fall into parts\n",
            outcome.catalogues.len(),
            whole.len() + parted.len(),
            parted.len()
        );
    }
    outcome.files.iter().for_each(|file| text += &format!("Wrote {}\n", file.display()));
    text
}

fn catalogue_text(catalogue: &SpotCatalogue) -> String {
    if catalogue.spots.is_empty() {
        return "No spot stands out of its surroundings.\n".into();
    }
    let mut table = Table::new(
        &["spot", "name", "host crater", "lon E", "lat N", "± km", "km", "contrast", "S/N", "flags"],
        3,
    );
    let hosts = catalogue.hosts.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    for (spot, host) in catalogue.spots.iter().zip(hosts).take(STRONGEST) {
        table.line(line(spot, host));
    }
    let more = catalogue.spots.len().saturating_sub(STRONGEST);
    let rest = if more > 0 { format!("… and {more} more\n") } else { String::new() };
    table.text() + &rest
}

fn line(spot: &Spot, host: Option<&Host>) -> Vec<String> {
    vec![
        spot.id.clone(),
        spot.name.clone().unwrap_or_else(|| "-".into()),
        host.map_or_else(|| "-".into(), |host| format!("{} ({})", host.name, host.at.part.word())),
        format!("{:.2}", spot.place.longitude_deg()),
        format!("{:+.2}", spot.place.latitude_deg()),
        format!("{:.2}", spot.position_sigma_km),
        diameter(spot),
        format!("{:.2}", spot.contrast),
        format!("{:.1}", spot.significance),
        spot.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>().join(" "),
    ]
}

/// An unresolved spot has an upper bound.
fn diameter(spot: &Spot) -> String {
    let bound = if spot.has(facula::spots::SpotFlag::Unresolved) { "< " } else { "" };
    format!("{bound}{:.1}", spot.diameter_km)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_and_frames_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("frame.png"), b"").unwrap();
        std::fs::write(at("frame.json"), b"").unwrap();
        std::fs::create_dir(at("map")).unwrap();
        std::fs::write(at("map/map.tif"), b"").unwrap();
        std::fs::create_dir(at("raw")).unwrap();
        for (name, map) in [
            ("frame.png", false),
            ("other.PNG", true),
            ("a.jpg", true),
            ("a.TIF", true),
            ("map", true),
            ("raw", false),
            ("A.LBL", false),
        ] {
            assert_eq!(is_map(&at(name)), map, "{name}");
        }
    }
}
