//! Reads an answer as it comes and keeps only what was asked for: an inbound with 50,000 clients is
//! 30 MB, of which a sale needs one row.
//!
//! Knows of JSON only where texts begin and end and how brackets nest. Rows are the elements of the lists
//! that panels keep clients and counters in; everything else passes as it is. Up to 2.9 `settings` is
//! JSON as a text inside the JSON, and is looked into without being held as a whole.

use super::Error;

/// What is kept of an answer, all of it: rows that were asked for, and what is around them.
const LARGEST_KEPT: usize = 8 * 1024 * 1024;

/// One row. A client's comment may be some kilobytes.
const LARGEST_ROW: usize = 256 * 1024;

/// The name of a list whose elements are rows.
pub(super) type List = &'static str;
pub(super) const CLIENTS: List = "clients";
pub(super) const COUNTERS: List = "clientStats";
/// The answer itself, where it is a list.
pub(super) const ANSWER: List = "obj";
pub(super) const OF_INBOUND: &[List] = &[CLIENTS, COUNTERS];

/// The text that may hold JSON.
const SETTINGS: &str = "settings";

/// Says whether a row of this list is kept.
pub(super) type Keep<'a> = &'a mut (dyn FnMut(List, &[u8]) -> bool + Send);

/// One answer on its way through.
pub(super) struct JsonFilter {
    text: Filter,
    kept: Vec<u8>,
}

impl JsonFilter {
    /// For an answer in which these lists are judged row by row.
    pub(super) fn new(lists: &'static [List]) -> Self {
        Self { text: Filter::of(lists), kept: Vec::new() }
    }

    /// The next piece of the answer.
    pub(super) fn push(&mut self, piece: &[u8], keep: Keep<'_>) -> Result<(), Error> {
        for byte in piece {
            self.text.push(*byte, &mut self.kept, keep)?;
        }
        if self.kept.len() > LARGEST_KEPT {
            return Err(Error::unexpected("an answer of more than 8 MB"));
        }
        Ok(())
    }

    /// What was kept of it.
    pub(super) fn finish(self) -> Vec<u8> {
        self.kept
    }
}

/// Where in the text we are.
enum At {
    Outside,
    /// In a text; after a backslash.
    Text {
        escaped: bool,
    },
    /// In a list of rows.
    Rows(Rows),
    /// In a text that may hold JSON itself.
    Inner(Box<Inner>),
}

struct Filter {
    lists: &'static [List],
    at: At,
    /// The beginning of the text read last: a name, when a colon follows.
    last: Vec<u8>,
    /// The name whose value comes next.
    named: Option<&'static str>,
}

/// Longer than any name that matters.
const LONGEST_NAME: usize = 16;

impl Filter {
    fn of(lists: &'static [List]) -> Self {
        Self { lists, at: At::Outside, last: Vec::new(), named: None }
    }

    fn push(&mut self, byte: u8, out: &mut Vec<u8>, keep: Keep<'_>) -> Result<(), Error> {
        match &mut self.at {
            At::Outside => {
                out.push(byte);
                self.outside(byte);
            }
            At::Text { escaped } => {
                out.push(byte);
                match byte {
                    _ if *escaped => *escaped = false,
                    b'\\' => *escaped = true,
                    b'"' => self.at = At::Outside,
                    _ if self.last.len() < LONGEST_NAME => self.last.push(byte),
                    _ => {}
                }
            }
            At::Rows(rows) => {
                if rows.push(byte, out, keep)? {
                    self.at = At::Outside;
                }
            }
            At::Inner(inner) => {
                if inner.push(byte, keep)? {
                    inner.write(out);
                    self.at = At::Outside;
                }
            }
        }
        Ok(())
    }

