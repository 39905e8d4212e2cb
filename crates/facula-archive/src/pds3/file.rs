// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PDS3 product as a list of images: the label, and the files it points to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facula_core::{Quality, Raster};

use crate::files::{named_in, read_bounded};
use crate::fits::FitsFile;
use crate::format::{Format, Part};
use crate::pds3::{ImageObject, Label, Object};
use crate::{ArchiveError, Limits};

/// A label with the bytes of its own file.
#[derive(Debug)]
pub(crate) struct Pds3File<'a> {
    label: Label,
    bytes: &'a [u8],
    folder: PathBuf,
    /// Names of the images, the main one first.
    names: Vec<String>,
}

impl<'a> Pds3File<'a> {
    /// Parses the label; data files are opened when an image is read.
    pub(crate) fn open(path: &Path, bytes: &'a [u8], _limits: &Limits) -> Result<Self, ArchiveError> {
        let (label, _) = Label::parse(bytes)?;
        let mut names: Vec<String> = Object::images(&label).into_iter().map(|o| o.name).collect();
        if let Some(main) = names.iter().position(|name| name.eq_ignore_ascii_case("IMAGE")) {
            names[..=main].rotate_right(1);
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        Ok(Self { label, bytes, folder, names })
    }

    fn object(&self, part: usize) -> Result<Object<'_>, ArchiveError> {
        Object::image(&self.label, self.names.get(part).map_or("", String::as_str))
    }
}

impl Format for Pds3File<'_> {
    fn parts(&self) -> Vec<Part> {
        let part = |name: &String| {
            let object = Object::image(&self.label, name).ok()?;
            Some(match ImageObject::array(&object, 0) {
                Ok(array) => Part {
                    name: name.clone(),
                    sizes: [array.samples, array.lines, array.bands],
                    sample_type: array.sample.name().to_string(),
                },
                // The reason comes when the image is read.
                Err(_) => Part { name: name.clone(), sizes: [0; 3], sample_type: "unknown".into() },
            })
        };
        self.names.iter().filter_map(part).collect()
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
        let object = self.object(part)?;
        let pointer = object.pointer()?;
        let start = pointer.offset_bytes.unwrap_or(0);
        let Some(name) = &pointer.file else {
            return ImageObject::array(&object, start)?.band(self.bytes, band, limits);
        };
        let path = named_in(&self.folder, name)?;
        let bytes = read_bounded(&path, limits)?;
        let read = || {
            if bytes.starts_with(b"SIMPLE  =") {
                let file = FitsFile::parse(&bytes)?;
                return file.read_plane(file.image_at(start)?, band, limits);
            }
            ImageObject::array(&object, start)?.band(&bytes, band, limits)
        };
        read().map_err(|error| error.in_file(&path))
    }
}
