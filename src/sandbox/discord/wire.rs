//! Objects of the guild as Discord writes them in JSON.

use chrono::DateTime;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::permission;
use super::state::{Channel, File, Id, Kind, Member, Overwrite, Role, State, Stored, Target, User};

/// Host from which attachments are downloaded.
pub(super) const CDN: &str = "cdn.discordapp.com";
/// A message that forwards another.
const HAS_SNAPSHOT: u64 = 1 << 14;
/// The same bytes through the media proxy.
pub(super) const MEDIA: &str = "media.discordapp.net";
/// How long a signed address stays valid, in milliseconds.
const SIGNED_FOR: u64 = 24 * 3600 * 1000;

/// A time as Discord writes it.
pub(super) fn iso(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string())
}

/// The content type Discord derives from a file's name.
pub(super) fn content_type(filename: &str) -> Option<&'static str> {
    let (_, extension) = filename.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "txt" => "text/plain; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "mp4" => "video/mp4",
        _ => return None,
    })
}

/// The signature in an attachment's address.
pub(super) fn signature(token: &str, file: Id, expires: &str) -> String {
    let digest = Sha256::digest(format!("{token}/{file}/{expires}"));
    data_encoding::HEXLOWER.encode(&digest)
}

impl State {
    pub(super) fn user_json(user: &User) -> Value {
        json!({
            "id": user.id.to_string(), "username": user.username, "discriminator": "0",
            "global_name": user.global_name, "avatar": null, "bot": user.bot, "public_flags": 0,
            "banner": null, "accent_color": null, "avatar_decoration_data": null, "primary_guild": null,
        })
    }

    pub(super) fn user_json_by_id(&self, id: Id) -> Value {
        self.users.get(&id).map_or(Value::Null, Self::user_json)
    }

    pub(super) fn member_json(&self, id: Id, member: &Member) -> Value {
        json!({
            "user": self.user_json_by_id(id), "nick": null, "avatar": null, "banner": null,
            "roles": member.roles.iter().map(Id::to_string).collect::<Vec<_>>(),
            "joined_at": iso(member.joined), "premium_since": null, "deaf": false, "mute": false, "flags": 0,
            "pending": false, "communication_disabled_until": null,
        })
    }

    pub(super) fn role_json(role: &Role) -> Value {
        json!({
            "id": role.id.to_string(), "name": role.name, "color": 0, "hoist": false, "icon": null,
            "colors": { "primary_color": 0, "secondary_color": null, "tertiary_color": null },
            "unicode_emoji": null, "position": role.position, "permissions": role.permissions.to_string(),
            "managed": false, "mentionable": role.mentionable, "flags": 0,
        })
    }

    pub(super) fn channel_json(&self, channel: &Channel) -> Value {
        let last = self.messages.get(&channel.id).and_then(|all| {
            all.values().rev().find(|message| message.only_for.is_none()).map(|message| message.id.to_string())
        });
        if let Some(person) = channel.recipient {
            return json!({
                "id": channel.id.to_string(), "type": 1, "last_message_id": last, "flags": 0,
                "recipients": [self.user_json_by_id(person)],
            });
        }
        let mut data = json!({
            "id": channel.id.to_string(), "type": channel.kind.number(), "guild_id": self.guild.to_string(),
            "name": channel.name, "position": channel.position, "flags": 0,
            "parent_id": channel.parent.map(|id| id.to_string()),
            "permission_overwrites": channel.overwrites.iter().map(overwrite_json).collect::<Vec<_>>(),
        });
        if channel.kind == Kind::Thread {
            data["owner_id"] = json!(self.owner.to_string());
            data["thread_metadata"] = json!({
                "archived": false, "auto_archive_duration": 1440, "archive_timestamp": iso(self.now()), "locked": false,
            });
            data["message_count"] = json!(0);
            data["member_count"] = json!(1);
        }
        if channel.kind == Kind::Text {
            data["topic"] = json!(channel.topic);
            data["nsfw"] = json!(false);
            data["rate_limit_per_user"] = json!(channel.slow);
            data["last_message_id"] = json!(last);
        }
        data
    }

