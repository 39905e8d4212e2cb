// SPDX-License-Identifier: MIT OR Apache-2.0
//! Light curves of spots: what the command `light-curve` calls.
//!
//! In: frames with the spots to follow, or the folder of a survey. Out: the curves, what they tell
//! ([`facula_spots::study_light_curves`]), figures, and an animation of a spot as the Sun passes over it.

mod clip;
mod figure;
mod files;
mod measure;
mod turn;

use std::collections::BTreeMap;
use std::path::PathBuf;

use facula_core::{Body, Reporter};
use facula_photometry::SurfaceModel;
use facula_publish::AnimationFormat;
use facula_spice::Kernels;
use facula_spots::{
    LightCurve, LightFitOptions, LightTarget, SpotStudy, StudyOptions, VariabilityOptions, day_s,
    study_light_curves,
};

pub use clip::MOST_ANIMATED;
pub(crate) use clip::light_words;
pub use files::light_record;
pub use measure::Pointing;

use crate::RequestError;
use crate::maps::FrameChoice;

/// Where light curves come from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum CurveSource {
    /// Measured in frames.
    Frames {
        /// The frames.
        frames: Box<FrameChoice>,
        /// What is followed.
        targets: Vec<LightTarget>,
        /// Whether poses are refined.
        pointing: Pointing,
    },
    /// Those a survey wrote, from its folder; its frames are read only for animations.
    Run(PathBuf),
}

/// Which animation is made of each chosen spot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Animation {
    /// None.
    #[default]
    None,
    /// The frames themselves, brought to a view from straight above the spot.
    Frames,
    /// One day as the renderer sees it: the built-in ground, or a global map of brightness whose left edge lies at an east
    /// longitude in whole degrees.
    Model {
        /// The map.
        map: Option<(PathBuf, i32)>,
        /// Pictures of the day, 2 to 500.
        pictures: usize,
    },
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct LightCurveRequest {
    /// Where the curves come from.
    pub source: CurveSource,
    /// Folder to write into; made where it is not there.
    pub out: PathBuf,
    /// Identifiers or names of the spots that are shown in figures and animations; the first ones when empty.
    pub shown: Vec<String>,
    /// Figures at most.
    pub most_figures: usize,
    /// Law to fit; Lommel-Seeliger with the H, G function of the body when absent.
    pub law: Option<SurfaceModel>,
    /// Parameters to fit; all when empty.
    pub free: Vec<String>,
    /// Chance of calling any constant spot variable.
    pub false_alarm_rate: f64,
    /// Animation.
    pub animation: Animation,
    /// Files it is written to, one of each format.
    pub animation_formats: Vec<AnimationFormat>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct LightCurveOutcome {
    /// The body.
    pub body: Body,
    /// What was followed.
    pub targets: Vec<LightTarget>,
    /// The curves, by spot.
    pub curves: Vec<LightCurve>,
    /// What they tell, in the same order.
    pub studies: Vec<SpotStudy>,
    /// Frames used and left out; 0 and 0 of a survey.
    pub frames: (usize, usize),
    /// Spots that no frame shows.
    pub never_seen: Vec<String>,
    /// Files written.
    pub files: Vec<PathBuf>,
}

impl LightCurveOutcome {
    /// Name or identifier of a spot.
    pub fn label(&self, spot_id: &str) -> String {
        self.target(spot_id).map_or_else(|| spot_id.to_string(), |target| target.label().to_string())
    }

    /// What was followed under an identifier.
    pub fn target(&self, spot_id: &str) -> Option<&LightTarget> {
        self.targets.iter().find(|target| target.id == spot_id)
    }
}

/// Measures or reads the curves, studies them, writes tables, figures and animations.
///
/// # Errors
/// [`RequestError`]: no frame can be used, a file cannot be read or written, no spot is asked for.
pub fn make_light_curves(
    kernels: &Kernels,
    request: &LightCurveRequest,
    report: &dyn Reporter,
) -> Result<LightCurveOutcome, RequestError> {
    let measured = measure::measure(kernels, request, report)?;
    let body = measured.body;
    let options = study_options(&body, request);
    let studies = study_light_curves(&measured.curves, &options);
    let seen: std::collections::BTreeSet<&str> =
        measured.curves.iter().map(|curve| curve.spot_id.as_str()).collect();
    let never_seen: Vec<String> =
        measured.targets.iter().filter(|t| !seen.contains(t.id.as_str())).map(|t| t.id.clone()).collect();
    let mut outcome = LightCurveOutcome {
        body,
        targets: measured.targets,
        curves: measured.curves,
        studies,
        frames: measured.frames,
        never_seen,
        files: Vec::new(),
    };
    outcome.files = files::write_tables(&request.out, &outcome)?;
    let shown = shown(request, &outcome);
    let figures: Vec<PathBuf> = shown
        .iter()
        .take(request.most_figures)
        .map(|k| figure::write_figure(&request.out, &outcome, *k))
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    outcome.files.extend(figures);
    let animated: Vec<usize> = shown.into_iter().take(MOST_ANIMATED).collect();
    let clips = match &request.animation {
        Animation::None => Vec::new(),
        Animation::Frames => clip::write_clips(request, (&outcome, &animated), &measured.crops)?,
        Animation::Model { .. } => turn::write_turns(kernels, request, (&outcome, &animated), report)?,
    };
    outcome.files.extend(clips);
    Ok(outcome)
}

fn study_options(body: &Body, request: &LightCurveRequest) -> StudyOptions {
    let spin_rad_s = body.spin_deg_day.to_radians() / 86_400.0;
    let law = request.law.unwrap_or_else(|| SurfaceModel::lommel_seeliger(body.phase_slope));
    StudyOptions {
        fit: LightFitOptions {
            law,
            free: request.free.clone(),
            day_s: day_s(spin_rad_s),
            ..LightFitOptions::default()
        },
        variability: VariabilityOptions {
            false_alarm_rate: request.false_alarm_rate,
            ..VariabilityOptions::default()
        },
        ..StudyOptions::default()
    }
}

/// Places of the curves that are shown: those asked for by identifier or name, else in order.
fn shown(request: &LightCurveRequest, outcome: &LightCurveOutcome) -> Vec<usize> {
    let asked = |curve: &LightCurve| {
        let label = outcome.label(&curve.spot_id);
        request.shown.iter().any(|s| *s == curve.spot_id || s.eq_ignore_ascii_case(&label))
    };
    let all = outcome.curves.iter().enumerate();
    all.filter(|(_, curve)| request.shown.is_empty() || asked(curve)).map(|(k, _)| k).collect()
}

/// A file name of an identifier: letters, digits, `-` and `_` stay.
fn file_stem(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect()
}

/// By identifier.
fn by_id<T>(items: Vec<(String, T)>) -> BTreeMap<String, Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (id, item) in items {
        groups.entry(id).or_default().push(item);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_make_file_names() {
        assert_eq!(file_stem("S001"), "S001");
        assert_eq!(file_stem("../a b/ü"), "___a_b__");
        let groups = by_id(vec![("b".into(), 1), ("a".into(), 2), ("b".into(), 3)]);
        assert_eq!(groups["b"], [1, 3]);
    }
}
