// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs the filters of one size down the map, strip by strip, and keeps what may matter: peaks and troughs of the
//! response, and every so manieth value for its noise. No filtered plane is stored.

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::detect::ground::{Clutter, Level, View, fill_weights};
use crate::detect::scales::FWHM_PER_SIGMA;
use crate::detect::stream::Stream;

/// Width of the surroundings over that of the spot, in sigmas: at 2√2 relief costs least; at 8, for filters up to
/// [`NARROW_PSF`] widths of the point-spread function where noise of the cells is all, they add hardly any of their own.
const RING: f64 = 2.828_427;
const RING_NARROW: f64 = 8.0;
const NARROW_PSF: f64 = 1.5;
/// Variance of a cell's own width, in cells².
const CELL_VARIANCE: f64 = 1.0 / 12.0;
/// Variance of straight lines between the middles of cells, in cells², mean over the places in a cell of twice the size.
const LINE_VARIANCE: f64 = 0.1875;
/// Cells with less than this weight around them have no response.
const LEAST_WEIGHT: f32 = 0.3;
/// Least lines of a strip: the lines around it are filtered again by its neighbours.
const LEAST_STRIP: usize = 48;
/// Cells looked at together for anything that stands out.
const CHUNK: usize = 32;

/// A Gaussian at one size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    /// Full width at half maximum, cells of this size.
    pub fwhm_cells: f64,
    /// Sigma of the Gaussian that widens the cells of this size to that.
    pub narrow_cells: f64,
    wide_cells: f64,
}

impl Filter {
    /// A width in cells of a size that shows `factor` cells of the full map in one, and of a point in cells of the map.
    pub fn new(fwhm_cells: f64, factor: f64, (point_cells, clutter): (f64, Clutter)) -> Self {
        let sigma_cells = fwhm_cells / FWHM_PER_SIGMA;
        let own_variance = CELL_VARIANCE * (1.0 - factor.powi(-2));
        let narrow_cells = (sigma_cells * sigma_cells - own_variance).max(0.05).sqrt();
        let wide_ring = clutter == Clutter::Noise && fwhm_cells * factor < NARROW_PSF * point_cells;
        let ring = if wide_ring { RING_NARROW } else { RING };
        Self { fwhm_cells, narrow_cells, wide_cells: ring * sigma_cells }
    }

    /// Sigma of the surroundings in cells of half the size.
    fn wide_below_cells(&self, factor: f64) -> f64 {
        let own_variance = CELL_VARIANCE * (1.0 - 0.25 * factor.powi(-2));
        (0.25 * self.wide_cells * self.wide_cells - own_variance - LINE_VARIANCE).max(0.05).sqrt()
    }
}

/// A local extreme of the response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extreme {
    pub x: u32,
    pub line: u32,
    /// Height of the summit, which mostly lies between the cells: filters are as narrow as 1.3 cells.
    pub response: f32,
    /// What of it is more than the cell's own response.
    pub between: f32,
}

/// What one filter found.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    /// Peaks (positive) and troughs (negative), line by line.
    pub extremes: Vec<Extreme>,
    /// Every `stride`-th response of every `stride`-th line.
    pub drawn: Vec<f32>,
    pub stride: usize,
    pub drawn_width: usize,
}

/// The filters of one size.
pub(crate) struct Scan<'a> {
    pub view: View<'a>,
    /// The next smaller size, if any.
    pub below: Option<&'a Level>,
    pub filters: &'a [Filter],
    /// Least height of a peak and least depth of a trough that are kept.
    pub least: [f32; 2],
}

