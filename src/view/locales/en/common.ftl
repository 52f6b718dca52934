# Values and names that stand in many places.
common-days = { $days ->
    [one] { $days } day
   *[other] { $days } days
}
common-endless = no end date
common-gigabytes = { $amount } GB
common-megabytes = { $amount } MB
common-kilobytes = { $amount } kB
common-bytes = { $amount } B
common-seconds = { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}
common-minutes = { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
common-hours = { $hours } h { $minutes } min

# How a client stands, for staff and for its customer.
state-staff-works = The panel lets it connect.
state-staff-ended = The panel no longer lets it connect: its time is over. What helps: user-extend.
state-staff-used-up = The panel no longer lets it connect: its traffic is used up. What helps: user-reset-traffic or user-edit-traffic.
state-staff-off = It is switched off on the panel.
state-staff-absent = **The panel has no such client.**
state-staff-foreign = **The panel has a client of this name that is not ours.**
state-staff-unknown = The panel does not answer, so this is what was known last.
state-customer-ended = **Your time is over**, so this link does not connect now. Use /order to renew it: the link stays the same.
state-customer-used-up = **Your traffic is used up**, so this link does not connect now. Use /order to get more: the link stays the same.
state-customer-off = **Your access is switched off**, so this link does not connect now. Please ask our team.
state-customer-absent = **Your access is missing on the VPN server**, so this link does not connect now. Please ask our team: it can be made again.
state-customer-foreign = **The VPN server has another key for your access**, so this link does not connect now. Please ask our team.
common-unlimited = unlimited traffic
# A list on a line of its own: the plan's name, how long it lasts, how much traffic it carries.
common-contents = { $plan } · { $days } · { $traffic }

# Names of fields.
common-plan = Plan
common-state = State
common-ticket = Ticket
common-no-ticket = none
common-order-id = Order ID
common-amount = Amount ({ $currency })
common-account = Account
common-holder = Account holder
common-method = Payment method
common-reason = Reason

# The states of an order.
common-status-pending-payment = waiting for payment
common-status-payment-submitted = payment being checked
common-status-provisioning = access being prepared
common-status-needs-attention = being finished by our team
common-status-completed = completed
common-status-declined = not accepted
common-status-cancelled = cancelled
common-status-expired = expired
common-status-reversed = taken back
