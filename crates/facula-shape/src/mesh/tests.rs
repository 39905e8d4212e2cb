// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tree, drawn frames, shadows and saved trees against a search over all facets, against each other, and against
//! numbers found with other programs.

use super::*;
use crate::{Shape, SurfacePoint};
use facula_core::LonLat;
use proptest::prelude::*;

/// Distances of different ways agree to this, relative: double precision with room for grazing facets.
const SAME_RATIO: f64 = 1e-9;

/// A lumpy ball of about 250 km on a grid of longitudes and latitudes, with poles of one vertex.
fn lumpy(lines: usize) -> Triangles {
    let columns = 2 * lines;
    let mut out = Triangles::default();
    let radius_km = |v: Vec3<BodyFixed>| {
        250.0 + 12.0 * (5.0 * v.x + 1.0).sin() * (7.0 * v.y).cos() + 6.0 * (19.0 * v.z + 11.0 * v.x).sin()
    };
    let mut add = |lon_deg: f64, lat_deg: f64| {
        let direction = LonLat::from_degrees(lon_deg, lat_deg).direction();
        out.vertices_km.push((direction * radius_km(direction)).to_array());
    };
    add(0.0, 90.0);
    add(0.0, -90.0);
    for line in 1..lines {
        for column in 0..columns {
            let step = 180.0 / lines as f64;
            add(column as f64 * step, 90.0 - line as f64 * step);
        }
    }
    let at = |line: usize, column: usize| match line {
        0 => 0,
        _ if line == lines => 1,
        _ => (2 + (line - 1) * columns + column % columns) as u32,
    };
    for line in 0..lines {
        for column in 0..columns {
            let [a, b, c, d] =
                [at(line, column), at(line, column + 1), at(line + 1, column + 1), at(line + 1, column)];
            out.facets.extend(
                [[a, d, b], [b, d, c]].into_iter().filter(|f| f[0] != f[1] && f[1] != f[2] && f[0] != f[2]),
            );
        }
    }
    out
}

fn mesh(lines: usize) -> Mesh {
    Mesh::from_triangles(lumpy(lines)).unwrap()
}

