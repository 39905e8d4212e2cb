// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sunlight behind a filter: the solar spectrum at 1 au averaged over a band.

use serde::{Deserialize, Serialize};

/// What a filter passes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Band {
    /// Everything between two wavelengths, nothing outside.
    Box {
        /// Middle, nm.
        centre_nm: f64,
        /// Full width, nm.
        width_nm: f64,
    },
    /// Transmission (any scale), linear between the points, nothing outside.
    Table {
        /// Wavelengths, growing, nm.
        wavelength_nm: Vec<f64>,
        /// Transmission at them.
        transmission: Vec<f64>,
    },
}

/// Sunlight at 1 au averaged over a band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandSunlight {
    /// `∫ F T dλ / ∫ T dλ`, W m⁻² nm⁻¹.
    pub irradiance_w_m2_nm: f64,
    /// `∫ λ F T dλ / ∫ F T dλ`, nm.
    pub effective_nm: f64,
}

/// Wavelength (nm) and a number at it, sorted.
type Points = Vec<(f64, f64)>;

/// Why a spectrum cannot be used.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpectrumError {
    /// A line of the table is not two numbers.
    #[error(
        "solar spectrum, line {line}: `{text}` does not begin with wavelength, irradiance; give the E490 table"
    )]
    Line {
        /// Line number from 1.
        line: usize,
        /// Its text.
        text: String,
    },
    /// The table has no two different wavelengths.
    #[error("the solar spectrum has {found} usable lines; at least two are needed")]
    Short {
        /// Lines found.
        found: usize,
    },
    /// The band is malformed or reaches beyond the spectrum.
    #[error(
        "band {band} does not lie within the solar spectrum of {covered} nm; correct `band` of the filter"
    )]
    Band {
        /// The band.
        band: String,
        /// What the spectrum covers.
        covered: String,
    },
    /// A reflectance spectrum is malformed or too short.
    #[error("the reflectance spectrum {problem}; give at least two points from below to above {needed} nm")]
    Reflectance {
        /// What is wrong.
        problem: String,
        /// Wavelengths that are needed.
        needed: String,
    },
}

/// A solar spectrum at 1 au, linear between its points.
#[derive(Debug, Clone, PartialEq)]
pub struct SolarSpectrum {
    /// Wavelength (nm) and irradiance (W m⁻² nm⁻¹), sorted by wavelength, wavelengths different.
    points: Vec<(f64, f64)>,
}

impl SolarSpectrum {
    /// Reads a table in the units of ASTM E490: `wavelength µm, irradiance W/m²/µm[, …]`, in any order, with
    /// comments after `#` and one line of column names.
    ///
    /// # Errors
    /// [`SpectrumError`] for a line that is not numbers and for fewer than two lines.
    ///
    /// # Source
    /// ASTM E490-00 as packaged by sbpy (`E490_2014.txt`), whose lines are not in order.
    pub fn from_e490(text: &str) -> Result<Self, SpectrumError> {
        let mut points = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("wavelength") {
                continue;
            }
            let mut numbers = line.split(',').map(|field| field.trim().parse::<f64>());
            let (Some(Ok(um)), Some(Ok(per_um))) = (numbers.next(), numbers.next()) else {
                return Err(SpectrumError::Line { line: at + 1, text: line.chars().take(60).collect() });
            };
            if !(um > 0.0 && um.is_finite() && per_um >= 0.0 && per_um.is_finite()) {
                return Err(SpectrumError::Line { line: at + 1, text: line.chars().take(60).collect() });
            }
            points.push((um * 1000.0, per_um / 1000.0));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points.dedup_by(|a, b| a.0 == b.0);
        if points.len() < 2 {
            return Err(SpectrumError::Short { found: points.len() });
        }
        Ok(Self { points })
    }

    /// Irradiance at a wavelength, W m⁻² nm⁻¹; the end values beyond the ends.
    pub fn at_w_m2_nm(&self, wavelength_nm: f64) -> f64 {
        linear(&self.points, wavelength_nm)
    }

    /// The spectrum averaged over a band, exact for the two piecewise linear curves.
    ///
    /// # Errors
    /// [`SpectrumError::Band`] for a band that is malformed or reaches beyond the spectrum.
    pub fn over(&self, band: &Band) -> Result<BandSunlight, SpectrumError> {
        let (transmission, knots) = self.knots(band)?;
        let mut moments = [0.0; 3];
        each_third(&knots, |nm, weight| {
            let passed = linear(&transmission, nm) * weight;
            let light = passed * self.at_w_m2_nm(nm);
            moments.iter_mut().zip([passed, light, light * nm]).for_each(|(sum, add)| *sum += add);
        });
        if !(moments[0] > 0.0 && moments[1] > 0.0) {
            return Err(self.bad(band));
        }
        Ok(BandSunlight {
            irradiance_w_m2_nm: moments[1] / moments[0],
            effective_nm: moments[2] / moments[1],
        })
    }

