//! Large JPEGs, decoded scaled down: a photo of 48 megapixels takes 144 MB as it is, and a
//! progressive one as much again for its coefficients. A block of 8 × 8 pixels is made 4 × 4, 2 × 2
//! or one from its lowest coefficients (ITU T.81), and no others are ever kept.
//!
//! Decoders that scale keep every coefficient of a progressive picture all the same.

use image::{DynamicImage, GrayImage, RgbImage};

mod scan;
mod transform;

use scan::{Band, Bits, Block, Codes, ZIGZAG};
use transform::transform;

/// The file is not what it says, or ends too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// The most memory for coefficients and planes; with the file and the copy for staff it stays below
/// the 150 MB that a picture may take.
const MOST: usize = 100 * 1024 * 1024;

#[derive(Debug, Default)]
struct Channel {
    id: u8,
    /// Blocks in each unit, across and down.
    step: (usize, usize),
    table: usize,
    /// Blocks across and down, as interleaved scans have them.
    blocks: (usize, usize),
    /// The same as scans of this channel alone have them.
    alone: (usize, usize),
    kept: Vec<i16>,
    nonzero: Vec<u64>,
    plane: Vec<u8>,
}

/// A picture on its way.
struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Pixels that are made of a block's eight, across and down.
    side: usize,
    places: [u8; 64],
    size: (usize, usize),
    units: (usize, usize),
    progressive: bool,
    channels: Vec<Channel>,
    tables: [[i32; 64]; 4],
    dc: [Option<Codes>; 4],
    ac: [Option<Codes>; 4],
    restart: usize,
    /// What Adobe's programs say about the colours: 0 = they are red, green and blue as they stand.
    transform: Option<u8>,
}

/// The picture with `side` eighths of its width and height. `Ok(None)`: it is of a kind that only
/// the other decoder knows, or would take too much memory.
pub(super) fn scaled(bytes: &[u8], side: usize) -> Result<Option<DynamicImage>, Broken> {
    let mut places = [u8::MAX; 64];
    for (place, natural) in places.iter_mut().zip(ZIGZAG) {
        let (row, column) = (usize::from(natural / 8), usize::from(natural % 8));
        if row < side && column < side {
            *place = u8::try_from(row * side + column).unwrap_or(u8::MAX);
        }
    }
    let mut decoder = Decoder {
        bytes,
        at: 2,
        side,
        places,
        size: (0, 0),
        units: (0, 0),
        progressive: false,
        channels: Vec::new(),
        tables: [[1; 64]; 4],
        dc: [const { None }; 4],
        ac: [const { None }; 4],
        restart: 0,
        transform: None,
    };
    if decoder.segments()? { decoder.finish().map(Some) } else { Ok(None) }
}

impl<'a> Decoder<'a> {
    /// Reads to the end of the picture; `false`: it is of no kind that is known here.
    fn segments(&mut self) -> Result<bool, Broken> {
        loop {
            // What stands between segments (restart markers, padding) is passed over.
            while self.byte(self.at)? != 0xff || matches!(self.byte(self.at + 1)?, 0 | 0xff | 0xd0..=0xd8) {
                self.at += 1;
            }
            let marker = self.byte(self.at + 1)?;
            if marker == 0xd9 {
                return Ok(!self.channels.is_empty());
            }
            let from = self.at + 4;
            let length = usize::from(self.byte(self.at + 2)?) << 8 | usize::from(self.byte(self.at + 3)?);
            let bytes: &'a [u8] = self.bytes;
            let data = bytes.get(from..from + length.saturating_sub(2)).ok_or(Broken)?;
            self.at = from + data.len();
            match marker {
                0xc4 => self.codes(data)?,
                0xdb => self.quantisation(data)?,
                0xdd => {
                    self.restart =
                        usize::from(*data.first().ok_or(Broken)?) << 8 | usize::from(*data.get(1).ok_or(Broken)?);
                }
                0xee if data.starts_with(b"Adobe") => self.transform = data.get(11).copied(),
                0xc0..=0xc2 if self.channels.is_empty() => {
                    self.progressive = marker == 0xc2;
                    if !self.frame(data)? {
                        return Ok(false);
                    }
                }
                0xc0..=0xcf => return Ok(false),
                0xda => self.scan(data)?,
                _ => {}
            }
        }
    }

