// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bytes as an accumulator file of a mosaic, as they are and with their checksums made right, then finished and merged.
#![no_main]

use facula_map::Mosaic;
use libfuzzer_sys::fuzz_target;
use twox_hash::XxHash3_64;

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes.to_vec(), resealed(bytes.to_vec())] {
        let Ok(mosaic) = Mosaic::from_bytes_within(&bytes, 200_000_000) else { continue };
        let again = Mosaic::from_bytes(&mosaic.to_bytes()).expect("what was written can be read");
        assert!(again.to_bytes() == mosaic.to_bytes());
        if mosaic.grid().width().saturating_mul(mosaic.grid().height()) < 1 << 20 {
            let _ = mosaic.finish();
            let mut twin = mosaic.clone();
            let _ = twin.merge(&mosaic);
        }
    }
});

/// The bytes with all checksums made right, so that what lies behind them is looked at.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let u64_at = |bytes: &[u8], at: usize| u64::from_le_bytes(std::array::from_fn(|k| bytes[at + k]));
    let put = |bytes: &mut Vec<u8>, at: usize, from: usize, to: usize| {
        let sum = XxHash3_64::oneshot(&bytes[from..to]).to_le_bytes();
        bytes[at..at + 8].copy_from_slice(&sum);
    };
    let end = bytes.len();
    if end < 72 {
        return bytes;
    }
    let head = 16 + u32::from_le_bytes(std::array::from_fn(|k| bytes[12 + k])) as usize;
    if head + 8 > end - 40 {
        return bytes;
    }
    put(&mut bytes, head, 0, head);
    let tail = u64_at(&bytes, end - 32);
    if tail > (end - 40) as u64 {
        return bytes;
    }
    let (tail, mut at) = (tail as usize, head + 8);
    while at + 24 <= tail {
        let after = u64_at(&bytes, at + 8).saturating_add(at as u64 + 16);
        if after.saturating_add(8) > tail as u64 {
            break;
        }
        put(&mut bytes, after as usize, at, after as usize);
        at = after as usize + 8;
    }
    put(&mut bytes, end - 24, tail, end - 40);
    put(&mut bytes, end - 16, end - 40, end - 16);
    bytes
}
