// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mesh with its tree as bytes, so that it is built once.
//!
//! Little endian: the magic `FACTREE\0`, version (u32), four zero bytes, the SHA-256 of whatever the caller made the
//! mesh of (32 bytes, its choice), five counts (u64: vertices, clusters, vertex numbers, facets, nodes), the arrays in
//! that order (the source numbers of the facets after their corners), and last a checksum (u64) of all before it.
//! Every number is checked on reading: damaged or hostile bytes give an error. Nothing is allocated before the counts
//! agree with the length.

use super::node::{self, Node};
use super::{BLOCK, CLUSTER, Cluster, LARGEST_KM, Mesh, build};
use crate::ShapeError;
use crate::formats::{FACET_LIMIT, bad_byte};

/// First bytes of a saved tree.
pub(crate) const MAGIC: &[u8] = b"FACTREE\0";
/// Version of the format.
const VERSION: u32 = 1;
/// Bytes before the arrays.
const HEAD: usize = 8 + 8 + 32 + 5 * 8;
/// Bytes of the checksum.
const TAIL: usize = 8;
/// Bytes of a vertex, the start of a cluster, a vertex number, a facet (corners and source number), a node.
const SIZES: [usize; 5] = [24, 4, 4, 7, 104];

impl Mesh {
    /// The mesh with its tree as bytes. `source` is the SHA-256 of what it was made of (or zeros), to be asked for on
    /// reading.
    pub fn to_tree_bytes(&self, source: [u8; 32]) -> Vec<u8> {
        let counts =
            [self.vertices.len(), self.clusters.len(), self.ids.len(), self.corners.len(), self.nodes.len()];
        let length = HEAD + counts.iter().zip(SIZES).map(|(n, size)| n * size).sum::<usize>() + TAIL;
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend([0; 4]);
        out.extend(source);
        counts.iter().for_each(|n| out.extend((*n as u64).to_le_bytes()));
        self.vertices.iter().flatten().for_each(|c| out.extend(c.to_le_bytes()));
        self.clusters.iter().for_each(|cluster| out.extend(cluster.first_id.to_le_bytes()));
        self.ids.iter().for_each(|id| out.extend(id.to_le_bytes()));
        self.corners.iter().for_each(|corners| out.extend(corners));
        self.source.iter().for_each(|number| out.extend(number.to_le_bytes()));
        for node in &self.nodes {
            node.origin.iter().chain(&node.scale).for_each(|c| out.extend(c.to_le_bytes()));
            node.low.iter().chain(&node.high).for_each(|bytes| out.extend(bytes));
            node.children.iter().for_each(|child| out.extend(child.to_le_bytes()));
        }
        out.extend(checksum(&out).to_le_bytes());
        out
    }

    /// A mesh from the bytes of [`Mesh::to_tree_bytes`]; with `source`, only if it was made of that.
    ///
    /// # Errors
    /// [`ShapeError::Bytes`] for other bytes, another version, another source or damage.
    pub fn from_tree_bytes(bytes: &[u8], source: Option<[u8; 32]>) -> Result<Self, ShapeError> {
        if !bytes.starts_with(MAGIC) || bytes.len() < HEAD + TAIL {
            return Err(bad_byte(0, "no saved tree".into()));
        }
        if bytes[8..12] != VERSION.to_le_bytes() {
            return Err(bad_byte(
                8,
                format!("a saved tree of another version than {VERSION}; build it anew"),
            ));
        }
        if source.is_some_and(|source| source != bytes[16..48]) {
            return Err(bad_byte(16, "this tree was built of another mesh; build it anew".into()));
        }
        let counts: [usize; 5] = std::array::from_fn(|k| {
            usize::try_from(u64::from_le_bytes(take(&bytes[48 + 8 * k..]))).unwrap_or(usize::MAX)
        });
        let length = counts.iter().zip(SIZES).try_fold(HEAD + TAIL, |sum, (n, size)| {
            n.checked_mul(size).and_then(|bytes| sum.checked_add(bytes))
        });
        if length != Some(bytes.len()) {
            return Err(bad_byte(48, "its counts do not agree with its length".into()));
        }
        let (body, tail) = bytes.split_at(bytes.len() - TAIL);
        if checksum(body) != u64::from_le_bytes(take(tail)) {
            return Err(bad_byte(body.len(), "its checksum is wrong: the file is damaged".into()));
        }
        let mut mesh = arrays(&body[HEAD..], counts);
        check(&mesh).map_err(|what| bad_byte(HEAD, format!("its {what} do not fit together")))?;
        build::finish(&mut mesh);
        Ok(mesh)
    }
}

