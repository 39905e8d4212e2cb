// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stereographic, Lambert azimuthal equal-area, orthographic, perspective: around any centre.
//!
//! Each is `(x, y) = A(cos c) · (east, north)` of the direction to the place in the frame of the centre, `c` the angle
//! between them; on an ellipsoid of revolution the latitude goes through the conformal (stereographic) or authalic
//! (equal-area) sphere first. The orthographic one is a parallel projection of the ellipsoid itself.
//!
//! # Source
//! Snyder (1987), sections 20 (orthographic), 21 (stereographic, eqs. 21-24 to 21-27), 23 (perspective), 24 (equal-area,
//! eqs. 24-17 to 24-26); EPSG Guidance Note 7-2 (IOGP 373-7-2), section 3.3.5 (ellipsoidal orthographic).

use super::spheroid::{LEAST_COSINE, Latitudes, Turn};

/// How the angle from the centre becomes a length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    Stereographic,
    EqualArea,
    Orthographic,
    /// Distance of the eye from the middle of the sphere, radii.
    Perspective {
        eye: f64,
    },
}

/// A prepared azimuthal projection; lengths in equatorial radii.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Azimuthal {
    rule: Rule,
    /// Latitude of the centre: conformal, authalic or planetographic as the rule needs it.
    centre: Turn,
    /// Map lengths per length on the sphere, x and y.
    stretch: [f64; 2],
    /// Curvature radius across the meridian of the centre, for the orthographic one.
    across: f64,
}

/// Ground beyond the limb by less than this angle counts as visible.
const LIMB_SLACK: f64 = 1e-12;

impl Azimuthal {
    /// Around a planetographic latitude; `scale` at the centre.
    pub(super) fn new(rule: Rule, latitudes: &Latitudes, graphic: Turn, scale: f64) -> Self {
        let centre = sphere_latitude(rule, latitudes, graphic);
        let across = latitudes.across(graphic);
        // Circumference of the parallel on the ellipsoid over that on the sphere; both vanish alike at a pole.
        let wide = across * graphic.cos.max(LEAST_COSINE) / centre.cos.max(LEAST_COSINE);
        let stretch = match rule {
            Rule::Stereographic => [scale * wide; 2],
            Rule::EqualArea => [scale * wide, scale * 0.5 * latitudes.q_pole / wide],
            Rule::Orthographic | Rule::Perspective { .. } => [scale; 2],
        };
        Self { rule, centre, stretch, across }
    }

    /// East and north of a meridian (from that of the centre) and planetographic latitude; `None` where the
    /// projection does not show it: behind the limb, or the antipode.
    pub(super) fn forward(&self, latitudes: &Latitudes, lambda_rad: f64, graphic: Turn) -> Option<[f64; 2]> {
        let seen = self.seen(sphere_latitude(self.rule, latitudes, graphic), lambda_rad);
        let factor = self.factor(&seen)?.0;
        let [mut east, mut north] = [seen.east * factor, seen.north * factor];
        if self.rule == Rule::Orthographic {
            let across = latitudes.across(graphic);
            let lift = latitudes.e2 * (self.across * self.centre.sin - across * graphic.sin);
            (east, north) = (across * east, across * north + lift * self.centre.cos);
        }
        Some([self.stretch[0] * east, self.stretch[1] * north])
    }

    /// Meridian from that of the centre and planetographic latitude; `None` outside the map.
    pub(super) fn inverse(&self, latitudes: &Latitudes, [x, y]: [f64; 2]) -> Option<(f64, Turn)> {
        let (east, north) = (x / self.stretch[0], y / self.stretch[1]);
        if self.rule == Rule::Orthographic {
            return self.inverse_orthographic(latitudes, east, north);
        }
        // Cosine of the angle from the centre, and its sine over the length on the map.
        let (cos, per_length) = self.angle(east * east + north * north)?;
        let (east, north) = (east * per_length, north * per_length);
        let sin = cos * self.centre.sin + north * self.centre.cos;
        let towards = cos * self.centre.cos - north * self.centre.sin;
        let sphere = Turn { sin, cos: towards.hypot(east) };
        let graphic = match self.rule {
            Rule::EqualArea => latitudes.authalic_to_graphic(sphere),
            Rule::Stereographic => {
                let tan = latitudes.planetographic_tan(sphere.sin / sphere.cos.max(LEAST_COSINE));
                let cos = 1.0 / 1.0f64.hypot(tan);
                Turn { sin: tan * cos, cos }
            }
            Rule::Orthographic | Rule::Perspective { .. } => sphere,
        };
        Some((east.atan2(towards), graphic))
    }

