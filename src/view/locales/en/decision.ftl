# Staff decide.
decision-approve-title = Approve this payment?
decision-approve-body = The customer gets access at once, and the sale is booked. Please check that the money has arrived.
decision-decline-title = Decline this payment?
decision-decline-body = The customer reads the reason below and can send another screenshot.
decision-decline-last-body = The customer reads the reason below. No attempts are left, so this closes the order.
decision-give-up-title = Decline this order for good?
decision-give-up-body = The customer reads the reason below and the order is closed. Nothing is booked: whatever money arrived is still the customer's.
decision-part-title = Accept this as a part payment?
decision-part-body = The order stays open, and the customer reads what is missing. This proof costs no attempt.
decision-enough-body = The customer gets access at once, and what was received is booked. Please check that the money has arrived.
decision-end-title = End this order with money in it?
decision-end-body = The order is cancelled and nothing is booked: whatever money arrived is still the customer's, and somebody has to give it back.
decision-by-hand-title = Was it delivered by hand?
decision-by-hand-body = The sale is booked, and the bot leaves the panel as it is. Please confirm only if the customer has working access.
decision-void-title = Close this sale without selling anything?
decision-void-body = Nothing is booked, and a client that the bot made for this sale and nobody was given is removed from the panel.
decision-fake-title = Is this receipt a fake?
decision-fake-body = The payment is declined for good, the order is closed, and this person can order no more until somebody unblocks them. They read the reason below.
decision-fake-paid-body = The payment is declined, and this person can order no more until somebody unblocks them. The order stays open because money was received for it: Cancel order, on the card of the part payment, ends it. They read the reason below.
decision-afterwards = Afterwards
decision-missing-after = { $missing } is still missing.
decision-surplus-after = { $more } more than the price was received. It is noted on the order.
decision-amount-title = Amount differs
decision-amount-label = What arrived with this proof, in { $currency }
decision-amount-placeholder = For example: 100 or 100.50
decision-not-an-amount = This is not an amount that can have arrived. Please type it as digits, such as 100 or 100.50, in { $currency }. Nothing was changed.
decision-valid = This question expires
decision-confirm-button = Confirm
decision-cancel-button = Cancel
decision-why = Why is this payment declined? The customer reads the reason. You confirm in the next step.
decision-why-placeholder = Choose a reason
decision-modal-title = Decline the payment
decision-modal-label = Reason, as the customer will read it
decision-modal-placeholder = For example: the name on the receipt differs from yours.

# What came of it.
decision-delivered = Approved. { $delivery }
decision-in-progress = Approved. The access is being prepared; the card shows the result.
decision-in-progress-there = Approved. The access is being prepared; the card in { $place } shows the result.
decision-waits = Approved. The panel has been down since { $since }; the order waits and finishes by itself when the panel is back.
decision-refused =
    The panel refused, so nothing was sold and the payment is back in review.
    The panel answered: { $said }
decision-attention =
    Approved, but a person must look at it. The card has the buttons to go on.
    What is wrong: { $cause }
decision-declined = { $left ->
    [one] Declined. The customer is told the reason and has { $left } attempt left.
   *[other] Declined. The customer is told the reason and has { $left } attempts left.
}
decision-declined-for-good = Declined. No attempts were left, so the order is closed. The customer is told the reason.
decision-part-booked = Accepted as a part: { $received } received so far, { $missing } is missing. The customer is told.
decision-blocked = Declined for good, and the customer is blocked. They are told the reason.
decision-blocked-open = Declined, and the customer is blocked. They are told the reason. The order stays open with { $received } in it; Cancel order, on the card of the part payment, ends it.
decision-given-up = The order is closed and nothing was booked. The customer is told the reason.
decision-ended = The order is cancelled and nothing was booked. Please give the customer back what had arrived.
decision-booked-by-hand = Booked as delivered by hand.
decision-voided = The sale is closed and nothing was booked.
decision-back-done = The payment is back in review.
decision-already-approved = { $who } already approved this payment, { $when } (now: { $status }). Your click changed nothing.
decision-already-declined = { $who } already declined this payment, { $when } (now: { $status }). Your click changed nothing.
decision-already-part = { $who } already accepted this as a part payment, { $when } (now: { $status }). Your click changed nothing.
decision-already-by = { $who } was first, { $when } (now: { $status }). Your click changed nothing.
decision-already = Somebody else was first (now: { $status }). Your click changed nothing.
decision-changed = The order has changed meanwhile (now: { $status }), so nothing was done. The card shows where it stands.
decision-old-card = A newer proof of this order is being reviewed; please use its card.
