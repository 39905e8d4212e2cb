// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stage that puts all frames on the map, batch by batch, with memory bounded by the batch.

use std::time::{Duration, Instant};

use facula_core::{Progress, Reporter, Warning};
use facula_geometry::{Shape, Shot};
use facula_map::{GlobalMap, Mosaic, MosaicConfig};
use rayon::prelude::*;

use super::folder::RunFolder;
use super::frames::{AlignedFrame, FrameTools};
use crate::SurveyError;

/// Frames held in memory at once: 24 frames of 1024 x 1024 pixels take 230 MB.
pub(crate) const BATCH: usize = 24;
/// The mosaic so far is written aside when this much time has passed since the last time, so that a killed run
/// loses no more. Its content does not depend on when that happens.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// The mosaic so far.
const CHECKPOINT: &str = "mosaic.checkpoint";

/// Maps all frames; those a checkpoint holds are not read again.
pub(crate) fn mosaic(
    tools: &FrameTools<'_>,
    frames: &[AlignedFrame],
    folder: &RunFolder,
    report: &dyn Reporter,
) -> Result<GlobalMap, SurveyError> {
    let failed = |e: facula_map::MapError| SurveyError::stage("map", e);
    let mut mosaic = match resumed(folder) {
        Some(found) if found.grid() == tools.setup.grid.into() => found,
        _ => Mosaic::new(tools.setup.grid).map_err(failed)?,
    };
    let options = tools.setup.mosaic_options();
    let mut written = Instant::now();
    let total = frames.len();
    let left: Vec<&AlignedFrame> =
        frames.iter().filter(|frame| !mosaic.frames().contains_key(&frame.record.frame_id)).collect();
    let mut done = total - left.len();
    for batch in left.chunks(BATCH) {
        report.progress(Progress { stage: "map", done, total });
        let shots = shots(tools, batch.par_iter().copied(), report);
        mosaic.accumulate(&shots, tools.shape, &options, report).map_err(failed)?;
        done += batch.len();
        if done < total && written.elapsed() > CHECKPOINT_EVERY {
            checkpoint(folder, &mosaic)?;
            written = Instant::now();
        }
    }
    report.progress(Progress { stage: "map", done, total });
    Ok(mosaic.finish())
}

/// Removes the checkpoint of a finished map.
pub(crate) fn forget_checkpoint(folder: &RunFolder) -> Result<(), SurveyError> {
    let path = folder.path(CHECKPOINT);
    if path.is_file() {
        std::fs::remove_file(&path).map_err(|e| SurveyError::io("remove", &path, &e))?;
    }
    Ok(())
}

/// The shots of a batch; a frame that could be aligned but no longer be read becomes a warning.
pub(crate) fn shots<'a>(
    tools: &FrameTools<'_>,
    batch: impl IntoParallelIterator<Item = &'a AlignedFrame>,
    report: &dyn Reporter,
) -> Vec<Shot> {
    let read: Vec<Result<Shot, Warning>> = batch
        .into_par_iter()
        .map(|frame| {
            tools.shot(frame).map_err(|message| Warning {
                stage: "map".into(),
                subject: frame.record.frame_id.clone(),
                message: format!("left out: {message}"),
                hint: "the file changed during the run; run again".into(),
            })
        })
        .collect();
    read.into_iter().filter_map(|result| result.map_err(|warning| report.warn(warning)).ok()).collect()
}

/// A checkpoint is an accumulator file; it knows the frames in it.
fn checkpoint(folder: &RunFolder, mosaic: &Mosaic) -> Result<(), SurveyError> {
    mosaic.write(&folder.path(CHECKPOINT)).map_err(|e| SurveyError::stage("map", e))
}

fn resumed(folder: &RunFolder) -> Option<Mosaic> {
    Mosaic::read(&folder.path(CHECKPOINT), MosaicConfig::default().budget_bytes).ok()
}

/// Whether a shape needs the frames' own terrain to be looked at.
pub(crate) fn shape_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Ellipsoid(_) => "ellipsoid",
        Shape::Grid(_) => "radius grid",
        Shape::Mesh(_) => "triangle mesh",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::folder::Existing;
    use facula_core::MapGrid;

    #[test]
    fn a_checkpoint_gives_back_what_was_done_and_a_damaged_one_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let (folder, _) = RunFolder::open(&temp.path().join("o"), "k", Existing::Keep).unwrap();
        assert!(resumed(&folder).is_none());
        let mosaic = Mosaic::new(MapGrid::global(16)).unwrap();
        checkpoint(&folder, &mosaic).unwrap();
        assert!(resumed(&folder).unwrap() == mosaic);
        let mut bytes = std::fs::read(folder.path(CHECKPOINT)).unwrap();
        bytes.truncate(bytes.len() - 3);
        std::fs::write(folder.path(CHECKPOINT), bytes).unwrap();
        assert!(resumed(&folder).is_none());
        forget_checkpoint(&folder).unwrap();
        forget_checkpoint(&folder).unwrap();
    }
}
