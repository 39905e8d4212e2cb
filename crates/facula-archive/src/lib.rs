// SPDX-License-Identifier: MIT OR Apache-2.0
//! Archive files to frames and back: FITS, PDS3, PDS4, VICAR, ENVI, ISIS cubes, pictures with a JSON pose, maps.
//!
//! In: files of an archive. Out: [`facula_core::RawFrame`] ([`read_frame`]), any image of any file
//! ([`read_image`], [`describe`]), and [`facula_core::MapImage`] ([`read_map`]); and the way back,
//! [`write_frame`], [`convert`]. Everything one-based or upside down in an archive is
//! settled here and nowhere else: arrays keep their stored order, the first stored line is line 0 and y grows
//! with the stored line, whatever `LINE_DISPLAY_DIRECTION` says about screens.
//!
//! Every reader checks the sizes a header promises against the length of the file and against [`Limits`]
//! before it allocates; a file that is cut short is an error, never a half-filled image.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod convert;
mod describe;
mod envi;
mod error;
mod files;
pub mod fits;
mod format;
mod frame;
mod isis;
mod map_image;
pub mod pds3;
pub mod pds4;
mod picture;
mod png_image;
mod png_pose;
mod raw_array;
mod samples;
mod time;
mod vicar;

pub use convert::{Target, convert};
pub use describe::{FileInfo, PartInfo, Statistics, describe, describe_bytes};
pub use envi::{SpectralLibrary, read_spectral_library};
pub use error::ArchiveError;
pub use files::Limits;
pub use format::{ArchiveImage, FileKind, ImageOptions, Part, read_image, read_object};
pub use frame::{FrameHeader, ReadOptions, Written, read_frame, read_header, write_frame, write_iof_frame};
pub use isis::{Cells, Column, Cube, Table, parse_cube, read_cube, read_table};
pub use map_image::read_map;
