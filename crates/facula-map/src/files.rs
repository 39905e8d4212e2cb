// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files appear whole or not at all, with this crate's errors.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use crate::MapError;

/// [`facula_core::write_aside`] with this crate's error.
pub(crate) fn write_aside(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), MapError> {
    facula_core::write_aside(path, fill).map_err(MapError::io("write", path))
}
