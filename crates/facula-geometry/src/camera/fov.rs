// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fields of view of instruments as their kernels define them.
//!
//! In: the `INS<number>_FOV_…` variables. Out: shape, frame, boresight and boundary vectors.
//!
//! # Source
//! NAIF, header of `GETFOV` (same vectors, in the same order); checked against CSPICE N0067.

use facula_core::{Camera as CameraAxes, Vec3};
use facula_spice::Kernels;

use super::kernels::Instrument;
use crate::GeometryError;

/// Shape of a field of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FovShape {
    /// One boundary vector, anywhere on the edge.
    Circle,
    /// Two boundary vectors: the ends of the semi-axes.
    Ellipse,
    /// Four boundary vectors: the corners, in order.
    Rectangle,
    /// Three or more boundary vectors: the corners, in order.
    Polygon,
}

/// A field of view. Vectors are in the instrument's frame, as long as the kernel makes them.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldOfView {
    /// Its shape.
    pub shape: FovShape,
    /// Name of the frame of the vectors.
    pub frame: String,
    /// The boresight.
    pub boresight: Vec3<CameraAxes>,
    /// Vectors to the edge; how many depends on the shape.
    pub bounds: Vec<Vec3<CameraAxes>>,
}

impl FieldOfView {
    /// The field of view of an instrument, by name or number.
    ///
    /// # Errors
    /// [`GeometryError::Unknown`], [`GeometryError::NoConstant`] and [`GeometryError::Argument`] name what the
    /// kernels lack or have wrong.
    pub fn from_kernels(kernels: &Kernels, instrument: &str) -> Result<Self, GeometryError> {
        let ik = Instrument::find(kernels, instrument)?;
        let word = |key: &str| ik.text(key).map(str::to_uppercase).ok_or_else(|| ik.missing(key));
        let shape = match word("FOV_SHAPE")?.as_str() {
            "CIRCLE" => FovShape::Circle,
            "ELLIPSE" => FovShape::Ellipse,
            "RECTANGLE" => FovShape::Rectangle,
            "POLYGON" => FovShape::Polygon,
            other => return Err(ik.wrong("FOV_SHAPE", other)),
        };
        let boresight = match ik.numbers("BORESIGHT") {
            Some([x, y, z]) => Vec3::new(*x, *y, *z),
            Some(other) => return Err(ik.wrong("BORESIGHT", other)),
            None => return Err(ik.missing("BORESIGHT")),
        };
        let class = ik.text("FOV_CLASS_SPEC").unwrap_or("CORNERS").to_uppercase();
        let bounds = match class.as_str() {
            "ANGLES" => of_angles(&ik, shape, boresight)?,
            "CORNERS" => of_corners(&ik)?,
            other => return Err(ik.wrong("FOV_CLASS_SPEC", other)),
        };
        let fits = match shape {
            FovShape::Circle => bounds.len() == 1,
            FovShape::Ellipse => bounds.len() == 2,
            FovShape::Rectangle => bounds.len() == 4,
            FovShape::Polygon => bounds.len() >= 3,
        };
        if !fits {
            return Err(ik.wrong("FOV_BOUNDARY_CORNERS", &bounds));
        }
        Ok(Self { shape, frame: word("FOV_FRAME")?, boresight, bounds })
    }
}

fn of_corners(ik: &Instrument<'_>) -> Result<Vec<Vec3<CameraAxes>>, GeometryError> {
    let numbers = ik.numbers("FOV_BOUNDARY_CORNERS").or_else(|| ik.numbers("FOV_BOUNDARY"));
    let numbers = numbers.ok_or_else(|| ik.missing("FOV_BOUNDARY_CORNERS"))?;
    match numbers.as_chunks::<3>() {
        (vectors, []) => Ok(vectors.iter().map(|v| Vec3::from_array(*v)).collect()),
        _ => Err(ik.wrong("FOV_BOUNDARY_CORNERS", numbers)),
    }
}

