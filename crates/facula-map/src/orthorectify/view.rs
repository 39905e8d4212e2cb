// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shot made ready for looking up many cells, and the exact way to look up one.

use std::sync::Arc;

use facula_core::{BodyFixed, PixelPos, Quality, Vec3};
use facula_geometry::{Shape, Shot};
use facula_photometry::{DiskFunction, LightAngles};

use super::MosaicOptions;
use super::clean::Clean;
use super::curves::{Fade, PhaseTable};
use super::lines::Law;
use super::sample::{Reader, Reading};
use super::tile::law_of;
use crate::mosaic::{Bounds, Spot, TileGround};

/// Cells up to this many pixels wide are read at one place; larger ones are averaged.
pub(super) const SINGLE_READING_PX: f64 = 1.5;
/// Phase beyond which the H, G phase function is extrapolated: sin of half of 120° (Bowell et al. 1989).
pub(super) const MAX_HALF_PHASE_SIN: f64 = 0.866_025_403_784_438_6;

/// What a frame contributes to a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// The cell is not in the frame or faces away.
    Unseen,
    /// It is in the frame but cannot be used, and why.
    Rejected(Quality),
    /// A measurement.
    Measured(Measurement),
}

/// One frame's measurement of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measurement {
    /// Brightness at the standard geometry.
    pub albedo: f64,
    /// Its random error, one sigma.
    pub sigma: f64,
    /// Weight, m⁻².
    pub weight: f64,
    /// Size of a pixel across the line of sight, m.
    pub scale_m: f64,
    /// Flags that travel with the measurement.
    pub flags: Quality,
}

/// How a cell is seen and lit in a shot.
pub(super) struct Sight {
    /// Where it falls.
    pub at: PixelPos,
    /// Unit vector to the camera.
    pub to_camera: Vec3<BodyFixed>,
    /// Unit vector to the Sun.
    pub to_sun: Vec3<BodyFixed>,
    /// Cosine of the emission angle.
    pub cos_emission: f64,
    /// Cosine of the incidence angle.
    pub cos_incidence: f64,
    /// Size of a pixel across the line of sight, m.
    pub scale_m: f64,
}

/// A shot with everything that does not change from cell to cell.
pub(crate) struct ShotView<'a> {
    pub(super) shot: &'a Shot,
    pub(super) shape: &'a Shape,
    pub(super) options: &'a MosaicOptions,
    pub(super) phase: &'a PhaseTable,
    pub(super) clean: Arc<Clean>,
    pub(super) law: Law,
    boresight: Vec3<BodyFixed>,
    half_field_rad: f64,
    pub(super) ifov_m_per_km: f64,
    pub(super) emission: Fade,
    pub(super) incidence: Fade,
    /// Cosine of the zenith angle beyond which terrain may stand in the way; −2 for shapes without.
    pub(super) ray_cos_zenith: f64,
}

impl<'a> ShotView<'a> {
    pub(crate) fn new(
        shot: &'a Shot,
        shape: &'a Shape,
        options: &'a MosaicOptions,
        phase: &'a PhaseTable,
    ) -> Self {
        Self::with_clean(shot, Arc::new(Clean::of(&shot.frame.quality)), (shape, options, phase))
    }

