//! The dashboard's picture: revenue of the last days as bars, orders by state as bars. Bars and
//! digits only; the words stand in the embed, where they can be translated and read aloud.
//!
//! It brings its own dark ground, so it looks the same on Discord's dark and light, and is drawn
//! large enough that its digits can be read when a phone shows it at half size.

use image::{ImageFormat, Rgb, RgbImage};

use super::{File, digits};

pub const FILE_NAME: &str = "dashboard.png";

const WIDTH: u32 = 800;
const HEIGHT: u32 = 640;
/// Free space at every edge.
const EDGE: u32 = 24;
/// Where the columns of days stand, from top to bottom.
const TOP: u32 = 60;
const BOTTOM: u32 = 360;
/// Where the rows of states begin, and how high each is.
const ROWS: u32 = 424;
const ROW: u32 = 41;
/// Room for the digits beside a row's bar.
const COUNT: u32 = 150;

/// Pixels of a digit's dot, beside the lines and where it matters. A phone shows the picture at
/// not quite half its size.
const SMALL: u32 = 3;
const LARGE: u32 = 4;

const GROUND: Rgb<u8> = Rgb([0x1e, 0x21, 0x28]);
const LINE: Rgb<u8> = Rgb([0x3a, 0x40, 0x4c]);
const DIM: Rgb<u8> = Rgb([0xa8, 0xb0, 0xbd]);
const BRIGHT: Rgb<u8> = Rgb([0xf2, 0xf4, 0xf7]);
const BAR: Rgb<u8> = Rgb([0x5b, 0x8d, 0xef]);
const TODAY: Rgb<u8> = Rgb([0xff, 0xc1, 0x4d]);
const LOSS: Rgb<u8> = Rgb([0xe5, 0x5b, 0x5b]);

/// A colour that the embed can show as a square before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Square {
    Yellow,
    Blue,
    Purple,
    Red,
    Green,
}