    /// The shortened channel in interactions; `permissions` are those of the person.
    pub(super) fn partial_channel_json(&self, channel: &Channel, person: Id) -> Value {
        let mut data = self.channel_json(channel);
        if let Some(fields) = data.as_object_mut() {
            fields.remove("permission_overwrites");
        }
        data["permissions"] = json!(permission::in_channel(self, person, channel).to_string());
        data
    }

    pub(super) fn guild_json(&self) -> Value {
        json!({
            "id": self.guild.to_string(), "name": self.guild_name, "icon": null, "splash": null,
            "discovery_splash": null, "owner_id": self.owner.to_string(), "region": "deprecated",
            "afk_channel_id": null, "afk_timeout": 300, "widget_enabled": false, "widget_channel_id": null,
            "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
            "roles": self.roles.values().map(Self::role_json).collect::<Vec<_>>(), "emojis": [], "features": [],
            "mfa_level": 0, "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
            "rules_channel_id": null, "max_presences": null, "max_members": 500_000, "vanity_url_code": null,
            "description": null, "banner": null, "premium_tier": 0, "premium_subscription_count": 0,
            "preferred_locale": "en-US", "public_updates_channel_id": null, "max_video_channel_users": 25,
            "nsfw_level": 0, "nsfw": false, "stickers": [], "premium_progress_bar_enabled": false,
            "safety_alerts_channel_id": null, "incidents_data": null, "hub_type": null,
        })
    }

    /// What follows READY: the guild with its channels and the bot as member.
    pub(super) fn guild_create_json(&self) -> Value {
        let mut data = self.guild_json();
        let visible = |channel: &&Channel| self.bot_sees(channel);
        let bot = self.members.get(&self.bot).map(|member| self.member_json(self.bot, member));
        data["joined_at"] = json!(iso(self.members.get(&self.bot).map_or(0, |member| member.joined)));
        data["large"] = json!(false);
        data["unavailable"] = json!(false);
        data["member_count"] = json!(self.members.len());
        data["voice_states"] = json!([]);
        data["members"] = json!(bot.into_iter().collect::<Vec<_>>());
        data["channels"] =
            self.guild_channels().filter(visible).map(|channel| self.channel_json(channel)).collect::<Vec<_>>().into();
        for empty in ["threads", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
            data[empty] = json!([]);
        }
        data
    }

    pub(super) fn file_url(&self, file: &File, host: &str) -> String {
        let now = self.now();
        let expires = format!("{:x}", (now + SIGNED_FOR) / 1000);
        let (id, channel, name) = (file.id, file.channel, &file.filename);
        let signed = signature(&self.token, id, &expires);
        format!("https://{host}/attachments/{channel}/{id}/{name}?ex={expires}&is={:x}&hm={signed}&", now / 1000)
    }

    pub(super) fn file_json(&self, file: &File, ephemeral: bool) -> Value {
        let mut data = json!({
            "id": file.id.to_string(), "filename": file.filename, "size": file.bytes.len(),
            "url": self.file_url(file, self.file_host), "proxy_url": self.file_url(file, MEDIA),
        });
        if let Some(kind) = content_type(&file.filename) {
            data["content_type"] = json!(kind);
        }
        if let Some((width, height)) = file.size {
            data["width"] = json!(width);
            data["height"] = json!(height);
        }
        if let Some(description) = &file.description {
            data["description"] = json!(description);
        }
        if ephemeral {
            data["ephemeral"] = json!(true);
        }
        data
    }