    fn byte(&self, at: usize) -> Result<u8, Broken> {
        self.bytes.get(at).copied().ok_or(Broken)
    }

    fn codes(&mut self, mut data: &[u8]) -> Result<(), Broken> {
        while let Some((head, rest)) = data.split_first() {
            let counts = rest.get(..16).ok_or(Broken)?;
            let many: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let values = rest.get(16..16 + many).ok_or(Broken)?;
            let kind = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *kind.get_mut(usize::from(head & 15)).ok_or(Broken)? = Some(Codes::new(counts, values)?);
            data = &rest[16 + many..];
        }
        Ok(())
    }

    fn quantisation(&mut self, mut data: &[u8]) -> Result<(), Broken> {
        while let Some((head, rest)) = data.split_first() {
            let wide = usize::from(head >> 4 != 0);
            let values = rest.get(..64 << wide).ok_or(Broken)?;
            let table = self.tables.get_mut(usize::from(head & 15)).ok_or(Broken)?;
            for (natural, read) in ZIGZAG.iter().zip(values.chunks(1 << wide)) {
                table[usize::from(*natural)] = read.iter().fold(0, |value, byte| value << 8 | i32::from(*byte));
            }
            data = &rest[64 << wide..];
        }
        Ok(())
    }

    /// Size and channels; `false`: of no kind that is known here.
    fn frame(&mut self, data: &[u8]) -> Result<bool, Broken> {
        let [8, high, low, left, right, count, channels @ ..] = data else { return Ok(false) };
        let number = |high: &u8, low: &u8| usize::from(*high) << 8 | usize::from(*low);
        self.size = (number(left, right), number(high, low));
        let known = matches!(count, 1 | 3) && channels.len() == usize::from(*count) * 3;
        if !known || self.size.0 == 0 || self.size.1 == 0 {
            return Ok(false);
        }
        let steps = |each: &[u8]| (usize::from(each[1] >> 4), usize::from(each[1] & 15));
        let every = || channels.chunks(3).map(steps);
        if every().any(|(across, down)| !matches!(across, 1..=4) || !matches!(down, 1..=4)) {
            return Err(Broken);
        }
        let most = every().fold((1, 1), |most, step| (most.0.max(step.0), most.1.max(step.1)));
        self.units = (self.size.0.div_ceil(8 * most.0), self.size.1.div_ceil(8 * most.1));
        let alone = |size: usize, step: usize, most: usize| (size * step).div_ceil(8 * most);
        for each in channels.chunks(3) {
            let (step, units) = (steps(each), self.units);
            self.channels.push(Channel {
                id: each[0],
                step,
                table: usize::from(each[2] & 3),
                blocks: (units.0 * step.0, units.1 * step.1),
                alone: (alone(self.size.0, step.0, most.0), alone(self.size.1, step.1, most.1)),
                ..Channel::default()
            });
        }
        Ok(self.room())
    }

    /// Makes room for what is kept; `false`: it would be too much.
    fn room(&mut self) -> bool {
        let blocks = self.channels.iter().map(|channel| channel.blocks.0 * channel.blocks.1).sum::<usize>();
        let pixels = self.side * self.side;
        let each = if self.progressive { pixels * 2 + 8 } else { pixels };
        if blocks.saturating_mul(each) > MOST {
            return false;
        }
        for channel in &mut self.channels {
            let blocks = channel.blocks.0 * channel.blocks.1;
            if self.progressive {
                channel.kept = vec![0; blocks * pixels];
                channel.nonzero = vec![0; blocks];
            } else {
                channel.plane = vec![0; blocks * pixels];
            }
        }
        true
    }

