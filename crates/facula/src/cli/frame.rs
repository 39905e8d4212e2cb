// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula frame` and `facula backplanes`.

use std::path::{Path, PathBuf};

use clap::Args;
use facula::RequestError;
use facula::core::{PixelPos, write_aside};
use facula::observe::{FrameQuestion, FrameSummary, PixelGround, PlacedFrame, place_frame, write_backplanes};
use facula::spice::Kernels;

use super::table::Table;
use super::{KernelArgs, json_text, short};
use crate::terminal::{Detail, Terminal};

const FRAME_HELP: &str = "Examples:
  facula frame FC21A0038582.LBL -k kernels/*
      Where the camera was and what its boresight sees
  facula frame FC21A0038582.LBL -k slice/slice.tm --pixel 0,0 --pixel 1023,1023 --json
      Two corners, for machines
  facula frame FC21A0038582.LBL -k slice/slice.tm --isd FC21A0038582.json
      Support data (CSM ISD) for ISIS and the Ames Stereo Pipeline, as USGS ALE makes it

With an attitude among the kernels they tell where the camera was; without, the label does.
Pixel 0,0 is the centre of the first pixel; longitude is east, latitude planetocentric.";

const PLANES_HELP: &str = "Examples:
  facula backplanes FC21A0038582.LBL -k slice/slice.tm --out planes.tif
      13 bands a pixel: place, light and view angles, scales, local time, shadow; opens in QGIS
  facula backplanes frame.fit -o planes.fits --shape vesta.obj
      The same as FITS extensions, over a mesh";

/// Which frame, and what its label does not say.
#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    /// PDS3 label (its image may be absent), FITS, or PNG with a JSON pose beside it.
    label: PathBuf,
    #[command(flatten)]
    kernels: KernelArgs,
    /// Built-in body or body file [default: the label's target].
    #[arg(long)]
    body: Option<String>,
    /// Camera [default: the label's instrument].
    #[arg(long)]
    camera: Option<String>,
    /// Shape of the body: OBJ, PLY, STL, VTK or ICQ in km, body-fixed [default: the ellipsoid].
    #[arg(long, value_name = "FILE")]
    shape: Option<PathBuf>,
}

impl PlaceArgs {
    fn place(&self) -> Result<(Kernels, PlacedFrame), RequestError> {
        let kernels = self.kernels.load()?;
        let terminal = Terminal::new(Detail::Verbose);
        let question = FrameQuestion {
            label: &self.label,
            body: self.body.as_deref(),
            camera: self.camera.as_deref(),
            shape: self.shape.as_deref(),
        };
        let placed = place_frame(&kernels, &question, &terminal);
        terminal.close();
        Ok((kernels, placed?))
    }
}

#[derive(Debug, Args)]
#[command(after_help = FRAME_HELP)]
pub(super) struct FrameArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Sample and line of a pixel; may be repeated.
    #[arg(long, value_name = "X,Y", value_parser = pixel, allow_hyphen_values = true)]
    pixel: Vec<PixelPos>,
    /// Write support data (CSM ISD, JSON).
    #[arg(long, value_name = "FILE")]
    isd: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

fn pixel(text: &str) -> Result<PixelPos, String> {
    let numbers: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    match numbers.as_slice() {
        [x_px, y_px] if x_px.is_finite() && y_px.is_finite() => Ok(PixelPos { x_px: *x_px, y_px: *y_px }),
        _ => Err("a pixel is two numbers with a comma, such as 511.5,20".into()),
    }
}

pub(super) fn run_frame(args: &FrameArgs) -> Result<String, RequestError> {
    let (kernels, placed) = args.place.place()?;
    if let Some(path) = &args.isd {
        let text = placed.isd(&kernels)?.to_json();
        write(path, text.as_bytes())?;
    }
    let summary = placed.summary(&kernels, &args.pixel)?;
    Ok(if args.json { json_text(&summary) } else { told(&summary) })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), RequestError> {
    let written = write_aside(path, |out| std::io::Write::write_all(out, bytes));
    written.map_err(|error| RequestError::Io {
        action: "write",
        reason: error.to_string(),
        path: path.to_path_buf(),
    })
}

fn told(summary: &FrameSummary) -> String {
    let s = summary;
    let place = |[longitude, latitude]: [f64; 2]| format!("{longitude:.5} E {latitude:+.5}");
    let [x, y, z] = s.spacecraft_km;
    let [a, b, c] = s.radii_km;
    let mut text = format!(
        "{} of {} by {} {}\n\
         mid exposure     {} UTC (ET {:.6})\n\
         geometry         from {}; constants of the body: {}\n\
         ellipsoid        {a} x {b} x {c} km\n\
         camera           {x:.6} {y:.6} {z:.6} km body-fixed, {:.6} km from the centre\n\
         sub-spacecraft   {} deg\n\
         sub-solar        {} deg, Sun at {:.6} au\n\n",
        s.frame,
        s.target,
        s.camera,
        s.filter,
        s.mid_exposure_utc,
        s.mid_exposure_et_s,
        if s.geometry == facula::observe::GeometrySource::Kernels { "kernels" } else { "the label" },
        short(&s.constants),
        s.range_km,
        place(s.sub_spacecraft_deg),
        place(s.sub_solar_deg),
        s.sun_distance_au,
    );
    let headings = [
        "sample px",
        "line px",
        "lon E deg",
        "lat deg",
        "range km",
        "inc deg",
        "emi deg",
        "phase deg",
        "m/px",
        "Sun",
    ];
    let mut table = Table::new(&headings, 0);
    s.pixels.iter().for_each(|pixel| table.line(cells(pixel)));
    text += &table.text();
    text
}

fn cells(pixel: &PixelGround) -> Vec<String> {
    let mut cells = vec![format!("{:.2}", pixel.x_px), format!("{:.2}", pixel.y_px)];
    match &pixel.ground {
        None => cells.push("sky".into()),
        Some(g) => cells.extend([
            format!("{:.5}", g.longitude_deg),
            format!("{:.5}", g.latitude_deg),
            format!("{:.4}", g.range_km),
            format!("{:.4}", g.incidence_deg),
            format!("{:.4}", g.emission_deg),
            format!("{:.4}", g.phase_deg),
            format!("{:.2}", g.scale_m),
            if g.shadow { "shadow".into() } else { "lit".into() },
        ]),
    }
    cells
}

#[derive(Debug, Args)]
#[command(after_help = PLANES_HELP)]
pub(super) struct BackplanesArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// File to write, ending in .tif or .fits [default: the frame's name with _planes.tif].
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run_backplanes(args: &BackplanesArgs) -> Result<String, RequestError> {
    let (_, placed) = args.place.place()?;
    let default = || PathBuf::from(format!("{}_planes.tif", placed.header.meta.id));
    let out = args.out.clone().unwrap_or_else(default);
    let bands = write_backplanes(&placed, &out)?;
    if args.json {
        return Ok(json_text(&serde_json::json!({ "out": out, "bands": bands })));
    }
    let mut table = Table::new(&["band", "name", "unit"], 3);
    for (number, (name, unit)) in bands.into_iter().enumerate() {
        table.line(vec![(number + 1).to_string(), name, unit]);
    }
    Ok(format!("{}Wrote {}\n", table.text(), out.display()))
}
