// SPDX-License-Identifier: MIT OR Apache-2.0
//! Craters of a map of heights or of a picture under the Sun to a catalogue on disk.

use std::path::PathBuf;

use facula_core::{Body, LonLat, Progress, Raster, Reporter, Warning, features, quantile};
use facula_map::{MEDIA_GEOJSON, MEDIA_PARQUET, ReliefLight, StacProduct, relief_shading};
use facula_publish::{
    MapFigure, MapMarker, Series, SeriesAxis, SeriesFigure, SeriesPoint, SeriesScale, map_figure, map_svg,
    series_figure, series_svg, write_file,
};
use facula_spots::{
    Crater, CraterMap, CraterOptions, SizeFrequency, Sunlight, Surface, covered_km2, detect_craters,
    measure_depths, size_frequency, write_craters_geojson, write_craters_parquet, write_diam,
    write_rims_geojson, write_scc,
};
use serde_json::{Value, json};

use super::map_file::{MapChoice, OpenMap};
use super::write::{asset, make_folder, observed, stac, times_beside, write_json};
use crate::RequestError;
use crate::survey::InputFile;

/// Where the Sun stood over a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SunChoice {
    /// Straight above a place: east longitude and latitude, degrees.
    SubSolar([f64; 2]),
    /// The same everywhere: direction clockwise from north and angle from the vertical, degrees.
    Even([f64; 2]),
}

/// What craters are looked for on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CraterSource {
    /// Heights above the ellipsoid; how many kilometres a unit is.
    Heights {
        /// The map.
        map: MapChoice,
        /// Kilometres in a unit of it: 0.001 for metres.
        unit_km: f64,
    },
    /// Brightness under a Sun that throws shade.
    Picture {
        /// The map.
        map: MapChoice,
        /// The Sun.
        sun: SunChoice,
    },
}

/// Which craters are listed, and where the catalogue goes.
#[derive(Debug, Clone, PartialEq)]
pub struct CraterRequest {
    /// Folder to write into.
    pub out: PathBuf,
    /// What is searched.
    pub source: CraterSource,
    /// Smallest diameter, km; that of [`CraterOptions`] in cells of the map when absent.
    pub least_km: Option<f64>,
    /// Largest diameter, km.
    pub largest_km: Option<f64>,
    /// Least likeness to a crater; that of [`CraterOptions`] for the kind of map when absent.
    pub least_likeness: Option<f64>,
    /// Largest ratio of chance finds to finds, 0 to 1; 1 asks nothing.
    pub chance_fraction: f64,
    /// Heights to measure depths on (km in a unit of them), for craters found on a picture.
    pub dtm: Option<(MapChoice, f64)>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct CraterOutcome {
    /// The body.
    pub body: Body,
    /// The craters, largest first.
    pub craters: Vec<Crater>,
    /// How many of them are about chance.
    pub chance_count: usize,
    /// Sizes of the craters on the area with data.
    pub sizes: SizeFrequency,
    /// Median of depth over diameter and the range of the middle two thirds, of craters with a depth.
    pub depth_ratio: Option<[f64; 3]>,
    /// What was looked at, in one line.
    pub about: String,
    /// Files written.
    pub files: Vec<PathBuf>,
    /// The record of the run.
    pub record: Value,
}

/// Finds the craters of a map, and writes their catalogue.
///
/// # Errors
/// [`RequestError`]: a map that cannot be used, options out of range, files that cannot be written.
pub fn find_craters(request: &CraterRequest, report: &dyn Reporter) -> Result<CraterOutcome, RequestError> {
    let (choice, unit_km) = match &request.source {
        CraterSource::Heights { map, unit_km } => (map, *unit_km),
        CraterSource::Picture { map, .. } => (map, 1.0),
    };
    let map = scaled(OpenMap::open(choice, report)?, unit_km);
    let mut inputs = map.inputs.clone();
    let sought = CraterMap {
        grid: map.grid,
        values: &map.values,
        surface: surface(&request.source),
        ellipsoid: map.body.ellipsoid(),
    };
    let options = options(request, &map);
    let mut search = detect_craters(&sought, &options, report)?;
    if map.known_cells() == 0 {
        report.warn(nothing_known(&map));
    }
    if let Some((dtm, unit_km)) = &request.dtm {
        let of_body = MapChoice { body: dtm.body.clone().or(Some(map.body.name.clone())), ..dtm.clone() };
        let heights = scaled(OpenMap::open(&of_body, report)?, *unit_km);
        inputs.extend(heights.inputs.iter().cloned());
        report.progress(Progress { stage: "depths", done: 0, total: 1 });
        let (values, ellipsoid) = (&heights.values, map.body.ellipsoid());
        let relief = CraterMap { grid: heights.grid, values, surface: Surface::Heights, ellipsoid };
        measure_depths(&mut search.craters, &relief)?;
        report.progress(Progress { stage: "depths", done: 1, total: 1 });
    }
    let area_km2 = covered_km2(&sought);
    let mut outcome = CraterOutcome {
        sizes: size_frequency(&search.craters, area_km2),
        depth_ratio: depth_ratio(&search.craters),
        chance_count: search.chance_count,
        craters: search.craters,
        about: about(&map, &request.source),
        body: map.body.clone(),
        files: Vec::new(),
        record: Value::Null,
    };
    outcome.files = products(&mut outcome, (request, &options), (&map, &inputs))?;
    Ok(outcome)
}

/// Heights in kilometres.
fn scaled(map: OpenMap, unit_km: f64) -> OpenMap {
    if unit_km == 1.0 {
        return map;
    }
    OpenMap { values: map.values.map(|value| (f64::from(value) * unit_km) as f32), ..map }
}

fn surface(source: &CraterSource) -> Surface<'static> {
    match source {
        CraterSource::Heights { .. } => Surface::Heights,
        CraterSource::Picture { sun: SunChoice::SubSolar([longitude_deg, latitude_deg]), .. } => {
            Surface::Lit(Sunlight::SubSolar(LonLat::from_degrees(*longitude_deg, *latitude_deg)))
        }
        CraterSource::Picture { sun: SunChoice::Even([azimuth_deg, incidence_deg]), .. } => {
            Surface::Lit(Sunlight::Even {
                azimuth_rad: azimuth_deg.to_radians(),
                incidence_rad: incidence_deg.to_radians(),
            })
        }
    }
}