impl Scan<'_> {
    pub fn run(&self) -> Vec<Scanned> {
        let grid = self.view.sheet().grid;
        let stride = self.stride();
        let lines = self.strip_lines();
        let strips: Vec<Vec<Scanned>> = (0..grid.height.div_ceil(lines))
            .into_par_iter()
            .map(|strip| {
                let range = [strip * lines, ((strip + 1) * lines).min(grid.height)];
                Arch::new().dispatch(Strip { scan: self, range, stride })
            })
            .collect();
        let mut all: Vec<Scanned> = Vec::new();
        all.resize_with(self.filters.len(), Scanned::default);
        for strip in strips {
            for (sum, part) in all.iter_mut().zip(strip) {
                sum.extremes.extend(part.extremes);
                sum.drawn.extend(part.drawn);
                (sum.stride, sum.drawn_width) = (stride, grid.width.div_ceil(stride));
            }
        }
        all
    }

    /// Values drawn lie half a filter apart or more: nearer ones tell the same.
    fn stride(&self) -> usize {
        let smallest = self.filters.iter().map(|f| f.fwhm_cells).fold(f64::INFINITY, f64::min);
        let cells = self.view.sheet().grid.width * self.view.sheet().grid.height;
        // A map of a few thousand cells gives all of them, a large one a few hundred thousand.
        let for_count = (cells as f64 / 4e5).sqrt();
        for_count.max(0.5 * smallest).max(1.0) as usize
    }

    fn strip_lines(&self) -> usize {
        let widest = self.filters.iter().map(|f| f.wide_cells).fold(0.0, f64::max);
        let reach = if self.below.is_some() { 8.0 } else { 3.0 * widest };
        LEAST_STRIP.max((4.0 * reach) as usize)
    }

    /// Long because eight line buffers are set up first; the work is one loop over lines.
    #[inline(always)]
    fn strip(&self, [first, last]: [usize; 2], stride: usize) -> Vec<Scanned> {
        let view = self.view;
        let sheet = *view.sheet();
        let (width, height) = (sheet.grid.width, sheet.grid.height as i64);
        let mut near = Stream::new(
            sheet,
            |line: usize, out: &mut [f32]| view.fill(line, out),
            &self.filters.iter().map(|f| f.narrow_cells).collect::<Vec<_>>(),
        );
        let mut around = Around::new(self, Plane::Clipped);
        let mut weights = self.has_holes([first, last]).then(|| {
            let narrow: Vec<f64> = self.filters.iter().map(|f| f.narrow_cells).collect();
            let fill = |line: usize, out: &mut [f32]| view.fill_weights(line, out);
            (Stream::new(sheet, fill, &narrow), Around::new(self, Plane::Weights))
        });
        let mut found: Vec<Scanned> = Vec::new();
        found.resize_with(self.filters.len(), Scanned::default);
        let mut rows = vec![vec![vec![f32::NAN; width]; 3]; self.filters.len()];
        let (mut ring, mut near_weight, mut far_weight) =
            (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        for y in first as i64 - 1..=last as i64 {
            for (k, rows) in rows.iter_mut().enumerate() {
                let out = &mut rows[y.rem_euclid(3) as usize];
                if !(0..height).contains(&y) {
                    out.fill(f32::NAN);
                } else {
                    near.line(k, y, out);
                    around.line(k, y, &mut ring);
                    match &mut weights {
                        None => out.iter_mut().zip(&ring).for_each(|(value, ring)| *value -= ring),
                        Some((near_weights, far_weights)) => {
                            near_weights.line(k, y, &mut near_weight);
                            far_weights.line(k, y, &mut far_weight);
                            subtract_weighted(out, &ring, [&near_weight, &far_weight]);
                        }
                    }
                    let drawn = (first as i64..last as i64).contains(&y) && y % stride as i64 == 0;
                    if drawn {
                        found[k].drawn.extend(out.iter().step_by(stride));
                    }
                }
                if y > first as i64 {
                    let of = |line: i64| &rows[line.rem_euclid(3) as usize][..];
                    let three = [of(y - 2), of(y - 1), of(y)];
                    extremes(three, (y - 1) as u32, self.least, sheet.wraps, &mut found[k].extremes);
                }
            }
        }
        found
    }

    /// Whether any weight in or near a strip is not 1.
    fn has_holes(&self, [first, last]: [usize; 2]) -> bool {
        let sheet = self.view.sheet();
        let height = sheet.grid.height;
        let reach = self.filters.iter().map(|f| (3.0 * f.wide_cells) as usize + 4).max().unwrap_or(0);
        let open_north = first < reach && !sheet.north_pole;
        let open_south = last + reach > height && !sheet.south_pole;
        let (above, below) = (first.saturating_sub(reach), (last + reach).min(height));
        let holes = |line: usize| match (self.below, self.view.level) {
            (Some(level), _) => {
                let at = (line / 2).min(level.sheet.grid.height - 1);
                !level.weights_line(at).is_empty()
            }
            (None, Some(level)) => !level.weights_line(line).is_empty(),
            (None, None) => true,
        };
        !sheet.wraps || open_north || open_south || (above..below).any(holes)
    }
}

