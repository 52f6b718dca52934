//! Bodies that Discord refuses, field by field.

use reqwest::Method;
use serde_json::{Value, json};
use tollkeeper::sandbox::discord::Refused;

use super::{World, button, fields, long, option, order_command, row, select};

#[tokio::test]
async fn every_bad_message_body_is_refused_by_field() {
    let world = World::new().await;
    let six: Vec<Value> = (0..6).map(|n| button(&n.to_string())).collect();
    let many: Vec<Value> = (0..26).map(option).collect();
    let rows: Vec<Value> = (0..6).map(|n| row(&[button(&n.to_string())])).collect();
    let no_id = json!({ "type": 2, "style": 1, "label": "Press" });
    let no_type = json!({ "style": 1, "label": "Press", "custom_id": "a" });
    let field = |name: &str, value: &str| json!({ "name": name, "value": value });
    let cases = [
        (json!({ "content": long(2001) }), "content:BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "components": [row(&[button(&long(101))])] }),
            "components.0.components.0.custom_id:BASE_TYPE_BAD_LENGTH",
        ),
        (json!({ "components": [row(&[no_type])] }), "components.0.components.0.type:BASE_TYPE_REQUIRED"),
        (json!({ "components": [{ "components": [button("a")] }] }), "components.0.type:BASE_TYPE_REQUIRED"),
        (
            json!({ "components": [row(&[select("a", &many)])] }),
            "components.0.components.0.options:BASE_TYPE_MAX_LENGTH",
        ),
        (json!({ "components": [row(&six)] }), "components.0.components:BASE_TYPE_MAX_LENGTH"),
        (json!({ "components": rows }), "components:BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "components": [row(&[button("a"), button("a")])] }),
            "components.0.components.1.custom_id:COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            json!({ "components": [row(&[no_id])] }),
            "components.0.components.0.custom_id:BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
        ),
        (
            json!({ "components": [row(&[button("a"), select("b", &[option(1)])])] }),
            "components.0.components:COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
        (
            json!({ "components": [row(&[select("a", &[option(1), option(1)])])] }),
            "components.0.components.0.options.1.value:SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        (json!({ "embeds": [{ "description": long(4097) }] }), "embeds.0.description:BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": [{ "fields": vec![field("a", "b"); 26] }] }), "embeds.0.fields:BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": [{ "fields": [field("a", "")] }] }), "embeds.0.fields.0.value:BASE_TYPE_REQUIRED"),
        (
            json!({ "embeds": [{ "description": long(4000) }, { "description": long(2001) }] }),
            "embeds:MAX_EMBED_SIZE_EXCEEDED",
        ),
        (json!({ "content": "a", "nonce": long(26) }), "nonce:NONCE_TYPE_TOO_LONG"),
        (json!({ "content": "a", "flags": 64 }), "flags:MESSAGE_FLAGS_INVALID"),
        (
            json!({ "content": "a", "allowed_mentions": { "parse": ["users"], "users": ["1"] } }),
            "allowed_mentions:MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ];
    for (body, wanted) in cases {
        let (status, answer) = world.says(body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(fields(&answer), [wanted], "{body}");
    }
    let (status, answer) = world.says(json!({ "content": "  ", "embeds": [] })).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50006)));
    assert_eq!(world.discord.problems(), Vec::<String>::new());

    let (status, answer) = world.says(json!({ "content": "a", "contnet": "b" })).await;
    assert_eq!((status, fields(&answer)), (400, vec!["contnet:SANDBOX_UNKNOWN_FIELD".to_owned()]));
    assert_eq!(world.discord.take_problems().len(), 1);
}

#[tokio::test]
async fn every_bad_channel_body_is_refused_by_field() {
    let world = World::new().await;
    let overwrites = |value: Value| json!({ "name": "a", "permission_overwrites": [value] });
    let cases = [
        (json!({ "name": long(101) }), "name:BASE_TYPE_BAD_LENGTH"),
        (json!({}), "name:BASE_TYPE_REQUIRED"),
        (json!({ "name": "a", "topic": long(1025) }), "topic:BASE_TYPE_MAX_LENGTH"),
        (json!({ "name": "a", "parent_id": "tickets" }), "parent_id:NUMBER_TYPE_COERCE"),
        (json!({ "name": "a", "parent_id": world.channel.to_string() }), "parent_id:CHANNEL_PARENT_INVALID_TYPE"),
        (
            overwrites(json!({ "type": 0, "allow": "0", "deny": "1024" })),
            "permission_overwrites.0.id:BASE_TYPE_REQUIRED",
        ),
        (overwrites(json!({ "id": "1", "type": 0 })), "permission_overwrites.0.id:PERMISSION_OVERWRITE_UNKNOWN_TARGET"),
    ];
    for (body, wanted) in cases {
        let (status, answer) = world.makes_channel(body.clone()).await;
        assert_eq!((status, fields(&answer)), (400, vec![wanted.to_owned()]), "{body}");
    }
    assert_eq!(world.discord.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn commands_are_checked_when_registered_and_when_used() {
    let world = World::new().await;
    let (app, guild) = (world.discord.application_id(), world.discord.guild());
    let path = format!("/applications/{app}/guilds/{guild}/commands");
    let put = async |body: Value| world.call(Method::PUT, &path, Some(body)).await;
    let (_, body) = put(json!([{ "name": "Order", "description": "" }])).await;
    assert_eq!(fields(&body), ["0.description:BASE_TYPE_REQUIRED", "0.name:APPLICATION_COMMAND_INVALID_NAME"]);
    let (_, first) = put(order_command()).await;
    let (_, again) = put(order_command()).await;
    assert_eq!(first[0]["id"], again[0]["id"]);
    assert!(first[0]["type"] == 1 && first[0]["version"].is_string() && first[0]["application_id"].is_string());
    let mona = &world.mona;
    assert!(matches!(mona.slash(world.channel, "nothing", json!({})), Err(Refused::NoCommand(_))));
    assert!(matches!(mona.slash(world.channel, "proof", json!({})), Err(Refused::BadInput(_))));
    assert!(matches!(mona.slash(world.channel, "admin", json!({})), Err(Refused::NoCommand(_))));
    mona.slash(world.channel, "admin block", json!({ "user": mona.id() })).unwrap();
    mona.slash_with(world.channel, "proof", json!({}), &[("image", "proof.png", b"x")]).unwrap();
}
