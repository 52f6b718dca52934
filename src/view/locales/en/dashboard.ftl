# The owner's numbers.
dashboard-title = { $shop } at a glance
dashboard-body = Updated { $ago }. The picture shows the revenue of the last 30 days ({ $currency }) and, below, the orders by state.
dashboard-as-of =
    Updated { $ago }. The revenue is as of { $at }: adding up a later sale failed, and the sums are being made anew.
    The picture shows the revenue of the last 30 days ({ $currency }) and, below, the orders by state.
dashboard-today = Today
dashboard-month = This month
dashboard-quarter = This quarter
dashboard-year = This year
# An amount, and how many sales made it.
dashboard-sum = **{ $amount }** { $sales ->
    [one] · { $sales } sale
   *[other] · { $sales } sales
}
dashboard-by-method = This month by payment method
dashboard-by-plan = This month by plan
# A name and what it brought.
dashboard-line = { $name }: { $sum }
dashboard-nothing = Nothing yet
dashboard-manual = Entered by staff this month (not counted above)
dashboard-orders = Orders
# A coloured square, as in the picture, what it stands for, how many.
dashboard-state = { $square } { $state }: **{ $count }**
dashboard-sold = sold in the last 30 days
dashboard-ended = Ever: { $completed } completed, { $declined } not accepted, { $cancelled } cancelled, { $expired } expired, { $reversed } taken back
dashboard-customers = Subscriptions
dashboard-running = **{ $active }** active, **{ $expiring }** of them end within { $days }
dashboard-down = Panels that are down
dashboard-down-line = { $panel } since { $since }

dashboard-refresh-button = Refresh
dashboard-export-button = Export CSV
dashboard-backup-button = DB backup
dashboard-refreshed = The dashboard shows the numbers of this moment.
dashboard-refresh-late = The dashboard is being updated; Discord is slow to take it.
