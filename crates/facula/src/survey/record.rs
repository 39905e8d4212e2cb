// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end of a run: report, catalogue of products, and `run.json`, which is written last and makes the folder
//! complete.

use facula_core::{Epoch, Warning, capitalised, format_utc};
use facula_map::{
    Georeference, MEDIA_COG, MEDIA_GEOJSON, MEDIA_PARQUET, StacAsset, StacCatalog, StacProduct, StacView,
    write_catalog,
};
use facula_publish::{Fact, Media, Report, ReportFigure, Section, Table, report_html};
use facula_spots::Spot;
use serde_json::{Value, json};

use super::figures::spot_label;
use super::folder::{RECORD_FILE, RunFolder, files_below, hash_file, hex};
use super::recovery::Recovery;
use super::setup::Setup;
use super::{Findings, Outcome, SurveyReporter, Timings};
use crate::SurveyError;

/// Spots in the report's table.
const TABLE_SPOTS: usize = 50;
/// Spots told on the terminal.
const STRONGEST: usize = 5;

/// Writes report, catalogue and record; gives the outcome.
pub(crate) fn finish(
    setup: &Setup<'_>,
    findings: &Findings,
    folder: &RunFolder,
    told: (&dyn SurveyReporter, &Timings),
) -> Result<Outcome, SurveyError> {
    let (reporter, timings) = told;
    let warnings = reporter.warnings();
    let report = report(setup, findings, &warnings);
    folder.write("report.html", report_html(&report).as_bytes())?;
    catalogue(setup, findings, folder)?;
    let outcome = Outcome {
        out: folder.root().to_path_buf(),
        headline: report.headline.clone(),
        frames: (findings.frames.len(), findings.frames_given),
        spots: findings.spots.len(),
        strongest: findings.spots.iter().take(STRONGEST).map(spot_line).collect(),
        warnings,
        timings_s: timings.stages().to_vec(),
        already_complete: false,
    };
    let record = run_json(setup, findings, (&outcome, timings), folder)?;
    let mut text = serde_json::to_vec_pretty(&record).map_err(|e| SurveyError::stage("write", e))?;
    text.push(b'\n');
    folder.write(RECORD_FILE, &text)?;
    Ok(outcome)
}

/// The outcome of a run that is complete already, from its record.
pub(crate) fn outcome_of(folder: &RunFolder) -> Result<Outcome, SurveyError> {
    let path = folder.path(RECORD_FILE);
    let bytes = std::fs::read(&path).map_err(|e| SurveyError::io("read", &path, &e))?;
    let record: Value = serde_json::from_slice(&bytes)
        .map_err(|e| SurveyError::stage("resume", format!("{}: {e}", path.display())))?;
    let number = |key: &str| record["outcome"][key].as_u64().unwrap_or(0) as usize;
    let texts = record["outcome"]["strongest"].as_array().cloned().unwrap_or_default();
    Ok(Outcome {
        out: folder.root().to_path_buf(),
        headline: record["outcome"]["headline"].as_str().unwrap_or_default().to_string(),
        frames: (number("frames_used"), number("frames_given")),
        spots: number("spots"),
        strongest: texts.iter().filter_map(|text| text.as_str().map(str::to_string)).collect(),
        warnings: serde_json::from_value(record["warnings"].clone()).unwrap_or_default(),
        timings_s: Vec::new(),
        already_complete: true,
    })
}

/// A spot in one line.
fn spot_line(spot: &Spot) -> String {
    format!(
        "{} {:>7.2}° E {:>+6.2}° N  {:>5.1} km  {:.2} x its surroundings  {}",
        spot.id,
        spot.place.longitude_deg(),
        spot.place.latitude_deg(),
        spot.diameter_km,
        spot.contrast,
        spot.name.as_deref().unwrap_or("")
    )
    .trim_end()
    .to_string()
}

