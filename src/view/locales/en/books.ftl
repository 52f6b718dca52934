# The table of a period's orders.
books-table-title = Orders of { $period }
books-table-body =
    { $orders ->
        [one] The table has { $orders } order.
       *[other] The table has { $orders } orders.
    } It opens in Excel, LibreOffice and Google Sheets.
    The sums count money on the day it was approved.
books-by-method = By payment method
books-by-reviewer = By reviewer
books-manual = Entered by staff (not counted above)
books-manual-name = In all
# A name and an amount.
books-line = { $name }: **{ $amount }**
books-placeholder = Another period
books-last-days = The last 30 days
books-today = Today
books-other = Other days (type them)
books-modal-title = Orders of which days?
books-modal-label = Day, month, quarter, year, or from – to
books-modal-placeholder = 2026-07 or 2026-Q3 or 2026 or 2026-07-01..2026-07-14
books-not-a-period =
    This is not a period we understand. Write a day (2026-07-14), a month (2026-07), a quarter (2026-Q3), a year (2026), or two days (2026-07-01..2026-07-14).
books-too-large =
    The table is too large for Discord. On the server, this command writes it into a file:
    { $command }

# Backups.
books-backup = The backup was written on the server: { $path }
books-backup-sent =
    The backup was written on the server: { $path }
    An encrypted copy is on its way to you by direct message.
books-no-backup = The backup could not be written. Nothing else is affected. The log says why: { $incident }
books-backup-message =
    Your backup of { $at }, encrypted with the shop's backup passphrase.
    To open it: { $name } is a file for the program `age` (age-encryption.org).
books-backup-too-large = Your backup { $name } of { $at } is too large for a direct message. It is on the server, in the folder `backups`.
