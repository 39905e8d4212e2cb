// SPDX-License-Identifier: MIT OR Apache-2.0
//! Triangle meshes: Wavefront OBJ, a bounding-volume tree, watertight ray tests.
//!
//! # Source
//! Ray test: Woop, Benthin, Wald (2013), J. Comput. Graph. Tech. 2, 65 (shear to the ray's axis; edges shared by
//! two facets leave no gap). Tree: binned surface-area splits (Wald 2007, IEEE RT07, p. 33).

use facula_core::{BodyFixed, Vec3};

use super::Hit;
use crate::ShapeError;

/// More facets than this are refused: 20 million, about 2 GB with the tree.
const FACET_LIMIT: usize = 20_000_000;
/// Facets in a leaf of the tree.
const LEAF: usize = 4;
/// Candidate split planes per axis.
const BINS: usize = 16;

/// A triangle mesh with its tree.
#[derive(Debug, Clone)]
pub struct Mesh {
    vertices: Vec<[f64; 3]>,
    /// Vertex indices, in the order of the tree's leaves.
    facets: Vec<[u32; 3]>,
    nodes: Vec<Node>,
    bounding_radius_km: f64,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    low: [f64; 3],
    high: [f64; 3],
    /// First facet of a leaf, or index of the first of two children.
    first: u32,
    /// Facets in a leaf; 0 for an inner node.
    count: u32,
}

impl Mesh {
    /// A mesh from vertices (body-fixed, km) and facets (zero-based vertex indices, counter-clockwise seen from
    /// outside).
    ///
    /// # Errors
    /// [`ShapeError::Mesh`] for an index without vertex, a non-finite vertex or no facet at all;
    /// [`ShapeError::Limit`] beyond 20 million facets.
    pub fn new(vertices: Vec<[f64; 3]>, facets: Vec<[u32; 3]>) -> Result<Self, ShapeError> {
        let bad = |message: String| Err(ShapeError::Mesh { line: 0, message });
        if facets.len() > FACET_LIMIT {
            return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
        }
        if facets.is_empty() {
            return bad("no facet in it; is this the right file?".into());
        }
        if let Some(facet) = facets.iter().find(|f| f.iter().any(|v| *v as usize >= vertices.len())) {
            return bad(format!("facet {facet:?} names a vertex beyond the last one ({})", vertices.len()));
        }
        if let Some(vertex) = vertices.iter().find(|v| v.iter().any(|c| !c.is_finite())) {
            return bad(format!("vertex {vertex:?} is not finite"));
        }
        let bounding_radius_km =
            vertices.iter().map(|v| Vec3::<BodyFixed>::from_array(*v).length()).fold(0.0, f64::max);
        let (facets, nodes) = build(&vertices, facets);
        Ok(Self { vertices, facets, nodes, bounding_radius_km })
    }

