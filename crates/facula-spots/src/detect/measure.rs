// SPDX-License-Identifier: MIT OR Apache-2.0
//! Measures one spot in a window on the ground: background, half-maximum segment, centroid, size, brightness.

use std::f64::consts::PI;

use facula_core::{BodyFixed, LonLat, Quality, Vec3};

use crate::detect::outline::{area, outline};
use crate::detect::psf::{DiscAlbedo, DiscWidths, Size};
use crate::detect::scales::{Candidate, FWHM_PER_SIGMA, Pyramid};
use crate::detect::tiles::{median, robust_sigma};
use crate::detect::window::{Frame, Window};
use crate::detect::{DetectOptions, SpotMap};
use crate::{Polarity, Spot, SpotFlag};

/// The window is smoothed by this fraction of the spot's scale before the half maximum is taken.
const SMOOTHING: f64 = 0.4;
/// Square of the full width of linear interpolation, cells²: 8 ln 2 times its mean variance of 1/6.
const INTERPOLATION_CELLS2: f64 = 0.924;
/// A spot that fills its window is measured again in one this much wider, so many times.
const WIDER: f64 = 1.7;
const WIDENINGS: usize = 3;
/// Error of a centroid and of a width that no noise explains (sampling, registration of the map's own frames),
/// cells. Assumed.
const CENTROID_FLOOR_CELLS: f64 = 0.05;
const WIDTH_FLOOR_CELLS: f64 = 0.1;
/// Segments end at least this many sigma of the surroundings above them.
const SEGMENT_SIGMA: f64 = 2.0;
/// A disc stands above its ring only for filters wider than 0.3 of it; segments wider than this many filters are
/// slopes and plateaus on which the filter saw a detail.
const WIDEST_SEGMENT: f64 = 3.0;
/// Width of the skirt that belongs to a spot beyond its half maximum, in point-spread functions: at this distance from
/// a sharp edge 1 % of its light is left.
const SKIRT: f64 = 1.0;
/// As seen narrower than this times the point-spread function: unresolved.
const RESOLVED: f64 = 1.25;

/// The window of the centroid ends at so many sigma, and is at least this wide.
const WINDOW_SIGMA: f64 = 3.5;
const LEAST_WINDOW_SAMPLES: f64 = 0.8;
/// Light is summed so many widths as seen beyond the half maximum and the point-spread function: few edges are sharp. A
/// Gaussian has 1 % of its light left there, and so much of the light is uncertain whatever the noise.
const SOFT: f64 = 0.6;
const LIGHT_FLOOR: f64 = 0.01;
/// Variance of a median over that of a mean, of Gaussian noise: π / 2.
const MEDIAN_VARIANCE: f64 = PI / 2.0;
/// Most steps of the windowed centroid, and the step (samples) at which it has settled.
const WINDOW_STEPS: usize = 16;
const WINDOW_SETTLED: f64 = 1e-3;

/// A spot with the samples it occupies.
pub(crate) struct Measured {
    pub spot: Spot,
    window: Window,
    segment: Vec<bool>,
    /// The segment and the skirt that the point-spread function lays around it: no neighbour's ground.
    skirt: Vec<bool>,
    reach_km: f64,
    frame: Frame,
}

impl Measured {
    /// Unit vector to the middle of the window, for quick distances.
    pub fn direction(&self) -> Vec3<BodyFixed> {
        self.frame.up()
    }

    /// Distance from the middle of the window within which all its samples lie, km.
    pub fn reach_km(&self) -> f64 {
        self.reach_km
    }

    /// Whether a place lies in the spot's segment.
    pub fn holds(&self, place: LonLat) -> bool {
        self.marks(&self.segment, place)
    }

    /// Whether a place lies in the spot's segment or in its skirt.
    fn shines_on(&self, place: LonLat) -> bool {
        self.marks(&self.skirt, place)
    }

    fn marks(&self, samples: &[bool], place: LonLat) -> bool {
        let [east_km, north_km] = self.frame.offset_km(place);
        east_km.hypot(north_km) < self.reach_km
            && self.window.sample_at(place).is_some_and(|sample| samples[sample])
    }
}

