# More: what staff do about a proof besides deciding.
more-what = What would you like to do with this payment? None of this approves it.
more-placeholder = Choose what to do
more-ask = Ask the customer
more-reference = Enter the reference
more-attempt = One more attempt
more-let-go = Release claim
more-fake = Block fake receipt
more-ask-title = Ask the customer
more-ask-label = Your question, as the customer will read it
more-ask-placeholder = For example: from which number did you send it?
more-asked = The customer is asked in the ticket; the answer will stand on the card.
more-attempts = { $left ->
    [one] Done. After this one the customer has { $left } attempt left.
   *[other] Done. After this one the customer has { $left } attempts left.
}
more-attempt-given = Done. The customer can send one more screenshot.
more-no-attempt-wanted = This order takes screenshots already, or is over; nothing was changed.
more-let-go-done = Done. The card no longer says that somebody is looking at it.
more-nobody-looks = Nobody was looking at it; nothing was changed.
more-too-late = This payment is already decided, so nothing was done. The card shows the result.
more-empty = Nothing was written, so nothing was done.
# The customer's side.
more-answer-title = Answer our team
more-answer-label = Your answer
more-answered = Thank you, our team has your answer.
more-answered-before = You have already answered this question.
more-answer-too-late = Thank you. Your payment is already decided, so our team needs no answer any more.
