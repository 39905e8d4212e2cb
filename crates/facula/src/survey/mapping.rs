// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stage that puts all frames on the map, batch by batch, with memory bounded by the batch.

use std::time::{Duration, Instant};

use facula_core::{Progress, Reporter, Warning};
use facula_geometry::{Shape, Shot};
use facula_map::{GlobalMap, Mosaic};
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

/// Maps all frames in order.
pub(crate) fn mosaic(
    tools: &FrameTools<'_>,
    frames: &[AlignedFrame],
    folder: &RunFolder,
    report: &dyn Reporter,
) -> Result<GlobalMap, SurveyError> {
    let failed = |e: facula_map::MapError| SurveyError::stage("map", e);
    let (mut mosaic, mut done) = match resumed(folder) {
        Some(found) if found.0.grid() == tools.setup.grid => found,
        _ => (Mosaic::new(tools.setup.grid).map_err(failed)?, 0),
    };
    let options = tools.setup.mosaic_options();
    let mut written = Instant::now();
    while done < frames.len() {
        let batch = &frames[done..frames.len().min(done + BATCH)];
        report.progress(Progress { stage: "map", done, total: frames.len() });
        let shots = shots(tools, batch, report);
        mosaic.accumulate(&shots, tools.shape, &options, report).map_err(failed)?;
        done += batch.len();
        if done < frames.len() && written.elapsed() > CHECKPOINT_EVERY {
            checkpoint(folder, &mosaic, done)?;
            written = Instant::now();
        }
    }
    report.progress(Progress { stage: "map", done, total: frames.len() });
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
pub(crate) fn shots(tools: &FrameTools<'_>, batch: &[AlignedFrame], report: &dyn Reporter) -> Vec<Shot> {
    let read: Vec<Result<Shot, Warning>> = batch
        .par_iter()
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

/// A checkpoint: the number of frames done, then the mosaic's own format, which carries a checksum.
fn checkpoint(folder: &RunFolder, mosaic: &Mosaic, done: usize) -> Result<(), SurveyError> {
    let mut bytes = (done as u64).to_le_bytes().to_vec();
    bytes.extend(mosaic.to_bytes());
    folder.write(CHECKPOINT, &bytes).map(|_| ())
}

fn resumed(folder: &RunFolder) -> Option<(Mosaic, usize)> {
    let bytes = std::fs::read(folder.path(CHECKPOINT)).ok()?;
    let (count, mosaic) = bytes.split_first_chunk::<8>()?;
    Some((Mosaic::from_bytes(mosaic).ok()?, usize::try_from(u64::from_le_bytes(*count)).ok()?))
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
        checkpoint(&folder, &mosaic, 24).unwrap();
        let (found, done) = resumed(&folder).unwrap();
        assert!(found == mosaic && done == 24);
        let mut bytes = std::fs::read(folder.path(CHECKPOINT)).unwrap();
        bytes.truncate(bytes.len() - 3);
        std::fs::write(folder.path(CHECKPOINT), bytes).unwrap();
        assert!(resumed(&folder).is_none());
        forget_checkpoint(&folder).unwrap();
        forget_checkpoint(&folder).unwrap();
    }
}
