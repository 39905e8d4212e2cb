// SPDX-License-Identifier: MIT OR Apache-2.0
//! Spots on a calibrated frame, without a map.
//!
//! Input: a [`Shot`], the shape, and, where the frame is in I/F, a photometric model that takes out the shading of the
//! smooth body. Night, shadow, body edge and flagged pixels are left out. Output: spots in pixels and on the ground, with
//! the covariance that the pixel error has there. The search is that of maps, on a plane of pixels, in two passes: with the
//! thresholds of maps, and with lower ones for what the direction of the Sun proves to be no slope ([`super::relief`]).

use facula_core::{Ellipsoid, Level, LonLat, MapGrid, PixelPos, Raster, Reporter, Silent, Vec3};
use facula_geometry::{Shape, Shot, backplanes};
use facula_photometry::{LightAngles, SurfaceModel};
use rayon::prelude::*;

use crate::detect::relief::{Evidence, SunLine};
use crate::detect::slopes::seeliger_share;
use crate::detect::window::Frame;
use crate::detect::{DetectOptions, Slopes, SpotMap, detect};
use crate::{Spot, SpotError, SpotFlag, name_spots};

/// What counts as a spot on a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameOptions {
    /// Thresholds, as on maps. Its lengths and its direction to the Sun are not used: those below and the shot's own are.
    pub detect: DetectOptions,
    /// Widest filter, full width at half maximum, pixels.
    pub largest_px: f64,
    /// Size of the windows of the background, pixels.
    pub background_px: f64,
    /// Size of the windows of the noise, pixels.
    pub noise_px: f64,
    /// Full width at half maximum of the camera's point-spread function, pixels.
    pub psf_px: f64,
    /// Error of the pose in the image, one sigma in one direction, pixels.
    pub pointing_sigma_px: f64,
    /// Pixels seen at larger emission angles are left out, rad.
    pub largest_emission_rad: f64,
    /// Pixels lit at larger incidence angles are left out, rad.
    pub largest_incidence_rad: f64,
    /// A spot is a lit slope when the ground beside it, towards the Sun, lacks more than this fraction of its light.
    pub lacking_fraction: f64,
    /// Least significance of spots that are proved to be no slopes, sigma: relief, most of the noise of fine frames, is
    /// ruled out for them. They must stand ten times above the noise of the pixels. Set on one flight frame (the HAMO frame
    /// of Kerwan), so that all it lists there are spots of albedo. Infinite: no second pass.
    pub least_significance_off_slopes: f64,
}

impl Default for FrameOptions {
    fn default() -> Self {
        const RAD: f64 = std::f64::consts::PI / 180.0;
        Self {
            // Below one false alarm in a million pixels; the noise doubles within a hundred pixels of the terminator.
            detect: DetectOptions { least_significance: 5.0, noise_cells: 96.0, ..DetectOptions::default() },
            largest_px: 100.0,
            background_px: 128.0,
            noise_px: 256.0,
            psf_px: 1.3,
            pointing_sigma_px: 0.5,
            largest_emission_rad: 75.0 * RAD,
            largest_incidence_rad: 80.0 * RAD,
            lacking_fraction: 0.55,
            least_significance_off_slopes: 3.75,
        }
    }
}

/// A spot on a frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameSpot {
    /// Centroid in the frame.
    pub at: PixelPos,
    /// One-sigma error of the centroid in the frame in one direction (the pose not included), px.
    pub position_sigma_px: f64,
    /// Covariance of the place on the ground, east and north, km²: centroid and pose.
    pub covariance_km2: [[f64; 2]; 2],
    /// Size of a pixel on the ground: square root of its area, km.
    pub pixel_km: f64,
    /// The spot on the ground. Its albedos are normal albedos when a model was given, else I/F.
    pub spot: Spot,
}

/// A plane of pixels as a piece of a sphere so large that it is flat: one pixel is one kilometre on it.
const PIXEL_RAD: f64 = 1e-6;

