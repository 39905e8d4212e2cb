// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the cells of a map lie: projection, window and size of a cell, from what a user says and what the frames see.

use std::f64::consts::{FRAC_PI_2, TAU};

use facula_core::{
    Body, CellGrid, LonLat, MapGrid, MapRegion, Pole, ProjectedGrid, Projection, ProjectionMethod, Spheroid,
    TrueScale,
};

use super::region::Region;
use crate::RequestError;

/// What a user says of the cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CellChoice {
    /// Size of a cell, m; the median size of the frames' pixels when absent.
    pub scale_m: Option<f64>,
    /// Window; what the frames see when absent.
    pub region: Option<Region>,
    /// Projection.
    pub projection: ProjectionChoice,
}

/// Projections by name, and where they are centred.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProjectionChoice {
    /// Which.
    pub kind: ProjectionKind,
    /// East longitude and latitude of the centre, degrees; the middle of the window when absent.
    pub centre_deg: Option<[f64; 2]>,
}

/// The projections a map may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ProjectionKind {
    /// Equal steps of longitude and latitude.
    #[default]
    Equirectangular,
    /// Equal-area, parallels true to scale.
    Sinusoidal,
    /// Conformal, without poles.
    Mercator,
    /// Conformal around the nearer pole.
    PolarStereographic,
    /// Lambert's azimuthal equal-area.
    EqualArea,
    /// A hemisphere from far away.
    Orthographic,
}

impl ProjectionKind {
    /// All of them with their names.
    pub const NAMES: [(Self, &'static str); 6] = [
        (Self::Equirectangular, "equirectangular"),
        (Self::Sinusoidal, "sinusoidal"),
        (Self::Mercator, "mercator"),
        (Self::PolarStereographic, "polar-stereographic"),
        (Self::EqualArea, "equal-area"),
        (Self::Orthographic, "orthographic"),
    ];
}

impl std::str::FromStr for ProjectionChoice {
    type Err = String;

    /// `NAME` or `NAME,LON,LAT`.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || ProjectionKind::NAMES.map(|(_, name)| name).join(", ");
        let unknown = || format!("give {}; a centre follows as ,LON,LAT in degrees", names());
        let mut parts = text.split(',').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let kind = ProjectionKind::NAMES.iter().find(|(_, known)| *known == name).ok_or_else(unknown)?.0;
        let numbers: Option<Vec<f64>> = parts.map(|part| part.parse().ok()).collect();
        match numbers.as_deref() {
            Some([]) => Ok(Self { kind, centre_deg: None }),
            Some([longitude, latitude]) if longitude.is_finite() && latitude.abs() <= 90.0 => {
                Ok(Self { kind, centre_deg: Some([*longitude, *latitude]) })
            }
            _ => Err(unknown()),
        }
    }
}

/// The grid of a choice. `seen` is what the frames see and the size of their pixels, m.
///
/// # Errors
/// [`RequestError::Projection`] for a window the projection cannot show.
pub fn cell_grid(body: &Body, choice: &CellChoice, seen: (Region, f64)) -> Result<CellGrid, RequestError> {
    let region = choice.region.unwrap_or(seen.0);
    let sphere = Spheroid::sphere_of(body);
    let step_m = choice.scale_m.unwrap_or_else(|| rounded(seen.1));
    if choice.projection.kind == ProjectionKind::Equirectangular {
        return Ok(angular(&region, step_m / sphere.equatorial_m).into());
    }
    let projection = Projection::new(sphere, method(&choice.projection, &region))?;
    let window = MapRegion::Window {
        west_rad: region.west_deg.to_radians(),
        east_rad: region.east_deg.to_radians(),
        south_rad: region.south_deg.to_radians(),
        north_rad: region.north_deg.to_radians(),
    };
    Ok(ProjectedGrid::of_region(projection, &window, step_m)?.into())
}

/// Size of a grid's cells in the coordinate system of a body's maps, m: what [`CellChoice::scale_m`] asks for.
pub fn cell_size_m(body: &Body, grid: &CellGrid) -> f64 {
    grid.cell_m(Spheroid::sphere_of(body).equatorial_m * 1e-3)
}

/// The size of pixels, to two digits: cells of 137.2 m are nobody's wish.
fn rounded(scale_m: f64) -> f64 {
    let unit = 10f64.powf(scale_m.log10().floor() - 1.0);
    (scale_m / unit).floor() * unit
}

/// A window of the global grid whose cells are nearest to a step: windows of one step fit each other.
fn angular(region: &Region, step_rad: f64) -> MapGrid {
    let lines = (0.5 * TAU / step_rad).round().max(1.0);
    let global = MapGrid::global(lines as usize);
    let cells = |degrees: f64| degrees.to_radians() / global.step_rad;
    let first = (cells(region.west_deg) + SLACK).floor();
    let columns = ((cells(region.east_deg) - SLACK).ceil() - first).clamp(1.0, 2.0 * lines);
    let top = (cells(90.0 - region.north_deg) + SLACK).floor().max(0.0);
    let bottom = (cells(90.0 - region.south_deg) - SLACK).ceil().min(lines);
    MapGrid {
        width: columns as usize,
        height: (bottom - top).max(1.0) as usize,
        west_rad: first * global.step_rad,
        north_rad: FRAC_PI_2 - top * global.step_rad,
        step_rad: global.step_rad,
    }
}

