// SPDX-License-Identifier: MIT OR Apache-2.0
//! A map as a PDS4 product: 32-bit reals and a label with the cartography of the `cart` discipline dictionary.
//!
//! In: a raster, its place, what it is. Out: `<stem>.img` (least significant byte first, line by line, NaN as the
//! missing constant) and `<stem>.xml`, written last so that where it is the product is complete. A label cannot describe
//! a compressed GeoTIFF (PDS4 Standards Reference, section 4A), so the array is written anew.
//!
//! # Source
//! PDS4 Information Model 1.20.0.0; Cartography dictionary `cart` 1.9.7.0. GDAL's PDS4 reader places the product.

use std::io::Write;
use std::path::{Path, PathBuf};

use facula_core::{MapGrid, Raster, xml_text};

use crate::cog::AngularPlace;
use crate::crs::CENTRAL_MERIDIAN_DEG;
use crate::files::write_aside;
use crate::{Georeference, MapError};

/// What stands for NaN in the file: NULL of ISIS 32-bit reals, as other archives use it.
const MISSING: f32 = f32::from_bits(0xff7f_fffb);

/// What a label tells beside numbers and place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pds4MapInfo {
    /// Title of the product.
    pub title: String,
    /// Target as the PDS names it (`(1) Ceres`).
    pub target: String,
    /// Kind of target of the PDS (`Dwarf Planet`, `Asteroid`).
    pub target_type: String,
    /// Instruments the map is made of (`Dawn FC2`).
    pub instrument: String,
    /// Unit of the numbers, empty when they have none.
    pub unit: String,
    /// First and last observation, UTC (`2015-04-15T00:00:00Z`).
    pub times_utc: Option<[String; 2]>,
}

/// Writes a map as `<stem>.img` and `<stem>.xml` into `folder`; gives the path of the label.
///
/// # Errors
/// [`MapError::Argument`] when the values are not of the grid's size, hold infinities, or the stem is no plain name;
/// [`MapError::Io`].
pub fn write_pds4_map(
    folder: &Path,
    stem: &str,
    (values, place): (&Raster<f32>, &Georeference),
    info: &Pds4MapInfo,
) -> Result<PathBuf, MapError> {
    let place = &place.angular("grid of a PDS4 map")?;
    check(stem, values, place)?;
    let (label, data) = (folder.join(format!("{stem}.xml")), folder.join(format!("{stem}.img")));
    match std::fs::remove_file(&label) {
        // A label of an earlier run would vouch for an array that is about to change.
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(MapError::io("remove the label of an earlier run", &label)(error));
        }
        _ => {}
    }
    write_aside(&data, |writer| {
        (0..values.height()).try_for_each(|line| {
            let known = |value: &f32| if value.is_nan() { MISSING } else { *value };
            let bytes: Vec<u8> =
                values.line(line).iter().flat_map(|value| known(value).to_le_bytes()).collect();
            writer.write_all(&bytes)
        })
    })?;
    let text = text(stem, place, info);
    write_aside(&label, |writer| writer.write_all(text.as_bytes()))?;
    Ok(label)
}

fn check(stem: &str, values: &Raster<f32>, place: &AngularPlace) -> Result<(), MapError> {
    let refuse = |what, found, remedy| Err(MapError::Argument { what, found, remedy });
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    if stem.is_empty() || stem.starts_with('.') || !stem.chars().all(plain) {
        let remedy = "use lower-case letters, digits, '_', '-' and '.'";
        return refuse("stem of a PDS4 product", format!("{stem:?}"), remedy);
    }
    let (have, want) = ((values.width(), values.height()), (place.grid.width, place.grid.height));
    if have != want {
        return refuse(
            "map of a PDS4 product",
            format!("{have:?} values for {want:?} cells"),
            "give the values of the grid",
        );
    }
    match values.as_slice().iter().find(|v| v.is_infinite() || v.to_bits() == MISSING.to_bits()) {
        Some(value) => refuse("map of a PDS4 product", value.to_string(), "give finite values, or NaN"),
        None => Ok(()),
    }
}

