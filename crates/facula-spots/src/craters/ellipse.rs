// SPDX-License-Identifier: MIT OR Apache-2.0
//! An ellipse through rim points: geometric least squares with Huber weights, and its covariance.
//!
//! The ellipse is the image of the unit circle, `c + r (1 + S) u` with a symmetric traceless `S = [[p, q], [q, −p]]`:
//! five smooth parameters, nothing singular at the circle. Residuals are first-order distances (Sampson 1982, Comput.
//! Graph. Image Process. 18, 97), weights first those of Huber (1964, Ann. Math. Stat. 35, 73), then the biweight of Beaton
//! and Tukey (1974, Technometrics 16, 147), to which stretches of another rim do not count. Rims are polygons:
//! neighbouring residuals go together, so the covariance is inflated by their correlation.

use nalgebra::{SMatrix, SVector};

/// A point of a rim, km from the middle to the east and north, and its weight (1 full, 0 none).
#[derive(Debug, Clone, Copy)]
pub(crate) struct RimPoint {
    pub at_km: [f64; 2],
    pub weight: f64,
}

type Five = SVector<f64, 5>;
type FiveByFive = SMatrix<f64, 5, 5>;

/// A fitted ellipse. Parameters: centre east and north (km), mean radius (km), p, q.
#[derive(Debug, Clone)]
pub(crate) struct Ellipse {
    parameters: Five,
    covariance: FiveByFive,
    /// Scatter of the points about the ellipse, robust, km.
    pub scatter_km: f64,
    /// Weight of the points within 3 scatters over that of all.
    pub support: f64,
}

/// Points beyond this many scatters weigh less (95 % efficiency on normal noise).
const HUBER: f64 = 1.345;
/// Points beyond this many scatters do not count in the end (95 % efficiency).
const BIWEIGHT: f64 = 4.685;
const STEPS: usize = 40;
/// Steps with the weights of Huber.
const FIRST_STEPS: usize = 10;
const FEWEST: usize = 8;
/// Stronger ellipses are not craters: axis ratio below 0.43.
const MOST_SHEAR: f64 = 0.4;

impl Ellipse {
    /// The ellipse of the points in order around the rim; `None` for too few or points that no ellipse goes through.
    #[cfg(test)]
    pub fn fit(points: &[RimPoint]) -> Option<Self> {
        Self::fit_to(points, Self::EXACT)
    }

    /// Until nothing moves by more than 1e-9 of the radius.
    pub const EXACT: (usize, f64) = (FIRST_STEPS, 1e-9);
    /// Until nothing moves by more than 1e-3 of the radius.
    pub const ROUGH: (usize, f64) = (4, 1e-3);

    /// The ellipse of the points in order around the rim, as exactly as is said; `None` for too few or points that no
    /// ellipse goes through.
    pub fn fit_to(points: &[RimPoint], (first_steps, settled): (usize, f64)) -> Option<Self> {
        let points: Vec<RimPoint> = points.iter().copied().filter(|p| p.weight > 0.0).collect();
        if points.len() < FEWEST {
            return None;
        }
        let mut parameters = circle(&points);
        for pass in 0..STEPS {
            let (normal, right, _) =
                system(&parameters, &points, if pass < first_steps { huber } else { biweight });
            let step = normal.cholesky()?.solve(&right);
            parameters -= step;
            if !is_sound(&parameters) {
                return None;
            }
            if pass >= first_steps && step.norm() < settled * parameters[2] {
                break;
            }
        }
        let (normal, _, scatter_km) = system(&parameters, &points, biweight);
        let residuals_km: Vec<f64> = points.iter().map(|p| distance_km(&parameters, p.at_km).0).collect();
        let variance_km2 = scatter_km * scatter_km * correlation_factor(&residuals_km);
        let covariance = normal.try_inverse()? * variance_km2;
        let near =
            |(point, d): (&RimPoint, &f64)| if d.abs() <= 3.0 * scatter_km { point.weight } else { 0.0 };
        let support = points.iter().zip(&residuals_km).map(near).sum::<f64>()
            / points.iter().map(|p| p.weight).sum::<f64>();
        Some(Self { parameters, covariance, scatter_km, support })
    }

    /// Centre to the east and north, km.
    pub fn centre_km(&self) -> [f64; 2] {
        [self.parameters[0], self.parameters[1]]
    }

    /// Covariance of the centre, km².
    pub fn centre_covariance_km2(&self) -> [[f64; 2]; 2] {
        let c = &self.covariance;
        [[c[(0, 0)], c[(0, 1)]], [c[(1, 0)], c[(1, 1)]]]
    }

    /// Semi-axes, the longer first, km.
    pub fn semi_axes_km(&self) -> [f64; 2] {
        let [r, p, q] = [self.parameters[2], self.parameters[3], self.parameters[4]];
        let shear = p.hypot(q);
        [r * (1.0 + shear), r * (1.0 - shear)]
    }

