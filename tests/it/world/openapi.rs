//! Discord's own description of its API as a second opinion on every body the bot sends.
//!
//! The description is `tests/discord-api/openapi.json.gz` (licence beside it): discord-api-spec at
//! 74fda0fad044407ea280043a03ffc9bc64c4e49e of 2026-07-18. It is corrected where Discord's
//! documentation says otherwise, and made stricter: what a schema does not name is refused.

use std::{
    collections::{BTreeSet, HashMap},
    io::Read as _,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde_json::{Map, Value, json};
use tollkeeper::sandbox::discord;

type Compiled = Arc<jsonschema::Validator>;

/// The description as corrected, read once per process.
static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let packed: &[u8] = include_bytes!("../../discord-api/openapi.json.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).expect("the description unpacks");
    let mut description: Value = serde_json::from_str(&text).expect("the description is JSON");
    // In the documentation (Application Commands), missing in the description.
    let command = &mut description["components"]["schemas"]["ApplicationCommandUpdateRequest"];
    command["properties"]["nsfw"] = json!({ "type": ["boolean", "null"] });
    // The whole overwrite object, as the documentation shows it elsewhere; Discord takes its id from the path.
    let overwrite = &mut description["paths"]["/channels/{channel_id}/permissions/{overwrite_id}"]["put"];
    let overwrite = &mut overwrite["requestBody"]["content"]["application/json"]["schema"];
    overwrite["properties"]["id"] = json!({ "$ref": "#/components/schemas/SnowflakeType" });
    correct(&mut description);
    // A new attachment's id is its number among the files (Uploading Files).
    let snowflake = &mut description["components"]["schemas"]["SnowflakeType"];
    snowflake["type"] = json!(["string", "integer"]);
    description
});

static COMPILED: LazyLock<Mutex<HashMap<(String, String), Compiled>>> = LazyLock::new(Mutex::default);

/// The judge to plug into a sandbox.
pub(crate) fn validator() -> discord::Validator {
    Box::new(check)
}

fn check(method: &str, route: &str, body: &Value) -> Result<(), String> {
    let compiled = compiled(method, route)?;
    let said = without_silence(body);
    let wrong: Vec<_> =
        compiled.iter_errors(&said).map(|error| format!("{}: {error}", error.instance_path())).take(3).collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} in {body}", wrong.join("; "))) }
}

fn compiled(method: &str, route: &str) -> Result<Compiled, String> {
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (method.to_owned(), route.to_owned());
    if let Some(compiled) = known.get(&key) {
        return Ok(Arc::clone(compiled));
    }
    let body = &DESCRIPTION["paths"][route][method]["requestBody"]["content"]["application/json"]["schema"];
    if body.is_null() {
        return Err(format!("the description has no body for {method} {route}"));
    }
    let compiled = jsonschema::validator_for(&alone(body)).map_err(|error| format!("the description: {error}"))?;
    Ok(Arc::clone(known.entry(key).or_insert_with(|| Arc::new(compiled))))
}

/// A body without the members by which serenity says that it says nothing: null, an empty list,
/// and an option's default. Discord takes them everywhere, the description only here and there.
fn without_silence(body: &Value) -> Value {
    match body {
        Value::Object(fields) => {
            let says = |name: &str, value: &Value| {
                !(value.is_null()
                    || value.as_array().is_some_and(Vec::is_empty)
                    || name == "autocomplete" && value == false)
            };
            let fields = fields.iter().filter(|(name, value)| says(name, value));
            Value::Object(fields.map(|(name, value)| (name.clone(), without_silence(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_silence).collect()),
        other => other.clone(),
    }
}

/// A schema with the components it needs and no others.
fn alone(schema: &Value) -> Value {
    let mut needed = BTreeSet::new();
    let mut waiting = vec![schema];
    while let Some(next) = waiting.pop() {
        let mut names = BTreeSet::new();
        references(next, &mut names);
        for name in names {
            if needed.insert(name.clone()) {
                waiting.push(&DESCRIPTION["components"]["schemas"][&name]);
            }
        }
    }
    let all = &DESCRIPTION["components"]["schemas"];
    let schemas: Map<String, Value> = needed.into_iter().map(|name| (name.clone(), all[&name].clone())).collect();
    json!({ "allOf": [schema], "components": { "schemas": schemas } })
}

fn references(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
            into.extend(name.map(str::to_owned));
            fields.values().for_each(|value| references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

/// Discord takes numbers as texts, and refuses nothing that it merely does not know; we refuse it.
fn correct(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            // With numbers as texts, two branches may fit where one did.
            if let Some(branches) = fields.remove("oneOf") {
                fields.insert("anyOf".to_owned(), branches);
            }
            let named = fields.get("type").is_some_and(|kind| has(kind, "object"));
            if named && fields.contains_key("properties") && !fields.contains_key("allOf") {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            if let Some(kind) = fields.get("type").filter(|kind| has(kind, "integer")) {
                let mut kinds = kind.as_array().cloned().unwrap_or_else(|| vec![kind.clone()]);
                kinds.push(json!("string"));
                fields.insert("type".to_owned(), Value::Array(kinds));
                fields.entry("pattern").or_insert(json!("^-?[0-9]+$"));
            }
            fields.values_mut().for_each(correct);
        }
        Value::Array(items) => items.iter_mut().for_each(correct),
        _ => {}
    }
}

fn has(kind: &Value, name: &str) -> bool {
    kind == name || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == name))
}

#[test]
fn the_description_judges_bodies_as_discord_would() {
    let (create, path) = ("/channels/{channel_id}/messages", "/channels/{channel_id}/permissions/{overwrite_id}");
    let button = |id: String| json!({ "type": 2, "style": 1, "label": "Pay", "custom_id": id });
    let row = |part: Value| json!({ "content": "x", "components": [{ "type": 1, "components": [part] }] });
    assert_eq!(check("post", create, &row(button("tk:plan".into()))), Ok(()));
    assert_eq!(check("put", path, &json!({ "type": 1, "allow": "1024", "deny": "0" })), Ok(()));
    assert!(check("post", create, &row(button("x".repeat(101)))).is_err(), "a custom_id too long");
    assert!(check("post", create, &json!({ "content": "x", "embed": {} })).is_err(), "a field it does not know");
    assert!(check("post", create, &json!({ "nonce": "x".repeat(26) })).is_err(), "a nonce too long");
    assert!(check("put", path, &json!({ "type": 1, "allow": "many" })).is_err(), "a word for a number");
    assert!(check("post", "/no/such/route", &json!({})).is_err());
}
