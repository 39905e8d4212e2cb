// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a folder of tiles says of itself: WMTS capabilities and TileJSON.

use std::f64::consts::PI;

use facula_core::xml_text;
use serde_json::json;

use super::{TILE_PX, TileOptions};
use crate::cog::AngularPlace;

/// Size of a pixel that scale denominators are told for, m (OGC 17-083r4, section 6.1.1).
const STANDARD_PIXEL_M: f64 = 0.28e-3;

/// `WMTSCapabilities.xml`.
pub(super) fn capabilities(place: &AngularPlace, options: &TileOptions, finest_level: u32) -> String {
    let crs = crs_urn(place);
    let [west, south, east, north] = bounds_deg(place);
    let (title, address) = (xml_text(&options.title), xml_text(&options.address));
    let matrices: String = (0..=finest_level).map(|level| matrix(place, level)).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.0.0">
  <ows:ServiceIdentification>
    <ows:Title>{title}</ows:Title>
    <ows:ServiceType>OGC WMTS</ows:ServiceType>
    <ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion>
  </ows:ServiceIdentification>
  <Contents>
    <Layer>
      <ows:Title>{title}</ows:Title>
      <ows:Abstract>{}</ows:Abstract>
      <ows:WGS84BoundingBox>
        <ows:LowerCorner>{west} {south}</ows:LowerCorner>
        <ows:UpperCorner>{east} {north}</ows:UpperCorner>
      </ows:WGS84BoundingBox>
      <ows:Identifier>map</ows:Identifier>
      <Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
      <Format>image/png</Format>
      <TileMatrixSetLink><TileMatrixSet>WorldQuad</TileMatrixSet></TileMatrixSetLink>
      <ResourceURL format="image/png" resourceType="tile" template="{address}{{TileMatrix}}/{{TileCol}}/{{TileRow}}.png"/>
    </Layer>
    <TileMatrixSet>
      <ows:Identifier>WorldQuad</ows:Identifier>
      <ows:SupportedCRS>{crs}</ows:SupportedCRS>
{matrices}    </TileMatrixSet>
  </Contents>
</Capabilities>
"#,
        xml_text(&description(options)),
    )
}

fn matrix(place: &AngularPlace, level: u32) -> String {
    let (across, down) = (2u64 << level, 1u64 << level);
    let pixel_m = PI * place.crs.sphere_radius_m / (TILE_PX as f64 * down as f64);
    // Axes of a geographic system of the IAU are latitude, longitude.
    format!(
        "      <TileMatrix>\n        <ows:Identifier>{level}</ows:Identifier>\n        \
         <ScaleDenominator>{}</ScaleDenominator>\n        <TopLeftCorner>90 -180</TopLeftCorner>\n        \
         <TileWidth>{TILE_PX}</TileWidth>\n        <TileHeight>{TILE_PX}</TileHeight>\n        \
         <MatrixWidth>{across}</MatrixWidth>\n        <MatrixHeight>{down}</MatrixHeight>\n      </TileMatrix>\n",
        pixel_m / STANDARD_PIXEL_M
    )
}

/// `tilejson.json`. Its viewers take Web Mercator for granted; the tile matrix set is told in fields of our own.
pub(super) fn tile_json(place: &AngularPlace, options: &TileOptions, finest_level: u32) -> String {
    let document = json!({
        "tilejson": "3.0.0",
        "name": options.title,
        "description": description(options),
        "scheme": "xyz",
        "tiles": [format!("{}{{z}}/{{x}}/{{y}}.png", options.address)],
        "minzoom": 0,
        "maxzoom": finest_level,
        "bounds": bounds_deg(place),
        "facula:crs": place.crs.geographic_name,
        "facula:crs_urn": crs_urn(place),
        "facula:tile_matrix_set": "two by one root, 180 degrees a tile, west edge at -180, north edge at 90",
        "facula:stretch": { "black": options.black_value, "white": options.white_value, "quantity": options.quantity },
    });
    format!("{document:#}\n")
}

fn description(options: &TileOptions) -> String {
    format!(
        "{}: black {} and below, white {} and above, transparent where nothing was measured",
        options.quantity, options.black_value, options.white_value
    )
}

/// The geographic system under the projected one (code 100 · body, where the equirectangular one is 100 · body + 15).
fn crs_urn(place: &AngularPlace) -> String {
    match place.crs.iau_code {
        Some(code) => format!("urn:ogc:def:crs:IAU_2015::{}", code / 100 * 100),
        None => "urn:ogc:def:crs:OGC::CRS84".into(),
    }
}

/// West, south, east, north, degrees; a map across the antimeridian has the whole turn.
fn bounds_deg(place: &AngularPlace) -> [f64; 4] {
    let grid = &place.grid;
    let south_deg = (grid.north_rad - grid.height as f64 * grid.step_rad).to_degrees();
    let west_deg = (grid.west_rad.to_degrees() + 180.0).rem_euclid(360.0) - 180.0;
    let east_deg = west_deg + (grid.width as f64 * grid.step_rad).to_degrees();
    let north_deg = grid.north_rad.to_degrees().min(90.0);
    let round = |deg: f64| (deg * 1e9).round() / 1e9;
    let [west_deg, east_deg] = if east_deg > 180.0 + 1e-9 { [-180.0, 180.0] } else { [west_deg, east_deg] };
    [west_deg, south_deg.max(-90.0), east_deg, north_deg].map(round)
}
