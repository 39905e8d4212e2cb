// SPDX-License-Identifier: MIT OR Apache-2.0
//! Row `rays`: build, primary and shadow rays of a whole frame, single rays, on a lumpy sphere.
//!
//! `facula-bench rays FOLDER CELLS [FRAME]`: a cube sphere with `CELLS` cells along the edge of a face (12 CELLS²
//! facets: 166, 330, 658 for 0.33, 1.3, 5.2 million) seen by a frame of `FRAME`² pixels (1024) with the whole body in
//! it. Writes what its peers need into the folder, and its own results: little-endian arrays, see `Files`.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::time::Instant;

use facula_core::{BodyFixed, Vec3};
use facula_shape::{FrameSize, Mesh, Shape, Sight, SunDisc, SurfacePoint};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// Mean radius of the body, km: that of Ceres.
const RADIUS_KM: f64 = 470.0;
/// Distance of the camera, km, and half the angle of its frame as a tangent.
const CAMERA_KM: f64 = 5_000.0;
const HALF_TANGENT: f64 = 0.105;
/// Distance of the Sun: 2.8 au.
const SUN_KM: f64 = 4.2e8;
/// Shadow rays start this far above the ground as a part of the largest radius, as those of `Shape::hidden`.
const LIFT: f64 = 1e-5;
/// Runs of which the shortest counts.
const RUNS: usize = 9;

/// Times the row.
pub(crate) fn run(arguments: &[String]) -> Result<Value, Failure> {
    let [folder, cells, frame @ ..] = arguments else {
        return Err("usage: rays FOLDER CELLS [FRAME]".into());
    };
    let side = frame.first().map_or(Ok(1024), |text| text.parse::<usize>())?;
    let files = Files(PathBuf::from(folder));
    std::fs::create_dir_all(&files.0)?;
    let (vertices_km, facets) = lumpy_sphere(cells.parse()?);
    files.reals("vertices.f64", vertices_km.iter().flatten().copied())?;
    files.numbers("facets.u32", facets.iter().flatten().copied())?;
    let (mesh, [build_s, _]) = fastest(3, || Mesh::new(vertices_km.clone(), facets.clone()));
    let (_, [copy_s, _]) = fastest(3, || (vertices_km.clone(), facets.clone()));
    let mesh = mesh?;
    let view = View::new(side);
    files.reals("looks.f64", view.looks.iter().flat_map(|look| look.to_array()))?;
    let size = FrameSize { width: side, height: side };
    let look = |sample: usize, line: usize| view.looks[line * side + sample];
    let (sight, [primary_s, primary_cpu_s]) = fastest(RUNS, || mesh.visible(view.camera_km, size, look));
    let points = ground(&mesh, &view, &sight);
    let sun = SunDisc { centre_km: view.sun_km, radius_km: 0.0, samples: 1 };
    let (lit, [shadow_s, shadow_cpu_s]) = fastest(RUNS, || mesh.lit(&points, &sun));
    files.results(&mesh, &sight, &lit)?;
    let rays = files.shadow_rays(&mesh, &points, &view)?;
    let disc = SunDisc { radius_km: 695_700.0, samples: 64, ..sun };
    let (soft, [disc_s, _]) = fastest(1, || mesh.lit(&points, &disc));
    let torn = soft.iter().filter(|f| **f > 0.0 && **f < 1.0).count();
    let (single_s, agree) = single(&mesh, &view, &sight);
    let bytes = mesh.to_tree_bytes([0; 32]);
    let (loaded, [load_s, _]) = fastest(1, || Mesh::from_tree_bytes(&bytes, None));
    loaded?;
    let hits = points.len();
    Ok(json!({
        "facets": facets.len(), "pixels": side * side, "hits": hits, "shadow_rays": rays,
        "build_s": build_s - copy_s, "bytes_per_facet": mesh.memory_bytes() as f64 / facets.len() as f64,
        "primary_s": primary_s, "primary_cpu_s": primary_cpu_s,
        "shadow_s": shadow_s, "shadow_cpu_s": shadow_cpu_s, "disc_s": disc_s, "disc_partial": torn,
        "single_mray_s": side as f64 * side as f64 / single_s / 1e6, "single_agree": agree, "load_s": load_s,
        "primary_mray_s": (side * side) as f64 / primary_s / 1e6, "shadow_mray_s": rays as f64 / shadow_s / 1e6,
    }))
}

