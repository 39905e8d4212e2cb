// SPDX-License-Identifier: MIT OR Apache-2.0
//! One ray through the tree: boxes in single precision, facets in double.
//!
//! Boxes are tested from where the ray enters the sphere around the mesh, so that single precision counts from
//! there: rounding of that point and of the direction moves the ray by less than 1e-6 of the sphere's radius, and the
//! boxes are wider by twice that ([`super::node::SLACK`]).

use facula_core::{BodyFixed, Vec3};

use super::node::{EMPTY, LEAF, MAX_DEPTH, Node, SLACK, WIDTH};
use super::{BLOCK, Mesh};

/// What a ray is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Want {
    /// The nearest facet.
    Nearest,
    /// Any facet.
    Any,
}

/// A ray prepared for the facet test: its largest axis and the shear that turns it into +z.
pub(super) struct Ray {
    origin: [f64; 3],
    direction: [f64; 3],
    axes: [usize; 3],
    shear: [f64; 3],
}

/// The part of a ray within the sphere around the mesh, in single precision.
struct Inside {
    start: f64,
    origin: [f32; 3],
    inverse: [f32; 3],
    end: f32,
}

/// Direction components below this are raised to it: the inverse stays finite.
const LEAST: f32 = 1e-18;
/// Places on the stack: seven for each level, and one.
const STACK: usize = 7 * (MAX_DEPTH + 1) + 8;

impl Ray {
    /// `None` unless all is finite and the direction is not zero.
    pub(super) fn new(origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<Self> {
        let (origin, d) = (origin_km.to_array(), direction.to_array());
        let kz = (0..3).max_by(|&a, &b| d[a].abs().total_cmp(&d[b].abs()))?;
        if !(origin_km.is_finite() && direction.is_finite() && d[kz] != 0.0) {
            return None;
        }
        let (mut kx, mut ky) = ((kz + 1) % 3, (kz + 2) % 3);
        if d[kz] < 0.0 {
            std::mem::swap(&mut kx, &mut ky);
        }
        let shear = [d[kx] / d[kz], d[ky] / d[kz], 1.0 / d[kz]];
        Some(Self { origin, direction: d, axes: [kx, ky, kz], shear })
    }

    /// Distance and facet.
    pub(super) fn walk(&self, mesh: &Mesh, want: Want) -> Option<(f64, usize)> {
        let inside = self.inside(mesh.bounding_radius_km)?;
        pulp::Arch::new().dispatch(Walk { ray: self, inside, mesh, want })
    }

    /// Distances of the facets of a block and whether they are hit; facets beyond the last are the last.
    #[inline(always)]
    fn block(&self, mesh: &Mesh, block: usize) -> ([f64; BLOCK], [bool; BLOCK]) {
        let [kx, ky, kz] = self.axes;
        let (mut x, mut y, mut z) = ([[0.0; BLOCK]; 3], [[0.0; BLOCK]; 3], [[0.0; BLOCK]; 3]);
        for lane in 0..BLOCK {
            let facet = (block * BLOCK + lane).min(mesh.corners.len() - 1);
            for (corner, point) in mesh.facet(facet).into_iter().enumerate() {
                x[corner][lane] = point[kx];
                y[corner][lane] = point[ky];
                z[corner][lane] = point[kz];
            }
        }
        for corner in 0..3 {
            for lane in 0..BLOCK {
                let along = z[corner][lane] - self.origin[kz];
                x[corner][lane] = (x[corner][lane] - self.origin[kx]) - self.shear[0] * along;
                y[corner][lane] = (y[corner][lane] - self.origin[ky]) - self.shear[1] * along;
                z[corner][lane] = self.shear[2] * along;
            }
        }
        let (mut t, mut hit) = ([0.0; BLOCK], [false; BLOCK]);
        for lane in 0..BLOCK {
            let u = x[2][lane] * y[1][lane] - y[2][lane] * x[1][lane];
            let v = x[0][lane] * y[2][lane] - y[0][lane] * x[2][lane];
            let w = x[1][lane] * y[0][lane] - y[1][lane] * x[0][lane];
            let inside = ((u >= 0.0) & (v >= 0.0) & (w >= 0.0)) | ((u <= 0.0) & (v <= 0.0) & (w <= 0.0));
            t[lane] = (u * z[0][lane] + v * z[1][lane] + w * z[2][lane]) / (u + v + w);
            // False where all three are 0: NaN.
            hit[lane] = inside & (t[lane] > 0.0) & (t[lane] < f64::INFINITY);
        }
        (t, hit)
    }

    fn inside(&self, radius_km: f64) -> Option<Inside> {
        let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let (origin, direction) = (self.origin, self.direction);
        let squared = dot(direction, direction);
        let middle = -dot(origin, direction) / squared;
        let at = |t: f64| [0, 1, 2].map(|k| origin[k] + direction[k] * t);
        let closest = at(middle);
        let radius_squared = (radius_km * (1.0 + SLACK)).powi(2);
        let half_squared = (radius_squared - dot(closest, closest)) / squared;
        if !(half_squared >= 0.0) {
            return None;
        }
        let half = half_squared.sqrt();
        let (start, end) = ((middle - half).max(0.0), middle + half);
        let away = |d: f64| 1.0 / if (d as f32).abs() < LEAST { LEAST.copysign(d as f32) } else { d as f32 };
        (end > start).then(|| Inside {
            start,
            origin: at(start).map(|c| c as f32),
            inverse: direction.map(away),
            end: ((end - start) * (1.0 + SLACK)) as f32,
        })
    }
}

impl Inside {
    /// Where the ray enters the boxes of a node, infinite for those it does not meet before `end`.
    #[inline(always)]
    fn boxes(&self, node: &Node, end: f32) -> [f32; WIDTH] {
        let (mut enter, mut leave) = ([0.0f32; WIDTH], [end; WIDTH]);
        for k in 0..3 {
            let step = node.scale[k] * self.inverse[k];
            let first = (node.origin[k] - self.origin[k]) * self.inverse[k];
            let (near, far) =
                if step >= 0.0 { (&node.low[k], &node.high[k]) } else { (&node.high[k], &node.low[k]) };
            for c in 0..WIDTH {
                let (a, b) = (f32::from(near[c]) * step + first, f32::from(far[c]) * step + first);
                enter[c] = if a > enter[c] { a } else { enter[c] };
                leave[c] = if b < leave[c] { b } else { leave[c] };
            }
        }
        std::array::from_fn(|c| if enter[c] <= leave[c] { enter[c] } else { f32::INFINITY })
    }
}

struct Walk<'a> {
    ray: &'a Ray,
    inside: Inside,
    mesh: &'a Mesh,
    want: Want,
}

