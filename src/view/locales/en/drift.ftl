# Where the panels and the books do not say the same. What can be copied stands on the line below.
drift-title = Panels and books compared
drift-silent = **{ $panel } does not answer, so it was not compared.** Please try again later.
drift-unconfigured = { $count ->
    [one] **{ $panel } is not in the configuration any more**, and one client is on it by the books.
   *[other] **{ $panel } is not in the configuration any more**, and { $count } clients are on it by the books.
}
drift-panel = { $count ->
    [0] { $panel }: everything is as the books say.
    [one] **{ $panel }: one difference.**
   *[other] **{ $panel }: { $count } differences.**
}
drift-unsettled = { $count ->
    [one] One client was left out: it is still being written.
   *[other] { $count } clients were left out: they are still being written.
}
drift-more = { $count ->
    [one] One more is in the file.
   *[other] { $count } more are in the file.
}
drift-never = never
drift-missing = { $email } of { $user } is not on the panel. This makes it again, with the same link:
drift-gone = { $email } of { $user } is not on the panel, and gave no access any more. This removes it from the books:
drift-stranger = { $email } is on the panel and has no order. If it is a customer’s, name them:
drift-unkept = { $email } is on the panel and has no order. Its name cannot be kept: rename it there (small letters, digits and . _ - @ + only) and compare again.
drift-leftover = { $email } of { $user } is on the panel and should not be any more. Remove it there.
drift-foreign = { $email } of { $user } was made anew with another key, so the customer’s link is dead. Remove it on the panel; then this makes ours again:
drift-elsewhere = { $email } of { $user } is not on the inbound that you sell. Put it back there.
drift-end = { $email } of { $user } ends { $theirs } on the panel and { $ours } by the books:
drift-end-taken-over = { $email } of { $user } ends { $theirs } on the panel and { $ours } by the books. No number of days brings it nearer; this writes the panel’s end into the books:
drift-quota = { $email } of { $user } has { $theirs } in all on the panel and { $ours } by the books:
drift-off = { $email } of { $user } is switched off on the panel and should be on:
drift-on = { $email } of { $user } is switched on on the panel and should be off:
