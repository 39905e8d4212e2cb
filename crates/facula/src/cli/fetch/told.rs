// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a fetch would do and what it did, for people and machines.

use facula::RequestError;
use facula::fetch::dawn::{Archive, Level, Phase, Status};
use facula::fetch::{FetchPlan, ItemReport, Kernels, Outcome, Planned, Report, State, hex};

use super::super::table::Table;
use super::super::{Answer, json_text};

pub(super) fn list_phases(archive: &Archive, json: bool) -> Result<Answer, RequestError> {
    if json {
        return Ok(json_text(&archive.phases).into());
    }
    let sure = |phase: &Phase, level: Level| {
        let mark = if phase.status(level) == Status::Seen { "" } else { " (assumed)" };
        format!("{}{mark}", phase.volume_id(level))
    };
    let mut table = Table::new(&["target", "phase", "name in labels", "raw", "calibrated"], 5);
    for phase in &archive.phases {
        table.line(vec![
            phase.target.clone(),
            phase.key.clone(),
            phase.name.clone(),
            sure(phase, Level::Raw),
            sure(phase, Level::Calibrated),
        ]);
    }
    let note = "assumed: formed by the rule of its sisters; no file of it was seen. Volumes lie below\n";
    Ok(format!("{}{note}{}\n", table.text(), archive.base_url).into())
}

pub(super) fn plan_json(plan: &FetchPlan) -> String {
    let (bytes, unknown) = plan.wanted_bytes();
    json_text(&serde_json::json!({
        "volume": plan.volume,
        "frames": plan.stac(),
        "files": plan.files.iter().map(|file| serde_json::json!({
            "url": file.item.urls[0],
            "destination": file.item.destination,
            "state": state(&file.state),
            "size_bytes": file.size_bytes,
        })).collect::<Vec<_>>(),
        "wanted_files": plan.wanted(),
        "wanted_bytes_known": bytes,
        "wanted_files_of_unknown_size": unknown,
    }))
}

pub(super) fn state(state: &State) -> &'static str {
    match state {
        State::Present => "here",
        State::Cached => "in the cache",
        State::Wanted { held_bytes: 0 } => "to fetch",
        _ => "to fetch the rest",
    }
}

/// Frames printed of a dry run; --json has all.
const FRAMES_SHOWN: usize = 20;

pub(super) fn plan_text(plan: &FetchPlan) -> String {
    let mut table = Table::new(&["frame", "filter", "start UTC", "exposure s", "range km"], 3);
    let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value}"));
    for product in plan.products.iter().take(FRAMES_SHOWN) {
        table.line(vec![
            product.id.clone(),
            product.filter.clone(),
            product.start.map(facula::core::format_utc).unwrap_or_default(),
            number(product.exposure_s),
            number(product.geometry.range_km),
        ]);
    }
    let mut text = table.text();
    if plan.products.len() > FRAMES_SHOWN {
        text += &format!("… and {} more frames\n", plan.products.len() - FRAMES_SHOWN);
    }
    let count = |wanted: fn(&Planned) -> bool| plan.files.iter().filter(|file| wanted(file)).count();
    let (bytes, unknown) = plan.wanted_bytes();
    text += &format!(
        "{} frames of volume {}: {} files to fetch, {} in the cache, {} here\n",
        plan.products.len(),
        plan.volume,
        plan.wanted(),
        count(|file| file.state == State::Cached),
        count(|file| file.state == State::Present),
    );
    text += &match (bytes, unknown) {
        (_, 0) => format!("{:.1} MB\n", bytes as f64 / 1e6),
        (0, _) => "The archive does not tell their sizes.\n".to_string(),
        _ => format!("{:.1} MB and {unknown} files of unknown size\n", bytes as f64 / 1e6),
    };
    if plan.kernels == Kernels::Needed {
        text += "Kernels: those the labels name; which ones is known when the labels are here.\n";
    }
    text
}

pub(super) fn ended(report: &Report, json: bool) -> Answer {
    let failed = report.failures().count();
    let text = if json { report_json(report) } else { report_text(report, failed) };
    if failed == 0 { Answer::complete(text) } else { Answer::partial(text) }
}

fn report_json(report: &Report) -> String {
    let item = |item: &ItemReport| {
        serde_json::json!({
            "path": item.path,
            "url": item.url,
            "size_bytes": item.size_bytes,
            "sha256": item.sha256.as_ref().map(|sha| hex(sha)),
            "outcome": outcome(item),
            "error": match &item.outcome { Outcome::Failed(error) => Some(error.to_string()), _ => None },
        })
    };
    json_text(&report.items.iter().map(item).collect::<Vec<_>>())
}

fn outcome(item: &ItemReport) -> &'static str {
    match item.outcome {
        Outcome::Present => "present",
        Outcome::Cached => "cached",
        Outcome::Unchanged => "unchanged",
        Outcome::Fetched { .. } => "fetched",
        _ => "failed",
    }
}

fn report_text(report: &Report, failed: usize) -> String {
    let mut text = String::new();
    for (item, error) in report.failures() {
        text += &format!("failed: {}: {error}\n", item.path.display());
    }
    let count = |name: &str| report.items.iter().filter(|item| outcome(item) == name).count();
    text += &format!(
        "{} files: {} fetched ({:.1} MB), {} from the cache, {} were here, {failed} failed\n",
        report.items.len(),
        count("fetched"),
        report.fetched_bytes() as f64 / 1e6,
        count("cached") + count("unchanged"),
        count("present"),
    );
    if failed > 0 {
        text += "Run the same command again: what came is kept.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_of_the_table_is_listed_with_how_sure_its_volume_is() {
        let archive = Archive::built_in();
        let text = list_phases(&archive, false).unwrap().text;
        assert_eq!(text.lines().count(), archive.phases.len() + 3);
        let rc3 = text.lines().find(|line| line.contains(" rc3 ")).unwrap();
        assert!(rc3.contains("DWNCAFC2_1A ") && rc3.ends_with("DWNCAFC2_1B (assumed)"), "{rc3}");
    }
}