    /// A mesh from the text of a Wavefront OBJ file: lines `v x y z` (km) and `f a b c …` (one-based or negative
    /// indices, `a/b/c` forms allowed, polygons cut into fans). Other lines are passed over.
    ///
    /// # Errors
    /// [`ShapeError::Mesh`] with the line, [`ShapeError::Limit`] beyond 20 million facets.
    pub fn from_obj(text: &str) -> Result<Self, ShapeError> {
        let (mut vertices, mut facets) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split_ascii_whitespace();
            let bad = |message: &str| ShapeError::Mesh { line: number + 1, message: message.to_string() };
            match words.next() {
                Some("v") => {
                    let numbers: Vec<f64> = words.map_while(|word| word.parse().ok()).collect();
                    let vertex = numbers.get(..3).ok_or_else(|| bad("a vertex needs three numbers"))?;
                    vertices.push([vertex[0], vertex[1], vertex[2]]);
                }
                Some("f") => {
                    let corners: Option<Vec<u32>> =
                        words.map(|word| obj_index(word, vertices.len())).collect();
                    let corners = corners.ok_or_else(|| bad("a facet names a vertex that is not there"))?;
                    if corners.len() < 3 {
                        return Err(bad("a facet needs three vertices"));
                    }
                    facets.extend((1..corners.len() - 1).map(|k| [corners[0], corners[k], corners[k + 1]]));
                    if facets.len() > FACET_LIMIT {
                        return Err(ShapeError::Limit { what: "facets", limit: FACET_LIMIT });
                    }
                }
                _ => {}
            }
        }
        Self::new(vertices, facets)
    }

    /// Number of facets.
    pub fn facet_count(&self) -> usize {
        self.facets.len()
    }

    /// Radius of a sphere around the centre that holds the mesh, km.
    pub fn bounding_radius_km(&self) -> f64 {
        self.bounding_radius_km
    }

    /// Where a ray (unit `direction`) first meets the mesh. Both sides of a facet count; the normal is that of
    /// the facet, turned towards the origin of the ray.
    pub fn intersect(&self, origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Option<Hit> {
        let ray = Ray::new(origin_km, direction);
        let mut best: Option<(f64, usize)> = None;
        let mut stack = Vec::with_capacity(64);
        stack.push(0u32);
        while let Some(index) = stack.pop() {
            let node = &self.nodes[index as usize];
            let nearest = best.map_or(f64::INFINITY, |(t, _)| t);
            if !ray.meets(node, nearest) {
                continue;
            }
            if node.count == 0 {
                let (near, far) = self.ordered_children(node, &ray);
                stack.push(far);
                stack.push(near);
                continue;
            }
            for facet in node.first as usize..(node.first + node.count) as usize {
                let nearest = best.map_or(f64::INFINITY, |(t, _)| t);
                if let Some(t) = ray.facet(self.corners(facet)).filter(|t| *t < nearest) {
                    best = Some((t, facet));
                }
            }
        }
        best.map(|(distance_km, facet)| {
            let normal = self.normal(facet);
            Hit {
                distance_km,
                point_km: origin_km + direction * distance_km,
                normal: if normal.dot(direction) > 0.0 { -normal } else { normal },
            }
        })
    }

    fn ordered_children(&self, node: &Node, ray: &Ray) -> (u32, u32) {
        let (a, b) = (node.first, node.first + 1);
        let middle = |index: u32| {
            let n = &self.nodes[index as usize];
            (0..3).map(|k| (n.low[k] + n.high[k]) * ray.direction[k]).sum::<f64>()
        };
        if middle(a) <= middle(b) { (a, b) } else { (b, a) }
    }

    fn corners(&self, facet: usize) -> [[f64; 3]; 3] {
        self.facets[facet].map(|vertex| self.vertices[vertex as usize])
    }

    fn normal(&self, facet: usize) -> Vec3<BodyFixed> {
        let [a, b, c] = self.corners(facet).map(Vec3::<BodyFixed>::from_array);
        (b - a).cross(c - a).unit().unwrap_or(Vec3::new(0.0, 0.0, 1.0))
    }
}

fn obj_index(word: &str, vertices: usize) -> Option<u32> {
    let number: i64 = word.split('/').next()?.parse().ok()?;
    let index = if number > 0 { number - 1 } else { vertices as i64 + number };
    (number != 0 && (0..vertices as i64).contains(&index)).then_some(index as u32)
}

/// A ray prepared for the tests: its largest axis, shear, and inverse direction.
struct Ray {
    origin: [f64; 3],
    direction: [f64; 3],
    inverse: [f64; 3],
    axes: [usize; 3],
    shear: [f64; 3],
}

impl Ray {
    fn new(origin_km: Vec3<BodyFixed>, direction: Vec3<BodyFixed>) -> Self {
        let (origin, d) = (origin_km.to_array(), direction.to_array());
        let kz = (0..3).max_by(|&a, &b| d[a].abs().total_cmp(&d[b].abs())).unwrap_or(2);
        let (mut kx, mut ky) = ((kz + 1) % 3, (kz + 2) % 3);
        if d[kz] < 0.0 {
            std::mem::swap(&mut kx, &mut ky);
        }
        let shear = [d[kx] / d[kz], d[ky] / d[kz], 1.0 / d[kz]];
        Self { origin, direction: d, inverse: d.map(|c| 1.0 / c), axes: [kx, ky, kz], shear }
    }

