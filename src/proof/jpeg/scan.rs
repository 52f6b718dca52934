//! The entropy-coded data of a JPEG (ITU T.81, annexes F and G): bits, Huffman codes, and what one
//! block of one scan holds.

use super::Broken;

/// Places of the coefficients in the order of the file, as row and column of the block.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// A table of Huffman codes, up to 16 bits long.
#[derive(Debug, Clone)]
pub(super) struct Codes {
    /// What the next nine bits say at once: value and length; length 0 = the code is longer.
    short: Vec<(u8, u8)>,
    /// The largest code of each length, with a bit more than it has; -1 = there is none.
    largest: [i32; 17],
    /// From a code of each length to its place in `values`.
    offset: [i32; 17],
    values: Vec<u8>,
}

impl Codes {
    const SHORT: u8 = 9;

    pub(super) fn new(counts: &[u8], values: &[u8]) -> Result<Self, Broken> {
        let mut codes =
            Self { short: vec![(0, 0); 1 << Self::SHORT], largest: [-1; 17], offset: [0; 17], values: values.to_vec() };
        let (mut code, mut at) = (0_i32, 0_i32);
        for (length, count) in (1_u8..).zip(counts) {
            let count = i32::from(*count);
            let slot = usize::from(length);
            codes.offset[slot] = at - code;
            if code + count > 1 << length {
                return Err(Broken);
            }
            for step in 0..count {
                let value = *values.get(usize::try_from(at + step).map_err(|_| Broken)?).ok_or(Broken)?;
                if length <= Self::SHORT {
                    let spare = Self::SHORT - length;
                    let first = usize::try_from(code + step).map_err(|_| Broken)? << spare;
                    codes.short[first..first + (1 << spare)].fill((value, length));
                }
            }
            at += count;
            code += count;
            if count > 0 {
                codes.largest[slot] = code - 1;
            }
            code <<= 1;
        }
        Ok(codes)
    }
}

/// The bits of a scan up to its next marker; beyond it there are zeros, which are counted.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    held: u32,
    count: u8,
    missing: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Self {
        Self { data, at, held: 0, count: 0, missing: 0 }
    }

    fn fill(&mut self) {
        while self.count <= 24 {
            let byte = match (self.data.get(self.at), self.data.get(self.at + 1)) {
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(0xff) | None, _) => {
                    self.missing += 8;
                    0
                }
                (Some(byte), _) => {
                    self.at += 1;
                    *byte
                }
            };
            self.held |= u32::from(byte) << (24 - self.count);
            self.count += 8;
        }
    }

    pub(super) fn take(&mut self, count: u8) -> u16 {
        if count == 0 {
            return 0;
        }
        if self.count < count {
            self.fill();
        }
        let bits = self.held >> (32 - count);
        self.held <<= count;
        self.count -= count;
        u16::try_from(bits).unwrap_or(u16::MAX)
    }

    fn bit(&mut self) -> bool {
        self.take(1) == 1
    }

    fn value(&mut self, codes: &Codes) -> Result<u8, Broken> {
        if self.count < 16 {
            self.fill();
        }
        let (value, length) = codes.short[(self.held >> (32 - Codes::SHORT)) as usize];
        if length > 0 {
            self.held <<= length;
            self.count -= length;
            return Ok(value);
        }
        for length in Codes::SHORT + 1..=16 {
            let code = i32::try_from(self.held >> (32 - length)).map_err(|_| Broken)?;
            if code <= codes.largest[usize::from(length)] {
                self.held <<= length;
                self.count -= length;
                let at = usize::try_from(code + codes.offset[usize::from(length)]).map_err(|_| Broken)?;
                return codes.values.get(at).copied().ok_or(Broken);
            }
        }
        Err(Broken)
    }

    /// A number of so many bits, whose first says whether it is positive.
    fn number(&mut self, bits: u8) -> Result<i32, Broken> {
        if bits == 0 {
            return Ok(0);
        }
        if bits > 15 {
            return Err(Broken);
        }
        let raw = i32::from(self.take(bits));
        Ok(if raw < 1 << (bits - 1) { raw - (1 << bits) + 1 } else { raw })
    }

    /// More was read than there is before the next marker: something is missing.
    pub(super) fn ran_dry(&self) -> bool {
        u32::from(self.count) < self.missing
    }

    /// Goes on behind the restart marker that must stand here.
    pub(super) fn restart(&mut self) -> Result<(), Broken> {
        if self.ran_dry() {
            return Err(Broken);
        }
        while self.data.get(self.at) == Some(&0xff) && self.data.get(self.at + 1) == Some(&0xff) {
            self.at += 1;
        }
        match self.data.get(self.at..self.at + 2) {
            Some([0xff, 0xd0..=0xd7]) => {
                *self = Self::new(self.data, self.at + 2);
                Ok(())
            }
            _ => Err(Broken),
        }
    }
}