fn options(request: &CraterRequest, map: &OpenMap) -> CraterOptions {
    let default = CraterOptions::default();
    let cells = request.least_km.map(|km| (km / map.cell_km()).max(5.0));
    let likeness = request.least_likeness;
    CraterOptions {
        least_diameter_cells: cells.unwrap_or(default.least_diameter_cells),
        largest_km: request.largest_km.unwrap_or(default.largest_km),
        least_likeness: likeness.unwrap_or(default.least_likeness),
        least_likeness_lit: likeness.unwrap_or(default.least_likeness_lit),
        most_chance_fraction: request.chance_fraction,
        features: features(&map.body.name),
        ..default
    }
}

fn nothing_known(map: &OpenMap) -> Warning {
    Warning {
        stage: "craters".into(),
        subject: map.name.clone(),
        message: "no cell of the map has a value".into(),
        hint: format!("look at it: facula info {}", map.path.display()),
    }
}

fn about(map: &OpenMap, source: &CraterSource) -> String {
    let kind = match source {
        CraterSource::Heights { .. } => "heights",
        CraterSource::Picture { .. } => "picture",
    };
    format!(
        "{}: {kind}, {} x {} cells of {:.0} m, {}",
        map.name,
        map.grid.width,
        map.grid.height,
        1000.0 * map.cell_km(),
        facula_core::capitalised(&map.body.name)
    )
}

/// Median, sixth and five sixths of depth over diameter.
fn depth_ratio(craters: &[Crater]) -> Option<[f64; 3]> {
    let mut ratios: Vec<f64> = craters.iter().filter_map(Crater::depth_ratio).collect();
    let mut at = |part: f64| quantile(&mut ratios, part, f64::total_cmp);
    Some([at(0.5)?, at(1.0 / 6.0)?, at(5.0 / 6.0)?])
}

fn products(
    outcome: &mut CraterOutcome,
    (request, options): (&CraterRequest, &CraterOptions),
    (map, inputs): (&OpenMap, &[InputFile]),
) -> Result<Vec<PathBuf>, RequestError> {
    let out = &request.out;
    make_folder(out)?;
    let (craters, body, area_km2) = (&outcome.craters, &outcome.body, outcome.sizes.area_km2);
    let names = ["craters.parquet", "craters.geojson", "rims.geojson", "craters.diam", "craters.scc"];
    let [table, centres, rims, diam, scc] = names.map(|name| out.join(name));
    write_craters_parquet(&table, craters, body)?;
    write_craters_geojson(&centres, craters, body)?;
    write_rims_geojson(&rims, craters, body)?;
    write_diam(&diam, craters, area_km2)?;
    write_scc(&scc, craters, area_km2, body)?;
    let mut files = vec![table, centres, rims, diam, scc];
    for (name, bytes) in charts(outcome, &request.source, map)? {
        let path = out.join(name);
        write_file(&path, &bytes)?;
        files.push(path);
    }
    files.extend(stac((out, "craters", "Craters"), body, &[product(outcome, map, out)?])?);
    outcome.record = record(outcome, (request, options), (map, inputs));
    files.push(write_json(&out.join("craters.json"), &outcome.record)?);
    Ok(files)
}