/// The label: one document of three parts.
fn text(stem: &str, place: &AngularPlace, info: &Pds4MapInfo) -> String {
    let time = |name: &str, k: usize| match &info.times_utc {
        Some(times) => format!("<{name}>{}</{name}>", named(&times[k])),
        None => format!("<{name} xsi:nil=\"true\" nilReason=\"unknown\"/>"),
    };
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"
    xmlns:cart="http://pds.nasa.gov/pds4/cart/v1"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://pds.nasa.gov/pds4/pds/v1 https://pds.nasa.gov/pds4/pds/v1/PDS4_PDS_1K00.xsd http://pds.nasa.gov/pds4/cart/v1 https://pds.nasa.gov/pds4/cart/v1/PDS4_CART_1K00_1970.xsd">
  <Identification_Area>
    <logical_identifier>urn:nasa:pds:facula:map:{stem}</logical_identifier>
    <version_id>1.0</version_id>
    <title>{title}</title>
    <information_model_version>1.20.0.0</information_model_version>
    <product_class>Product_Observational</product_class>
  </Identification_Area>
  <Observation_Area>
    <Time_Coordinates>
      {start}
      {stop}
    </Time_Coordinates>
    <Investigation_Area>
      <name>Facula</name>
      <type>Other Investigation</type>
      <Internal_Reference>
        <lid_reference>urn:nasa:pds:context:investigation:other_investigation.facula</lid_reference>
        <reference_type>data_to_investigation</reference_type>
      </Internal_Reference>
    </Investigation_Area>
    <Observing_System>
      <Observing_System_Component>
        <name>{instrument}</name>
        <type>Instrument</type>
      </Observing_System_Component>
    </Observing_System>
    <Target_Identification>
      <name>{target}</name>
      <type>{target_type}</type>
    </Target_Identification>
    <Discipline_Area>
{cartography}    </Discipline_Area>
  </Observation_Area>
{file_area}</Product_Observational>
"#,
        title = named(&info.title),
        start = time("start_date_time", 0),
        stop = time("stop_date_time", 1),
        instrument = named(&info.instrument),
        target = named(&info.target),
        target_type = named(&info.target_type),
        cartography = cartography(place),
        file_area = file_area(stem, &place.grid, &info.unit),
    )
}

/// Text of the label, or what stands for none.
fn named(text: &str) -> String {
    let text = text.trim();
    xml_text(if text.is_empty() { "unknown" } else { text })
}

