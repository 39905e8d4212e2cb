// SPDX-License-Identifier: MIT OR Apache-2.0
//! One line of a tile at a time: places by parabolas, four pixels each, light divided out. Loops over arrays without
//! branches, compiled to vector instructions chosen at run time.
//!
//! Nothing is multiplied and added in one instruction, so every machine gives the same bytes.

use facula_core::{IofFrame, Quality};
use pulp::{Arch, NullaryFnOnce};

use super::channels::Channels;
use super::curves::Fade;
use super::lattice::{Lattice, LineNodes, Way};
use super::view::EDGE_PX;

/// What is worked out about the cells of a line.
#[derive(Default)]
pub(super) struct Line {
    /// First pixel of the four around each cell.
    pub index: Vec<u32>,
    /// Pixel nearest to each cell.
    pub nearest: Vec<u32>,
    /// Place between the four.
    pub fractions: [Vec<f32>; 2],
    /// Cosines of the emission angle (−1 for cells that are not in the frame) and of the incidence angle.
    pub cosines: [Vec<f32>; 2],
    /// Distance of the camera, km.
    pub range_km: Vec<f32>,
    /// Phase function, or cosine of the phase angle; then brightness for an albedo of 1.
    pub phase: Vec<f32>,
    /// Factor of the weight near the frame's edge.
    pub feather: Vec<f32>,
    /// I/F.
    pub iof: Vec<f32>,
    /// Noise of a pixel.
    pub sigma: Vec<f32>,
    /// Noise as a part of a pixel's, squared.
    pub noise_squared: Vec<f32>,
    /// Flags of the pixels.
    pub flags: Vec<u8>,
}

impl Line {
    /// Room for so many cells, none of them in the frame.
    pub(super) fn clear(&mut self, cells: usize) {
        let Self { fractions: [x, y], cosines: [emission, incidence], range_km, phase, .. } = self;
        for plane in [x, y, incidence, range_km, phase] {
            plane.resize(cells, 0.0);
        }
        for plane in [&mut self.feather, &mut self.iof, &mut self.sigma, &mut self.noise_squared] {
            plane.resize(cells, 0.0);
        }
        emission.resize(cells, -1.0);
        emission.fill(-1.0);
        self.index.resize(cells, 0);
        self.nearest.resize(cells, 0);
        self.flags.resize(cells, 0);
        self.flags.fill(0);
    }
}

/// Places of the cells of a line whose blocks go the fast way.
pub(super) struct Places<'a, const N: usize, C> {
    pub lattice: &'a Lattice<N>,
    pub nodes: &'a LineNodes<N>,
    /// Ways of the blocks of this line.
    pub ways: &'a [Way],
    /// Height and normal of each cell of the line; empty for smooth bodies.
    pub relief: [&'a [f32]; 4],
    /// Width and height of the frame, px.
    pub frame: [usize; 2],
    /// Width of the feathered edge, px.
    pub feather_px: f64,
    pub line: &'a mut Line,
    pub channels: std::marker::PhantomData<C>,
}

