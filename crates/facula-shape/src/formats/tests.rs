// SPDX-License-Identifier: MIT OR Apache-2.0
//! Readers against files that other programs wrote, byte by byte cut off, and with hostile counts.

use super::*;
use crate::Mesh;
use facula_core::{Ellipsoid, MapGrid, Raster};

/// A tetrahedron of 1.5, 2.5, 3.25 along the axes, written by meshio 5.3.5 (ascii).
const PLY: &str = "ply\n\
     format ascii 1.0\n\
     comment meshio 5.3.5\n\
     element vertex 4\n\
     property double x\n\
     property double y\n\
     property double z\n\
     element face 4\n\
     property list uint8 int32 vertex_indices\n\
     end_header\n\
     0.0 0.0 0.0\n\
     1.5 0.0 0.0\n\
     0.0 2.5 0.0\n\
     0.0 0.0 -3.25\n\
     3 0 1 2\n\
     3 0 3 1\n\
     3 0 2 3\n\
     3 1 3 2\n\
     ";
/// The same, binary little endian, meshio 5.3.5.
const PLY_BINARY: &str = "706c790a666f726d61742062696e6172795f6c6974746c655f656e6469616e20312e300a636f6d6d656e742043726561\
     746564206279206d657368696f2076352e332e352c20323032362d31312d32325432313a33343a30352e303930303238\
     0a656c656d656e742076657274657820340a70726f706572747920646f75626c6520780a70726f706572747920646f75\
     626c6520790a70726f706572747920646f75626c65207a0a656c656d656e74206661636520340a70726f706572747920\
     6c6973742075696e743820696e743332207665727465785f696e64696365730a656e645f6865616465720a0000000000\
     00000000000000000000000000000000000000000000000000f83f000000000000000000000000000000000000000000\
     00000000000000000004400000000000000000000000000000000000000000000000000000000000000ac00300000000\
     0100000002000000030000000003000000010000000300000000020000000300000003010000000300000002000000";
/// The same as STL, meshio 5.3.5 (ascii).
const STL: &str = "solid\n\
     facet normal 0.0 0.0 1.0\n\
     outer loop\n\
     vertex 0.0 0.0 0.0\n\
     vertex 1.5 0.0 0.0\n\
     vertex 0.0 2.5 0.0\n\
     endloop\n\
     endfacet\n\
     facet normal 0.0 -1.0 0.0\n\
     outer loop\n\
     vertex 0.0 0.0 0.0\n\
     vertex 0.0 0.0 -3.25\n\
     vertex 1.5 0.0 0.0\n\
     endloop\n\
     endfacet\n\
     facet normal -1.0 0.0 0.0\n\
     outer loop\n\
     vertex 0.0 0.0 0.0\n\
     vertex 0.0 2.5 0.0\n\
     vertex 0.0 0.0 -3.25\n\
     endloop\n\
     endfacet\n\
     facet normal 0.7973209731822287 0.47839258390933725 -0.3679942953148748\n\
     outer loop\n\
     vertex 1.5 0.0 0.0\n\
     vertex 0.0 0.0 -3.25\n\
     vertex 0.0 2.5 0.0\n\
     endloop\n\
     endfacet\n\
     endsolid\n\
     ";
/// The same, binary, meshio 5.3.5.
const STL_BINARY: &str = "546869732066696c65207761732067656e657261746564206279206d657368696f2076352e332e352e58585858585858\
     585858585858585858585858585858585858585858585858585858585858580a0400000000000000000000000000803f\
     0000000000000000000000000000c03f0000000000000000000000000000204000000000000000000000000080bf0000\
     00000000000000000000000000000000000000000000000050c00000c03f00000000000000000000000080bf00000000\
     000000000000000000000000000000000000000000002040000000000000000000000000000050c000003a1d4c3fdfef\
     f43ec069bcbe0000c03f00000000000000000000000000000000000050c00000000000002040000000000000";