    fn outside(&mut self, byte: u8) {
        match byte {
            b':' => {
                let settings = (!self.lists.is_empty()).then_some(SETTINGS);
                let mut names = self.lists.iter().copied().chain(settings);
                self.named = names.find(|name| name.as_bytes() == self.last.as_slice());
                self.last.clear();
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => match (byte, self.named.take()) {
                (b'"', Some(SETTINGS)) => self.at = At::Inner(Box::new(Inner::of(self.lists))),
                (b'[', Some(name)) if name != SETTINGS => self.at = At::Rows(Rows::of(name)),
                (b'"', _) => {
                    self.last.clear();
                    self.at = At::Text { escaped: false };
                }
                _ => {}
            },
        }
    }
}

/// A list whose elements are judged one by one.
struct Rows {
    name: List,
    row: Vec<u8>,
    nesting: usize,
    text: bool,
    escaped: bool,
    /// Whether one was kept before this.
    any: bool,
}

impl Rows {
    fn of(name: List) -> Self {
        Self { name, row: Vec::new(), nesting: 0, text: false, escaped: false, any: false }
    }

    /// Whether the list has ended.
    fn push(&mut self, byte: u8, out: &mut Vec<u8>, keep: Keep<'_>) -> Result<bool, Error> {
        if self.text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.text = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.text = true,
                b'{' | b'[' => self.nesting += 1,
                b',' | b']' if self.nesting == 0 => {
                    self.judge(out, keep);
                    if byte == b']' {
                        out.push(byte);
                    }
                    return Ok(byte == b']');
                }
                b'}' | b']' => self.nesting = self.nesting.saturating_sub(1),
                _ if byte.is_ascii_whitespace() => return Ok(false),
                _ => {}
            }
        }
        self.row.push(byte);
        if self.row.len() > LARGEST_ROW {
            return Err(Error::unexpected("a client of more than 256 kB"));
        }
        Ok(false)
    }

    fn judge(&mut self, out: &mut Vec<u8>, keep: Keep<'_>) {
        if !self.row.is_empty() && keep(self.name, &self.row) {
            if self.any {
                out.push(b',');
            }
            out.extend_from_slice(&self.row);
            self.any = true;
        }
        self.row.clear();
    }
}

/// A text that may hold JSON: what it says, without its backslashes, goes through a filter of its own.
struct Inner {
    filter: Filter,
    kept: Vec<u8>,
    escape: Escape,
    /// The first half of a character that takes two.
    high: Option<u16>,
}

enum Escape {
    None,
    Begun,
    Code { digits: u8, code: u16 },
}

impl Inner {
    fn of(lists: &'static [List]) -> Self {
        Self { filter: Filter::of(lists), kept: Vec::new(), escape: Escape::None, high: None }
    }

    /// Whether the text has ended.
    fn push(&mut self, byte: u8, keep: Keep<'_>) -> Result<bool, Error> {
        match self.escape {
            Escape::None => match byte {
                b'"' => return Ok(true),
                b'\\' => self.escape = Escape::Begun,
                other => self.say(&[other], keep)?,
            },
            Escape::Begun => {
                self.escape = Escape::None;
                match byte {
                    b'n' => self.say(b"\n", keep)?,
                    b't' => self.say(b"\t", keep)?,
                    b'r' => self.say(b"\r", keep)?,
                    b'b' => self.say(&[8], keep)?,
                    b'f' => self.say(&[12], keep)?,
                    b'u' => self.escape = Escape::Code { digits: 0, code: 0 },
                    other => self.say(&[other], keep)?,
                }
            }
            Escape::Code { digits, code } => {
                let digit = char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
                let digit = digit.ok_or_else(|| Error::unexpected("neither JSON nor HTML"))?;
                let code = code << 4 | digit;
                self.escape = if digits < 3 { Escape::Code { digits: digits + 1, code } } else { Escape::None };
                if digits == 3 {
                    self.coded(code, keep)?;
                }
            }
        }
        Ok(false)
    }