impl<const N: usize, C: Channels<N>> Places<'_, N, C> {
    pub(super) fn find(self) {
        Arch::new().dispatch(self);
    }

    #[inline(always)]
    fn block(&mut self, block: usize) {
        let first = block * self.lattice.block;
        let parabolas = self.lattice.parabolas(&self.nodes.values, block);
        // Places are counted from the first cell's pixel: single precision suffices.
        let base = [parabolas[0][0].floor(), parabolas[C::Y][0].floor()];
        let mut curves = [[0.0; 3]; N];
        for k in 0..N {
            let [a, b, c] = parabolas[k];
            let a = if k == 0 {
                a - base[0]
            } else if k == C::Y {
                a - base[1]
            } else {
                a
            };
            curves[k] = [a as f32, b as f32, c as f32];
        }
        let edges = Edges {
            low: base.map(|b| -b as f32),
            high: [0, 1].map(|k| ((self.frame[k] - 1) as f64 - base[k]) as f32),
            base: base.map(|b| b as i32),
            last: self.frame.map(|size| size as i32 - 2),
            width: self.frame[0] as u32,
            per_px: 1.0 / self.feather_px.max(EDGE_PX) as f32,
        };
        for start in (first..first + self.lattice.block).step_by(LANES) {
            let mut relief = [[f32::NAN; LANES]; 4];
            if N != 6 {
                for (lanes, plane) in relief.iter_mut().zip(self.relief) {
                    let rest = plane.get(start..).unwrap_or_default();
                    let count = rest.len().min(LANES);
                    lanes[..count].copy_from_slice(&rest[..count]);
                }
            }
            self.lanes(start, (first, &curves), (&edges, &relief));
        }
    }

    /// Some cells next to each other: loops over arrays of fixed length.
    #[inline(always)]
    fn lanes(
        &mut self,
        start: usize,
        (first, curves): (usize, &[[f32; 3]; N]),
        (edges, relief): (&Edges, &[[f32; LANES]; 4]),
    ) {
        let [mut x, mut y, mut emission, mut incidence, mut range_km, mut phase] = [[0f32; LANES]; 6];
        for k in 0..LANES {
            let at = (start - first + k) as i32 as f32;
            // A loop: a closure may be left outside the code for this processor.
            let mut values = [0.0; N];
            for c in 0..N {
                values[c] = curves[c][0] + at * (curves[c][1] + at * curves[c][2]);
            }
            let sight = C::cell(&values, [relief[0][k], relief[1][k], relief[2][k], relief[3][k]]);
            (x[k], y[k]) = (sight.x_px, sight.y_px);
            (emission[k], incidence[k]) = (sight.cos_emission, sight.cos_incidence);
            (range_km[k], phase[k]) = (sight.range_km, sight.phase);
        }
        let [mut fx, mut fy, mut feather, mut noise] = [[0f32; LANES]; 4];
        let [mut index, mut nearest] = [[0u32; LANES]; 2];
        let Edges { low, high, base, last, width, per_px } = *edges;
        for k in 0..LANES {
            let (x, y) = (x[k], y[k]);
            let inside = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]);
            // Within the frame from here on, so that whole numbers fit.
            let (x, y) = (if inside { x } else { low[0] }, if inside { y } else { low[1] });
            let edge_px = least(least(x - low[0], high[0] - x), least(y - low[1], high[1] - y));
            let column = whole(x.floor()).wrapping_add(base[0]).clamp(0, last[0]);
            let line = whole(y.floor()).wrapping_add(base[1]).clamp(0, last[1]);
            let right = x - column.wrapping_sub(base[0]) as f32;
            let below = y - line.wrapping_sub(base[1]) as f32;
            let four = (line as u32).wrapping_mul(width).wrapping_add(column as u32);
            let (next, lower) = (u32::from(right >= 0.5), if below >= 0.5 { width } else { 0 });
            (fx[k], fy[k], index[k]) = (right, below, four);
            nearest[k] = four.wrapping_add(next).wrapping_add(lower);
            emission[k] = if inside { emission[k] } else { -1.0 };
            feather[k] = least((edge_px + EDGE_PX as f32) * per_px, 1.0);
            noise[k] = (1.0 - 2.0 * right * (1.0 - right)) * (1.0 - 2.0 * below * (1.0 - below));
        }
        let cells = start..start + LANES;
        let line = &mut *self.line;
        line.index[cells.clone()].copy_from_slice(&index);
        line.nearest[cells.clone()].copy_from_slice(&nearest);
        line.fractions[0][cells.clone()].copy_from_slice(&fx);
        line.fractions[1][cells.clone()].copy_from_slice(&fy);
        line.cosines[0][cells.clone()].copy_from_slice(&emission);
        line.cosines[1][cells.clone()].copy_from_slice(&incidence);
        line.range_km[cells.clone()].copy_from_slice(&range_km);
        line.phase[cells.clone()].copy_from_slice(&phase);
        line.feather[cells.clone()].copy_from_slice(&feather);
        line.noise_squared[cells].copy_from_slice(&noise);
    }
}

/// Cells worked on together.
const LANES: usize = 8;

/// The frame as seen from the pixel that places are counted from.
struct Edges {
    low: [f32; 2],
    high: [f32; 2],
    base: [i32; 2],
    last: [i32; 2],
    width: u32,
    per_px: f32,
}

/// The lesser of two numbers, without a thought for those that are none.
#[inline(always)]
fn least(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// A whole number below 2²² in size: the low bits of its sum with 1.5 · 2²³.
#[inline(always)]
fn whole(x: f32) -> i32 {
    const ROUND: f32 = 12_582_912.0;
    ((x + ROUND).to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32)
}

impl<const N: usize, C: Channels<N>> NullaryFnOnce for Places<'_, N, C> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        for block in 0..self.ways.len() {
            if self.ways[block] == Way::Fast {
                self.block(block);
            }
        }
    }
}

/// Numbers that memory gives at once.
const LINE_OF_MEMORY: usize = 16;

/// Bilinear values of cells (a range of the line) without flags.
pub(super) struct Read<'a> {
    pub line: &'a mut Line,
    pub cells: std::ops::Range<usize>,
    pub frame: &'a IofFrame,
}

impl Read<'_> {
    pub(super) fn run(self) {
        Arch::new().dispatch(self);
    }
}