fn run_json(
    setup: &Setup<'_>,
    findings: &Findings,
    end: (&Outcome, &Timings),
    folder: &RunFolder,
) -> Result<Value, SurveyError> {
    let (outcome, timings) = end;
    let stages: serde_json::Map<String, Value> =
        timings.stages().iter().map(|(name, seconds)| (name.clone(), json!(seconds))).collect();
    let align: Vec<Value> = findings
        .frames
        .iter()
        .map(|frame| {
            let record = &frame.record;
            json!({
                "frame_id": record.frame_id,
                "method": record.method,
                "mid_exposure_utc": format_utc(frame.pose.mid_exposure),
                "residual_rms_px": record.rms_px,
                "points_used": record.used,
                "points_rejected": record.rejected,
                "shift_px": record.shift_px,
                "spacecraft_position_km": record.spacecraft_position_km,
                "camera_from_body": record.camera_from_body,
            })
        })
        .collect();
    Ok(json!({
        "program": "facula",
        "version": env!("CARGO_PKG_VERSION"),
        "key": setup.key(),
        "campaign": setup.loaded.campaign,
        "inputs": setup.inputs,
        "body": setup.body,
        "shape": findings.shape_name,
        "map": { "width": findings.grid.width, "height": findings.grid.height,
                 "cell_deg": findings.grid.step_rad.to_degrees(), "quantity": findings.quantity },
        "alignment": align,
        "outcome": { "headline": outcome.headline, "frames_used": outcome.frames.0, "frames_given": outcome.frames.1,
                     "spots": outcome.spots, "strongest": outcome.strongest },
        "recovery": findings.recovery.as_ref().map(|(recovery, _)| recovery),
        "warnings": outcome.warnings,
        "products": products(folder)?,
        "timings_s": stages,
    }))
}

