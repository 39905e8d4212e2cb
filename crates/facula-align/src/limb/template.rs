// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the brightness does across a limb: nothing outside, the disk law of a smooth round surface inside,
//! blurred by the optics.
//!
//! Just inside the limb the cosine of the emission angle grows with the square root of the distance, so a
//! plain step is the wrong shape: fitted to a Lambert or Lommel-Seeliger disc it is wrong by 0.1 to 0.5 px.

/// Finest distance told apart by a template, px.
const STEP_PX: f64 = 1.0 / 16.0;
/// How far a template reaches to either side of the limb, px.
const REACH_PX: f64 = 12.0;
/// Entries of one template.
const ENTRIES: usize = 2 * (REACH_PX / STEP_PX) as usize + 1;
/// Templates from limb with the Sun behind (cosine −1) to limb facing the Sun (+1).
const ROWS: usize = 65;
/// The Gaussian is cut here, in units of its sigma.
const CUT_SIGMA: f64 = 4.0;

/// The scene a set of templates is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scene {
    /// Cosine of the phase angle at the body.
    pub(crate) cos_phase: f64,
    /// Radius of the disc, px.
    pub(crate) radius_px: f64,
    /// Blur of optics and pixel, Gaussian sigma, px.
    pub(crate) psf_sigma_px: f64,
}

/// Brightness across the limb for every incidence angle at the limb.
#[derive(Debug, Clone)]
pub(crate) struct Templates {
    rows: Vec<Template>,
}

/// Brightness across the limb, by distance inside it (negative: sky), arbitrary unit.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    values: Vec<f64>,
}

impl Templates {
    /// Templates for a disk law `law(cos incidence, cos emission)`, which is called with cosines above zero.
    pub(crate) fn new(scene: Scene, law: impl Fn(f64, f64) -> f64) -> Self {
        let kernel = gaussian(scene.psf_sigma_px);
        let rows = (0..ROWS).map(|row| {
            let cos_limb = 2.0 * row as f64 / (ROWS - 1) as f64 - 1.0;
            Template { values: blurred(&sharp(scene, cos_limb, &law), &kernel) }
        });
        Self { rows: rows.collect() }
    }

    /// The template for a cosine of incidence at the limb, between −1 and 1.
    pub(crate) fn at(&self, cos_limb: f64) -> Template {
        let row = ((cos_limb + 1.0) * 0.5 * (ROWS - 1) as f64).clamp(0.0, (ROWS - 1) as f64);
        let low = (row as usize).min(ROWS - 2);
        let share = row - low as f64;
        let (a, b) = (&self.rows[low].values, &self.rows[low + 1].values);
        Template { values: a.iter().zip(b).map(|(a, b)| a + (b - a) * share).collect() }
    }
}

impl Template {
    /// Brightness at a distance inside the limb, px (negative: sky), linear between entries, the last entry
    /// beyond the reach.
    pub(crate) fn value(&self, inside_px: f64) -> f64 {
        let at = ((inside_px + REACH_PX) / STEP_PX).clamp(0.0, (ENTRIES - 1) as f64);
        let low = (at as usize).min(ENTRIES - 2);
        let share = at - low as f64;
        self.values[low] + (self.values[low + 1] - self.values[low]) * share
    }
}

fn sharp(scene: Scene, cos_limb: f64, law: &impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let value = |entry: usize| {
        let depth = (entry as f64 * STEP_PX - REACH_PX) / scene.radius_px;
        if depth < 0.0 {
            return 0.0;
        }
        // The entry on the limb itself is half sky, or the step would lie half an entry too far out.
        let share = if depth > 0.0 { 1.0 } else { 0.5 };
        let depth = depth.clamp(1e-3 * STEP_PX / scene.radius_px, 1.0);
        let cos_emission = (depth * (2.0 - depth)).sqrt();
        let cos_incidence = (1.0 - depth) * cos_limb + cos_emission * scene.cos_phase;
        if cos_incidence > 0.0 { share * law(cos_incidence, cos_emission) } else { 0.0 }
    };
    (0..ENTRIES).map(value).collect()
}

fn gaussian(sigma_px: f64) -> Vec<f64> {
    let reach = (CUT_SIGMA * sigma_px / STEP_PX).ceil() as i64;
    let weight = |k: i64| (-0.5 * (k as f64 * STEP_PX / sigma_px.max(STEP_PX)).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(weight).sum();
    (-reach..=reach).map(|k| weight(k) / sum).collect()
}

fn blurred(values: &[f64], kernel: &[f64]) -> Vec<f64> {
    let reach = kernel.len() / 2;
    let mut padded = vec![values[0]; reach];
    padded.extend_from_slice(values);
    padded.resize(values.len() + 2 * reach, values[values.len() - 1]);
    padded.windows(kernel.len()).map(|window| window.iter().zip(kernel).map(|(v, k)| v * k).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene() -> Scene {
        Scene { cos_phase: 0.0, radius_px: 200.0, psf_sigma_px: 0.6 }
    }

    #[test]
    fn a_lit_limb_is_half_as_bright_at_its_edge() {
        let flat = Templates::new(scene(), |_, _| 2.0).at(1.0);
        assert!((flat.value(0.0) - 1.0).abs() < 1e-9, "{}", flat.value(0.0));
        assert!((flat.value(3.0) - 2.0).abs() < 1e-9 && flat.value(-3.0).abs() < 1e-9);
        assert!((flat.value(99.0) - 2.0).abs() < 1e-9 && flat.value(-99.0) == 0.0);
    }

    #[test]
    fn a_limb_with_the_sun_behind_is_dark() {
        let dark = Templates::new(scene(), |cos_incidence, _| cos_incidence).at(-0.5);
        assert_eq!(dark.value(2.0), 0.0);
    }

    #[test]
    fn templates_between_rows_are_between_them() {
        let templates = Templates::new(scene(), |cos_incidence, _| cos_incidence);
        let (a, b) = (templates.at(0.5).value(2.0), templates.at(0.51).value(2.0));
        assert!(b > a && b - a < 0.02, "{a} {b}");
    }
}
