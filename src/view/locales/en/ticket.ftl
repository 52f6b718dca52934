# The status message in a ticket.
ticket-method-title = How would you like to pay?
ticket-method-body = Choose a payment method below. You then see where to send the money.
ticket-method-placeholder = Choose a payment method
ticket-pay-title = Pay with { $method }
ticket-again-title = Your last payment proof was not accepted
ticket-again-body =
    Reason: { $reason }
    If you have already paid, please do not pay again: send a better screenshot, or write to our team here.
ticket-part-title = A part of your payment has arrived
ticket-part-body =
    We received { $received } for this order. { $missing } is still missing.
    Please send the missing amount, then a screenshot of that payment. What you have paid stays with this order.
ticket-missing = Still missing ({ $currency })
ticket-reference = Reference
ticket-reference-button = Enter reference
ticket-reference-required = After paying, first enter the reference of your payment with the button below; it stands on the receipt.
ticket-reference-optional = If the receipt shows a reference number, please enter it with the button below: it makes the check faster.
ticket-send-here = After paying, send a screenshot of the payment here in this ticket.
ticket-send-by-command = After paying, type `/proof` here and attach a screenshot of the payment.
ticket-attempts = Attempts left
ticket-pay-before = Order ends
ticket-submitted-title = We are checking your payment
ticket-submitted-body =
    Thank you, we have your screenshot. Our team looks at it and you are mentioned here as soon as it is decided.
    You do not need to do anything. Until then nobody but our team can write here.
ticket-provisioning-title = Payment approved
ticket-provisioning-body =
    We are preparing your access. This usually takes less than a minute.
    If the VPN server is being repaired it takes longer, and then happens by itself. You do not need to do anything.
ticket-attention-title = Payment approved
ticket-attention-body = Our team is finishing your access by hand. You do not need to do anything and you do not need to pay again.
ticket-completed-title = Your access is ready
ticket-completed-sending = We are sending you the link by direct message.
ticket-completed-dm = We sent you the link by direct message { $when }. You can also get it here.
ticket-completed-dm-closed = We cannot send you direct messages, so the link waits here: press “Get my link”. Only you will see it.
ticket-completed-fetched = You got your link { $when }. You can get it again here, or with /link at any time.
ticket-completed-by-hand = Our team gave you your access { $when }.
ticket-get-link-button = Get my link
ticket-declined-title = Payment not accepted
ticket-declined-body =
    Reason: { $reason }
    This order is closed. If you think this is a mistake, please write to our team. You can order again with /order.
ticket-cancelled-title = Order cancelled
ticket-cancelled-by-customer = You cancelled this order. If you have already sent money, please write to our team. You can order again with /order at any time.
ticket-cancelled-by-staff = Our team cancelled this order. You can order again with /order at any time.
ticket-cancelled-by-us = This order could not go on and was cancelled. You can order again with /order at any time.
ticket-expired-title = Order expired
ticket-expired-body =
    No payment proof arrived in time, so this order is closed.
    If you have already paid, please write to our team before you order again.
ticket-reversed-title = Order taken back
ticket-reversed-body =
    Reason: { $reason }
    What was left of this order has been removed from your access.
ticket-closes = This ticket will be deleted