/// A strip, as work for the widest vectors there are.
struct Strip<'a, 'b> {
    scan: &'a Scan<'b>,
    range: [usize; 2],
    stride: usize,
}

impl NullaryFnOnce for Strip<'_, '_> {
    type Output = Vec<Scanned>;

    #[inline(always)]
    fn call(self) -> Vec<Scanned> {
        self.scan.strip(self.range, self.stride)
    }
}

/// Which plane the surroundings are smoothed of.
#[derive(Clone, Copy, PartialEq)]
enum Plane {
    Clipped,
    Weights,
}

/// Where the lines of the surroundings come from.
struct Source<'a> {
    level: Option<&'a Level>,
    view: View<'a>,
    plane: Plane,
}

impl Source<'_> {
    #[inline(always)]
    fn fill(&self, line: usize, out: &mut [f32]) {
        match (self.level.or(self.view.level), self.plane) {
            (Some(level), Plane::Clipped) => out.copy_from_slice(level.clipped_line(line)),
            (Some(level), Plane::Weights) => fill_weights(level, line, out),
            // A map too small for a second size.
            (None, Plane::Clipped) => self.view.fill(line, out),
            (None, Plane::Weights) => self.view.fill_weights(line, out),
        }
    }
}

/// The surroundings: smoothed at half the size where there is one, and drawn out to this size.
struct Around<'a, F> {
    stream: Stream<F>,
    halved: bool,
    lines: [Vec<f32>; 2],
    height: usize,
    wraps: bool,
    _of: std::marker::PhantomData<&'a ()>,
}

impl<'a> Around<'a, ()> {
    #[inline(always)]
    fn new(scan: &Scan<'a>, plane: Plane) -> Around<'a, impl FnMut(usize, &mut [f32]) + use<'a>> {
        let source = Source { level: scan.below, view: scan.view, plane };
        let sheet = *scan.below.map_or(scan.view.sheet(), |level| &level.sheet);
        let factor = scan.view.factor();
        let sigma = |f: &Filter| if scan.below.is_some() { f.wide_below_cells(factor) } else { f.wide_cells };
        let sigmas: Vec<f64> = scan.filters.iter().map(sigma).collect();
        let width = sheet.grid.width;
        Around {
            stream: Stream::new(sheet, move |line: usize, out: &mut [f32]| source.fill(line, out), &sigmas),
            halved: scan.below.is_some(),
            lines: [vec![0.0; width], vec![0.0; width]],
            height: sheet.grid.height,
            wraps: sheet.wraps,
            _of: std::marker::PhantomData,
        }
    }
}

impl<F: FnMut(usize, &mut [f32])> Around<'_, F> {
    #[inline(always)]
    fn line(&mut self, which: usize, line: i64, out: &mut [f32]) {
        if !self.halved {
            self.stream.line(which, line, out);
            return;
        }
        let own = (line / 2).min(self.height as i64 - 1);
        let other = if line % 2 == 0 { own - 1 } else { own + 1 }.clamp(0, self.height as i64 - 1);
        let [first, second] = &mut self.lines;
        self.stream.line(which, own, first);
        self.stream.line(which, other, second);
        first.iter_mut().zip(&*second).for_each(|(own, other)| *own = 0.75 * *own + 0.25 * other);
        draw_out(first, self.wraps, out);
    }
}

/// A line of half the length on straight lines between the middles of its cells.
#[inline(always)]
fn draw_out(short: &[f32], wraps: bool, out: &mut [f32]) {
    let last = short.len() - 1;
    let [before, after] = if wraps { [short[last], short[0]] } else { [short[0], short[last]] };
    let right = |k: usize| if k < last { short[k + 1] } else { after };
    out[0] = 0.75 * short[0] + 0.25 * before;
    for (pair, two) in out[1..].chunks_exact_mut(2).zip(short.windows(2)) {
        pair[0] = 0.75 * two[0] + 0.25 * two[1];
        pair[1] = 0.25 * two[0] + 0.75 * two[1];
    }
    let end = out.len() - 1;
    if end % 2 == 1 {
        out[end] = 0.75 * short[end / 2] + 0.25 * right(end / 2);
    }
}

