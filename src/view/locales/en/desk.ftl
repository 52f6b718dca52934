# The desk's lists and questions.
desk-page = page { $page } of { $pages }
desk-newer-page = Longer waiting
desk-older-page = Next
desk-card = [card]({ $link })

# The queue.
desk-queue-empty = Nothing waits for you.
desk-queue-title = { $count ->
    [one] One order waits for the team
   *[other] { $count } orders wait for the team
}
desk-queue-line = { $since } · { $customer } · { $plan }, { $price } · { $status } · { $order } · { $ticket } · { $card }

# Everything about an order.
desk-order-title = Order { $order }
desk-order-state = { $status }: { $reason }
desk-order-price = Price
desk-order-received = Received
desk-order-made = Made
desk-order-source = Where from
desk-order-manual = entered by the team
desk-order-client = Client on the panel
desk-order-proofs = Proofs
desk-proof = { $flags ->
    [0] No. { $number }, { $when } · { $verdict } · { $card }
    [one] No. { $number }, { $when } · { $verdict } · one note · { $card }
   *[other] No. { $number }, { $when } · { $verdict } · { $flags } notes · { $card }
}
desk-proof-pending = Waits for a decision
desk-audit-bot = the bot
desk-audit-line = { $when } · { $who } · { $action } · { $details }
desk-audit-bare = { $when } · { $who } · { $action }

# Blocking.
desk-block-title = Block this person?
desk-block-body = { $user } will not be able to order any more. Access they have stays as it is.
desk-block-open = Orders that stay open
desk-open-order = { $order } · { $status }
desk-unblock-title = Unblock this person?
desk-unblock-body = { $user } will be able to order again.
desk-blocked = { $user } can no longer order. `/admin unblock` takes it back.
desk-already-blocked = { $user } was blocked already.
desk-unblocked = { $user } can order again.
desk-not-blocked = { $user } is not blocked.

# Effects that gave up.
desk-drop-title = Drop this step for good?
desk-drop-body =
    The bot will never try { $key } again. What it was for stays undone: do it by hand.
    An order that it belongs to is shown in the review channel.
desk-retried = { $key } is tried again.
desk-dropped = { $key } is dropped. What it was for is for you to do by hand.
desk-not-parked = This step is not parked any more. `/admin status` shows what is.

# A restored backup.
desk-release-title = Release what is held?
desk-release-body =
    { $waiting ->
        [one] The backup still wanted to do one step
       *[other] The backup still wanted to do { $waiting } steps
    } on the panel or on Discord. What was done since is not done again: the bot looks first.
    The backup was restored at { $since }. Please read what `restore` said about clients and orders before you go on.
desk-released = Released. The bot goes on where the backup was taken.
desk-not-held = Nothing is held any more.

# A link sent again.
desk-resent = The link is in the direct messages of { $user }.
desk-dm-closed = Discord takes no direct message to { $user }. The customer can get the link with `/link` in the server.
desk-sending = The link for { $user } is on its way; `/admin user-info` and `/admin status` show more.