    /// One-sigma errors of the semi-axes, km.
    pub fn semi_axes_sigma_km(&self) -> [f64; 2] {
        let [r, p, q] = [self.parameters[2], self.parameters[3], self.parameters[4]];
        let shear = p.hypot(q);
        // A circle has no direction: then the error of either component.
        let (cos, sin) = if shear > 0.0 { (p / shear, q / shear) } else { (1.0, 0.0) };
        [1.0, -1.0].map(|sign| {
            self.sigma_of(Five::from([0.0, 0.0, 1.0 + sign * shear, sign * r * cos, sign * r * sin]))
        })
    }

    /// Diameter of the circle of the same area and its one-sigma error, km.
    pub fn diameter_km(&self) -> [f64; 2] {
        let [r, p, q] = [self.parameters[2], self.parameters[3], self.parameters[4]];
        let root = (1.0 - p * p - q * q).sqrt();
        let slope = Five::from([0.0, 0.0, 2.0 * root, -2.0 * r * p / root, -2.0 * r * q / root]);
        [2.0 * r * root, self.sigma_of(slope)]
    }

    /// Direction of the longer axis, clockwise from north, rad, in [0, π).
    pub fn orientation_rad(&self) -> f64 {
        // Counter-clockwise from east it is half the angle of (p, q).
        let from_east_rad = 0.5 * self.parameters[4].atan2(self.parameters[3]);
        (std::f64::consts::FRAC_PI_2 - from_east_rad).rem_euclid(std::f64::consts::PI)
    }

    fn sigma_of(&self, slope: Five) -> f64 {
        slope.dot(&(self.covariance * slope)).max(0.0).sqrt()
    }
}

fn is_sound(parameters: &Five) -> bool {
    parameters.iter().all(|v| v.is_finite())
        && parameters[2] > 0.0
        && parameters[3].hypot(parameters[4]) < MOST_SHEAR
}

/// A first circle: about the middle that the rim was tracked from, of the median distance. A mean would follow stretches
/// of another rim.
fn circle(points: &[RimPoint]) -> Five {
    let mut distances: Vec<f64> = points.iter().map(|p| p.at_km[0].hypot(p.at_km[1])).collect();
    let middle = distances.len() / 2;
    let r = *distances.select_nth_unstable_by(middle, f64::total_cmp).1;
    Five::from([0.0, 0.0, r, 0.0, 0.0])
}

/// Length of the point pulled back to the unit circle, and the point itself.
fn unit_vector(parameters: &Five, at_km: [f64; 2]) -> (f64, [f64; 2]) {
    let [x, y, r, p, q] = (*parameters).into();
    let (dx, dy) = ((at_km[0] - x) / r, (at_km[1] - y) / r);
    let determinant = 1.0 - p * p - q * q;
    let u = ((1.0 - p) * dx - q * dy) / determinant;
    let v = ((1.0 + p) * dy - q * dx) / determinant;
    ((u * u + v * v).sqrt(), [u, v])
}

/// Signed distance from the ellipse (positive outside), km, and its derivative by the parameters.
fn distance_km(parameters: &Five, at_km: [f64; 2]) -> (f64, Five) {
    let [_, _, r, p, q] = (*parameters).into();
    let (length, [u, v]) = unit_vector(parameters, at_km);
    let (u, v) = if length > 0.0 { (u / length, v / length) } else { (1.0, 0.0) };
    let determinant = 1.0 - p * p - q * q;
    // The gradient of the length, 1/km.
    let gradient = [((1.0 - p) * u - q * v) / (determinant * r), ((1.0 + p) * v - q * u) / (determinant * r)];
    let steepness = (gradient[0] * gradient[0] + gradient[1] * gradient[1]).sqrt();
    let normal = [gradient[0] / steepness, gradient[1] / steepness];
    // The rim point moves by r (1 + S) u: its part along the normal is what the distance loses.
    let along = |east: f64, north: f64| -(normal[0] * east + normal[1] * north);
    let slope = Five::from([
        -normal[0],
        -normal[1],
        along((1.0 + p) * u + q * v, q * u + (1.0 - p) * v),
        r * along(u, -v),
        r * along(v, u),
    ]);
    ((length - 1.0) / steepness, slope)
}

/// Weight of a point by its distance over the scatter.
fn huber(distance: f64) -> f64 {
    (HUBER / distance.abs()).min(1.0)
}

fn biweight(distance: f64) -> f64 {
    (1.0 - (distance / BIWEIGHT).powi(2)).max(0.0).powi(2)
}

/// Normal equations with robust weights, and the robust scatter, km.
fn system(parameters: &Five, points: &[RimPoint], robust: fn(f64) -> f64) -> (FiveByFive, Five, f64) {
    let rows: Vec<(f64, Five)> = points.iter().map(|p| distance_km(parameters, p.at_km)).collect();
    let scatter_km = scatter(&rows, points).max(1e-6 * parameters[2]);
    let (mut normal, mut right) = (FiveByFive::zeros(), Five::zeros());
    for ((distance_km, slope), point) in rows.iter().zip(points) {
        let weight = point.weight * robust(distance_km / scatter_km);
        normal += slope * slope.transpose() * weight;
        right += slope * (weight * distance_km);
    }
    (normal, right, scatter_km)
}

