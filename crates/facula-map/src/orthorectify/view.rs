// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shot made ready for looking up many cells.

use facula_core::{BodyFixed, IofFrame, PixelPos, Quality, Vec3};
use facula_geometry::{Shape, Shot};
use facula_photometry::{DiskFunction, LightAngles};

use super::MosaicOptions;
use super::curves::{Fade, PhaseTable};
use super::rays::{Rays, Target};
use super::sample::{Reading, read};
use crate::mosaic::{Bounds, TileGround};

/// Cells up to this many pixels wide are read at one place; larger ones are averaged.
const SINGLE_READING_PX: f64 = 1.5;
/// At most this many readings along each side of a cell.
const MAX_READINGS: f64 = 16.0;
/// Phase beyond which the H, G phase function is extrapolated: sin of half of 120° (Bowell et al. 1989).
const MAX_HALF_PHASE_SIN: f64 = 0.866_025_403_784_438_6;

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
struct Sight {
    at: PixelPos,
    to_camera: Vec3<BodyFixed>,
    to_sun: Vec3<BodyFixed>,
    cos_emission: f64,
    cos_incidence: f64,
    scale_m: f64,
}

/// A shot with everything that does not change from cell to cell.
pub(crate) struct ShotView<'a> {
    shot: &'a Shot,
    shape: &'a Shape,
    options: &'a MosaicOptions,
    phase: &'a PhaseTable,
    boresight: Vec3<BodyFixed>,
    half_field_rad: f64,
    ifov_m_per_km: f64,
    emission: Fade,
    incidence: Fade,
    /// Cosine of the zenith angle beyond which rays are sent; −2 for shapes that need none.
    ray_cos_zenith: f64,
}

