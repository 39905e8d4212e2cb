// SPDX-License-Identifier: MIT OR Apache-2.0
//! `facula convert`: any image to FITS, PDS4 or GeoTIFF.

use std::path::PathBuf;

use clap::Args;
use facula::RequestError;
use facula::archive::ImageOptions;
use facula::frames::convert_file;

use super::json_text;
use crate::terminal::{Detail, Terminal};

const HELP: &str = "Examples:
  facula convert FC21A0038582.LBL -o frame.fits
  facula convert dtm.cub -o dtm.tif
      The map of an ISIS cube as Cloud Optimized GeoTIFF, with its coordinates
  facula convert FRAME.LBL -o second.xml --image FRAME_2_IMAGE
      Another image of the file, as PDS4 label with its array

Values are those after scaling. Special pixels become NaN (PDS4: the missing constant); what kind they were goes along
as quality flags. `facula info FILE` names the images of a file.";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ConvertArgs {
    /// Label, image, cube or picture.
    file: PathBuf,
    /// File to write: .fits, .xml (PDS4) or .tif.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Image of the file by name [default: the first].
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Band of the image, from 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    band: u64,
    /// Tell every warning.
    #[arg(short, long)]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(args: &ConvertArgs) -> Result<String, RequestError> {
    let options = ImageOptions { part: args.image.clone(), band: args.band - 1, ..Default::default() };
    let terminal = Terminal::new(Detail::of(args.json, args.verbose));
    let written = convert_file(&args.file, &args.out, &options, &terminal);
    terminal.close();
    let written = written?;
    if args.json {
        return Ok(json_text(&serde_json::json!({ "written": written })));
    }
    Ok(written.iter().map(|path| format!("Wrote {}\n", path.display())).collect())
}
