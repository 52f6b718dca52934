//! What people wrote, made safe to repeat: no pings, no markdown, no invisible characters, no
//! more than its place holds. Lengths are in UTF-16 units, the strictest way Discord may count.

use crate::domain::{ChannelId, Millis, RoleId, UserId};

/// What stands where a text has nothing visible in it; Discord refuses empty fields.
const NOTHING: &str = "–";

/// Text of people for places that show markdown, on one line.
pub fn plain(text: &str, max: usize) -> String {
    let mut escape = Escape { at_start: true };
    cut(folded(text), max, |c| escape.needed(c))
}

/// Text of people for places that show no markdown: labels of buttons, options, modals.
pub fn label(text: &str, max: usize) -> String {
    cut(folded(text), max, |_| false)
}

/// The operator's own text: keeps its lines, its markdown and its links, but pings nobody.
pub fn operator(text: &str, max: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| folded(line).collect()).collect();
    let joined = lines.join("\n");
    cut(joined.trim().chars(), max, |c| matches!(c, '<' | '@'))
}

/// A value to be copied: alone in a code span, where nothing needs escaping.
pub fn code(text: &str, max: usize) -> String {
    let unquoted = folded(text).map(|c| if c == '`' { '\'' } else { c });
    format!("`{}`", cut(unquoted, max.saturating_sub(2), |_| false))
}

/// A link to be copied, alone in a code block. Never shortened: half a link is none.
pub fn block(link: &str) -> String {
    let link: String = folded(link).filter(|c| *c != '`').collect();
    format!("```\n{link}\n```")
}

/// A moment as Discord shows it in the reader's own zone: date and time.
pub fn date(at: Millis) -> String {
    format!("<t:{}:f>", at.seconds())
}

/// A moment as Discord shows it: "in 5 minutes", "2 hours ago".
pub fn relative(at: Millis) -> String {
    format!("<t:{}:R>", at.seconds())
}

/// A person by name; it rings only where a post says so.
pub fn person(user: UserId) -> String {
    format!("<@{user}>")
}

/// A role by name; it rings only where a post says so.
pub fn role(role: RoleId) -> String {
    format!("<@&{role}>")
}

/// A channel as a link.
pub fn channel(channel: ChannelId) -> String {
    format!("<#{channel}>")
}

/// The length as Discord may count it.
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// On one line, single spaces, nothing invisible.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let mut space = true;
    let mut pending = false;
    text.chars()
        .filter(|c| !is_invisible(*c))
        .flat_map(move |c| {
            if c.is_whitespace() || c.is_control() {
                pending = !space;
                return [None, None];
            }
            let gap = std::mem::take(&mut pending).then_some(' ');
            space = false;
            [gap, Some(c)]
        })
        .flatten()
}

/// Takes characters until the next would not fit, then says so with an ellipsis.
fn cut(chars: impl Iterator<Item = char>, max: usize, mut escape: impl FnMut(char) -> bool) -> String {
    let mut kept = String::new();
    let mut used = 0;
    // Where to cut back to if an ellipsis has to fit as well.
    let mut fits_with_ellipsis = 0;
    for c in chars {
        let escaped = escape(c);
        let cost = c.len_utf16() + usize::from(escaped);
        if used + cost > max {
            kept.truncate(fits_with_ellipsis);
            kept.push('…');
            return kept;
        }
        used += cost;
        if escaped {
            kept.push('\\');
        }
        kept.push(c);
        if used < max {
            fits_with_ellipsis = kept.len();
        }
    }
    if kept.is_empty() { NOTHING.to_owned() } else { kept }
}

struct Escape {
    at_start: bool,
}

impl Escape {
    /// A colon is escaped because of links, emoji and times; the second group means something
    /// only where a line begins.
    fn needed(&mut self, c: char) -> bool {
        let first = std::mem::take(&mut self.at_start);
        matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '@' | '[' | ']' | ':')
            || first && matches!(c, '#' | '>' | '-' | '+')
    }
}

/// Characters that show nothing or turn the direction of what stands around them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markdown_pings_and_links_become_plain_words() {
        assert_eq!(plain("# **big** <@1> @everyone", 99), r"\# \*\*big\*\* \<\@1> \@everyone");
        assert_eq!(plain("[free](https://evil.example)", 99), r"\[free\](https\://evil.example)");
        assert_eq!(plain("a\n> b\r\n\t c", 99), "a > b c");
        assert_eq!(plain("", 9), "–");
        assert_eq!(plain("\u{200b} \u{202e}", 9), "–");
    }

    #[test]
    fn the_invisible_is_gone_from_what_is_copied() {
        assert_eq!(code("\u{202a}0100 123\u{200b}4567\u{202c}", 99), "`0100 1234567`");
        assert_eq!(code("a`b", 99), "`a'b`");
    }

    #[test]
    fn the_operator_keeps_lines_and_links() {
        assert_eq!(
            operator("**Send** it\nhttps://ipn.example/s @here", 99),
            "**Send** it\nhttps://ipn.example/s \\@here"
        );
    }

    #[test]
    fn a_cut_says_so_and_breaks_no_character() {
        assert_eq!(label("abcdef", 6), "abcdef");
        assert_eq!(label("abcdefg", 6), "abcde…");
        assert_eq!(plain("****", 5), r"\*\*…");
        assert_eq!(label("😀😀😀", 5), "😀😀…");
    }

    proptest! {
        #[test]
        fn nothing_is_longer_than_its_place(text in any::<String>(), max in 3_usize..60) {
            for made in [plain(&text, max), label(&text, max), operator(&text, max), code(&text, max)] {
                prop_assert!(length(&made) <= max && !made.is_empty(), "{made:?}");
                prop_assert!(!made.chars().any(is_invisible));
            }
        }
    }
}
