// SPDX-License-Identifier: MIT OR Apache-2.0
//! What one frame says of the cells of one tile.
//!
//! In: a [`ShotView`], the ground of the tile. Out: [`TileReadings`], to be added to accumulators of any kind.
//!
//! Geometry is exact at the nodes of a lattice and interpolated between them where that keeps the tolerances (places to
//! 0.01 px), exact cell by cell elsewhere. Blocks that lie outside the frame are not looked at.

use std::marker::PhantomData;

use facula_core::{PixelPos, Quality};
use facula_photometry::LightPlanes;

use super::channels::{Channels, Rough, Smooth};
use super::lattice::{Lattice, LineNodes, Node, Terms, Way};
use super::lines::{Finish, Law, Line, Places, Read};
use super::obstacles::{Surveyed, Suspect, hide};
use super::planes::{Planes, TileReadings, Window};
use super::sample::Reading;
use super::view::{MAX_HALF_PHASE_SIN, Outcome, ShotView, is_single};
use super::{MosaicOptions, Sampling};
use crate::mosaic::TileGround;

/// Farthest that a parabola in height may be from places at other heights, px.
const BEND_PX: f64 = 0.003;

/// Blocks that cover more of the frame's plane than this are not interpolated, px: single precision tells hundredths of a
/// pixel apart.
const WIDEST_PX: f64 = 65_536.0;

/// Fills `into` (resized to the tile) with what the frame says of the tile's cells; the number of measured cells.
pub(crate) fn read_tile(view: &ShotView<'_>, ground: &TileGround, into: &mut TileReadings) -> usize {
    into.resize(ground.width * ground.height);
    let window = Window { first: 0, stride: ground.width };
    let mut planes = Planes {
        albedo: &mut into.albedo,
        sigma: &mut into.sigma,
        weight: &mut into.weight,
        scale_m: &mut into.scale_m,
        flags: &mut into.flags,
        window,
        others: window,
        width: ground.width,
    };
    let (measured, suspects) = read_tile_into(view, ground, &mut planes);
    measured - hide(view, &[Surveyed { ground, suspects, window, others: window }], &mut planes)
}

/// The same, to wherever the planes are, and without a look at what terrain hides: the number of measured cells and
/// those to be looked at.
pub(super) fn read_tile_into(
    view: &ShotView<'_>,
    ground: &TileGround,
    into: &mut Planes<'_>,
) -> (usize, Vec<Suspect>) {
    match ground.relief {
        None => Job::<6, Smooth>::new(view, ground).run(into),
        Some(_) => Job::<19, Rough>::new(view, ground).run(into),
    }
}

impl ShotView<'_> {
    /// What is interpolated of the phase angle: the phase function, or for laws that need more its cosine.
    pub(super) fn phase_value(&self, half_phase_sin: f64) -> f64 {
        match self.law {
            Law::Other => 1.0 - 2.0 * half_phase_sin * half_phase_sin,
            _ => self.phase.at(half_phase_sin),
        }
    }
}

/// How a block's cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Four pixels each, none of them flagged.
    Clean,
    /// One by one.
    Single,
    /// As means over many pixels.
    Mean,
}

/// One frame over one tile.
struct Job<'a, const N: usize, C> {
    view: &'a ShotView<'a>,
    ground: &'a TileGround,
    lattice: Lattice<N>,
    reads: Vec<Reads>,
    channels: PhantomData<C>,
}

impl<'a, const N: usize, C: Channels<N>> Job<'a, N, C> {
    fn new(view: &'a ShotView<'a>, ground: &'a TileGround) -> Self {
        let frame = [view.shot.frame.iof.width(), view.shot.frame.iof.height()];
        let lattice = Lattice::new(&Terms {
            size: [ground.width, ground.height],
            exact: &|x, y| C::node(view, ground, (x, y)),
            tolerance: &C::tolerance,
            outside: &|nine| outside::<N, C>(nine, frame),
            rough: &|nine| {
                let beyond = |node: &&&Node<N>| node.guards.half_phase_sin > MAX_HALF_PHASE_SIN;
                let some = nine.iter().filter(beyond).count();
                let [low, high] = extent_px::<N, C>(nine);
                let wide = (0..2).any(|k| high[k] - low[k] > WIDEST_PX);
                wide || nine.iter().any(|node| node.guards.bend_px > BEND_PX) || (some > 0 && some < 9)
            },
        });
        let reads = (0..lattice.ways.len()).map(|k| reads::<N, C>(view, &lattice, k)).collect();
        Self { view, ground, lattice, reads, channels: PhantomData }
    }