impl NullaryFnOnce for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.frame.iof.width();
        let (iof, sigma) = (self.frame.iof.as_slice(), self.frame.sigma.as_slice());
        let Line { index, nearest, fractions: [fx, fy], iof: values, sigma: noise, .. } = self.line;
        let (index, nearest) = (&index[self.cells.clone()], &nearest[self.cells.clone()]);
        let (fx, fy) = (&fx[self.cells.clone()], &fy[self.cells.clone()]);
        let (values, noise) = (&mut values[self.cells.clone()], &mut noise[self.cells]);
        let below = &iof[width..];
        // One value of each stretch of memory first: fetched together, not one after the other as they are needed.
        let mut touched = 0.0;
        for k in (0..index.len()).step_by(LINE_OF_MEMORY) {
            touched += below[index[k] as usize] + sigma[nearest[k] as usize];
        }
        std::hint::black_box(touched);
        for k in 0..index.len() {
            let (first, x, y) = (index[k] as usize, fx[k], fy[k]);
            let (upper, lower) = (&iof[first..first + 2], &below[first..first + 2]);
            let (above, below) = (upper[0] + (upper[1] - upper[0]) * x, lower[0] + (lower[1] - lower[0]) * x);
            values[k] = above + (below - above) * y;
            noise[k] = sigma[nearest[k] as usize];
        }
    }
}

/// The law of light that is divided out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Law {
    /// `2 cos i / (cos i + cos e)`, times the phase function.
    LommelSeeliger,
    /// `cos i`, times the phase function.
    Lambert,
    /// Any other: brightness is worked out beforehand.
    Other,
}

/// Where the results of a line go.
pub(super) struct Results<'a> {
    pub albedo: &'a mut [f32],
    pub sigma: &'a mut [f32],
    pub weight: &'a mut [f32],
    pub scale_m: &'a mut [f32],
    pub flags: &'a mut [Quality],
}

/// Divides the light out of what a line's cells read, and says what is wrong with the others.
pub(super) struct Finish<'a> {
    pub line: &'a Line,
    pub results: Results<'a>,
    pub law: Law,
    pub emission: Fade,
    pub incidence: Fade,
    pub m_per_km: f64,
    pub rejected: Quality,
}

impl Finish<'_> {
    /// The number of measured cells.
    pub(super) fn run(self) -> usize {
        Arch::new().dispatch(self)
    }

    #[inline(always)]
    fn each(self, inverse: impl Fn(f32, f32, f32) -> f32) -> usize {
        let Self { line, results, rejected, .. } = self;
        let count = results.albedo.len();
        let ([mu, mu0], phase) = (line.cosines.each_ref().map(|v| &v[..count]), &line.phase[..count]);
        let (range_km, feather) = (&line.range_km[..count], &line.feather[..count]);
        let (iof, noise, squared) = (&line.iof[..count], &line.sigma[..count], &line.noise_squared[..count]);
        let pixel = &line.flags[..count];
        let Results { albedo, sigma, weight, scale_m, flags } = results;
        let (albedo, sigma, weight) = (&mut albedo[..count], &mut sigma[..count], &mut weight[..count]);
        let (scale_m, flags) = (&mut scale_m[..count], &mut flags[..count]);
        let (emission, incidence) = (self.emission.narrow(), self.incidence.narrow());
        let (m_per_km, rejected) = (self.m_per_km as f32, u32::from(rejected.bits()));
        let mut measured = 0;
        for k in 0..count {
            let (mu, mu0) = (mu[k], mu0[k]);
            let fade = emission.weight(mu) * incidence.weight(mu0);
            let per_iof = inverse(mu, mu0, phase[k]);
            let value = iof[k] * per_iof;
            let pixel = u32::from(pixel[k]);
            let seen = mu > 0.0;
            let (lit, inside) = (mu0 > 0.0, fade > 0.0);
            let (finite, known) = (iof[k].abs() < f32::INFINITY, (per_iof > 0.0) & (per_iof < f32::INFINITY));
            let allowed = pixel & rejected == 0;
            let good = seen & lit & inside & allowed & finite & known;
            let scale = range_km[k] * m_per_km;
            albedo[k] = if good { value } else { f32::NAN };
            sigma[k] = if good { noise[k] * squared[k].sqrt() * per_iof } else { f32::NAN };
            weight[k] = if good { fade * mu0 * mu * feather[k] / (scale * scale) } else { 0.0 };
            scale_m[k] = if good { scale } else { f32::NAN };
            let lost = pixel | u32::from(Quality::MISSING.bits());
            let why = if known { 0 } else { u32::from(Quality::EXTRAPOLATED.bits()) };
            let why = if finite { why } else { lost };
            let why = if allowed { why } else { pixel };
            let why = if inside { why } else { u32::from(Quality::GRAZING.bits()) };
            let why = if lit { why } else { u32::from(Quality::SHADOW.bits()) };
            let why = if seen { why } else { 0 };
            flags[k] = Quality::from_bits(if good { pixel } else { why } as u8);
            measured += u32::from(good);
        }
        measured as usize
    }
}

impl NullaryFnOnce for Finish<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        match self.law {
            Law::LommelSeeliger => self.each(|mu, mu0, phase| (mu + mu0) / (2.0 * mu0 * phase)),
            Law::Lambert => self.each(|_, mu0, phase| 1.0 / (mu0 * phase)),
            Law::Other => self.each(|_, _, phase| 1.0 / phase),
        }
    }
}