/// Where the map lies.
fn cartography(place: &AngularPlace) -> String {
    let grid = &place.grid;
    let [step_m, _, west_m, _, _, north_m] = place.crs.transform_m(grid);
    let radius_m = place.crs.sphere_radius_m;
    let west_deg = grid.west_rad.to_degrees();
    let east_deg = west_deg + (grid.width as f64 * grid.step_rad).to_degrees();
    let north_deg = grid.north_rad.to_degrees();
    let south_deg = north_deg - (grid.height as f64 * grid.step_rad).to_degrees();
    let degree_px = 1.0 / grid.step_rad.to_degrees();
    format!(
        r#"      <cart:Cartography>
        <Local_Internal_Reference>
          <local_identifier_reference>map</local_identifier_reference>
          <local_reference_type>cartography_parameters_to_image_object</local_reference_type>
        </Local_Internal_Reference>
        <cart:Spatial_Domain>
          <cart:Bounding_Coordinates>
            <cart:west_bounding_coordinate unit="deg">{west_deg}</cart:west_bounding_coordinate>
            <cart:east_bounding_coordinate unit="deg">{east_deg}</cart:east_bounding_coordinate>
            <cart:north_bounding_coordinate unit="deg">{north_deg}</cart:north_bounding_coordinate>
            <cart:south_bounding_coordinate unit="deg">{south_deg}</cart:south_bounding_coordinate>
          </cart:Bounding_Coordinates>
        </cart:Spatial_Domain>
        <cart:Spatial_Reference_Information>
          <cart:Horizontal_Coordinate_System_Definition>
            <cart:Planar>
              <cart:Map_Projection>
                <cart:map_projection_name>Equirectangular</cart:map_projection_name>
                <cart:Equirectangular>
                  <cart:standard_parallel_1 unit="deg">0</cart:standard_parallel_1>
                  <cart:longitude_of_central_meridian unit="deg">{CENTRAL_MERIDIAN_DEG}</cart:longitude_of_central_meridian>
                  <cart:latitude_of_projection_origin unit="deg">0</cart:latitude_of_projection_origin>
                </cart:Equirectangular>
              </cart:Map_Projection>
              <cart:Planar_Coordinate_Information>
                <cart:planar_coordinate_encoding_method>Coordinate Pair</cart:planar_coordinate_encoding_method>
                <cart:Coordinate_Representation>
                  <cart:pixel_resolution_x unit="m/pixel">{step_m}</cart:pixel_resolution_x>
                  <cart:pixel_resolution_y unit="m/pixel">{step_m}</cart:pixel_resolution_y>
                  <cart:pixel_scale_x unit="pixel/deg">{degree_px}</cart:pixel_scale_x>
                  <cart:pixel_scale_y unit="pixel/deg">{degree_px}</cart:pixel_scale_y>
                </cart:Coordinate_Representation>
              </cart:Planar_Coordinate_Information>
              <cart:Geo_Transformation>
                <cart:upperleft_corner_x unit="m">{west_m}</cart:upperleft_corner_x>
                <cart:upperleft_corner_y unit="m">{north_m}</cart:upperleft_corner_y>
              </cart:Geo_Transformation>
            </cart:Planar>
            <cart:Geodetic_Model>
              <cart:latitude_type>Planetocentric</cart:latitude_type>
              <cart:spheroid_name>{datum}</cart:spheroid_name>
              <cart:a_axis_radius unit="m">{radius_m}</cart:a_axis_radius>
              <cart:b_axis_radius unit="m">{radius_m}</cart:b_axis_radius>
              <cart:c_axis_radius unit="m">{radius_m}</cart:c_axis_radius>
              <cart:longitude_direction>Positive East</cart:longitude_direction>
            </cart:Geodetic_Model>
          </cart:Horizontal_Coordinate_System_Definition>
        </cart:Spatial_Reference_Information>
      </cart:Cartography>
"#,
        datum = named(&place.crs.datum_name),
    )
}

/// How the numbers lie in the file.
fn file_area(stem: &str, grid: &MapGrid, unit: &str) -> String {
    let unit =
        if unit.is_empty() { String::new() } else { format!("\n        <unit>{}</unit>", named(unit)) };
    format!(
        r#"  <File_Area_Observational>
    <File>
      <file_name>{stem}.img</file_name>
      <file_size unit="byte">{file_bytes}</file_size>
    </File>
    <Array_2D_Image>
      <local_identifier>map</local_identifier>
      <offset unit="byte">0</offset>
      <axes>2</axes>
      <axis_index_order>Last Index Fastest</axis_index_order>
      <Element_Array>
        <data_type>IEEE754LSBSingle</data_type>{unit}
      </Element_Array>
      <Axis_Array>
        <axis_name>Line</axis_name>
        <elements>{lines}</elements>
        <sequence_number>1</sequence_number>
      </Axis_Array>
      <Axis_Array>
        <axis_name>Sample</axis_name>
        <elements>{samples}</elements>
        <sequence_number>2</sequence_number>
      </Axis_Array>
      <Special_Constants>
        <missing_constant>{missing:E}</missing_constant>
      </Special_Constants>
    </Array_2D_Image>
  </File_Area_Observational>
"#,
        file_bytes = grid.width * grid.height * 4,
        lines = grid.height,
        samples = grid.width,
        missing = f64::from(MISSING),
    )
}
