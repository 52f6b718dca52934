# What is wrong with the channels and roles on Discord: for owners by direct message, and for
# operators in `tollkeeper check`. `$channel` and `$role` name the thing as the reader can find it.
premises-no-channel-review = There is no channel { $channel } in the server: put the id of the channel where staff review payments into discord.review_channel_id.
premises-no-channel-dashboard = There is no channel { $channel } in the server: put the id of the dashboard's channel into discord.dashboard_channel_id.
premises-no-channel-tickets = There is no category { $channel } in the server: put the id of the tickets' category into discord.ticket_category_id.
premises-no-channel-overflow = There is no category { $channel } in the server: correct discord.overflow_category_ids, or take it out there.
premises-wrong-kind-review = { $channel } is no text channel: put the id of the text channel where staff review payments into discord.review_channel_id.
premises-wrong-kind-dashboard = { $channel } is no text channel: put the id of the dashboard's text channel into discord.dashboard_channel_id.
premises-wrong-kind-tickets = { $channel } is no category: put the id of a category for tickets into discord.ticket_category_id.
premises-wrong-kind-overflow = { $channel } is no category: only categories belong into discord.overflow_category_ids.
premises-powerless = The bot's role does not have: { $missing }. Open the invitation link again, or switch these on in Server Settings, Roles.
premises-barred-review = The bot may not do this in the review channel { $channel }: { $missing }. Allow it for the bot's role in the channel's settings, Permissions.
premises-barred-dashboard = The bot may not do this in the dashboard channel { $channel }: { $missing }. Allow it for the bot's role in the channel's settings, Permissions.
premises-barred-tickets = The bot may not do this in the category { $channel }: { $missing }. Allow it for the bot's role in the category's settings, Permissions.
premises-no-role-owner = There is no role { $role } in the server: correct discord.owner_role_id, or leave it out.
premises-no-role-admin = There is no role { $role } in the server: correct discord.admin_role_id, or leave it out.
premises-no-role-support = There is no role { $role } in the server: correct discord.support_role_id, or leave it out.
premises-unheard = Reminders of payments that wait ring nobody: the bot may not mention the role { $role } of discord.admin_role_id, so switch on “Allow anyone to @mention this role” for it in Server Settings, Roles.
premises-no-room = No category has room for another ticket (Discord allows 50 channels in a category, 500 in a server): add a category to discord.overflow_category_ids, or delete old channels.
premises-silenced = A moderator has put the bot into timeout until { $until }, so it cannot write: end the timeout (right-click the bot, Remove Timeout).

# Permissions, as Discord's own settings call them.
premises-permission-view-channel = View Channel
premises-permission-send-messages = Send Messages
premises-permission-embed-links = Embed Links
premises-permission-attach-files = Attach Files
premises-permission-read-message-history = Read Message History
premises-permission-manage-channels = Manage Channels
premises-permission-manage-roles = Manage Roles
premises-permission-manage-messages = Manage Messages
premises-permission-create-public-threads = Create Public Threads
premises-permission-create-private-threads = Create Private Threads
premises-permission-send-messages-in-threads = Send Messages in Threads

# For owners, by direct message.
premises-news =
    Something on the server needs you, or the shop cannot work:
    { $flaws }
premises-news-more =
    Something on the server needs you, or the shop cannot work:
    { $flaws }
    There is more: `tollkeeper check` says everything.