/// What a function gives, and the shortest of its runs: by the clock and of all threads together (0 where the system
/// does not tell), s.
pub(crate) fn fastest<T>(runs: usize, mut f: impl FnMut() -> T) -> (T, [f64; 2]) {
    let mut least_s = [f64::INFINITY; 2];
    let mut last = None;
    for _ in 0..runs {
        drop(last.take());
        let (start, start_cpu_s) = (Instant::now(), cpu_s());
        last = Some(f());
        least_s = [least_s[0].min(start.elapsed().as_secs_f64()), least_s[1].min(cpu_s() - start_cpu_s)];
    }
    (last.expect("one run at least"), least_s)
}

/// Time that the threads of this process ran, s (Linux).
fn cpu_s() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let ran = |thread: std::io::Result<std::fs::DirEntry>| -> Option<f64> {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    threads.filter_map(ran).sum::<f64>() * 1e-9
}

/// A camera and the Sun.
struct View {
    camera_km: Vec3<BodyFixed>,
    sun_km: Vec3<BodyFixed>,
    looks: Vec<Vec3<BodyFixed>>,
}

impl View {
    fn new(side: usize) -> Self {
        let towards = Vec3::new(0.62, -0.55, 0.56).unit().expect("not zero");
        let right = towards.cross(Vec3::new(0.0, 0.0, 1.0)).unit().expect("not along z");
        let down = towards.cross(right);
        let step = 2.0 * HALF_TANGENT / side as f64;
        let tangent = |k: usize| (k as f64 + 0.5) * step - HALF_TANGENT;
        let look = |k: usize| {
            let v = right * tangent(k % side) + down * tangent(k / side) + -towards;
            v.unit().expect("not zero")
        };
        let sun = (towards + right * 1.2 + down * -0.6).unit().expect("not zero");
        Self {
            camera_km: towards * CAMERA_KM,
            sun_km: sun * SUN_KM,
            looks: (0..side * side).map(look).collect(),
        }
    }
}

/// The points that pixels see, with outward normals.
fn ground(mesh: &Mesh, view: &View, sight: &Sight) -> Vec<SurfacePoint> {
    let facets = sight.facet.as_slice();
    let seen = facets.iter().enumerate().filter(|(_, facet)| **facet != Sight::NO_FACET);
    let point = |(k, facet): (usize, &u32)| {
        let distance_km = sight.distance_km.as_slice()[k];
        SurfacePoint {
            point_km: view.camera_km + view.looks[k] * distance_km,
            normal: mesh.normal(*facet as usize),
        }
    };
    seen.map(point).collect()
}

/// Time of a frame through the tree, ray by ray on both cores, and how many pixels agree with the drawn frame.
fn single(mesh: &Mesh, view: &View, sight: &Sight) -> (f64, usize) {
    let shape = Shape::Mesh(mesh.clone());
    let Shape::Mesh(mesh) = &shape else { return (f64::NAN, 0) };
    let count = view.looks.len();
    let half = count / 2;
    let cast = |range: std::ops::Range<usize>| -> usize {
        let agrees = |k: &usize| {
            let drawn_km = sight.distance_km.as_slice()[*k];
            match mesh.first_facet(view.camera_km, view.looks[*k]) {
                Some((distance_km, _)) => (distance_km / drawn_km - 1.0).abs() < 1e-9,
                None => drawn_km.is_nan(),
            }
        };
        range.filter(agrees).count()
    };
    let both = || {
        std::thread::scope(|scope| {
            let first = scope.spawn(|| cast(0..half));
            cast(half..count) + first.join().unwrap_or(0)
        })
    };
    let (agree, [time_s, _]) = fastest(3, both);
    (time_s, agree)
}

/// The folder that the peers read.
pub(crate) struct Files(pub(crate) PathBuf);