/// Robust standard deviation of weighted distances.
fn scatter(rows: &[(f64, Five)], points: &[RimPoint]) -> f64 {
    let mut sorted: Vec<(f64, f64)> =
        rows.iter().zip(points).map(|(row, p)| (row.0.abs(), p.weight)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * sorted.iter().map(|p| p.1).sum::<f64>();
    let mut sum = 0.0;
    for (distance_km, weight) in &sorted {
        sum += weight;
        if sum >= half {
            return 1.4826 * distance_km;
        }
    }
    0.0
}

/// By how much neighbours that go together raise the variance of a mean: 1 + 2 sum of the autocorrelation up to its
/// first value below zero.
pub(crate) fn correlation_factor(residuals: &[f64]) -> f64 {
    let count = residuals.len();
    let product =
        |lag: usize| -> f64 { (0..count).map(|k| residuals[k] * residuals[(k + lag) % count]).sum() };
    let variance = product(0);
    if !(variance > 0.0) {
        return 1.0;
    }
    let positive = (1..count / 4).map(|lag| product(lag) / variance).take_while(|c| *c > 0.0);
    1.0 + 2.0 * positive.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::Random;
    use proptest::prelude::*;

    fn rim(centre: [f64; 2], axes: [f64; 2], turn_rad: f64, noise: f64, seed: u64) -> Vec<RimPoint> {
        let mut random = Random::new(seed, 1);
        (0..72)
            .map(|k| {
                let (s, c) = (f64::from(k) * std::f64::consts::TAU / 72.0).sin_cos();
                let (x, y) = (axes[0] * c, axes[1] * s);
                let (st, ct) = turn_rad.sin_cos();
                let (nx, ny) = random.normal_pair();
                let at_km =
                    [centre[0] + x * ct - y * st + noise * nx, centre[1] + x * st + y * ct + noise * ny];
                RimPoint { at_km, weight: 1.0 }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn exact_ellipses_come_back(
            x in -3.0..3.0f64, y in -3.0..3.0f64, a in 8.0..12.0f64, ratio in 0.6..0.98f64, turn in 0.05..3.1f64,
        ) {
            let ellipse = Ellipse::fit(&rim([x, y], [a, a * ratio], turn, 0.0, 1)).unwrap();
            let [cx, cy] = ellipse.centre_km();
            let [long, short] = ellipse.semi_axes_km();
            prop_assert!((cx - x).abs() < 1e-6 && (cy - y).abs() < 1e-6, "{cx} {cy}");
            prop_assert!((long - a).abs() < 1e-6 && (short - a * ratio).abs() < 1e-6, "{long} {short}");
            // Counter-clockwise from east to clockwise from north.
            let wanted = (std::f64::consts::FRAC_PI_2 - turn).rem_euclid(std::f64::consts::PI);
            let off = (ellipse.orientation_rad() - wanted).sin().abs();
            prop_assert!(off < 1e-5, "{off}");
            prop_assert!((ellipse.diameter_km()[0] - 2.0 * a * ratio.sqrt()).abs() < 1e-5);
        }
    }

    #[test]
    fn errors_are_as_large_as_said() {
        // 300 noisy rims: normalised errors have variance 1 to within 4 standard errors of it.
        let mut squares = [0.0; 3];
        for seed in 0..300 {
            let ellipse = Ellipse::fit(&rim([1.0, -2.0], [10.0, 9.0], 0.7, 0.3, seed)).unwrap();
            let covariance = ellipse.centre_covariance_km2();
            let [diameter_km, sigma_km] = ellipse.diameter_km();
            squares[0] += (ellipse.centre_km()[0] - 1.0).powi(2) / covariance[0][0] / 300.0;
            squares[1] += (ellipse.centre_km()[1] + 2.0).powi(2) / covariance[1][1] / 300.0;
            squares[2] += ((diameter_km - 2.0 * 90f64.sqrt()) / sigma_km).powi(2) / 300.0;
        }
        // Points scattered in both directions lie outside by noise²/2r on average, and the correlation estimate only
        // widens: between 0.5 and 1.4.
        assert!(squares.iter().all(|s| (0.5..1.4).contains(s)), "{squares:?}");
    }

    #[test]
    fn scattered_outliers_do_not_pull() {
        let mut points = rim([0.0, 0.0], [10.0, 10.0], 0.0, 0.05, 3);
        for point in points.iter_mut().step_by(8) {
            point.at_km = [point.at_km[0] * 1.4, point.at_km[1] * 1.4];
        }
        let ellipse = Ellipse::fit(&points).unwrap();
        assert!((ellipse.diameter_km()[0] - 20.0).abs() < 0.3, "{:?}", ellipse.diameter_km());
        assert!((ellipse.support - 63.0 / 72.0).abs() < 0.1, "{}", ellipse.support);
    }

    #[test]
    fn lines_and_handfuls_are_refused() {
        let line: Vec<RimPoint> =
            (0..40).map(|k| RimPoint { at_km: [f64::from(k), 0.0], weight: 1.0 }).collect();
        assert!(Ellipse::fit(&line).is_none());
        assert!(Ellipse::fit(&line[..4]).is_none());
        assert!(Ellipse::fit(&[]).is_none());
    }
}
