// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula state`.

use clap::Args;
use facula::RequestError;
use facula::core::format_utc;
use facula::observe::{StateQuestion, StateRow, epochs, states};
use facula::spice::Correction;

use super::table::Table;
use super::{KernelArgs, json_text};

const HELP: &str = "Examples:
  facula state sun ceres --at 2015-04-15
      The Sun seen from Ceres, from the built-in ephemeris
  facula state dawn ceres --at 2015-06-19T16:15:47 -k *.xsp *.tls --frame CERES_FIXED -c none
      Dawn relative to Ceres, in body-fixed axes, as it was (no light time)
  facula state earth vesta --from 2011-07-16 --to 2011-08-16 --step 1d --json
      A month, a line a day, for machines

Times are UTC. Corrections as in SPICE: none, lt, lt+s, cn, cn+s and xlt, xlt+s, xcn, xcn+s for light sent.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct StateArgs {
    /// Body looked at: name or NAIF number.
    #[arg(allow_hyphen_values = true)]
    target: String,
    /// Body looked from: name or NAIF number.
    #[arg(allow_hyphen_values = true)]
    observer: String,
    /// UTC time; may be repeated.
    #[arg(long, value_name = "UTC", num_args = 1..)]
    at: Vec<String>,
    /// First UTC time of a series.
    #[arg(long, value_name = "UTC", requires = "to", conflicts_with = "at")]
    from: Option<String>,
    /// Last UTC time of a series.
    #[arg(long, value_name = "UTC", requires = "from")]
    to: Option<String>,
    /// Step of a series: a number with s, m, h or d.
    #[arg(long, value_name = "TIME", default_value = "1d")]
    step: String,
    /// Reference frame of the numbers.
    #[arg(long, default_value = "J2000")]
    frame: String,
    /// Light-time and aberration correction.
    #[arg(short, long, default_value = "lt+s")]
    correction: String,
    #[command(flatten)]
    kernels: KernelArgs,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &StateArgs) -> Result<String, RequestError> {
    let kernels = args.kernels.load()?;
    let correction: Correction =
        args.correction.parse().map_err(|_| RequestError::argument("correction", &args.correction))?;
    let question = StateQuestion {
        target: &args.target,
        observer: &args.observer,
        reference_frame: &args.frame,
        correction,
    };
    let span = args.from.as_deref().zip(args.to.as_deref());
    let rows = states(&kernels, &question, &epochs(&args.at, span, &args.step)?)?;
    if args.json {
        return Ok(json_text(&serde_json::json!({
            "target": args.target,
            "observer": args.observer,
            "reference_frame": args.frame,
            "correction": correction.to_string(),
            "states": rows,
        })));
    }
    let StateQuestion { target, observer, reference_frame, .. } = question;
    Ok(format!(
        "{target} seen from {observer}, axes of {reference_frame}, correction {correction}\n{}",
        table(&rows)
    ))
}

fn table(rows: &[StateRow]) -> String {
    let headings =
        ["UTC", "x km", "y km", "z km", "vx km/s", "vy km/s", "vz km/s", "range km", "light time s"];
    let mut table = Table::new(&headings, 1);
    for row in rows {
        let mut cells = vec![format_utc(row.epoch)];
        cells.extend(row.position_km.iter().map(|km| format!("{km:.6}")));
        cells.extend(row.velocity_km_s.iter().map(|km_s| format!("{km_s:.9}")));
        cells.extend([format!("{:.6}", row.range_km), format!("{:.6}", row.light_time_s)]);
        table.line(cells);
    }
    table.text()
}