    fn run(&self, into: &mut Planes<'_>) -> (usize, Vec<Suspect>) {
        let mut line = Line::default();
        let mut nodes = LineNodes { wants_growth: self.reads.contains(&Reads::Mean), ..Default::default() };
        let mut measured = 0;
        for number in 0..self.ground.height {
            measured += self.line(number, (&mut line, &mut nodes), into);
        }
        for (block, way) in self.lattice.ways.iter().enumerate() {
            match way {
                Way::Exact => measured += self.exact(block, into),
                Way::Fast => self.mark_extrapolated(block, into),
                Way::Skip => {}
            }
        }
        let suspects = (0..self.reads.len()).filter_map(|block| self.suspect(block)).collect();
        (measured, suspects)
    }

    /// Columns and lines of a block within the tile.
    fn cells(&self, block: usize) -> [std::ops::Range<usize>; 2] {
        let at = [block % self.lattice.blocks[0], block / self.lattice.blocks[0]];
        let size = [self.ground.width, self.ground.height];
        std::array::from_fn(|k| {
            let first = (at[k] * self.lattice.block).min(size[k]);
            first..(first + self.lattice.block).min(size[k])
        })
    }

    fn exact(&self, block: usize, into: &mut Planes<'_>) -> usize {
        let [columns, lines] = self.cells(block);
        let mut measured = 0;
        for cell in lines.flat_map(|line| columns.clone().map(move |c| line * self.ground.width + c)) {
            let outcome = self.view.look_at(self.ground, cell);
            into.set(cell, &outcome);
            measured += usize::from(matches!(outcome, Outcome::Measured(_)));
        }
        measured
    }

    fn mark_extrapolated(&self, block: usize, into: &mut Planes<'_>) {
        if self.lattice.nine(block).iter().any(|node| node.guards.half_phase_sin <= MAX_HALF_PHASE_SIN) {
            return;
        }
        let [columns, lines] = self.cells(block);
        for cell in lines.flat_map(|line| columns.clone().map(move |c| line * self.ground.width + c)) {
            if into.is_measured(cell) {
                let [_, at] = into.at(cell);
                into.flags[at] |= Quality::EXTRAPOLATED;
            }
        }
    }

    /// Whether terrain may stand in the way of a block's cells.
    fn suspect(&self, block: usize) -> Option<Suspect> {
        let least = self.view.ray_cos_zenith;
        if self.lattice.ways[block] == Way::Skip || least < -1.0 {
            return None;
        }
        let nine = self.lattice.nine(block);
        // Also true for what is not a number.
        let camera = nine.iter().any(|node| !(node.guards.camera_up >= least));
        let sun = nine.iter().any(|node| !(node.guards.sun_up >= least));
        (camera || sun).then(|| Suspect { cells: self.cells(block), camera, sun })
    }

    fn line(
        &self,
        number: usize,
        (line, nodes): (&mut Line, &mut LineNodes<N>),
        into: &mut Planes<'_>,
    ) -> usize {
        let (view, width) = (self.view, self.ground.width);
        let cells = number * width..(number + 1) * width;
        let first = number / self.lattice.block * self.lattice.blocks[0];
        let count = width.div_ceil(self.lattice.block);
        let ways = &self.lattice.ways[first..first + count];
        if !ways.contains(&Way::Fast) {
            into.line(number).nothing();
            return 0;
        }
        self.lattice.line(number, nodes);
        line.clear(count * self.lattice.block);
        let relief = self.ground.relief.as_ref().map(|relief| {
            let [x, y, z] = relief.normals.each_ref().map(|normals| &normals[cells.clone()]);
            [&relief.heights[cells.clone()], x, y, z]
        });
        Places {
            lattice: &self.lattice,
            nodes,
            ways,
            relief: relief.unwrap_or_default(),
            frame: [view.shot.frame.iof.width(), view.shot.frame.iof.height()],
            feather_px: view.options.feather_px,
            line,
            channels: PhantomData::<C>,
        }
        .find();
        self.read_line((first, count), nodes, line);
        if view.law == Law::Other {
            view.brighten(line);
        }
        Finish {
            line,
            results: into.line(number),
            law: view.law,
            emission: view.emission,
            incidence: view.incidence,
            m_per_km: view.ifov_m_per_km,
            rejected: view.options.rejected,
        }
        .run()
    }