/// What all measurements on a map share.
pub(crate) struct Measurer<'a> {
    map: &'a SpotMap<'a>,
    options: &'a DetectOptions,
    pyramid: &'a Pyramid<'a>,
    widths: DiscWidths,
}

/// The window with its smoothed copy, the spot's samples, and the surroundings.
struct Segment {
    window: Window,
    smooth: Vec<f64>,
    marked: Vec<bool>,
    /// Samples of other spots and their skirts.
    taken: Vec<bool>,
    background: f64,
    noise: f64,
    peak: f64,
    threshold: f64,
    touches_edge: bool,
    crowded: bool,
}

impl<'a> Measurer<'a> {
    pub fn new(map: &'a SpotMap<'a>, options: &'a DetectOptions, pyramid: &'a Pyramid<'a>) -> Self {
        Self { map, options, pyramid, widths: DiscWidths::new() }
    }

    /// Measures a candidate; `None` when nothing of its own stands out at half maximum.
    pub fn measure(&self, candidate: &Candidate, others: &[Measured]) -> Option<Measured> {
        let centre = self.map.grid.place(candidate.at);
        let frame = Frame::at(centre, &self.map.ellipsoid);
        let mut widening = 0;
        let segment = loop {
            let segment = self.segment(candidate, frame, WIDER.powi(widening), others)?;
            if !segment.touches_edge || widening as usize >= WIDENINGS {
                break segment;
            }
            widening += 1;
        };
        self.describe(candidate, frame, segment)
    }

    fn psf_km(&self) -> f64 {
        self.map.effective_psf_px * self.map.cell_km()
    }

    fn segment(
        &self,
        candidate: &Candidate,
        frame: Frame,
        wider: f64,
        others: &[Measured],
    ) -> Option<Segment> {
        let cell_km = self.map.cell_km();
        let fwhm_km = candidate.fwhm_cells * cell_km;
        let level = self.pyramid.view_for(candidate.fwhm_cells * wider);
        let level_km = level.factor() * cell_km;
        let step_km = (fwhm_km * wider / 6.0).clamp(0.5 * level_km, level_km);
        let half_km = (2.5 * fwhm_km + 2.0 * self.psf_km() + 3.0 * level_km) * wider;
        let mut window = Window::sampled(frame, half_km, step_km, level);
        if candidate.polarity == Polarity::Dark {
            window.values.iter_mut().for_each(|value| *value = -*value);
        }
        let smooth = window.smoothed(SMOOTHING * fwhm_km / FWHM_PER_SIGMA);
        let taken = taken(&window, others);
        let seed = (0..smooth.len())
            .filter(|k| window.distance_km(*k) <= 0.6 * fwhm_km && !taken[*k] && !smooth[*k].is_nan())
            .max_by(|a, b| smooth[*a].total_cmp(&smooth[*b]))?;
        if is_a_neighbours_wing(&smooth, &taken, (seed, window.side)) {
            return None;
        }
        let peak = smooth[seed];
        let outer = |k: usize| window.distance_km(k) > 1.25 * fwhm_km * wider;
        let (mut background, mut noise) = surroundings(&smooth, outer)?;
        let mut threshold = 0.0;
        let mut marked = Vec::new();
        for _ in 0..2 {
            threshold = (background + 0.5 * (peak - background)).max(background + SEGMENT_SIGMA * noise);
            if !(peak > threshold) {
                return None;
            }
            marked = flood(&smooth, &taken, window.side, (seed, threshold));
            let near = window.grown(&marked, self.psf_km() + 0.5 * fwhm_km);
            if let Some(found) = surroundings(&smooth, |k| !near[k]) {
                (background, noise) = found;
            }
        }
        let side = window.side;
        let on_edge = |k: usize| [k % side, k / side].iter().any(|at| *at == 0 || *at == side - 1);
        let touches_edge = (0..marked.len()).any(|k| marked[k] && on_edge(k));
        let grown = window.grown(&marked, 1.5 * step_km);
        let crowded = (0..marked.len()).any(|k| grown[k] && taken[k]);
        Some(Segment {
            window,
            smooth,
            marked,
            taken,
            background,
            noise,
            peak,
            threshold,
            touches_edge,
            crowded,
        })
    }

