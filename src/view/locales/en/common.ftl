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
