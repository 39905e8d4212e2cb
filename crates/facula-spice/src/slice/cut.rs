// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cuts segments: the words of a segment of the same type with only the records a span needs.
//!
//! In: data type, words, bounds (ET seconds or ticks) inside the segment's own. Out: words that answer the same bits
//! inside the bounds, directories made anew.
//!
//! # Loaded
//! NAIF, "SPK Required Reading" and "CK Required Reading", the layouts of the types.

use crate::ck::types::{type_2_count, type_3_times};
use crate::spk::chebyshev::Layout;
use crate::spk::{Fault, count_from_end, part};

/// Records per word of the directories.
const DIRECTORY: usize = 100;

/// A segment of an SPK; types that are not known here are kept whole.
pub(super) fn states(kind: i32, words: &[f64], bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    match kind {
        1 => lines(words, 71, 1, bounds),
        2 | 3 => {
            let layout = Layout::new(words, if kind == 2 { 3 } else { 6 });
            let layout = layout.ok_or(Fault::Damaged("impossible record layout"))?;
            Ok(Some(layout.cut(words, bounds)))
        }
        8 | 12 => even(words, bounds),
        9 | 13 => uneven(words, 6, 2, bounds),
        18 => uneven(words, if count_from_end(words, 3)? == 0 { 12 } else { 6 }, 3, bounds),
        21 => lines(words, 4usize.saturating_mul(count_from_end(words, 2)?).saturating_add(11), 2, bounds),
        _ => Ok(Some(words.to_vec())),
    }
}

/// A segment of a CK; `None` when nothing of it lies in the bounds.
pub(super) fn attitudes(
    kind: i32,
    rates: bool,
    words: &[f64],
    bounds: [f64; 2],
) -> Result<Option<Vec<f64>>, Fault> {
    let record = if rates { 7 } else { 4 };
    match kind {
        1 => moments(words, record, bounds),
        2 => spins(words, bounds),
        3 => joined(words, record, bounds),
        _ => Ok(Some(words.to_vec())),
    }
}

/// Every hundredth word of `numbers`, `count` of them.
fn directory(numbers: &[f64], count: usize) -> impl Iterator<Item = f64> {
    numbers.iter().skip(DIRECTORY - 1).step_by(DIRECTORY).take(count).copied()
}

fn before_last(count: usize) -> usize {
    count.saturating_sub(1) / DIRECTORY
}

/// Difference lines (types 1 and 21): a line answers up to its own epoch. `tail` words end the segment, the last of
/// them the count.
fn lines(words: &[f64], size: usize, tail: usize, bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    let count = count_from_end(words, 1)?;
    let records = part(words, 0, count.saturating_mul(size))?;
    let epochs = part(words, records.len(), count)?;
    let line = |t: f64| epochs.partition_point(|end| *end < t).min(count.saturating_sub(1));
    let (first, last) = (line(bounds[0]), line(bounds[1]) + 1);
    let kept = epochs.get(first..last).ok_or(Fault::Damaged("epochs that do not grow"))?;
    let mut cut = records[first * size..last * size].to_vec();
    cut.extend(kept);
    cut.extend(directory(kept, kept.len() / DIRECTORY));
    cut.extend(&words[words.len() - tail..words.len() - 1]);
    cut.push(kept.len() as f64);
    Ok(Some(cut))
}

/// Samples around the bounds with a whole window beyond them on either side.
fn around(epochs: &[f64], window: usize, bounds: [f64; 2]) -> [usize; 2] {
    let first = epochs.partition_point(|t| *t <= bounds[0]).saturating_sub(window + 1);
    let last = (epochs.partition_point(|t| *t <= bounds[1]) + window + 1).min(epochs.len());
    [first, last]
}

