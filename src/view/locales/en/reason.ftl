# Why a payment is declined: what the customer reads, and the short label in the menu of staff.
reason-not-received = We have not received the money yet. Please check that it was sent to the right account.
reason-wrong-amount = The amount you sent differs from the price of the order.
reason-unreadable = We cannot read the screenshot. Please send a clear picture of the whole receipt.
reason-old-receipt = This receipt is old or was already used. Please send the receipt of the payment for this order.
reason-wrong-account = The money was sent to a different account than the one shown in the ticket.
reason-label-not-received = Money not received
reason-label-wrong-amount = Wrong amount
reason-label-unreadable = Screenshot not readable
reason-label-old-receipt = Old or used receipt
reason-label-wrong-account = Sent to another account
reason-label-other = Other reason (type it)
reason-fake = We could not accept this receipt.
reason-unsold = Closed by staff; nothing was sold.