/// Boundary vectors from half angles about the boresight, as long as it.
fn of_angles(
    ik: &Instrument<'_>,
    shape: FovShape,
    boresight: Vec3<CameraAxes>,
) -> Result<Vec<Vec3<CameraAxes>>, GeometryError> {
    let unit = ik.text("FOV_ANGLE_UNITS").unwrap_or("RADIANS");
    let unit_rad = angle_unit_rad(unit).ok_or_else(|| ik.wrong("FOV_ANGLE_UNITS", unit))?;
    let angle_rad = |key: &'static str| -> Result<f64, GeometryError> {
        let angle = ik.numbers(key).and_then(|n| n.first()).ok_or_else(|| ik.missing(key))?;
        Ok(angle * unit_rad)
    };
    let reference = match ik.numbers("FOV_REF_VECTOR") {
        Some([x, y, z]) => Vec3::new(*x, *y, *z),
        _ => return Err(ik.missing("FOV_REF_VECTOR")),
    };
    let axes = boresight.unit().and_then(|z| {
        let x = (reference - z * reference.dot(z)).unit()?;
        Some((x, z.cross(x), z))
    });
    let (x, y, z) = axes.ok_or_else(|| ik.wrong("FOV_REF_VECTOR", reference))?;
    let length = boresight.length();
    let towards =
        |axis: Vec3<CameraAxes>, angle_rad: f64| (z * angle_rad.cos() + axis * angle_rad.sin()) * length;
    let reference_rad = angle_rad("FOV_REF_ANGLE")?;
    Ok(match shape {
        FovShape::Circle => vec![towards(x, reference_rad)],
        FovShape::Ellipse => vec![towards(x, reference_rad), towards(y, angle_rad("FOV_CROSS_ANGLE")?)],
        FovShape::Rectangle => {
            let (tx, ty) = (reference_rad.tan(), angle_rad("FOV_CROSS_ANGLE")?.tan());
            let scale = length / (1.0 + tx * tx + ty * ty).sqrt();
            [(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)]
                .map(|(a, b)| (z + x * (a * tx) + y * (b * ty)) * scale)
                .to_vec()
        }
        FovShape::Polygon => return Err(ik.wrong("FOV_CLASS_SPEC", "ANGLES for a POLYGON")),
    })
}