impl Files {
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path: &Path = &self.0.join(name);
        facula_core::write_aside(path, |file| std::io::Write::write_all(file, bytes))?;
        Ok(())
    }

    pub(crate) fn reals(&self, name: &str, values: impl Iterator<Item = f64>) -> Result<(), Failure> {
        self.write(name, &values.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
    }

    pub(crate) fn numbers(&self, name: &str, values: impl Iterator<Item = u32>) -> Result<(), Failure> {
        self.write(name, &values.flat_map(u32::to_le_bytes).collect::<Vec<u8>>())
    }

    fn results(&self, mesh: &Mesh, sight: &Sight, lit: &[f32]) -> Result<(), Failure> {
        let source = |facet: &u32| match *facet {
            Sight::NO_FACET => Sight::NO_FACET,
            facet => mesh.source_facet(facet as usize) as u32,
        };
        self.reals("distance.f64", sight.distance_km.as_slice().iter().copied())?;
        self.numbers("facet.u32", sight.facet.as_slice().iter().map(source))?;
        self.write("lit.u8", &lit.iter().map(|f| u8::from(*f > 0.5)).collect::<Vec<u8>>())
    }

    /// The shadow rays of all points that face the Sun: origin and direction, and the number of the point.
    fn shadow_rays(&self, mesh: &Mesh, points: &[SurfacePoint], view: &View) -> Result<usize, Failure> {
        let (mut rays, mut numbers) = (Vec::new(), Vec::new());
        for (number, point) in points.iter().enumerate() {
            let lifted_km = point.point_km + point.normal * (LIFT * mesh.bounding_radius_km());
            let direction = (view.sun_km - lifted_km).unit().ok_or("a point in the Sun")?;
            if direction.dot(point.normal) > 0.0 {
                rays.extend(lifted_km.to_array());
                rays.extend(direction.to_array());
                numbers.push(number as u32);
            }
        }
        let camera = [view.camera_km.to_array(), view.sun_km.to_array()];
        self.reals("camera.f64", camera.into_iter().flatten())?;
        self.reals("shadow_rays.f64", rays.into_iter())?;
        self.numbers("shadow_points.u32", numbers.iter().copied())?;
        Ok(numbers.len())
    }
}

/// Vertices, km, and facets.
pub(crate) type MeshParts = (Vec<[f64; 3]>, Vec<[u32; 3]>);

/// A cube sphere with waves in its radius, from hills of half the body to those of a few cells.
pub(crate) fn lumpy_sphere(cells: usize) -> MeshParts {
    let waves = waves();
    let grid = |face: usize, i: usize, j: usize| {
        let at = |k: usize| (2.0 * k as f64 / cells as f64 - 1.0) * 0.25 * std::f64::consts::PI;
        let (u, v) = (at(i).tan(), at(j).tan());
        match face {
            0 => Vec3::<BodyFixed>::new(1.0, u, v),
            1 => Vec3::new(-1.0, v, u),
            2 => Vec3::new(v, 1.0, u),
            3 => Vec3::new(u, -1.0, v),
            4 => Vec3::new(u, v, 1.0),
            _ => Vec3::new(v, u, -1.0),
        }
    };
    // Vertices on edges are shared: by their bits, rounded far below a cell.
    let mut numbers = std::collections::HashMap::new();
    let (mut vertices_km, mut facets) = (Vec::new(), Vec::with_capacity(12 * cells * cells));
    let side = cells + 1;
    for face in 0..6 {
        let mut own = Vec::with_capacity(side * side);
        for k in 0..side * side {
            let direction = grid(face, k % side, k / side).unit().expect("not zero");
            let edge = [k % side, k / side].iter().any(|c| *c == 0 || *c == cells);
            let mut add = || {
                let height: f64 = waves.iter().map(|w| w.0 * (w.1.dot(direction) + w.2).sin()).sum();
                vertices_km.push((direction * (RADIUS_KM * (1.0 + height))).to_array());
                vertices_km.len() as u32 - 1
            };
            let key = direction.to_array().map(|c| (c * 1e9).round() as i64);
            own.push(if edge { *numbers.entry(key).or_insert_with(add) } else { add() });
        }
        for cell in 0..cells * cells {
            let first = cell / cells * side + cell % cells;
            let [a, b, c, d] = [own[first], own[first + 1], own[first + side + 1], own[first + side]];
            facets.extend([[a, b, c], [a, c, d]]);
        }
    }
    (vertices_km, facets)
}

/// Amplitude, wave vector and phase of 48 waves: eight octaves of six.
fn waves() -> Vec<(f64, Vec3<BodyFixed>, f64)> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut wave = |octave: usize| {
        let z = 2.0 * random() - 1.0;
        let turn = TAU * random();
        let level = (1.0 - z * z).sqrt();
        let frequency = 3.0 * 1.9f64.powi(octave as i32);
        let direction = Vec3::new(level * turn.cos(), level * turn.sin(), z);
        (0.04 / frequency, direction * frequency, TAU * random())
    };
    (0..48).map(|k| wave(k / 6)).collect()
}
