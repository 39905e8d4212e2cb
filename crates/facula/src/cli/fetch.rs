// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula fetch`: frames, and the kernels they need, from an archive.

mod told;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use facula::RequestError;
use facula::core::Epoch;
use facula::fetch::dawn::{Archive, Level, plan, run as run_plan};
use facula::fetch::{
    Clock, DawnQuery, Download, DownloadOptions, Expected, Item, Kernels, Network, Planned, Trust, from_hex,
};
use facula::observe::parse_epoch;

use super::Answer;
use crate::terminal::{Detail, Terminal};
use told::{ended, list_phases, plan_json, plan_text, state};

const HELP: &str = "Examples:
  facula fetch phases
      The mission phases of Dawn and the volumes that hold them
  facula fetch dawn --target ceres --phase rc3 --filter F1 --dry-run
      What would come: frames, files, bytes
  facula fetch dawn --target ceres --phase rc3 --filter F1 --most 20 --kernels
      Twenty frames with label and image, and the kernels their labels name
  facula fetch url https://example.org/a.bsp --sha256 0f3a…
      Any file, through the same cache

A run that was cut goes on where it stopped. Files lie once in a cache, by content (--cache, else FACULA_CACHE, else
facula in your cache folder); with --offline nothing is asked of the network, and what is missing is named.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct FetchArgs {
    #[command(subcommand)]
    what: What,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Frames of Dawn's framing camera 2 from the PDS Small Bodies Node.
    Dawn(DawnArgs),
    /// The mission phases and their volumes.
    Phases(PhasesArgs),
    /// Any files by their addresses.
    Url(UrlArgs),
}

#[derive(Debug, Args)]
struct HowArgs {
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "archive")]
    out: PathBuf,
    /// Cache folder.
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Say what would come, and fetch nothing but the index.
    #[arg(long)]
    dry_run: bool,
    /// Use what is in the cache, and no network.
    #[arg(long)]
    offline: bool,
    /// Compute the checksums of files that are there already again.
    #[arg(long)]
    verify: bool,
    /// Requests under way at once, per server.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    parallel: u8,
}

