# Messages that ring the customer's phone. The mention comes first, then a whole sentence.
notice-to = { $customer } { $sentence }
notice-welcome = Welcome! This is your private ticket. Choose how you would like to pay in the message above.
notice-declined =
    Your payment proof was not accepted.
    Reason: { $reason }
    { $left ->
        [one] You can send another screenshot here; you have { $left } attempt left.
       *[other] You can send another screenshot here; you have { $left } attempts left.
    }
notice-part-paid =
    We received { $received } for your order, and { $missing } is still missing.
    Please send the missing amount, then upload a screenshot of that payment here.
notice-asked =
    Our team has a question about your payment: { $question }
    Please answer with the button below.
notice-answer-button = Answer
notice-declined-for-good =
    Your payment proof was not accepted, and this order is closed.
    Reason: { $reason }
notice-direct =
    Nobody reads messages in this chat.
    To buy access, write /order in our server; screenshots belong into the ticket that you get there.
    Your link: /link
notice-link-waits = Your access is ready. We cannot send you direct messages, so press “Get my link” in the message above.
notice-pay-soon =
    We have not received your payment yet, and this order ends { $when }.
    If you have paid, send the screenshot here. If you have changed your mind, you do not need to do anything.
notice-pay-soon-no-more = Please look at the message above: it says how your order stands.