/// Part of a cell by which an edge on a cell's border may miss it.
const SLACK: f64 = 1e-6;

fn method(choice: &ProjectionChoice, region: &Region) -> ProjectionMethod {
    let middle = || [0.5 * (region.west_deg + region.east_deg), 0.5 * (region.south_deg + region.north_deg)];
    let [longitude_deg, latitude_deg] = choice.centre_deg.unwrap_or_else(middle);
    let longitude_rad = longitude_deg.to_radians();
    let centre = LonLat::from_degrees(longitude_deg, latitude_deg);
    match choice.kind {
        ProjectionKind::Equirectangular => {
            ProjectionMethod::Equirectangular { longitude_rad, true_scale_latitude_rad: 0.0 }
        }
        ProjectionKind::Sinusoidal => ProjectionMethod::Sinusoidal { longitude_rad },
        ProjectionKind::Mercator => {
            ProjectionMethod::Mercator { longitude_rad, scale: TrueScale::Factor(1.0) }
        }
        ProjectionKind::PolarStereographic => ProjectionMethod::PolarStereographic {
            pole: if latitude_deg < 0.0 { Pole::South } else { Pole::North },
            // A window's middle is no reason to turn a pole's map.
            longitude_rad: choice.centre_deg.map_or(0.0, |[longitude_deg, _]| longitude_deg.to_radians()),
            scale: TrueScale::Factor(1.0),
        },
        ProjectionKind::EqualArea => ProjectionMethod::LambertAzimuthalEqualArea { centre },
        ProjectionKind::Orthographic => ProjectionMethod::Orthographic { centre },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: (Region, f64) =
        (Region { west_deg: 230.0, east_deg: 250.0, south_deg: 10.0, north_deg: 30.0 }, 137.2);

    fn grid(choice: &CellChoice) -> CellGrid {
        cell_grid(&Body::built_in("ceres").unwrap(), choice, SEEN).unwrap()
    }

    #[test]
    fn a_map_is_as_fine_as_its_frames_and_holds_what_they_see() {
        let CellGrid::Angular(found) = grid(&CellChoice::default()) else { panic!("equirectangular") };
        let radius_m = Spheroid::sphere_of(&Body::built_in("ceres").unwrap()).equatorial_m;
        assert!((found.step_rad * radius_m - 130.0).abs() < 0.05, "{}", found.step_rad * radius_m);
        let global = MapGrid { west_rad: 0.0, north_rad: FRAC_PI_2, ..found };
        for [longitude, latitude] in [[230.0, 30.0], [250.0, 10.0]] {
            assert!(found.position(LonLat::from_degrees(longitude, latitude)).is_some());
            assert!(global.place(facula_core::PixelPos::new(0.0, 0.0)).latitude_deg() < 90.0);
        }
        // On the cells of the global grid.
        let columns = found.west_rad / found.step_rad;
        assert!((columns - columns.round()).abs() < 1e-6);
    }

    #[test]
    fn windows_of_one_size_fit_each_other() {
        let choice = |region| CellChoice { scale_m: Some(500.0), region: Some(region), ..Default::default() };
        let (CellGrid::Angular(whole), CellGrid::Angular(part)) =
            (grid(&choice(Region::GLOBAL)), grid(&choice(SEEN.0)))
        else {
            panic!("equirectangular")
        };
        assert!(whole.wraps() && whole.width == 2 * whole.height);
        assert_eq!(whole.step_rad, part.step_rad);
        let columns = (part.west_rad - whole.west_rad) / whole.step_rad;
        assert!((columns - columns.round()).abs() < 1e-6);
    }

    #[test]
    fn every_projection_shows_its_window() {
        for (kind, name) in ProjectionKind::NAMES {
            let projection: ProjectionChoice = name.parse().unwrap();
            assert_eq!(projection.kind, kind);
            let found = grid(&CellChoice { scale_m: Some(1000.0), projection, ..Default::default() });
            let middle = LonLat::from_degrees(240.0, 20.0);
            assert!(found.position(middle).is_some() && found.width() > 100, "{name}: {found:?}");
        }
        let pole: ProjectionChoice = "polar-stereographic,0,-90".parse().unwrap();
        assert_eq!(pole.centre_deg, Some([0.0, -90.0]));
        for bad in ["peters", "sinusoidal,1", "mercator,a,b", "equal-area,0,100"] {
            assert!(bad.parse::<ProjectionChoice>().is_err(), "{bad}");
        }
    }

    #[test]
    fn mercator_has_no_poles() {
        let choice = CellChoice {
            region: Some(Region::GLOBAL),
            scale_m: Some(1e4),
            projection: "mercator".parse().unwrap(),
        };
        let error = cell_grid(&Body::built_in("ceres").unwrap(), &choice, SEEN).unwrap_err();
        assert!(error.to_string().contains("no end"), "{error}");
    }
}