impl<'a> ShotView<'a> {
    pub(crate) fn new(
        shot: &'a Shot,
        shape: &'a Shape,
        options: &'a MosaicOptions,
        phase: &'a PhaseTable,
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
    pub(crate) fn ray_block_cells(&self, ground: &TileGround) -> usize {
        let range_km = (ground.bounds.centre_km - self.shot.pose.spacecraft_km).length();
        let cells_per_px = range_km * self.ifov_m_per_km / (ground.cell_km() * 1000.0);
        cells_per_px.ceil().clamp(1.0, 4.0) as usize
    }

    /// What the frame says of a cell; `rays` keeps what terrain hides.
    pub(crate) fn look_at(&self, ground: &TileGround, cell: usize, rays: &mut Rays) -> Outcome {
        match self.sight(ground.points_km[cell], ground.normals[cell]) {
            None => Outcome::Unseen,
            Some(sight) => match self.measure((ground, cell), &sight, rays) {
                Ok(measurement) => Outcome::Measured(measurement),
                Err(reason) => Outcome::Rejected(reason),
            },
        }
    }

    /// How a point is seen and lit; `None` when it faces away or lies outside the frame.
    fn sight(&self, point_km: Vec3<BodyFixed>, normal: Vec3<BodyFixed>) -> Option<Sight> {
        let to_camera_km = self.shot.pose.spacecraft_km - point_km;
        let towards = normal.dot(to_camera_km);
        // False for cells without ground (NaN) too.
        if !(towards > 0.0) {
            return None;
        }
        let at = self.pixel_inside(point_km)?;
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
        sight: &Sight,
        rays: &mut Rays,
    ) -> Result<Measurement, Quality> {
        if sight.cos_incidence <= 0.0 {
            return Err(Quality::SHADOW);
        }
        let fade = self.emission.weight(sight.cos_emission) * self.incidence.weight(sight.cos_incidence);
        if fade <= 0.0 {
            return Err(Quality::GRAZING);
        }
        if self.ray_cos_zenith > -1.0 {
            self.free_of_obstacles((ground, cell), sight, rays)?;
        }
        let (reading, independent) = self.readings((ground, cell), sight)?;
        let half_phase_sin = 0.5 * (sight.to_sun - sight.to_camera).length();
        let brightness = self.phase.at(half_phase_sin) * self.disk(sight, half_phase_sin);
        if !(brightness > 0.0 && brightness.is_finite()) {
            return Err(Quality::EXTRAPOLATED);
        }
        let beyond = if half_phase_sin > MAX_HALF_PHASE_SIN { Quality::EXTRAPOLATED } else { Quality::GOOD };
        Ok(Measurement {
            albedo: reading.iof / brightness,
            sigma: self.sigma_at(sight.at) / (brightness * independent.sqrt()),
            weight: fade * sight.cos_incidence * sight.cos_emission / (sight.scale_m * sight.scale_m),
            scale_m: sight.scale_m,
            flags: reading.flags | beyond,
        })
    }

    /// Where a point falls, if four pixels surround it.
    fn pixel_inside(&self, point_km: Vec3<BodyFixed>) -> Option<PixelPos> {
        let at = self.shot.pixel_of(point_km)?;
        let frame = &self.shot.frame.iof;
        let inside = at.x_px >= 0.0
            && at.y_px >= 0.0
            && at.x_px <= (frame.width() - 1) as f64
            && at.y_px <= (frame.height() - 1) as f64;
        inside.then_some(at)
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

    /// Reads the frame at the cell, or at several places of it when the cell is larger than the pixels: the mean
    /// over its area. With it the number of independent readings.
    fn readings(
        &self,
        (ground, cell): (&TileGround, usize),
        sight: &Sight,
    ) -> Result<(Reading, f64), Quality> {
        let frame: &IofFrame = &self.shot.frame;
        let (sampling, rejected) = (self.options.sampling, self.options.rejected);
        if ground.cell_km() * 1000.0 / sight.scale_m <= SINGLE_READING_PX {
            return Ok((read(frame, sight.at, sampling, rejected)?, 1.0));
        }
        let (mut sum, mut used, mut asked) = (0.0, 0.0, 0.0);
        let (mut flags, mut refused) = (Quality::GOOD, Quality::GOOD);
        for place_km in places_km(ground.points_km[cell], ground.sides_km(cell), sight.scale_m) {
            asked += 1.0;
            let Some(at) = self.pixel_inside(place_km) else { continue };
            match read(frame, at, sampling, rejected) {
                Ok(reading) => (sum, used, flags) = (sum + reading.iof, used + 1.0, flags | reading.flags),
                Err(reason) => refused |= reason,
            }
        }
        // Less than half a cell is not the cell.
        if 2.0 * used < asked {
            return Err(refused | Quality::MISSING);
        }
        Ok((Reading { iof: sum / used, flags }, used))
    }

    /// `Err` with the reason when terrain stands between the cell's block and the camera or the Sun.
    fn free_of_obstacles(
        &self,
        place: (&TileGround, usize),
        sight: &Sight,
        rays: &mut Rays,
    ) -> Result<(), Quality> {
        let up = place.0.ups[place.1];
        let far = |direction: Vec3<BodyFixed>| up.dot(direction) < self.ray_cos_zenith;
        let pose = &self.shot.pose;
        if far(sight.to_camera)
            && rays.blocked(place, Target::Camera, |p| self.shape.hidden(p, pose.spacecraft_km))
        {
            return Err(Quality::OFF_BODY);
        }
        if far(sight.to_sun) && rays.blocked(place, Target::Sun, |p| self.shape.shadowed(p, pose.sun_km)) {
            return Err(Quality::SHADOW);
        }
        Ok(())
    }
}

/// Places spread evenly over a cell, about one per pixel.
fn places_km(
    middle_km: Vec3<BodyFixed>,
    sides_km: [Vec3<BodyFixed>; 2],
    scale_m: f64,
) -> impl Iterator<Item = Vec3<BodyFixed>> {
    let [columns, lines] =
        sides_km.map(|side| (side.length() * 1000.0 / scale_m).ceil().clamp(1.0, MAX_READINGS));
    let fraction = |k: usize, count: f64| (k as f64 + 0.5) / count - 0.5;
    (0..(columns * lines) as usize).map(move |k| {
        let (column, line) = (k % columns as usize, k / columns as usize);
        middle_km + sides_km[0] * fraction(column, columns) + sides_km[1] * fraction(line, lines)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fill_the_cell_evenly() {
        let sides = [Vec3::new(0.0, 3.0, 0.0), Vec3::new(0.0, 0.0, -2.0)];
        let all: Vec<_> = places_km(Vec3::new(1.0, 0.0, 0.0), sides, 1000.0).collect();
        assert_eq!(all.len(), 6);
        assert_eq!((all[0].y, all[0].z, all[5].y, all[5].z), (-1.0, 0.5, 1.0, -0.5));
    }
}
