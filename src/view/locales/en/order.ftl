# /order
order-menu-title = Order at { $shop }
order-menu-body =
    Choose a plan. We then open a private ticket for you.
    There you pay and send a screenshot of the payment.
order-menu-placeholder = Choose a plan
# A list: price, how long, how much.
order-menu-option = { $price } · { $days } · { $traffic }
order-no-plans = Nothing is for sale right now. Please try again later.
order-making-ticket =
    Your order: { $plan }
    Your private ticket is being opened. You will be mentioned there in a moment.
order-made =
    Your order: { $plan }
    Your private ticket is open: { $ticket }
order-open-title = You already have an open order
order-open-unpaid = Continue in your ticket. If you want something else, cancel this order first.
order-open-paid = Your payment is being handled, you do not need to do anything. You can order again when this order is finished.
order-ticket-coming = being opened
order-cancel-button = Cancel order
order-cancelled = Your order is cancelled. If you have already sent money, please write to our team. You can order again with /order at any time.
order-cancelled-for-customer = The order is cancelled. The ticket tells the customer.
