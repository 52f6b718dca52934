//! Text as people type it: marks that nobody sees, digits of other scripts.

/// Marks of direction and joiners, which a phone copies along.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{061C}')
}

/// Digits of Arabic and Persian keyboards become ASCII; `domain` knows them in one place.
pub(super) fn ascii_digit(c: char) -> char {
    match c {
        '٠'..='٩' => char::from_digit(u32::from(c) - u32::from('٠'), 10).unwrap_or(c),
        '۰'..='۹' => char::from_digit(u32::from(c) - u32::from('۰'), 10).unwrap_or(c),
        '٫' => '.',
        '،' => ',',
        other => other,
    }
}
