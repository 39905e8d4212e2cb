// SPDX-License-Identifier: MIT OR Apache-2.0
//! Vectors that know their reference frame.

use std::marker::PhantomData;
use std::ops::{Add, Mul, Neg, Sub};

/// A vector in reference frame `F`; its unit is stated by the name of the value (`point_km`, `look`).
pub struct Vec3<F> {
    /// First component.
    pub x: f64,
    /// Second component.
    pub y: f64,
    /// Third component.
    pub z: f64,
    frame: PhantomData<fn() -> F>,
}

impl<F> Vec3<F> {
    /// A vector from its components.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z, frame: PhantomData }
    }

    /// A vector from an array in the order x, y, z.
    pub const fn from_array(components: [f64; 3]) -> Self {
        Self::new(components[0], components[1], components[2])
    }

    /// The components in the order x, y, z.
    pub const fn to_array(self) -> [f64; 3] {
        [self.x, self.y, self.z]
    }

    /// Scalar product, in the product of the two units.
    pub fn dot(self, other: Self) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// Vector product, right-handed.
    pub fn cross(self, other: Self) -> Self {
        Self::new(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    /// Length, in the unit of the components.
    pub fn length(self) -> f64 {
        self.dot(self).sqrt()
    }

    /// The direction, length 1; `None` for a vector of zero or non-finite length.
    pub fn unit(self) -> Option<Self> {
        let length = self.length();
        (length > 0.0 && length.is_finite()).then(|| self * (1.0 / length))
    }

    /// Angle to another vector, in rad, 0 to π, exact for small and large angles alike.
    pub fn angle_rad(self, other: Self) -> f64 {
        self.cross(other).length().atan2(self.dot(other))
    }

    /// Whether all components are finite.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.z.is_finite()
    }
}

impl<F> Clone for Vec3<F> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<F> Copy for Vec3<F> {}

impl<F> Default for Vec3<F> {
    fn default() -> Self {
        Self::new(0.0, 0.0, 0.0)
    }
}

impl<F> PartialEq for Vec3<F> {
    fn eq(&self, other: &Self) -> bool {
        self.to_array() == other.to_array()
    }
}

impl<F> std::fmt::Debug for Vec3<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({}, {}, {})", self.x, self.y, self.z)
    }
}

impl<F> Add for Vec3<F> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl<F> Sub for Vec3<F> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl<F> Neg for Vec3<F> {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.x, -self.y, -self.z)
    }
}

impl<F> Mul<f64> for Vec3<F> {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::new(self.x * factor, self.y * factor, self.z * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BodyFixed, Icrf};

    #[test]
    fn cross_product_is_right_handed() {
        let x = Vec3::<Icrf>::new(1.0, 0.0, 0.0);
        let y = Vec3::<Icrf>::new(0.0, 1.0, 0.0);
        assert_eq!(x.cross(y).to_array(), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn small_angles_keep_their_digits() {
        let a = Vec3::<BodyFixed>::new(1.0, 0.0, 0.0);
        let b = Vec3::<BodyFixed>::new(1.0, 1e-9, 0.0);
        assert!((a.angle_rad(b) - 1e-9).abs() < 1e-20);
    }

    #[test]
    fn a_zero_vector_has_no_direction() {
        assert!(Vec3::<Icrf>::new(0.0, 0.0, 0.0).unit().is_none());
        assert!(Vec3::<Icrf>::new(f64::NAN, 0.0, 0.0).unit().is_none());
    }
}