/// Every product with its hash; the simulated archive and the alignment records are intermediate and left out.
fn products(folder: &RunFolder) -> Result<Vec<Value>, SurveyError> {
    let mut products = Vec::new();
    for path in files_below(folder.root())? {
        let relative = path.strip_prefix(folder.root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if ["archive/", "align/", "run."].iter().any(|start| relative.starts_with(start)) {
            continue;
        }
        let (sha256, size_bytes) = hash_file(&path)?;
        products.push(json!({ "path": relative, "sha256": hex(&sha256), "size_bytes": size_bytes }));
    }
    Ok(products)
}

/// First and last mid exposure; the epoch of the map's publication is not known for ready maps, so J2000 stands there.
fn observed(findings: &Findings) -> (Epoch, Epoch) {
    let epochs = || findings.frames.iter().map(|frame| frame.pose.mid_exposure);
    let unknown = facula_core::epoch_from_et_s(0.0);
    (epochs().min().unwrap_or(unknown), epochs().max().unwrap_or(unknown))
}

fn catalogue(setup: &Setup<'_>, findings: &Findings, folder: &RunFolder) -> Result<(), SurveyError> {
    let title = setup.loaded.campaign.title.clone();
    let catalog = StacCatalog {
        id: setup.loaded.campaign.name.clone(),
        description: format!("{title}. Made by facula {}.", env!("CARGO_PKG_VERSION")),
        title,
    };
    let maps = [
        ("map", "Map", "map/map.tif", MEDIA_COG),
        ("quality", "Quality flags", "map/quality.tif", MEDIA_COG),
        ("coverage", "Frames per cell", "map/coverage.tif", MEDIA_COG),
        ("scale", "Best pixel scale", "map/scale.tif", MEDIA_COG),
        ("spots", "Bright spots", "spots.parquet", MEDIA_PARQUET),
        ("spots-geojson", "Bright spots", "spots.geojson", MEDIA_GEOJSON),
        ("light-curves", "Light curves of the spots", "light_curves.parquet", MEDIA_PARQUET),
    ];
    let products: Result<Vec<StacProduct>, SurveyError> =
        maps.iter().map(|entry| product(setup, findings, folder, entry)).collect();
    write_catalog(folder.root(), &catalog, &products?).map_err(|e| SurveyError::stage("write", e))?;
    Ok(())
}

fn product(
    setup: &Setup<'_>,
    findings: &Findings,
    folder: &RunFolder,
    entry: &(&str, &str, &str, &str),
) -> Result<StacProduct, SurveyError> {
    let (id, title, path, media_type) = *entry;
    let (sha256, size_bytes) = hash_file(&folder.path(path))?;
    let asset = StacAsset {
        key: "data".into(),
        path: path.into(),
        title: title.into(),
        media_type: media_type.into(),
        roles: vec!["data".into()],
        sha256: Some(sha256),
        size_bytes: Some(size_bytes),
    };
    let is_map = media_type == MEDIA_COG;
    let georeference = Georeference::of(&setup.body, findings.grid);
    Ok(StacProduct {
        id: id.into(),
        title: title.into(),
        target: capitalised(&setup.body.name),
        observed: observed(findings),
        georeference: is_map.then_some(georeference),
        footprint: Some(findings.grid.into()),
        view: StacView::default(),
        gsd_m: is_map.then(|| findings.grid.cell_m(setup.body.ellipsoid().mean_radius_km())),
        processing_level: "L4".into(),
        assets: vec![asset],
        properties: [("facula:quantity".to_string(), json!(findings.quantity))].into(),
    })
}

fn report(setup: &Setup<'_>, findings: &Findings, warnings: &[Warning]) -> Report {
    let body = capitalised(&setup.body.name);
    let strongest = findings.spots.first();
    let headline = match strongest {
        Some(spot) => format!(
            "{} bright spots on {body}; the strongest, {}, at {:.2}° E {:.2}° N, is {:.1} times as bright as its surroundings.{}",
            findings.spots.len(),
            spot_label(spot),
            spot.place.longitude_deg(),
            spot.place.latitude_deg(),
            spot.contrast,
            if findings.curves.is_empty() {
                String::new()
            } else {
                format!(" {}", findings.verdict.statement)
            }
        ),
        None => format!("No bright spot on {body} stands out of its surroundings in these data."),
    };
    Report {
        title: setup.loaded.campaign.title.clone(),
        headline,
        facts: facts(setup, findings),
        verdict: verdict_section(findings),
        figures: report_figures(findings),
        tables: vec![spot_table(&findings.spots)],
        recovery: findings
            .recovery
            .as_ref()
            .map(|(recovery, _)| recovery_section(recovery))
            .unwrap_or_default(),
        limits: limits(findings),
        warnings: warnings.iter().map(|w| format!("{}: {}: {}", w.stage, w.subject, w.message)).collect(),
        method: method(setup, findings),
        footer: format!("facula {}", env!("CARGO_PKG_VERSION")),
    }
}

fn facts(setup: &Setup<'_>, findings: &Findings) -> Vec<Fact> {
    let grid = findings.grid;
    let covered = findings.map.coverage.as_slice().iter().filter(|count| **count > 0).count();
    let radius_km = setup.body.ellipsoid().mean_radius_km();
    let mut facts = vec![
        Fact::new("Spots", findings.spots.len().to_string()),
        Fact::new(
            "Map",
            format!("{} × {} cells of {:.0} m", grid.width, grid.height, grid.cell_m(radius_km)),
        ),
        Fact::new(
            "Covered",
            format!("{:.1} % of the map", 100.0 * covered as f64 / (grid.width * grid.height) as f64),
        ),
    ];
    if !findings.frames.is_empty() {
        let (first, last) = observed(findings);
        facts.push(Fact::new(
            "Frames",
            format!("{} of {} used", findings.frames.len(), findings.frames_given),
        ));
        facts.push(Fact::new(
            "Observed",
            format!("{} to {} UTC", &format_utc(first)[..16], &format_utc(last)[..16]),
        ));
    }
    let residuals: Vec<f64> = findings.frames.iter().filter_map(|frame| frame.record.rms_px).collect();
    if !residuals.is_empty() {
        let mean = residuals.iter().sum::<f64>() / residuals.len() as f64;
        facts.push(Fact::new("Pointing fit", format!("{mean:.2} px rms residual, mean of the frames")));
    }
    facts
}

fn verdict_section(findings: &Findings) -> Section {
    if findings.curves.is_empty() {
        return Section::default();
    }
    Section { paragraphs: vec![findings.verdict.statement.clone()], ..Default::default() }
}

fn report_figures(findings: &Findings) -> Vec<ReportFigure> {
    let still = findings.figures.iter().map(|figure| ReportFigure {
        image: Media::Png(figure.bytes.clone()),
        caption: figure.caption.clone(),
        alt: figure.alt.clone(),
    });
    let moving = findings.animation.iter().map(|bytes| ReportFigure {
        image: Media::Gif(bytes.clone()),
        caption: "One rotation: the spots come out of the night with the Sun.".into(),
        alt: "Animation of the rotating body with its bright spots".into(),
    });
    moving.chain(still).collect()
}

fn spot_table(spots: &[Spot]) -> Table {
    let columns = [
        "Spot",
        "Name",
        "Host crater",
        "Longitude (° E)",
        "Latitude (° N)",
        "± (km)",
        "Diameter (km)",
        "Peak",
        "Surroundings",
        "Contrast",
        "Excess (km²)",
        "Significance (σ)",
    ];
    let rows = spots.iter().take(TABLE_SPOTS).map(|spot| {
        vec![
            spot.id.clone(),
            spot.name.clone().unwrap_or_default(),
            spot.host_crater.clone().unwrap_or_default(),
            format!("{:.3}", spot.place.longitude_deg()),
            format!("{:.3}", spot.place.latitude_deg()),
            format!("{:.2}", spot.position_sigma_km),
            format!("{:.1}", spot.diameter_km),
            format!("{:.3}", spot.peak_albedo),
            format!("{:.3}", spot.background_albedo),
            format!("{:.2}", spot.contrast),
            format!("{:.1}", spot.excess_km2),
            format!("{:.0}", spot.significance),
        ]
    });
    let note = format!(
        "The {} most significant of {}. Diameters are those of the area above half maximum as seen, blur included; \
         all spots with all columns are in spots.parquet and spots.geojson.",
        spots.len().min(TABLE_SPOTS),
        spots.len()
    );
    Table { title: "Spots".into(), columns: columns.map(String::from).to_vec(), rows: rows.collect(), note }
}

fn recovery_section(recovery: &Recovery) -> Section {
    let percent = |fraction: f64| format!("{:.1} %", 100.0 * fraction);
    let facts = vec![
        Fact::new("True spots found", format!("{} of {}", recovery.spots_found, recovery.spots_to_find)),
        Fact::new("False reports", format!("{} of {}", recovery.false_reports, recovery.reports)),
        Fact::new(
            "Positions",
            format!("{:.2} px rms ({:.2} km)", recovery.position_rms_px, recovery.position_rms_km),
        ),
        Fact::new("Registration", format!("{:.2} px rms", recovery.registration_rms_px)),
        Fact::new("Pointing error before", format!("{:.2} px rms", recovery.pointing_error_rms_px)),
        Fact::new("Map albedo", format!("{} rms", percent(recovery.map_albedo_rms_fraction))),
        Fact::new("Spot albedo", format!("{} rms", percent(recovery.spot_albedo_rms_fraction))),
    ];
    let paragraph = "This campaign is simulated, so the truth is known. True spots count from contrast 1.5 and 1.5 px on; \
                     albedos are compared with the truth blurred as the map is.";
    Section { paragraphs: vec![paragraph.into()], facts, figures: Vec::new() }
}

fn limits(findings: &Findings) -> Vec<String> {
    let mut limits: Vec<String> = findings.verdict.not_decided.clone();
    if findings.quantity == "relative brightness" {
        limits.push("The frames or the map have an unknown zero and scale: brightness is relative, contrasts are lower \
                     or higher than true ones, and there are no light curves.".into());
    }
    limits
}

fn method(setup: &Setup<'_>, findings: &Findings) -> Section {
    let facts = vec![
        Fact::new(
            "Body",
            format!("{} ({})", capitalised(&setup.body.name), setup.body.source.trim().replace('\n', " ")),
        ),
        Fact::new("Shape", findings.shape_name),
        Fact::new(
            "Photometry",
            format!("Lommel-Seeliger with the IAU H, G phase function, G = {}", setup.body.phase_slope),
        ),
        Fact::new("Inputs", format!("{} files, listed with their SHA-256 in run.json", setup.inputs.len())),
    ];
    Section { facts, ..Default::default() }
}
