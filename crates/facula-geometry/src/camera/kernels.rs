// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cameras from instrument kernels (IK) and ISIS's instrument kernel addenda (IAK).
//!
//! In: the `INS<number>_…` variables of loaded text kernels. Out: a [`Camera`].
//!
//! # Source
//! dawn_fc_v10.ti, cas_iss_v10.ti (sections "Optical Parameters", "CCD Parameters", "Optical Distortion",
//! "Pixel Parameters"); ISIS 3 documentation of the IAK keywords TRANSX, TRANSY, BORESIGHT_SAMPLE, OD_K.

use facula_spice::Kernels;

use super::{Camera, Distortion, IsisRadial};
use crate::GeometryError;

/// Whose numbers put the pixels into the focal plane, where both kernels have some. For Dawn they differ: the
/// addendum keeps the pixel sizes of 2011.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum InstrumentGeometry {
    /// PIXEL_SIZE and CCD_CENTER or FOV_CENTER_PIXEL of the IK; the addendum's where the IK has none.
    #[default]
    InstrumentKernel,
    /// TRANSX, TRANSY and BORESIGHT_SAMPLE, BORESIGHT_LINE of the addendum; the IK's where it has none.
    IsisAddendum,
}

/// Pixel sizes from here on are µm, smaller ones mm: no kernel states the unit in data, and no camera has pixels
/// of half a millimetre or of half a micrometre.
const LEAST_PIXEL_UM: f64 = 0.5;

/// The affine map of a detector.
struct Layout {
    pitch_mm: [f64; 2],
    skew_mm: [f64; 2],
    /// Shift of the origin in the focal plane, mm.
    shift_mm: [f64; 2],
}

/// Variables of one instrument.
pub(super) struct Instrument<'a> {
    kernels: &'a Kernels,
    pub(super) id: i32,
}

impl<'a> Instrument<'a> {
    pub(super) fn find(kernels: &'a Kernels, name: &str) -> Result<Self, GeometryError> {
        let id = number_of_name(kernels, name).ok_or_else(|| GeometryError::Unknown {
            kind: "instrument",
            name: name.to_string(),
            known: known(kernels),
        })?;
        Ok(Self { kernels, id })
    }

    pub(super) fn numbers(&self, key: &str) -> Option<&'a [f64]> {
        self.kernels.numbers(&format!("INS{}_{key}", self.id))
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.kernels.texts(&format!("INS{}_{key}", self.id))?.first().map(|text| text.trim())
    }

    pub(super) fn missing(&self, key: &str) -> GeometryError {
        GeometryError::NoConstant { variable: format!("INS{}_{key}", self.id), known: known(self.kernels) }
    }

    pub(super) fn wrong(&self, key: &'static str, value: impl std::fmt::Debug) -> GeometryError {
        let subject = format!("instrument {}", self.id);
        GeometryError::Argument { subject, key, value: format!("{value:?}") }
    }

    fn number(&self, key: &str) -> Result<f64, GeometryError> {
        self.numbers(key).and_then(|n| n.first().copied()).ok_or_else(|| self.missing(key))
    }

    fn size(&self, key: &'static str) -> Result<usize, GeometryError> {
        let value = self.number(key)?;
        if value >= 1.0 && value <= super::MAX_SIZE_PX as f64 && value.fract() == 0.0 {
            Ok(value as usize)
        } else {
            Err(self.wrong(key, value))
        }
    }

    fn pair(&self, key: &str) -> Option<[f64; 2]> {
        match self.numbers(key)? {
            [both] => Some([*both; 2]),
            [x, y, ..] => Some([*x, *y]),
            [] => None,
        }
    }

    fn layout_of_pixel_size(&self) -> Option<Layout> {
        let pitch = self.pair("PIXEL_SIZE").or_else(|| self.pair("PIXEL_PITCH"))?;
        let pitch_mm = pitch.map(|size| if size.abs() >= LEAST_PIXEL_UM { size / 1000.0 } else { size });
        Some(Layout { pitch_mm, skew_mm: [0.0; 2], shift_mm: [0.0; 2] })
    }

    /// TRANSX = (shift, per sample, per line), TRANSY likewise, mm.
    fn layout_of_addendum(&self) -> Option<Layout> {
        let ([x0, xs, xl], [y0, ys, yl]) = (self.numbers("TRANSX")?, self.numbers("TRANSY")?) else {
            return None;
        };
        Some(Layout { pitch_mm: [*xs, *yl], skew_mm: [*xl, *ys], shift_mm: [*x0, *y0] })
    }

    /// The optical axis, (0, 0) the centre of the first pixel. BORESIGHT_SAMPLE and BORESIGHT_LINE count from 1.
    /// CCD_CENTER counts from 0 in Dawn's kernel and from 1 in Cassini's, where FOV_CENTER_PIXEL repeats it from 0;
    /// it is told apart by being the middle of 1 … n.
    fn axis_px(&self, geometry: InstrumentGeometry, sizes: [usize; 2]) -> Result<[f64; 2], GeometryError> {
        let boresight = self.numbers("BORESIGHT_SAMPLE").zip(self.numbers("BORESIGHT_LINE"));
        let of_addendum = boresight.and_then(|(s, l)| Some([s.first()? - 1.0, l.first()? - 1.0]));
        let of_kernel = self.pair("FOV_CENTER_PIXEL").or_else(|| {
            let center = self.pair("CCD_CENTER")?;
            let from_one = (0..2).all(|k| center[k] == (sizes[k] as f64 + 1.0) / 2.0);
            Some(center.map(|c| if from_one { c - 1.0 } else { c }))
        });
        let found = match geometry {
            InstrumentGeometry::InstrumentKernel => of_kernel.or(of_addendum),
            InstrumentGeometry::IsisAddendum => of_addendum.or(of_kernel),
        };
        found.ok_or_else(|| self.missing("CCD_CENTER"))
    }

    fn distortion(&self) -> Result<Distortion, GeometryError> {
        match (self.numbers("OD_K"), self.numbers("RAD_DIST_COEFF")) {
            (Some(k), _) if k.iter().any(|k| *k != 0.0) => Ok(Distortion::IsisRadial(IsisRadial::new(k)?)),
            (_, Some([e1_per_mm2])) => Ok(Distortion::Radial { e1_per_mm2: *e1_per_mm2 }),
            (_, Some(other)) => Err(self.wrong("RAD_DIST_COEFF", other)),
            _ => Ok(Distortion::None),
        }
    }
}

