// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula info`: what files hold.

use std::path::{Path, PathBuf};

use clap::Args;
use facula::RequestError;
use facula::archive::{FileInfo, FrameHeader, Limits, PartInfo, ReadOptions, describe, read_header};
use facula::core::{Body, LonLat, Silent, format_utc};
use facula::geometry::CameraFile;

use super::table::Table;
use super::{Answer, json_text};
use crate::terminal::complain;

const HELP: &str = "Examples:
  facula info FC21A0038582.LBL
      Frame, images, smallest, largest and mean value, special pixels
  facula info *.cub --keywords Mapping
      The keywords with \"mapping\" in their names too
  facula info frame.fit --keywords --json
      Everything, for machines

Reads PDS3, PDS4, FITS (compressed too), VICAR, ISIS cubes, ENVI, TIFF, PNG and JPEG; kernels are for `facula kernels`.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct InfoArgs {
    /// Files: labels, images, cubes, pictures.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the keywords whose names hold this text, capitals or not; all without one.
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "")]
    keywords: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &InfoArgs) -> Result<Answer, RequestError> {
    let mut told = Vec::new();
    let mut left_out = 0;
    for path in &args.files {
        match describe(path, &Limits::default()) {
            Ok(info) => told.push((path, info, header(path))),
            Err(error) if args.files.len() == 1 => return Err(error.into()),
            Err(error) => {
                left_out += 1;
                complain(&format!("error: {error}\n"));
            }
        }
    }
    let text = if args.json {
        let all = told.iter().map(|(path, info, header)| as_json(path, info, header.as_ref()));
        json_text(&all.collect::<Vec<_>>())
    } else {
        let wanted = args.keywords.as_ref().map(|text| text.to_lowercase());
        let one = |(path, info, header): &(&PathBuf, FileInfo, Option<FrameHeader>)| {
            as_text(path, info, (header.as_ref(), wanted.as_deref()))
        };
        told.iter().map(one).collect::<Vec<_>>().join("\n")
    };
    Ok(if left_out == 0 { Answer::complete(text) } else { Answer::partial(text) })
}

/// What the file tells as a frame, when it is one: with the camera's shutter delay, and the pose only for a body
/// Facula knows.
fn header(path: &Path) -> Option<FrameHeader> {
    let any = Body::built_in("ceres").ok()?;
    let header = read_header(path, &ReadOptions::new(&any), &Silent).ok()?;
    let camera = CameraFile::built_in(&header.meta.instrument);
    let shutter_delay_s = camera.map_or(0.0, |camera| camera.shutter_delay_s);
    let body = Body::built_in(&header.meta.target);
    let options = ReadOptions { shutter_delay_s, ..ReadOptions::new(body.as_ref().unwrap_or(&any)) };
    let read = read_header(path, &options, &Silent).ok()?;
    Some(FrameHeader { pose: read.pose.filter(|_| body.is_ok()), ..read })
}

fn as_text(path: &Path, info: &FileInfo, (header, wanted): (Option<&FrameHeader>, Option<&str>)) -> String {
    let mut text = format!("{}: {}, {} bytes\n", path.display(), info.kind.name(), info.file_bytes);
    text += &header.map_or_else(String::new, frame_lines);
    if !info.parts.is_empty() {
        text += &parts(&info.parts);
    }
    for problem in &info.problems {
        text += &format!("  departs from its format: {problem}\n");
    }
    let Some(wanted) = wanted else {
        return text + &format!("  {} keywords (--keywords shows them)\n", info.keywords.len());
    };
    let found: Vec<_> = info.keywords.iter().filter(|(key, _)| key.to_lowercase().contains(wanted)).collect();
    text += &format!("  {} of {} keywords\n", found.len(), info.keywords.len());
    for (key, value) in found {
        text += &format!("    {key} = {value}\n");
    }
    text
}

fn frame_lines(header: &FrameHeader) -> String {
    let meta = &header.meta;
    let or_unknown = |text: &str| if text.is_empty() { "unknown".to_string() } else { text.to_string() };
    let mut text = format!(
        "  frame         {} of {} by {} {}\n  mid exposure  {} UTC, {} s ({})\n",
        meta.id,
        or_unknown(&meta.target),
        or_unknown(&meta.instrument),
        meta.filter,
        format_utc(meta.mid_exposure),
        meta.exposure_s,
        level(header),
    );
    if let Some(pose) = &header.pose {
        let below = LonLat::of(pose.spacecraft_km);
        text += &format!(
            "  pose          {:.1} km from the centre, above {:.3} E {:+.3} deg, Sun at {:.4} au\n",
            pose.spacecraft_km.length(),
            below.longitude_deg(),
            below.latitude_deg(),
            pose.sun_distance_au(),
        );
    }
    text
}