impl Square {
    /// As the embed shows it.
    pub fn emoji(self) -> &'static str {
        match self {
            Self::Yellow => "🟨",
            Self::Blue => "🟦",
            Self::Purple => "🟪",
            Self::Red => "🟥",
            Self::Green => "🟩",
        }
    }

    fn colour(self) -> Rgb<u8> {
        match self {
            Self::Yellow => Rgb([0xfd, 0xcb, 0x58]),
            Self::Blue => Rgb([0x55, 0xac, 0xee]),
            Self::Purple => Rgb([0xaa, 0x8e, 0xd6]),
            Self::Red => Rgb([0xdd, 0x2e, 0x44]),
            Self::Green => Rgb([0x78, 0xb1, 0x59]),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Column {
    /// The day of the month.
    pub day: u32,
    /// What it brought, in whole units of the currency; less than nothing when more was taken back.
    pub amount: i64,
}

/// The picture as PNG: a column for each day, the last of them today, and a row for each state.
pub fn png(columns: &[Column], rows: &[(Square, u64)]) -> Option<File> {
    let mut canvas = Canvas(RgbImage::from_pixel(WIDTH, HEIGHT, GROUND));
    canvas.days(columns);
    canvas.states(rows);
    let mut bytes = std::io::Cursor::new(Vec::new());
    canvas.0.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(File { name: FILE_NAME.to_owned(), bytes: bytes.into_inner() })
}

struct Canvas(RgbImage);

impl Canvas {
    fn days(&mut self, columns: &[Column]) {
        let highest = columns.iter().map(|column| column.amount).max().unwrap_or(0).max(0);
        let lowest = columns.iter().map(|column| column.amount).min().unwrap_or(0).min(0);
        let step = step(highest.saturating_sub(lowest).max(1));
        let (above, below) = (round_up(highest.max(step), step), round_up(lowest.saturating_neg(), step));
        let scale = Scale { above, below };
        let mut left = EDGE;
        for line in 0..=(above.saturating_add(below)) / step {
            let text = digits::grouped(line.saturating_mul(step).saturating_sub(below));
            left = left.max(EDGE + digits::width(&text, SMALL) + 12);
        }
        for line in 0..=(above.saturating_add(below)) / step {
            let value = line.saturating_mul(step).saturating_sub(below);
            let (y, text) = (scale.y(value), digits::grouped(value));
            self.fill(left, y, WIDTH - EDGE, y + 2, if value == 0 { DIM } else { LINE });
            let x = left.saturating_sub(12 + digits::width(&text, SMALL));
            self.write(&text, x, y.saturating_sub(digits::height(SMALL) / 2), SMALL, DIM);
        }
        self.columns(columns, left + 8, scale);
    }

    fn columns(&mut self, columns: &[Column], left: u32, scale: Scale) {
        let count = u32::try_from(columns.len()).unwrap_or(1).max(1);
        let room = WIDTH - EDGE - left;
        let gap = (room / count / 4).max(1);
        let mut highest: Option<(u32, Column)> = None;
        for (place, column) in (0..count).zip(columns) {
            let (from, to) = (left + room * place / count, left + room * (place + 1) / count);
            let middle = u32::midpoint(from, to.saturating_sub(gap));
            let colour = match () {
                () if column.amount < 0 => LOSS,
                () if place + 1 == count => TODAY,
                () => BAR,
            };
            let (zero, end) = (scale.y(0), scale.y(column.amount));
            self.fill(from, zero.min(end), to.saturating_sub(gap), zero.max(end), colour);
            // Counted back from today, so that today always has its number.
            if (count - 1 - place).is_multiple_of(5) {
                let text = column.day.to_string();
                let x = middle.saturating_sub(digits::width(&text, SMALL) / 2);
                let colour = if place + 1 == count { TODAY } else { DIM };
                self.write(&text, x, BOTTOM + 14, SMALL, colour);
            }
            if column.amount > 0 && highest.is_none_or(|(_, best)| column.amount > best.amount) {
                highest = Some((middle, *column));
            }
        }
        if let Some((middle, best)) = highest {
            let text = digits::grouped(best.amount);
            let (width, height) = (digits::width(&text, LARGE), digits::height(LARGE));
            let x = middle.saturating_sub(width / 2).min((WIDTH - EDGE).saturating_sub(width));
            self.write(&text, x, scale.y(best.amount).saturating_sub(height + 8), LARGE, BRIGHT);
        }
    }

    fn states(&mut self, rows: &[(Square, u64)]) {
        let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        let room = u64::from(WIDTH - 2 * EDGE - COUNT);
        for (place, (square, count)) in (0..).zip(rows) {
            let y = ROWS + ROW * place;
            let text = digits::grouped(i64::try_from(*count).unwrap_or(i64::MAX));
            let x = (EDGE + COUNT - 16).saturating_sub(digits::width(&text, LARGE));
            self.write(&text, x, y, LARGE, BRIGHT);
            let length = u32::try_from(u128::from(room) * u128::from(*count) / u128::from(most)).unwrap_or(0);
            // A state without orders keeps a trace of its colour.
            let length = length.max(6);
            self.fill(EDGE + COUNT, y, EDGE + COUNT + length, y + digits::height(LARGE), square.colour());
        }
    }

    /// A rectangle, its right and lower edges not included.
    fn fill(&mut self, left: u32, top: u32, right: u32, bottom: u32, colour: Rgb<u8>) {
        for y in top..bottom.min(HEIGHT) {
            for x in left..right.min(WIDTH) {
                self.0.put_pixel(x, y, colour);
            }
        }
    }

    fn write(&mut self, text: &str, left: u32, top: u32, size: u32, colour: Rgb<u8>) {
        for (x, y) in digits::dots(text) {
            let (x, y) = (left + x * size, top + y * size);
            self.fill(x, y, x + size, y + size, colour);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Scale {
    above: i64,
    below: i64,
}

impl Scale {
    fn y(self, amount: i64) -> u32 {
        let range = i128::from(self.above) + i128::from(self.below);
        let from_top = (i128::from(self.above) - i128::from(amount)) * i128::from(BOTTOM - TOP) / range.max(1);
        TOP + u32::try_from(from_top).unwrap_or(0).min(BOTTOM - TOP)
    }
}

/// The distance of lines: 1, 2 or 5 with zeros, so that there are three to six.
fn step(range: i64) -> i64 {
    let mut step = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            let wide = step.saturating_mul(factor);
            if range / wide < 5 || wide == i64::MAX {
                return wide;
            }
        }
        step = step.saturating_mul(10);
    }
}

fn round_up(value: i64, step: i64) -> i64 {
    let lines = value / step + i64::from(value % step > 0);
    lines.saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn month(amounts: impl IntoIterator<Item = i64>) -> Vec<Column> {
        (24..=31).chain(1..).zip(amounts).map(|(day, amount)| Column { day, amount }).collect()
    }

    const STATES: [(Square, u64); 5] =
        [(Square::Yellow, 12), (Square::Blue, 3), (Square::Purple, 1), (Square::Red, 0), (Square::Green, 1204)];

    fn drawn(columns: &[Column], rows: &[(Square, u64)]) -> RgbImage {
        image::load_from_memory(&png(columns, rows).unwrap().bytes).unwrap().to_rgb8()
    }

    /// How many pixels of a colour a column of the picture has.
    fn height_of(picture: &RgbImage, colour: Rgb<u8>, x: u32) -> usize {
        (0..HEIGHT).filter(|y| *picture.get_pixel(x, *y) == colour).count()
    }

    #[test]
    fn twice_the_money_is_twice_the_height() {
        let mut amounts = vec![0; 30];
        (amounts[10], amounts[20]) = (1000, 500);
        let picture = drawn(&month(amounts), &STATES);
        let mut heights: Vec<_> =
            (0..WIDTH).map(|x| height_of(&picture, BAR, x)).filter(|height| *height > 0).collect();
        heights.sort_unstable();
        heights.dedup();
        assert_eq!(heights.len(), 2, "{heights:?}");
        assert!(heights[1].abs_diff(2 * heights[0]) <= 2, "{heights:?}");
    }

    #[test]
    fn today_and_losses_have_colours_of_their_own() {
        let mut amounts = vec![100; 30];
        (amounts[3], amounts[29]) = (-50, 70);
        let picture = drawn(&month(amounts), &STATES);
        let has = |colour| picture.pixels().any(|pixel| *pixel == colour);
        assert!(has(LOSS) && has(TODAY) && has(BAR));
        assert!(STATES.iter().all(|(square, _)| has(square.colour())), "every state leaves a trace");
    }

    #[test]
    fn lines_are_round_and_few() {
        for range in [1, 3, 9, 10, 450, 999, 12_345, 1_000_000, i64::MAX] {
            let step = step(range);
            assert!((0..=5).contains(&(range / step)), "{range} by {step}");
            let digits = step.to_string();
            assert!(range == i64::MAX || ["1", "2", "5"].contains(&digits.trim_end_matches('0')), "{step}");
        }
    }

    #[test]
    fn the_file_is_small() {
        let bytes = png(&month((0..30).map(|n| n * 731 % 2900)), &STATES).unwrap().bytes;
        assert!(bytes.len() < 40_000, "{} bytes", bytes.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn any_numbers_can_be_drawn(
            amounts in prop::collection::vec(any::<i64>(), 0..40),
            counts in prop::collection::vec(any::<u64>(), 0..6),
        ) {
            let rows: Vec<_> = counts.into_iter().map(|count| (Square::Green, count)).collect();
            prop_assert!(png(&month(amounts), &rows).is_some());
        }
    }
}
