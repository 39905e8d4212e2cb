// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands and options.

mod calibrate;
mod convert;
mod craters;
mod fetch;
mod frame;
mod info;
mod kernels;
mod light_curve;
mod map;
mod photometry;
mod render;
mod simulate;
mod spots;
mod state;
mod survey;
mod table;
mod view;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use facula::RequestError;
use facula::observe::{built_in_kernels, load_kernels};
use facula::spice::Kernels;

use crate::terminal::{complain, say};

/// From the frames of a camera in orbit to a map of a small world, its bright spots, and what they may be.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Survey a campaign: frames to map, spots, light curves, verdict, figures and report.
    Survey(survey::SurveyArgs),
    /// Where a body is, seen from another: states from the built-in ephemeris or from kernels.
    State(state::StateArgs),
    /// Where the camera was for a frame and what its pixels see, from kernels or from the label.
    Frame(frame::FrameArgs),
    /// Place, light and view of every pixel of a frame as a file with named bands.
    Backplanes(frame::BackplanesArgs),
    /// What a file of an archive holds: frame, images, keywords, special pixels.
    Info(info::InfoArgs),
    /// An image of any archive file as FITS, PDS4 or GeoTIFF.
    Convert(convert::ConvertArgs),
    /// Data numbers to I/F, with errors, quality and a record of every step.
    Calibrate(calibrate::CalibrateArgs),
    /// Frames to a map: orthorectified, normalised, mosaicked; more frames to a map that is there.
    Map(map::MapArgs),
    /// Bright and dark spots of maps or frames: found, measured, named, followed.
    Spots(spots::SpotsArgs),
    /// Craters of a map of heights or of a lit picture: rims, diameters, depths, sizes.
    Craters(craters::CratersArgs),
    /// Light curves of spots: fitted law, contrast, rise and set, repeatability; figures and animations.
    LightCurve(Box<light_curve::LightCurveArgs>),
    /// One picture: any body, time, standpoint and camera.
    Render(render::RenderArgs),
    /// Raw frames as an archive would hold them, of a plan or from one standpoint, with their truth.
    Simulate(simulate::SimulateArgs),
    /// Frames from an archive, and the kernels they need.
    Fetch(fetch::FetchArgs),
    /// How surfaces scatter light: published laws, their values, and fits of them to observations.
    Photometry(photometry::PhotometryArgs),
    /// What kernels hold, what they cover, which one answers; cut them down to what frames need.
    Kernels(kernels::KernelsArgs),
}

const EXAMPLES: &str = "Examples:
  facula survey                                        the built-in campaign, offline
  facula survey campaigns/vesta-approach.toml          a flight frame of Vesta
  facula state sun ceres --at 2015-04-15               where the Sun stands over Ceres
  facula frame FRAME.LBL -k kernels/*                  where the camera was and what it sees
  facula render --time 2015-04-15T07:50 --above 239.3,19.8,22470 -o a.png   what Dawn saw
  facula info FRAME.LBL                                what a file holds
  facula calibrate FRAME.LBL                           data numbers to I/F
  facula map raw/*.LBL                                 frames to a map
  facula spots map/                                    the bright spots of that map
  facula craters HEIGHTS.tif --body ceres              the craters of a map of heights
  facula light-curve --run facula-out/dawn-ceres-2015 brightness of spots under the passing Sun
  facula fetch dawn --target ceres --phase rc3 --dry-run   what the archive has
  facula photometry fit OBSERVATIONS.csv --disk akimov     a scattering law from brightness
  facula kernels *.bsp *.bc                            what these kernels hold and cover
Each command has its own --help.";

/// Kernels to load, shared by the commands that ask them.
#[derive(Debug, Args)]
struct KernelArgs {
    /// Kernel file (SPK, CK, PCK, DSK, FK, IK, SCLK, LSK, meta-kernel, transfer file); may be repeated, and
    /// takes several files; the later win.
    #[arg(short, long = "kernel", value_name = "FILE", num_args = 1..)]
    kernels: Vec<PathBuf>,
    /// Leave the built-in ephemeris (Sun, Earth, Mars, Jupiter, Ceres, Vesta, 2007-09 to 2019-01) out.
    #[arg(long)]
    no_built_in: bool,
}

impl KernelArgs {
    fn load(&self) -> Result<Kernels, RequestError> {
        let base = if self.no_built_in { Kernels::empty() } else { built_in_kernels()? };
        load_kernels(base, &self.kernels)
    }
}

/// Parses the command line and runs it.
pub(crate) fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // --help and --version come this way too; a closed pipe is not an error worth a word.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match cli.command {
        Command::Survey(args) => survey::run(&args),
        Command::State(args) => answer(args.json, state::run(&args)),
        Command::Frame(args) => answer(args.json, frame::run_frame(&args)),
        Command::Backplanes(args) => answer(args.json, frame::run_backplanes(&args)),
        Command::Info(args) => answer(args.json, info::run(&args)),
        Command::Convert(args) => answer(args.json, convert::run(&args)),
        Command::Calibrate(args) => answer(args.json, calibrate::run(&args)),
        Command::Map(args) => answer(args.json, map::run(&args)),
        Command::Spots(args) => answer(args.json, spots::run(&args)),
        Command::Craters(args) => answer(args.json, craters::run(&args)),
        Command::LightCurve(args) => answer(args.json, light_curve::run(&args)),
        Command::Render(args) => answer(args.json, render::run(&args)),
        Command::Simulate(args) => answer(args.json, simulate::run(&args)),
        Command::Fetch(args) => answer(args.json, fetch::run(&args)),
        Command::Photometry(args) => answer(args.json(), photometry::run(&args)),
        Command::Kernels(args) => answer(args.json, kernels::run(&args)),
    }
}

/// What a request came to.
struct Answer {
    text: String,
    /// 0 complete, 1 with parts left out.
    code: u8,
}

impl Answer {
    fn complete(text: String) -> Self {
        Self { text, code: 0 }
    }

    fn partial(text: String) -> Self {
        Self { text, code: 1 }
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::complete(text)
    }
}

/// Prints what a request came to: text, or `error:` and `hint:`, or either as JSON.
fn answer(json: bool, result: Result<impl Into<Answer>, RequestError>) -> ExitCode {
    match result.map(Into::into) {
        Ok(Answer { text, code }) => {
            say(&text);
            ExitCode::from(code)
        }
        Err(error) if json => {
            let value = serde_json::json!({ "error": error.to_string(), "hint": error.hint() });
            complain(&format!("{value}\n"));
            ExitCode::from(2)
        }
        Err(error) => {
            complain(&format!("error: {error}\n\nhint: {}\n", error.hint()));
            ExitCode::from(2)
        }
    }
}

/// The last part of a path: what people know a kernel by.
fn short(path: &str) -> String {
    std::path::Path::new(path)
        .file_name()
        .map_or_else(|| path.to_string(), |n| n.to_string_lossy().into_owned())
}

/// A value as indented JSON with its line end.
fn json_text(value: &impl serde::Serialize) -> String {
    let text =
        serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
