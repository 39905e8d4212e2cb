// SPDX-License-Identifier: MIT OR Apache-2.0
//! A map in a file with what lies beside it: the GeoTIFF of `facula map` with its quality, coverage and scale, any other
//! equirectangular GeoTIFF, an ISIS cube, or a plain picture whose west edge is told.

use std::path::{Path, PathBuf};

use facula_archive::{ArchiveImage, FileKind, ImageOptions, read_cube, read_image};
use facula_core::{Body, MapGrid, Quality, Raster, Reporter, Silent, quantile};
use facula_spots::SpotMap;

use super::georeference::{Placed, metadata_item, placed};
use crate::RequestError;
use crate::inputs::read_body;
use crate::survey::{InputFile, input};

/// Which map, and what it does not say itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MapChoice {
    /// The file, or the folder of a `facula map`.
    pub path: PathBuf,
    /// Built-in body or body file; the map's own when absent.
    pub body: Option<String>,
    /// East longitude of the left edge, degrees, for files that do not say where they lie (a global map).
    pub west_deg: Option<f64>,
    /// Quality flags of the cells, as `facula map` writes them; `quality.tif` beside the map when absent.
    pub quality: Option<PathBuf>,
    /// One-sigma errors of the cells; the second band of a map of `facula map` when absent.
    pub sigma: Option<PathBuf>,
    /// Full width at half maximum of what the map does to a point, cells; told by the map's scale when absent.
    pub psf_px: Option<f64>,
}

impl MapChoice {
    /// A map that says all itself.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// A map, read.
#[derive(Debug, Clone)]
pub struct OpenMap {
    /// Its name: that of the file, or of the folder for `map.tif`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// The body.
    pub body: Body,
    /// Where the cells lie.
    pub grid: MapGrid,
    /// The values; NaN where there is none.
    pub values: Raster<f32>,
    /// What is wrong with each cell.
    pub quality: Raster<Quality>,
    /// One-sigma errors, where known.
    pub sigma: Option<Raster<f32>>,
    /// Frames per cell, where known.
    pub coverage: Option<Raster<u16>>,
    /// Full width at half maximum of what the map does to a point, cells.
    pub effective_psf_px: f64,
    /// What the values are: `normal albedo`, `relative brightness`.
    pub quantity: String,
    /// Every file that was read, with its content's hash.
    pub(crate) inputs: Vec<InputFile>,
}

/// Full width at half maximum taken for maps that do not say how fine their frames were, cells (assumed: as fine as its
/// cells allow).
const UNKNOWN_PSF_PX: f64 = 2.0;
/// Sigma of a camera's point-spread function, pixels, for maps that do not say which camera took their frames (assumed:
/// 1.3 px at half maximum, that of Dawn's).
const CAMERA_SIGMA_PX: f64 = 0.55;
/// Full width at half maximum of a Gaussian of sigma 1.
pub(crate) const FWHM_PER_SIGMA: f64 = 2.354_820_045;

impl OpenMap {
    /// Reads a map.
    ///
    /// # Errors
    /// [`RequestError::MapFile`] for maps of another projection, without a place or a body; [`RequestError::Archive`].
    pub fn open(choice: &MapChoice, report: &dyn Reporter) -> Result<Self, RequestError> {
        let path = map_path(&choice.path);
        let mut inputs = vec![input(&path)?];
        let read = if is_cube(&path) {
            cube(&path)?
        } else {
            let image = read_image(&path, &ImageOptions::default(), report)?;
            let place = placed(&image, choice.west_deg).map_err(|trouble| trouble.of(&path))?;
            Read { image, place }
        };
        let Read { image, place: Placed { grid, body } } = read;
        let body = match choice.body.as_deref().or(body.as_deref()) {
            Some(name) => read_body(&name.to_lowercase_name())?,
            None => return Err(no_body(&path)),
        };
        let mut beside = Beside { folder: path.parent().unwrap_or(Path::new("")), grid, inputs: &mut inputs };
        let flags = beside.plane(choice.quality.as_deref(), "quality.tif", is_own(&path))?;
        let coverage = beside.plane(None, "coverage.tif", is_own(&path))?;
        let scale_m = beside.plane(None, "scale.tif", is_own(&path))?;
        let sigma = match &choice.sigma {
            Some(file) => beside.plane(Some(file), "", false)?,
            None => second_band(&path, &image)?,
        };
        let quality = match flags {
            Some(flags) => flags.map(|bits| Quality::from_bits(if bits.is_nan() { 0 } else { bits as u8 })),
            None => image.quality,
        };
        let radius_km = body.ellipsoid().mean_radius_km();
        let told = scale_m.map(|scale_m| blur_fwhm_cells(CAMERA_SIGMA_PX, &scale_m, grid.cell_m(radius_km)));
        Ok(Self {
            name: name_of(&path),
            effective_psf_px: choice.psf_px.or(told.flatten()).unwrap_or(UNKNOWN_PSF_PX).clamp(0.0, 99.0),
            quantity: metadata_item(&image.keywords, "QUANTITY").unwrap_or_else(|| "brightness".into()),
            coverage: coverage
                .map(|counts| counts.map(|count| if count.is_nan() { 0 } else { count as u16 })),
            path,
            body,
            grid,
            values: image.image,
            quality,
            sigma,
            inputs,
        })
    }

