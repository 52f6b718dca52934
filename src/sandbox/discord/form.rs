//! Checks a JSON body field by field and collects Discord's errors, so that one answer names all of them.
//!
//! Fields the sandbox does not know are refused too, and recorded as a problem: Discord would ignore them in silence,
//! and a misspelt field would pass every test.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::state::Id;

/// What is wrong with a body.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) errors: Vec<(String, &'static str, String)>,
    pub(super) unknown: Vec<String>,
}

pub(super) fn at(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl Form {
    pub(super) fn error(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push((path.to_owned(), code, message.into()));
    }

    /// An object with no fields but the known ones.
    pub(super) fn object<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(map) = value.as_object() else {
            self.error(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
            return None;
        };
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.unknown.push(at(path, key));
        }
        Some(map)
    }

    /// A text of `min` to `max` characters; absent and null are fine.
    pub(super) fn text<'v>(
        &mut self,
        path: &str,
        map: &'v Map<String, Value>,
        key: &str,
        (min, max): (usize, usize),
    ) -> Option<&'v str> {
        let path = at(path, key);
        let value = map.get(key).filter(|value| !value.is_null())?;
        let Some(text) = value.as_str() else {
            self.error(&path, "STRING_TYPE_CONVERT", "Could not interpret value as string.");
            return None;
        };
        let length = text.chars().count();
        if length < min && length == 0 {
            self.error(&path, "BASE_TYPE_REQUIRED", "This field is required");
        } else if length > max || length < min {
            let (code, message) = if min == 0 {
                ("BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."))
            } else {
                ("BASE_TYPE_BAD_LENGTH", format!("Must be between {min} and {max} in length."))
            };
            self.error(&path, code, message);
        }
        Some(text)
    }

    /// A text that must be there.
    pub(super) fn need_text<'v>(
        &mut self,
        path: &str,
        map: &'v Map<String, Value>,
        key: &str,
        bounds: (usize, usize),
    ) -> Option<&'v str> {
        self.need(path, map, key)?;
        self.text(path, map, key, bounds)
    }

    /// A field that must be there.
    pub(super) fn need<'v>(&mut self, path: &str, map: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
        let value = map.get(key).filter(|value| !value.is_null());
        if value.is_none() {
            self.error(&at(path, key), "BASE_TYPE_REQUIRED", "This field is required");
        }
        value
    }

    /// A whole number within bounds, also written as a string.
    pub(super) fn integer(
        &mut self,
        path: &str,
        map: &Map<String, Value>,
        key: &str,
        (min, max): (u64, u64),
    ) -> Option<u64> {
        let path = at(path, key);
        let value = map.get(key).filter(|value| !value.is_null())?;
        let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        let Some(number) = number else {
            self.error(&path, "NUMBER_TYPE_COERCE", format!("Value {value} is not int."));
            return None;
        };
        if number < min {
            self.error(&path, "NUMBER_TYPE_MIN", format!("int value should be greater than or equal to {min}."));
        } else if number > max {
            self.error(&path, "NUMBER_TYPE_MAX", format!("int value should be less than or equal to {max}."));
        }
        Some(number)
    }

    /// One of the numbers listed.
    pub(super) fn choice(&mut self, path: &str, map: &Map<String, Value>, key: &str, allowed: &[u64]) -> Option<u64> {
        let number = self.integer(path, map, key, (0, u64::MAX))?;
        if !allowed.contains(&number) {
            self.error(&at(path, key), "BASE_TYPE_CHOICES", format!("Value must be one of {allowed:?}."));
        }
        Some(number)
    }

    pub(super) fn flag(&mut self, path: &str, map: &Map<String, Value>, key: &str) -> bool {
        match map.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.error(&at(path, key), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
                false
            }
        }
    }

    /// A list of at most `max` entries.
    pub(super) fn list<'v>(
        &mut self,
        path: &str,
        map: &'v Map<String, Value>,
        key: &str,
        max: usize,
    ) -> Option<&'v Vec<Value>> {
        let value = map.get(key).filter(|value| !value.is_null())?;
        let Some(list) = value.as_array() else {
            self.error(&at(path, key), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            return None;
        };
        if list.len() > max {
            self.error(&at(path, key), "BASE_TYPE_MAX_LENGTH", format!("Must be {max} or fewer in length."));
        }
        Some(list)
    }

    pub(super) fn snowflake(&mut self, path: &str, value: &Value) -> Option<Id> {
        let id = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        if id.is_none() {
            self.error(path, "NUMBER_TYPE_COERCE", format!("Value {value} is not snowflake."));
        }
        id
    }

    /// An absolute http(s) address, or `attachment://` where files can be shown.
    pub(super) fn address(&mut self, path: &str, map: &Map<String, Value>, key: &str, attachment: bool) {
        let Some(text) = self.text(path, map, key, (0, 2048)) else { return };
        let web = text.starts_with("https://") || text.starts_with("http://");
        if text.is_empty() || !(web && url::Url::parse(text).is_ok() || attachment && text.starts_with("attachment://"))
        {
            self.error(&at(path, key), "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        }
    }

    /// The errors as a refusal. Unknown fields are refused as well; the caller records them.
    pub(super) fn finish(&self) -> Result<(), Refusal> {
        let mut errors = self.errors.clone();
        for path in &self.unknown {
            errors.push((path.clone(), "SANDBOX_UNKNOWN_FIELD", "The sandbox does not know this field.".to_owned()));
        }
        if errors.is_empty() { Ok(()) } else { Err(Refusal::form(&errors)) }
    }
}
