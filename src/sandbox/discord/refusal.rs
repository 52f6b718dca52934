//! Discord's own refusals: a status, a JSON code, and for bad bodies the tree of errors per field.

use serde_json::{Map, Value, json};

/// An error answer as Discord writes it.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(String, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, body: json!({ "message": message, "code": code }), headers: Vec::new() }
    }

    /// 400 with code 50035 and one entry per refused field.
    pub(super) fn form(errors: &[(String, &'static str, String)]) -> Self {
        let mut tree = Value::Object(Map::new());
        for (path, code, message) in errors {
            let mut at = &mut tree;
            for step in path.split('.').filter(|step| !step.is_empty()) {
                at = &mut at[step];
            }
            if !at["_errors"].is_array() {
                at["_errors"] = json!([]);
            }
            if let Some(list) = at["_errors"].as_array_mut() {
                list.push(json!({ "code": code, "message": message }));
            }
        }
        Self {
            status: 400,
            body: json!({ "message": "Invalid Form Body", "code": 50035, "errors": tree }),
            headers: Vec::new(),
        }
    }

    pub(super) fn field(path: &str, code: &'static str, message: &str) -> Self {
        Self::form(&[(path.to_owned(), code, message.to_owned())])
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }
    pub(super) fn no_route() -> Self {
        Self::new(404, 0, "404: Not Found")
    }
    pub(super) fn unknown_channel() -> Self {
        Self::new(404, 10003, "Unknown Channel")
    }
    pub(super) fn unknown_guild() -> Self {
        Self::new(404, 10004, "Unknown Guild")
    }
    pub(super) fn unknown_application() -> Self {
        Self::new(404, 10002, "Unknown Application")
    }
    pub(super) fn unknown_member() -> Self {
        Self::new(404, 10007, "Unknown Member")
    }
    pub(super) fn unknown_message() -> Self {
        Self::new(404, 10008, "Unknown Message")
    }
    pub(super) fn unknown_overwrite() -> Self {
        Self::new(404, 10009, "Unknown Permission overwrite")
    }
    pub(super) fn unknown_user() -> Self {
        Self::new(404, 10013, "Unknown User")
    }
    pub(super) fn unknown_webhook() -> Self {
        Self::new(404, 10015, "Unknown Webhook")
    }
    pub(super) fn unknown_interaction() -> Self {
        Self::new(404, 10062, "Unknown interaction")
    }
    pub(super) fn unknown_command() -> Self {
        Self::new(404, 10063, "Unknown application command")
    }
    pub(super) fn channels_full() -> Self {
        Self::new(400, 30013, "Maximum number of server channels reached (500)")
    }
    pub(super) fn too_large() -> Self {
        Self::new(413, 40005, "Request entity too large")
    }
    pub(super) fn acknowledged() -> Self {
        Self::new(400, 40060, "Interaction has already been acknowledged.")
    }
    pub(super) fn missing_access() -> Self {
        Self::new(403, 50001, "Missing Access")
    }
    pub(super) fn dm_channel() -> Self {
        Self::new(403, 50003, "Cannot execute action on a DM channel")
    }
    pub(super) fn not_yours() -> Self {
        Self::new(403, 50005, "Cannot edit a message authored by another user")
    }
    pub(super) fn empty_message() -> Self {
        Self::new(400, 50006, "Cannot send an empty message")
    }
    pub(super) fn dms_closed() -> Self {
        Self::new(403, 50007, "Cannot send messages to this user")
    }
    pub(super) fn no_text_channel() -> Self {
        Self::new(400, 50008, "Cannot send messages in a non-text channel")
    }
    pub(super) fn missing_permissions() -> Self {
        Self::new(403, 50013, "Missing Permissions")
    }
    pub(super) fn invalid_webhook_token() -> Self {
        Self::new(401, 50027, "Invalid Webhook Token")
    }
    pub(super) fn too_old_to_bulk_delete() -> Self {
        Self::new(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    }
    pub(super) fn no_mutual_guild() -> Self {
        Self::new(403, 50278, "Cannot send messages to this user due to having no mutual guilds")
    }
    pub(super) fn not_json() -> Self {
        Self::new(400, 50109, "The request body contains invalid JSON.")
    }

    /// 429 with the body and headers of a limit that is not global.
    pub(super) fn limited(seconds: f64, scope: &str) -> Self {
        Self {
            status: 429,
            body: json!({ "message": "You are being rate limited.", "retry_after": seconds, "global": false }),
            headers: vec![
                ("Retry-After".into(), format!("{seconds:.3}")),
                ("X-RateLimit-Scope".into(), scope.into()),
                ("X-RateLimit-Reset-After".into(), format!("{seconds:.3}")),
            ],
        }
    }
}
