# A part of the audit log, a page at a time and as a table.
log-title = Audit log, newest first
log-nothing = The audit log has no entry like this.
log-no-more = There is nothing on this page.
log-page = page { $page }
log-newer = Newer
log-older = Older
log-file-button = CSV file
log-table = { $count ->
    [one] One entry of the audit log.
   *[other] { $count } entries of the audit log, newest first.
}
log-table-cut = The newest { $count } entries of what you asked for; there are more. Choose a shorter period to get the older ones.
log-too-large = The table is too large for Discord. Choose a shorter period.
log-out-of-date = This list is out of date. Please use `/admin audit` again.