    /// Long because a spot has many columns; nothing branches.
    fn describe(&self, candidate: &Candidate, frame: Frame, segment: Segment) -> Option<Measured> {
        let shape = self.shape(candidate, &segment)?;
        let light = self.light(candidate, &segment, &shape)?;
        let (window, size) = (&segment.window, &shape.size);
        let floor_albedo = light.local * light.floor;
        let relative = |above: f64| 1.0 + light.sign * above;
        let disc = DiscAlbedo::of([light.excess_km2, light.excess_sigma_km2], size);
        let skirt_km = SKIRT * self.psf_km();
        let skirt = window.grown(&segment.marked, skirt_km);
        let farthest_km = shape.samples.iter().map(|k| window.distance_km(*k)).fold(0.0, f64::max);
        let frames = |c| u32::from(nearest(self.map, c, shape.place).unwrap_or(0));
        let spot = Spot {
            id: String::new(),
            polarity: candidate.polarity,
            place: shape.place,
            position_sigma_km: self.position_sigma_km(&segment, size),
            area_km2: shape.area_km2,
            diameter_km: size.seen_km,
            disc_diameter_km: size.disc_km,
            disc_diameter_low_km: size.low_km,
            disc_diameter_high_km: size.high_km,
            peak_albedo: light.local * relative(segment.peak),
            mean_albedo: light.local * relative(light.mean),
            albedo_sigma: light.albedo_sigma,
            disc_albedo: disc.best.map(|ratio| ratio * floor_albedo),
            disc_albedo_low: disc.low.map(|ratio| ratio * floor_albedo),
            disc_albedo_high: disc.high.map(|ratio| ratio * floor_albedo),
            background_albedo: floor_albedo,
            contrast: relative(segment.peak) / light.floor,
            mean_contrast: relative(light.mean) / light.floor,
            excess_km2: light.excess_km2,
            excess_sigma_km2: light.excess_sigma_km2,
            significance: candidate.significance(),
            scale_km: candidate.fwhm_cells * self.map.cell_km(),
            frames: self.map.coverage.map(frames),
            outline: closed(window, &shape.line),
            footprint: footprint(window, &shape.samples),
            slope_fraction: candidate.companion,
            flags: self.flags(&segment, &shape.samples, (size.seen_km, candidate.companion)),
            name: None,
            distance_to_name_km: None,
            host_crater: None,
        };
        let reach_km = farthest_km + window.step_km + skirt_km;
        Some(Measured { spot, window: segment.window, segment: segment.marked, skirt, reach_km, frame })
    }

    /// `None` when it is too faint for its width, or far wider than the filter that saw it.
    fn shape(&self, candidate: &Candidate, segment: &Segment) -> Option<Shape> {
        let window = &segment.window;
        let field: Vec<f64> = segment.smooth.iter().map(|v| v - segment.threshold).collect();
        let line = outline(&field, &segment.marked, window.side);
        let area_km2 = area(&line).max(0.5) * window.step_km * window.step_km;
        let small = area_km2 < PI * self.psf_km() * self.psf_km();
        let least = if small { self.options.least_contrast_small } else { self.options.least_contrast };
        let (sign, floor) = sign_and_floor(candidate, segment);
        if 1.0 + sign * ((1.0 + sign * segment.peak) / floor - 1.0) < least {
            return None;
        }
        let size = self.size(candidate, area_km2, segment.noise / (segment.peak - segment.background));
        if size.seen_km > WIDEST_SEGMENT * candidate.fwhm_cells * self.map.cell_km() + self.psf_km() {
            return None;
        }
        let samples: Vec<usize> = (0..field.len()).filter(|k| segment.marked[*k]).collect();
        let first = centroid(&samples, &field, window.side);
        let own = |k: usize| if segment.taken[k] { f64::NAN } else { window.values[k] - segment.background };
        let [x, y] = windowed(own, window.side, first, size.seen_km / window.step_km).unwrap_or(first);
        Some(Shape { line, area_km2, samples, place: window.place(x, y), size })
    }

