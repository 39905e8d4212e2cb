// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula calibrate`: data numbers to I/F.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};
use facula::RequestError;
use facula::core::{Progress, Reporter, Warning};
use facula::frames::{CalibratedFiles, CalibrationChoice, Calibrator};
use facula::photometry::{Bias, Calibrated, CalibrationRecord, HotAction, SmearRemoval, StepState, Window};
use rayon::prelude::*;

use super::table::Table;
use super::{Answer, json_text};
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula calibrate FC21A0037273.LBL
      I/F with errors and quality, and the record of every step, into calibrated/
  facula calibrate raw/*.LBL -o iof --flat flat.fits --dark dark.fits --hot-sigma 6
      Many frames with a flat field and a master dark frame (DN/s)
  facula calibrate hyb2_onc_w2.fit --camera hayabusa2_onc_w2 --filter NONE
      A camera the header does not name; a camera is a TOML file, --camera MY.toml takes yours
  facula calibrate FRAME.LBL --bias overscan-lines:1028,0,60,1024 --smear off

For each frame <id>.FIT (I/F; extensions SIGMA and QUALITY), <id>.LBL (with the pose) and <id>.json (each step with its
constants, their sources and its share in the error). Steps: bias, linearity, dark, hot pixels, read-out smear, flat,
responsivity, sunlight. Frames in radiance (level 1B) take the last step only. Constants marked ASSUMED in the camera
file were published nowhere we could read: the record names them.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct CalibrateArgs {
    /// Frames: labels or FITS files.
    #[arg(required = true)]
    frames: Vec<PathBuf>,
    /// Folder to write into.
    #[arg(short, long, value_name = "DIR", default_value = "calibrated")]
    out: PathBuf,
    /// Built-in camera (dawn_fc2, hayabusa2_onc_w2) or camera file [default: the frame's instrument].
    #[arg(long, value_name = "NAME|FILE.toml")]
    camera: Option<String>,
    /// Filter of the camera [default: the frame's].
    #[arg(long)]
    filter: Option<String>,
    /// Distance from the target to the Sun, au [default: from the label, else the built-in ephemeris].
    #[arg(long, value_name = "AU")]
    sun_au: Option<f64>,
    /// Flat field, mean 1.
    #[arg(long, value_name = "FILE")]
    flat: Option<PathBuf>,
    /// Master dark frame: signal above bias, DN/s.
    #[arg(long, value_name = "FILE")]
    dark: Option<PathBuf>,
    /// Detector temperature of the dark frame, K: it is scaled to the frame's.
    #[arg(long, value_name = "K", requires = "dark")]
    dark_temperature_k: Option<f64>,
    /// Pixels that stand out of the dark frame by more than this are hot.
    #[arg(long, value_name = "SIGMA", requires = "dark")]
    hot_sigma: Option<f32>,
    /// Hot pixels: flag them, or fill them from their neighbours too.
    #[arg(long, value_enum, default_value_t = Hot::Flag)]
    hot: Hot,
    /// Zero of the frame: camera, a value in DN, overscan:X,Y,WIDTH,HEIGHT (one mean) or
    /// overscan-lines:X,Y,WIDTH,HEIGHT (a mean per line).
    #[arg(long, value_name = "HOW", default_value = "camera", value_parser = bias)]
    bias: Bias,
    /// Read-out smear: model (the camera's transfer times), lines:FIRST,COUNT (seen in lines without light) or off.
    #[arg(long, value_name = "HOW", default_value = "model", value_parser = smear)]
    smear: SmearRemoval,
    /// Lines along which charge of a saturated pixel spills; they are flagged too.
    #[arg(long, value_name = "PX", default_value_t = 0)]
    bloom_px: usize,
    /// Solar spectrum (ASTM E490 as text) to integrate over the filter in place of the camera file's value.
    #[arg(long, value_name = "FILE")]
    solar_spectrum: Option<PathBuf>,
    /// Tell every warning.
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON: the records.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hot {
    Flag,
    Fill,
}

fn numbers<const N: usize>(text: &str) -> Option<[usize; N]> {
    let numbers: Option<Vec<usize>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    numbers?.try_into().ok()
}

fn bias(text: &str) -> Result<Bias, String> {
    let window = |text: &str| {
        numbers(text).map(|[sample, line, width, height]| Window { sample, line, width, height })
    };
    let found = match text.split_once(':') {
        None if text == "camera" => Some(Bias::Detector),
        None => text.parse().ok().map(|bias_dn| Bias::Value { bias_dn, sigma_dn: 0.0 }),
        Some(("overscan", rest)) => window(rest).map(Bias::Overscan),
        Some(("overscan-lines", rest)) => window(rest).map(Bias::OverscanLines),
        Some(_) => None,
    };
    found.ok_or_else(|| "give camera, a number of DN, overscan:X,Y,W,H or overscan-lines:X,Y,W,H".into())
}

fn smear(text: &str) -> Result<SmearRemoval, String> {
    let found = match text.split_once(':') {
        None if text == "model" => Some(SmearRemoval::Model),
        None if text == "off" => Some(SmearRemoval::Off),
        Some(("lines", rest)) => {
            numbers(rest).map(|[first_line, lines]| SmearRemoval::Lines { first_line, lines })
        }
        _ => None,
    };
    found.ok_or_else(|| "give model, off or lines:FIRST,COUNT".into())
}

impl CalibrateArgs {
    fn choice(&self) -> CalibrationChoice {
        CalibrationChoice {
            camera: self.camera.clone(),
            filter: self.filter.clone(),
            sun_distance_au: self.sun_au,
            flat: self.flat.clone(),
            dark: self.dark.clone(),
            dark_temperature_k: self.dark_temperature_k,
            hot_clip_sigma: self.hot_sigma,
            hot_action: match self.hot {
                Hot::Flag => HotAction::Flag,
                Hot::Fill => HotAction::Interpolate,
            },
            bias: self.bias,
            smear: self.smear,
            bloom_reach_px: self.bloom_px,
            solar_spectrum: self.solar_spectrum.clone(),
        }
    }

    /// A frame is never written over, nor two frames of one name over each other.
    fn check_folders(&self) -> Result<(), RequestError> {
        let real = |path: &Path| path.canonicalize().ok();
        let out = real(&self.out);
        for frame in &self.frames {
            let folder = frame.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if out.is_some() && real(folder) == out {
                let name = "out (the folder of the frames themselves)";
                return Err(RequestError::argument(name, &self.out.display().to_string()));
            }
        }
        let mut seen = BTreeMap::new();
        for frame in &self.frames {
            if let Some(other) = seen.insert(frame.file_stem(), frame) {
                let both = format!("{} and {}", other.display(), frame.display());
                return Err(RequestError::argument("frames (two of one name)", &both));
            }
        }
        Ok(())
    }
}

pub(super) fn run(args: &CalibrateArgs) -> Result<Answer, RequestError> {
    args.check_folders()?;
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let results = calibrate_all(args, &terminal);
    let done = results.and_then(|results| sort_out(args, results, &terminal));
    terminal.close();
    let done = done?;
    let left_out = args.frames.len() - done.len();
    let text = if args.json {
        json_text(&done.iter().map(|(calibrated, _)| &calibrated.record).collect::<Vec<_>>())
    } else {
        told(&done, left_out)
    };
    Ok(if left_out == 0 { Answer::complete(text) } else { Answer::partial(text) })
}

type Done = (Calibrated, CalibratedFiles);

fn calibrate_all(
    args: &CalibrateArgs,
    terminal: &Terminal,
) -> Result<Vec<Result<Done, RequestError>>, RequestError> {
    let calibrator = Calibrator::new(args.choice(), terminal)?;
    std::fs::create_dir_all(&args.out).map_err(|error| RequestError::Io {
        action: "make the folder",
        reason: error.to_string(),
        path: args.out.clone(),
    })?;
    let count = AtomicUsize::new(0);
    let one = |frame: &PathBuf| {
        let result = calibrator.run(frame, &args.out, terminal);
        let done = count.fetch_add(1, Ordering::Relaxed) + 1;
        terminal.progress(Progress { stage: "calibrate", done, total: args.frames.len() });
        result
    };
    Ok(args.frames.par_iter().map(one).collect())
}

/// The frames that were calibrated; the only frame's trouble is the answer, among many it is a warning.
fn sort_out(
    args: &CalibrateArgs,
    results: Vec<Result<Done, RequestError>>,
    terminal: &Terminal,
) -> Result<Vec<Done>, RequestError> {
    let mut done = Vec::new();
    for (frame, result) in args.frames.iter().zip(results) {
        match result {
            Ok(result) => done.push(result),
            Err(error) if args.frames.len() == 1 => return Err(error),
            Err(error) => terminal.warn(Warning {
                stage: "calibrate".into(),
                subject: frame.display().to_string(),
                message: format!("left out: {error}"),
                hint: error.hint().into(),
            }),
        }
    }
    Ok(done)
}

fn told(done: &[Done], left_out: usize) -> String {
    let mut text = String::new();
    match done {
        [(calibrated, files)] if left_out == 0 => {
            text += &steps(&calibrated.record);
            text += &format!(
                "Wrote {}, {} and {}\n",
                files.image.display(),
                files.label.display(),
                files.record.display()
            );
        }
        many => {
            text += &overview(many);
            let folder = many.first().and_then(|(_, files)| files.image.parent());
            let folder = folder.map_or_else(String::new, |folder| folder.display().to_string());
            text += &format!("{} written to {folder}, {left_out} left out\n", frames(many.len()));
        }
    }
    text
}

fn frames(count: usize) -> String {
    if count == 1 { "1 frame".into() } else { format!("{count} frames") }
}

/// One frame, step by step.
fn steps(record: &CalibrationRecord) -> String {
    let mut text = format!(
        "{} by {} {}: {} s, Sun at {:.4} au; errors at I/F {:.4} (median of the lit pixels)\n",
        record.frame,
        record.instrument,
        record.filter,
        record.exposure_s,
        record.sun_distance_au,
        record.reference_iof,
    );
    let mut table = Table::new(&["step", "what was done", "random I/F", "common I/F"], 2);
    for step in &record.steps {
        let name = serde_json::to_value(step.step).ok();
        let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or("").replace('-', " ");
        let what =
            if step.state == StepState::LeftOut { format!("({})", step.what) } else { step.what.clone() };
        table.line(vec![name, what, format!("{:.2e}", step.random_iof), format!("{:.2e}", step.common_iof)]);
    }
    text += &table.text();
    let pixels = &record.pixels;
    text += &format!(
        "Of {} pixels {} are good, {} missing, {} saturated, {} hot, {} with uncertain smear, {} beyond the linear range.\n\
         All pixels share an error of {:.1} % of the scale and {:.1e} I/F of the zero.\n",
        pixels.all,
        pixels.good,
        pixels.missing,
        pixels.saturated,
        pixels.hot,
        pixels.smear,
        pixels.beyond_linearity,
        100.0 * record.scale_error_fraction,
        record.zero_error_iof,
    );
    let assumed = record.assumed();
    if !assumed.is_empty() {
        text += &format!("ASSUMED, published nowhere we could read: {}\n", assumed.join(", "));
    }
    record.warnings.iter().for_each(|warning| text += &format!("note: {warning}\n"));
    text
}

/// Many frames, a line each.
fn overview(done: &[Done]) -> String {
    let headings =
        ["frame", "filter", "exposure s", "Sun au", "median I/F", "good %", "saturated px", "scale error %"];
    let mut table = Table::new(&headings, 2);
    for (calibrated, _) in done {
        let record = &calibrated.record;
        table.line(vec![
            record.frame.clone(),
            record.filter.clone(),
            format!("{}", record.exposure_s),
            format!("{:.4}", record.sun_distance_au),
            format!("{:.4}", record.reference_iof),
            format!("{:.2}", 100.0 * record.pixels.good as f64 / record.pixels.all.max(1) as f64),
            record.pixels.saturated.to_string(),
            format!("{:.1}", 100.0 * record.scale_error_fraction),
        ]);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_the_bias_and_from_the_smear_are_understood() {
        assert_eq!(bias("camera"), Ok(Bias::Detector));
        assert_eq!(bias("269.5"), Ok(Bias::Value { bias_dn: 269.5, sigma_dn: 0.0 }));
        let window = Window { sample: 1, line: 2, width: 3, height: 4 };
        assert_eq!(bias("overscan:1,2,3,4"), Ok(Bias::Overscan(window)));
        assert_eq!(bias("overscan-lines:1, 2, 3, 4"), Ok(Bias::OverscanLines(window)));
        assert!(bias("overscan:1,2,3").is_err() && bias("x").is_err() && bias("dark:1").is_err());
        assert_eq!(smear("lines:1024,20"), Ok(SmearRemoval::Lines { first_line: 1024, lines: 20 }));
        assert_eq!(smear("off"), Ok(SmearRemoval::Off));
        assert!(smear("lines:1").is_err() && smear("on").is_err());
    }
}