/// The same as OBJ.
const OBJ: &str =
    "# text\nv 0 0 0\nv 1.5 0 0\nv 0 2.5 0\nv 0 0 -3.25\nf 1/1/1 2 3\nf 1 4 2\nf 1//2 3 4\nf -3 -1 -2\n";
/// The same as VTK PolyData version 5.1, binary, with point data, written by vtkPolyDataWriter of VTK 9.7.2.
const VTK_BINARY: &str = "232076746b204461746146696c652056657273696f6e20352e310a76746b206f75747075740a42494e4152590a444154\
     4153455420504f4c59444154410a504f494e5453203420646f75626c650a000000000000000000000000000000000000\
     0000000000003ff800000000000000000000000000000000000000000000000000000000000040040000000000000000\
     00000000000000000000000000000000000000000000c00a0000000000000a504f4c59474f4e5320352031320a4f4646\
     534554532076746b74797065696e7436340a000000000000000000000000000000030000000000000006000000000000\
     0009000000000000000c0a434f4e4e45435449564954592076746b74797065696e7436340a0000000000000000000000\
     000000000100000000000000020000000000000000000000000000000300000000000000010000000000000000000000\
     000000000200000000000000030000000000000001000000000000000300000000000000020a504f494e545f44415441\
     20340a5343414c415253206120666c6f6174200a4c4f4f4b55505f5441424c452064656661756c740a000000003f8000\
     0040000000404000000a";
/// The same, version 4.2, ascii.
const VTK: &str = "# vtk DataFile Version 4.2\n\
     vtk output\n\
     ASCII\n\
     DATASET POLYDATA\n\
     POINTS 4 double\n\
     0 0 0 1.5 0 0 0 2.5 0 \n\
     0 0 -3.25 \n\
     POLYGONS 4 16\n\
     3 0 1 2 \n\
     3 0 3 1 \n\
     3 0 2 3 \n\
     3 1 3 2 \n\
     \n\
     POINT_DATA 4\n\
     SCALARS a float \n\
     LOOKUP_TABLE default\n\
     0 1 2 3 \n\
     ";
/// Its volume: 1.5 · 2.5 · 3.25 / 6.
const VOLUME_KM3: f64 = 2.03125;
/// The volume of STL's single precision is that of exact numbers here; rounding of sums only.
const ROUNDING_KM3: f64 = 1e-12;

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap()).collect()
}

/// The tetrahedron as legacy VTK PolyData, by the grammar of the VTK User's Guide.
fn vtk_ascii() -> Vec<u8> {
    let mut text =
        "# vtk DataFile Version 3.0\ntitle\nASCII\nDATASET POLYDATA\nPOINTS 4 double\n".to_string();
    text += "0 0 0 1.5 0 0\n0 2.5 0 0 0 -3.25\nVERTICES 1 2\n1 0\nPOLYGONS 3 12\n3 0 1 2\n3 0 3 1\n3 0 2 3\n";
    text += "TRIANGLE_STRIPS 1 4\n3 1 3 2\nPOINT_DATA 4\nSCALARS a float\n";
    text.into_bytes()
}

fn vtk_binary() -> Vec<u8> {
    let mut out = b"# vtk DataFile Version 5.1\ntitle\nBINARY\nDATASET POLYDATA\nPOINTS 4 float\n".to_vec();
    let points = [0.0f32, 0.0, 0.0, 1.5, 0.0, 0.0, 0.0, 2.5, 0.0, 0.0, 0.0, -3.25];
    points.iter().for_each(|c| out.extend(c.to_be_bytes()));
    out.extend(b"\nMETADATA\nINFORMATION 0\n\nPOLYGONS 5 12\nOFFSETS vtktypeint64\n");
    [0i64, 3, 6, 9, 12].iter().for_each(|n| out.extend(n.to_be_bytes()));
    out.extend(b"\nCONNECTIVITY vtktypeint64\n");
    [0i64, 1, 2, 0, 3, 1, 0, 2, 3, 1, 3, 2].iter().for_each(|n| out.extend(n.to_be_bytes()));
    out.extend(b"\n");
    out
}

