// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bits packed from the least significant end of each byte (RFC 1951, section 3.1.1).

/// A growing run of bits. Room is made with [`BitWriter::reserve`] before it is filled.
pub(super) struct BitWriter {
    out: Vec<u8>,
    /// Whole bytes written.
    at: usize,
    held: u64,
    /// Bits in `held`, at most 7 between calls.
    count: u32,
}

impl BitWriter {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { out: vec![0; bytes], at: 0, held: 0, count: 0 }
    }

    /// Makes room for that many bytes more.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.at + bytes + 16;
        if needed > self.out.len() {
            self.out.resize(needed.max(2 * self.out.len()), 0);
        }
    }

    /// Appends the lowest `count` bits, at most 56; those above are zero.
    #[inline]
    pub(super) fn bits(&mut self, value: u64, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        self.out[self.at..self.at + 8].copy_from_slice(&self.held.to_le_bytes());
        let whole = self.count / 8;
        self.at += whole as usize;
        self.held >>= 8 * whole;
        self.count &= 7;
    }

    /// Fills the last byte with zero bits.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.bits(0, 8 - self.count);
        }
    }

    /// Appends whole bytes from the next byte boundary on.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.align();
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.align();
        self.out.truncate(self.at);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::BitWriter;

    #[test]
    fn bits_fill_bytes_from_the_low_end() {
        let mut writer = BitWriter::with_capacity(0);
        writer.reserve(6);
        writer.bits(0b1, 1);
        writer.bits(0b10, 2);
        writer.bits(0xffff_ffff, 32);
        writer.bytes(&[7]);
        assert_eq!(writer.finish(), [0xfd, 0xff, 0xff, 0xff, 0x07, 7]);
    }
}