fn angle_unit_rad(unit: &str) -> Option<f64> {
    let degree_rad = std::f64::consts::PI / 180.0;
    match unit.to_uppercase().as_str() {
        "RADIANS" => Some(1.0),
        "DEGREES" => Some(degree_rad),
        "ARCMINUTES" => Some(degree_rad / 60.0),
        "ARCSECONDS" => Some(degree_rad / 3600.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative agreement with CSPICE: rounding of sines and tangents.
    const AGREES: f64 = 1e-14;

    const KERNEL: &str = "\\begindata
INS-9001_FOV_FRAME='J2000'\nINS-9001_FOV_SHAPE='ELLIPSE'\nINS-9001_FOV_CLASS_SPEC='ANGLES'
INS-9001_BORESIGHT=(1,2,3)\nINS-9001_FOV_REF_VECTOR=(0,1,0)\nINS-9001_FOV_REF_ANGLE=(3)
INS-9001_FOV_CROSS_ANGLE=(1.5)\nINS-9001_FOV_ANGLE_UNITS='DEGREES'
INS-9002_FOV_FRAME='J2000'\nINS-9002_FOV_SHAPE='POLYGON'\nINS-9002_BORESIGHT=(0,0,2)
INS-9002_FOV_BOUNDARY_CORNERS=(0.1,0.1,1,-0.1,0.1,1,-0.1,-0.1,1)
INS-9003_FOV_FRAME='J2000'\nINS-9003_FOV_SHAPE='RECTANGLE'\nINS-9003_FOV_CLASS_SPEC='ANGLES'
INS-9003_BORESIGHT=(1,2,3)\nINS-9003_FOV_REF_VECTOR=(0,1,0)\nINS-9003_FOV_REF_ANGLE=(0.03)
INS-9003_FOV_CROSS_ANGLE=(0.015)\nINS-9003_FOV_ANGLE_UNITS='RADIANS'
INS-9004_FOV_FRAME='J2000'\nINS-9004_FOV_SHAPE='CIRCLE'\nINS-9004_FOV_CLASS_SPEC='ANGLES'
INS-9004_BORESIGHT=(1,2,3)\nINS-9004_FOV_REF_VECTOR=(0,1,0)\nINS-9004_FOV_REF_ANGLE=(30)
INS-9004_FOV_ANGLE_UNITS='ARCMINUTES'
INS-9005_FOV_FRAME='J2000'\nINS-9005_FOV_SHAPE='CIRCLE'\nINS-9005_FOV_CLASS_SPEC='CORNERS'
INS-9005_BORESIGHT=(0,0,2)\nINS-9005_FOV_BOUNDARY=(0.1,0.1,1)\n";

    fn kernels() -> Kernels {
        Kernels::from_bytes("fov.ti", KERNEL.as_bytes()).unwrap()
    }

    #[test]
    fn boundary_vectors_are_those_of_getfov() {
        // spiceypy 8, CSPICE N0067: getfov(id, 20) with the kernel above.
        let expected: [(&str, FovShape, &[[f64; 3]]); 5] = [
            (
                "-9001",
                FovShape::Ellipse,
                &[
                    [0.9655293697044517, 2.1627598947597586, 2.896588109113355],
                    [0.906738376175086, 1.9993146499511145, 3.0299449578601623],
                ],
            ),
            ("-9002", FovShape::Polygon, &[[0.1, 0.1, 1.0], [-0.1, 0.1, 1.0], [-0.1, -0.1, 1.0]]),
            (
                "-9003",
                FovShape::Rectangle,
                &[
                    [0.9272502304998496, 2.0937188141764964, 2.959146589339794],
                    [0.9651876060634641, 1.9040319363584253, 3.0729587160306373],
                    [1.0716251447676108, 1.9040319363584257, 3.0374795364625884],
                    [1.0336877692039965, 2.0937188141764964, 2.9236674097717454],
                ],
            ),
            ("-9004", FovShape::Circle, &[[0.9944427774127366, 2.0275195743855168, 2.9833283322382096]]),
            ("-9005", FovShape::Circle, &[[0.1, 0.1, 1.0]]),
        ];
        for (id, shape, bounds) in expected {
            let fov = FieldOfView::from_kernels(&kernels(), id).unwrap();
            assert_eq!((fov.shape, fov.frame.as_str(), fov.bounds.len()), (shape, "J2000", bounds.len()));
            for (found, wanted) in fov.bounds.iter().zip(bounds) {
                let miss = (*found - Vec3::from_array(*wanted)).length() / found.length();
                assert!(miss < AGREES, "{id}: {found:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let with =
            |line: &str| Kernels::from_bytes("fov.ti", format!("{KERNEL}{line}\n").as_bytes()).unwrap();
        for (line, part) in [
            ("INS-9003_FOV_SHAPE = 'TRIANGLE'", "TRIANGLE"),
            ("INS-9003_FOV_ANGLE_UNITS = 'GON'", "GON"),
            ("INS-9003_FOV_REF_VECTOR = (2 4 6)", "FOV_REF_VECTOR"),
            ("INS-9003_FOV_CLASS_SPEC = 'CORNERS'", "INS-9003_FOV_BOUNDARY_CORNERS"),
            ("INS-9003_FOV_SHAPE = 'POLYGON'", "POLYGON"),
            ("INS-9003_BORESIGHT = (1 2)", "BORESIGHT"),
        ] {
            let error = FieldOfView::from_kernels(&with(line), "-9003").unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
        let error = FieldOfView::from_kernels(&Kernels::empty(), "-1").unwrap_err().to_string();
        assert!(error.contains("INS-1_FOV_SHAPE") && error.contains("frame kernel"), "{error}");
        let error = FieldOfView::from_kernels(&kernels(), "nothing").unwrap_err().to_string();
        assert!(error.contains("no instrument named nothing"), "{error}");
    }
}