    /// `None` when the centroid lies outside the map.
    fn light(&self, candidate: &Candidate, segment: &Segment, shape: &Shape) -> Option<Light> {
        let window = &segment.window;
        let (sign, floor) = sign_and_floor(candidate, segment);
        let at = self.map.grid.position(shape.place)?;
        let local = f64::from(self.pyramid.ground.background.at(at.x_px, at.y_px));
        // Pieces of ground with an error of their own: as wide as the smoothing and the point-spread function.
        let pieces = (shape.area_km2 / (PI / 4.0 * shape.size.blur_km * shape.size.blur_km)).max(1.0);
        let given_sigma = self.given_sigma(window, &shape.samples);
        let [sum_km2, sigma_km2] = self.excess(candidate, segment, &shape.size);
        Some(Light {
            sign,
            floor,
            local,
            mean: mean(shape.samples.iter().map(|k| window.values[*k])),
            albedo_sigma: (local * segment.noise / pieces.sqrt()).hypot(given_sigma / pieces.sqrt()),
            excess_km2: sign * sum_km2 / floor,
            excess_sigma_km2: sigma_km2 / floor,
        })
    }

    /// Sum over the spot, the skirt of the point-spread function and soft wings, and its error.
    fn excess(&self, candidate: &Candidate, segment: &Segment, size: &Size) -> [f64; 2] {
        let window = &segment.window;
        let sample_km2 = window.step_km * window.step_km;
        let reach_km = self.psf_km() + window.step_km.max(SOFT * size.seen_km);
        let aperture = window.grown(&segment.marked, reach_km);
        let own = |k: &usize| aperture[*k] && !segment.taken[*k] && !window.values[*k].is_nan();
        let above = (0..aperture.len()).filter(own).map(|k| window.values[k] - segment.background);
        let (sum, count) = above.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        let area_km2: f64 = count * sample_km2;
        let around_km2 = (window.values.len() as f64 * sample_km2 - area_km2).max(sample_km2);
        let of_background = MEDIAN_VARIANCE * area_km2 / around_km2;
        let uneven_km2 = uneven(segment, &aperture) * area_km2;
        let noise_km2 =
            self.noise_density_km(candidate, segment.noise, size) * (area_km2 * (1.0 + of_background)).sqrt();
        [sum * sample_km2, noise_km2.hypot(uneven_km2).hypot(LIGHT_FLOOR * sum * sample_km2)]
    }

    /// Noise of the sum over an area, per root of the area: that of white noise of which smoothing leaves what is seen in
    /// the window, or what the filter left on all the ground around, whichever is more.
    fn noise_density_km(&self, candidate: &Candidate, noise: f64, size: &Size) -> f64 {
        let filter_km = candidate.fwhm_cells * self.map.cell_km() / FWHM_PER_SIGMA;
        (noise * size.smoothing_km).max(candidate.sigma * filter_km) * (4.0 * PI).sqrt()
    }

    fn position_sigma_km(&self, segment: &Segment, size: &Size) -> f64 {
        (CENTROID_FLOOR_CELLS * self.map.cell_km())
            .hypot(2.0 * size.smoothing_km * segment.noise / (segment.peak - segment.background))
    }

    fn size(&self, candidate: &Candidate, area_km2: f64, relative_noise: f64) -> Size {
        let cell_km = self.map.cell_km();
        let seen_km = 2.0 * (area_km2 / PI).sqrt();
        let smoothing_km = SMOOTHING * candidate.fwhm_cells * cell_km;
        let blur2_km2 =
            self.psf_km().powi(2) + smoothing_km.powi(2) + INTERPOLATION_CELLS2 * cell_km * cell_km;
        let blur_km = blur2_km2.sqrt();
        let sigma_km = (WIDTH_FLOOR_CELLS * cell_km).hypot(seen_km * relative_noise);
        let disc_km = |seen_km: f64| self.widths.disc_km(seen_km, blur_km);
        Size {
            seen_km,
            smoothing_km: (smoothing_km / FWHM_PER_SIGMA).hypot((1.0f64 / 6.0).sqrt() * cell_km),
            blur_km,
            disc_km: disc_km(seen_km),
            low_km: disc_km(seen_km - sigma_km),
            high_km: disc_km(seen_km + sigma_km),
        }
    }