/// The binary PLY with all numbers turned round.
fn ply_big_endian() -> Vec<u8> {
    let little = bytes_of(PLY_BINARY);
    let body = little.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
    let text = String::from_utf8(little[..body].to_vec()).unwrap().replace("little", "big");
    let mut out = text.into_bytes();
    let (vertices, faces) = little[body..].split_at(4 * 24);
    vertices.chunks(8).for_each(|c| out.extend(c.iter().rev()));
    for face in faces.chunks(13) {
        out.push(face[0]);
        face[1..].chunks(4).for_each(|c| out.extend(c.iter().rev()));
    }
    out
}

/// A cube of 2 km in Gaskell's way, Q = 2, each face seen from outside with i to the right and j down.
fn icq() -> Vec<u8> {
    let mut text = "2\n".to_string();
    for face in 0..6 {
        for k in 0..9 {
            let (u, v) = (f64::from(k % 3) - 1.0, f64::from(k / 3) - 1.0);
            let p = [[u, -v, 1.0], [u, v, -1.0], [u, -1.0, -v], [-u, 1.0, -v], [1.0, u, -v], [-1.0, -u, -v]]
                [face];
            text += &format!(" {:.5E} {:.5}D+00  {:.5}\n", p[0], p[1], p[2]);
        }
    }
    text.into_bytes()
}

fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("obj", OBJ.as_bytes().to_vec()),
        ("ply", PLY.as_bytes().to_vec()),
        ("ply", bytes_of(PLY_BINARY)),
        ("ply", ply_big_endian()),
        ("stl", STL.as_bytes().to_vec()),
        ("stl", bytes_of(STL_BINARY)),
        ("vtk", bytes_of(VTK_BINARY)),
        ("vtk", VTK.as_bytes().to_vec()),
        ("vtk", vtk_ascii()),
        ("vtk", vtk_binary()),
        ("icq", icq()),
    ]
}

#[test]
fn every_format_gives_the_same_closed_body() {
    for (name, bytes) in all() {
        for name in [name, "no name that helps"] {
            let mesh = Mesh::from_bytes(name, &bytes, &MeshOptions::default());
            let report = mesh.unwrap_or_else(|e| panic!("{name}: {e}")).report();
            assert!(report.is_closed(), "{name}: {report:?}");
            let expected_km3 = if report.facet_count == 4 { VOLUME_KM3 } else { 8.0 };
            assert!((report.volume_km3 - expected_km3).abs() < ROUNDING_KM3, "{name}: {report:?}");
        }
    }
}

#[test]
fn metres_are_a_thousandth() {
    let metres = MeshOptions { unit: LengthUnit::Metres };
    let mesh = Mesh::from_bytes("a.obj", OBJ.as_bytes(), &metres).unwrap();
    assert!((mesh.bounding_radius_km() - 3.25e-3).abs() < 1e-15);
}

#[test]
fn a_polygon_becomes_a_fan() {
    let text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n";
    let triangles = Triangles::from_bytes("obj", text.as_bytes(), &MeshOptions::default()).unwrap();
    assert_eq!(triangles.facets, [[0, 1, 2], [0, 2, 3]]);
}

#[test]
fn every_truncation_is_an_answer() {
    for (name, bytes) in all() {
        let whole = Mesh::from_bytes(name, &bytes, &MeshOptions::default()).unwrap().facet_count();
        for end in 0..bytes.len() {
            // Text files may end after a whole facet, or in the middle of the last number; none may panic.
            if let Ok(mesh) = Mesh::from_bytes(name, &bytes[..end], &MeshOptions::default()) {
                assert!(mesh.facet_count() <= whole, "{name} cut at {end}");
            }
        }
    }
}

#[test]
fn every_damaged_byte_is_an_answer() {
    for (name, bytes) in all() {
        for at in 0..bytes.len() {
            for value in [0, b'9', b'-', 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let _ = Mesh::from_bytes(name, &damaged, &MeshOptions::default());
            }
        }
    }
}

