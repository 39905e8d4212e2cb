// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Bright spots: found on a map, measured, named, followed from frame to frame; their catalogue.
//!
//! [`detect`] takes an albedo map ([`SpotMap`]) to a list of [`Spot`]s, [`light_points`] takes the spots and one
//! shot to their brightness in it, [`light_curves`] sorts those by spot and time, the `write_*` functions write
//! GeoJSON, GeoParquet and Parquet.

mod catalogue;
mod craters;
mod detect;
mod error;
mod light;
mod names;
mod spot;
mod track;

pub use catalogue::craters::{write_craters_geojson, write_craters_parquet, write_rims_geojson};
pub use catalogue::geojson::{write_geojson, write_geojson_with, write_outlines_geojson};
pub use catalogue::light::{read_light_curves_parquet, write_light_curves_csv, write_light_curves_parquet};
pub use catalogue::light_fits::write_light_fits_parquet;
pub use catalogue::parquet::{write_spots_parquet, write_spots_parquet_with};
pub use catalogue::read_craters::read_craters_parquet;
pub use catalogue::{ExtraColumn, ExtraValues};
pub use craters::{
    Crater, CraterCentre, CraterDepth, CraterFlag, CraterGuess, CraterMap, CraterOptions, CraterPlace,
    CraterRim, CraterSearch, SizeBin, SizeFrequency, Sunlight, Surface, Where, covered_km2, detect_craters,
    fit_craters, host_crater, measure_depths, name_craters, place_in_crater, size_frequency, write_diam,
    write_scc,
};
pub use detect::completeness::{
    CompletenessCell, CompletenessOptions, CompletenessTable, Reliability, completeness,
};
pub use detect::frame::{FrameOptions, FrameSpot, detect_frame};
pub use detect::slopes::slope_contrast;
pub use detect::{DetectOptions, Search, Slopes, SpotMap, detect};
pub use error::SpotError;
pub use light::contrast::{ContrastTrend, contrast_of, contrast_trend};
pub use light::fit::{
    Excess, LightFit, LightFitOptions, LightParameter, LightPart, PhaseSlope, Zone, fit_light_curve,
};
pub use light::measure::{light_points, target_points};
pub use light::rotations::rotation_numbers;
pub use light::study::{SpotStudy, StudyOptions, study_light_curves};
pub use light::target::{LightTarget, read_light_targets};
pub use light::terminator::{Crossing, Edge, TerminatorOptions, terminator_crossings};
pub use light::variability::{Constancy, RotationLevel, Variability, VariabilityOptions, day_s, variability};
pub use light::{Illumination, LightCurve, LightOptions, LightPoint, light_curves};
pub use names::name_spots;
pub use spot::{Polarity, Spot, SpotFlag};
pub use track::{
    Catalogue, CrossMatch, FamilyTree, Listed, Relation, TrackOptions, Tracked, cross_match, track,
};
