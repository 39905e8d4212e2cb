// SPDX-License-Identifier: MIT OR Apache-2.0
//! Options that say what is seen from where: shared by `render` and `simulate`.

use std::path::PathBuf;

use clap::Args;
use facula::RequestError;
use facula::core::{Body, LonLat, Pose, Reporter, Vec3};
use facula::geometry::{Camera, CameraFile};
use facula::inputs::{read_body, read_camera};
use facula::observe::{FrameQuestion, parse_epoch, place_frame};
use facula::picture::{LightChoice, PictureRequest, Standpoint, SurfaceChoice, Terrain, pinhole, pose_for};
use facula::simulate::{Bounce, Column, Glow, Haze, HazePhase, RenderOptions, WithTruth};
use facula::spice::Kernels;

use super::KernelArgs;

#[derive(Debug, Args)]
pub(super) struct ViewArgs {
    /// Body: ceres, vesta, or a body file ending in .toml [default: ceres, or the frame's target].
    #[arg(long)]
    body: Option<String>,
    /// UTC time.
    #[arg(long, value_name = "UTC", conflicts_with = "frame")]
    time: Option<String>,
    /// Above a place: east longitude and latitude in degrees, distance from the centre in km.
    #[arg(long, value_name = "LON,LAT,KM", value_parser = three, allow_hyphen_values = true)]
    above: Option<[f64; 3]>,
    /// Body-fixed position from the centre, km.
    #[arg(long, value_name = "X,Y,Z", value_parser = three, allow_hyphen_values = true, conflicts_with = "above")]
    position: Option<[f64; 3]>,
    /// Place looked at: east longitude and latitude, degrees [default: the body's centre].
    #[arg(long, value_name = "LON,LAT", value_parser = two, allow_hyphen_values = true)]
    pub(super) look_at: Option<[f64; 2]>,
    /// Time, camera and pose of this frame (label, FITS or PNG with a JSON pose), by its label or the kernels.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["above", "position", "look_at"])]
    frame: Option<PathBuf>,
    #[command(flatten)]
    kernels: KernelArgs,
    /// Built-in camera or camera file [default: dawn_fc2, or the frame's].
    #[arg(long, value_name = "NAME|FILE.toml")]
    camera: Option<String>,
    /// Filter of the camera.
    #[arg(long)]
    filter: Option<String>,
    /// Shape model: OBJ, PLY, STL, VTK, ICQ or DSK in km, body-fixed [default: the built-in world].
    #[arg(long, value_name = "FILE")]
    shape: Option<PathBuf>,
    /// Global map of brightness (JPEG, PNG, TIFF, cube) and the east longitude of its left edge [default: -180].
    #[arg(long, value_name = "FILE[,WEST]")]
    map: Option<String>,
    /// The smooth ellipsoid in place of terrain.
    #[arg(long, conflicts_with = "shape")]
    smooth: bool,
    /// How the ground scatters light, by name (`facula photometry models`) [default: Lommel-Seeliger with H, G].
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Light scattered once from lit terrain into shadows, by so many rays a point (16 to 1024).
    #[arg(long, value_name = "RAYS")]
    bounce: Option<usize>,
    /// Ground that shines by itself: east longitude, latitude (deg), radius (km), radiance as I/F. May be repeated.
    #[arg(long, value_name = "LON,LAT,KM,IOF", value_parser = four, allow_hyphen_values = true)]
    glow: Vec<[f64; 4]>,
    /// Thin haze: scale height (km), vertical optical depth.
    #[arg(long, value_name = "KM,DEPTH", value_parser = two)]
    haze: Option<[f64; 2]>,
    /// Plume: east longitude, latitude (deg), radius (km), scale height (km), optical depth at its middle. May be repeated.
    #[arg(long, value_name = "LON,LAT,KM,KM,DEPTH", value_parser = five, allow_hyphen_values = true)]
    plume: Vec<[f64; 5]>,
    /// Lines of sight per pixel, 1 to 64.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    samples: u8,
    /// Seed of what is no fact in the built-in world, and of noise.
    #[arg(long)]
    pub(super) seed: Option<u64>,
}

fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text.split(',').map(|n| n.trim().parse().ok()).collect();
    let numbers: [f64; N] = numbers?.try_into().ok()?;
    numbers.iter().all(|n| n.is_finite()).then_some(numbers)
}

fn three(text: &str) -> Result<[f64; 3], String> {
    numbers(text).ok_or_else(|| "give three numbers with commas, such as 239.3,19.8,22000".into())
}

fn two(text: &str) -> Result<[f64; 2], String> {
    numbers(text).ok_or_else(|| "give two numbers with a comma, such as 239.3,19.8".into())
}

fn four(text: &str) -> Result<[f64; 4], String> {
    numbers(text).ok_or_else(|| "give four numbers with commas, such as 239.6,19.7,5,0.05".into())
}

fn five(text: &str) -> Result<[f64; 5], String> {
    numbers(text).ok_or_else(|| "give five numbers with commas, such as 239.6,19.7,10,20,0.01".into())
}

/// A camera without distortion in place of a camera file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pinhole {
    pub(super) size_px: [usize; 2],
    pub(super) field_deg: f64,
}