    fn scan(&mut self, head: &[u8]) -> Result<(), Broken> {
        let count = usize::from(*head.first().ok_or(Broken)?);
        let &[first, last, bits] = head.get(1 + 2 * count..4 + 2 * count).ok_or(Broken)? else { return Err(Broken) };
        let band = if self.progressive {
            Band { first, last, refines: bits >> 4 != 0, shift: bits & 15 }
        } else {
            Band { first: 0, last: 63, refines: false, shift: 0 }
        };
        let ours = band.first <= band.last && band.last < 64 && band.shift < 14;
        let apart = !self.progressive || (band.first == 0) == (band.last == 0) && (band.first == 0 || count == 1);
        if !ours || !apart {
            return Err(Broken);
        }
        let mut members = Vec::new();
        for each in head[1..=2 * count].chunks(2) {
            let index = self.channels.iter().position(|channel| channel.id == each[0]).ok_or(Broken)?;
            members.push(Member { index, dc: usize::from(each[1] >> 4), ac: usize::from(each[1] & 15), before: 0 });
        }
        let mut bits = Bits::new(self.bytes, self.at);
        let units = match &members[..] {
            [] => return Err(Broken),
            [only] => self.channels[only.index].alone,
            _ => self.units,
        };
        let together = members.len() > 1;
        let (mut run, mut left) = (0, self.restart);
        for unit in 0..units.0 * units.1 {
            if self.restart > 0 {
                if left == 0 {
                    bits.restart()?;
                    (run, left) = (0, self.restart);
                    for member in &mut members {
                        member.before = 0;
                    }
                }
                left -= 1;
            }
            let (x, y) = (unit % units.0, unit / units.0);
            for member in &mut members {
                let step = if together { self.channels[member.index].step } else { (1, 1) };
                for nth in 0..step.0 * step.1 {
                    let place = (x * step.0 + nth % step.0, y * step.1 + nth / step.0);
                    self.block(&mut bits, band, member, &mut run, place)?;
                }
            }
        }
        // Half a picture: viewers would fill it with grey, and nobody would see what is missing.
        if bits.ran_dry() { Err(Broken) } else { Ok(()) }
    }

