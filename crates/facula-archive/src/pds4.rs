// SPDX-License-Identifier: MIT OR Apache-2.0
//! PDS4: XML labels with the arrays of their files, read and written.
//!
//! In: a label. Out: its `Array_2D*` and `Array_3D*` as images. Out as well: a label of our own with its array
//! ([`write_pds4`]).
//!
//! # Source
//! PDS4 Data Dictionary and Information Model 1.20.0.0 (PDS, 2022): `Array_*`, `Element_Array`, `Axis_Array`,
//! `Special_Constants`; PDS4 Standards Reference 1.20.0, section 4A (arrays) and 5A (data types).

mod array;
mod write;
mod xml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{Quality, Raster};

use crate::files::{named_in, read_bounded};
use crate::format::{Format, Part};
use crate::pds4::array::FileArray;
pub use crate::pds4::write::{Pds4Options, Pds4Written, write_pds4};
pub(crate) use crate::pds4::xml::Element;
use crate::{ArchiveError, Limits};

/// Hint of all errors about labels.
const HINT: &str = "correct the label, or fetch it again";

/// A label with what is needed to find its files.
#[derive(Debug)]
pub(crate) struct Pds4File {
    label: Element,
    folder: PathBuf,
    arrays: Vec<FileArray>,
}

impl Pds4File {
    /// Parses the label; data files are opened when an image is read.
    pub(crate) fn open(path: &Path, bytes: &[u8], _limits: &Limits) -> Result<Self, ArchiveError> {
        let label = Element::parse(bytes)?;
        let arrays = array::arrays(&label)?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        Ok(Self { label, folder, arrays })
    }

    /// The root of the label.
    pub(crate) const fn label(&self) -> &Element {
        &self.label
    }

    /// The unit of the first array.
    pub(crate) fn unit(&self) -> Option<&str> {
        self.arrays.first().and_then(|array| array.unit.as_deref())
    }
}

impl Format for Pds4File {
    fn parts(&self) -> Vec<Part> {
        self.arrays.iter().map(FileArray::part).collect()
    }

    fn keywords(&self) -> BTreeMap<String, String> {
        self.label.keywords()
    }

    fn band(
        &self,
        part: usize,
        band: u64,
        limits: &Limits,
    ) -> Result<(Raster<f32>, Raster<Quality>), ArchiveError> {
        let array = self.arrays.get(part).ok_or_else(|| {
            ArchiveError::missing("an array of two or three axes in the label", "name the label of an image")
        })?;
        let path = named_in(&self.folder, &array.file)?;
        let read = || array.layout()?.band(&read_bounded(&path, limits)?, band, limits);
        let (image, mut quality) = read().map_err(|error: ArchiveError| error.in_file(&path))?;
        self.add_quality_band(part, &image, &mut quality, limits)?;
        Ok((image, quality))
    }
}

/// `local_identifier` of the quality band in labels of [`write_pds4`].
const QUALITY_ARRAY: &str = "quality";

impl Pds4File {
    /// The flags of our own files: bytes of [`Quality`] in a second array, the size of the image.
    fn add_quality_band(
        &self,
        part: usize,
        image: &Raster<f32>,
        quality: &mut Raster<Quality>,
        limits: &Limits,
    ) -> Result<(), ArchiveError> {
        let size = [image.width() as u64, image.height() as u64, 1];
        let named = |array: &&FileArray| array.name == QUALITY_ARRAY && array.part().sizes == size;
        let Some(band) = self.arrays.iter().skip(part + 1).find(named).filter(|_| part == 0) else {
            return Ok(());
        };
        let path = named_in(&self.folder, &band.file)?;
        let bytes = read_bounded(&path, limits)?;
        let (flags, _) = band.layout()?.band(&bytes, 0, limits).map_err(|error| error.in_file(&path))?;
        *quality = flags.map(|bits| Quality::from_bits(bits as u8));
        Ok(())
    }
}