fn product(
    outcome: &CraterOutcome,
    map: &OpenMap,
    out: &std::path::Path,
) -> Result<StacProduct, RequestError> {
    let times = times_beside(&map.path);
    let title = format!("Craters of {}", outcome.about);
    let target = facula_core::capitalised(&outcome.body.name);
    let mut product = StacProduct::new(&format!("craters-{}", map.name), &title, &target, observed(&times));
    for (name, key, title, media_type) in [
        ("craters.parquet", "data", "Craters as GeoParquet", MEDIA_PARQUET),
        ("craters.geojson", "geojson", "Centres as GeoJSON", MEDIA_GEOJSON),
        ("rims.geojson", "rims", "Rims as GeoJSON", MEDIA_GEOJSON),
        ("craters.diam", "diam", "Sizes for craterstats", "text/plain"),
        ("craters.scc", "scc", "Sizes and places for craterstats", "text/plain"),
        ("finder.png", "finder", "Rims on the map", "image/png"),
    ] {
        product.assets.push(asset((out, name), (key, title, media_type))?);
    }
    product.footprint = Some(map.grid.into());
    product.gsd_m = Some(1000.0 * map.cell_km());
    product.processing_level = "L4".into();
    product.properties = [("facula:craters".to_string(), json!(outcome.craters.len()))].into();
    Ok(product)
}

fn record(
    outcome: &CraterOutcome,
    (request, options): (&CraterRequest, &CraterOptions),
    (map, inputs): (&OpenMap, &[InputFile]),
) -> Value {
    let source = match request.source {
        CraterSource::Heights { unit_km, .. } => json!({ "heights_unit_km": unit_km }),
        CraterSource::Picture { sun: SunChoice::SubSolar(place), .. } => json!({ "sub_solar_deg": place }),
        CraterSource::Picture { sun: SunChoice::Even(angles), .. } => {
            json!({ "sun_azimuth_incidence_deg": angles })
        }
    };
    let crater = |c: &Crater| {
        json!({
            "id": c.id, "name": c.name, "longitude_deg": c.place.longitude_deg(),
            "latitude_deg": c.place.latitude_deg(), "diameter_km": c.diameter_km,
            "diameter_sigma_km": c.diameter_sigma_km, "depth_km": c.depth.map(|d| d.depth_km),
        })
    };
    json!({
        "facula": env!("CARGO_PKG_VERSION"),
        "target": outcome.body.name,
        "body_constants": outcome.body.source.trim(),
        "map": outcome.about,
        "options": {
            "source": source,
            "least_diameter_km": options.least_diameter_cells * map.cell_km(),
            "largest_diameter_km": options.largest_km,
            "least_likeness": options.least_likeness,
            "least_likeness_lit": options.least_likeness_lit,
            "most_chance_fraction": options.most_chance_fraction,
            "depths_from": request.dtm.as_ref().map(|(dtm, _)| dtm.path.display().to_string()),
        },
        "inputs": inputs,
        "craters": outcome.craters.len(),
        "by_chance": outcome.chance_count,
        "area_km2": outcome.sizes.area_km2,
        "depth_over_diameter": outcome.depth_ratio.map(|[middle, low, high]| json!({
            "median": middle, "low": low, "high": high, "craters": outcome.craters.iter().filter(|c| c.depth.is_some()).count(),
        })),
        "largest": outcome.craters.iter().take(20).map(crater).collect::<Vec<_>>(),
    })
}

/// Craters with a name or number on the chart.
const LABELLED: usize = 40;
/// Rims smaller than this on the page are not drawn, px.
const SMALLEST_RIM_PX: f64 = 7.0;
/// Width of a map on a page, px.
const PAGE_PX: f64 = 1440.0;

