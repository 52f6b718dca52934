# Staff decide.
decision-approve-title = Approve this payment?
decision-approve-body = The customer gets access at once, and the sale is booked. Please check that the money has arrived.
decision-decline-title = Decline this payment?
decision-decline-body = The customer reads the reason below and can send another screenshot.
decision-decline-last-body = The customer reads the reason below. No attempts are left, so this closes the order.
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
decision-retrying = The order is being sent to the panel again; the card shows the result.
decision-back-done = The payment is back in review.
decision-already-approved = { $who } already approved this payment, { $when } (now: { $status }). Your click changed nothing.
decision-already-declined = { $who } already declined this payment, { $when } (now: { $status }). Your click changed nothing.
decision-already-by = { $who } was first, { $when } (now: { $status }). Your click changed nothing.
decision-already = Somebody else was first (now: { $status }). Your click changed nothing.
decision-aborted = Nothing was changed.
decision-expired = This question has expired and nothing was changed. Press the button on the card again.
decision-used = This question was already answered. The card shows the result.
decision-not-yours = Somebody else opened this question; only they can answer it.
decision-power-lost = You may no longer decide about payments, so nothing was changed.
decision-changed = The order has changed meanwhile (now: { $status }), so nothing was done. The card shows where it stands.
decision-old-card = A newer proof of this order is being reviewed; please use its card.
