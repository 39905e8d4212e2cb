// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands and options.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use facula::{Existing, LoadedCampaign, Outcome, SurveyError, SurveyOptions, survey};

use crate::terminal::{Detail, Terminal, say};

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
    Survey(SurveyArgs),
}

const EXAMPLES: &str = "Examples:
  facula survey                                        the built-in campaign, offline
  facula survey campaigns/vesta-approach.toml          a flight frame of Vesta
  facula survey my.toml --out results --json           for machines
See `facula survey --help` for the options.";

const SURVEY_HELP: &str = "Examples:
  facula survey
      Dawn at Ceres in April and May 2015, simulated, into ./facula-out/dawn-ceres-2015
  facula survey campaigns/ceres-hamo.toml --out hamo -v
      A flight frame; reads ../shared/data or the folder in FACULA_DATA

A killed survey goes on where it was when started again with the same command.
Exit codes: 0 complete, 1 written with warnings, 2 nothing written.";

#[derive(Debug, Args)]
#[command(after_help = SURVEY_HELP)]
struct SurveyArgs {
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
    let Command::Survey(args) = cli.command;
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    match run_survey(&args, &terminal) {
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

fn run_survey(args: &SurveyArgs, terminal: &Terminal) -> Result<Outcome, SurveyError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
