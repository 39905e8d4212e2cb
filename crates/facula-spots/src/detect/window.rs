// SPDX-License-Identifier: MIT OR Apache-2.0
//! A square window on the ground around a place, in equal-area steps: poles, map edges and stretched lines of the
//! map are gone, every sample is the same piece of ground.

use facula_core::{BodyFixed, Ellipsoid, LonLat, PixelPos, Vec3};

use crate::detect::ground::View;
use crate::detect::sheet::Sheet;

/// Windows wider than this fraction of their distance from the pole are computed sample by sample.
const LEAST_FROM_POLE: f64 = 0.25;

/// Samples of a map around a place; x grows eastward, y northward.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// Samples per side, odd.
    pub side: usize,
    pub step_km: f64,
    /// Value of each sample, NaN where nothing is known.
    pub values: Vec<f64>,
    /// Whether every sample lies among known cells.
    pub whole: bool,
    frame: Frame,
}

/// The plane that touches the sphere of the local radius: Lambert's azimuthal equal-area projection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    up: Vec3<BodyFixed>,
    east: Vec3<BodyFixed>,
    north: Vec3<BodyFixed>,
    radius_km: f64,
}

impl Frame {
    pub fn at(centre: LonLat, ellipsoid: &Ellipsoid) -> Self {
        let up = centre.direction();
        let (sin, cos) = centre.longitude_rad.sin_cos();
        let east = Vec3::new(-sin, cos, 0.0);
        Self { up, east, north: up.cross(east), radius_km: ellipsoid.radius_km(up) }
    }

    /// Radius of the body at the centre, km.
    pub fn radius_km(&self) -> f64 {
        self.radius_km
    }

    /// Latitude of the centre, rad.
    pub fn latitude_rad(&self) -> f64 {
        self.up.z.atan2(self.up.x.hypot(self.up.y))
    }

    /// Unit vector to the centre.
    pub fn up(&self) -> Vec3<BodyFixed> {
        self.up
    }

    /// The place at an offset to the east and north.
    pub fn place(&self, east_km: f64, north_km: f64) -> LonLat {
        let distance_km = east_km.hypot(north_km);
        if distance_km == 0.0 {
            return LonLat::of(self.up);
        }
        let half_sine = (0.5 * distance_km / self.radius_km).min(1.0);
        let along = 2.0 * half_sine * (1.0 - half_sine * half_sine).sqrt();
        let sideways = self.east * (east_km / distance_km) + self.north * (north_km / distance_km);
        LonLat::of(self.up * (1.0 - 2.0 * half_sine * half_sine) + sideways * along)
    }

    /// Cell positions of the samples of one line of a window: `half` samples on either side of the middle, `north_km`
    /// north of it, `step_km` apart. Far from the poles five of them are computed and the others interpolated: a
    /// polynomial of degree four is good to 1e-6 rad there.
    fn positions(
        &self,
        [half, north_km, step_km]: [f64; 3],
        sheet: &Sheet,
        line: &mut Vec<Option<PixelPos>>,
    ) {
        let grid = sheet.grid;
        let side = 2 * half as usize + 1;
        let exact = |east_km: f64| grid.position(self.place(east_km, north_km));
        line.clear();
        let reach_rad = 2.0 * half * step_km / self.radius_km;
        let from_pole_rad = self.up.x.hypot(self.up.y);
        let nodes = [-1.0, -0.5, 0.0, 0.5, 1.0].map(|node| exact(node * half * step_km));
        let together = |nodes: &[PixelPos; 5]| nodes[4].x_px > nodes[0].x_px;
        let known = nodes.iter().flatten().copied().collect::<Vec<PixelPos>>().try_into().ok();
        let Some(nodes) =
            known.filter(together).filter(|_| reach_rad < LEAST_FROM_POLE * from_pole_rad && side > 9)
        else {
            line.extend((0..side).map(|k| exact((k as f64 - half) * step_km)));
            return;
        };
        let (across, down) = (quartic(nodes.map(|node| node.x_px)), quartic(nodes.map(|node| node.y_px)));
        let at = |c: &[f64; 5], t: f64| c[0] + t * (c[1] + t * (c[2] + t * (c[3] + t * c[4])));
        let position = |k: usize| {
            let t = (k as f64 - half) / half;
            Some(PixelPos::new(at(&across, t), at(&down, t)))
        };
        line.extend((0..side).map(position));
    }