#[derive(Debug, Args)]
struct DawnArgs {
    /// Target: ceres or vesta.
    #[arg(long)]
    target: String,
    /// Mission phase (`facula fetch phases` lists them).
    #[arg(long)]
    phase: String,
    /// Filter, F1 to F8 [default: all].
    #[arg(long)]
    filter: Option<String>,
    /// Frames that start at this UTC time or later.
    #[arg(long, value_name = "UTC")]
    from: Option<String>,
    /// Frames that start at this UTC time or earlier.
    #[arg(long, value_name = "UTC")]
    to: Option<String>,
    /// Level: raw data numbers (1A) or radiance (1B).
    #[arg(long, value_enum, default_value_t = LevelChoice::Calibrated)]
    level: LevelChoice,
    /// At most so many frames, the first ones.
    #[arg(long, value_name = "N")]
    most: Option<usize>,
    /// The kernels that the frames' labels name too, and no more.
    #[arg(long)]
    kernels: bool,
    /// Table of volumes in place of the built-in one (TOML).
    #[arg(long, value_name = "FILE")]
    archive: Option<PathBuf>,
    #[command(flatten)]
    how: HowArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelChoice {
    Raw,
    Calibrated,
}

#[derive(Debug, Args)]
struct PhasesArgs {
    /// Table of volumes in place of the built-in one (TOML).
    #[arg(long, value_name = "FILE")]
    archive: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct UrlArgs {
    /// Addresses.
    #[arg(required = true)]
    urls: Vec<String>,
    /// SHA-256 of the file (with one address).
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    #[command(flatten)]
    how: HowArgs,
}

pub(super) fn run(args: &FetchArgs) -> Result<Answer, RequestError> {
    match &args.what {
        What::Phases(phases) => list_phases(&archive(phases.archive.as_ref())?, args.json),
        What::Dawn(dawn) => fetch_dawn(dawn, args.json),
        What::Url(urls) => fetch_urls(urls, args.json),
    }
}

/// The machine's clock.
struct SystemClock(Instant);

impl Clock for SystemClock {
    fn utc(&self) -> Epoch {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Epoch::from_unix_seconds(since_1970.as_secs_f64())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

impl HowArgs {
    fn options(&self) -> DownloadOptions {
        DownloadOptions {
            in_flight_per_host: usize::from(self.parallel),
            network: if self.offline { Network::Offline } else { Network::Online },
            trust: if self.verify { Trust::Nothing } else { Trust::Length },
            ..DownloadOptions::default()
        }
    }

    /// As told; else by the environment; else where this user keeps caches.
    fn cache(&self) -> PathBuf {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || variable("HOME").map(|home| home.join(".cache"));
        let local = || variable("LOCALAPPDATA");
        let user = || variable("XDG_CACHE_HOME").or_else(home).or_else(local);
        let of_user = || user().map(|folder| folder.join("facula"));
        let told = self.cache.clone().or_else(|| variable("FACULA_CACHE")).or_else(of_user);
        told.unwrap_or_else(|| self.out.join(".cache"))
    }
}

fn archive(path: Option<&PathBuf>) -> Result<Archive, RequestError> {
    let Some(path) = path else { return Ok(Archive::built_in()) };
    let text = std::fs::read_to_string(path).map_err(|error| RequestError::Io {
        action: "read",
        reason: error.to_string(),
        path: path.clone(),
    })?;
    Ok(Archive::from_toml(&text, &path.display().to_string())?)
}

fn fetch_dawn(args: &DawnArgs, json: bool) -> Result<Answer, RequestError> {
    let archive = archive(args.archive.as_ref())?;
    let time = |text: &Option<String>, open: &str| parse_epoch(text.as_deref().unwrap_or(open));
    let bounded = args.from.is_some() || args.to.is_some();
    // Before and after every mission to a small body there was or is planned.
    let span = (time(&args.from, "1970-01-01")?, time(&args.to, "2100-01-01")?);
    let query = DawnQuery {
        target: args.target.clone(),
        phase: args.phase.clone(),
        filter: args.filter.clone(),
        time: bounded.then_some(span),
        level: match args.level {
            LevelChoice::Raw => Level::Raw,
            LevelChoice::Calibrated => Level::Calibrated,
        },
        kernels: if args.kernels { Kernels::Needed } else { Kernels::None },
        most_frames: args.most,
    };
    let clock = SystemClock(Instant::now());
    let download = Download::open(&args.how.cache(), args.how.options(), &clock)?;
    let terminal = Terminal::new(Detail::of(json, false));
    let found = plan(&query, &archive, &download, (&args.how.out, &terminal));
    let found = found.inspect_err(|_| terminal.close())?;
    if args.how.dry_run {
        terminal.close();
        return Ok(if json { plan_json(&found) } else { plan_text(&found) }.into());
    }
    let report = run_plan(&found, &download, &terminal);
    terminal.close();
    Ok(ended(&report?, json))
}

fn fetch_urls(args: &UrlArgs, json: bool) -> Result<Answer, RequestError> {
    let sha256 = match &args.sha256 {
        Some(text) if args.urls.len() == 1 => {
            Some(from_hex(text).ok_or_else(|| RequestError::argument("sha256", text))?)
        }
        Some(text) => return Err(RequestError::argument("sha256 (with one address only)", text)),
        None => None,
    };
    let items: Vec<Item> = args
        .urls
        .iter()
        .map(|url| {
            let path = url.split(['?', '#']).next().unwrap_or(url);
            let name = path.rsplit('/').next().filter(|name| !name.is_empty() && *name != "..");
            let name = name.ok_or_else(|| RequestError::argument("url (it names no file)", url))?;
            let expected = Expected { sha256, ..Expected::default() };
            Ok(Item { expected, ..Item::new(url, name) })
        })
        .collect::<Result<_, RequestError>>()?;
    let clock = SystemClock(Instant::now());
    let download = Download::open(&args.how.cache(), args.how.options(), &clock)?;
    if args.how.dry_run {
        let files = download.plan(&items, &args.how.out)?;
        let line = |file: &Planned| format!("{}: {}\n", file.item.destination, state(&file.state));
        return Ok(files.iter().map(line).collect::<String>().into());
    }
    let terminal = Terminal::new(Detail::of(json, false));
    let report = download.run(&items, &args.how.out, &terminal);
    terminal.close();
    Ok(ended(&report?, json))
}
