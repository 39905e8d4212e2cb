// SPDX-License-Identifier: MIT OR Apache-2.0
//! Overviews by factors of two, each level cut into compressed tiles.

use facula_core::Raster;
use rayon::prelude::*;

use super::tiles::{Sample, encode_tile};
use super::{CogOptions, Overview};

/// Overviews end when both sides are at most this long: one request then shows the whole map.
const SMALLEST_OVERVIEW_PX: usize = 512;

/// One level of an image: full resolution or an overview.
#[derive(Debug)]
pub(super) struct EncodedLevel {
    /// Width, px.
    pub width: usize,
    /// Height, px.
    pub height: usize,
    /// Compressed tiles, row by row; band after band once bands are merged.
    pub tiles: Vec<Vec<u8>>,
}

/// All levels of one band, full resolution first.
pub(super) fn encode<T: Sample>(
    raster: &Raster<T>,
    rule: Overview,
    options: &CogOptions,
) -> Vec<EncodedLevel> {
    let mut levels = vec![encode_level(raster, options)];
    let mut current = halved_if_large(raster, rule);
    while let Some(smaller) = current {
        levels.push(encode_level(&smaller, options));
        current = halved_if_large(&smaller, rule);
    }
    levels
}

/// Merges bands into one list of levels whose tiles stand band after band (planar configuration 2).
pub(super) fn by_level(bands: Vec<Vec<EncodedLevel>>) -> Vec<EncodedLevel> {
    let mut bands = bands.into_iter();
    let mut levels = bands.next().unwrap_or_default();
    for band in bands {
        for (level, more) in levels.iter_mut().zip(band) {
            level.tiles.extend(more.tiles);
        }
    }
    levels
}

fn encode_level<T: Sample>(raster: &Raster<T>, options: &CogOptions) -> EncodedLevel {
    let tile_px = options.tile_px;
    let across = raster.width().div_ceil(tile_px);
    let count = across * raster.height().div_ceil(tile_px);
    let corner = |index: usize| (index % across * tile_px, index / across * tile_px);
    let tiles = (0..count)
        .into_par_iter()
        .map(|index| encode_tile(raster, corner(index), tile_px, options.deflate_level))
        .collect();
    EncodedLevel { width: raster.width(), height: raster.height(), tiles }
}

fn halved_if_large<T: Sample>(raster: &Raster<T>, rule: Overview) -> Option<Raster<T>> {
    (raster.width().max(raster.height()) > SMALLEST_OVERVIEW_PX).then(|| halved(raster, rule))
}

/// The next coarser level; an odd last column or row is reduced from the cells there are.
fn halved<T: Sample>(raster: &Raster<T>, rule: Overview) -> Raster<T> {
    let (width, height) = (raster.width().div_ceil(2), raster.height().div_ceil(2));
    let lines: Vec<Vec<T>> = (0..height)
        .into_par_iter()
        .map(|line| {
            let upper = raster.line(2 * line);
            let lower = (2 * line + 1 < raster.height()).then(|| raster.line(2 * line + 1));
            (0..width).map(|column| reduce_pair(upper, lower, 2 * column, rule)).collect()
        })
        .collect();
    Raster::from_vec(width, height, lines.concat()).expect("every line has the width")
}

fn reduce_pair<T: Sample>(upper: &[T], lower: Option<&[T]>, left: usize, rule: Overview) -> T {
    let right = (left + 2).min(upper.len());
    let mut cells = [upper[left]; 4];
    let mut count = right - left;
    cells[..count].copy_from_slice(&upper[left..right]);
    if let Some(lower) = lower {
        cells[count..2 * count].copy_from_slice(&lower[left..right]);
        count *= 2;
    }
    T::reduce(&cells[..count], rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_edges_are_reduced_from_the_cells_there_are() {
        let raster = Raster::from_vec(3, 3, vec![1.0f32, 3.0, 5.0, 1.0, 3.0, 7.0, 10.0, 20.0, 9.0]).unwrap();
        let half = halved(&raster, Overview::Mean);
        assert_eq!(half.as_slice(), [2.0, 6.0, 15.0, 9.0]);
    }

    #[test]
    fn overviews_end_at_512_px() {
        let levels = encode(&Raster::filled(1025, 300, 7u8), Overview::Or, &CogOptions::default());
        let sizes: Vec<_> = levels.iter().map(|l| (l.width, l.height, l.tiles.len())).collect();
        assert_eq!(sizes, [(1025, 300, 3), (513, 150, 2), (257, 75, 1)]);
    }
}