#[test]
fn counts_beyond_the_file_are_refused_before_they_cost_memory() {
    let huge = |text: &str| Triangles::from_bytes("x", text.as_bytes(), &MeshOptions::default()).unwrap_err();
    let ply = "ply\nformat binary_little_endian 1.0\nelement vertex 99999999999999\nproperty float x\nproperty float y\n\
               property float z\nelement face 1\nproperty list int int vertex_indices\nend_header\n";
    assert!(huge(ply).to_string().contains("do not fit"));
    let empty = "ply\nformat ascii 1.0\nelement vertex 99999999999999\nend_header\n";
    assert!(huge(empty).to_string().contains("do not fit"));
    let vtk = "# vtk DataFile Version 3.0\nt\nASCII\nDATASET POLYDATA\nPOINTS 9999999999999 float\n0 0 0\n";
    assert!(huge(vtk).to_string().contains("do not fit"));
    let icq = Triangles::from_bytes("icq", b"4000000000\n1 2 3\n", &MeshOptions::default()).unwrap_err();
    assert!(icq.to_string().contains("do not fit"));
}

#[test]
fn errors_name_the_line_or_the_byte() {
    let error = |name: &str, bytes: &[u8]| {
        Mesh::from_bytes(name, bytes, &MeshOptions::default()).unwrap_err().to_string()
    };
    assert!(error("obj", b"v 1 2\n").contains("line 1"));
    assert!(error("obj", b"v 1 2 3\nf 1 2 9\n").contains("line 2"));
    assert!(error("obj", b"v 1 2 3\nf 0 1 1\n").contains("line 2"));
    assert!(error("obj", b"v 1 2 3\nv nan 2 3\n").contains("line 2"));
    assert!(error("obj", b"hello\n").contains("no facet"));
    assert!(error("mystery", b"\x00\x01").contains("name the file by its format"));
    let stl = bytes_of(STL_BINARY);
    assert!(error("stl", &stl[..200]).contains("byte 200"));
    assert!(error("icq", b"1\n1 2 3\n4 5 x\n7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6").contains("line 3"));
}

#[test]
fn a_global_terrain_raster_is_a_closed_body() {
    let grid = MapGrid::global(90);
    let values = Raster::filled(grid.width, grid.height, 0.0f32);
    let sphere = Ellipsoid::new(100.0, 100.0, 100.0).unwrap();
    let dtm = Dtm { grid: &grid, values: &values, kind: DtmKind::Height(sphere), unit: LengthUnit::Metres };
    let report = Mesh::from_dtm(&dtm).unwrap().report();
    assert!(report.is_closed(), "{report:?}");
    let ball_km3 = 4.0 / 3.0 * std::f64::consts::PI * 1e6;
    // Chords of 2° lie inside the sphere: a part in 1,000.
    assert!(report.volume_km3 < ball_km3 && report.volume_km3 > 0.998 * ball_km3, "{report:?}");
    assert!(report.centre_km.length() < 1e-9);
}

#[test]
fn cells_without_data_leave_holes_and_a_window_is_open() {
    let grid = MapGrid { width: 5, height: 4, west_rad: 0.5, north_rad: 0.4, step_rad: 0.01 };
    let values = Raster::filled(5, 4, 250_000.0f32);
    let dtm = |values| Dtm { grid: &grid, values, kind: DtmKind::Radius, unit: LengthUnit::Metres };
    assert_eq!(Mesh::from_dtm(&dtm(&values)).unwrap().facet_count(), 24);
    let mut torn = values.clone();
    torn.set(2, 1, f32::NAN);
    let mesh = Mesh::from_dtm(&dtm(&torn)).unwrap();
    assert_eq!(mesh.facet_count(), 18);
    assert!((mesh.bounding_radius_km() - 250.0).abs() < 1e-9);
    let normal = mesh.normal(0);
    assert!(normal.dot(mesh.facet_km(0)[0]) > 0.0, "outward");
    let wrong = Raster::filled(4, 4, 1.0f32);
    assert!(matches!(Mesh::from_dtm(&dtm(&wrong)), Err(ShapeError::Argument(_))));
}