/// Finds the spots of a frame, most significant first.
///
/// # Errors
/// [`SpotError::Argument`] when sizes differ or an option is out of range.
pub fn detect_frame(
    shot: &Shot,
    shape: &Shape,
    surface: Option<(&SurfaceModel, &Ellipsoid)>,
    options: &FrameOptions,
    report: &dyn Reporter,
) -> Result<Vec<FrameSpot>, SpotError> {
    let albedo = flattened(shot, shape, surface.map(|s| s.0), options);
    let (width, height) = (albedo.width(), albedo.height());
    let grid = MapGrid {
        width,
        height,
        west_rad: 1.0,
        north_rad: 0.5 * height as f64 * PIXEL_RAD,
        step_rad: PIXEL_RAD,
    };
    let radius_km = 1.0 / PIXEL_RAD;
    let plane = Ellipsoid { a_km: radius_km, b_km: radius_km, c_km: radius_km };
    let map = SpotMap {
        grid,
        albedo: &albedo,
        quality: &shot.frame.quality,
        sigma: None,
        coverage: None,
        ellipsoid: plane,
        effective_psf_px: options.psf_px,
    };
    let in_pixels = DetectOptions {
        largest_km: options.largest_px,
        background_km: options.background_px,
        noise_km: options.noise_px,
        sun_azimuth_rad: sun_azimuth_rad(shot, shape),
        features: Vec::new(),
        ..options.detect.clone()
    };
    let spots = both_passes(&map, (&in_pixels, options), |at| azimuth_at_rad(shot, shape, at), report)?;
    let mut found: Vec<FrameSpot> = spots
        .into_iter()
        .filter_map(|spot| on_ground(spot, &grid, (shot, shape), options.pointing_sigma_px))
        .collect();
    if let Some((_, ellipsoid)) = surface {
        for spot in &mut found {
            name_spots(std::slice::from_mut(&mut spot.spot), &options.detect.features, ellipsoid);
        }
    }
    Ok(found)
}

/// What detection adds to the least significance of filters of some widths, at most.
const SURPLUS: f64 = 1.0;
/// Spots of the second pass stand so many sigmas of the pixels' noise above their surroundings, summed over their area.
const ABOVE_PIXELS: f64 = 10.0;
/// Spots of the second pass need this share of the strip towards the Sun in the frame.
const SEEN_FRACTION: f64 = 0.6;

/// Both passes, most significant first, with the slopes told by the ground towards the Sun.
fn both_passes(
    plane: &SpotMap<'_>,
    (in_pixels, options): (&DetectOptions, &FrameOptions),
    azimuth_rad: impl Fn(PixelPos) -> Option<f64>,
    report: &dyn Reporter,
) -> Result<Vec<Spot>, SpotError> {
    let judged = |spot: Spot| {
        let at = plane.grid.position(spot.place)?;
        // Under a Sun in the zenith slopes shade nothing.
        let Some(azimuth_rad) = azimuth_rad(at) else { return Some((spot, None)) };
        let line = SunLine::new(plane.albedo, azimuth_rad);
        let evidence = line.evidence(at, spot.diameter_km, spot.polarity);
        let spot = with_evidence(spot, &evidence, options.lacking_fraction);
        let listed = in_pixels.slopes == Slopes::Flagged || !spot.has(SpotFlag::Slope);
        listed.then_some((spot, Some(evidence)))
    };
    let first = detect(plane, in_pixels, report)?.into_iter().filter_map(judged);
    let mut spots: Vec<Spot> = first.map(|(spot, _)| spot).collect();
    let least = options.least_significance_off_slopes;
    if least.is_finite() {
        let lower = DetectOptions {
            least_significance: (least - SURPLUS).max(f64::MIN_POSITIVE),
            false_alarm_rate: 1.0,
            ..in_pixels.clone()
        };
        let second = detect(plane, &lower, &Silent)?.into_iter().filter_map(judged);
        let known = spots.len();
        for (spot, evidence) in second {
            let proved = evidence.is_some_and(|evidence| stands_out(&spot, &evidence, least));
            if proved && !spots[..known].iter().any(|other| is_same(other, &spot)) {
                spots.push(spot);
            }
        }
        spots.sort_by(|a, b| b.significance.total_cmp(&a.significance));
        spots.truncate(in_pixels.most_spots);
    }
    for (k, spot) in spots.iter_mut().enumerate() {
        spot.id = format!("S{:03}", k + 1);
    }
    Ok(spots)
}