/// Which coefficients a scan brings, and which bits of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub(super) first: u8,
    pub(super) last: u8,
    /// Whether it refines what an earlier scan brought.
    pub(super) refines: bool,
    pub(super) shift: u8,
}

/// The coefficients of one block, of which only the lowest are kept.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The kept ones, row by row.
    pub(super) kept: &'a mut [i16],
    /// Where each coefficient of the file's order is kept; 64 and more: nowhere.
    pub(super) places: &'a [u8; 64],
    /// Which coefficients are not zero, kept or not: refining needs to know.
    pub(super) nonzero: &'a mut u64,
}

impl Block<'_> {
    fn at(&mut self, k: u8) -> Option<&mut i16> {
        self.kept.get_mut(usize::from(self.places[usize::from(k & 63)]))
    }

    fn set(&mut self, k: u8, value: i32) {
        *self.nonzero |= 1 << (k & 63);
        let value = i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX });
        if let Some(kept) = self.at(k) {
            *kept = value;
        }
    }

    /// A block of a sequential scan, or the first look at a band of it.
    pub(super) fn first(
        &mut self,
        bits: &mut Bits<'_>,
        band: Band,
        (dc, ac): (Option<&Codes>, Option<&Codes>),
        (before, run): (&mut i32, &mut u32),
    ) -> Result<(), Broken> {
        let mut k = band.first;
        if k == 0 {
            let size = bits.value(dc.ok_or(Broken)?)?;
            *before = before.wrapping_add(bits.number(size)?);
            self.set(0, before.wrapping_shl(band.shift.into()));
            k = 1;
        }
        if band.last == 0 {
            return Ok(());
        }
        if *run > 0 {
            *run -= 1;
            return Ok(());
        }
        let ac = ac.ok_or(Broken)?;
        while k <= band.last {
            let value = bits.value(ac)?;
            let (zeros, size) = (value >> 4, value & 15);
            if size == 0 && zeros < 15 {
                *run = (1 << zeros) - 1 + u32::from(bits.take(zeros));
                return Ok(());
            }
            k += zeros;
            if size > 0 {
                if k > band.last {
                    return Err(Broken);
                }
                let number = bits.number(size)?;
                self.set(k, number << band.shift);
            }
            k += 1;
        }
        Ok(())
    }

    /// One more bit of the first coefficient.
    pub(super) fn refine_first(&mut self, bits: &mut Bits<'_>, band: Band) {
        if bits.bit()
            && let Some(kept) = self.at(0)
        {
            *kept |= 1_i16.wrapping_shl(band.shift.into());
        }
    }

    /// One more bit of each coefficient of a band, and those that only now are not zero.
    pub(super) fn refine(
        &mut self,
        bits: &mut Bits<'_>,
        band: Band,
        ac: Option<&Codes>,
        run: &mut u32,
    ) -> Result<(), Broken> {
        let ac = ac.ok_or(Broken)?;
        let mut k = band.first;
        while *run == 0 && k <= band.last {
            let value = bits.value(ac)?;
            let (zeros, size) = (value >> 4, value & 15);
            let fresh = match size {
                0 if zeros < 15 => {
                    *run = (1 << zeros) + u32::from(bits.take(zeros));
                    break;
                }
                0 => None,
                1 => Some(if bits.bit() { 1 } else { -1 }),
                _ => return Err(Broken),
            };
            k = self.pass(bits, band, k, zeros);
            if k > band.last {
                return if fresh.is_some() { Err(Broken) } else { Ok(()) };
            }
            if let Some(sign) = fresh {
                self.set(k, sign << band.shift);
            }
            k += 1;
        }
        if *run > 0 {
            self.pass(bits, band, k, u8::MAX);
            *run -= 1;
        }
        Ok(())
    }

    /// Passes over so many zeros and refines what is not zero on the way; says where it stands.
    fn pass(&mut self, bits: &mut Bits<'_>, band: Band, from: u8, mut zeros: u8) -> u8 {
        let mut k = from;
        while k <= band.last {
            if *self.nonzero & (1 << k) == 0 {
                if zeros == 0 {
                    break;
                }
                zeros -= 1;
            } else if bits.bit()
                && let Some(kept) = self.at(k)
            {
                let step = 1_i16.wrapping_shl(band.shift.into());
                *kept = kept.saturating_add(if *kept < 0 { -step } else { step });
            }
            k += 1;
        }
        k
    }
}