    /// What a filter sees of a reflectance spectrum in sunlight: `∫ R F T dλ / ∫ F T dλ`, exact for the three
    /// piecewise linear curves. `reflectance` holds wavelength (nm, growing) and reflectance (any kind: I/F, normal
    /// albedo, a ratio; not below 0). The quotient of this number in a filter and in clear light scales ground from one
    /// to the other.
    ///
    /// # Errors
    /// [`SpectrumError::Band`] for a band that is malformed or reaches beyond the solar spectrum,
    /// [`SpectrumError::Reflectance`] for a reflectance spectrum that is malformed or does not cover the band.
    pub fn reflectance_over(&self, band: &Band, reflectance: &[(f64, f64)]) -> Result<f64, SpectrumError> {
        let (transmission, mut knots) = self.knots(band)?;
        let (from, to) = (knots[0], knots[knots.len() - 1]);
        let bad = |problem: &str| SpectrumError::Reflectance {
            problem: problem.into(),
            needed: format!("{from} to {to}"),
        };
        let growing = reflectance.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let finite = reflectance.iter().all(|(nm, r)| nm.is_finite() && *r >= 0.0 && r.is_finite());
        if !(growing && finite) {
            return Err(bad("is not finite with growing wavelengths"));
        }
        let (Some(first), Some(last)) = (reflectance.first(), reflectance.last()) else {
            return Err(bad("is empty"));
        };
        if !(first.0 <= from && last.0 >= to && reflectance.len() > 1) {
            return Err(bad("does not cover the band"));
        }
        knots.extend(reflectance.iter().map(|point| point.0).filter(|nm| (from..=to).contains(nm)));
        knots.sort_by(f64::total_cmp);
        let mut moments = [0.0; 2];
        each_third(&knots, |nm, weight| {
            let light = linear(&transmission, nm) * self.at_w_m2_nm(nm) * weight;
            moments[0] += light;
            moments[1] += light * linear(reflectance, nm);
        });
        if moments[0] > 0.0 { Ok(moments[1] / moments[0]) } else { Err(self.bad(band)) }
    }

    /// The transmission of a band, and the wavelengths within it between which it and the spectrum are straight.
    fn knots(&self, band: &Band) -> Result<(Points, Vec<f64>), SpectrumError> {
        let transmission = band.points().ok_or_else(|| self.bad(band))?;
        let (from, to) = (transmission[0].0, transmission[transmission.len() - 1].0);
        if !(from >= self.points[0].0 && to <= self.points[self.points.len() - 1].0) {
            return Err(self.bad(band));
        }
        let mut knots: Vec<f64> = self.points.iter().chain(&transmission).map(|point| point.0).collect();
        knots.retain(|nm| (from..=to).contains(nm));
        knots.sort_by(f64::total_cmp);
        Ok((transmission, knots))
    }

    fn bad(&self, band: &Band) -> SpectrumError {
        SpectrumError::Band {
            band: format!("{band:?}"),
            covered: format!("{} to {}", self.points[0].0, self.points[self.points.len() - 1].0),
        }
    }
}

/// Calls with places and weights of Simpson's rule over each interval: exact for products of up to three linear factors.
fn each_third(knots: &[f64], mut take: impl FnMut(f64, f64)) {
    for pair in knots.windows(2) {
        let width = pair[1] - pair[0];
        for (nm, weight) in [(pair[0], 1.0), (0.5 * (pair[0] + pair[1]), 4.0), (pair[1], 1.0)] {
            take(nm, weight * width / 6.0);
        }
    }
}

impl Band {
    /// Wavelength and transmission; `None` when malformed.
    fn points(&self) -> Option<Vec<(f64, f64)>> {
        let points: Vec<(f64, f64)> = match self {
            Self::Box { centre_nm, width_nm } => {
                vec![(centre_nm - 0.5 * width_nm, 1.0), (centre_nm + 0.5 * width_nm, 1.0)]
            }
            Self::Table { wavelength_nm, transmission } if wavelength_nm.len() == transmission.len() => {
                wavelength_nm.iter().copied().zip(transmission.iter().copied()).collect()
            }
            Self::Table { .. } => return None,
        };
        let growing = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let finite = points.iter().all(|(nm, t)| nm.is_finite() && *t >= 0.0 && t.is_finite());
        (points.len() > 1 && growing && finite).then_some(points)
    }
}