    /// The nearer point of the ellipsoid on the line of sight: a quadratic in the height above the centre's plane.
    fn inverse_orthographic(&self, latitudes: &Latitudes, east: f64, north: f64) -> Option<(f64, Turn)> {
        let (Turn { sin, cos }, flat) = (self.centre, 1.0 - latitudes.e2);
        // The centre is N (cos, 0, flat sin); the line is origin + height · (cos, 0, sin), all with the polar axis
        // drawn out so that the ellipsoid becomes the unit sphere.
        let polar = flat.sqrt();
        let origin =
            [self.across * cos - north * sin, east, (self.across * flat * sin + north * cos) / polar];
        let ray = [cos, 0.0, sin / polar];
        let ray_ray = ray[0] * ray[0] + ray[2] * ray[2];
        let closest = -(origin[0] * ray[0] + origin[2] * ray[2]) / ray_ray;
        let miss = [origin[0] + closest * ray[0], east, origin[2] + closest * ray[2]];
        let half_chord_squared = 1.0 - miss.iter().map(|m| m * m).sum::<f64>();
        if !(half_chord_squared >= -LIMB_SLACK) {
            return None;
        }
        let height = (half_chord_squared.max(0.0) / ray_ray).sqrt();
        let [px, py, pz] = [miss[0] + height * ray[0], east, miss[2] + height * ray[2]];
        // The normal of the ellipsoid at (px, py, polar · pz).
        let (sin, cos) = (pz / polar, px.hypot(py));
        let norm = sin.hypot(cos);
        Some((py.atan2(px), Turn { sin: sin / norm, cos: cos / norm }))
    }

    /// As for cylinders: the map's step for a step of one radius on the ground eastward and northward.
    pub(super) fn steps(
        &self,
        latitudes: &Latitudes,
        lambda_rad: f64,
        graphic: Turn,
    ) -> Option<[[f64; 2]; 2]> {
        let sphere = sphere_latitude(self.rule, latitudes, graphic);
        let seen = self.seen(sphere, lambda_rad);
        let (factor, slope) = self.factor(&seen)?;
        let (sin_lambda, cos_lambda) = lambda_rad.sin_cos();
        let Turn { sin: sin0, cos: cos0 } = self.centre;
        // Derivatives of east, north and cos c along east and along north on the sphere.
        let east = [cos_lambda, -sphere.sin * sin_lambda];
        let north = [sin0 * sin_lambda, cos0 * sphere.cos + sin0 * sphere.sin * cos_lambda];
        let cosine = [-cos0 * sin_lambda, sin0 * sphere.cos - cos0 * sphere.sin * cos_lambda];
        let narrow =
            sphere.cos.max(LEAST_COSINE) / (latitudes.across(graphic) * graphic.cos.max(LEAST_COSINE));
        let ground = match self.rule {
            Rule::Stereographic => [narrow; 2],
            Rule::EqualArea => [narrow, 1.0 / (narrow * 0.5 * latitudes.q_pole)],
            Rule::Orthographic | Rule::Perspective { .. } => [1.0; 2],
        };
        let step = |stretch: f64, part: f64, along: [f64; 2]| {
            [0, 1].map(|i| stretch * ground[i] * (factor * along[i] + slope * cosine[i] * part))
        };
        Some([step(self.stretch[0], seen.east, east), step(self.stretch[1], seen.north, north)])
    }

