//! Buttons, selects and text inputs: what Discord accepts of them in messages and in modals.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::form::{Form, at};

/// Checks the rows of a message: at most five, in each one to five buttons or one select, every `custom_id` once.
pub(super) fn rows(form: &mut Form, path: &str, rows: &[Value]) {
    let mut ids = BTreeSet::new();
    for (n, row) in rows.iter().enumerate() {
        let path = at(path, &n.to_string());
        let Some(children) = children(form, &path, row) else { continue };
        let selects = children.iter().filter(|child| child["type"] != 2).count();
        if selects > 0 && children.len() > 1 {
            form.error(
                &at(&path, "components"),
                "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                "Width of the components in this row exceeds 5.",
            );
        }
        for (n, child) in children.iter().enumerate() {
            let path = format!("{path}.components.{n}");
            match child["type"].as_u64() {
                Some(2) => button(form, &path, child),
                Some(kind @ (3 | 5..=8)) => select(form, &path, child, kind),
                Some(_) => form.error(
                    &at(&path, "type"),
                    "UNION_TYPE_CHOICES",
                    "Value of field \"type\" must be one of (2, 3, 5, 6, 7, 8).",
                ),
                None => form.error(&at(&path, "type"), "BASE_TYPE_REQUIRED", "This field is required"),
            }
            if let Some(id) = child["custom_id"].as_str()
                && !ids.insert(id.to_owned())
            {
                form.error(
                    &at(&path, "custom_id"),
                    "COMPONENT_CUSTOM_ID_DUPLICATED",
                    "Component custom id cannot be duplicated",
                );
            }
        }
    }
}

