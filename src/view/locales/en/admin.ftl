# The admin's desk. Only the member of staff who asked sees it.

# What is suggested while somebody types; at most 100 characters, no markdown.
admin-choice-subscription = { $name } · { $plan } until { $until } · { $email }
admin-choice-endless = { $name } · { $plan } without end · { $email }
admin-choice-pending = { $name } · { $plan } not ready yet · { $email }
admin-choice-order = { $order } · { $name } · { $plan } · { $status }
admin-choice-no-plan = no plan

# Why it is not clear who or what was meant.
admin-unclear-nothing = Please choose a user or a subscription.
admin-unclear-value = Please choose one of the suggestions, or type an order's ID: this is neither.
admin-unclear-gone = There is no such subscription any more.
admin-unclear-order = There is no order with this ID.
admin-unclear-other = The subscription belongs to { $owner }, not to { $user }: please choose only one of the two.
admin-unclear-stranger = { $user } has never ordered anything here.
admin-unclear-none = { $user } has no access on a panel yet.
admin-unclear-several = { $user } has several subscriptions: please choose one of them under “subscription”.
admin-unclear-unpaid = Order { $order } has no access on a panel yet.

# A customer.
admin-info-title = Customer
admin-info-since = First seen
admin-info-blocked = Blocked
admin-info-blocked-since = { $reason } (since { $when })
admin-info-subscription = { $plan } · { $email }
admin-info-until = Until { $date } ({ $relative })
admin-info-endless = Without an end
admin-info-use = { $used } used of { $quota }, as of { $when }
admin-info-differs = **The panel has another end or quota than we wrote:** { $until }, { $quota }.
admin-info-more = { $count ->
    [one] One more subscription is not shown: choose it under “subscription”.
   *[other] { $count } more subscriptions are not shown: choose one under “subscription”.
}
admin-info-orders = Orders
admin-info-order = { $order } · { $plan } · { $status } · { $when }
admin-info-no-orders = none
