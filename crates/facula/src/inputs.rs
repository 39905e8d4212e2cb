// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bodies, cameras and shapes by the name of a built-in one or the path of a file.

use std::path::Path;

use facula_archive::Limits;
use facula_core::Body;
use facula_geometry::{CameraFile, Mesh};
use facula_shape::MeshOptions;

use crate::RequestError;

/// A built-in body (`ceres`, `vesta`), or one from a file whose name ends in `.toml`.
///
/// # Errors
/// [`RequestError::Body`] for an unknown name or a file that is no body, [`RequestError::Io`].
pub fn read_body(name: &str) -> Result<Body, RequestError> {
    if name.ends_with(".toml") {
        Ok(Body::from_toml(&read_text(Path::new(name))?)?)
    } else {
        Ok(Body::built_in(name)?)
    }
}

/// A built-in camera (`dawn_fc2`), or one from a file whose name ends in `.toml`.
///
/// # Errors
/// [`RequestError::Geometry`] for an unknown name or a file that is no camera, [`RequestError::Io`].
pub fn read_camera(name: &str) -> Result<CameraFile, RequestError> {
    if name.ends_with(".toml") {
        Ok(CameraFile::from_toml(&read_text(Path::new(name))?)?)
    } else {
        Ok(CameraFile::built_in(name)?)
    }
}

/// A shape model in any of the formats of [`Mesh::from_bytes`], body-fixed, km.
///
/// # Errors
/// [`RequestError::Geometry`] for a file that is no mesh, [`RequestError::Io`].
pub fn read_mesh(path: &Path) -> Result<Mesh, RequestError> {
    let bytes = std::fs::read(path).map_err(|error| RequestError::io("read", path, &error))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mesh = Mesh::from_bytes(&name, &bytes, &MeshOptions::default());
    mesh.map_err(|error| RequestError::Geometry(error.into()))
}

/// A text file no longer than any other file may be.
///
/// # Errors
/// [`RequestError::Io`].
pub fn read_text(path: &Path) -> Result<String, RequestError> {
    let length = std::fs::metadata(path).map(|data| data.len());
    let limit = Limits::default().max_file_bytes;
    let read = length.and_then(|bytes| match bytes {
        bytes if bytes > limit => Err(std::io::Error::other(format!("larger than {limit} bytes"))),
        _ => std::fs::read_to_string(path),
    });
    read.map_err(|error| RequestError::io("read", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        for message in [
            read_body("pluto").unwrap_err().to_string(),
            read_body("pluto.toml").unwrap_err().to_string(),
            read_camera("pluto").unwrap_err().to_string(),
            read_camera("pluto.toml").unwrap_err().to_string(),
            read_mesh(Path::new("pluto.obj")).unwrap_err().to_string(),
        ] {
            assert!(message.contains("pluto"), "{message}");
        }
        assert_eq!(read_body("vesta").unwrap().name, "vesta");
        assert_eq!(read_camera("dawn_fc2").unwrap().name, "dawn_fc2");
    }
}
