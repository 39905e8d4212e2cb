// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula simulate`: raw frames as an archive would hold them.

use std::path::PathBuf;

use clap::Args;
use facula::core::{Quality, format_utc};
use facula::picture::{FrameRequest, TakenFrame, simulate_campaign, take_frame};
use facula::simulate::WithTruth;
use facula::{LoadedCampaign, RequestError};

use super::json_text;
use super::view::ViewArgs;
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula simulate campaigns/my-plan.toml -o frames
      All frames of a campaign's plan: frames/archive, the flat field, truth.json
  facula simulate --time 2015-04-15T07:50 --above 239.3,19.8,22470 --exposure 0.02
      One frame: <id>.FIT and <id>.LBL as an archive holds them, <id>_TRUTH.FIT with I/F and the truth of every pixel
  facula simulate --frame FC21A0002962.png --shape vesta.obj --map vesta.jpg --exposure 0.015 -o computed
      The frame that the camera should have taken there
  facula calibrate simulated/SIM_20150415T075000.LBL
      Back to I/F

Light goes through point-spread function, flat field, exposure, read-out smear, dark current, noise, full well,
non-linearity and converter of the camera file; the same numbers for the same seed on any machine.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct SimulateArgs {
    /// Campaign file with a [plan]; without one, a single frame by --time and --above, --position or --frame.
    plan: Option<PathBuf>,
    #[command(flatten)]
    view: ViewArgs,
    /// Exposure time, s [default: the brightest pixel at half of full well].
    #[arg(long, value_name = "S")]
    exposure: Option<f64>,
    /// Detector temperature, K.
    #[arg(long, value_name = "K")]
    temperature: Option<f64>,
    /// Identifier of the frame [default: SIM_ and its time].
    #[arg(long)]
    id: Option<String>,
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "simulated")]
    out: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &SimulateArgs) -> Result<String, RequestError> {
    let terminal = Terminal::new(Detail::of(args.json, false));
    let text = match &args.plan {
        Some(plan) => campaign(args, plan, &terminal),
        None => single(args, &terminal),
    };
    terminal.close();
    text
}

fn campaign(
    args: &SimulateArgs,
    plan: &std::path::Path,
    terminal: &Terminal,
) -> Result<String, RequestError> {
    let data_folder = std::env::var_os("FACULA_DATA").map(PathBuf::from);
    let loaded = LoadedCampaign::from_file(plan, data_folder)?;
    let labels = simulate_campaign(&loaded, &args.out, terminal)?;
    if args.json {
        return Ok(json_text(&serde_json::json!({ "labels": labels })));
    }
    Ok(format!(
        "{} frames in {}; their truth in truth.json\n",
        labels.len(),
        args.out.join("archive").display()
    ))
}

fn single(args: &SimulateArgs, terminal: &Terminal) -> Result<String, RequestError> {
    let view = args.view.view(None, terminal)?;
    let picture = args.view.picture(&view, WithTruth::Yes)?;
    let utc = format_utc(view.pose.mid_exposure);
    let stamp: String = utc.chars().filter(|c| c.is_ascii_digit() || *c == 'T').take(15).collect();
    let id = args.id.clone().unwrap_or_else(|| format!("SIM_{stamp}"));
    std::fs::create_dir_all(&args.out).map_err(|error| RequestError::Io {
        action: "make the folder",
        reason: error.to_string(),
        path: args.out.clone(),
    })?;
    let request = FrameRequest {
        picture,
        camera: &view.file,
        filter: view.filter.clone(),
        exposure_s: args.exposure,
        temperature_k: args.temperature,
        id,
        seed: args.view.seed.unwrap_or(0),
    };
    let taken = take_frame(&request, &args.out, terminal)?;
    Ok(if args.json { as_json(&taken) } else { told(&request.id, &taken) })
}

fn as_json(taken: &TakenFrame) -> String {
    json_text(&serde_json::json!({
        "label": taken.files.label,
        "image": taken.files.image,
        "truth": taken.truth,
        "exposure_s": taken.exposure_s,
        "largest_dn": taken.largest_dn,
        "saturated_px": taken.saturated_px,
        "flag_bits": { "shadow": Quality::SHADOW.bits(), "off_body": Quality::OFF_BODY.bits() },
    }))
}

fn told(id: &str, taken: &TakenFrame) -> String {
    format!(
        "{id}: {} s, up to {} DN, {} pixels saturated\nWrote {}, {} and {}\n",
        taken.exposure_s,
        taken.largest_dn,
        taken.saturated_px,
        taken.files.image.display(),
        taken.files.label.display(),
        taken.truth.display()
    )
}
