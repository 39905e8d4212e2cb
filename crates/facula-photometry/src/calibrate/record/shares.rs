// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each step in words, with its constants and what it adds to the error at a reference signal.

use super::super::chain::Chain;
use super::super::{Bias, HotAction, SmearRemoval};
use super::{Constant, Step, StepRecord, StepState};
use crate::{ClearMode, Linearity};

/// Shares of the steps in the error at a reference signal.
pub(super) struct Shares<'a> {
    pub(super) chain: &'a Chain<'a>,
    pub(super) reference_dn: f64,
}

impl Shares<'_> {
    fn constant(&self, name: &str, value: f64) -> Constant {
        let source = self.chain.detector.source(name).to_string();
        Constant { name: name.to_string(), value, source }
    }

    /// A step that was done, with its random and common error in DN.
    fn step(
        &self,
        step: Step,
        what: &str,
        (random_dn, common_dn): (f64, f64),
        constants: Vec<Constant>,
    ) -> StepRecord {
        let scale = self.chain.scale;
        let (random_iof, common_iof) = (random_dn * scale, common_dn * scale);
        StepRecord {
            step,
            state: StepState::Applied,
            what: what.to_string(),
            constants,
            random_iof,
            common_iof,
        }
    }

    fn left_out(&self, step: Step, what: &str) -> StepRecord {
        StepRecord { state: StepState::LeftOut, ..self.step(step, what, (0.0, 0.0), Vec::new()) }
    }

    /// All steps, in the order of work.
    pub(super) fn steps(&self) -> Vec<StepRecord> {
        vec![
            self.noise(),
            self.bias(),
            self.linearity(),
            self.dark(),
            self.hot(),
            self.smear(),
            self.flat(),
            self.stray_light(),
            self.responsivity(),
            self.sunlight(),
        ]
    }

    fn noise(&self) -> StepRecord {
        let detector = self.chain.detector;
        let (gain, read_e) = (detector.gain_dn_per_e, detector.read_noise_e);
        let light_e = (self.reference_dn / gain).max(0.0);
        let random_dn = ((light_e + read_e * read_e) * gain * gain + 1.0 / 12.0).sqrt();
        let constants = vec![self.constant("read_noise_e", read_e), self.constant("gain_dn_per_e", gain)];
        self.step(Step::Noise, "read-out, converter and shot noise of the light", (random_dn, 0.0), constants)
    }

    fn bias(&self) -> StepRecord {
        let zero = &self.chain.zero;
        let bias = Constant { source: zero.source.clone(), ..self.constant("bias_dn", zero.mean_dn()) };
        let what = match self.chain.options.bias {
            Bias::OverscanLines(_) => {
                "subtracted line by line, from the frame's unexposed samples (mean stated)"
            }
            Bias::Overscan(_) => "subtracted, from the frame's unexposed pixels",
            _ => "subtracted",
        };
        self.step(Step::Bias, what, (0.0, zero.sigma_dn), vec![bias])
    }

    fn linearity(&self) -> StepRecord {
        match &self.chain.detector.linearity {
            Linearity::Proportional => {
                self.left_out(Step::Linearity, "data numbers taken in proportion to charge")
            }
            law => {
                let valid = Constant {
                    source: self.chain.detector.source("linearity").into(),
                    ..self.constant("valid_dn", law.valid_dn())
                };
                let what = format!("{} of the camera file, up to {} DN", law.name(), law.valid_dn());
                self.step(Step::Linearity, &what, (0.0, 0.0), vec![valid])
            }
        }
    }

    fn dark(&self) -> StepRecord {
        let (chain, detector) = (self.chain, self.chain.detector);
        let dark_dn = chain.mean_dark_dn();
        let own_dn = chain.options.dark_frame.map_or(0.0, |dark| dark.sigma_dn_per_s * chain.dark.of_frame_s);
        let random_dn = (dark_dn.max(0.0) * detector.gain_dn_per_e + own_dn * own_dn).sqrt();
        let mut constants =
            vec![self.constant("dark_e_per_s", detector.dark_at_e_per_s(chain.temperature_k).0)];
        let what = match chain.options.dark_frame {
            Some(_) => {
                let factor = chain.dark.of_frame_s / chain.exposure_s;
                constants = vec![Constant {
                    source: "given dark frame".into(),
                    ..self.constant("dark_factor", factor)
                }];
                "master dark frame times exposure, scaled to the temperature"
            }
            None => "dark current at the detector temperature times exposure",
        };
        self.step(Step::Dark, what, (random_dn, detector.errors.dark_fraction * dark_dn), constants)
    }

    fn hot(&self) -> StepRecord {
        match (self.chain.options.hot, self.chain.options.hot_action) {
            (None, _) => self.left_out(Step::HotPixels, "no map of hot pixels was given"),
            (Some(_), HotAction::Flag) => self.step(Step::HotPixels, "flagged", (0.0, 0.0), Vec::new()),
            (Some(_), HotAction::Interpolate) => {
                self.step(Step::HotPixels, "flagged, median of good neighbours", (0.0, 0.0), Vec::new())
            }
        }
    }

    fn smear(&self) -> StepRecord {
        let (chain, detector) = (self.chain, self.chain.detector);
        // A column full of the reference signal: the worst a scene of that brightness does.
        let lines = f64::from(detector.transfer_lines) * (chain.ratios[0] + chain.ratios[1]);
        let smear_dn = lines * self.reference_dn;
        let shot_dn = (smear_dn.max(0.0) * detector.gain_dn_per_e).sqrt();
        let random_dn = shot_dn.hypot(detector.errors.smear_fraction * smear_dn);
        let constants = vec![
            self.constant("transfer_s", detector.transfer_s),
            self.constant("transfer_lines", f64::from(detector.transfer_lines)),
        ];
        let clear = match detector.smear.clear {
            ClearMode::Dumped => "after the exposure only",
            _ => "before and after the exposure",
        };
        match chain.options.smear {
            SmearRemoval::Off => self.left_out(Step::Smear, "switched off"),
            SmearRemoval::Lines { .. } => {
                self.step(Step::Smear, "mean of lines without light subtracted", (random_dn, 0.0), Vec::new())
            }
            SmearRemoval::Model => {
                let what = format!("inverse of the frame transfer {clear}; share for a column full of light");
                self.step(Step::Smear, &what, (random_dn, 0.0), constants)
            }
        }
    }

    fn flat(&self) -> StepRecord {
        let errors = &self.chain.detector.errors;
        if self.chain.options.flat.is_none() {
            return self.left_out(Step::Flat, "no flat field was given");
        }
        let shares =
            (errors.flat_fraction * self.reference_dn, errors.flat_level_fraction * self.reference_dn);
        let constants = vec![
            self.constant("errors.flat_fraction", errors.flat_fraction),
            self.constant("errors.flat_level_fraction", errors.flat_level_fraction),
        ];
        self.step(Step::Flat, "divided by the relative response", shares, constants)
    }

    fn stray_light(&self) -> StepRecord {
        match self.chain.options.stray_light {
            None => self.left_out(Step::StrayLight, "no model was given"),
            Some(_) => {
                self.step(Step::StrayLight, "given model of the image subtracted", (0.0, 0.0), Vec::new())
            }
        }
    }

    fn responsivity(&self) -> StepRecord {
        let detector = self.chain.detector;
        let common_dn = detector.errors.responsivity_fraction * self.reference_dn;
        let constants = vec![
            self.constant("responsivity_dn_per_s", detector.responsivity_dn_per_s),
            self.constant("errors.responsivity_fraction", detector.errors.responsivity_fraction),
        ];
        self.step(
            Step::Responsivity,
            "divided by exposure and responsivity: radiance",
            (0.0, common_dn),
            constants,
        )
    }

    fn sunlight(&self) -> StepRecord {
        let options = self.chain.options;
        let mut light = self.constant("solar_irradiance_w_m2_nm", options.sunlight_w_m2_nm());
        if options.solar_irradiance_w_m2_nm.is_some() {
            light.source = "given for this frame".into();
        }
        let distance = Constant {
            source: "geometry of the frame".into(),
            ..self.constant("sun_distance_au", options.sun_distance_au)
        };
        self.step(Step::Sunlight, "I/F = pi d^2 radiance / F", (0.0, 0.0), vec![light, distance])
    }
}
