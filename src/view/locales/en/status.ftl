# How everything is.
status-title = How everything is
status-program = Program
status-running = Version { $version }, running since { $since }, run { $boot }
status-backup = Last backup
status-backup-at = { $when }
status-no-backup = **There is none.**
status-panels = Panels
status-panel-up = { $name }: up, xray { $xray } ({ $version }, { $breaker })
status-panel-silent = { $name }: up, but it did not answer just now ({ $version }, { $breaker })
status-panel-down = **{ $name }: down** since { $since }: { $cause } ({ $version }, { $breaker })
status-panel-version = 3x-ui { $version }
status-panel-version-unknown = 3x-ui
status-breaker-closed = breaker closed
status-breaker-open = breaker open
status-breaker-half-open = breaker half-open
status-outbox = Still to be done
status-outbox-empty = Nothing.
status-lane = { $name }: { $count ->
    [one] one step
   *[other] { $count } steps
} waiting, the oldest since { $oldest }
status-more-lanes = { $count ->
    [one] and one more lane
   *[other] and { $count } more lanes
}
status-held-name = Held
status-held = **A backup was restored at { $since }: nothing is sent to a panel or to Discord until an owner presses Release below `/admin status`, or the bot is started with --release-outbox.**
status-release-button = Release
status-parked = Gave up ({ $n })
status-parked-is = { $key }, { $since }: { $error }
status-retry-button = Retry { $n }
status-drop-button = Drop { $n }
status-more = { $count ->
    [one] One more step gave up; it is shown when one of these is settled.
   *[other] { $count } more steps gave up; they are shown when these are settled.
}