    /// The ellipse around everything the map shows: its middle and half axes; `None` for the unbounded one.
    pub(super) fn outline(&self, latitudes: &Latitudes) -> Option<([f64; 2], [f64; 2])> {
        match self.rule {
            Rule::Stereographic => None,
            Rule::EqualArea => Some(([0.0; 2], self.stretch.map(|stretch| 2.0 * stretch))),
            Rule::Orthographic => {
                let Turn { sin, cos } = self.centre;
                let polar = (1.0 - latitudes.e2).sqrt();
                let middle = latitudes.e2 * self.across * sin * cos;
                Some(([0.0, middle], [1.0, sin.hypot(cos * polar)]))
            }
            Rule::Perspective { eye } => Some(([0.0; 2], [((eye - 1.0) / (eye + 1.0)).sqrt(); 2])),
        }
    }

    fn seen(&self, sphere: Turn, lambda_rad: f64) -> Seen {
        let (sin_lambda, cos_lambda) = lambda_rad.sin_cos();
        let Turn { sin: sin0, cos: cos0 } = self.centre;
        Seen {
            east: sphere.cos * sin_lambda,
            north: cos0 * sphere.sin - sin0 * sphere.cos * cos_lambda,
            cos: sin0 * sphere.sin + cos0 * sphere.cos * cos_lambda,
        }
    }

    /// A(cos c) and its derivative; `None` where the place is not on the map.
    fn factor(&self, seen: &Seen) -> Option<(f64, f64)> {
        match self.rule {
            Rule::Stereographic | Rule::EqualArea => {
                let sine_squared = seen.east * seen.east + seen.north * seen.north;
                let plus = if seen.cos < 0.0 { sine_squared / (1.0 - seen.cos) } else { 1.0 + seen.cos };
                // The antipode is a point at infinity or a circle.
                if !(plus > ANTIPODE) {
                    return None;
                }
                let factor = if self.rule == Rule::EqualArea { (2.0 / plus).sqrt() } else { 2.0 / plus };
                let slope = if self.rule == Rule::EqualArea { -0.5 * factor } else { -factor } / plus;
                Some((factor, slope))
            }
            Rule::Orthographic => (seen.cos >= -LIMB_SLACK).then_some((1.0, 0.0)),
            Rule::Perspective { eye } => (seen.cos >= 1.0 / eye - LIMB_SLACK).then(|| {
                let factor = (eye - 1.0) / (eye - seen.cos);
                (factor, factor / (eye - seen.cos))
            }),
        }
    }

    fn angle(&self, squared: f64) -> Option<(f64, f64)> {
        match self.rule {
            Rule::Stereographic => {
                let quarter = 0.25 * squared;
                squared.is_finite().then(|| ((1.0 - quarter) / (1.0 + quarter), 1.0 / (1.0 + quarter)))
            }
            Rule::EqualArea => {
                let left = 1.0 - 0.25 * squared;
                (left >= -LIMB_SLACK).then(|| (1.0 - 0.5 * squared, left.max(0.0).sqrt()))
            }
            Rule::Perspective { eye } => {
                let tan_squared = squared / (eye - 1.0).powi(2);
                let left = 1.0 - tan_squared * (eye * eye - 1.0);
                (left >= -LIMB_SLACK).then(|| {
                    let cos = (tan_squared * eye + left.max(0.0).sqrt()) / (1.0 + tan_squared);
                    (cos, (eye - cos) / (eye - 1.0))
                })
            }
            // Has its own way back.
            Rule::Orthographic => None,
        }
    }
}

/// 1 + cos c at the antipode: an angle of some 1e-8 rad around it is not on the map.
const ANTIPODE: f64 = 1e-16;

/// Components of the direction to a place in the frame of the centre.
struct Seen {
    east: f64,
    north: f64,
    cos: f64,
}

fn sphere_latitude(rule: Rule, latitudes: &Latitudes, graphic: Turn) -> Turn {
    match rule {
        Rule::EqualArea => latitudes.authalic(graphic),
        Rule::Stereographic if latitudes.e2 > 0.0 => {
            let tan = latitudes.conformal(graphic);
            let cos = 1.0 / 1.0f64.hypot(tan);
            Turn { sin: tan * cos, cos }
        }
        Rule::Stereographic | Rule::Orthographic | Rule::Perspective { .. } => graphic,
    }
}