    /// As the search for spots takes it.
    pub fn spot_map(&self) -> SpotMap<'_> {
        SpotMap {
            grid: self.grid,
            albedo: &self.values,
            quality: &self.quality,
            sigma: self.sigma.as_ref(),
            coverage: self.coverage.as_ref(),
            ellipsoid: self.body.ellipsoid(),
            effective_psf_px: self.effective_psf_px,
        }
    }

    /// Size of a cell at the equator, km.
    pub fn cell_km(&self) -> f64 {
        self.grid.step_rad * self.body.ellipsoid().mean_radius_km()
    }

    /// Cells with a value that nothing is wrong with.
    pub fn known_cells(&self) -> usize {
        let cells = self.values.as_slice().iter().zip(self.quality.as_slice());
        cells.filter(|(value, quality)| value.is_finite() && !quality.intersects(Quality::MISSING)).count()
    }
}

/// Body names in metadata are capitalised (`Ceres`); paths of body files stay as they are.
trait BodyName {
    fn to_lowercase_name(&self) -> String;
}

impl BodyName for str {
    fn to_lowercase_name(&self) -> String {
        if self.ends_with(".toml") { self.to_string() } else { self.to_lowercase() }
    }
}

/// The values of a file and where they lie.
struct Read {
    image: ArchiveImage,
    place: Placed,
}

fn cube(path: &Path) -> Result<Read, RequestError> {
    let image = read_image(path, &ImageOptions::default(), &Silent)?;
    let odd = |error: facula_archive::ArchiveError| RequestError::MapFile {
        what: error.to_string().trim_end_matches(" ()").to_string(),
        remedy: "make it simple cylindrical, planetocentric, positive east (map2map)",
        path: path.to_path_buf(),
    };
    let grid = read_cube(path, &facula_archive::Limits::default())?.into_map().map_err(odd)?.grid;
    let target =
        image.keywords.get("IsisCube.Mapping.TargetName").map(|name| name.trim_matches('"').to_string());
    Ok(Read { image, place: Placed { grid, body: target } })
}

fn is_cube(path: &Path) -> bool {
    let mut head = [0u8; 64];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut head));
    read.is_ok_and(|length| FileKind::of(path, &head[..length]) == FileKind::IsisCube)
}

/// The map in a folder, or the file itself.
fn map_path(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("map.tif") } else { path.to_path_buf() }
}

/// Whether a file has the name that `facula map` gives its map.
fn is_own(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "map.tif")
}

fn name_of(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).filter(|_| is_own(path));
    let name =
        folder.or(path.file_stem()).map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    name.chars().map(plain).collect()
}

fn no_body(path: &Path) -> RequestError {
    RequestError::MapFile {
        what: "it does not say which body it is of".into(),
        remedy: "name the body with --body, such as --body ceres",
        path: path.to_path_buf(),
    }
}

