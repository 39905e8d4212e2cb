// SPDX-License-Identifier: MIT OR Apache-2.0
//! Laws by name, with values to start a fit from.

use facula_photometry::{DiskFunction, Hapke, ParticlePhase, PhaseFunction, SurfaceModel, Surge};

use crate::RequestError;

/// A disk function that can be fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct DiskLaw {
    /// Its name.
    pub name: &'static str,
    /// Formula and source.
    pub about: &'static str,
    /// With the values a fit starts from.
    pub disk: DiskFunction,
    /// Parameters held at their start unless asked for.
    pub held: &'static [&'static str],
}

/// A phase function that can be fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseLaw {
    /// Its name.
    pub name: &'static str,
    /// Formula and source.
    pub about: &'static str,
    /// With the values a fit starts from.
    pub phase: PhaseFunction,
    /// Parameters held at their start unless asked for.
    pub held: &'static [&'static str],
    /// The parameter that carries the brightness; none when the normal albedo does.
    pub scale: Option<&'static str>,
}

/// A law to start a fit from.
#[derive(Debug, Clone, PartialEq)]
pub struct StartLaw {
    /// Its name: disk function and phase function.
    pub name: String,
    /// The law with the values to start from.
    pub model: SurfaceModel,
    /// Parameters held unless asked for.
    pub held: Vec<String>,
    /// The parameter of the phase function that carries the brightness, if one does.
    pub scale: Option<&'static str>,
}

/// Normal albedo a fit starts from; the law is proportional to it.
const START_NORMAL_ALBEDO: f64 = 0.1;

/// Width and height of the shadow-hiding surge, as held by the papers on Ceres.
///
/// # Source
/// Helfenstein and Veverka 1989, in Astronomers' Asteroids II: B0 = 1.6, h = 0.06.
const USUAL_SURGE: Surge = Surge { amplitude: 1.6, angular_width: 0.06 };

fn hapke(particle: ParticlePhase, coherent_backscatter: Surge, filling_fraction: f64) -> DiskFunction {
    DiskFunction::Hapke(Hapke {
        particle,
        shadow_hiding: USUAL_SURGE,
        coherent_backscatter,
        filling_fraction,
        roughness_rad: 0.35,
        ..Hapke::default()
    })
}

/// The disk functions by name.
pub fn disk_laws() -> Vec<DiskLaw> {
    let law = |name, about, disk| DiskLaw { name, about, disk, held: &[] };
    let one_lobe = ParticlePhase::HenyeyGreenstein { asymmetry: -0.3 };
    let two_lobes = ParticlePhase::DoubleHenyeyGreenstein { width: 0.3, back: 0.5 };
    let surge: &[&str] = &["shadow_hiding_amplitude", "shadow_hiding_width"];
    let backscatter = Surge { amplitude: 0.2, angular_width: 0.01 };
    vec![
        law("lambert", "cos i", DiskFunction::Lambert),
        law("lommel-seeliger", "2 cos i / (cos i + cos e)", DiskFunction::LommelSeeliger),
        law("akimov", "Akimov without parameters, Shkuratov et al. 2011, eq. 19", DiskFunction::Akimov),
        DiskLaw {
            held: &["weight_2_per_rad2", "weight_3_per_rad3"],
            ..law(
                "lunar-lambert",
                "L(α) of Lommel-Seeliger, the rest Lambert, McEwen 1991",
                DiskFunction::LunarLambert { weight: [0.7, 0.0, 0.0, 0.0] },
            )
        },
        law(
            "minnaert",
            "cos^k i cos^(k-1) e, k = k0 + k1 α, Minnaert 1941",
            DiskFunction::Minnaert { exponent: [0.6, 0.0] },
        ),
        DiskLaw {
            held: surge,
            ..law(
                "hapke",
                "Hapke 2012, one lobe, shadow hiding, roughness",
                hapke(one_lobe, Surge::default(), 0.0),
            )
        },
        DiskLaw {
            held: surge,
            ..law(
                "hapke-two-lobes",
                "Hapke 2012, two lobes, shadow hiding, roughness",
                hapke(two_lobes, Surge::default(), 0.0),
            )
        },
        DiskLaw {
            held: surge,
            ..law(
                "hapke-full",
                "as hapke-two-lobes with coherent backscatter and porosity",
                hapke(two_lobes, backscatter, 0.3),
            )
        },
    ]
}

