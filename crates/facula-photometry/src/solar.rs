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
        let bad = || SpectrumError::Band {
            band: format!("{band:?}"),
            covered: format!("{} to {}", self.points[0].0, self.points[self.points.len() - 1].0),
        };
        let transmission = band.points().ok_or_else(bad)?;
        let (from, to) = (transmission[0].0, transmission[transmission.len() - 1].0);
        if !(from >= self.points[0].0 && to <= self.points[self.points.len() - 1].0) {
            return Err(bad());
        }
        let mut knots: Vec<f64> = self.points.iter().chain(&transmission).map(|point| point.0).collect();
        knots.retain(|nm| (from..=to).contains(nm));
        knots.sort_by(f64::total_cmp);
        // Moments of a product of up to three linear factors: Simpson's rule is exact.
        let mut moments = [0.0; 3];
        for pair in knots.windows(2) {
            let width = pair[1] - pair[0];
            for (nm, weight) in [(pair[0], 1.0), (0.5 * (pair[0] + pair[1]), 4.0), (pair[1], 1.0)] {
                let passed = linear(&transmission, nm) * weight * width / 6.0;
                let light = passed * self.at_w_m2_nm(nm);
                moments.iter_mut().zip([passed, light, light * nm]).for_each(|(sum, add)| *sum += add);
            }
        }
        if !(moments[0] > 0.0 && moments[1] > 0.0) {
            return Err(bad());
        }
        Ok(BandSunlight {
            irradiance_w_m2_nm: moments[1] / moments[0],
            effective_nm: moments[2] / moments[1],
        })
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