/// Mean of what is near minus mean of what is around; NaN where too little is known.
#[inline(always)]
fn subtract_weighted(near: &mut [f32], around: &[f32], [near_weight, far_weight]: [&[f32]; 2]) {
    let weights = near_weight.iter().zip(far_weight);
    for ((value, around), (near, far)) in near.iter_mut().zip(around).zip(weights) {
        let known = (*near > LEAST_WEIGHT) & (*far > LEAST_WEIGHT);
        let response = *value / near - around / far;
        *value = if known { response } else { f32::NAN };
    }
}

/// Peaks and troughs of at least `least` in the middle one of three lines: beyond their eight neighbours; of equals the
/// first one counts.
#[inline(always)]
fn extremes(lines: [&[f32]; 3], line: u32, [least, depth]: [f32; 2], wraps: bool, found: &mut Vec<Extreme>) {
    let middle = lines[1];
    let width = middle.len();
    let deep = -depth;
    for (chunk, values) in middle.chunks(CHUNK).enumerate() {
        let mut any = false;
        for value in values {
            any |= (*value >= least) | (*value <= deep);
        }
        if !any {
            continue;
        }
        for (k, value) in values.iter().enumerate() {
            let sign = if *value >= least {
                1.0
            } else if *value <= deep {
                -1.0
            } else {
                continue;
            };
            let x = chunk * CHUNK + k;
            let left = if x > 0 { x - 1 } else { width - 1 };
            let right = if x + 1 < width { x + 1 } else { 0 };
            let (has_left, has_right) = (wraps || x > 0, wraps || x + 1 < width);
            let own = sign * *value;
            let before = |there: f32| !(sign * there >= own);
            let after = |there: f32| !(sign * there > own);
            let is_extreme = (!has_left
                || (before(lines[0][left]) && before(middle[left]) && after(lines[2][left])))
                && before(lines[0][x])
                && after(lines[2][x])
                && (!has_right
                    || (before(lines[0][right]) && after(middle[right]) && after(lines[2][right])));
            if is_extreme {
                let beside = |there: usize, known: bool| if known { middle[there] } else { f32::NAN };
                let between = sign
                    * (summit([beside(left, has_left), *value, beside(right, has_right)])
                        + summit([lines[0][x], *value, lines[2][x]]));
                found.push(Extreme { x: x as u32, line, response: *value + between, between });
            }
        }
    }
}

/// How far the summit of the parabola through three values lies beyond the middle one, the most extreme of them; 0 at
/// edges. The parabola of a narrow peak is too pointed: its summit lies at most half of the smaller fall beyond.
#[inline(always)]
fn summit([before, own, after]: [f32; 3]) -> f32 {
    let (down, bend) = (0.5 * (after - before), (own - before) + (own - after));
    let beyond = 0.5 * (down * down / bend).abs();
    if beyond.is_finite() { beyond } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_drawn_out_keeps_a_ramp_and_meets_itself() {
        let short: Vec<f32> = (0..8).map(|k| k as f32).collect();
        let mut out = vec![0.0; 16];
        draw_out(&short, false, &mut out);
        for (x, value) in out.iter().enumerate().take(15).skip(1) {
            assert!((value - (x as f32 - 0.5) / 2.0).abs() < 1e-6, "{x}");
        }
        draw_out(&short, true, &mut out);
        assert!((out[0] - 0.25 * 7.0).abs() < 1e-6 && (out[15] - 0.75 * 7.0).abs() < 1e-6);
        let mut odd = vec![0.0; 15];
        draw_out(&short, false, &mut odd);
        assert_eq!(odd[14], 0.75 * 7.0 + 0.25 * 6.0);
    }

    #[test]
    fn of_a_plateau_the_first_cell_is_the_peak_and_nan_is_no_neighbour() {
        let mut found = Vec::new();
        let rows = [[0.0f32; 6], [0.0, 1.0, 1.0, 0.0, -0.6, f32::NAN], [0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN]];
        extremes([&rows[0], &rows[1], &rows[2]], 7, [0.5, 0.25], false, &mut found);
        assert_eq!(
            found,
            [
                Extreme { x: 1, line: 7, response: 1.125, between: 0.125 },
                Extreme { x: 4, line: 7, response: -0.6, between: 0.0 }
            ]
        );
        found.clear();
        extremes([&rows[1], &rows[0], &rows[0]], 7, [0.5, 0.25], true, &mut found);
        assert!(found.is_empty());
    }
}