fn charts(
    outcome: &CraterOutcome,
    source: &CraterSource,
    map: &OpenMap,
) -> Result<Vec<(&'static str, Vec<u8>)>, RequestError> {
    let radius_km = outcome.body.ellipsoid().mean_radius_km();
    let background = background(source, map, radius_km)?;
    let quantity = match source {
        CraterSource::Picture { .. } => map.quantity.clone(),
        CraterSource::Heights { .. } => "shaded relief, three times exaggerated".into(),
    };
    let figure = finder(outcome, map, (&background, quantity));
    let mut charts =
        vec![("finder.png", map_figure(&figure)?.bytes), ("finder.svg", map_svg(&figure)?.into_bytes())];
    if !outcome.sizes.bins.is_empty() {
        let figure = sizes(outcome);
        charts.push(("sizes.png", series_figure(&figure)?.bytes));
        charts.push(("sizes.svg", series_svg(&figure)?.into_bytes()));
    }
    Ok(charts)
}

/// A picture as it is; heights as shaded relief.
fn background(source: &CraterSource, map: &OpenMap, radius_km: f64) -> Result<Raster<f32>, RequestError> {
    match source {
        CraterSource::Picture { .. } => Ok(map.values.clone()),
        CraterSource::Heights { .. } => {
            let heights_m = map.values.map(|km| km * 1000.0);
            let light = ReliefLight { exaggeration_factor: 3.0, ..ReliefLight::default() };
            Ok(relief_shading(&heights_m, &map.grid, radius_km, &light)?)
        }
    }
}

fn finder<'a>(
    outcome: &CraterOutcome,
    map: &OpenMap,
    (background, quantity): (&'a Raster<f32>, String),
) -> MapFigure<'a> {
    let ellipsoid = outcome.body.ellipsoid();
    let radius_km = ellipsoid.mean_radius_km();
    let page_px_km = map.grid.width as f64 * map.grid.step_rad * radius_km / PAGE_PX;
    let shown: Vec<&Crater> =
        outcome.craters.iter().filter(|c| c.diameter_km > SMALLEST_RIM_PX * page_px_km).collect();
    let label =
        |c: &Crater| c.name.clone().unwrap_or_else(|| c.id.trim_start_matches(['C', '0']).to_string());
    let marker = |c: &Crater| MapMarker {
        place: c.place,
        name: label(c),
        diameter_km: c.diameter_km,
        contrast: f64::NAN,
    };
    // Names before numbers, both by size.
    let named = shown.iter().filter(|c| c.name.is_some());
    let numbered = shown.iter().filter(|c| c.name.is_none());
    let caption = match outcome.craters.len() {
        0 => "No crater was found.".to_string(),
        count => format!(
            "Fitted rims of {} of {count} craters (the others are too small to draw); numbers are those of the catalogue.",
            shown.len()
        ),
    };
    MapFigure {
        title: format!("Craters of {}", facula_core::capitalised(&outcome.body.name)),
        subtitle: outcome.about.clone(),
        caption,
        quantity,
        markers: named.chain(numbered).take(LABELLED).map(|c| marker(c)).collect(),
        outlines: shown.iter().map(|c| c.outline(&ellipsoid)).collect(),
        ..MapFigure::new(background, map.grid, radius_km)
    }
}

fn sizes(outcome: &CraterOutcome) -> SeriesFigure {
    let point = |bin: &facula_spots::SizeBin| SeriesPoint {
        x: bin.least_km,
        y: bin.cumulative_per_km2,
        minimum_value: bin.cumulative_per_km2 - bin.cumulative_sigma_per_km2,
        maximum_value: bin.cumulative_per_km2 + bin.cumulative_sigma_per_km2,
    };
    let axis = |title: &str| SeriesAxis { title: title.into(), scale: SeriesScale::Logarithmic, range: None };
    SeriesFigure {
        title: format!("Sizes of craters on {}", facula_core::capitalised(&outcome.body.name)),
        subtitle: outcome.about.clone(),
        caption: format!(
            "Craters as large or larger per area, on {:.0} km²; bars: one sigma of the count (Poisson). {} craters, at most \
             about {} of them by chance. Small ones are not complete.",
            outcome.sizes.area_km2,
            outcome.craters.len(),
            outcome.chance_count
        ),
        horizontal: axis("diameter, km"),
        vertical: axis("craters as large or larger per km²"),
        series: vec![Series {
            name: "cumulative".into(),
            points: outcome.sizes.bins.iter().map(point).collect(),
        }],
    }
}