    /// Reads the cells of a line, blocks of one kind together.
    fn read_line(&self, (first, count): (usize, usize), nodes: &LineNodes<N>, line: &mut Line) {
        let size = self.lattice.block;
        let width = self.ground.width;
        let reader = self.view.reader();
        let mut block = 0;
        while block < count {
            let kind = |k: usize| (self.lattice.ways[first + k] == Way::Fast).then(|| self.reads[first + k]);
            let this = kind(block);
            let end = (block + 1..count).find(|k| kind(*k) != this).unwrap_or(count);
            let cells = block * size..(end * size).min(width);
            match this {
                None => {}
                Some(Reads::Clean) => Read { line, cells, frame: reader.frame }.run(),
                Some(Reads::Single) => line.read_each(cells, &reader, |_| [[0.0; 2]; 2]),
                Some(Reads::Mean) => line.read_each(cells, &reader, |cell| {
                    let (block, k) = (cell / size, (cell % size) as f64);
                    let across = self.lattice.parabolas(&nodes.values, block);
                    let down = self.lattice.parabolas(&nodes.growth, block);
                    [
                        [0, C::Y].map(|c| across[c][1] + 2.0 * across[c][2] * k),
                        [0, C::Y].map(|c| down[c][0] + k * (down[c][1] + k * down[c][2])),
                    ]
                }),
            }
            block = end;
        }
    }
}

impl Line {
    /// Reads cells one by one; `sides_px` gives the sides of each in the frame.
    fn read_each(
        &mut self,
        cells: std::ops::Range<usize>,
        reader: &super::sample::Reader<'_>,
        sides_px: impl Fn(usize) -> [[f64; 2]; 2],
    ) {
        let width = reader.frame.iof.width();
        for cell in cells {
            if !(self.cosines[0][cell] > 0.0) {
                continue;
            }
            let (first, [x, y]) = (self.index[cell] as usize, [0, 1].map(|k| self.fractions[k][cell]));
            let at = PixelPos {
                x_px: (first % width) as f64 + f64::from(x),
                y_px: (first / width) as f64 + f64::from(y),
            };
            let sides_px = sides_px(cell);
            let read = if is_single(sides_px) { reader.read(at) } else { reader.mean(at, sides_px) };
            let nothing = |flags| Reading { iof: f64::NAN, noise_squared: f64::NAN, flags };
            let reading = read.unwrap_or_else(nothing);
            self.iof[cell] = reading.iof as f32;
            self.noise_squared[cell] = reading.noise_squared as f32;
            self.flags[cell] = reading.flags.bits();
            self.sigma[cell] = reader.frame.sigma.as_slice()[self.nearest[cell] as usize];
        }
    }
}

impl ShotView<'_> {
    /// Turns cosines of the phase angle into brightness for an albedo of 1.
    fn brighten(&self, line: &mut Line) {
        let law = self.options.model.with_normal_albedo(1.0);
        let [cos_emission, cos_incidence] = &line.cosines;
        let mut brightness = vec![0.0; line.phase.len()];
        let light = LightPlanes { cos_incidence, cos_emission, cos_phase: &line.phase };
        law.iof_each(&light, &mut brightness);
        let standard = self.phase.standard as f32;
        line.phase.iter_mut().zip(brightness).for_each(|(phase, iof)| *phase = iof / standard);
    }
}

/// The law that options ask for.
pub(super) fn law_of(options: &MosaicOptions) -> Law {
    use facula_photometry::DiskFunction;
    match options.model.disk {
        DiskFunction::LommelSeeliger => Law::LommelSeeliger,
        DiskFunction::Lambert => Law::Lambert,
        _ => Law::Other,
    }
}

/// Lowest and highest of a value over a block, with what a parabola may go beyond its nodes.
fn range<const N: usize>(nine: &[&Node<N>; 9], of: impl Fn(&[f64; N]) -> f64) -> [f64; 2] {
    let values = || nine.iter().map(|node| of(&node.values));
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let beyond = 0.25 * (high - low);
    [low - beyond, high + beyond]
}

/// Low and high corner of what a block covers of the frame, px.
fn extent_px<const N: usize, C: Channels<N>>(nine: &[&Node<N>; 9]) -> [[f64; 2]; 2] {
    let shift_px = nine.iter().map(|node| C::shift_px(&node.values)).fold(0.0, f64::max);
    let [x, y] = [0, C::Y].map(|k| range(nine, |values| values[k]));
    [[x[0] - shift_px, y[0] - shift_px], [x[1] + shift_px, y[1] + shift_px]]
}

