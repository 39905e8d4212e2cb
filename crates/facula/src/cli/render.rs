// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula render`: one picture.

use std::path::PathBuf;

use clap::Args;
use facula::RequestError;
use facula::core::{Quality, format_utc};
use facula::observe::parse_epoch;
use facula::picture::{PictureRequest, Span, animation, picture, picture_figure, write_picture_fits};
use facula::publish::{AnimationFormat, write_file};
use facula::simulate::{Rendered, WithTruth};
use facula::spice::Kernels;

use super::json_text;
use super::view::{Pinhole, ViewArgs};
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula render --time 2015-04-15T07:50 --above 239.3,19.8,22470 -o occator.png
      Ceres as Dawn's camera saw it at the terminator, from 22,000 km
  facula render --time 2015-12-20 --above 239.3,19.8,850 -o occator_375km.png
      The same ground from 375 km: detail is added below the base grid
  facula render --body vesta --frame FRAME.png --shape vesta.obj --map vesta.jpg,-180 -o vesta.fits
      A flight frame computed: I/F and the truth of every pixel as named extensions
  facula render --time 2015-05-04 --above 200,-30,3000 --field 20 --size 1600x900 -o wide.png
  facula render --time 2015-04-14T20:00 --until 2015-04-15T05:05 --above 30,30,22470 --field 3 --size 512x512 -o turn.gif
      One rotation, Occator's spots coming out of the night

North is up. The built-in worlds (ceres, vesta) hold the named craters and faculae at their places; what is between them is
seeded. The Sun is a disc; terrain throws shadows. A .fits file holds the truth too, a .png title and caption.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct RenderArgs {
    #[command(flatten)]
    view: ViewArgs,
    /// Field of view along the samples, degrees: a camera without distortion in place of --camera.
    #[arg(long, value_name = "DEG", requires = "size", conflicts_with = "frame")]
    field: Option<f64>,
    /// Samples and lines of that camera.
    #[arg(long, value_name = "WxH", value_parser = size, requires = "field")]
    size: Option<[usize; 2]>,
    /// Last time of an animation; the camera stays where it was in space while the body turns.
    #[arg(long, value_name = "UTC", conflicts_with = "frame")]
    until: Option<String>,
    /// Pictures of the animation.
    #[arg(long, value_name = "N", default_value_t = 37, requires = "until")]
    pictures: usize,
    /// Width of the animation, px.
    #[arg(long, value_name = "PX", default_value_t = 512, requires = "until")]
    width: u32,
    /// File to write: .png (picture with title and caption), .fits (I/F and truth); with --until .gif or .mp4 (AV1 video).
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Largest side of a picture, px.
const MOST_PX: usize = 8192;

fn size(text: &str) -> Result<[usize; 2], String> {
    let sizes: Vec<usize> = text.split(['x', 'X', ',']).filter_map(|n| n.trim().parse().ok()).collect();
    match sizes[..] {
        [width, height] if (1..=MOST_PX).contains(&width) && (1..=MOST_PX).contains(&height) => {
            Ok([width, height])
        }
        _ => Err(format!("give width and height such as 1600x900, up to {MOST_PX}")),
    }
}

pub(super) fn run(args: &RenderArgs) -> Result<String, RequestError> {
    let product = match args.out.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).as_deref() {
        Some("png") if args.until.is_none() => Product::Png,
        Some("fits" | "fit") if args.until.is_none() => Product::Fits,
        ending => {
            let format = ending.filter(|_| args.until.is_some()).and_then(AnimationFormat::of_extension);
            Product::Animation(format.ok_or_else(|| {
                let name = "out (.png or .fits; .gif or .mp4 with --until)";
                RequestError::argument(name, &args.out.display().to_string())
            })?)
        }
    };
    let terminal = Terminal::new(Detail::of(args.json, true));
    let text = make(args, product, &terminal);
    terminal.close();
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Product {
    Png,
    Fits,
    Animation(AnimationFormat),
}

fn make(args: &RenderArgs, product: Product, terminal: &Terminal) -> Result<String, RequestError> {
    let pinhole = args.field.zip(args.size).map(|(field_deg, size_px)| Pinhole { size_px, field_deg });
    let view = args.view.view(pinhole, terminal)?;
    let wanted = product == Product::Fits || (args.json && product == Product::Png);
    let request = args.view.picture(&view, if wanted { WithTruth::Yes } else { WithTruth::No })?;
    if let Product::Animation(format) = product {
        return sequence((args, format), (&request, &view.kernels), terminal);
    }
    let rendered = picture(&request, terminal)?;
    match product {
        Product::Fits => write_picture_fits(&args.out, &rendered, &request)?,
        _ => picture_figure(&rendered, &request)?.write(&args.out)?,
    }
    Ok(told(args, &request, &rendered))
}

fn sequence(
    (args, format): (&RenderArgs, AnimationFormat),
    (request, kernels): (&PictureRequest<'_>, &Kernels),
    terminal: &Terminal,
) -> Result<String, RequestError> {
    let until = parse_epoch(args.until.as_deref().unwrap_or_default())?;
    let span = Span { until, pictures: args.pictures, look_at_deg: args.view.look_at, format };
    let bytes = animation((request, kernels), &span, args.width, terminal)?;
    write_file(&args.out, &bytes)?;
    if args.json {
        return Ok(json_text(&serde_json::json!({ "out": args.out, "pictures": span.pictures })));
    }
    Ok(format!("{} pictures\nWrote {}\n", span.pictures, args.out.display()))
}

fn told(args: &RenderArgs, request: &PictureRequest<'_>, rendered: &Rendered) -> String {
    let brightest = rendered.iof.as_slice().iter().copied().fold(0.0f32, f32::max);
    let pose = &request.pose;
    if !args.json {
        return format!(
            "{} from {:.1} km at {} UTC, I/F up to {brightest:.4}\nWrote {}\n",
            request.body.name,
            pose.range_km(),
            format_utc(pose.mid_exposure),
            args.out.display()
        );
    }
    let share = |flag: Quality| {
        let quality = rendered.truth.as_ref().map(|truth| &truth.quality);
        quality.map(|quality| quality.as_slice().iter().filter(|q| q.intersects(flag)).count())
    };
    json_text(&serde_json::json!({
        "out": args.out,
        "mid_exposure_utc": format_utc(pose.mid_exposure),
        "spacecraft_body_fixed_km": pose.spacecraft_km.to_array(),
        "sun_body_fixed_km": pose.sun_km.to_array(),
        "camera_from_body": pose.camera_from_body.rows(),
        "pixels": rendered.iof.as_slice().len(),
        "sky_px": share(Quality::OFF_BODY),
        "shadow_px": share(Quality::SHADOW),
        "brightest_iof": brightest,
    }))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!(size("1600x900"), Ok([1600, 900]));
        assert!(size("1600").is_err() && size("0x5").is_err() && size("9000x5").is_err());
    }
}
