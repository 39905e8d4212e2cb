// SPDX-License-Identifier: MIT OR Apache-2.0
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! The camera that is not there: pictures of a scene and frames of a detector, with known truth.
//!
//! [`render`] takes a [`Scene`] (shape, ground, surface model, Sun), a camera and a pose and gives I/F; [`expose`] turns
//! that into data numbers; [`simulate_frame`] does both and gives the frame the archive would hold, together
//! with the pose that was really used.

mod error;
mod expose;
mod extras;
mod frame;
mod ground;
mod haze;
mod moving;
mod render;
mod scene;

pub use error::SimulateError;
pub use expose::{Blooming, Effects, FlatField, Noise, Wings, expose};
pub use extras::{Bounce, Glow};
pub use frame::{Exposure, PointingError, SimulatedFrame, simulate_frame};
pub use ground::{ConstantGround, Ground, MapGround};
pub use haze::{Column, Haze, HazePhase};
pub use moving::{Motion, render_moving};
pub use render::{RenderOptions, Rendered, Shadows, Truth, WithTruth, render};
pub use scene::{SUN_RADIUS_KM, Scene, Shading, Sun};
