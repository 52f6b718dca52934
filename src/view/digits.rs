//! Digits for pictures, five dots wide and seven high: the only letters that need no language.

/// Dots across, with the gap to the next.
const ADVANCE: u32 = 6;
/// Dots across a thin gap between groups of three.
const GAP: u32 = 3;
const HEIGHT: u32 = 7;

/// Each row of a digit is five bits, the leftmost highest.
fn rows(digit: char) -> [u8; 7] {
    match digit {
        '0' => [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
        '1' => [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        '2' => [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
        '3' => [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
        '4' => [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        '5' => [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        '6' => [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        '7' => [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        '8' => [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        '9' => [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
        '-' => [0b00000, 0b00000, 0b00000, 0b11111, 0b00000, 0b00000, 0b00000],
        _ => [0; 7],
    }
}

/// A number with a gap between groups of three: `12 500`.
pub(super) fn grouped(number: i64) -> String {
    let plain = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in plain.chars().enumerate() {
        if place > 0 && (plain.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// The dots of a text, across and down.
pub(super) fn dots(text: &str) -> Vec<(u32, u32)> {
    let mut dots = Vec::new();
    let mut left = 0;
    for letter in text.chars() {
        for (y, row) in (0..).zip(rows(letter)) {
            dots.extend((0..5).filter(|x| row & (0b10000 >> x) != 0).map(|x| (left + x, y)));
        }
        left += advance(letter);
    }
    dots
}

/// How many pixels a text is wide when each dot is `size` pixels.
pub(super) fn width(text: &str, size: u32) -> u32 {
    text.chars().map(advance).sum::<u32>().saturating_sub(1) * size
}

/// How many pixels it is high.
pub(super) fn height(size: u32) -> u32 {
    HEIGHT * size
}

fn advance(letter: char) -> u32 {
    if letter == ' ' { GAP } else { ADVANCE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (-1_234_567, "-1 234 567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn every_digit_is_another_shape_within_its_place() {
        let shapes: std::collections::BTreeSet<_> = "0123456789-".chars().map(rows).collect();
        assert_eq!(shapes.len(), 11);
        assert!(dots("8 8").iter().all(|(x, y)| *x < width("8 8", 1) && *y < height(1)));
    }
}