fn level(header: &FrameHeader) -> &'static str {
    use facula::core::Level;
    match header.meta.level {
        Level::Raw => "data numbers",
        Level::Radiance => "radiance, W m-2 sr-1 nm-1",
        Level::IOverF => "I/F",
        _ => "relative brightness",
    }
}

fn parts(parts: &[PartInfo]) -> String {
    let headings = [
        "  image",
        "type",
        "samples",
        "lines",
        "bands",
        "minimum",
        "maximum",
        "mean",
        "valid px",
        "missing px",
        "low px",
        "high px",
    ];
    let mut table = Table::new(&headings, 2);
    let mut notes = String::new();
    for PartInfo { part, statistics, special_pixels } in parts {
        let mut line = vec![format!("  {}", part.name), part.sample_type.clone()];
        line.extend(part.sizes.map(|size| size.to_string()));
        match statistics {
            Ok(s) => {
                line.extend([s.minimum_value, s.maximum_value, s.mean_value].map(number));
                line.extend(
                    [s.valid_pixels, s.missing_pixels, s.low_pixels, s.high_pixels].map(|n| n.to_string()),
                );
            }
            Err(reason) => notes += &format!("  {} is not read: {reason}\n", part.name),
        }
        table.line(line);
        let counts = special_pixels.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(name, count)| format!("{count} {name}")).collect();
        if !counts.is_empty() {
            notes += &format!("  {}: special pixels: {}\n", part.name, counts.join(", "));
        }
    }
    table.text() + &notes
}

/// Six digits, without a tail of zeros.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "-".into();
    }
    if value != 0.0 && !(1e-4..1e7).contains(&value.abs()) {
        return format!("{value:.5e}");
    }
    let digits = (5 - value.abs().max(1e-4).log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

fn as_json(path: &Path, info: &FileInfo, header: Option<&FrameHeader>) -> serde_json::Value {
    let finite = |value: f64| value.is_finite().then_some(value);
    let part = |PartInfo { part, statistics, special_pixels }: &PartInfo| {
        serde_json::json!({
            "name": part.name,
            "sample_type": part.sample_type,
            "samples": part.sizes[0],
            "lines": part.sizes[1],
            "bands": part.sizes[2],
            "special_pixels": special_pixels.iter().map(|(name, count)| (name.to_string(), (*count).into()))
                .collect::<serde_json::Map<_, _>>(),
            "error": statistics.as_ref().err(),
            "statistics": statistics.as_ref().ok().map(|s| serde_json::json!({
                "minimum": finite(s.minimum_value),
                "maximum": finite(s.maximum_value),
                "mean": finite(s.mean_value),
                "valid_px": s.valid_pixels,
                "missing_px": s.missing_pixels,
                "low_px": s.low_pixels,
                "high_px": s.high_pixels,
            })),
        })
    };
    let frame = header.map(|h| {
        serde_json::json!({
            "id": h.meta.id,
            "target": h.meta.target,
            "instrument": h.meta.instrument,
            "filter": h.meta.filter,
            "mid_exposure_utc": format_utc(h.meta.mid_exposure),
            "exposure_s": h.meta.exposure_s,
            "detector_temperature_k": h.meta.detector_temperature_k,
            "level": h.meta.level,
            "spacecraft_body_fixed_km": h.pose.map(|pose| pose.spacecraft_km.to_array()),
            "sun_distance_au": h.pose.map(|pose| pose.sun_distance_au()),
        })
    });
    serde_json::json!({
        "file": path,
        "kind": info.kind.name(),
        "file_bytes": info.file_bytes,
        "frame": frame,
        "images": info.parts.iter().map(part).collect::<Vec<_>>(),
        "problems": info.problems,
        "keywords": info.keywords,
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_six_digits_and_no_tail() {
        let cases = [
            (0.0, "0"),
            (4095.0, "4095"),
            (291.93456, "291.935"),
            (0.0371234567, "0.0371235"),
            (-1.23e34, "-1.23000e34"),
            (1.5e-6, "1.50000e-6"),
            (f64::NAN, "-"),
            (1_234_567.8, "1234568"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }
}