/// Whether a spot of the second pass is more than noise of the pixels, and the ground towards the Sun is known.
fn stands_out(spot: &Spot, evidence: &Evidence, least_significance: f64) -> bool {
    let light = (spot.mean_contrast - 1.0).abs() * spot.area_km2.sqrt();
    spot.significance >= least_significance
        && light >= ABOVE_PIXELS * evidence.pixel_noise
        && evidence.seen_fraction >= SEEN_FRACTION
}

/// Whether two passes saw the same spot: one's centre lies in the other.
fn is_same(a: &Spot, b: &Spot) -> bool {
    let apart_km = a.place.separation_rad(b.place) / PIXEL_RAD;
    a.polarity == b.polarity && apart_km < 0.5 * a.diameter_km.max(b.diameter_km)
}

fn with_evidence(mut spot: Spot, evidence: &Evidence, largest: f64) -> Spot {
    spot.slope_fraction = spot.slope_fraction.max(evidence.lacking_fraction);
    if evidence.lacking_fraction > largest && !spot.has(SpotFlag::Slope) {
        spot.flags.push(SpotFlag::Slope);
        spot.flags.sort();
    }
    spot
}

/// The frame without the shading of the smooth body; NaN where it is night, shadow, edge or sky.
fn flattened(
    shot: &Shot,
    shape: &Shape,
    model: Option<&SurfaceModel>,
    options: &FrameOptions,
) -> Raster<f32> {
    let planes = backplanes(&shot.camera, &shot.pose, shape);
    let angles = |plane: &Raster<f32>, k: usize| f64::from(plane.as_slice()[k]).to_radians_at_edge();
    let model = model.filter(|_| shot.frame.meta.level == Level::IOverF);
    let value = |k: usize| {
        let iof = shot.frame.iof.as_slice()[k];
        let (incidence_rad, emission_rad) =
            (angles(&planes.incidence_deg, k), angles(&planes.emission_deg, k));
        let seen =
            incidence_rad <= options.largest_incidence_rad && emission_rad <= options.largest_emission_rad;
        if !seen || planes.shadow.as_slice()[k] > 0.5 {
            return f32::NAN;
        }
        let light = LightAngles {
            cos_incidence: incidence_rad.cos(),
            cos_emission: emission_rad.cos(),
            phase_rad: angles(&planes.phase_deg, k),
        };
        model.map_or(iof, |model| iof / model.iof_per_albedo(light) as f32)
    };
    let (width, height) = (shot.frame.iof.width(), shot.frame.iof.height());
    let same = planes.incidence_deg.as_slice().len() == width * height;
    let values =
        (0..width * height).into_par_iter().map(|k| if same { value(k) } else { f32::NAN }).collect();
    Raster::from_vec(width, height, values).unwrap_or_else(|| Raster::filled(width, height, f32::NAN))
}

/// Backplanes are in degrees, as they go to files.
trait Degrees {
    fn to_radians_at_edge(self) -> f64;
}

impl Degrees for f64 {
    fn to_radians_at_edge(self) -> f64 {
        self * (std::f64::consts::PI / 180.0)
    }
}

/// Directions to the Sun at the middle of the frame and of its quarters agree within this angle, or none holds for all of it.
const ONE_AZIMUTH_RAD: f64 = 0.5;

/// Direction to the Sun where one holds for the whole frame, clockwise from up.
fn sun_azimuth_rad(shot: &Shot, shape: &Shape) -> Option<f64> {
    let (width, height) = (shot.frame.iof.width() as f64, shot.frame.iof.height() as f64);
    let at =
        |[right, down]: [f64; 2]| azimuth_at_rad(shot, shape, PixelPos::new(right * width, down * height));
    let quarters = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];
    let mut known = std::iter::once([0.5, 0.5]).chain(quarters).filter_map(at);
    let first = known.next()?;
    let off = |azimuth_rad: f64| (azimuth_rad - first).sin().atan2((azimuth_rad - first).cos()).abs();
    known.all(|azimuth_rad| off(azimuth_rad) < ONE_AZIMUTH_RAD).then_some(first)
}