/// What the options came to.
pub(super) struct View {
    pub(super) body: Body,
    pub(super) camera: Camera,
    pub(super) file: CameraFile,
    pub(super) filter: String,
    pub(super) pose: Pose,
    pub(super) kernels: Kernels,
}

impl ViewArgs {
    /// Reads the files and finds the pose.
    pub(super) fn view(
        &self,
        pinhole_camera: Option<Pinhole>,
        report: &dyn Reporter,
    ) -> Result<View, RequestError> {
        let kernels = self.kernels.load()?;
        if let Some(label) = &self.frame {
            let question = FrameQuestion {
                label,
                body: self.body.as_deref(),
                camera: self.camera.as_deref(),
                shape: None,
            };
            let placed = place_frame(&kernels, &question, report)?;
            let file = CameraFile::built_in(&placed.camera.name)?;
            let filter = self.filter.clone().unwrap_or(placed.header.meta.filter);
            let (body, camera, pose) = (placed.body, placed.camera, placed.pose);
            return Ok(View { body, camera, file, filter, pose, kernels });
        }
        let body = read_body(self.body.as_deref().unwrap_or("ceres"))?;
        let file = read_camera(self.camera.as_deref().unwrap_or("dawn_fc2"))?;
        let first = || file.filters.keys().next().cloned().unwrap_or_default();
        let filter = self.filter.clone().unwrap_or_else(first);
        let camera = match pinhole_camera {
            Some(Pinhole { size_px, field_deg }) => pinhole(size_px, field_deg)?,
            None => file.camera(&filter)?,
        };
        let time = self.time.as_deref().ok_or_else(|| missing("time (or a frame)", "none"))?;
        let pose = pose_for((&body, &kernels), parse_epoch(time)?, self.standpoint()?, self.look_at)?;
        Ok(View { body, camera, file, filter, pose, kernels })
    }

    fn standpoint(&self) -> Result<Standpoint, RequestError> {
        match (self.above, self.position) {
            (Some([longitude_deg, latitude_deg, range_km]), _) => {
                Ok(Standpoint::Above { longitude_deg, latitude_deg, range_km })
            }
            (None, Some([x, y, z])) => Ok(Standpoint::At(Vec3::new(x, y, z))),
            (None, None) => Err(missing("standpoint (--above, --position or --frame)", "none")),
        }
    }

    /// The picture to make of a view.
    pub(super) fn picture<'a>(
        &self,
        view: &'a View,
        truth: WithTruth,
    ) -> Result<PictureRequest<'a>, RequestError> {
        let surface = SurfaceChoice {
            mesh: self.shape.clone(),
            map: self.map.as_deref().map(map).transpose()?,
            terrain: if self.smooth { Terrain::Smooth } else { Terrain::World },
            model: self.model.clone(),
            seed: self.seed,
            light: self.light(&view.body),
        };
        let options =
            RenderOptions { samples_per_pixel: usize::from(self.samples), truth, ..RenderOptions::default() };
        Ok(PictureRequest {
            body: &view.body,
            camera: view.camera.clone(),
            pose: view.pose,
            surface,
            options,
        })
    }
}

impl ViewArgs {
    fn light(&self, body: &Body) -> LightChoice {
        let direction = |longitude_deg: f64, latitude_deg: f64| {
            LonLat::from_degrees(longitude_deg, latitude_deg).direction()
        };
        let glow = |&[longitude_deg, latitude_deg, radius_km, iof]: &[f64; 4]| {
            let centre = direction(longitude_deg, latitude_deg);
            Glow { centre, radius_rad: radius_km / body.ellipsoid().radius_km(centre), iof }
        };
        let layer = |scale_height_km: f64, optical_depth: f64| Haze {
            base: body.ellipsoid(),
            scale_height_km,
            optical_depth,
            single_scattering_albedo: 1.0,
            phase: HazePhase::Isotropic,
            column: None,
        };
        let plume = |&[longitude_deg, latitude_deg, radius_km, scale_height_km, optical_depth]: &[f64; 5]| {
            let centre = direction(longitude_deg, latitude_deg);
            let column = Some(Column { centre, radius_km, half_opening_rad: 0.0 });
            Haze { column, ..layer(scale_height_km, optical_depth) }
        };
        let haze = self.haze.map(|[scale_height_km, optical_depth]| layer(scale_height_km, optical_depth));
        LightChoice {
            bounce: self.bounce.map(|rays| Bounce { rays }),
            glow: self.glow.iter().map(glow).collect(),
            haze: haze.into_iter().chain(self.plume.iter().map(plume)).collect(),
        }
    }
}

/// A path, and the longitude of its left edge behind the last comma.
fn map(text: &str) -> Result<(PathBuf, f64), RequestError> {
    match text.rsplit_once(',') {
        Some((path, west)) => {
            let west_deg = west.trim().parse().map_err(|_| RequestError::argument("map", text))?;
            Ok((path.into(), west_deg))
        }
        None => Ok((text.into(), -180.0)),
    }
}

fn missing(name: &'static str, value: &str) -> RequestError {
    RequestError::argument(name, value)
}