/// The nearest of all facets: Möller and Trumbore (1997), with a little room at the edges.
fn search(mesh: &Mesh, origin: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<f64> {
    let one = |facet: usize| {
        let [a, b, c] = mesh.facet_km(facet);
        let (e1, e2, s) = (b - a, c - a, origin - a);
        let p = direction.cross(e2);
        let det = e1.dot(p);
        let u = s.dot(p) / det;
        let q = s.cross(e1);
        let v = direction.dot(q) / det;
        let t = e2.dot(q) / det;
        let edge = -1e-12;
        (u >= edge && v >= edge && u + v <= 1.0 - edge && t > 0.0).then_some(t)
    };
    (0..mesh.facet_count()).filter_map(one).min_by(f64::total_cmp)
}

/// A camera with barrel distortion, turned, far or near.
fn look(size: FrameSize, half_tangent: f64) -> impl Fn(usize, usize) -> Vec3<BodyFixed> + Sync {
    move |sample, line| {
        let scale = 2.0 * half_tangent / size.width as f64;
        let (x, y) = (
            (sample as f64 + 0.5 - 0.5 * size.width as f64) * scale,
            (line as f64 + 0.5 - 0.5 * size.height as f64) * scale,
        );
        let bend = 1.0 - 0.05 * (x * x + y * y) / (half_tangent * half_tangent);
        let (x, y) = (x * bend, y * bend);
        let (x, y) = (0.8 * x - 0.6 * y, 0.6 * x + 0.8 * y);
        Vec3::new(-1.0, x, y).unit().unwrap()
    }
}

#[test]
fn rays_at_vertices_and_edges_of_a_closed_mesh_never_leak() {
    let mesh = mesh(32);
    for k in 0..20_000 {
        let z = 1.0 - (2 * k + 1) as f64 / 20_000.0;
        let (turn, level) = (k as f64 * 2.399963229728653, (1.0 - z * z).sqrt());
        let from = Vec3::new(z, level * turn.cos(), level * turn.sin()) * 5_000.0;
        let [a, b, _] = mesh.facet_km(k * 7 % mesh.facet_count());
        let aim = if k % 2 == 0 { a } else { a * 0.5 + b * 0.5 };
        // Through a point of the surface or a little inside: some facet is met in any case.
        let hit = mesh.intersect(from, (aim * 0.9 - from).unit().unwrap()).expect("closed mesh");
        assert!(hit.point_km.length() < 275.0);
    }
}

#[test]
fn a_frame_aimed_at_vertices_has_no_hole() {
    let mesh = mesh(32);
    let eye = Vec3::new(4_000.0, 300.0, -200.0);
    let toward: Vec<_> = (0..64 * 64)
        .map(|k| {
            let [a, b, _] = mesh.facet_km(k * 13 % mesh.facet_count());
            let aim = if k % 2 == 0 { a } else { a * 0.5 + b * 0.5 };
            (aim * 0.9 - eye).unit().unwrap()
        })
        .collect();
    let size = FrameSize { width: 64, height: 64 };
    let sight = mesh.visible(eye, size, |sample, line| toward[line * 64 + sample]);
    assert!(sight.distance_km.as_slice().iter().all(|d| d.is_finite()));
}

#[test]
fn the_tree_gives_what_a_search_over_all_facets_gives() {
    let mesh = mesh(24);
    let mut hits = 0;
    for k in 0..600 {
        let origin_km = LonLat::from_degrees(k as f64 * 7.3, (k % 170) as f64 - 85.0).direction() * 900.0;
        let aim_km = Vec3::new((k % 13) as f64 * 40.0 - 240.0, (k % 7) as f64 * 60.0 - 180.0, 10.3);
        let direction = (aim_km - origin_km).unit().unwrap();
        let found = mesh.intersect(origin_km, direction).map(|hit| hit.distance_km);
        let all = search(&mesh, origin_km, direction);
        assert_eq!(found.is_some(), all.is_some(), "{k}");
        if let (Some(found), Some(all)) = (found, all) {
            assert!((found / all - 1.0).abs() < SAME_RATIO, "{found} {all}");
            hits += 1;
        }
        assert_eq!(mesh.blocks(origin_km, direction), all.is_some());
    }
    assert!(hits > 300, "{hits}");
}

/// Cuts a frame both ways and compares every pixel.
fn drawn_equals_cast(mesh: &Mesh, eye: Vec3<BodyFixed>, size: FrameSize, half_tangent: f64) -> usize {
    let look = look(size, half_tangent);
    let sight = mesh.visible(eye, size, &look);
    let mut hits = 0;
    for line in 0..size.height {
        for sample in 0..size.width {
            let (drawn_km, direction) = (sight.distance_km.at(sample, line), look(sample, line));
            let pixel = (drawn_km, sight.facet.at(sample, line));
            match mesh.intersect(eye, direction) {
                None => assert!(drawn_km.is_nan(), "{sample} {line}"),
                Some(hit) => {
                    assert!((drawn_km / hit.distance_km - 1.0).abs() < SAME_RATIO, "{sample} {line}");
                    let drawn = mesh.hit_of(pixel, eye, direction).unwrap();
                    assert!((drawn.point_km - hit.point_km).length() < 1e-6);
                    hits += 1;
                }
            }
        }
    }
    hits
}

#[test]
fn a_drawn_frame_of_a_distorting_camera_is_what_single_rays_see() {
    let size = FrameSize { width: 203, height: 157 };
    for lines in [4, 24, 300] {
        let hits = drawn_equals_cast(&mesh(lines), Vec3::new(3_000.0, 40.0, -25.0), size, 0.11);
        assert!(hits > 5_000, "{hits}");
    }
}

#[test]
fn a_frame_from_close_by_is_what_single_rays_see() {
    let size = FrameSize { width: 96, height: 80 };
    assert_eq!(drawn_equals_cast(&mesh(60), Vec3::new(330.0, 3.0, 2.0), size, 0.5), 96 * 80);
    // From within, looking at the inner side: facets on all sides of the camera.
    assert_eq!(drawn_equals_cast(&mesh(60), Vec3::new(30.0, 3.0, 2.0), size, 0.5), 96 * 80);
}

#[test]
fn an_open_sheet_is_seen_from_behind() {
    let facets = vec![[0, 1, 2], [0, 2, 3]];
    let square = vec![[0.0, -1.0, -1.0], [0.0, 1.0, -1.0], [0.0, 1.0, 1.0], [0.0, -1.0, 1.0]];
    let sheet = Mesh::new(square, facets).unwrap();
    let size = FrameSize { width: 40, height: 40 };
    let front = drawn_equals_cast(&sheet, Vec3::new(20.0, 0.1, 0.0), size, 0.1);
    let behind = drawn_equals_cast(&sheet.turned(), Vec3::new(20.0, 0.1, 0.0), size, 0.1);
    assert!(front > 300 && front == behind);
}

#[test]
fn pixels_without_direction_see_nothing_and_the_rest_is_not_disturbed() {
    let (mesh, size) = (mesh(24), FrameSize { width: 64, height: 48 });
    let (eye, look) = (Vec3::new(3_000.0, 0.0, 0.0), look(FrameSize { width: 64, height: 48 }, 0.1));
    let nowhere = Vec3::new(f64::NAN, 0.0, 0.0);
    let whole = mesh.visible(eye, size, &look);
    let torn = mesh.visible(eye, size, |s, l| if s < 20 { nowhere } else { look(s, l) });
    for line in 0..48 {
        assert!((0..20).all(|s| torn.distance_km.at(s, line).is_nan()));
        for s in 20..64 {
            let (a, b) = (whole.distance_km.at(s, line), torn.distance_km.at(s, line));
            assert!(a.is_nan() && b.is_nan() || (a / b - 1.0).abs() < SAME_RATIO);
        }
    }
    let nothing = mesh.visible(eye, FrameSize { width: 0, height: 5 }, &look);
    assert!(nothing.facet.as_slice().is_empty());
}

fn points_of(mesh: &Mesh, eye: Vec3<BodyFixed>, size: FrameSize) -> Vec<SurfacePoint> {
    let look = look(size, 0.1);
    let places = (0..size.width * size.height).map(|k| look(k % size.width, k / size.width));
    let hits = places.filter_map(|direction| mesh.intersect(eye, direction));
    hits.map(|hit| SurfacePoint { point_km: hit.point_km, normal: hit.normal }).collect()
}

#[test]
fn drawn_shadows_are_those_of_single_rays() {
    let mesh = mesh(90);
    let points = points_of(&mesh, Vec3::new(3_000.0, 0.0, 0.0), FrameSize { width: 150, height: 150 });
    let sun_km = Vec3::new(0.35, 0.9, 0.2) * 4e8;
    let sun = SunDisc { centre_km: sun_km, radius_km: 0.0, samples: 1 };
    let lit = mesh.lit(&points, &sun);
    let shape = Shape::Mesh(mesh.clone());
    let (mut dark, mut cast) = (0, 0);
    for (point, lit) in points.iter().zip(&lit) {
        let faces = (sun_km - point.point_km).dot(point.normal) > 0.0;
        let shadowed = shape.shadowed(point, sun_km);
        // Ground within a lift of the Sun's own horizon may go either way.
        if (sun_km - point.point_km).unit().unwrap().dot(point.normal).abs() > 1e-6 {
            assert_eq!(*lit == 1.0, faces && !shadowed);
        }
        dark += usize::from(!faces);
        cast += usize::from(faces && shadowed);
    }
    assert!(dark > 1_000 && cast > 100, "{dark} {cast} of {}", points.len());
}

#[test]
fn the_edge_of_a_walls_shadow_is_as_soft_as_the_sun_is_wide() {
    // A wall 1 km high along y; the Sun stands at 45° over +x: its shadow ends 1 km behind, at x = -1, and a disc of
    // half-angle a softens it over ± a · 2 km (distance √2 km to the crest, cast on ground inclined by 45°).
    let ground = [[-9.0, -9.0, 0.0], [9.0, -9.0, 0.0], [9.0, 9.0, 0.0], [-9.0, 9.0, 0.0]];
    let wall = [[0.0, -9.0, 0.0], [0.0, 9.0, 0.0], [0.0, 9.0, 1.0], [0.0, -9.0, 1.0]];
    let vertices = ground.into_iter().chain(wall).collect();
    let mesh = Mesh::new(vertices, vec![[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]]).unwrap();
    let half_angle: f64 = 4.65e-3;
    let far_km = 1.5e8;
    let sun = SunDisc {
        centre_km: Vec3::new(1.0, 0.0, 1.0).unit().unwrap() * far_km,
        radius_km: far_km * half_angle.sin(),
        samples: 1024,
    };
    let at = |x: f64| SurfacePoint { point_km: Vec3::new(x, 0.2, 0.0), normal: Vec3::new(0.0, 0.0, 1.0) };
    let places: Vec<f64> = vec![-1.02, -1.007, -1.004, -1.0, -0.996, -0.993, -0.98, -0.5, 0.5];
    let lit = mesh.lit(&places.iter().map(|x| at(*x)).collect::<Vec<_>>(), &sun);
    for (x, lit) in places.iter().zip(lit) {
        // Part of a disc on the far side of a line at s radii from its centre. The lift shortens the wall.
        let lift_km = crate::shape::LIFT * mesh.bounding_radius_km();
        let s = ((-1.0 + lift_km - x) / (2.0 * half_angle)).clamp(-1.0, 1.0);
        let expected =
            if *x > 0.0 { 1.0 } else { 0.5 + (s.asin() + s * (1.0 - s * s).sqrt()) / std::f64::consts::PI };
        assert!((f64::from(lit) - expected).abs() < 0.02, "x {x}: {lit}, expected {expected}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let size = FrameSize { width: 300, height: 200 };
    let all = |threads| {
        pool(threads).install(|| {
            let mesh = mesh(150);
            let sight = mesh.visible(Vec3::new(3_000.0, 40.0, -25.0), size, look(size, 0.11));
            let points = points_of(&mesh, Vec3::new(3_000.0, 0.0, 0.0), FrameSize { width: 90, height: 90 });
            let sun = SunDisc { centre_km: Vec3::new(0.1, 4e8, 0.0), radius_km: 7e5, samples: 32 };
            (
                mesh.to_tree_bytes([7; 32]),
                sight.facet,
                sight.distance_km.map(f64::to_bits),
                mesh.lit(&points, &sun),
            )
        })
    };
    let (one, three) = (all(1), all(3));
    assert!(one.0 == three.0, "trees differ");
    assert!(one.1 == three.1 && one.2 == three.2, "frames differ");
    assert!(one.3 == three.3, "shadows differ");
}

#[test]
fn a_report_tells_size_and_closedness() {
    let ball = mesh(200).report();
    assert!(ball.is_closed() && ball.flat_facets == 0 && ball.volume_km3 > 0.0);
    let Triangles { vertices_km, mut facets } = lumpy(20);
    facets[5].swap(0, 1);
    let turned = Mesh::new(vertices_km.clone(), facets.clone()).unwrap().report();
    assert_eq!((turned.open_edges, turned.turned_edges), (0, 3));
    facets.remove(5);
    let open = Mesh::new(vertices_km, facets).unwrap().report();
    assert_eq!((open.open_edges, open.turned_edges), (3, 0));
    assert!(mesh(20).turned().report().volume_km3 < 0.0);
}

#[test]
fn meshes_take_less_than_forty_bytes_a_facet() {
    let mesh = mesh(300);
    let each = mesh.memory_bytes() as f64 / mesh.facet_count() as f64;
    assert!(each < 40.0, "{each}");
}

#[test]
fn odd_meshes_have_trees_too() {
    let bad = |vertices: Vec<[f64; 3]>, facets| Mesh::new(vertices, facets).unwrap_err().to_string();
    assert!(bad(vec![], vec![]).contains("no facet"));
    assert!(bad(vec![[0.0; 3]; 3], vec![[0, 1, 3]]).contains("beyond"));
    assert!(bad(vec![[f64::NAN; 3]; 3], vec![[0, 1, 2]]).contains("finite"));
    // One point, 5,000 times: no area, nothing to cut, nothing to hit.
    let point = Mesh::new(vec![[1.0, 2.0, 3.0]; 3], vec![[0, 1, 2]; 5_000]).unwrap();
    assert!(point.intersect(Vec3::new(9.0, 9.0, 9.0), Vec3::new(-1.0, 0.0, 0.0)).is_none());
    // One facet, 5,000 times.
    let corners = vec![[1.0, -1.0, -1.0], [1.0, 2.0, -1.0], [1.0, -1.0, 2.0]];
    let many = Mesh::new(corners, vec![[0, 1, 2]; 5_000]).unwrap();
    let hit = many.intersect(Vec3::new(9.0, 0.0, 0.0), Vec3::new(-1.0, 0.0, 0.0)).unwrap();
    assert_eq!((hit.distance_km, hit.normal), (8.0, Vec3::new(1.0, 0.0, 0.0)));
    assert!(many.intersect(Vec3::new(f64::NAN, 0.0, 0.0), Vec3::new(-1.0, 0.0, 0.0)).is_none());
    assert!(many.intersect(Vec3::new(9.0, 0.0, 0.0), Vec3::new(0.0, 0.0, 0.0)).is_none());
}

#[test]
fn a_saved_tree_answers_as_the_one_that_was_saved() {
    let mesh = mesh(60);
    let bytes = mesh.to_tree_bytes([3; 32]);
    let back = Mesh::from_tree_bytes(&bytes, Some([3; 32])).unwrap();
    assert_eq!(back.to_tree_bytes([3; 32]), bytes);
    let (from, to) = (Vec3::new(900.0, 10.0, 20.0), Vec3::new(-1.0, 0.0, 0.0));
    assert_eq!(back.intersect(from, to), mesh.intersect(from, to));
    assert!(back.intersect(from, to).is_some());
    let error = |bytes: &[u8], source| Mesh::from_tree_bytes(bytes, source).unwrap_err().to_string();
    assert!(error(&bytes, Some([4; 32])).contains("another mesh"));
    assert!(error(b"FACTREE\0", None).contains("no saved tree"));
    assert_eq!(
        Mesh::from_bytes("any", &bytes, &MeshOptions::default()).unwrap().facet_count(),
        mesh.facet_count()
    );
}

#[test]
fn every_truncation_of_a_saved_tree_is_refused() {
    let bytes = mesh(6).to_tree_bytes([0; 32]);
    for end in 0..bytes.len() {
        assert!(Mesh::from_tree_bytes(&bytes[..end], None).is_err(), "cut at {end}");
    }
}

#[test]
fn hostile_saved_trees_are_refused_or_harmless() {
    let good = mesh(5).to_tree_bytes([0; 32]);
    let body = good.len() - 8;
    let mut read = 0;
    for at in 0..body {
        for value in [0x00, 0x7f, 0xff] {
            let mut bytes = good.clone();
            bytes[at] = value;
            // With the right checksum, as someone who means harm would write it.
            let sum = saved::checksum(&bytes[..body]);
            bytes[body..].copy_from_slice(&sum.to_le_bytes());
            if let Ok(mesh) = Mesh::from_tree_bytes(&bytes, None) {
                read += 1;
                let size = FrameSize { width: 4, height: 4 };
                let eye = Vec3::new(3_000.0, 1.0, 2.0);
                mesh.visible(eye, size, look(size, 0.1));
                mesh.intersect(eye, Vec3::new(-1.0, 0.0, 0.0));
            }
        }
    }
    assert!(read > 100, "{read}");
}

type Aim = [f64; 3];

/// Distances (km) from (5000, -3000, 2000) towards some points of the real Vesta mesh: all facets searched with
/// Möller and Trumbore's test in numpy 2.4.6, double precision; facet numbers as in the file.
const VESTA: [(Aim, Option<(f64, usize)>); 6] = [
    ([0.0, 0.0, 0.0], Some((5_888.711_885_625_441, 34_309))),
    ([100.0, 50.0, -60.0], Some((5_908.522_288_032_308, 36_513))),
    ([-30.0, 180.0, 20.0], Some((5_938.422_879_990_037, 34_100))),
    ([10.0, -20.0, 215.0], Some((6_043.942_010_903_635, 5_066))),
    ([200.0, 200.0, 150.0], None),
    ([60.0, 230.0, -40.0], Some((5_989.264_891_825_216, 35_919))),
];

#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads flight data")]
fn the_real_vesta_mesh_gives_numpys_distances_and_volume() {
    let name = "vesta-approach/vesta_49k_vesta_fixed_v06.obj";
    let Some(folder) = facula_testkit::data_folder() else {
        facula_testkit::skip("the_real_vesta_mesh_gives_numpys_distances_and_volume", "no flight data");
        return;
    };
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let mesh = Mesh::from_bytes(name, &bytes, &MeshOptions::default()).unwrap();
    let from = Vec3::new(5_000.0, -3_000.0, 2_000.0);
    for (aim, expected) in VESTA {
        let direction = (Vec3::from_array(aim) - from).unit().unwrap();
        let found = mesh.first_facet(from, direction).map(|(km, facet)| (km, mesh.source_facet(facet)));
        assert_eq!(found.map(|f| f.1), expected.map(|e| e.1));
        if let (Some((km, _)), Some((expected_km, _))) = (found, expected) {
            assert!((km / expected_km - 1.0).abs() < 1e-13, "{km} {expected_km}");
        }
    }
    let report = mesh.report();
    // Sum over facets in numpy, the same file.
    assert!((report.volume_km3 / 74_948_254.913_171_01 - 1.0).abs() < 1e-12, "{report:?}");
    assert!((report.centre_km - Vec3::new(0.889_846_33, 0.327_681_92, 2.097_980_19)).length() < 1e-7);
    assert!((report.area_km2 / 888_345.207_559_406_1 - 1.0).abs() < 1e-12);
}

proptest! {
    #[test]
    fn any_ray_is_answered_as_by_a_search(
        lon in 0.0..360.0f64, lat in -90.0..90.0f64, range_km in 1.0..2_000.0f64,
        aim in prop::array::uniform3(-260.0..260.0f64),
    ) {
        static MESH: std::sync::OnceLock<Mesh> = std::sync::OnceLock::new();
        let mesh = MESH.get_or_init(|| mesh(12));
        let from = LonLat::from_degrees(lon, lat).direction() * range_km;
        let direction = (Vec3::from_array(aim) - from).unit().unwrap();
        let (found, all) = (mesh.intersect(from, direction).map(|h| h.distance_km), search(mesh, from, direction));
        prop_assert_eq!(found.is_some(), all.is_some());
        if let (Some(found), Some(all)) = (found, all) {
            prop_assert!((found - all).abs() <= SAME_RATIO * (all + 1.0), "{} {}", found, all);
        }
    }
}