/// Planes of the same cells in other files.
struct Beside<'a> {
    folder: &'a Path,
    grid: MapGrid,
    inputs: &'a mut Vec<InputFile>,
}

impl Beside<'_> {
    /// A plane that was named, or that lies beside a map of `facula map` under its usual name.
    fn plane(
        &mut self,
        named: Option<&Path>,
        usual: &str,
        look: bool,
    ) -> Result<Option<Raster<f32>>, RequestError> {
        let usual = Some(self.folder.join(usual)).filter(|path| look && path.is_file());
        let Some(path) = named.map(Path::to_path_buf).or(usual) else { return Ok(None) };
        let plane = read_image(&path, &ImageOptions::default(), &Silent)?.image;
        if (plane.width(), plane.height()) != (self.grid.width, self.grid.height) {
            return Err(RequestError::MapFile {
                what: format!(
                    "it has {} x {} cells, the map {} x {}",
                    plane.width(),
                    plane.height(),
                    self.grid.width,
                    self.grid.height
                ),
                remedy: "give a plane of the same cells",
                path,
            });
        }
        self.inputs.push(input(&path)?);
        Ok(Some(plane))
    }
}

/// Sigma in the second band of a map of `facula map`.
fn second_band(path: &Path, image: &ArchiveImage) -> Result<Option<Raster<f32>>, RequestError> {
    if image.part.sizes[2] < 2 || metadata_item(&image.keywords, "PHOTOMETRIC_MODEL").is_none() {
        return Ok(None);
    }
    let options = ImageOptions { band: 1, ..ImageOptions::default() };
    Ok(Some(read_image(path, &options, &Silent)?.image))
}

/// Full width at half maximum of what camera and mapping do to a point, map cells; `None` where no scale is known.
pub(crate) fn blur_fwhm_cells(psf_sigma_px: f64, scale_m: &Raster<f32>, cell_m: f64) -> Option<f64> {
    let mut scales: Vec<f32> =
        scale_m.as_slice().iter().copied().filter(|s| s.is_finite()).step_by(97).collect();
    let middle_m = f64::from(quantile(&mut scales, 0.5, f32::total_cmp)?);
    Some(blur_sigma_px(psf_sigma_px) * FWHM_PER_SIGMA * middle_m / cell_m)
}

/// Sigma of point-spread function, pixel (a box of 1 px) and bilinear look-up (a triangle of 2 px, whose mean over positions
/// has variance 1/3 − 1/6 px²), added in squares, pixels.
fn blur_sigma_px(psf_sigma_px: f64) -> f64 {
    (psf_sigma_px.powi(2) + 1.0 / 12.0 + 1.0 / 6.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_called_after_their_folder_or_file() {
        assert_eq!(name_of(Path::new("occator/map.tif")), "occator");
        assert_eq!(name_of(Path::new("data/ceres albedo.jpg")), "ceres_albedo");
        assert_eq!(name_of(Path::new("map.tif")), "map");
        assert_eq!("Ceres".to_lowercase_name(), "ceres");
        assert_eq!("My/Body.toml".to_lowercase_name(), "My/Body.toml");
    }

    #[test]
    fn blur_grows_with_the_pixels_of_the_frames() {
        let scale_m = Raster::filled(400, 10, 280.0f32);
        let coarse = blur_fwhm_cells(0.55, &scale_m, 140.0).unwrap();
        // √(0.55² + 0.25) · 2.355 pixels of two cells.
        assert!((coarse - 2.0 * 0.743_303 * 2.354_820).abs() < 1e-4, "{coarse}");
        assert!(blur_fwhm_cells(0.55, &Raster::filled(4, 4, f32::NAN), 140.0).is_none());
    }

    #[test]
    fn a_map_without_a_body_or_a_place_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        let error = OpenMap::open(&MapChoice::of(&path), &Silent).unwrap_err().to_string();
        assert!(error.contains("a.tif"), "{error}");
    }
}