    /// The offset of a place to the east and north, km.
    pub fn offset_km(&self, place: LonLat) -> [f64; 2] {
        let direction = place.direction();
        let (east, north) = (direction.dot(self.east), direction.dot(self.north));
        // 2 sin(θ/2) / sin θ, without the difference of nearly equal numbers at small θ.
        let scale = 2.0 * self.radius_km / (2.0 * (1.0 + direction.dot(self.up))).max(1e-12).sqrt();
        [east * scale, north * scale]
    }
}

/// Coefficients of the polynomial of degree four through values at −1, −1/2, 0, 1/2 and 1.
fn quartic([a, b, c, d, e]: [f64; 5]) -> [f64; 5] {
    let (odd1, even1) = (0.5 * (e - a), 0.5 * (e + a) - c);
    let (odd2, even2) = (0.5 * (d - b), 0.5 * (d + b) - c);
    [
        c,
        (8.0 * odd2 - odd1) / 3.0,
        (16.0 * even2 - even1) / 3.0,
        4.0 * (odd1 - 2.0 * odd2) / 3.0,
        4.0 * (even1 - 4.0 * even2) / 3.0,
    ]
}

impl Window {
    /// Samples a level (relative excess) within `half_km` of the axes of a frame.
    pub fn sampled(frame: Frame, half_km: f64, step_km: f64, level: View<'_>) -> Self {
        let half = (half_km / step_km).ceil().clamp(2.0, 200.0) as usize;
        let side = 2 * half + 1;
        let mut whole = true;
        let mut values = Vec::with_capacity(side * side);
        let mut line = Vec::with_capacity(side);
        for y in 0..side {
            frame.positions(
                [half as f64, (y as f64 - half as f64) * step_km, step_km],
                level.sheet(),
                &mut line,
            );
            values.extend(line.iter().map(|at| {
                let known = at.and_then(|at| level.sample(at));
                whole &= known.is_some_and(|(_, least)| least == 1.0);
                known.map_or(f64::NAN, |(value, _)| value)
            }));
        }
        Self { side, step_km, values, whole, frame }
    }

    /// Distance of a sample from the middle, km.
    pub fn distance_km(&self, sample: usize) -> f64 {
        let half = (self.side / 2) as f64;
        let [x, y] = [(sample % self.side) as f64 - half, (sample / self.side) as f64 - half];
        (x * x + y * y).sqrt() * self.step_km
    }

    /// The place at a (fractional) sample position.
    pub fn place(&self, x: f64, y: f64) -> LonLat {
        let half = (self.side / 2) as f64;
        self.frame.place((x - half) * self.step_km, (y - half) * self.step_km)
    }

    /// The place in the middle.
    pub fn place_of_middle(&self) -> LonLat {
        LonLat::of(self.frame.up)
    }

    /// The offset of a place from the middle to the east and north, km.
    pub fn offset_km(&self, place: LonLat) -> [f64; 2] {
        self.frame.offset_km(place)
    }

    /// The sample nearest to a place; `None` outside the window.
    pub fn sample_at(&self, place: LonLat) -> Option<usize> {
        let half = (self.side / 2) as f64;
        let at = self.frame.offset_km(place).map(|km| (km / self.step_km + half).round());
        at.iter()
            .all(|a| (0.0..self.side as f64).contains(a))
            .then(|| at[1] as usize * self.side + at[0] as usize)
    }

