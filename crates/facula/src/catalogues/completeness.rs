// SPDX-License-Identifier: MIT OR Apache-2.0
//! How much of what is there is found on a map: discs put into it, as a table and a chart.

use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::{Reporter, write_aside};
use facula_publish::{
    Series, SeriesAxis, SeriesFigure, SeriesPoint, SeriesScale, series_figure, series_svg, write_file,
};
use facula_spots::{CompletenessCell, CompletenessOptions, CompletenessTable, DetectOptions, completeness};

use super::map_file::OpenMap;
use crate::RequestError;

/// Diameters of the discs, in full widths of what the map does to a point.
const DIAMETERS: [f64; 5] = [0.5, 1.0, 2.0, 4.0, 8.0];
/// Seed of the places; the same map gives the same table.
const SEED: u64 = 1;

/// Puts discs into the map and writes what was found of them; gives the files.
pub(super) fn write(
    map: &OpenMap,
    (detect, discs_each): (&DetectOptions, usize),
    folder: &Path,
    report: &dyn Reporter,
) -> Result<Vec<PathBuf>, RequestError> {
    let point_km = map.effective_psf_px.max(1.0) * map.cell_km();
    let options = CompletenessOptions {
        detect: detect.clone(),
        diameters_km: DIAMETERS.map(|widths| rounded(widths * point_km)).to_vec(),
        discs_each,
        ..CompletenessOptions::default()
    };
    let table = completeness(&map.spot_map(), &options, SEED, report)?;
    std::fs::create_dir_all(folder).map_err(|error| RequestError::io("make the folder", folder, &error))?;
    let path = folder.join("completeness.csv");
    write_aside(&path, |out| rows(out, &table)).map_err(|error| RequestError::io("write", &path, &error))?;
    let mut files = vec![path];
    let chart = chart(map, &options, &table);
    // No ground to put discs on: the table says so, and there is nothing to draw.
    if chart.series.iter().any(|series| !series.points.is_empty()) {
        for (name, bytes) in [
            ("completeness.png", series_figure(&chart)?.bytes),
            ("completeness.svg", series_svg(&chart)?.into_bytes()),
        ] {
            let path = folder.join(name);
            write_file(&path, &bytes)?;
            files.push(path);
        }
    }
    Ok(files)
}

/// Two digits: nobody asks about discs of 1.4382 km.
fn rounded(km: f64) -> f64 {
    // Through its decimal form: 14 times a tenth would be 1.4000000000000001.
    format!("{km:.1e}").parse().unwrap_or(km)
}

fn rows(out: &mut impl Write, table: &CompletenessTable) -> std::io::Result<()> {
    writeln!(
        out,
        "# Discs put into the map: completeness = found / injected, with its 68 % range (Wilson 1927)."
    )?;
    writeln!(
        out,
        "diameter_km,contrast,injected,found,completeness,completeness_low,completeness_high,position_error_km,excess_ratio"
    )?;
    for cell in &table.cells {
        let CompletenessCell { diameter_km, contrast, injected_count, found_count, .. } = cell;
        let numbers = [
            cell.completeness,
            cell.completeness_low,
            cell.completeness_high,
            cell.position_error_km,
            cell.excess_ratio,
        ];
        let text = |value: &f64| if value.is_finite() { format!("{value:.5}") } else { String::new() };
        let numbers: Vec<String> = numbers.iter().map(text).collect();
        writeln!(out, "{diameter_km},{contrast},{injected_count},{found_count},{}", numbers.join(","))?;
    }
    writeln!(
        out,
        "# Spots of the map against those of the map turned over, by diameter as seen: the latter are chance."
    )?;
    writeln!(out, "# least_km,largest_km,reports,turned_over,reliability")?;
    for row in &table.reliability {
        let reliability =
            if row.reliability.is_finite() { format!("{:.4}", row.reliability) } else { String::new() };
        writeln!(
            out,
            "# {},{},{},{},{reliability}",
            row.least_km, row.largest_km, row.report_count, row.mirrored_count
        )?;
    }
    Ok(())
}

fn chart(map: &OpenMap, options: &CompletenessOptions, table: &CompletenessTable) -> SeriesFigure {
    let point = |cell: &CompletenessCell| SeriesPoint {
        x: cell.contrast - 1.0,
        y: 100.0 * cell.completeness,
        minimum_value: 100.0 * cell.completeness_low,
        maximum_value: 100.0 * cell.completeness_high,
    };
    let series = options.diameters_km.iter().map(|diameter_km| Series {
        name: format!("{diameter_km} km"),
        points: (table.cells.iter())
            .filter(|cell| cell.diameter_km == *diameter_km && cell.injected_count > 0)
            .map(point)
            .collect(),
    });
    let injected: usize = table.cells.iter().map(|cell| cell.injected_count).sum();
    SeriesFigure {
        title: format!("What is found of discs put into {}", map.name),
        subtitle: format!("{injected} discs at random places; cells of {:.2} km", map.cell_km()),
        caption:
            "Found of those injected, by diameter and contrast of the disc before the point-spread function; \
                  bars: 68 % range."
                .into(),
        horizontal: SeriesAxis {
            title: "contrast of the disc less 1".into(),
            scale: SeriesScale::Logarithmic,
            range: None,
        },
        vertical: SeriesAxis { title: "found, %".into(), range: Some((0.0, 100.0)), ..SeriesAxis::default() },
        series: series.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diameters_have_two_digits() {
        assert_eq!(rounded(1.4382), 1.4);
        assert_eq!(rounded(14.382), 14.0);
    }
}