    fn coded(&mut self, code: u16, keep: Keep<'_>) -> Result<(), Error> {
        if (0xD800..0xDC00).contains(&code) {
            self.high = Some(code);
            return Ok(());
        }
        let units = self.high.take().into_iter().chain([code]);
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.say(character.encode_utf8(&mut [0; 4]).as_bytes(), keep)?;
        }
        Ok(())
    }

    fn say(&mut self, bytes: &[u8], keep: Keep<'_>) -> Result<(), Error> {
        for byte in bytes {
            self.filter.push(*byte, &mut self.kept, keep)?;
        }
        Ok(())
    }

    /// Writes what was kept as a text again, whose first quotation mark is there already.
    fn write(&self, out: &mut Vec<u8>) {
        let text = serde_json::Value::from(String::from_utf8_lossy(&self.kept)).to_string();
        out.extend_from_slice(text.as_bytes().get(1..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An answer cut into pieces of every size, of which rows with an `a` in them are kept.
    fn sifted(text: &str) -> Vec<String> {
        let cut = |size: usize| {
            let mut sieve = JsonFilter::new(OF_INBOUND);
            let mut keep = |_: List, row: &[u8]| String::from_utf8_lossy(row).contains("\"a\"");
            for piece in text.as_bytes().chunks(size) {
                sieve.push(piece, &mut keep).unwrap();
            }
            String::from_utf8(sieve.finish()).unwrap()
        };
        [1, 2, 3, 7, 64, 4096].map(cut).to_vec()
    }

    fn clients() -> Value {
        let odd = "a ] } , \" < \\ \u{1F4CA} {\"clients\":[";
        json!([{"email": "b", "comment": odd}, {"email": "a", "comment": odd}, {"email": "b"}])
    }

    #[test]
    fn rows_go_and_everything_else_stays() {
        let settings = json!({"clients": clients(), "fallbacks": [{"dest": "@b"}], "decryption": "none"});
        let stream = json!({"realitySettings": {"settings": {"publicKey": "b"}}, "clients": "b"});
        let whole = |settings: Value, stream: Value| json!({"success": true, "obj": {"clientStats": null, "settings": settings, "streamSettings": stream}});
        let kept = json!({"clients": [clients()[1]], "fallbacks": [{"dest": "@b"}], "decryption": "none"});
        for found in sifted(&whole(settings.clone(), stream.clone()).to_string()) {
            assert_eq!(serde_json::from_str::<Value>(&found).unwrap(), whole(kept.clone(), stream.clone()));
        }
        // Up to 2.9 both are texts, indented, and Go writes some characters as numbers.
        let text = |value: &Value| json!(serde_json::to_string_pretty(value).unwrap());
        let answer = whole(text(&settings), text(&stream)).to_string();
        let answer = answer.replace('\u{1F4CA}', "\\ud83d\\udcca").replace('<', "\\u003c");
        let plain = |text: &str| {
            let mut answer: Value = serde_json::from_str(text).unwrap();
            let settings = answer["obj"]["settings"].as_str().unwrap().to_owned();
            answer["obj"]["settings"] = serde_json::from_str(&settings).unwrap();
            answer["obj"]["settings"].clone()
        };
        for found in sifted(&answer) {
            assert_eq!(plain(&found), kept);
        }
    }

    #[test]
    fn what_is_no_json_passes_as_it_is() {
        for text in ["", "<html>\"settings\"</html>", "{\"success\":true,\"obj\":{\"client\":{\"ema", "[1,2]", "null"] {
            assert!(sifted(text).iter().all(|found| found == text), "{text}");
        }
        assert_eq!(sifted(r#"{"settings":"b","x":"settings"}"#)[0], r#"{"settings":"b","x":"settings"}"#);
    }

    #[test]
    fn what_is_kept_has_a_bound_and_what_is_dropped_has_none() {
        let row = json!({"email": "b", "comment": "x".repeat(1000)}).to_string();
        let mut sieve = JsonFilter::new(OF_INBOUND);
        sieve.push(b"{\"clients\":[", &mut |_, _| false).unwrap();
        for _ in 0..20_000 {
            sieve.push(row.as_bytes(), &mut |_, _| false).unwrap();
            sieve.push(b",", &mut |_, _| false).unwrap();
        }
        assert!(sieve.finish().len() < 100);
        let mut sieve = JsonFilter::new(OF_INBOUND);
        let error = sieve.push(&vec![b'x'; LARGEST_KEPT + 1], &mut |_, _| true).unwrap_err();
        assert_eq!(error.to_string(), "the panel answered something unexpected: an answer of more than 8 MB");
    }
}
