// SPDX-License-Identifier: MIT OR Apache-2.0
//! Greedy placement of labels beside their marks: the first of a ring of positions that covers no other label and
//! no mark and stays inside wins; a label without a free position is left out, and the caller says how many.

use crate::font::{Weight, width_px};
use crate::svg::{Anchor, Area, Point};

/// A mark and the text that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) at: Point,
    /// Room the mark itself takes around its centre, px.
    pub(crate) radius: f64,
    pub(crate) text: String,
}

/// Where a label goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    /// Baseline position of the text.
    pub(crate) at: Point,
    pub(crate) anchor: Anchor,
    /// Where a leader line starts at the label, when the label is not next to its mark.
    pub(crate) leader: Option<Point>,
}

/// Directions tried, in order of taste: east, west, the diagonals, north, south.
const DIRECTIONS: [(f64, f64); 8] =
    [(1.0, 0.0), (-1.0, 0.0), (0.8, -0.8), (0.8, 0.8), (-0.8, -0.8), (-0.8, 0.8), (0.0, -1.3), (0.0, 1.3)];

/// Distances from the mark's edge, px; beyond the first a leader line is drawn.
const DISTANCES: [f64; 4] = [8.0, 30.0, 60.0, 100.0];

/// A position for the label of each mark in turn, inside `bounds`; `None` where there is no room. Marks given
/// first are served first.
pub(crate) fn place_labels(marks: &[Mark], size: f64, bounds: Area) -> Vec<Option<Spot>> {
    let mut taken: Vec<Area> = marks.iter().map(|mark| around(mark.at, mark.radius)).collect();
    let mut spots = Vec::with_capacity(marks.len());
    for (index, mark) in marks.iter().enumerate() {
        let free = candidates(mark, size).find(|(area, _)| {
            let inside = bounds.holds((area.x, area.y)) && bounds.holds((area.right(), area.bottom()));
            let clear = |(other, used): (usize, &Area)| other == index || used.overlap(area) == 0.0;
            inside && taken.iter().enumerate().all(clear)
        });
        if let Some((area, _)) = free {
            taken.push(area);
        }
        spots.push(free.map(|(_, spot)| spot).filter(|_| !mark.text.is_empty()));
    }
    spots
}

fn candidates(mark: &Mark, size: f64) -> impl Iterator<Item = (Area, Spot)> + '_ {
    let width = width_px(&mark.text, size, Weight::Bold) + 4.0;
    let height = size * 1.15;
    DISTANCES.into_iter().flat_map(move |gap| {
        DIRECTIONS.into_iter().map(move |(dx, dy)| {
            let reach = mark.radius + gap;
            let (x, y) = (mark.at.0 + dx * reach, mark.at.1 + dy * reach);
            let (left, anchor) = match dx {
                d if d > 0.0 => (x, Anchor::Start),
                d if d < 0.0 => (x - width, Anchor::End),
                _ => (x - width / 2.0, Anchor::Middle),
            };
            let area = Area::new(left, y - height / 2.0, width, height);
            let spot = Spot {
                at: (x, y + size * 0.36),
                anchor,
                leader: (gap > DISTANCES[0]).then_some((x - dx * 4.0, y)),
            };
            (area, spot)
        })
    })
}

fn around((x, y): Point, radius: f64) -> Area {
    Area::new(x - radius, y - radius, 2.0 * radius, 2.0 * radius)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: Area = Area::new(0.0, 0.0, 800.0, 600.0);

    fn mark(x: f64, y: f64) -> Mark {
        Mark { at: (x, y), radius: 6.0, text: "Cerealia Facula".into() }
    }

    #[test]
    fn a_lone_label_stands_to_the_right_and_at_the_edge_to_the_left() {
        let spots = place_labels(&[mark(100.0, 100.0), mark(790.0, 300.0)], 20.0, PAGE);
        assert_eq!(spots[0].unwrap().anchor, Anchor::Start);
        assert_eq!(spots[1].unwrap().anchor, Anchor::End);
        assert!(spots[0].unwrap().leader.is_none());
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let crowd = vec![mark(400.0, 300.0); 200];
        let placed = place_labels(&crowd, 20.0, PAGE);
        let count = placed.iter().flatten().count();
        assert!(count > 3 && count < 40, "{count}");
        assert!(place_labels(&[mark(f64::NAN, 0.0)], 20.0, PAGE)[0].is_none());
    }

    proptest! {
        #[test]
        fn labels_never_cover_each_other(places in proptest::collection::vec((0.0..800.0f64, 0.0..600.0f64), 1..25)) {
            let marks: Vec<_> = places.into_iter().map(|(x, y)| mark(x, y)).collect();
            let areas: Vec<_> = place_labels(&marks, 20.0, PAGE)
                .into_iter()
                .flatten()
                .map(|spot| {
                    let width = width_px("Cerealia Facula", 20.0, Weight::Bold);
                    let left = match spot.anchor {
                        Anchor::Start => spot.at.0,
                        Anchor::End => spot.at.0 - width,
                        Anchor::Middle => spot.at.0 - width / 2.0,
                    };
                    Area::new(left, spot.at.1 - 15.0, width, 18.0)
                })
                .collect();
            for (i, a) in areas.iter().enumerate() {
                for b in &areas[i + 1..] {
                    prop_assert!(a.overlap(b) == 0.0);
                }
            }
        }
    }
}