    /// Mean of the map's own error over the samples; 0 where the map has none.
    fn given_sigma(&self, window: &Window, samples: &[usize]) -> f64 {
        let Some(sigma) = self.map.sigma else { return 0.0 };
        let of = |k: &usize| nearest(self.map, sigma, sample_place(window, *k)).map(f64::from);
        let known: Vec<f64> = samples.iter().filter_map(of).filter(|s| s.is_finite()).collect();
        if known.is_empty() { 0.0 } else { mean(known.into_iter()) }
    }

    fn flags(&self, segment: &Segment, samples: &[usize], (seen_km, companion): (f64, f64)) -> Vec<SpotFlag> {
        let window = &segment.window;
        let saturated = samples.iter().any(|k| {
            nearest(self.map, self.map.quality, sample_place(window, *k))
                .is_some_and(|q| q.intersects(Quality::SATURATED))
        });
        let all = [
            (SpotFlag::Unresolved, seen_km < RESOLVED * self.psf_km()),
            (SpotFlag::Saturated, saturated),
            (SpotFlag::Edge, !window.whole),
            (SpotFlag::Truncated, segment.touches_edge),
            (SpotFlag::Crowded, segment.crowded),
            (SpotFlag::Slope, companion > self.options.shading_fraction),
        ];
        all.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect()
    }
}

/// Where a spot is and how wide.
struct Shape {
    line: Vec<[f64; 2]>,
    area_km2: f64,
    samples: Vec<usize>,
    place: LonLat,
    size: Size,
}

/// How bright, relative to the background of the map (`local`).
struct Light {
    sign: f64,
    /// The surroundings.
    floor: f64,
    local: f64,
    mean: f64,
    albedo_sigma: f64,
    excess_km2: f64,
    excess_sigma_km2: f64,
}

/// Windows of dark spots are turned over: what they hold are depths. The surroundings relative to the background.
fn sign_and_floor(candidate: &Candidate, segment: &Segment) -> (f64, f64) {
    let sign = if candidate.polarity == Polarity::Dark { -1.0 } else { 1.0 };
    (sign, 1.0 + sign * segment.background)
}

/// The value of a map plane in the cell that holds a place.
fn nearest<T: Copy>(map: &SpotMap<'_>, plane: &facula_core::Raster<T>, place: LonLat) -> Option<T> {
    let at = map.grid.position(place)?;
    plane.get(at.x_px.round().max(0.0) as usize, at.y_px.round().max(0.0) as usize)
}

fn sample_place(window: &Window, sample: usize) -> LonLat {
    window.place((sample % window.side) as f64, (sample / window.side) as f64)
}

/// Whether the brightest free sample only leans on another spot: the smoothed map rises from it into what is taken.
fn is_a_neighbours_wing(smooth: &[f64], taken: &[bool], (seed, side): (usize, usize)) -> bool {
    let (x, y) = (seed % side, seed / side);
    let beside = |at: usize| at.saturating_sub(1)..=(at + 1).min(side - 1);
    beside(y).flat_map(|y| beside(x).map(move |x| y * side + x)).any(|k| taken[k] && smooth[k] > smooth[seed])
}

/// Samples that belong to accepted spots or their skirts.
fn taken(window: &Window, others: &[Measured]) -> Vec<bool> {
    let half = (window.side / 2) as f64;
    let middle = window.place(half, half);
    let half_km = 1.5 * half * window.step_km;
    let mut taken = vec![false; window.values.len()];
    for other in others {
        let [east_km, north_km] = other.frame.offset_km(middle);
        if !(east_km.hypot(north_km) < half_km + other.reach_km) {
            continue;
        }
        let [east_km, north_km] = window.offset_km(other.window.place_of_middle());
        // Map distortion between two windows this near is a few per cent of the reach.
        let reach_km = 1.1 * other.reach_km + window.step_km;
        for (k, taken) in taken.iter_mut().enumerate() {
            let (x, y) = ((k % window.side) as f64 - half, (k / window.side) as f64 - half);
            if (x * window.step_km - east_km).hypot(y * window.step_km - north_km) < reach_km {
                *taken |= other.shines_on(sample_place(window, k));
            }
        }
    }
    taken
}