/// Direction in the image, clockwise from up, in which ground must fall to look brightest: towards the Sun and, seen
/// aslant, away from the camera. `None` off the body.
///
/// # Source
/// The gradient, with the slope of the ground, of the lunar-Lambert law L 2 μ₀ / (μ₀ + μ) + (1 − L) μ₀ (McEwen 1991, Icarus
/// 92, 298) with the share L of [`seeliger_share`].
fn azimuth_at_rad(shot: &Shot, shape: &Shape, at: PixelPos) -> Option<f64> {
    let point_km = shot.ground(shape, at)?.point_km;
    let up = point_km.unit()?;
    let sun = (shot.pose.sun_km - point_km).unit()?;
    let view = (shot.pose.spacecraft_km - point_km).unit()?;
    let (cos_incidence, cos_emission) = (sun.dot(up), view.dot(up));
    let (level_sun, level_view) = (sun - up * cos_incidence, view - up * cos_emission);
    let seeliger = (level_sun * cos_emission - level_view * cos_incidence)
        * (2.0 / (cos_incidence + cos_emission).max(LEAST_COSINES).powi(2));
    let share = seeliger_share(sun.angle_rad(view));
    let level = seeliger * share + level_sun * (1.0 - share);
    let step = level.unit()? * (1e-4 * point_km.length());
    let (from, to) = (shot.pixel_of(point_km - step)?, shot.pixel_of(point_km + step)?);
    let (right, up) = (to.x_px - from.x_px, from.y_px - to.y_px);
    (right.hypot(up) > 0.0).then(|| right.atan2(up))
}

/// Least sum of the cosines of incidence and emission that is divided by.
const LEAST_COSINES: f64 = 0.05;

/// The spot of the plane of pixels, on the body.
fn on_ground(
    flat: Spot,
    grid: &MapGrid,
    (shot, shape): (&Shot, &Shape),
    pointing_sigma_px: f64,
) -> Option<FrameSpot> {
    let ground_km = |at: PixelPos| shot.ground(shape, at).map(|hit| hit.point_km);
    let place = |flat: &LonLat| grid.position(*flat).and_then(ground_km).map(LonLat::of);
    let at = grid.position(flat.place)?;
    let middle_km = ground_km(at)?;
    let centre = LonLat::of(middle_km);
    let frame = Frame::at(centre, &sphere(middle_km));
    let step = |dx: f64, dy: f64| -> Option<[f64; 2]> {
        Some(frame.offset_km(LonLat::of(ground_km(PixelPos::new(at.x_px + dx, at.y_px + dy))?)))
    };
    let (along, down) = (step(0.5, 0.0)?, step(0.0, 0.5)?);
    let (back, up) = (step(-0.5, 0.0)?, step(0.0, -0.5)?);
    let jacobian = [[along[0] - back[0], down[0] - up[0]], [along[1] - back[1], down[1] - up[1]]];
    let pixel_km2 = (jacobian[0][0] * jacobian[1][1] - jacobian[0][1] * jacobian[1][0]).abs();
    let (position_sigma_px, pixel_km) = (flat.position_sigma_km, pixel_km2.sqrt());
    let variance_px2 = position_sigma_px.powi(2) + pointing_sigma_px.powi(2);
    let product = |a: [f64; 2], b: [f64; 2]| variance_px2 * (a[0] * b[0] + a[1] * b[1]);
    let [east, north] = jacobian;
    let covariance_km2 =
        [[product(east, east), product(east, north)], [product(north, east), product(north, north)]];
    let spot = Spot {
        place: centre,
        position_sigma_km: (0.5 * (covariance_km2[0][0] + covariance_km2[1][1])).sqrt(),
        area_km2: flat.area_km2 * pixel_km2,
        diameter_km: flat.diameter_km * pixel_km,
        disc_diameter_km: flat.disc_diameter_km * pixel_km,
        disc_diameter_low_km: flat.disc_diameter_low_km * pixel_km,
        disc_diameter_high_km: flat.disc_diameter_high_km * pixel_km,
        excess_km2: flat.excess_km2 * pixel_km2,
        excess_sigma_km2: flat.excess_sigma_km2 * pixel_km2,
        scale_km: flat.scale_km * pixel_km,
        outline: flat.outline.iter().filter_map(place).collect(),
        footprint: flat.footprint.iter().filter_map(place).collect(),
        frames: Some(1),
        ..flat
    };
    Some(FrameSpot { at, position_sigma_px, covariance_km2, pixel_km, spot })
}

/// A sphere through a point.
fn sphere(point_km: Vec3<facula_core::BodyFixed>) -> Ellipsoid {
    let radius_km = point_km.length();
    Ellipsoid { a_km: radius_km, b_km: radius_km, c_km: radius_km }
}
