# What is said to whoever presses Confirm and cannot, or presses Cancel.
confirmation-cancelled = Nothing was changed.
confirmation-expired = This question has expired and nothing was changed. Please use the command again.
confirmation-expired-card = This question has expired and nothing was changed. Press the button on the card again.
confirmation-used = This question was already answered.
confirmation-used-card = This question was already answered. The card shows the result.
confirmation-not-yours = Somebody else opened this question; only they can answer it.
confirmation-power-lost = You may no longer do this, so nothing was changed.
confirmation-power-lost-payment = You may no longer decide about payments, so nothing was changed.
