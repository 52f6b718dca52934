# The configuration file, read again.
reload-taken-title = The configuration was read again
reload-plans-added = New plans: { $list }
reload-plans-changed = Changed plans: { $list }
reload-plans-removed = Plans no longer sold: { $list }
reload-methods-added = New payment methods: { $list }
reload-methods-changed = Changed payment methods: { $list }
reload-methods-removed = Payment methods no longer offered: { $list }
reload-staff = Changed staff: { $list }
reload-open-orders = Orders that were placed before keep their terms.
reload-same = Plans, payment methods and staff are as before.
reload-waits-name = Waiting for a restart
reload-waits = { $list } changed too. That is in force only after the bot was restarted.
reload-wrong-title = The configuration is wrong, and nothing was changed
reload-wrong-body = The shop goes on as it was. Correct these, then use `/admin reload` again:
reload-mistake = { $key }: { $says }
reload-mistake-at = { $key } (line { $line }): { $says }
reload-more = { $count ->
    [one] One more mistake is not shown; `tollkeeper check` names it.
   *[other] { $count } more mistakes are not shown; `tollkeeper check` names them.
}