    /// A message as GET returns it: without `nonce`. With `full` false, without what the Message Content intent hides.
    pub(super) fn message_json(&self, message: &Stored, full: bool) -> Value {
        let shown = message.shown_files().map(|file| self.file_json(file, message.only_for.is_some()));
        let mut data = json!({
            "id": message.id.to_string(), "channel_id": message.channel.to_string(),
            "type": if message.reply_to.is_some() { 19 } else { 0 },
            "author": self.user_json_by_id(message.author), "content": message.content,
            "timestamp": iso(message.created), "edited_timestamp": message.edited.map(iso),
            "tts": false, "mention_everyone": message.mention_everyone, "pinned": false, "flags": message.flags,
            "mentions": message.mentions.iter().map(|id| self.user_json_by_id(*id)).collect::<Vec<_>>(),
            "mention_roles": message.mention_roles.iter().map(Id::to_string).collect::<Vec<_>>(),
            "attachments": shown.collect::<Vec<_>>(), "components": message.components,
            "embeds": message.embeds.iter().map(|embed| self.embed_json(message, embed)).collect::<Vec<_>>(),
        });
        if let Some(reply) = message.reply_to {
            data["message_reference"] = json!({
                "type": 0, "message_id": reply.to_string(), "channel_id": message.channel.to_string(),
                "guild_id": self.guild.to_string(),
            });
        }
        if !message.forwarded.is_empty() {
            let files: Vec<_> = message.forwarded.iter().map(|file| self.file_json(file, false)).collect();
            data["flags"] = json!(message.flags | HAS_SNAPSHOT);
            data["message_reference"] = json!({ "type": 1, "channel_id": message.forwarded[0].channel.to_string() });
            data["message_snapshots"] = json!([{ "message": {
                "type": 0, "content": "", "timestamp": iso(message.created), "edited_timestamp": null, "flags": 0,
                "mentions": [], "mention_roles": [], "attachments": files, "embeds": [], "components": [],
            } }]);
        }
        if let Some(interaction) = message.interaction.and_then(|id| self.interactions.get(&id)) {
            data["application_id"] = json!(self.app.to_string());
            data["webhook_id"] = json!(self.app.to_string());
            if interaction.kind == 2 {
                data["type"] = json!(20);
                data["interaction_metadata"] = json!({
                    "id": interaction.id.to_string(), "type": 2, "user": self.user_json_by_id(interaction.user),
                    "authorizing_integration_owners": { "0": self.guild.to_string() },
                    "name": interaction.name, "command_type": 1,
                });
            }
        }
        if !full {
            data["content"] = json!("");
            for hidden in ["embeds", "attachments", "components"] {
                data[hidden] = json!([]);
            }
            if let Some(fields) = data.as_object_mut() {
                fields.remove("message_snapshots");
            }
        }
        data
    }

    /// An embed with `attachment://` addresses replaced by those of the files.
    fn embed_json(&self, message: &Stored, embed: &Value) -> Value {
        let mut embed = embed.clone();
        embed["type"] = json!("rich");
        for (part, key) in [("image", "url"), ("thumbnail", "url"), ("footer", "icon_url"), ("author", "icon_url")] {
            let named = embed[part][key].as_str().and_then(|url| url.strip_prefix("attachment://"));
            if let Some(file) = named.and_then(|name| message.files.iter().find(|file| file.filename == name)) {
                embed[part][key] = json!(self.file_url(file, CDN));
            }
        }
        embed
    }
}

impl Stored {
    /// Files that are listed: those that an embed shows are not (Discord moves them into the embed).
    pub(super) fn shown_files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| !self.in_embed(&file.filename))
    }

    fn in_embed(&self, filename: &str) -> bool {
        let address = format!("attachment://{filename}");
        self.embeds.iter().any(|embed| {
            embed["image"]["url"] == address.as_str()
                || embed["thumbnail"]["url"] == address.as_str()
                || embed["footer"]["icon_url"] == address.as_str()
                || embed["author"]["icon_url"] == address.as_str()
        })
    }
}

pub(super) fn overwrite_json(overwrite: &Overwrite) -> Value {
    json!({
        "id": overwrite.id.to_string(), "type": u8::from(overwrite.target == Target::Member),
        "allow": overwrite.allow.to_string(), "deny": overwrite.deny.to_string(),
    })
}
