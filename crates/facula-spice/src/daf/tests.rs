// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the array-file reader and writer.

use facula_core::{Epoch, epoch_from_et_s};
use proptest::prelude::*;

use super::write::{cut_chebyshev, write_spk};
use super::*;

const WINDOW_S: [f64; 2] = [241_876_865.0, 242_000_000.0];

fn window() -> [Epoch; 2] {
    WINDOW_S.map(epoch_from_et_s)
}

fn small() -> Vec<u8> {
    let built_in = crate::builtin::PLANETS;
    let segments = cut_chebyshev("built in", built_in, &[(10, 0), (2000001, 10)], window()).expect("covered");
    write_spk("title", "first line\nsecond line\n", &segments).expect("two segments")
}

fn swapped(little: &[u8]) -> Vec<u8> {
    // The same file in the other byte order: doubles turned, integers turned each for itself, text kept.
    let mut big = little.to_vec();
    for at in [8, 12, 76, 80, 84] {
        big[at..at + 4].reverse();
    }
    big[88..96].copy_from_slice(b"BIG-IEEE");
    let daf = Daf::from_binary(little, "little").expect("sound");
    let summary = 2 * RECORD_BYTES;
    for k in 0..3 {
        big[summary + 8 * k..summary + 8 * k + 8].reverse();
    }
    for i in 0..daf.segments.len() {
        let at = summary + 24 + 40 * i;
        for k in 0..2 {
            big[at + 8 * k..at + 8 * k + 8].reverse();
        }
        for k in 0..6 {
            big[at + 16 + 4 * k..at + 20 + 4 * k].reverse();
        }
    }
    for word in big[4 * RECORD_BYTES..].chunks_exact_mut(8) {
        word.reverse();
    }
    big
}

#[test]
fn what_is_written_is_read_back() {
    let daf = Daf::from_binary(&small(), "small.bsp").expect("sound");
    assert_eq!(daf.kind, DafKind::Spk);
    assert_eq!(daf.segments.len(), 2);
    assert_eq!(daf.segments[0].name, "DE-0440LE-0440");
    assert_eq!(daf.segments[1].integers, [2000001, 10, 1, 2]);
    for (found_s, wanted_s) in daf.segments[1].bounds.iter().zip(WINDOW_S) {
        assert!((found_s - wanted_s).abs() < 1e-6);
    }
    let comment = &small()[RECORD_BYTES..RECORD_BYTES + 24];
    assert_eq!(comment, b"first line\0second line\0\x04");
}

#[test]
fn both_byte_orders_give_the_same_words() {
    let (little, big) = (small(), swapped(&small()));
    let (little, big) = (Daf::from_binary(&little, "l").expect("l"), Daf::from_binary(&big, "b").expect("b"));
    assert_eq!(little.segments, big.segments);
    for (a, b) in little.segments.iter().zip(&big.segments) {
        assert_eq!(little.data(&a.words), big.data(&b.words));
    }
}

#[test]
fn every_truncation_is_an_error_that_names_the_file() {
    let bytes = small();
    let daf = Daf::from_binary(&bytes, "small.bsp").expect("sound");
    let end_of_data = 8 * daf.segments.iter().map(|s| s.words.end).max().expect("segments");
    for end in (0..end_of_data).step_by(7).chain([end_of_data - 1]) {
        let error = Daf::from_binary(&bytes[..end], "small.bsp").expect_err("truncated");
        assert!(error.to_string().contains("small.bsp"), "{error}");
    }
}

#[test]
fn a_list_of_records_without_end_is_an_error() {
    let mut bytes = small();
    // The summary record names itself as the next one.
    bytes[2 * RECORD_BYTES..2 * RECORD_BYTES + 8].copy_from_slice(&3f64.to_le_bytes());
    let error = Daf::from_binary(&bytes, "loop").expect_err("loop").to_string();
    assert!(error.contains("no end"), "{error}");
}

#[test]
fn a_file_spoilt_by_a_text_transfer_is_refused() {
    let mut bytes = small();
    bytes[TRANSFER_CHECK_AT + 7] = b'\n';
    let error = Daf::from_binary(&bytes, "spoilt").expect_err("spoilt").to_string();
    assert!(error.contains("text mode"), "{error}");
}

#[test]
fn the_writer_refuses_what_the_format_cannot_hold() {
    let segments = cut_chebyshev("built in", crate::builtin::PLANETS, &[(10, 0)], window()).expect("covered");
    assert!(write_spk("t", "c", &[]).is_err());
    assert!(write_spk("t", "Größe", &segments).is_err());
    let many = write_spk("t", "c", &vec![segments[0].clone(); 26]).expect("two summary records");
    assert_eq!(Daf::from_binary(&many, "many").expect("readable").segments.len(), 26);
    let beyond = [epoch_from_et_s(0.0), epoch_from_et_s(1.0)];
    let error = cut_chebyshev("built in", crate::builtin::PLANETS, &[(10, 0)], beyond).expect_err("before");
    assert!(matches!(error, SpiceError::NoCoverage { .. }), "{error}");
}

proptest! {
    #[test]
    fn damaged_bytes_never_panic(at in 0usize..4 * RECORD_BYTES, value in any::<u8>()) {
        let mut bytes = small();
        bytes[at] = value;
        if let Ok(kernels) = crate::Kernels::from_bytes("damaged", &bytes) {
            for target in [10, 2000001] {
                let _ = kernels.state(target, 0, epoch_from_et_s(241_900_000.0), crate::Correction::ConvergedStellar);
            }
        }
    }
}