/// States at uneven epochs (types 9, 13 and 18) with `tail` words at the end.
fn uneven(words: &[f64], packet: usize, tail: usize, bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    let (count, window) = (count_from_end(words, 1)?, count_from_end(words, 2)?.saturating_add(1));
    let records = part(words, 0, count.saturating_mul(packet))?;
    let epochs = part(words, records.len(), count)?;
    let [first, last] = around(epochs, window.min(count), bounds);
    let kept = epochs.get(first..last).ok_or(Fault::Damaged("epochs that do not grow"))?;
    let mut cut = records[first * packet..last * packet].to_vec();
    cut.extend(kept);
    cut.extend(directory(kept, before_last(kept.len())));
    cut.extend(&words[words.len() - tail..words.len() - 1]);
    cut.push(kept.len() as f64);
    Ok(Some(cut))
}

/// States at even epochs (types 8 and 12). Kept whole where the epochs from a later start would round differently.
fn even(words: &[f64], bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    let (count, window) = (count_from_end(words, 1)?, count_from_end(words, 2)?.saturating_add(1));
    let records = part(words, 0, count.saturating_mul(6))?;
    let [start, step] = [4, 3].map(|back| words[words.len().saturating_sub(back)]);
    let epochs: Vec<f64> = (0..count).map(|i| start + i as f64 * step).collect();
    let [first, last] = around(&epochs, window.min(count), bounds);
    let kept = epochs.get(first..last).ok_or(Fault::Damaged("epochs that do not grow"))?;
    if kept.iter().enumerate().any(|(i, epoch)| kept[0] + i as f64 * step != *epoch) {
        return Ok(Some(words.to_vec()));
    }
    let mut cut = records[first * 6..last * 6].to_vec();
    cut.extend([kept[0], step, words[words.len() - 2], kept.len() as f64]);
    Ok(Some(cut))
}

/// Attitudes at single moments (CK type 1).
fn moments(words: &[f64], record: usize, bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    let count = count_from_end(words, 1)?;
    let records = part(words, 0, count.saturating_mul(record))?;
    let times = part(words, records.len(), count)?;
    let [first, last] = around(times, 1, bounds);
    let Some(kept) = times.get(first..last).filter(|kept| !kept.is_empty()) else { return Ok(None) };
    let mut cut = records[first * record..last * record].to_vec();
    cut.extend(kept);
    cut.extend(directory(kept, before_last(kept.len())));
    cut.push(kept.len() as f64);
    Ok(Some(cut))
}

/// Intervals of constant spin (CK type 2).
fn spins(words: &[f64], bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    let count = type_2_count(words.len()).ok_or(Fault::Damaged("a length no number of intervals has"))?;
    let (starts, stops) = (part(words, 8 * count, count)?, part(words, 9 * count, count)?);
    let first = starts.partition_point(|t| *t <= bounds[0]).saturating_sub(1);
    let last = starts.partition_point(|t| *t <= bounds[1]);
    let Some(kept) = starts.get(first..last).filter(|kept| !kept.is_empty()) else { return Ok(None) };
    let mut cut = part(words, 8 * first, 8 * kept.len())?.to_vec();
    cut.extend(kept);
    cut.extend(&stops[first..last]);
    cut.extend(directory(kept, before_last(kept.len())));
    Ok(Some(cut))
}

/// Attitudes joined inside intervals (CK type 3).
fn joined(words: &[f64], record: usize, bounds: [f64; 2]) -> Result<Option<Vec<f64>>, Fault> {
    let (times, starts) = type_3_times(words, record)?;
    let [first, last] = around(times, 1, bounds);
    let Some(kept) = times.get(first..last).filter(|kept| !kept.is_empty()) else { return Ok(None) };
    let mut cut = part(words, first * record, kept.len() * record)?.to_vec();
    cut.extend(kept);
    cut.extend(directory(kept, before_last(kept.len())));
    // The first moment that is kept begins what is left of its interval.
    let later = starts.iter().copied().filter(|start| kept[0] < *start && *start <= kept[kept.len() - 1]);
    let begun: Vec<f64> = std::iter::once(kept[0]).chain(later).collect();
    cut.extend(&begun);
    cut.extend(directory(&begun, before_last(begun.len())));
    cut.extend([begun.len() as f64, kept.len() as f64]);
    Ok(Some(cut))
}