/// Linear interpolation in points sorted by their first number, the end values beyond the ends.
fn linear(points: &[(f64, f64)], at: f64) -> f64 {
    let next = points.partition_point(|point| point.0 < at).clamp(1, points.len() - 1);
    let ((x0, y0), (x1, y1)) = (points[next - 1], points[next]);
    y0 + (y1 - y0) * ((at - x0) / (x1 - x0)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str =
        "# Units: μm, W/m2/μm\nwavelength, spectral irradiance\n0.6, 1000\n0.4, 2000, 1\n0.8, 1000\n";

    #[test]
    fn averages_are_those_of_the_drawn_curve() {
        let spectrum = SolarSpectrum::from_e490(TABLE).unwrap();
        assert_eq!(spectrum.at_w_m2_nm(500.0), 1.5);
        // Box 400 to 800 nm: half of it at a mean of 1.5, half at 1.
        let flat = spectrum.over(&Band::Box { centre_nm: 600.0, width_nm: 400.0 }).unwrap();
        assert!((flat.irradiance_w_m2_nm - 1.25).abs() < 1e-12, "{flat:?}");
        // First moment by hand: ∫400..600 λ(2 − (λ−400)/200) dλ + ∫600..800 λ dλ = 146 666.67 + 140 000, over 500.
        assert!((flat.effective_nm - 286_666.666_666_67 / 500.0).abs() < 1e-6, "{flat:?}");
        // Triangle 500, 600, 700: light 2·∫500..600 … by hand: ∫ (1.5 − u/200)(u/100) du = 75 − 16.6667, + 50.
        let triangle =
            Band::Table { wavelength_nm: vec![500.0, 600.0, 700.0], transmission: vec![0.0, 1.0, 0.0] };
        let found = spectrum.over(&triangle).unwrap().irradiance_w_m2_nm;
        assert!((found - (75.0 - 50.0 / 3.0 + 50.0) / 100.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn reflectance_over_a_band_is_that_of_a_fine_sum() {
        let spectrum = SolarSpectrum::from_e490(TABLE).unwrap();
        let band =
            Band::Table { wavelength_nm: vec![450.0, 550.0, 700.0], transmission: vec![0.1, 0.9, 0.0] };
        let reflectance = [(400.0, 0.05), (520.0, 0.09), (610.0, 0.08), (750.0, 0.12)];
        let found = spectrum.reflectance_over(&band, &reflectance).unwrap();
        // numpy 2, trapezoid over 2e7 steps of the three np.interp curves.
        assert!((found - 0.08470924580236722).abs() < 1e-9, "{found}");
        let flat = spectrum.reflectance_over(&band, &[(400.0, 0.07), (800.0, 0.07)]).unwrap();
        assert!((flat - 0.07).abs() < 1e-15, "{flat}");
        let short = spectrum.reflectance_over(&band, &reflectance[1..]).unwrap_err();
        assert!(short.to_string().contains("450 to 700 nm"), "{short}");
        assert!(spectrum.reflectance_over(&band, &[]).is_err());
        assert!(spectrum.reflectance_over(&band, &[(400.0, 0.1), (400.0, 0.2), (800.0, 0.1)]).is_err());
        assert!(spectrum.reflectance_over(&band, &[(400.0, f64::NAN), (800.0, 0.1)]).is_err());
    }

    #[test]
    fn bad_tables_and_bands_say_what_is_wrong() {
        assert!(matches!(SolarSpectrum::from_e490("0.5, x"), Err(SpectrumError::Line { line: 1, .. })));
        assert!(matches!(SolarSpectrum::from_e490("0.5, NaN"), Err(SpectrumError::Line { .. })));
        assert_eq!(SolarSpectrum::from_e490("0.5, 1"), Err(SpectrumError::Short { found: 1 }));
        let spectrum = SolarSpectrum::from_e490(TABLE).unwrap();
        let outside = Band::Box { centre_nm: 390.0, width_nm: 40.0 };
        assert!(spectrum.over(&outside).unwrap_err().to_string().contains("400 to 800"));
        let uneven = Band::Table { wavelength_nm: vec![500.0, 600.0], transmission: vec![1.0] };
        assert!(spectrum.over(&uneven).is_err());
        assert!(spectrum.over(&Band::Box { centre_nm: f64::NAN, width_nm: 40.0 }).is_err());
    }

    #[test]
    fn a_table_cut_anywhere_gives_a_spectrum_or_an_error() {
        let cuts = (0..TABLE.len()).filter(|at| TABLE.is_char_boundary(*at));
        let fine = cuts.filter(|at| SolarSpectrum::from_e490(&TABLE[..*at]).is_ok()).count();
        assert!(fine > 0 && fine < TABLE.len(), "{fine}");
    }
}
