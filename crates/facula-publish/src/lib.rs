// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! From numbers to what people look at: annotated frames, maps, light curves, limb residuals, verdicts, the
//! animation of spots crossing the terminator, and a report in one file.
//!
//! Inputs are small structs of this crate (values and text), outputs are bytes: PNG, GIF, MP4, HTML. Nothing is fetched,
//! no system font is used, and the same input gives the same bytes whatever the number of threads.
//!
//! ```
//! use facula_publish::{VerdictFigure, VerdictRow, verdict_figure};
//! let figure = VerdictFigure {
//!     title: "Do the spots shine by themselves?".into(),
//!     rows: vec![VerdictRow { label: "Spot 5".into(), ln_bayes: 42.0 }],
//!     ..VerdictFigure::default()
//! };
//! let png = verdict_figure(&figure)?;
//! assert!(png.bytes.starts_with(b"\x89PNG"));
//! # Ok::<(), facula_publish::PublishError>(())
//! ```

mod animation;
mod axis;
mod chart;
mod colour;
mod error;
mod figure;
mod files;
mod font;
mod page;
mod place;
mod report;
mod resample;
mod stretch;
mod svg;

pub use animation::{
    AnimationFormat, AnimationFrame, AnimationMark, AnimationOptions, terminator_animation, terminator_gif,
    terminator_mp4,
};
pub use colour::ColourMap;
pub use error::PublishError;
pub use figure::frame::{
    FrameFigure, FrameView, LimbPoint, LimbUse, Marker, annotated_frame, annotated_frame_svg,
};
pub use figure::light_curves::{
    CurveAxis, CurvePoint, LightCurvesFigure, MAX_PANELS, ModelPoint, SpotPanel, light_curves_figure,
};
pub use figure::limb::{LimbFigure, LimbResidual, limb_residual_figure};
pub use figure::map::{MapFigure, MapMarker, map_figure, map_svg};
pub use figure::phase_curve::{PhaseCurveFigure, PhasePoint, phase_curve_figure, phase_curve_svg};
pub use figure::recovery::{RecoveryFigure, RecoveryPair, RecoveryPanel, recovery_figure};
pub use figure::series::{
    Series, SeriesAxis, SeriesFigure, SeriesPoint, SeriesScale, series_figure, series_svg,
};
pub use figure::spot_curve::{CurveSeries, SpotCurveFigure, spot_curve_figure, spot_curve_svg};
pub use figure::thumbnails::{Thumbnail, ThumbnailsFigure, thumbnails_figure, thumbnails_svg};
pub use figure::verdict::{VerdictFigure, VerdictRow, verdict_figure};
pub use files::write_file;
pub use page::Png;
pub use report::{Fact, MAX_TABLE_ROWS, Media, Report, ReportFigure, Section, Table, report_html};
pub use stretch::{BlackPoint, Stretch};
