// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula kernels`: what they hold, what they cover, which one answers, and slices of them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use facula::RequestError;
use facula::core::Silent;
use facula::observe::{
    FrameQuestion, StateQuestion, covered, kernel_files, load_kernels, parse_epoch, place_frame,
    slice_kernels, why_state,
};
use facula::spice::{Correction, Kernels};

use super::table::Table;
use super::{KernelArgs, json_text, short};

const HELP: &str = "Examples:
  facula kernels *.bsp *.bc *.tsc *.tls
      What these files hold, and what they cover together
  facula kernels why dawn ceres --at 2015-06-19T16:15:47 -k kernels/*
      Which file answers for each step, and which others it goes over
  facula kernels slice FC21A0038582.LBL -k kernels/* --out slice
      Only the records that frame needs, with a meta-kernel and a lock file of hashes";

/// Most segments of a file printed for people; --json has all.
const SEGMENTS_SHOWN: usize = 12;
/// Most spans printed for people.
const SPANS_SHOWN: usize = 4;

#[derive(Debug, Args)]
#[command(after_help = HELP, args_conflicts_with_subcommands = true)]
pub(super) struct KernelsArgs {
    /// Kernel files, the later win; without any, the built-in ephemeris.
    files: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Which file answers, step by step, and which others it goes over.
    Why(WhyArgs),
    /// Only the records some frames need.
    Slice(SliceArgs),
}

#[derive(Debug, Args)]
struct WhyArgs {
    /// Body looked at: name or NAIF number.
    #[arg(allow_hyphen_values = true)]
    target: String,
    /// Body looked from: name or NAIF number.
    #[arg(allow_hyphen_values = true)]
    observer: String,
    /// UTC time.
    #[arg(long, value_name = "UTC")]
    at: String,
    /// Reference frame whose rotation from J2000 is explained too.
    #[arg(long, default_value = "J2000")]
    frame: String,
    #[command(flatten)]
    kernels: KernelArgs,
}

#[derive(Debug, Args)]
struct SliceArgs {
    /// Labels of the frames.
    #[arg(required = true)]
    frames: Vec<PathBuf>,
    #[command(flatten)]
    kernels: KernelArgs,
    /// Folder to write.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Time kept before and after each frame, s.
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    margin_s: f64,
}

pub(super) fn run(args: &KernelsArgs) -> Result<String, RequestError> {
    match &args.action {
        Some(Action::Why(why)) => run_why(why, args.json),
        Some(Action::Slice(slice)) => run_slice(slice, args.json),
        None if args.files.is_empty() => list(&Kernels::built_in(), args.json),
        None => list(&load_kernels(Kernels::empty(), &args.files)?, args.json),
    }
}

fn list(kernels: &Kernels, json: bool) -> Result<String, RequestError> {
    let (files, covered) = (kernel_files(kernels), covered(kernels));
    if json {
        return Ok(json_text(&serde_json::json!({ "files": files, "covers": covered })));
    }
    let mut text = String::new();
    for file in &files {
        text += &format!("{}: {}, {}, {} bytes\n", file.file, file.kind, file.form, file.bytes);
        let mut table = Table::new(&["  about", "type", "frame", "from UTC", "to UTC", "segment"], 6);
        for s in file.segments.iter().take(SEGMENTS_SHOWN) {
            let span = |k: usize| s.span_utc.get(k).cloned().unwrap_or_else(|| "-".into());
            table.line(vec![
                format!("  {}", s.about),
                s.data_type.to_string(),
                s.frame.to_string(),
                span(0),
                span(1),
                s.name.clone(),
            ]);
        }
        if !file.segments.is_empty() {
            text += &table.text();
        }
        if file.segments.len() > SEGMENTS_SHOWN {
            text += &format!("  … and {} more segments\n", file.segments.len() - SEGMENTS_SHOWN);
        }
    }
    text += "\nTogether they cover\n";
    for c in &covered {
        let shown: Vec<String> =
            c.spans_utc.iter().take(SPANS_SHOWN).map(|[from, to]| format!("{from} to {to}")).collect();
        let more = c.spans_utc.len().saturating_sub(SPANS_SHOWN);
        let more = if more > 0 { format!(", and {more} more spans") } else { String::new() };
        let spans = c.problem.clone().unwrap_or_else(|| shown.join(", ") + &more);
        text += &format!("  {}: {spans}\n", c.what);
    }
    if covered.is_empty() {
        text += "  no body and no attitude: they hold constants, clocks or shapes only\n";
    }
    Ok(text)
}

fn run_why(args: &WhyArgs, json: bool) -> Result<String, RequestError> {
    let kernels = args.kernels.load()?;
    let question = StateQuestion {
        target: &args.target,
        observer: &args.observer,
        reference_frame: &args.frame,
        correction: Correction::None,
    };
    let steps = why_state(&kernels, &question, parse_epoch(&args.at)?)?;
    if json {
        return Ok(json_text(&steps));
    }
    let mut table = Table::new(&["step", "answered by", "segment", "goes over"], 4);
    for step in steps {
        let over = if step.overridden.is_empty() { "-".to_string() } else { step.overridden.join(", ") };
        table.line(vec![step.step, short(&step.file), step.segment.unwrap_or_else(|| "-".into()), over]);
    }
    Ok(table.text())
}

fn run_slice(args: &SliceArgs, json: bool) -> Result<String, RequestError> {
    if !(0.0..=1e7).contains(&args.margin_s) {
        return Err(RequestError::argument("--margin-s", &args.margin_s.to_string()));
    }
    let kernels = args.kernels.load()?;
    let question = |label| FrameQuestion { label, body: None, camera: None, shape: None };
    let placed: Result<Vec<_>, _> =
        args.frames.iter().map(|label| place_frame(&kernels, &question(label), &Silent)).collect();
    let files = slice_kernels(&kernels, &placed?, (args.margin_s, &args.out))?;
    let total: u64 = files.iter().map(|file| file.bytes).sum();
    if json {
        let files: Vec<_> = files
            .iter()
            .map(|f| serde_json::json!({ "name": f.name, "bytes": f.bytes, "sha256": f.sha256, "source": f.source }))
            .collect();
        return Ok(json_text(&serde_json::json!({ "out": args.out, "bytes": total, "files": files })));
    }
    let mut table = Table::new(&["file", "taken from", "bytes"], 2);
    for file in &files {
        table.line(vec![file.name.clone(), short(&file.source), file.bytes.to_string()]);
    }
    let load = args.out.join("slice.tm");
    Ok(format!("{}{total} bytes in all. Load {}\n", table.text(), load.display()))
}