impl pulp::NullaryFnOnce for Walk<'_> {
    type Output = Option<(f64, usize)>;

    /// Nearest boxes first; what is left waits on a stack. Longer than 40 lines because the walk keeps its state in
    /// local variables, for speed.
    #[inline(always)]
    fn call(self) -> Option<(f64, usize)> {
        let Self { ray, inside, mesh, want } = self;
        let mut best: Option<(f64, usize)> = None;
        let mut end = inside.end;
        let mut stack = [(0u32, 0.0f32); STACK];
        let mut top = 1;
        while top > 0 {
            top -= 1;
            let (child, enter) = stack[top];
            if enter > end {
                continue;
            }
            if child & LEAF != 0 {
                let block = (child & !LEAF) as usize;
                let (t, hit) = ray.block(mesh, block);
                for lane in 0..BLOCK {
                    if hit[lane] && best.is_none_or(|(nearest, _)| t[lane] < nearest) {
                        best = Some((t[lane], (block * BLOCK + lane).min(mesh.corners.len() - 1)));
                    }
                }
                if let Some((nearest, _)) = best {
                    if want == Want::Any {
                        return best;
                    }
                    // Boxes that begin within rounding of the hit are still looked into.
                    let slack = SLACK * mesh.bounding_radius_km;
                    end = end.min((nearest - inside.start + slack) as f32 * (1.0 + 1e-6));
                }
                continue;
            }
            let node = &mesh.nodes[child as usize];
            let enters = inside.boxes(node, end);
            let first = top;
            for (enter, child) in enters.into_iter().zip(node.children) {
                if enter < f32::INFINITY && child != EMPTY && top < STACK {
                    // Insertion: farthest at the bottom.
                    let mut place = top;
                    while place > first && stack[place - 1].1 < enter {
                        stack[place] = stack[place - 1];
                        place -= 1;
                    }
                    stack[place] = (child, enter);
                    top += 1;
                }
            }
        }
        best
    }
}
