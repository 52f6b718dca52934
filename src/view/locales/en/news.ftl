# For staff, in the review channel.
news-duplicate-foreign =
    A picture was refused: another customer's order owns it.
    Sent by { $customer } for order { $order }; it belongs to order { $twin }. Ticket: { $ticket }
news-duplicate-own =
    A picture was refused: the same customer already used it for an order that was paid.
    Sent by { $customer } for order { $order }; it belongs to order { $twin }. Ticket: { $ticket }
news-out-of-attempts =
    { $customer } used up all attempts for order { $order } with pictures or references that belong to other orders. Nothing more is taken for it.
    Cancel the order in its ticket if nothing was paid, or talk to the customer there: { $ticket }
news-wrote =
    { $customer } wrote to the bot about order { $order }, whose ticket is locked for review: { $text }
    Answer in the ticket, or ask with the card's menu: { $ticket }

news-dropped =
    { $who } dropped a step that had given up: { $key }
    It belonged to order { $order } of { $customer } ({ $status }). What it was for is to be done by hand; `/admin order` shows everything about the order.

# For owners, by direct message.
news-no-room =
    No ticket category has room for another channel. Customers who want to order are told to try later.
    Add a category to `overflow_category_ids`, or delete old channels by hand.
news-no-ticket =
    Discord refused to open a ticket, so order { $order } was cancelled and the customer was told to try later.
    { $why }
news-kicked =
    Somebody took the bot out of the server, so the shop is closed.
    { $why }
news-refused =
    Discord refuses something that the shop needs.
    { $why }
news-login-refused =
    The panel { $panel } refuses our login. Approved orders wait until it works again and then finish by themselves.
    Check the panel's token or password; we try again at most every 5 minutes.
news-no-backup =
    There is no backup of the last day: it could not be made. We go on trying.
    The log says why; often the disk is full. `tollkeeper check` says how much room there is.
news-parked =
    A step failed too often and now waits for a person: { $key }
    The order it belongs to shows the cause in the review channel.
news-parked-refused =
    A step failed too often because Discord refuses it, and now waits for a person: { $key }
    { $why }
    Once that is mended, `/admin status` tries it again.
news-clock-jumped =
    The server's clock jumped forward by { $minutes } minutes, to { $at }.
    If the clock is wrong, please put it right: for { $hold } minutes nothing is deleted and no order expires.
news-stray-ticket =
    The channel { $channel } says that it is a ticket of ours, but its order is not in the database (perhaps a backup was restored).
    It was left as it is. Please look at it, and delete it by hand if nobody needs it.
news-review-waits = A payment of { $customer } for order { $order } is still waiting for review.
news-review-waits-long = The payment for order { $order } has been waiting for review for too long, although staff were reminded.
news-to-card-button = Open the card
news-reference-foreign = { $customer } typed a transaction reference for order { $order } that belongs to another customer's order { $twin }. It was not accepted.
news-reference-own = { $customer } typed a transaction reference for order { $order } that was already used for order { $twin }, for which money was kept. It was not accepted.
news-second-bot =
    Another program uses this bot's token: it has written the dashboard (run { $boot }), and it is none of this machine's runs.
    Stop it, or reset the token in the Developer Portal: two bots answer everything twice.
news-faults-answers =
    { $times ->
        [one] One answer to a command or button failed on our side.
       *[other] { $times } answers to commands or buttons failed on our side.
    }
    The log says why, under this number: { $incident }
news-faults-events =
    { $times ->
        [one] One event of Discord was not handled.
       *[other] { $times } events of Discord were not handled.
    }
    The log says why, under this number: { $incident }
news-faults-tasks =
    { $times ->
        [one] Something that happens by the clock failed; it is tried again.
       *[other] What happens by the clock failed { $times } times; it is tried again.
    }
    The log says why, under this number: { $incident }
news-faults-outbox =
    { $times ->
        [one] The database failed while work was waiting; it is tried again.
       *[other] The database failed { $times } times while work was waiting; it is tried again.
    }
    The log says why, under this number: { $incident }
news-day =
    Your shop on { $day }:
    Sales: { $sales }
    Revenue: { $revenue }
    Open now: { $unpaid } unpaid, { $review } to review, { $work } being set up, { $stuck } in need of a person
    Steps that gave up: { $parked }
    Given by staff without a sale: { $gifts }
    Last backup: { $backup }
    Audit log, its last entry: keep it, `tollkeeper audit verify --expect` shows whether it is still there:
    { $head }
news-day-audit-broken = **The audit log was changed.** Entry { $entry }, which an earlier message named, is gone or another one. Stop the bot, keep a copy of its data folder, and compare with your backups:
    `tollkeeper audit verify --expect` { $anchor }
news-day-audit-restored =
    A backup was restored, so the audit log goes on from there. Entry { $entry }, which an earlier message named, is in the database that was kept beside the backups.
news-day-no-backup = none
news-clock-set-back =
    The server's clock was ahead by { $minutes } minutes and was put back { $at }.
    What waited for its time waits as long as it was meant to. Please see to it that the server sets its clock by the network (NTP).
news-little-room =
    The server's disk has only { $megabytes } MB left.
    Please make room: without it neither orders nor receipts nor backups can be written.
news-cannot-write =
    The bot could not write its database { $at }: no order goes on until it can.
    Often the disk is full. Please make room, or see what holds the database; the log says more. What customers send meanwhile is read afterwards.
news-writes-again = The bot can write its database again since { $at }. Everything that waited goes on, and all tickets are read.
news-counter-back =
    The panel shows much used traffic for { $customer } again (order { $order }), although it was set to zero. Panels sometimes write an old number back.
    If the customer did not use that much since, **/admin user-reset-traffic** gives it back.
news-day-no-gifts = nothing
news-day-gift = { $who }: { $times } × ({ $days }, { $traffic } on top)
news-day-gift-own = { $who }: { $times } × ({ $days }, { $traffic } on top), **{ $own } × to their own access**
news-day-more-gifts = … and { $count } more people; /admin audit shows all
news-own-order =
    { $who } accepted the payment of an order of their own: { $order }
    Please look whether that money arrived; the order's card and the audit log have it too.
