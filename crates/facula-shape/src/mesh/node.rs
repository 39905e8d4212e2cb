// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tree: nodes of up to eight children whose boxes are one byte a side, over blocks in a given order.
//!
//! Built from the top: of the ranges that a node holds so far, the one with the largest box is cut where the sum of
//! area times number is least (of 32 places, or of all when they are few), until there are eight.

use rayon::prelude::*;

use super::block::Bounds;

/// Children of a node.
pub(super) const WIDTH: usize = 8;
/// No child in this place.
pub(super) const EMPTY: u32 = u32::MAX;
/// Set in a child that is a block and not a node.
pub(super) const LEAF: u32 = 1 << 31;
/// Boxes are wider than what they hold by this fraction of the body's radius, for rays of single precision.
pub(super) const SLACK: f64 = 2e-6;
/// Ranges are halved beyond this depth, which bounds the depth of the whole at [`MAX_DEPTH`].
const FAIR_DEPTH: usize = 24;
/// No tree is deeper: each level below [`FAIR_DEPTH`] holds at most an eighth of the one above, rounded up.
pub(super) const MAX_DEPTH: usize = 40;
/// Ranges of more blocks than this are shared between threads.
const SHARED: usize = 1 << 13;
/// Places tried for a cut.
const CUTS: usize = 32;

/// A node; boxes are `origin + byte · scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    pub(super) origin: [f32; 3],
    pub(super) scale: [f32; 3],
    pub(super) low: [[u8; WIDTH]; 3],
    pub(super) high: [[u8; WIDTH]; 3],
    pub(super) children: [u32; WIDTH],
}

/// Blocks `start..end` and their box.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    end: usize,
    bounds: Bounds,
}

/// The tree over blocks; the root is the first node, children come after their parent.
pub(super) fn tree(blocks: &[Bounds], slack: f32) -> Vec<Node> {
    let bounds = blocks.iter().fold(Bounds::EMPTY, |sum, b| sum.with(b));
    let builder = Builder { blocks, slack };
    let mut nodes = Vec::new();
    builder.grow(Range { start: 0, end: blocks.len(), bounds }, 0, &mut nodes);
    nodes
}

struct Builder<'a> {
    blocks: &'a [Bounds],
    slack: f32,
}