impl Camera {
    /// The camera of an instrument (`DAWN_FC2_FILTER_6`, `CASSINI_ISS_NAC`, or a number such as `-203126`).
    ///
    /// Used are FOCAL_LENGTH (mm), PIXEL_SAMPLES, PIXEL_LINES, PIXEL_SIZE (µm or mm) or PIXEL_PITCH (mm) or TRANSX
    /// and TRANSY (mm), CCD_CENTER, FOV_CENTER_PIXEL or BORESIGHT_SAMPLE and BORESIGHT_LINE, RAD_DIST_COEFF (Dawn,
    /// mm⁻²) or OD_K (ISIS). Camera axes are those of the instrument's frame.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`] for a name no kernel has, [`GeometryError::NoConstant`] names the variable that is
    /// missing, [`GeometryError::Argument`] one with a bad value.
    ///
    /// # Examples
    /// ```
    /// use facula_geometry::{Camera, InstrumentGeometry};
    /// let text = "\\begindata\nINS-9_FOCAL_LENGTH = 150.0\nINS-9_PIXEL_SIZE = ( 14 14 )\nINS-9_PIXEL_SAMPLES = 1024\n\
    ///     INS-9_PIXEL_LINES = 1024\nINS-9_CCD_CENTER = ( 511.5 511.5 )\n";
    /// let kernels = facula_spice::Kernels::from_bytes("nine.ti", text.as_bytes())?;
    /// let camera = Camera::from_kernels(&kernels, "-9", InstrumentGeometry::default())?;
    /// assert!((camera.ifov_rad() - 14e-3 / 150.0).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_kernels(
        kernels: &Kernels,
        instrument: &str,
        geometry: InstrumentGeometry,
    ) -> Result<Self, GeometryError> {
        let ik = Instrument::find(kernels, instrument)?;
        let [width_px, height_px] = [ik.size("PIXEL_SAMPLES")?, ik.size("PIXEL_LINES")?];
        let layout = match geometry {
            InstrumentGeometry::InstrumentKernel => {
                ik.layout_of_pixel_size().or_else(|| ik.layout_of_addendum())
            }
            InstrumentGeometry::IsisAddendum => ik.layout_of_addendum().or_else(|| ik.layout_of_pixel_size()),
        };
        let Layout { pitch_mm, skew_mm, shift_mm } = layout.ok_or_else(|| ik.missing("PIXEL_SIZE"))?;
        let mut camera = Self {
            name: instrument.to_string(),
            width_px,
            height_px,
            focal_length_mm: ik.number("FOCAL_LENGTH")?,
            pitch_mm,
            skew_mm,
            principal_point_px: ik.axis_px(geometry, [width_px, height_px])?,
            distortion: ik.distortion()?,
        };
        // Where the shifted origin would be zero: the axis itself.
        let axis = camera.pixel_of_mm(shift_mm.map(|mm| -mm));
        camera.principal_point_px = [axis.x_px, axis.y_px];
        camera.check()?;
        Ok(camera)
    }
}

/// Number of an instrument by its name, any case: from NAIF_BODY_NAME (the last wins), the frames, or a number.
fn number_of_name(kernels: &Kernels, name: &str) -> Option<i32> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    let name = plain(name);
    let listed = named(kernels).filter(|(known, _)| plain(known) == name).last();
    let frame = || kernels.numbers(&format!("FRAME_{name}"))?.first().copied();
    listed.map(|(_, code)| code).or_else(frame).map(|code| code as i32).or_else(|| name.parse().ok())
}

