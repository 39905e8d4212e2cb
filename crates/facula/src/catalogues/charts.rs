// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finder charts: the map or frame with its spots numbered, and small pictures of the strongest.

use facula_core::{Body, MapGrid, PixelPos, Raster, capitalised};
use facula_geometry::{Shape, Shot};
use facula_publish::{
    FrameFigure, FrameView, MapFigure, MapMarker, Marker, PublishError, Thumbnail, ThumbnailsFigure,
    annotated_frame, annotated_frame_svg, map_figure, map_svg, thumbnails_figure, thumbnails_svg,
};
use facula_spots::Spot;

use super::sample::{Cutout, Patch};
use super::spots::SpotCatalogue;
use crate::survey::graticule;

/// What charts are drawn on.
#[derive(Debug, Clone)]
pub(super) enum Picture {
    /// A map.
    Map { values: Raster<f32>, grid: MapGrid, quantity: String },
    /// Charts of a frame, drawn already: name and bytes.
    Drawn(Vec<Chart>),
}

/// A file name and its bytes.
pub(super) type Chart = (&'static str, Vec<u8>);

/// Spots with a number on the chart; the others have a ring only.
const LABELLED: usize = 40;
/// Spots with a small picture.
const SMALL_PICTURES: usize = 12;
/// A small picture is so many diameters wide, and so many cells at least.
const WIDTH_DIAMETERS: f64 = 5.0;
const WIDTH_CELLS: f64 = 24.0;
/// Pixels along a small picture.
const SIDE_PX: usize = 160;

/// The charts of a catalogue.
pub(super) fn charts(catalogue: &SpotCatalogue, body: &Body) -> Result<Vec<Chart>, PublishError> {
    match &catalogue.picture {
        Picture::Drawn(charts) => Ok(charts.clone()),
        Picture::Map { values, grid, quantity } => {
            let mut charts = map_charts(catalogue, (values, grid, quantity), body)?;
            let pictures = catalogue.spots.iter().take(SMALL_PICTURES).enumerate();
            let small = pictures.map(|(k, spot)| map_thumbnail((k, spot), (values, grid), body)).collect();
            charts.extend(page_of(small, &catalogue.about)?);
            Ok(charts)
        }
    }
}

/// `1 Cerealia Facula`, or the number alone.
fn numbered((k, spot): (usize, &Spot)) -> String {
    let name = spot.name.as_deref().map_or_else(String::new, |name| format!(" {name}"));
    format!("{}{name}", k + 1)
}

fn map_charts(
    catalogue: &SpotCatalogue,
    (values, grid, quantity): (&Raster<f32>, &MapGrid, &String),
    body: &Body,
) -> Result<Vec<Chart>, PublishError> {
    // Several spots of a feature: its name stands at the first.
    let first = |k: usize, spot: &Spot| catalogue.spots[..k].iter().all(|other| other.name != spot.name);
    let label = |k: usize, spot: &Spot| match k {
        k if k >= LABELLED => String::new(),
        k if first(k, spot) => numbered((k, spot)),
        k => (k + 1).to_string(),
    };
    let marker = |(k, spot): (usize, &Spot)| MapMarker {
        place: spot.place,
        name: label(k, spot),
        diameter_km: spot.diameter_km,
        contrast: spot.contrast,
    };
    let count = catalogue.spots.len();
    let all =
        if count > LABELLED { format!(" The {LABELLED} strongest are numbered.") } else { String::new() };
    let figure = MapFigure {
        title: format!("Finder chart of {}", capitalised(&body.name)),
        subtitle: catalogue.about.clone(),
        caption: match count {
            0 => "No spot stands out of its surroundings.".into(),
            _ => format!(
                "Numbers are those of the catalogue: 1 is S001, the most significant of {count}.{all}"
            ),
        },
        quantity: quantity.clone(),
        markers: catalogue.spots.iter().enumerate().map(marker).collect(),
        ..MapFigure::new(values, *grid, body.ellipsoid().mean_radius_km())
    };
    Ok(vec![("finder.png", map_figure(&figure)?.bytes), ("finder.svg", map_svg(&figure)?.into_bytes())])
}

fn page_of(thumbnails: Vec<Thumbnail>, about: &str) -> Result<Vec<Chart>, PublishError> {
    if thumbnails.is_empty() {
        return Ok(Vec::new());
    }
    let figure = ThumbnailsFigure {
        title: "The most significant spots".into(),
        subtitle: about.into(),
        caption: "North is up (frames: as the camera saw it); each picture is stretched by itself; outlines at half maximum."
            .into(),
        thumbnails,
    };
    let (png, svg) = (thumbnails_figure(&figure)?.bytes, thumbnails_svg(&figure)?.into_bytes());
    Ok(vec![("finder_spots.png", png), ("finder_spots.svg", svg)])
}

fn map_thumbnail(
    (k, spot): (usize, &Spot),
    (values, grid): (&Raster<f32>, &MapGrid),
    body: &Body,
) -> Thumbnail {
    let radius_km = body.ellipsoid().mean_radius_km();
    let wide_km = (WIDTH_DIAMETERS * spot.diameter_km).max(WIDTH_CELLS * grid.step_rad * radius_km);
    // Further than a radius a flat picture shows nothing.
    let pixel_km = wide_km.min(radius_km) / SIDE_PX as f64;
    let cutout = Cutout::new(Patch::new(spot.place, radius_km), SIDE_PX, pixel_km);
    Thumbnail {
        image: cutout.image(values, grid),
        pixel_km: cutout.pixel_km,
        outlines: vec![spot.outline.iter().map(|place| cutout.pixel(*place)).collect()],
        title: numbered((k, spot)),
        lines: words(spot),
    }
}

/// Where it is, how large, how bright.
fn words(spot: &Spot) -> Vec<String> {
    let crater = spot.host_crater.as_deref().map_or_else(String::new, |name| format!(", in {name}"));
    vec![
        format!(
            "{:.2}° {} {:.2}° E{crater}",
            spot.place.latitude_deg().abs(),
            if spot.place.latitude_deg() < 0.0 { "S" } else { "N" },
            spot.place.longitude_deg()
        ),
        format!("{:.1} km, {:.2} x its surroundings", spot.diameter_km, spot.contrast),
    ]
}

/// The charts of a frame.
pub(super) fn frame_pictures(
    (shot, shape): (&Shot, &Shape),
    (spots, at): (&[Spot], Vec<PixelPos>),
    (body, about): (&str, &str),
) -> Result<Vec<Chart>, PublishError> {
    let marker = |(k, at): (usize, &PixelPos)| Marker { at: *at, label: numbered((k, &spots[k])) };
    let caption = match spots.len() {
        0 => "No spot stands out of its surroundings.".to_string(),
        count => format!("Numbers are those of the catalogue: 1 is S001, the most significant of {count}."),
    };
    let below_km = shot.pose.range_km() - shape.bounding_radius_km();
    let figure = FrameFigure {
        title: format!("Finder chart of {}", capitalised(body)),
        subtitle: about.into(),
        caption,
        scale_m_px: below_km * shot.camera.ifov_rad() * 1000.0,
        graticule: graticule(shot, shape),
        markers: at.iter().enumerate().take(LABELLED).map(marker).collect(),
        view: FrameView::Whole,
        ..FrameFigure::new(&shot.frame.iof)
    };
    let mut charts = vec![
        ("finder.png", annotated_frame(&figure)?.bytes),
        ("finder.svg", annotated_frame_svg(&figure)?.into_bytes()),
    ];
    let small = at.iter().take(SMALL_PICTURES).enumerate();
    let small = small.map(|(k, at)| frame_thumbnail((k, &spots[k]), *at, shot, shape)).collect();
    charts.extend(page_of(small, about)?);
    Ok(charts)
}

fn frame_thumbnail((k, spot): (usize, &Spot), at: PixelPos, shot: &Shot, shape: &Shape) -> Thumbnail {
    let pixel = |place: &facula_core::LonLat| {
        let hit = shape.surface(place.direction())?;
        shot.pixel_of(hit.point_km)
    };
    let outline: Vec<PixelPos> = spot.outline.iter().filter_map(pixel).collect();
    let reach = outline.iter().map(|p| (p.x_px - at.x_px).hypot(p.y_px - at.y_px)).fold(0.0, f64::max);
    let side = ((2.0 * WIDTH_DIAMETERS * 0.5 * reach).max(WIDTH_CELLS) as usize).min(512);
    let (x0, y0) = (at.x_px.round() as i64 - side as i64 / 2, at.y_px.round() as i64 - side as i64 / 2);
    let mut image = Raster::filled(side, side, f32::NAN);
    for line in 0..side {
        for sample in 0..side {
            let (x, y) = (x0 + sample as i64, y0 + line as i64);
            if x >= 0 && y >= 0 {
                image.set(sample, line, shot.frame.iof.get(x as usize, y as usize).unwrap_or(f32::NAN));
            }
        }
    }
    let shifted = |p: &PixelPos| PixelPos::new(p.x_px - x0 as f64, p.y_px - y0 as f64);
    Thumbnail {
        image,
        pixel_km: shot.camera.ifov_rad() * (shot.pose.range_km() - shape.bounding_radius_km()),
        outlines: vec![outline.iter().map(shifted).collect()],
        title: numbered((k, spot)),
        lines: words(spot),
    }
}
