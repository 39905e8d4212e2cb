// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ground that is looked at: a built-in world, or a mesh with a map of its brightness.

use std::path::PathBuf;

use facula_archive::{Limits, read_map};
use facula_core::{Body, Pose, Reporter};
use facula_geometry::{Camera, Shape};
use facula_photometry::{SurfaceModel, published_model};
use facula_simulate::{
    Bounce, ConstantGround, Glow, Ground, Haze, MapGround, RenderOptions, Rendered, Scene, Shading, render,
};
use facula_world::{ViewDetail, World, WorldOptions};

use crate::RequestError;
use crate::inputs::read_mesh;

/// Whether ground without a shape model has relief.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Terrain {
    /// That of the built-in world.
    #[default]
    World,
    /// None: the body's ellipsoid.
    Smooth,
}

/// What the ground is made of.
#[derive(Debug, Clone, Default)]
pub struct SurfaceChoice {
    /// Mesh of the body, body-fixed; the built-in world's terrain when absent.
    pub mesh: Option<PathBuf>,
    /// Global map of brightness and the east longitude of its left edge, degrees; scaled to the body's mean normal
    /// albedo. The built-in world's when absent, or even ground with a mesh.
    pub map: Option<(PathBuf, f64)>,
    /// Relief without a mesh.
    pub terrain: Terrain,
    /// Published surface model by name; Lommel-Seeliger with the body's slope parameter when absent.
    pub model: Option<String>,
    /// Seed of everything in the built-in world that is no fact.
    pub seed: Option<u64>,
    /// Light beside the Sun's.
    pub light: LightChoice,
}

/// Light beside the Sun's.
#[derive(Debug, Clone, Default)]
pub struct LightChoice {
    /// Light scattered once from lit terrain, by so many rays over the hemisphere of a point.
    pub bounce: Option<Bounce>,
    /// Ground that shines by itself.
    pub glow: Vec<Glow>,
    /// Thin layers and plumes.
    pub haze: Vec<Haze>,
}

impl SurfaceChoice {
    /// What the picture shows, for captions.
    pub(super) fn words(&self) -> &'static str {
        match (&self.mesh, &self.map) {
            (None, None) if self.terrain == Terrain::Smooth => "Built-in brightness on the smooth ellipsoid.",
            (None, Some(_)) if self.terrain == Terrain::Smooth => {
                "Smooth ellipsoid under a map of brightness."
            }
            (None, None) => "Built-in ground: named craters and faculae at their places, the rest seeded.",
            (None, Some(_)) => "Built-in terrain under a map of brightness.",
            (Some(_), None) => "Shape model with even ground.",
            (Some(_), Some(_)) => "Shape model under a map of brightness.",
        }
    }

    fn law(&self, body: &Body) -> Result<SurfaceModel, RequestError> {
        match &self.model {
            None => Ok(SurfaceModel::lommel_seeliger(body.phase_slope)),
            Some(name) => published_model(name)
                .map(|set| set.model)
                .ok_or_else(|| RequestError::argument("model (`facula photometry models` lists them)", name)),
        }
    }
}

/// What is to be seen.
#[derive(Debug, Clone)]
pub struct PictureRequest<'a> {
    /// The body.
    pub body: &'a Body,
    /// The camera.
    pub camera: Camera,
    /// Where it is and how it is turned, and the Sun.
    pub pose: Pose,
    /// The ground.
    pub surface: SurfaceChoice,
    /// How it is rendered.
    pub options: RenderOptions,
}

/// The ground of many pictures, its files read and its world made once.
pub struct Stage<'a> {
    body: &'a Body,
    terrain: Terrain,
    model: SurfaceModel,
    mesh: Option<Shape>,
    world: Option<World>,
    map: Option<MapGround>,
    light: LightChoice,
}

impl<'a> Stage<'a> {
    /// Reads the files of a choice; makes the built-in world where it is needed.
    ///
    /// # Errors
    /// [`RequestError`]: a mesh, map or model that cannot be read.
    pub fn new(body: &'a Body, choice: &SurfaceChoice) -> Result<Self, RequestError> {
        let mesh = choice.mesh.as_deref().map(read_mesh).transpose()?.map(Shape::Mesh);
        let map = choice.map.as_ref().map(|(path, west_deg)| {
            let map = read_map(path, *west_deg, &Limits::default())?;
            Ok::<_, RequestError>(MapGround::with_mean(map, body.normal_albedo))
        });
        let map = map.transpose()?;
        let needs_terrain = mesh.is_none() && choice.terrain == Terrain::World;
        let needs_albedo = mesh.is_none() && map.is_none();
        let world = (needs_terrain || needs_albedo).then(|| world(body, choice.seed));
        let light = choice.light.clone();
        Ok(Self { body, terrain: choice.terrain, model: choice.law(body)?, mesh, world, map, light })
    }

    /// Lets a camera see it: I/F per pixel, with the truth if the options ask for it.
    ///
    /// # Errors
    /// [`RequestError::Simulate`] for a camera or pose that cannot be used.
    pub fn render(
        &self,
        (camera, pose): (&Camera, &Pose),
        options: &RenderOptions,
        report: &dyn Reporter,
    ) -> Result<Rendered, RequestError> {
        let made;
        let shape = match (&self.mesh, &self.world) {
            (Some(mesh), _) => mesh,
            (None, Some(world)) if self.terrain == Terrain::World => {
                made = Shape::Mesh(world.mesh_reported(&detail(camera, pose), report));
                &made
            }
            _ => {
                made = Shape::Ellipsoid(self.body.ellipsoid());
                &made
            }
        };
        let even = ConstantGround { normal_albedo: self.body.normal_albedo };
        let ground: &dyn Ground = match (&self.map, &self.world) {
            (Some(map), _) => map,
            (None, Some(world)) => world,
            (None, None) => &even,
        };
        let shading = if matches!(shape, Shape::Mesh(_)) { Shading::Smooth } else { Shading::Flat };
        let mut scene = Scene::new(shape, ground, &self.model).shaded(shading);
        scene.bounce = self.light.bounce;
        scene.glow.clone_from(&self.light.glow);
        scene.haze.clone_from(&self.light.haze);
        Ok(render(&scene, camera, pose, options)?)
    }
}

/// One picture: [`Stage::render`] of the request.
///
/// # Errors
/// As [`Stage::new`] and [`Stage::render`].
pub fn picture(request: &PictureRequest<'_>, report: &dyn Reporter) -> Result<Rendered, RequestError> {
    let stage = Stage::new(request.body, &request.surface)?;
    stage.render((&request.camera, &request.pose), &request.options, report)
}

fn world(body: &Body, seed: Option<u64>) -> World {
    let default = WorldOptions::default();
    World::built_in(body, &WorldOptions { seed: seed.unwrap_or(default.seed), ..default })
}

/// Facets of about a pixel over the camera's field, a tenth wider.
fn detail(camera: &Camera, pose: &Pose) -> ViewDetail {
    let axis = pose.camera_from_body.inverse() * facula_core::Vec3::new(0.0, 0.0, 1.0);
    let half_px = 0.5 * (camera.width_px as f64).hypot(camera.height_px as f64);
    let half_angle_rad = (1.1 * half_px * camera.ifov_rad()).atan();
    ViewDetail::new(pose.spacecraft_km, axis, half_angle_rad, camera.ifov_rad())
}