/// The phase functions by name.
pub fn phase_laws() -> Vec<PhaseLaw> {
    let law = |name, about, phase| PhaseLaw { name, about, phase, held: &[], scale: None };
    vec![
        law("constant", "1; with Hapke's law or at one phase angle", PhaseFunction::Constant),
        law(
            "hg-sphere",
            "IAU H, G over that of a Lommel-Seeliger sphere",
            PhaseFunction::HgSphere { slope: 0.15 },
        ),
        law("hg", "IAU H, G, Bowell et al. 1989", PhaseFunction::Hg { slope: 0.15 }),
        law(
            "hg1g2-sphere",
            "IAU H, G1, G2 over that of a Lommel-Seeliger sphere",
            PhaseFunction::Hg1g2Sphere { slopes: [0.6, 0.15] },
        ),
        law("hg1g2", "IAU H, G1, G2, Muinonen et al. 2010", PhaseFunction::Hg1g2 { slopes: [0.6, 0.15] }),
        PhaseLaw {
            held: &["rolo_c2", "rolo_c3_per_rad"],
            scale: Some("rolo_a0"),
            ..law(
                "rolo",
                "exponentials and a polynomial, Hillier et al. 1999, eq. 6",
                PhaseFunction::Rolo {
                    exponentials: [0.03, 15.0, 0.0, 1.0],
                    polynomial: [0.08, -0.05, 0.0, 0.0, 0.0],
                },
            )
        },
        PhaseLaw {
            scale: Some("phase_0"),
            ..law(
                "polynomial",
                "A0 + A1 α + … + A4 α^4",
                PhaseFunction::Polynomial { coefficients: [0.1, 0.0, 0.0, 0.0, 0.0] },
            )
        },
        law(
            "magnitudes",
            "10^(-0.4 (b1 α + b2 α^2 + b3 α^3)), Takir et al. 2015, eq. 6",
            PhaseFunction::Magnitudes { coefficients: [1.5, 0.0, 0.0] },
        ),
        law(
            "exponential",
            "exp(-ν α), Schröder et al. 2013, eq. 9",
            PhaseFunction::Exponential { decay: 1.0 },
        ),
    ]
}

/// A law to start a fit from: a disk function with a phase function, both by name. Without a phase function it is
/// `hg-sphere`, and none with Hapke's law, which has its own.
///
/// # Errors
/// [`RequestError::Scattering`] for names nobody knows (the message lists the known ones) and for Hapke's law with a
/// phase function.
pub fn start_law(disk: &str, phase: Option<&str>) -> Result<StartLaw, RequestError> {
    let found = disk_laws().into_iter().find(|law| law.name == disk);
    let disk_law =
        found.ok_or_else(|| unknown("disk", disk, disk_laws().iter().map(|law| law.name).collect()))?;
    let is_hapke = matches!(disk_law.disk, DiskFunction::Hapke(_));
    let phase = phase.unwrap_or(if is_hapke { "constant" } else { "hg-sphere" });
    let found = phase_laws().into_iter().find(|law| law.name == phase);
    let phase_law =
        found.ok_or_else(|| unknown("phase", phase, phase_laws().iter().map(|law| law.name).collect()))?;
    if is_hapke && phase != "constant" {
        let reason = format!("Hapke's law has a phase function of its own; leave --phase {phase} out");
        return Err(RequestError::scattering(format!("--disk {disk}"), reason));
    }
    let model = SurfaceModel::of(disk_law.disk, phase_law.phase);
    // Hapke's law and coefficients carry the brightness themselves.
    let carried = is_hapke || phase_law.scale.is_some();
    let model = if carried { model } else { model.with_normal_albedo(START_NORMAL_ALBEDO) };
    let held = disk_law.held.iter().chain(phase_law.held).map(|name| (*name).to_string());
    let name = if is_hapke { disk.to_string() } else { format!("{disk}, {phase}") };
    Ok(StartLaw { name, model, held: held.collect(), scale: phase_law.scale })
}

fn unknown(option: &str, name: &str, known: Vec<&str>) -> RequestError {
    RequestError::scattering(
        format!("--{option} {name}"),
        format!("no such law; there are {}", known.join(", ")),
    )
}

/// The unit of a parameter by the end of its name; empty for dimensionless ones.
pub fn parameter_unit(name: &str) -> &'static str {
    let magnitudes = name.starts_with("phase_mag_");
    let unit = [
        ("_per_rad4", "rad^-4", ""),
        ("_per_rad3", "rad^-3", "mag rad^-3"),
        ("_per_rad2", "rad^-2", "mag rad^-2"),
        ("_per_rad", "rad^-1", "mag rad^-1"),
        ("_rad", "rad", ""),
    ];
    let found = unit.iter().find(|(end, ..)| name.ends_with(end));
    found.map_or("", |(_, plain, of_magnitudes)| if magnitudes { of_magnitudes } else { plain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_laws_is_a_start_and_holds_parameters_it_has() {
        for disk in disk_laws() {
            for phase in phase_laws() {
                let Ok(start) = start_law(disk.name, Some(phase.name)) else {
                    assert!(disk.name.starts_with("hapke") && phase.name != "constant");
                    continue;
                };
                let names: Vec<_> = start.model.parameters().iter().map(|p| p.name).collect();
                let known = |name: &str| names.contains(&name);
                assert!(start.held.iter().all(|name| known(name)), "{names:?}");
                assert!(start.scale.is_none_or(known), "{names:?}");
                assert!(start.model.normal_iof() > 0.0);
            }
        }
    }

    #[test]
    fn unknown_laws_are_refused_with_a_list() {
        let told = start_law("lambart", None).unwrap_err().to_string();
        assert!(told.contains("--disk lambart") && told.contains("lommel-seeliger, akimov"), "{told}");
        let told = start_law("akimov", Some("g")).unwrap_err().to_string();
        assert!(told.contains("--phase g") && told.contains("hg1g2"), "{told}");
        assert!(start_law("hapke", Some("hg")).is_err() && start_law("hapke", None).is_ok());
    }

    #[test]
    fn units_stand_at_the_end_of_names() {
        assert_eq!(parameter_unit("roughness_rad"), "rad");
        assert_eq!(parameter_unit("phase_mag_per_rad2"), "mag rad^-2");
        assert_eq!(parameter_unit("rolo_a4_per_rad4"), "rad^-4");
        assert_eq!(parameter_unit("phase_slope"), "");
    }
}
