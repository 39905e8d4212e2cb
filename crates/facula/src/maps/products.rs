// SPDX-License-Identifier: MIT OR Apache-2.0
//! The files of a map and its preview, filled tile by tile.

use std::path::PathBuf;

use facula_core::{CellGrid, Level, capitalised};
use facula_map::{FinishedTile, GlobalMap, MapError, MapFiles, ProductInfo, TileSink};
use facula_photometry::SurfaceModel;

use super::also;
use super::frames::FrameSet;
use super::preview::Preview;
use super::request::MapRequest;
use crate::RequestError;

/// Cells of a map that may be held in memory: 7.5 GB.
const WHOLE_CELLS: u64 = 500_000_000;

/// The files of the map and its preview.
pub(super) struct Products<'a> {
    files: MapFiles,
    preview: Preview,
    request: &'a MapRequest,
    /// The whole map, where a format needs it.
    whole: Option<GlobalMap>,
}

impl<'a> Products<'a> {
    pub fn create(
        request: &'a MapRequest,
        (frames, grid): (&FrameSet, CellGrid),
        info: &ProductInfo,
    ) -> Result<Self, RequestError> {
        let cells = grid.width() as u64 * grid.height() as u64;
        if !request.also.is_empty() && cells > WHOLE_CELLS {
            let value = format!("{} x {} cells", grid.width(), grid.height());
            return Err(RequestError::argument("also (for maps of 500 million cells at most)", &value));
        }
        Ok(Self {
            files: MapFiles::create(&request.out, &frames.body, grid, info)?,
            preview: Preview::new(grid),
            request,
            whole: (!request.also.is_empty()).then(|| GlobalMap::empty(grid)),
        })
    }

    pub fn finish(self, frames: &FrameSet, quantity: &str) -> Result<Vec<PathBuf>, RequestError> {
        let mut files = self.files.finish()?;
        let path = self.request.out.join("preview.png");
        if let Some(picture) = self.preview.picture(&frames.body, quantity)? {
            picture.write(&path)?;
            files.push(path);
        }
        for (format, map) in self.request.also.iter().zip(self.whole.iter().cycle()) {
            files.push(also::write(*format, (map, quantity), frames, &self.request.out)?);
        }
        Ok(files)
    }
}

impl TileSink for Products<'_> {
    fn tile(&mut self, tile: FinishedTile<'_>) -> Result<(), MapError> {
        self.preview.take(&tile);
        if let Some(whole) = &mut self.whole {
            whole.tile(tile)?;
        }
        self.files.tile(tile)
    }

    fn no_tile(&mut self, column: usize, line: usize) -> Result<(), MapError> {
        self.files.no_tile(column, line)
    }
}

/// What the numbers of the frames are.
pub(super) fn quantity(frames: &FrameSet) -> &'static str {
    let relative = frames.shots.iter().any(|shot| shot.meta.level == Level::Relative);
    if relative { "relative brightness" } else { "normal albedo" }
}

/// What every file says of itself.
pub(super) fn product_info(frames: &FrameSet, quantity: &str, model: &SurfaceModel) -> ProductInfo {
    let filter = frames.shots.first().map_or("", |shot| &shot.meta.filter);
    let metadata = [
        ("SOFTWARE", format!("facula {}", env!("CARGO_PKG_VERSION"))),
        ("TARGET", capitalised(&frames.body.name)),
        ("FILTER", filter.to_string()),
        ("QUANTITY", quantity.to_string()),
        ("STANDARD_GEOMETRY", "incidence 0, emission 0, phase 0 degrees".to_string()),
        ("PHOTOMETRIC_MODEL", serde_json::to_string(model).unwrap_or_default()),
        ("BODY_CONSTANTS", frames.body.source.trim().replace('\n', " ")),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    ProductInfo { metadata, ..Default::default() }
}