fn children<'v>(form: &mut Form, path: &str, row: &'v Value) -> Option<&'v Vec<Value>> {
    let map = form.object(path, row, &["type", "components", "id"])?;
    form.need(path, map, "type")?;
    if row["type"] != 1 {
        form.error(&at(path, "type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).");
        return None;
    }
    form.need(path, map, "components")?;
    let children = form.list(path, map, "components", 5)?;
    if children.is_empty() {
        form.error(&at(path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    Some(children)
}

fn button(form: &mut Form, path: &str, value: &Value) {
    let known = ["type", "id", "style", "label", "emoji", "custom_id", "url", "disabled", "sku_id"];
    let Some(map) = form.object(path, value, &known) else { return };
    form.need(path, map, "style");
    let style = form.choice(path, map, "style", &[1, 2, 3, 4, 5]);
    let label = form.text(path, map, "label", (0, 80));
    let emoji = emoji(form, path, map);
    if label.is_none_or(str::is_empty) && !emoji {
        form.error(path, "BUTTON_COMPONENT_INVALID_LABEL", "A button needs a label or an emoji.");
    }
    form.flag(path, map, "disabled");
    form.text(path, map, "custom_id", (1, 100));
    let has = |key: &str| map.get(key).is_some_and(|value| !value.is_null());
    if style == Some(5) {
        if form.need_text(path, map, "url", (1, 512)).is_some() {
            form.address(path, map, "url", false);
        }
        if has("custom_id") {
            form.error(
                &at(path, "custom_id"),
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            );
        }
    } else {
        if !has("custom_id") {
            form.error(&at(path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required");
        }
        if has("url") {
            form.error(
                &at(path, "url"),
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            );
        }
    }
}

fn emoji(form: &mut Form, path: &str, map: &Map<String, Value>) -> bool {
    let Some(value) = map.get("emoji").filter(|value| !value.is_null()) else { return false };
    let path = at(path, "emoji");
    if let Some(map) = form.object(&path, value, &["id", "name", "animated"]) {
        let unicode = map.get("name").and_then(Value::as_str).unwrap_or_default();
        if !map.get("id").is_some_and(Value::is_string) && (unicode.is_empty() || unicode.is_ascii()) {
            form.error(&at(&path, "name"), "COMPONENT_INVALID_EMOJI", "Invalid emoji");
        }
    }
    true
}

fn select(form: &mut Form, path: &str, value: &Value, kind: u64) {
    let mut known = vec!["type", "id", "custom_id", "placeholder", "min_values", "max_values", "disabled"];
    known.push(if kind == 3 { "options" } else { "default_values" });
    if kind == 8 {
        known.push("channel_types");
    }
    let Some(map) = form.object(path, value, &known) else { return };
    form.need_text(path, map, "custom_id", (1, 100));
    form.text(path, map, "placeholder", (0, 150));
    form.flag(path, map, "disabled");
    let min = form.integer(path, map, "min_values", (0, 25)).unwrap_or(1);
    let max = form.integer(path, map, "max_values", (1, 25)).unwrap_or(1);
    if min > max {
        form.error(&at(path, "min_values"), "SELECT_COMPONENT_MIN_VALUES", "min_values must not exceed max_values.");
    }
    if kind == 3 {
        options(form, path, map, max);
    }
}

fn options(form: &mut Form, path: &str, map: &Map<String, Value>, max_values: u64) {
    form.need(path, map, "options");
    let Some(list) = form.list(path, map, "options", 25) else { return };
    let path = at(path, "options");
    if list.is_empty() {
        form.error(&path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.");
    }
    let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
    if !list.is_empty() && max_values > length {
        form.error(&path, "SELECT_COMPONENT_MAX_VALUES", "max_values must not exceed the number of options.");
    }
    let mut values = BTreeSet::new();
    let mut defaults = 0;
    for (n, option) in list.iter().enumerate() {
        let path = at(&path, &n.to_string());
        let Some(map) = form.object(&path, option, &["label", "value", "description", "emoji", "default"]) else {
            continue;
        };
        form.need_text(&path, map, "label", (1, 100));
        if let Some(value) = form.need_text(&path, map, "value", (1, 100))
            && !values.insert(value)
        {
            form.error(
                &at(&path, "value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                "The specified option value is already used",
            );
        }
        form.text(&path, map, "description", (0, 100));
        emoji(form, &path, map);
        defaults += u64::from(form.flag(&path, map, "default"));
    }
    if defaults > max_values {
        form.error(&path, "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many default options.");
    }
}

/// Checks the `data` of a modal callback: rows of one text input each, every `custom_id` once.
pub(super) fn modal(form: &mut Form, path: &str, value: &Value) {
    let Some(map) = form.object(path, value, &["custom_id", "title", "components"]) else { return };
    form.need_text(path, map, "custom_id", (1, 100));
    form.need_text(path, map, "title", (1, 45));
    form.need(path, map, "components");
    let Some(rows) = form.list(path, map, "components", 5) else { return };
    let path = at(path, "components");
    if rows.is_empty() {
        form.error(&path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    }
    let mut ids = BTreeSet::new();
    for (n, row) in rows.iter().enumerate() {
        let path = at(&path, &n.to_string());
        let Some(children) = children(form, &path, row) else { continue };
        if children.len() > 1 {
            form.error(
                &at(&path, "components"),
                "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
                "Width of the components in this row exceeds 5.",
            );
        }
        for (n, child) in children.iter().enumerate() {
            let path = format!("{path}.components.{n}");
            text_input(form, &path, child);
            if let Some(id) = child["custom_id"].as_str()
                && !ids.insert(id.to_owned())
            {
                form.error(
                    &at(&path, "custom_id"),
                    "COMPONENT_CUSTOM_ID_DUPLICATED",
                    "Component custom id cannot be duplicated",
                );
            }
        }
    }
}

fn text_input(form: &mut Form, path: &str, value: &Value) {
    let known =
        ["type", "id", "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder"];
    let Some(map) = form.object(path, value, &known) else { return };
    if form.need(path, map, "type").is_some() {
        form.choice(path, map, "type", &[4]);
    }
    form.need_text(path, map, "custom_id", (1, 100));
    form.need(path, map, "style");
    form.choice(path, map, "style", &[1, 2]);
    form.need_text(path, map, "label", (1, 45));
    let min = form.integer(path, map, "min_length", (0, 4000)).unwrap_or(0);
    let max = form.integer(path, map, "max_length", (1, 4000)).unwrap_or(4000);
    if min > max {
        form.error(&at(path, "min_length"), "TEXT_INPUT_MIN_LENGTH", "min_length must not exceed max_length.");
    }
    form.flag(path, map, "required");
    form.text(path, map, "value", (0, 4000));
    form.text(path, map, "placeholder", (0, 100));
}
