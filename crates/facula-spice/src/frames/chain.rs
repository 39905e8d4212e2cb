// SPDX-License-Identifier: MIT OR Apache-2.0
//! Walks from two frames towards J2000 until the ways meet: with matrices, or with matrices and their rates.
//!
//! # Source
//! NAIF, "Frames Required Reading"; SPICE `PXFORM` and `SXFORM`.

use super::matrix::{IDENTITY, Matrix, multiply, transpose};
use super::turning::Turning;
use super::{Asked, Frame, J2000};
use crate::error::SpiceError;
use crate::kernels::Kernels;

/// Steps from a frame to J2000; real chains have five at most.
pub(crate) const MAX_CHAIN: usize = 16;

/// What is carried along a chain of frames.
pub(crate) trait Carried: Copy {
    const IDENTITY: Self;
    /// First `first`, then this.
    fn then_after(&self, first: &Self) -> Self;
    fn inverted(&self) -> Self;
    /// The next frame towards J2000, and the way to it.
    fn link(kernels: &Kernels, frame: Frame, asked: Asked) -> Result<(Frame, Self), SpiceError>;
}

impl Carried for Matrix {
    const IDENTITY: Self = IDENTITY;
    fn then_after(&self, first: &Self) -> Self {
        multiply(self, first)
    }
    fn inverted(&self) -> Self {
        transpose(self)
    }
    fn link(kernels: &Kernels, frame: Frame, asked: Asked) -> Result<(Frame, Self), SpiceError> {
        kernels.link(frame, asked)
    }
}

impl Carried for Turning {
    const IDENTITY: Self = Self::IDENTITY;
    fn then_after(&self, first: &Self) -> Self {
        self.after(first)
    }
    fn inverted(&self) -> Self {
        self.inverse()
    }
    fn link(kernels: &Kernels, frame: Frame, asked: Asked) -> Result<(Frame, Self), SpiceError> {
        kernels.turning_link(frame, asked)
    }
}

impl Kernels {
    /// From frame `from` to frame `to`.
    pub(crate) fn between<T: Carried>(
        &self,
        (to, to_name): (Frame, &str),
        (from, from_name): (Frame, &str),
        asked: Asked,
    ) -> Result<T, SpiceError> {
        let (up, down) =
            (self.frame_chain::<T>(from, from_name, asked)?, self.frame_chain::<T>(to, to_name, asked)?);
        for (frame, common_from_start) in &up {
            if let Some((_, common_from_end)) = down.iter().find(|(other, _)| other == frame) {
                return Ok(common_from_end.inverted().then_after(common_from_start));
            }
        }
        // A chain ends early only where an attitude is missing; asking for the last link says which.
        let ends = [&up, &down].map(|chain| chain.last().map_or(J2000, |(frame, _)| *frame));
        let missing = if ends[0] == J2000 { ends[1] } else { ends[0] };
        T::link(self, missing, asked).and(Err(SpiceError::no_coverage(
            "frame definition",
            to_name,
            asked.et_s,
            "",
        )))
    }

    /// Frames on the way to J2000, each with the way to it from the first one.
    pub(super) fn frame_chain<T: Carried>(
        &self,
        start: Frame,
        name: &str,
        asked: Asked,
    ) -> Result<Vec<(Frame, T)>, SpiceError> {
        let mut chain = vec![(start, T::IDENTITY)];
        while let Some(&(frame, so_far)) = chain.last()
            && frame != J2000
        {
            let (parent, parent_from_frame) = match T::link(self, frame, asked) {
                Ok(link) => link,
                // The two frames may meet below the gap; if not, `between` reports it.
                Err(SpiceError::NoCoverage { .. }) => break,
                Err(other) => return Err(other),
            };
            if chain.len() == MAX_CHAIN {
                return Err(SpiceError::format("frames that lead in a circle", name, "loaded frame kernels"));
            }
            chain.push((parent, parent_from_frame.then_after(&so_far)));
        }
        Ok(chain)
    }
}
