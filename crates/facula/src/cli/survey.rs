// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula survey`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use facula::{Existing, LoadedCampaign, Outcome, SurveyError, SurveyOptions, survey};

use crate::terminal::{Detail, Terminal, say};

const HELP: &str = "Examples:
  facula survey
      Dawn at Ceres in April and May 2015, simulated, into ./facula-out/dawn-ceres-2015
  facula survey campaigns/ceres-hamo.toml --out hamo -v
      A flight frame; reads ../shared/data or the folder in FACULA_DATA

A killed survey goes on where it was when started again with the same command.
Exit codes: 0 complete, 1 written with warnings, 2 nothing written.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct SurveyArgs {
    /// Campaign file; the built-in campaign when left out.
    campaign: Option<PathBuf>,
    /// Output folder [default: facula-out/<name of the campaign>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace another run in the output folder (never a folder that Facula did not make).
    #[arg(long)]
    overwrite: bool,
    /// Print the outcome as JSON on standard output, progress and warnings as JSON lines on standard error.
    #[arg(long)]
    json: bool,
    /// Tell every warning with its hint, and the time of each stage.
    #[arg(short, long)]
    verbose: bool,
}

pub(super) fn run(args: &SurveyArgs) -> ExitCode {
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    match outcome(args, &terminal) {
        Ok(outcome) => {
            terminal.finish(&outcome);
            ExitCode::from(u8::from(!outcome.warnings.is_empty()))
        }
        Err(error) => {
            terminal.fail(&error);
            ExitCode::from(2)
        }
    }
}

fn outcome(args: &SurveyArgs, terminal: &Terminal) -> Result<Outcome, SurveyError> {
    let data_folder = std::env::var_os("FACULA_DATA").map(PathBuf::from);
    let campaign = match &args.campaign {
        Some(path) => LoadedCampaign::from_file(path, data_folder)?,
        None => LoadedCampaign::built_in()?,
    };
    let default = || PathBuf::from("facula-out").join(&campaign.campaign.name);
    let options = SurveyOptions {
        out: args.out.clone().unwrap_or_else(default),
        existing: if args.overwrite { Existing::Overwrite } else { Existing::Keep },
    };
    if terminal.is_for_people() {
        say(&format!("{}\n", campaign.campaign.title));
    }
    survey(&campaign, &options, terminal)
}