/// Median and robust scatter of the samples that pass; `None` when they are fewer than a dozen.
fn surroundings(smooth: &[f64], passes: impl Fn(usize) -> bool) -> Option<(f64, f64)> {
    let mut values: Vec<f32> =
        (0..smooth.len()).filter(|k| passes(*k) && !smooth[*k].is_nan()).map(|k| smooth[k] as f32).collect();
    if values.len() < 12 {
        return None;
    }
    let middle = median(&mut values);
    Some((f64::from(middle), f64::from(robust_sigma(&mut values))))
}

/// How much the ground bends: the surroundings' nearer half against the farther one. What a background told from them
/// is wrong by under the spot.
fn uneven(segment: &Segment, aperture: &[bool]) -> f64 {
    let window = &segment.window;
    let free = |k: &usize| !aperture[*k] && !segment.taken[*k] && !segment.smooth[*k].is_nan();
    let mut free: Vec<(f32, f32)> = (0..aperture.len())
        .filter(free)
        .map(|k| (window.distance_km(k) as f32, segment.smooth[k] as f32))
        .collect();
    let half = free.len() / 2;
    if half == 0 {
        return 0.0;
    }
    free.select_nth_unstable_by(half, |a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let middle = |half: &[(f32, f32)]| f64::from(median(&mut half.iter().map(|s| s.1).collect::<Vec<f32>>()));
    (middle(&free[..half]) - middle(&free[half..])).abs()
}

/// Samples above a threshold that hang together with the seed (eight neighbours), others' samples left out.
fn flood(smooth: &[f64], taken: &[bool], side: usize, (seed, threshold): (usize, f64)) -> Vec<bool> {
    let mut marked = vec![false; smooth.len()];
    let mut open = vec![seed];
    marked[seed] = true;
    while let Some(k) = open.pop() {
        let (x, y) = (k % side, k / side);
        for ny in y.saturating_sub(1)..=(y + 1).min(side - 1) {
            for nx in x.saturating_sub(1)..=(x + 1).min(side - 1) {
                let there = ny * side + nx;
                if !marked[there] && !taken[there] && smooth[there] > threshold {
                    marked[there] = true;
                    open.push(there);
                }
            }
        }
    }
    marked
}

/// Mean position weighted by the height above the threshold.
fn centroid(samples: &[usize], field: &[f64], side: usize) -> [f64; 2] {
    let mut sums = [0.0; 3];
    for k in samples {
        let weight = field[*k];
        sums[0] += weight * (k % side) as f64;
        sums[1] += weight * (k / side) as f64;
        sums[2] += weight;
    }
    [sums[0] / sums[2], sums[1] / sums[2]]
}

/// The centroid under a Gaussian window as wide as the spot: nearly that of a fitted profile, and unlike the mean over
/// the segment not moved by which samples the noise lets in. `None` when it runs away from the first guess.
///
/// # Source
/// SExtractor's windowed positions (Bertin 2005, SExtractor manual 2.5, section 10.6), with its step of two times the
/// offset.
fn windowed(value: impl Fn(usize) -> f64, side: usize, first: [f64; 2], seen: f64) -> Option<[f64; 2]> {
    let sigma = (seen / FWHM_PER_SIGMA).max(LEAST_WINDOW_SAMPLES);
    let reach = WINDOW_SIGMA * sigma;
    let range = |middle: f64| {
        (middle - reach).ceil().max(0.0) as usize..((middle + reach).floor() as usize + 1).min(side)
    };
    let mut at = first;
    for _ in 0..WINDOW_STEPS {
        let [mut x_sum, mut y_sum, mut sum] = [0.0; 3];
        let weight = |offset: f64| (-0.5 * (offset / sigma).powi(2)).exp();
        let across: Vec<f64> = range(at[0]).map(|x| weight(x as f64 - at[0])).collect();
        for y in range(at[1]) {
            let down = weight(y as f64 - at[1]);
            for (x, across) in range(at[0]).zip(&across) {
                let own = value(y * side + x);
                if !own.is_nan() {
                    let share = down * across * own;
                    x_sum += share * (x as f64 - at[0]);
                    y_sum += share * (y as f64 - at[1]);
                    sum += share;
                }
            }
        }
        if !(sum > 0.0) {
            return None;
        }
        let step = [2.0 * x_sum / sum, 2.0 * y_sum / sum];
        at = [at[0] + step[0], at[1] + step[1]];
        if (at[0] - first[0]).hypot(at[1] - first[1]) > 0.5 * seen {
            return None;
        }
        if step[0].hypot(step[1]) < WINDOW_SETTLED {
            return Some(at);
        }
    }
    None
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    sum / count
}

fn closed(window: &Window, line: &[[f64; 2]]) -> Vec<LonLat> {
    line.iter().chain(line.first()).map(|[x, y]| window.place(*x, *y)).collect()
}

fn footprint(window: &Window, samples: &[usize]) -> Vec<LonLat> {
    let stride = samples.len().div_ceil(Spot::FOOTPRINT_PLACES).max(1);
    samples.iter().step_by(stride).map(|k| sample_place(window, *k)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_stops_at_the_threshold_and_at_samples_of_others() {
        // A ridge of three samples, the last of which belongs to somebody else; diagonal steps count.
        let side = 5;
        let mut smooth = vec![0.0; 25];
        (smooth[6], smooth[12], smooth[18], smooth[24]) = (1.0, 0.9, 0.8, 0.2);
        let mut taken = vec![false; 25];
        taken[18] = true;
        let marked = flood(&smooth, &taken, side, (6, 0.5));
        assert_eq!((0..25).filter(|k| marked[*k]).collect::<Vec<_>>(), [6, 12]);
        let all = flood(&smooth, &[false; 25], side, (6, 0.5));
        assert_eq!(all.iter().filter(|m| **m).count(), 3);
    }

    #[test]
    fn the_centroid_weighs_by_height() {
        let mut field = vec![0.0; 9];
        (field[3], field[5]) = (1.0, 3.0);
        assert_eq!(centroid(&[3, 5], &field, 3), [1.5, 1.0]);
    }

    #[test]
    fn the_windowed_centroid_finds_a_gaussian_between_samples_from_a_poor_guess() {
        let side = 31;
        let (x0, y0, sigma) = (15.3, 14.6, 2.5);
        let value = |k: usize| {
            let (dx, dy) = ((k % side) as f64 - x0, (k / side) as f64 - y0);
            (-0.5 * (dx * dx + dy * dy) / (sigma * sigma)).exp()
        };
        let [x, y] = windowed(value, side, [16.0, 14.0], sigma * FWHM_PER_SIGMA).unwrap();
        assert!((x - x0).abs() < 2e-3 && (y - y0).abs() < 2e-3, "{x} {y}");
        // A slope has no centre.
        assert!(windowed(|k| (k % side) as f64, side, [15.0, 15.0], 4.0).is_none());
        assert!(windowed(|_| f64::NAN, side, [15.0, 15.0], 4.0).is_none());
    }

    #[test]
    fn surroundings_ignore_what_is_missing_and_bright_neighbours() {
        let mut smooth: Vec<f64> = (0..100).map(|k| 0.01 * f64::from(k % 10) - 0.045).collect();
        smooth[..8].fill(5.0);
        smooth[20] = f64::NAN;
        let (background, noise) = surroundings(&smooth, |_| true).unwrap();
        assert!(background.abs() < 0.01 && noise > 0.02 && noise < 0.06, "{background} {noise}");
        assert!(surroundings(&smooth, |k| k < 11).is_none());
    }
}