impl Builder<'_> {
    /// Appends the node of a range and all below it.
    fn grow(&self, range: Range, depth: usize, nodes: &mut Vec<Node>) {
        let children = self.children(range, depth);
        let own = nodes.len();
        nodes.push(quantised(&children, self.slack));
        let single = |child: &Range| child.end - child.start == 1;
        if range.end - range.start > SHARED {
            let grown = |child: &Range| {
                let mut below = Vec::new();
                if !single(child) {
                    self.grow(*child, depth + 1, &mut below);
                }
                below
            };
            let parts: Vec<Vec<Node>> = children.par_iter().map(grown).collect();
            for (k, (child, part)) in children.iter().zip(parts).enumerate() {
                nodes[own].children[k] = reference(child, nodes.len());
                let before = nodes.len() as u32;
                nodes.extend(part.into_iter().map(|node| node.moved(before)));
            }
        } else {
            for (k, child) in children.iter().enumerate() {
                nodes[own].children[k] = reference(child, nodes.len());
                if !single(child) {
                    self.grow(*child, depth + 1, nodes);
                }
            }
        }
    }

    /// Up to eight ranges, in order.
    fn children(&self, range: Range, depth: usize) -> Vec<Range> {
        let mut children = Vec::with_capacity(WIDTH);
        children.push(range);
        while children.len() < WIDTH {
            let splittable = (0..children.len()).filter(|k| children[*k].end - children[*k].start > 1);
            let weight = |r: &Range| {
                let count = (r.end - r.start) as f32;
                if depth < FAIR_DEPTH { r.bounds.area() * count.sqrt() } else { count }
            };
            let largest = splittable.max_by(|a, b| weight(&children[*a]).total_cmp(&weight(&children[*b])));
            let Some(k) = largest else { break };
            let [left, right] = self.cut(children[k], depth);
            children[k] = left;
            children.insert(k + 1, right);
        }
        children
    }

    /// Cuts a range of two blocks or more in two.
    fn cut(&self, range: Range, depth: usize) -> [Range; 2] {
        let Range { start, end, .. } = range;
        let cuts = (end - start).min(CUTS);
        let place = |k: usize| start + (end - start) * k / cuts;
        let mut parts = [Bounds::EMPTY; CUTS];
        for (k, part) in parts[..cuts].iter_mut().enumerate() {
            *part = self.blocks[place(k)..place(k + 1)].iter().fold(Bounds::EMPTY, |sum, b| sum.with(b));
        }
        let mut after = [Bounds::EMPTY; CUTS + 1];
        for k in (0..cuts).rev() {
            after[k] = after[k + 1].with(&parts[k]);
        }
        let (mut before, mut best, mut least) = (Bounds::EMPTY, None, f32::INFINITY);
        for k in 1..cuts {
            before = before.with(&parts[k - 1]);
            let sides = [(place(k) - start) as f32, (end - place(k)) as f32];
            let cost = match depth < FAIR_DEPTH {
                true => before.area() * sides[0] + after[k].area() * sides[1],
                false => (sides[0] - sides[1]).abs(),
            };
            if best.is_none() || cost < least {
                (best, least) = (Some((place(k), before, after[k])), cost);
            }
        }
        // Two blocks or more have a place between them.
        let (middle, left, right) = best.unwrap_or((start + 1, range.bounds, range.bounds));
        [Range { start, end: middle, bounds: left }, Range { start: middle, end, bounds: right }]
    }
}

fn reference(child: &Range, next_node: usize) -> u32 {
    if child.end - child.start == 1 { LEAF | child.start as u32 } else { next_node as u32 }
}

fn quantised(children: &[Range], slack: f32) -> Node {
    let all = children.iter().fold(Bounds::EMPTY, |sum, c| sum.with(&c.bounds)).grown(slack);
    // A little more than a 255th, so that rounding never leaves the last byte short.
    let scale = [0, 1, 2].map(|k| (all.high[k] - all.low[k]) * (1.0 / 254.0) + f32::MIN_POSITIVE);
    let mut node = Node {
        origin: all.low,
        scale,
        low: [[255; WIDTH]; 3],
        high: [[0; WIDTH]; 3],
        children: [EMPTY; WIDTH],
    };
    for (c, child) in children.iter().enumerate() {
        let bounds = child.bounds.grown(slack);
        for (k, scale) in scale.iter().enumerate() {
            node.low[k][c] = ((bounds.low[k] - all.low[k]) / scale).floor() as u8;
            node.high[k][c] = ((bounds.high[k] - all.low[k]) / scale).ceil() as u8;
        }
    }
    node
}

impl Node {
    /// The node with its child nodes `by` places further on.
    fn moved(mut self, by: u32) -> Self {
        for child in &mut self.children {
            if *child & LEAF == 0 {
                *child += by;
            }
        }
        self
    }
}

/// Whether each child comes after its parent, every block is there and no path is too deep.
pub(super) fn is_sound(nodes: &[Node], blocks: usize) -> bool {
    let mut depth = vec![0u8; nodes.len()];
    !nodes.is_empty()
        && nodes.iter().enumerate().all(|(own, node)| {
            node.children.iter().filter(|child| **child != EMPTY).all(|child| {
                if child & LEAF != 0 {
                    return ((child & !LEAF) as usize) < blocks;
                }
                let below = *child as usize;
                let good = below > own && below < nodes.len() && (depth[own] as usize) < MAX_DEPTH;
                if good {
                    depth[below] = depth[below].max(depth[own] + 1);
                }
                good
            })
        })
}