    /// The window smoothed by a Gaussian of `sigma_km`; missing samples stay missing and weigh nothing.
    pub fn smoothed(&self, sigma_km: f64) -> Vec<f64> {
        let kernel = super::sheet::gaussian(sigma_km / self.step_km);
        let side = self.side as i64;
        let pass = |from: &[[f64; 2]], stride: i64| -> Vec<[f64; 2]> {
            let reach = kernel.len() as i64 / 2;
            (0..side * side)
                .map(|k| {
                    let along = if stride == 1 { k % side } else { k / side };
                    let mut sum = [0.0; 2];
                    for (j, factor) in (-reach..).zip(&kernel) {
                        if (0..side).contains(&(along + j)) {
                            let [value, weight] = from[(k + j * stride) as usize];
                            sum[0] += f64::from(*factor) * value;
                            sum[1] += f64::from(*factor) * weight;
                        }
                    }
                    sum
                })
                .collect()
        };
        let weighted = |v: &f64| if v.is_nan() { [0.0, 0.0] } else { [*v, 1.0] };
        let first: Vec<_> = self.values.iter().map(weighted).collect();
        let both = pass(&pass(&first, 1), side);
        let mean = |([sum, weight], v): ([f64; 2], &f64)| if v.is_nan() { f64::NAN } else { sum / weight };
        both.into_iter().zip(&self.values).map(mean).collect()
    }

    /// Samples within `reach_km` of any marked one.
    pub fn grown(&self, marked: &[bool], reach_km: f64) -> Vec<bool> {
        let reach = (reach_km / self.step_km).floor() as i64;
        let side = self.side as i64;
        let mut grown = marked.to_vec();
        for k in (0..side * side).filter(|k| marked[*k as usize]) {
            let (x, y) = (k % side, k / side);
            for dy in -reach..=reach {
                let across = ((reach * reach - dy * dy) as f64).sqrt() as i64;
                if (0..side).contains(&(y + dy)) {
                    let row = (y + dy) * side;
                    let from = row + (x - across).max(0);
                    let to = row + (x + across).min(side - 1);
                    grown[from as usize..=to as usize].fill(true);
                }
            }
        }
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn offsets_round_trip_also_at_the_poles(
            lon in 0.0..360.0f64, lat in -90.0..90.0f64, east in -200.0..200.0f64, north in -200.0..200.0f64,
        ) {
            let ceres = Ellipsoid::new(482.0, 482.0, 446.0).unwrap();
            let frame = Frame::at(LonLat::from_degrees(lon, lat), &ceres);
            let [e, n] = frame.offset_km(frame.place(east, north));
            prop_assert!((e - east).abs() < 1e-4 && (n - north).abs() < 1e-4, "{e} {n}");
        }
    }

    #[test]
    fn ten_kilometres_north_is_ten_kilometres_of_arc() {
        let sphere = Ellipsoid::new(470.0, 470.0, 470.0).unwrap();
        let place = Frame::at(LonLat::from_degrees(30.0, 20.0), &sphere).place(0.0, 10.0);
        assert!((place.longitude_deg() - 30.0).abs() < 1e-9);
        assert!((place.latitude_rad - 20f64.to_radians() - 10.0 / 470.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn interpolated_positions_equal_the_exact_ones(lon in 2.0..358.0f64, lat in -75.0..75.0f64, y in -30.0..30.0f64) {
            let ceres = Ellipsoid::new(482.0, 482.0, 446.0).unwrap();
            let frame = Frame::at(LonLat::from_degrees(lon, lat), &ceres);
            let sheet = Sheet::of(facula_core::MapGrid::global(4096));
            let mut line = Vec::new();
            frame.positions([20.0, y, 1.0], &sheet, &mut line);
            for (k, at) in line.iter().enumerate() {
                let exact = sheet.grid.position(frame.place(k as f64 - 20.0, y)).unwrap();
                let at = at.unwrap();
                let apart = (at.x_px - exact.x_px).hypot(at.y_px - exact.y_px);
                // Two thousandths of a cell.
                prop_assert!(apart < 2e-3, "{k}: {apart}");
            }
        }
    }

    #[test]
    fn growing_marks_a_disc() {
        let frame = Frame::at(LonLat::from_degrees(0.0, 0.0), &Ellipsoid::new(1.0, 1.0, 1.0).unwrap());
        let window = Window { side: 9, step_km: 1.0, values: vec![0.0; 81], whole: true, frame };
        let mut marked = vec![false; 81];
        marked[4 * 9 + 4] = true;
        let grown = window.grown(&marked, 2.0);
        assert_eq!(grown.iter().filter(|g| **g).count(), 13);
    }
}
