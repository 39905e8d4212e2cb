// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula craters`: craters of a map of heights or of a picture under the Sun.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use facula::RequestError;
use facula::catalogues::{CraterOutcome, CraterRequest, CraterSource, MapChoice, SunChoice, find_craters};
use facula::spots::Crater;

use super::table::Table;
use super::{Answer, json_text};
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula craters heights.tif --body ceres --west-deg -180
      A map of heights in metres: rims, diameters, depths, into craters/
  facula craters map/ --sub-solar 239.6,-4
      A map of one moment, lit by a Sun straight above that place
  facula craters mosaic.tif --sun 90,60 --dtm heights.tif
      A picture lit from the east, 60 degrees from the vertical everywhere; depths from heights
  facula craters heights.tif --min-diameter 20 --max-chance 0.05
      Large craters only, chance finds at most a twentieth of them

Written: craters.parquet (GeoParquet), craters.geojson, rims.geojson, craters.diam and craters.scc (for craterstats), sizes.png
and .svg (cumulative sizes with errors), finder.png and .svg (rims on the map), a STAC catalogue, craters.json (what was done).";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct CratersArgs {
    /// Map of heights, or a picture with --sub-solar or --sun: GeoTIFF, folder of `facula map`, ISIS cube, JPEG, PNG.
    map: PathBuf,
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "craters")]
    out: PathBuf,
    /// Built-in body or body file [default: the map's own].
    #[arg(long, value_name = "NAME|FILE.toml")]
    body: Option<String>,
    /// East longitude of the left edge, degrees, of a map of the whole body that does not say where it lies: -180 or 0.
    #[arg(long, value_name = "DEG", allow_hyphen_values = true)]
    west_deg: Option<f64>,
    /// The map is a picture: the Sun stood straight above this place (east longitude, latitude, degrees).
    #[arg(long, value_name = "LON,LAT", value_parser = pair, allow_hyphen_values = true, conflicts_with = "sun")]
    sub_solar: Option<[f64; 2]>,
    /// The map is a picture: direction to the Sun, clockwise from north, and its angle from the vertical, degrees.
    #[arg(long, value_name = "AZIMUTH,INCIDENCE", value_parser = pair, allow_hyphen_values = true)]
    sun: Option<[f64; 2]>,
    /// Unit of heights.
    #[arg(long, value_enum, default_value_t = Unit::M)]
    unit: Unit,
    /// Map of heights on which the craters of a picture get depths.
    #[arg(long, value_name = "FILE")]
    dtm: Option<PathBuf>,
    /// Smallest diameter, km [default: 8 cells of the map; at least 5].
    #[arg(long, value_name = "KM")]
    min_diameter: Option<f64>,
    /// Largest diameter, km [default: 300].
    #[arg(long, value_name = "KM")]
    max_diameter: Option<f64>,
    /// Least likeness to a crater, 0 to 1 [default: 0.78 on heights, 0.45 on pictures].
    #[arg(long, value_name = "LIKENESS")]
    min_likeness: Option<f64>,
    /// Largest part of chance finds, 0 to 1: the likeness asked for is raised until it holds.
    #[arg(long, value_name = "FRACTION", default_value_t = 1.0)]
    max_chance: f64,
    /// Tell every warning.
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unit {
    /// Metres.
    M,
    /// Kilometres.
    Km,
}

impl Unit {
    fn km(self) -> f64 {
        match self {
            Self::M => 0.001,
            Self::Km => 1.0,
        }
    }
}

fn pair(text: &str) -> Result<[f64; 2], String> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([a, b]) if a.abs() <= 360.0 && b.abs() <= 90.0 => Ok([*a, *b]),
        _ => {
            Err("give two angles in degrees with a comma, such as 239.6,-4; the second from -90 to 90".into())
        }
    }
}

impl CratersArgs {
    fn map(&self, path: &Path) -> MapChoice {
        MapChoice { body: self.body.clone(), west_deg: self.west_deg, ..MapChoice::of(path) }
    }

    fn source(&self) -> Result<CraterSource, RequestError> {
        let map = self.map(&self.map);
        let sun = self.sub_solar.map(SunChoice::SubSolar).or(self.sun.map(SunChoice::Even));
        let end = self.map.extension().map_or_else(String::new, |end| end.to_string_lossy().to_lowercase());
        match sun {
            Some(sun) => Ok(CraterSource::Picture { map, sun }),
            None if ["jpg", "jpeg", "png"].contains(&end.as_str()) || self.map.is_dir() => {
                let what = "sun (a picture shows craters by their shade: give --sub-solar or --sun)";
                Err(RequestError::argument(what, "nothing"))
            }
            None => Ok(CraterSource::Heights { map, unit_km: self.unit.km() }),
        }
    }

    fn request(&self) -> Result<CraterRequest, RequestError> {
        Ok(CraterRequest {
            out: self.out.clone(),
            source: self.source()?,
            least_km: self.min_diameter,
            largest_km: self.max_diameter,
            least_likeness: self.min_likeness,
            chance_fraction: self.max_chance,
            dtm: self.dtm.as_ref().map(|path| (self.map(path), self.unit.km())),
        })
    }
}

pub(super) fn run(args: &CratersArgs) -> Result<Answer, RequestError> {
    let request = args.request()?;
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let outcome = find_craters(&request, &terminal);
    terminal.close();
    let outcome = outcome?;
    Ok(Answer::complete(if args.json { json_text(&outcome.record) } else { told(&outcome) }))
}

/// Craters told on the terminal.
const LARGEST: usize = 15;

fn told(outcome: &CraterOutcome) -> String {
    let mut text = format!("{}\n", outcome.about);
    if outcome.craters.is_empty() {
        text += "No crater was found.\n";
    } else {
        let mut table = Table::new(
            &["crater", "name", "lon E", "lat N", "km", "± km", "depth km", "depth/D", "rim %", "flags"],
            2,
        );
        outcome.craters.iter().take(LARGEST).for_each(|crater| table.line(line(crater)));
        text += &table.text();
        let more = outcome.craters.len().saturating_sub(LARGEST);
        if more > 0 {
            text += &format!("… and {more} more\n");
        }
        text += &format!(
            "{} craters on {:.0} km², at most about {} of them by chance\n",
            outcome.craters.len(),
            outcome.sizes.area_km2,
            outcome.chance_count
        );
    }
    if let Some([middle, low, high]) = outcome.depth_ratio {
        text += &format!("Depth over diameter: {middle:.3}, two thirds from {low:.3} to {high:.3}\n");
    }
    outcome.files.iter().for_each(|file| text += &format!("Wrote {}\n", file.display()));
    text
}

fn line(crater: &Crater) -> Vec<String> {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_string(), |value| format!("{value:.digits$}"))
    };
    vec![
        crater.id.clone(),
        crater.name.clone().unwrap_or_else(|| "-".into()),
        format!("{:.2}", crater.place.longitude_deg()),
        format!("{:+.2}", crater.place.latitude_deg()),
        format!("{:.1}", crater.diameter_km),
        format!("{:.1}", crater.diameter_sigma_km),
        number(crater.depth.map(|depth| depth.depth_km), 2),
        number(crater.depth_ratio(), 3),
        format!("{:.0}", 100.0 * crater.rim_fraction),
        crater.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>().join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_angles_are_understood() {
        assert_eq!(pair("239.6, -4").unwrap(), [239.6, -4.0]);
        for bad in ["", "1", "1,2,3", "a,b", "10,100", "nan,0"] {
            assert!(pair(bad).is_err(), "{bad}");
        }
    }
}