/// First bytes of a slice that is long enough.
fn take<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|k| bytes[k])
}

/// FNV-1a over words of eight bytes (the last filled with zeros): finds damage, not malice.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        hash ^= hash >> 29;
    }
    hash
}

/// The arrays; the length is right.
fn arrays(bytes: &[u8], counts: [usize; 5]) -> Mesh {
    let [vertices, clusters, ids, facets, nodes] = counts;
    let mut rest = bytes;
    let mut part = |length: usize| {
        let (part, after) = rest.split_at(length);
        rest = after;
        part
    };
    let word = |b: &[u8]| u32::from_le_bytes(take(b));
    let real = |b: &[u8]| f64::from_le_bytes(take(b));
    let cluster = |b: &[u8]| Cluster { first_id: word(b), centre: [0.0; 3], radius: 0.0, axis: [0.0; 3] };
    Mesh {
        vertices: part(24 * vertices)
            .chunks_exact(24)
            .map(|b| [real(b), real(&b[8..]), real(&b[16..])])
            .collect(),
        clusters: part(4 * clusters).chunks_exact(4).map(cluster).collect(),
        ids: part(4 * ids).chunks_exact(4).map(word).collect(),
        corners: part(3 * facets).chunks_exact(3).map(take).collect(),
        source: part(4 * facets).chunks_exact(4).map(word).collect(),
        nodes: part(104 * nodes).chunks_exact(104).map(node_from).collect(),
        bounding_radius_km: 0.0,
    }
}

fn node_from(bytes: &[u8]) -> Node {
    let float = |k: usize| f32::from_le_bytes(take(&bytes[4 * k..]));
    Node {
        origin: std::array::from_fn(float),
        scale: std::array::from_fn(|k| float(3 + k)),
        low: std::array::from_fn(|k| take(&bytes[24 + 8 * k..])),
        high: std::array::from_fn(|k| take(&bytes[48 + 8 * k..])),
        children: std::array::from_fn(|k| u32::from_le_bytes(take(&bytes[72 + 4 * k..]))),
    }
}

/// What is wrong, by name.
fn check(mesh: &Mesh) -> Result<(), &'static str> {
    let facets = mesh.corners.len();
    let good = |is: bool, what: &'static str| if is { Ok(()) } else { Err(what) };
    good((1..=FACET_LIMIT).contains(&facets), "facets")?;
    good(mesh.vertices.iter().flatten().all(|c| c.abs() < LARGEST_KM), "vertices")?;
    good(mesh.ids.iter().all(|id| (*id as usize) < mesh.vertices.len()), "vertex numbers")?;
    let firsts: Vec<usize> =
        mesh.clusters.iter().map(|c| c.first_id as usize).chain([mesh.ids.len()]).collect();
    let sizes = firsts.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= 3 * CLUSTER);
    good(mesh.clusters.len() == facets.div_ceil(CLUSTER) && sizes, "clusters")?;
    let within =
        mesh.corners.chunks(CLUSTER).zip(firsts.windows(2)).all(|(corners, pair)| {
            corners.iter().flatten().all(|corner| (*corner as usize) < pair[1] - pair[0])
        });
    good(within, "corners")?;
    good(build::is_permutation(&mesh.source), "source numbers")?;
    let finite = |n: &Node| n.origin.iter().chain(&n.scale).all(|c| c.is_finite());
    good(mesh.nodes.iter().all(finite), "boxes")?;
    good(node::is_sound(&mesh.nodes, facets.div_ceil(BLOCK)), "nodes")
}
