# Why something was not done.
refusal-blocked = We cannot take an order from you. If you think this is a mistake, please write to our team.
refusal-too-soon = You ordered a short while ago. You can order again { $when }.
refusal-too-often = That was too often in a short time. You can do it again { $when }.
refusal-outage = The VPN server is being repaired, so we take no new orders for this plan right now. Please try again later.
refusal-no-room = All our places for new orders are taken right now. Please try again later; our team knows about it.
refusal-no-ticket = We could not open a ticket for you, so your order was cancelled. Please try again later; our team knows about it.
refusal-unknown-plan = This plan is no longer for sale. Use /order to see the plans of today.
refusal-unknown-method = This payment method is no longer offered. Please choose another one.
refusal-not-yours = This belongs to somebody else's order.
refusal-staff-only = Only our team can use this.
refusal-admins-only = Your role lets you see this, but only admins can do it.
refusal-owners-only = Only owners can do this.
refusal-not-cancellable = This order can no longer be cancelled, because it is already paid for or closed.
refusal-not-changeable = The payment method can no longer be changed.
refusal-stale = This button is out of date. Nothing was changed.
refusal-not-here = Please use this in the shop's server.
refusal-fault = Something went wrong on our side. Please try again; if it happens again, tell our team this number: { $incident }