/// Whether no cell of a block can be in the frame.
fn outside<const N: usize, C: Channels<N>>(nine: &[&Node<N>; 9], frame: [usize; 2]) -> bool {
    if nine.iter().all(|node| C::faces_away(&node.values)) {
        return true;
    }
    if !nine.iter().all(|node| node.values.iter().all(|value| value.is_finite())) {
        return false;
    }
    let [low, high] = extent_px::<N, C>(nine);
    (0..2).any(|k| high[k] < -1.0 || low[k] > frame[k] as f64)
}

/// How a block's cells are to be read: by the size of its cells in the frame, and by the flags there.
fn reads<const N: usize, C: Channels<N>>(view: &ShotView<'_>, lattice: &Lattice<N>, block: usize) -> Reads {
    if lattice.ways[block] != Way::Fast {
        return Reads::Single;
    }
    let nine = lattice.nine(block);
    let per_cell = 1.0 / lattice.block as f64;
    let side = |a: usize, b: usize| [0, C::Y].map(|k| (nine[b].values[k] - nine[a].values[k]) * per_cell);
    let sides = [(0, 2), (3, 5), (6, 8), (0, 6), (1, 7), (2, 8)].map(|(a, b)| side(a, b));
    if !sides.chunks(2).all(|two| is_single([two[0], two[1]])) {
        return Reads::Mean;
    }
    let [low, high] = extent_px::<N, C>(&nine);
    let clean = view.options.sampling == Sampling::Bilinear && view.clean.between(low, high);
    if clean { Reads::Clean } else { Reads::Single }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::{GroundSource, TileWindow};
    use crate::orthorectify::PhaseTable;
    use facula_core::{
        Ellipsoid, FrameMeta, IofFrame, Level, LonLat, MapGrid, Pose, Raster, Vec3, north_up, parse_utc,
    };
    use facula_geometry::{Camera, Distortion, GridSampling, RadiusGrid, Shape, Shot};
    use proptest::prelude::*;

    /// Largest distance of an interpolated place from the exact one, px: the figure promised.
    const PLACE_ERROR_PX: f64 = 0.01;
    /// Largest error of cosines, and of brightness and distance as a fraction.
    const LIGHT_ERROR: f64 = 5e-4;

    fn shot(pose: Pose, side_px: usize) -> Shot {
        let meta = FrameMeta {
            id: "t".into(),
            target: "ceres".into(),
            instrument: "t".into(),
            filter: "t".into(),
            mid_exposure: pose.mid_exposure,
            exposure_s: 1.0,
            detector_temperature_k: None,
            level: Level::IOverF,
            keywords: Default::default(),
        };
        let ramp = (0..side_px * side_px).map(|k| 0.01 + 1e-6 * k as f32).collect();
        let frame = IofFrame {
            meta,
            iof: Raster::from_vec(side_px, side_px, ramp).unwrap(),
            sigma: Raster::filled(side_px, side_px, 1e-4),
            quality: Raster::filled(side_px, side_px, Quality::GOOD),
        };
        let camera = Camera {
            name: "t".into(),
            width_px: side_px,
            height_px: side_px,
            focal_length_mm: 150.08,
            pitch_mm: [0.014004, 0.013995],
            skew_mm: [0.0, 0.0],
            principal_point_px: [(side_px as f64 - 1.0) / 2.0; 2],
            distortion: Distortion::Radial { e1_per_mm2: 8.4e-6 },
        };
        Shot { frame, camera, pose }
    }

    fn smooth() -> Shape {
        Shape::Ellipsoid(Ellipsoid::new(482.1, 482.1, 445.94).unwrap())
    }

    fn hills() -> Shape {
        let ellipsoid = Ellipsoid::new(482.1, 482.1, 445.94).unwrap();
        let heights =
            |up: Vec3<facula_core::BodyFixed>| 4.0 * (31.0 * up.x).sin() * (27.0 * up.z + up.y).cos();
        Shape::Grid(RadiusGrid::from_heights(GridSampling { ellipsoid, cells: 120 }, heights))
    }

    /// Largest errors of places (px) and of light over the tiles of a grid that a frame sees, and the cells that went
    /// the fast way.
    fn errors(shot: &Shot, shape: &Shape, grid: &MapGrid) -> (f64, f64, usize) {
        let options = MosaicOptions::default();
        let phase = PhaseTable::of(&options);
        let view = ShotView::new(shot, shape, &options, &phase);
        let source = GroundSource::new(shape, &(*grid).into());
        let mut worst = (0.0, 0.0, 0);
        for (line, column) in
            (0..grid.height).step_by(128).flat_map(|l| (0..grid.width).step_by(128).map(move |c| (l, c)))
        {
            let (width, height) = (128.min(grid.width - column), 128.min(grid.height - line));
            let ground = source.tile(TileWindow { column, line, width, height });
            if view.misses(&ground.bounds) {
                assert!((0..width * height).all(|cell| view.sight(&ground.spot(cell)).is_none()));
                continue;
            }
            match ground.relief {
                None => Job::<6, Smooth>::new(&view, &ground).errors(&mut worst),
                Some(_) => Job::<19, Rough>::new(&view, &ground).errors(&mut worst),
            }
        }
        worst
    }

    impl<const N: usize, C: Channels<N>> Job<'_, N, C> {
        fn errors(&self, worst: &mut (f64, f64, usize)) {
            let (view, ground) = (self.view, self.ground);
            let frame = [view.shot.frame.iof.width(), view.shot.frame.iof.height()];
            let (mut line, mut nodes) = (Line::default(), LineNodes::default());
            for number in 0..ground.height {
                let first = number / self.lattice.block * self.lattice.blocks[0];
                let count = ground.width.div_ceil(self.lattice.block);
                let ways = &self.lattice.ways[first..first + count];
                self.lattice.line(number, &mut nodes);
                line.clear(count * self.lattice.block);
                let cells = number * ground.width..(number + 1) * ground.width;
                let relief = ground.relief.as_ref().map(|relief| {
                    let [x, y, z] = relief.normals.each_ref().map(|normals| &normals[cells.clone()]);
                    [&relief.heights[cells.clone()], x, y, z]
                });
                let relief = relief.unwrap_or_default();
                let (lattice, channels) = (&self.lattice, PhantomData::<C>);
                let places = Places {
                    lattice,
                    nodes: &nodes,
                    ways,
                    relief,
                    frame,
                    feather_px: 0.0,
                    line: &mut line,
                    channels,
                };
                places.find();
                for (k, cell) in cells.enumerate() {
                    let exact = view.sight(&ground.spot(cell));
                    match ways[k / self.lattice.block] {
                        Way::Skip => assert!(exact.is_none(), "a cell in the frame was skipped"),
                        Way::Exact => {}
                        Way::Fast => {
                            let Some(exact) = exact.filter(|_| line.cosines[0][k] > 0.0) else { continue };
                            let at = [line.index[k] as usize % frame[0], line.index[k] as usize / frame[0]];
                            let dx = at[0] as f64 + f64::from(line.fractions[0][k]) - exact.at.x_px;
                            let dy = at[1] as f64 + f64::from(line.fractions[1][k]) - exact.at.y_px;
                            let light = [
                                f64::from(line.cosines[0][k]) - exact.cos_emission,
                                f64::from(line.cosines[1][k]) - exact.cos_incidence,
                                f64::from(line.range_km[k]) * view.ifov_m_per_km / exact.scale_m - 1.0,
                            ];
                            worst.0 = worst.0.max(dx.hypot(dy));
                            worst.1 = light.iter().fold(worst.1, |w, e| w.max(e.abs()));
                            worst.2 += 1;
                        }
                    }
                }
            }
        }
    }

    fn pose(above: LonLat, range_km: f64, sun_deg: f64, off_rad: [f64; 3]) -> Pose {
        let sun = LonLat::new(above.longitude_rad + sun_deg.to_radians(), 0.4 * above.latitude_rad);
        let pose = Pose {
            mid_exposure: parse_utc("2015-05-04").unwrap(),
            spacecraft_km: above.direction() * range_km,
            sun_km: sun.direction() * 4.3e8,
            camera_from_body: north_up(-above.direction()),
        };
        pose.turned(off_rad[0], off_rad[1], off_rad[2])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// From low orbits to far away, poles, limb and antimeridian; maps from coarse to finer than the frame.
        #[test]
        fn places_and_light_between_nodes_are_exact_to_a_hundredth_of_a_pixel(
            lon in -180.0..180.0f64, lat in -90.0..90.0f64, log_range in 6.45..10.2f64, sun in -80.0..80.0f64,
            off in [-0.3..0.3f64, -0.3..0.3f64, -3.0..3.0f64], lines in 60..500usize, rough in any::<bool>(),
        ) {
            let range_km = log_range.exp();
            let limb = (480.0 / range_km).asin();
            let off = [off[0] * 3.0 * limb, off[1] * 3.0 * limb, off[2]];
            let shot = shot(pose(LonLat::from_degrees(lon, lat), range_km, sun, off), 512);
            let shape = if rough { hills() } else { smooth() };
            let (place_px, light, _) = errors(&shot, &shape, &MapGrid::global(lines));
            prop_assert!(place_px < PLACE_ERROR_PX, "{place_px} px");
            prop_assert!(light < LIGHT_ERROR, "{light}");
        }
    }

    #[test]
    fn frames_of_high_orbits_go_the_fast_way_everywhere() {
        let grid = MapGrid { width: 700, height: 700, west_rad: 0.5, north_rad: 0.6, step_rad: 2.9e-4 };
        let shot = shot(pose(LonLat::from_degrees(35.0, 25.0), 1950.0, 30.0, [0.0; 3]), 512);
        for (shape, most_px) in [(smooth(), 1e-3), (hills(), PLACE_ERROR_PX)] {
            let (place_px, light, fast) = errors(&shot, &shape, &grid);
            assert!(place_px < most_px && light < LIGHT_ERROR, "{place_px} {light}");
            assert!(fast > 200_000, "{fast}");
        }
    }

    /// What the fast way says against cell after cell the exact way.
    fn assert_readings_agree(shot: &Shot, shape: &Shape, options: &MosaicOptions) {
        let grid = MapGrid { width: 128, height: 100, west_rad: 0.52, north_rad: 0.52, step_rad: 1.2e-3 };
        let phase = PhaseTable::of(options);
        let view = ShotView::new(shot, shape, options, &phase);
        let ground = GroundSource::new(shape, &grid.into()).tile(TileWindow {
            column: 0,
            line: 0,
            width: 128,
            height: 100,
        });
        let mut readings = TileReadings::default();
        let measured = read_tile(&view, &ground, &mut readings);
        let (mut agree, mut apart) = (0, 0);
        for cell in 0..128 * 100 {
            match view.look_at(&ground, cell) {
                Outcome::Measured(m) if !readings.albedo[cell].is_nan() => {
                    agree += 1;
                    let ratio = |ours: f32, exact: f64| (f64::from(ours) / exact - 1.0).abs();
                    assert!(ratio(readings.albedo[cell], m.albedo) < LIGHT_ERROR);
                    assert!(ratio(readings.sigma[cell], m.sigma) < 0.02);
                    assert!(ratio(readings.weight[cell], m.weight) < 0.01);
                    assert!(ratio(readings.scale_m[cell], m.scale_m) < LIGHT_ERROR);
                    assert_eq!(readings.flags[cell], m.flags);
                }
                Outcome::Unseen => assert!(readings.albedo[cell].is_nan() && readings.weight[cell] == 0.0),
                Outcome::Rejected(reason) if readings.flags[cell] == reason => agree += 1,
                _ => apart += 1,
            }
        }
        // Cells at the limits and beside flagged pixels may fall to either side.
        assert!(agree > 3000 && 500 * apart < agree, "{agree} {apart}");
        assert_eq!(measured, readings.albedo.iter().filter(|v| !v.is_nan()).count());
    }

    #[test]
    fn the_fast_way_says_what_single_cells_say_for_every_law_kernel_and_flag() {
        use facula_photometry::{DiskFunction, Hapke, SurfaceModel};
        let mut shot = shot(pose(LonLat::from_degrees(35.0, 25.0), 3000.0, 55.0, [0.01, -0.02, 0.7]), 512);
        for k in 0..400 {
            let flag = if k % 2 == 0 { Quality::HOT } else { Quality::SMEAR };
            shot.frame.quality.set(150 + k % 97, 60 + k, flag);
        }
        shot.frame.iof.set(300, 300, f32::NAN);
        let base = MosaicOptions::default();
        for shape in [smooth(), hills()] {
            assert_readings_agree(&shot, &shape, &base);
        }
        for sampling in [Sampling::Bicubic, Sampling::Lanczos] {
            assert_readings_agree(&shot, &smooth(), &MosaicOptions { sampling, ..base });
        }
        for disk in [DiskFunction::Lambert, DiskFunction::Akimov, DiskFunction::Hapke(Hapke::default())] {
            let model = SurfaceModel { disk, ..base.model };
            assert_readings_agree(&shot, &smooth(), &MosaicOptions { model, feather_px: 0.0, ..base });
        }
    }
}