    fn meets(&self, node: &Node, nearest: f64) -> bool {
        let (mut enter, mut leave) = (0.0f64, nearest);
        for k in 0..3 {
            let (a, b) = (
                (node.low[k] - self.origin[k]) * self.inverse[k],
                (node.high[k] - self.origin[k]) * self.inverse[k],
            );
            // min and max drop the NaN of 0 · ∞, which keeps the box.
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        // One part in 1e14 of slack keeps boxes that the ray touches at an edge.
        enter <= leave * (1.0 + 1e-14)
    }

    fn facet(&self, corners: [[f64; 3]; 3]) -> Option<f64> {
        let [kx, ky, kz] = self.axes;
        let sheared = corners.map(|c| {
            let v = [c[0] - self.origin[0], c[1] - self.origin[1], c[2] - self.origin[2]];
            [v[kx] - self.shear[0] * v[kz], v[ky] - self.shear[1] * v[kz], self.shear[2] * v[kz]]
        });
        let [a, b, c] = sheared;
        let u = c[0] * b[1] - c[1] * b[0];
        let v = a[0] * c[1] - a[1] * c[0];
        let w = b[0] * a[1] - b[1] * a[0];
        if (u < 0.0 || v < 0.0 || w < 0.0) && (u > 0.0 || v > 0.0 || w > 0.0) {
            return None;
        }
        let det = u + v + w;
        let t = (u * a[2] + v * b[2] + w * c[2]) / det;
        // False for det = 0 (NaN or infinite t) too.
        (t > 0.0 && t.is_finite()).then_some(t)
    }
}

fn build(vertices: &[[f64; 3]], facets: Vec<[u32; 3]>) -> (Vec<[u32; 3]>, Vec<Node>) {
    let boxes: Vec<Bounds> = facets.iter().map(|f| Bounds::of(f.map(|v| vertices[v as usize]))).collect();
    let mut order: Vec<u32> = (0..facets.len() as u32).collect();
    let mut nodes = vec![Node { low: [0.0; 3], high: [0.0; 3], first: 0, count: 0 }];
    let mut stack = vec![(0usize, 0usize, facets.len())];
    while let Some((index, start, end)) = stack.pop() {
        let bounds = order[start..end].iter().fold(Bounds::EMPTY, |sum, f| sum.with(&boxes[*f as usize]));
        let split = if end - start > LEAF { split(&boxes, &mut order[start..end]) } else { None };
        let node = |first: usize, count: usize| Node {
            low: bounds.low,
            high: bounds.high,
            first: first as u32,
            count: count as u32,
        };
        match split {
            Some(left) => {
                let child = nodes.len();
                nodes[index] = node(child, 0);
                nodes.extend([nodes[index]; 2]);
                stack.push((child, start, start + left));
                stack.push((child + 1, start + left, end));
            }
            None => nodes[index] = node(start, end - start),
        }
    }
    (order.iter().map(|f| facets[*f as usize]).collect(), nodes)
}

/// Sorts the facets of a node into two halves at the best of the candidate planes; the size of the first half,
/// or `None` when nothing separates them and they are few.
fn split(boxes: &[Bounds], order: &mut [u32]) -> Option<usize> {
    let centres = order.iter().fold(Bounds::EMPTY, |sum, f| sum.with_point(boxes[*f as usize].centre()));
    let axis = (0..3).max_by(|&a, &b| centres.extent(a).total_cmp(&centres.extent(b)))?;
    let (low, extent) = (centres.low[axis], centres.extent(axis));
    let bin = |f: u32| ((boxes[f as usize].centre()[axis] - low) / extent * BINS as f64) as usize;
    if extent > 0.0 {
        let mut bins = [(Bounds::EMPTY, 0usize); BINS];
        for f in order.iter() {
            let slot = &mut bins[bin(*f).min(BINS - 1)];
            *slot = (slot.0.with(&boxes[*f as usize]), slot.1 + 1);
        }
        let side = |part: &[(Bounds, usize)]| {
            let sum = part.iter().fold((Bounds::EMPTY, 0), |s, b| (s.0.with(&b.0), s.1 + b.1));
            sum.0.area() * sum.1 as f64
        };
        let best = (1..BINS).min_by(|&a, &b| {
            let cost = |k: usize| side(&bins[..k]) + side(&bins[k..]);
            cost(a).total_cmp(&cost(b))
        })?;
        order.sort_by_key(|f| bin(*f).min(BINS - 1) >= best);
        let left = order.partition_point(|f| bin(*f).min(BINS - 1) < best);
        if left > 0 && left < order.len() {
            return Some(left);
        }
    }
    // All centres coincide: halve by number.
    Some(order.len() / 2)
}

#[derive(Debug, Clone, Copy)]
struct Bounds {
    low: [f64; 3],
    high: [f64; 3],
}

impl Bounds {
    const EMPTY: Self = Self { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    fn of(corners: [[f64; 3]; 3]) -> Self {
        corners.into_iter().fold(Self::EMPTY, |sum, corner| sum.with_point(corner))
    }

    fn with_point(&self, p: [f64; 3]) -> Self {
        Self {
            low: std::array::from_fn(|k| self.low[k].min(p[k])),
            high: std::array::from_fn(|k| self.high[k].max(p[k])),
        }
    }

    fn with(&self, other: &Self) -> Self {
        self.with_point(other.low).with_point(other.high)
    }

    fn centre(&self) -> [f64; 3] {
        std::array::from_fn(|k| 0.5 * (self.low[k] + self.high[k]))
    }

    fn extent(&self, axis: usize) -> f64 {
        self.high[axis] - self.low[axis]
    }

    fn area(&self) -> f64 {
        let [x, y, z] = std::array::from_fn(|k| self.extent(k).max(0.0));
        if x.is_finite() { x * y + y * z + z * x } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facula_core::LonLat;

    /// An octahedron of radius 1 cut `levels` times and blown up to a sphere of 250 km.
    fn sphere(levels: usize) -> Mesh {
        let mut text = String::new();
        let n = 4usize << levels;
        for line in 0..=n / 2 {
            for column in 0..n {
                let place = LonLat::from_degrees(
                    column as f64 * 360.0 / n as f64,
                    90.0 - line as f64 * 360.0 / n as f64,
                );
                let v = place.direction() * 250.0;
                text += &format!("v {} {} {}\n", v.x, v.y, v.z);
            }
        }
        for line in 0..n / 2 {
            for column in 0..n {
                let (a, b) = (line * n + column + 1, line * n + (column + 1) % n + 1);
                text += &format!("f {a} {} {} {b}\n", a + n, b + n);
            }
        }
        Mesh::from_obj(&text).unwrap()
    }

    #[test]
    fn rays_towards_a_closed_mesh_never_leak() {
        let mesh = sphere(4);
        let mut tried = 0;
        for k in 0..20_000 {
            // Golden-angle directions, aimed at vertices and edges as well as facets.
            let z = 1.0 - (2 * k + 1) as f64 / 20_000.0;
            let turn = k as f64 * 2.399963229728653;
            let from =
                Vec3::new(z, (1.0 - z * z).sqrt() * turn.cos(), (1.0 - z * z).sqrt() * turn.sin()) * 5_000.0;
            let aim = Vec3::from_array(mesh.vertices[(k * 7) % mesh.vertices.len()]) * 0.9;
            let hit = mesh.intersect(from, (aim - from).unit().unwrap()).expect("closed mesh");
            assert!(hit.point_km.length() < 250.001 && hit.point_km.length() > 240.0);
            tried += 1;
        }
        assert_eq!(tried, 20_000);
    }

    #[test]
    fn the_tree_gives_what_a_search_over_all_facets_gives() {
        let mesh = sphere(3);
        for k in 0..500 {
            let origin_km = LonLat::from_degrees(k as f64 * 7.3, (k % 170) as f64 - 85.0).direction() * 900.0;
            let aim_km = Vec3::new((k % 13) as f64 * 20.0 - 120.0, (k % 7) as f64 * 30.0 - 90.0, 10.0);
            let direction = (aim_km - origin_km).unit().unwrap();
            let ray = Ray::new(origin_km, direction);
            let all = (0..mesh.facet_count())
                .filter_map(|f| ray.facet(mesh.corners(f)))
                .fold(f64::INFINITY, f64::min);
            let found = mesh.intersect(origin_km, direction).map_or(f64::INFINITY, |hit| hit.distance_km);
            assert_eq!(found, all);
        }
    }

    #[test]
    fn normals_point_outwards() {
        let mesh = sphere(3);
        let hit = mesh.intersect(Vec3::new(900.0, 10.0, 20.0), Vec3::new(-1.0, 0.0, 0.0)).unwrap();
        assert!(hit.normal.dot(hit.point_km) > 0.0);
    }

    #[test]
    fn broken_files_name_the_line() {
        let error = |text: &str| Mesh::from_obj(text).unwrap_err().to_string();
        assert!(error("v 1 2\n").contains("line 1"));
        assert!(error("v 1 2 3\nf 1 2 9\n").contains("line 2"));
        assert!(error("v 1 2 3\nf 0 1 1\n").contains("line 2"));
        assert!(error("hello\n").contains("no facet"));
        assert!(error("v 1 2 3\nv nan 2 3\nv 1 1 1\nf 1 2 3\n").contains("not finite"));
    }

    #[test]
    fn every_truncation_of_a_mesh_file_is_an_answer() {
        let text = "v 1 0 0\nv 0 1 0\nv 0 0 1\nv -1 0 0\nf 1 2 3\nf 4/1/1 3 2\n";
        let good = (0..=text.len()).filter(|end| Mesh::from_obj(&text[..*end]).is_ok()).count();
        // Good are those that end after a whole first facet.
        assert!(good > 0 && good < 20, "{good}");
    }
}
