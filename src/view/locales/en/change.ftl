# Staff change a subscription: the question, what came of it, and what the customer reads.

# The question; only the member of staff sees it.
change-title-disable = Switch this access off?
change-body-disable = New connections are refused at once; one that is open may run on for a while. Time goes on counting, and the customer is told.
change-title-enable = Switch this access on again?
change-body-enable = The customer can connect again as far as time and traffic are left, and is told so.
change-title-traffic = Change the total traffic?
change-body-traffic = The total becomes { $quota }. Nothing else is changed, and the customer is told.
change-title-extend = Move the end of this access?
change-body-later = { $days ->
    [one] The end moves one day later; what is over already counts from now. Nothing else is changed, and the customer is told.
   *[other] The end moves { $days } days later; what is over already counts from now. Nothing else is changed, and the customer is told.
}
change-body-earlier = { $days ->
    [one] The end moves one day earlier, but not before now. Nothing else is changed, and the customer is told.
   *[other] The end moves { $days } days earlier, but not before now. Nothing else is changed, and the customer is told.
}
change-title-reset = Set the used traffic to zero?
change-body-reset = What was used so far can be used once more. Nothing else is changed, and the customer is told.
change-title-rotate = Give this customer a new link?
change-body-rotate = The old link stops working, and the customer is sent the new one by direct message. The subscription link stays the same, and whoever has it reads the new one there.
change-title-delete = Remove this access?
change-body-delete = The client is removed from the panel with all time and traffic that is left. The customer is told. A later order makes a new one with another link.
change-title-adopt = Make this client the customer’s?
change-body-adopt = Nothing is changed on the panel. From now on the client counts as the customer’s: their next order renews it, and they are sent its link by direct message.
change-title-reverse = Reverse this order?
change-body-reverse = What is still unused of this order is taken away, days and traffic; other orders keep what they gave. The amount is booked back today. The customer reads the reason.
change-body-refund = This order was delivered by hand and the bot knows no client of it: nothing is changed on the panel, so please take the access away there yourself. The amount is booked back today.
change-title-sell = Enter this sale?
change-body-sell = The customer gets access at once, or more of it, and is sent the link by direct message. The amount is booked as a sale by hand.
change-client = Client on the panel
change-until = Ends
change-traffic = Traffic
change-note = Note

# What came of it; only the member of staff sees it.
change-done-disable = Done: the access is switched off.
change-done-enable = Done: the access is switched on.
change-done-traffic = Done: the total traffic is { $quota } now.
change-done-extend = Done: the access ends { $until }.
change-done-reset = Done: the used traffic is zero now.
change-done-rotate = Done: the old link no longer works.
change-done-delete = Done: the access is removed.
change-done-kept = The panel keeps the last client of an inbound, so the access was not removed: it is switched off instead.
change-done-adopt = Done: the client is the customer’s now.
change-done-reverse = Done: the order is reversed, and what was unused of it is taken away.
change-refunded = Done: the order is reversed and its amount is booked back. Nothing was changed on the panel, and the customer was not told by direct message.
change-told = The customer was told by direct message.
change-told-link = The customer was sent the link by direct message.
change-untold = The customer could not be told: Discord refuses direct messages to them.
change-untold-link = Discord refuses direct messages to the customer; they get the link with /link.
change-void =
    Nothing was done.
    { $cause }
change-half =
    Only half of it was done.
    { $cause }
change-waits = Accepted. The panel has been down since { $since }; it is done when the panel is back, and the result is told in { $place }.
change-in-progress = Accepted, and under way; the result is told in { $place }.
change-already = Somebody has asked for the same before, and it is under way. Nothing was added.
change-gone = There is no such subscription any more, so nothing was changed.
change-order-is = Only a completed order can be reversed; this one is: { $status }. Nothing was changed.
change-ours = This client belongs to a subscription of ours already. Nothing was changed.
change-not-there = The panel has no client { $email } on the inbound we sell. Nothing was changed.
change-bad-name = The client’s name { $email } has letters that we cannot keep: please give it one of small letters, digits, dots, dashes or underscores on the panel first.
change-unusable = The panel keeps the client { $email } in a way that we cannot read: mostly its id is neither a UUID nor a word of at most 30 letters, or its limits are no numbers. Please correct it on the panel first. Nothing was changed.
change-silent = The panel does not answer, so nothing was changed. Please try again later.
change-no-panel = There is no panel of this name in the configuration.
change-no-plan = There is no plan of this name in the configuration.
change-bad-amount = Please type the amount in digits, such as 100 or 100.50.
change-no-days = Please give a number of days other than zero.
change-never-ends = This access has no end that could be moved.
change-sold = The sale is booked. { $delivery }
change-sale-attention =
    The sale could not be finished; its card has the buttons to go on.
    What is wrong: { $cause }

# A line in the review channel, where nobody watched the answer any more.
change-line =
    { $actor } asked { $when } for a change of { $email } ({ $customer }).
    { $result }

# The card of a sale by hand, in the review channel.
change-card-title = Sale by hand
change-card-received = Received ({ $currency })
change-card-by = Entered by
change-card-status = State