fn named(kernels: &Kernels) -> impl Iterator<Item = (&str, f64)> {
    let names = kernels.texts("NAIF_BODY_NAME").unwrap_or_default();
    let codes = kernels.numbers("NAIF_BODY_CODE").unwrap_or_default();
    names.iter().map(String::as_str).zip(codes.iter().copied())
}

/// Instruments that kernels name, for messages.
fn known(kernels: &Kernels) -> String {
    // Spacecraft are -1 to -999; instruments carry their number and three digits more.
    let instruments = named(kernels).filter(|(_, code)| *code <= -1000.0).map(|(name, _)| name);
    let has_length = instruments.filter(|name| {
        let id = number_of_name(kernels, name);
        id.is_some_and(|id| kernels.numbers(&format!("INS{id}_FOCAL_LENGTH")).is_some())
    });
    let names: Vec<&str> = has_length.take(12).collect();
    if names.is_empty() { "none is named; load a frame kernel (FK)".into() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::{PixelPos, Vec3};

    /// An addendum in the style of ISIS, with names.
    const KERNEL: &str =
        "\\begindata\nNAIF_BODY_NAME += ( 'My Camera' 'MY  CAMERA' )\nNAIF_BODY_CODE += ( -9001 -9002 )
FRAME_SIDE = -9002\nINS-9002_FOCAL_LENGTH = 100.0\nINS-9002_PIXEL_SAMPLES = 200\nINS-9002_PIXEL_LINES = 100
INS-9002_TRANSX = ( 0.1 0.0 -0.012 )\nINS-9002_TRANSY = ( -0.2 0.012 0.0 )\nINS-9002_PIXEL_SIZE = 13
INS-9002_BORESIGHT_SAMPLE = 100.5\nINS-9002_BORESIGHT_LINE = 50.5\nINS-9002_CCD_CENTER = ( 100.5 50.5 )
INS-9002_OD_K = ( 0.0 1.0E-5 0.0 )\n";

    fn camera(geometry: InstrumentGeometry, line: &str) -> Result<Camera, GeometryError> {
        let kernels = Kernels::from_bytes("k.ti", format!("{KERNEL}{line}\n").as_bytes()).unwrap();
        Camera::from_kernels(&kernels, "my camera", geometry)
    }

    #[test]
    fn an_addendum_turns_and_shifts_the_detector() {
        let camera = camera(InstrumentGeometry::IsisAddendum, "").unwrap();
        // ISIS: x = TRANSX0 + TRANSX2 l, y = TRANSY0 + TRANSY1 s, from the boresight pixel; then OD_K.
        let (x, y): (f64, f64) = (0.1 - 0.012 * 10.0, -0.2 + 0.012 * 20.0);
        let shrink = 1.0 - 1e-5 * (x * x + y * y);
        let look = camera.look(PixelPos::new(99.5 + 20.0, 49.5 + 10.0));
        assert!((look.x / look.z - x * shrink / 100.0).abs() < 1e-15, "{look:?}");
        assert!((look.y / look.z - y * shrink / 100.0).abs() < 1e-15, "{look:?}");
    }

    #[test]
    fn the_instrument_kernel_comes_first_unless_the_addendum_is_asked_for() {
        let camera = camera(InstrumentGeometry::InstrumentKernel, "").unwrap();
        assert_eq!((camera.pitch_mm, camera.skew_mm), ([0.013; 2], [0.0; 2]));
        assert_eq!(camera.principal_point_px, [99.5, 49.5], "a centre of 1 … n is shifted");
        assert!((camera.look(PixelPos::new(99.5, 49.5)) - Vec3::new(0.0, 0.0, 1.0)).length() < 1e-15);
    }

    #[test]
    fn names_frames_and_numbers_find_the_instrument() {
        let kernels = Kernels::from_bytes("k.ti", KERNEL.as_bytes()).unwrap();
        for name in ["my camera", "MY  Camera", "side", "-9002"] {
            assert_eq!(number_of_name(&kernels, name), Some(-9002), "{name}: the last wins");
        }
        let error = Camera::from_kernels(&kernels, "yours", InstrumentGeometry::default()).unwrap_err();
        assert!(error.to_string().contains("yours") && error.to_string().contains("My Camera"), "{error}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = Camera::from_kernels(&Kernels::empty(), "-7", InstrumentGeometry::default()).unwrap_err();
        assert!(error.to_string().contains("INS-7_PIXEL_SAMPLES"), "{error}");
        for (line, part) in [
            ("INS-9002_PIXEL_LINES = 0.5", "PIXEL_LINES = 0.5"),
            ("INS-9002_PIXEL_SAMPLES = 1E9", "PIXEL_SAMPLES"),
            ("INS-9002_FOCAL_LENGTH = -1", "focal_length_mm"),
            ("INS-9002_OD_K = ( 2.0 )", "isis-radial"),
            ("INS-9002_OD_K = ( 0 0 0 )\nINS-9002_RAD_DIST_COEFF = ( 1 2 )", "RAD_DIST_COEFF"),
        ] {
            let error = camera(InstrumentGeometry::InstrumentKernel, line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