    /// As [`Self::new`], with what is known of the frame's flags from an earlier view.
    pub(crate) fn with_clean(
        shot: &'a Shot,
        clean: Arc<Clean>,
        (shape, options, phase): (&'a Shape, &'a MosaicOptions, &'a PhaseTable),
    ) -> Self {
        let (width_px, height_px) = (shot.camera.width_px as f64, shot.camera.height_px as f64);
        let boresight = shot.pose.camera_from_body.inverse() * Vec3::new(0.0, 0.0, 1.0);
        let corners = [(0.0, 0.0), (width_px, 0.0), (0.0, height_px), (width_px, height_px)];
        let half_field_rad = corners
            .map(|(x_px, y_px)| boresight.angle_rad(shot.look_in_body(PixelPos::new(x_px, y_px))))
            .into_iter()
            .fold(0.0, f64::max);
        let smooth = matches!(shape, Shape::Ellipsoid(_));
        Self {
            shot,
            shape,
            options,
            phase,
            clean,
            law: law_of(options),
            boresight,
            half_field_rad,
            ifov_m_per_km: shot.camera.ifov_rad() * 1000.0,
            emission: Fade::new(options.max_emission_rad, options.soften_rad),
            incidence: Fade::new(options.max_incidence_rad, options.soften_rad),
            ray_cos_zenith: if smooth { -2.0 } else { options.ray_zenith_rad.cos() },
        }
    }

    /// Whether no cell within the bounds can be in the frame and face the camera. Never true for one that can.
    pub(crate) fn misses(&self, bounds: &Bounds) -> bool {
        let to_tile_km = bounds.centre_km - self.shot.pose.spacecraft_km;
        let distance_km = to_tile_km.length();
        if distance_km <= bounds.radius_km {
            return false;
        }
        let half_width_rad = (bounds.radius_km / distance_km).asin();
        let outside = self.boresight.angle_rad(to_tile_km) > self.half_field_rad + half_width_rad;
        let facing_away = bounds.normal.angle_rad(-to_tile_km)
            > std::f64::consts::FRAC_PI_2 + bounds.normal_spread_rad + half_width_rad;
        outside || facing_away
    }

    /// How many cells along each side of a block share one ray: terrain is not looked at more finely than the
    /// frame's pixels show it.
    pub(super) fn ray_block_cells(&self, ground: &TileGround) -> usize {
        let range_km = (ground.bounds.centre_km - self.shot.pose.spacecraft_km).length();
        let cells_per_px = range_km * self.ifov_m_per_km / (ground.cell_km() * 1000.0);
        cells_per_px.ceil().clamp(1.0, 4.0) as usize
    }

    /// What the frame says of a cell, obstacles not considered.
    pub(super) fn look_at(&self, ground: &TileGround, cell: usize) -> Outcome {
        let spot = ground.spot(cell);
        match self.sight(&spot) {
            None => Outcome::Unseen,
            Some(sight) => match self.measure((ground, cell), (&spot, &sight)) {
                Ok(measurement) => Outcome::Measured(measurement),
                Err(reason) => Outcome::Rejected(reason),
            },
        }
    }

    /// How a point is seen and lit; `None` when it faces away or lies outside the frame.
    pub(super) fn sight(&self, spot: &Spot) -> Option<Sight> {
        let (point_km, normal) = (spot.point_km, spot.normal);
        let to_camera_km = self.shot.pose.spacecraft_km - point_km;
        let towards = normal.dot(to_camera_km);
        // False for cells without ground (NaN) too.
        if !(towards > 0.0) {
            return None;
        }
        let at = self.shot.pixel_of(point_km).filter(|at| self.reader().inside(*at))?;
        let range_km = to_camera_km.length();
        let to_sun_km = self.shot.pose.sun_km - point_km;
        let to_sun = to_sun_km * (1.0 / to_sun_km.length());
        Some(Sight {
            at,
            to_camera: to_camera_km * (1.0 / range_km),
            to_sun,
            cos_emission: towards / range_km,
            cos_incidence: normal.dot(to_sun),
            scale_m: range_km * self.ifov_m_per_km,
        })
    }

    fn measure(
        &self,
        (ground, cell): (&TileGround, usize),
        (spot, sight): (&Spot, &Sight),
    ) -> Result<Measurement, Quality> {
        if sight.cos_incidence <= 0.0 {
            return Err(Quality::SHADOW);
        }
        let fade = self.emission.weight(sight.cos_emission) * self.incidence.weight(sight.cos_incidence);
        if fade <= 0.0 {
            return Err(Quality::GRAZING);
        }
        let reading = self.reading((ground, cell), (spot, sight))?;
        let half_phase_sin = 0.5 * (sight.to_sun - sight.to_camera).length();
        let brightness = self.phase.at(half_phase_sin) * self.disk(sight, half_phase_sin);
        if !(brightness > 0.0 && brightness.is_finite()) {
            return Err(Quality::EXTRAPOLATED);
        }
        let beyond = if half_phase_sin > MAX_HALF_PHASE_SIN { Quality::EXTRAPOLATED } else { Quality::GOOD };
        let seen = fade * sight.cos_incidence * sight.cos_emission * self.feather(sight.at);
        Ok(Measurement {
            albedo: reading.iof / brightness,
            sigma: self.sigma_at(sight.at) * reading.noise_squared.sqrt() / brightness,
            weight: seen / (sight.scale_m * sight.scale_m),
            scale_m: sight.scale_m,
            flags: reading.flags | beyond,
        })
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        let (sampling, rejected) = (self.options.sampling, self.options.rejected);
        Reader { frame: &self.shot.frame, sampling, rejected }
    }

    /// The factor of the weight that falls towards the frame's edges.
    fn feather(&self, at: PixelPos) -> f64 {
        let frame = &self.shot.frame.iof;
        let from = |v: f64, size: usize| v.min((size - 1) as f64 - v);
        let edge_px = from(at.x_px, frame.width()).min(from(at.y_px, frame.height()));
        ((edge_px + EDGE_PX) / self.options.feather_px.max(EDGE_PX)).min(1.0)
    }

    fn disk(&self, sight: &Sight, half_phase_sin: f64) -> f64 {
        let phase_rad = match self.options.model.disk {
            // These do not look at the phase angle; the others pay for it.
            DiskFunction::LommelSeeliger | DiskFunction::Lambert => 0.0,
            _ => 2.0 * half_phase_sin.clamp(0.0, 1.0).asin(),
        };
        let Sight { cos_incidence, cos_emission, .. } = *sight;
        self.options.model.disk.value(LightAngles { cos_incidence, cos_emission, phase_rad })
    }

    fn sigma_at(&self, at: PixelPos) -> f64 {
        // Places inside the frame are not negative, so adding a half and cutting off rounds.
        f64::from(self.shot.frame.sigma.at((at.x_px + 0.5) as usize, (at.y_px + 0.5) as usize))
    }

    /// Reads the frame at the cell, or its mean over the cell when that is larger than the pixels.
    fn reading(
        &self,
        (ground, cell): (&TileGround, usize),
        (spot, sight): (&Spot, &Sight),
    ) -> Result<Reading, Quality> {
        // No side of a cell is longer in the frame than it is on the ground.
        if !ground.stretches() && ground.cell_km() * 1000.0 / sight.scale_m <= 0.5 * SINGLE_READING_PX {
            return self.reader().read(sight.at);
        }
        let sides_px = ground.sides_km(cell, spot).map(|side_km| {
            let end = |part: f64| self.shot.pixel_of(spot.point_km + side_km * part);
            match (end(-0.5), end(0.5)) {
                (Some(a), Some(b)) => [b.x_px - a.x_px, b.y_px - a.y_px],
                _ => [0.0; 2],
            }
        });
        if is_single(sides_px) {
            self.reader().read(sight.at)
        } else {
            self.reader().mean(sight.at, sides_px)
        }
    }
}

/// Half a pixel: where the frame's outermost pixels end, seen from their centres.
pub(super) const EDGE_PX: f64 = 0.5;

/// Whether a cell with these sides in the frame is small enough for one reading.
pub(super) fn is_single(sides_px: [[f64; 2]; 2]) -> bool {
    sides_px.iter().all(|[x, y]| x * x + y * y <= SINGLE_READING_PX * SINGLE_READING_PX)
}
