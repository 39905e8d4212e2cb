// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the shape kernel reader on a tetrahedron built here record by record.

use proptest::prelude::*;

use crate::das::{Das, Order};
use crate::kernels::Kernels;

const RECORD: usize = 1024;

/// Four vertices, four plates, in a file with a comment record, in either byte order.
fn tetrahedron(order: Order) -> Vec<u8> {
    let int = |x: i32| if order == Order::Little { x.to_le_bytes() } else { x.to_be_bytes() };
    let double = |x: f64| if order == Order::Little { x.to_le_bytes() } else { x.to_be_bytes() };
    let mut bytes = vec![0u8; 5 * RECORD];
    bytes[..8].copy_from_slice(b"DAS/DSK ");
    for (at, value) in [(68, 0), (72, 0), (76, 1), (80, 12)] {
        bytes[at..at + 4].copy_from_slice(&int(value));
    }
    bytes[84..92].copy_from_slice(if order == Order::Little { b"LTL-IEEE" } else { b"BIG-IEEE" });
    bytes[RECORD..RECORD + 12].copy_from_slice(b"first\0second");
    // Integers: head of the list, its one entry, counts and plates. Words: descriptor, ten more, vertices.
    let plates = [[1, 3, 2], [1, 2, 4], [1, 4, 3], [2, 3, 4]];
    let mut integers = vec![1_000_000, 4, 4, -1, -1, 11, 22, 0, 46, 0, 0, 4, 4];
    integers.extend([0; 8]);
    integers.extend(plates.iter().flatten());
    let mut words = vec![7.0, 401.0, 1.0, 2.0, 10021.0];
    words.extend([0.0; 17]);
    words.extend([-100.0, 100.0]);
    words.extend([0.0; 10]);
    words.extend([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let (ni, nd) = (integers.len() as i32, words.len() as i32);
    let directory = [0, 0, 0, 0, 1, nd, 1, ni, 3, 1, -1, 0];
    for (k, value) in directory.iter().enumerate() {
        bytes[2 * RECORD + 4 * k..][..4].copy_from_slice(&int(*value));
    }
    for (k, value) in integers.iter().enumerate() {
        bytes[3 * RECORD + 4 * k..][..4].copy_from_slice(&int(*value));
    }
    for (k, value) in words.iter().enumerate() {
        bytes[4 * RECORD + 8 * k..][..8].copy_from_slice(&double(*value));
    }
    bytes
}

#[test]
fn both_byte_orders_give_the_same_shape() {
    for order in [Order::Little, Order::Big] {
        let kernels = Kernels::from_bytes("t.bds", &tetrahedron(order)).expect("sound");
        let meshes = kernels.shape_meshes(401);
        let [mesh] = meshes.as_slice() else { panic!("one segment") };
        assert_eq!((mesh.surface, mesh.frame.as_str(), mesh.file), (7, "IAU_PHOBOS", "t.bds"));
        assert_eq!(mesh.vertices_km[1..], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
        assert_eq!(mesh.plates, [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]);
        assert!(kernels.shape_meshes(402).is_empty());
        assert_eq!(Das::from_binary(&tetrahedron(order), "t").expect("sound").comment, "first\nsecond");
    }
}

#[test]
fn the_later_file_comes_first() {
    let mut kernels = Kernels::from_bytes("a.bds", &tetrahedron(Order::Little)).expect("sound");
    kernels.add_bytes("b.bds", &tetrahedron(Order::Big)).expect("sound");
    let files: Vec<&str> = kernels.shape_meshes(401).iter().map(|mesh| mesh.file).collect();
    assert_eq!(files, ["b.bds", "a.bds"]);
}

#[test]
fn every_truncation_is_an_error_that_names_the_file() {
    let bytes = tetrahedron(Order::Little);
    for end in 8..bytes.len() {
        let error = Kernels::from_bytes("cut.bds", &bytes[..end]).expect_err("cut").to_string();
        assert!(error.contains("cut.bds"), "{error}");
    }
}

#[test]
fn loops_and_overlaps_are_errors() {
    let damaged = |at: usize, value: i32| {
        let mut bytes = tetrahedron(Order::Little);
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        Kernels::from_bytes("bad.bds", &bytes).expect_err("damaged").to_string()
    };
    // The directory names itself as the next one; a cluster of a million records; the list names itself.
    assert!(damaged(2 * RECORD + 4, 3).contains("overlap"));
    assert!(damaged(2 * RECORD + 36, 1_000_000).contains("bad.bds"));
    assert!(damaged(3 * RECORD + 16, 4).contains("overlap"));
    assert!(damaged(2 * RECORD + 32, 9).contains("clusters"));
    assert!(damaged(2 * RECORD + 28, 999_999).contains("beyond"));
    assert!(damaged(3 * RECORD + 4 * 11, 999).contains("fit"));
    assert!(damaged(3 * RECORD + 4 * 21, 5).contains("no sense"));
}

proptest! {
    #[test]
    fn damaged_bytes_never_panic(at in 0usize..5 * RECORD, value in any::<u8>()) {
        let mut bytes = tetrahedron(Order::Little);
        bytes[at] = value;
        if let Ok(kernels) = Kernels::from_bytes("damaged", &bytes) {
            let _ = kernels.shape_meshes(401);
        }
    }
}