    fn block(
        &mut self,
        bits: &mut Bits<'_>,
        band: Band,
        member: &mut Member,
        run: &mut u32,
        (x, y): (usize, usize),
    ) -> Result<(), Broken> {
        let channel = &mut self.channels[member.index];
        let (dc, ac) = (self.dc.get(member.dc).ok_or(Broken)?, self.ac.get(member.ac).ok_or(Broken)?);
        let pixels = self.side * self.side;
        let at = y * channel.blocks.0 + x;
        let (mut own, mut own_nonzero) = ([0; 16], 0);
        let (kept, nonzero) = if self.progressive {
            (&mut channel.kept[at * pixels..(at + 1) * pixels], &mut channel.nonzero[at])
        } else {
            (&mut own[..pixels], &mut own_nonzero)
        };
        let mut block = Block { kept, places: &self.places, nonzero };
        match (band.refines, band.first) {
            (false, _) => block.first(bits, band, (dc.as_ref(), ac.as_ref()), (&mut member.before, run))?,
            (true, 0) => block.refine_first(bits, band),
            (true, _) => block.refine(bits, band, ac.as_ref(), run)?,
        }
        if !self.progressive {
            let table = &self.tables[channel.table];
            transform(self.side, &own[..pixels], table, (&mut channel.plane, channel.blocks.0, (x, y)));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<DynamicImage, Broken> {
        let (side, pixels) = (self.side, self.side * self.side);
        for channel in &mut self.channels {
            if !self.progressive {
                break;
            }
            channel.nonzero = Vec::new();
            let kept = std::mem::take(&mut channel.kept);
            channel.plane = vec![0; kept.len()];
            for (at, kept) in kept.chunks(pixels).enumerate() {
                let place = (at % channel.blocks.0, at / channel.blocks.0);
                let onto = (&mut *channel.plane, channel.blocks.0, place);
                transform(side, kept, &self.tables[channel.table], onto);
            }
        }
        self.colours().ok_or(Broken)
    }

    /// The planes as a picture.
    fn colours(&self) -> Option<DynamicImage> {
        let smaller = |size: usize| (size * self.side).div_ceil(8);
        let (width, height) = (smaller(self.size.0), smaller(self.size.1));
        let (across, down) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        let most = self.channels.iter().fold((1, 1), |most, each| (most.0.max(each.step.0), most.1.max(each.step.1)));
        let mut all = Vec::with_capacity(width * height * self.channels.len());
        for y in 0..height {
            let rows = self.channels.iter().map(|channel| {
                let stride = channel.blocks.0 * self.side;
                (channel.plane.get(y * channel.step.1 / most.1 * stride..).unwrap_or_default(), channel.step.0)
            });
            let rows: Vec<_> = rows.collect();
            for x in 0..width {
                let value = |(row, step): &(&[u8], usize)| row.get(x * step / most.0).copied().unwrap_or(0);
                match &rows[..] {
                    [red, green, blue] => {
                        let pixel = [value(red), value(green), value(blue)];
                        all.extend(if self.transform == Some(0) { pixel } else { from_luma(pixel) });
                    }
                    rows => all.extend(rows.iter().map(value)),
                }
            }
        }
        if self.channels.len() == 1 {
            return GrayImage::from_raw(across, down, all).map(DynamicImage::from);
        }
        RgbImage::from_raw(across, down, all).map(DynamicImage::from)
    }
}

/// A channel's part in a scan.
struct Member {
    index: usize,
    dc: usize,
    ac: usize,
    before: i32,
}

/// Luma and colour differences as red, green and blue (JFIF).
fn from_luma([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let (luma, blue, red) = (i32::from(luma) << 16, i32::from(blue) - 128, i32::from(red) - 128);
    let channel = |value: i32| u8::try_from(((value + 0x8000) >> 16).clamp(0, 255)).unwrap_or(u8::MAX);
    [channel(luma + 91_881 * red), channel(luma - 22_554 * blue - 46_802 * red), channel(luma + 116_130 * blue)]
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const PICTURES: [(&str, &[u8]); 6] = [
        ("baseline 4:2:0", include_bytes!("../../tests/pictures/baseline-420.jpg")),
        ("baseline 4:4:4 with restarts", include_bytes!("../../tests/pictures/baseline-444-restart.jpg")),
        ("progressive 4:2:0", include_bytes!("../../tests/pictures/progressive-420.jpg")),
        ("progressive 4:2:2 with restarts", include_bytes!("../../tests/pictures/progressive-422-restart.jpg")),
        ("progressive 4:4:4", include_bytes!("../../tests/pictures/progressive-444.jpg")),
        ("progressive, grey", include_bytes!("../../tests/pictures/progressive-grey.jpg")),
    ];

    #[test]
    fn it_is_the_picture_that_others_decode() {
        for (name, bytes) in PICTURES {
            let whole = image::load_from_memory(bytes).unwrap().into_rgb8();
            for side in [1, 2, 4] {
                let ours = scaled(bytes, side).unwrap().unwrap().into_rgb8();
                let smaller = |size: u32| (size * u32::try_from(side).unwrap()).div_ceil(8);
                assert_eq!(ours.dimensions(), (smaller(whole.width()), smaller(whole.height())), "{name}");
                // Each pixel of ours is the mean of so many of theirs; at the edges the block is not whole.
                let each = 8 / u32::try_from(side).unwrap();
                let (mut apart, mut many) = (0, 0);
                for (x, y, Rgb(ours)) in ours.enumerate_pixels() {
                    if (x + 1) * each > whole.width() || (y + 1) * each > whole.height() {
                        continue;
                    }
                    for (channel, ours) in ours.iter().enumerate() {
                        let pixels =
                            (0..each * each).map(|at| whole.get_pixel(x * each + at % each, y * each + at / each));
                        let sum: u32 = pixels.map(|pixel| u32::from(pixel.0[channel])).sum();
                        apart += (sum / (each * each)).abs_diff(u32::from(*ours));
                        many += 1;
                    }
                }
                assert!(apart <= 6 * many, "{name} at {side}/8: {apart} apart in {many}");
            }
        }
    }

    #[test]
    fn half_of_it_and_nonsense_get_an_answer() {
        for (name, bytes) in PICTURES {
            for cut in (2..bytes.len() - 2).step_by(97) {
                assert_eq!(scaled(&bytes[..cut], 4).err(), Some(Broken), "{name} cut at {cut}");
            }
            for seed in 0..300_usize {
                let mut changed = bytes.to_vec();
                let place = 2 + (seed * 7919) % (bytes.len() - 2);
                changed[place] ^= 0x55;
                // Some changes leave a picture, others do not; none may end in a panic.
                let _ = scaled(&changed, [1, 2, 4][seed % 3]);
            }
        }
    }
}
