# Payment proofs.
proof-accepted = Thank you, we have your screenshot. Our team checks it and you are mentioned in the ticket as soon as it is decided.
proof-duplicate = This picture was already used for another order. Please send the screenshot of the payment for this order.
proof-attempt-spent =
    { $left ->
        [0] This picture or reference was already used for another order, and this order takes no more of them. Please write to our team.
        [one] This picture was already used for another order, and cost you an attempt; you have { $left } left. Please send the screenshot of the payment for this order.
       *[other] This picture was already used for another order, and cost you an attempt; you have { $left } left. Please send the screenshot of the payment for this order.
    }
proof-words-only = If you have paid, please send the screenshot of the payment here, as a picture. Words alone cannot be checked.
proof-by-command = If you have paid, please type /proof here and attach the screenshot of the payment. Words alone cannot be checked.
proof-address = Please send the screenshot itself as a picture here. We do not open addresses.
proof-elsewhere = We only see screenshots that are sent here in this ticket. Please send the picture again here, not in a thread, another channel or a direct message.
proof-passed-on = Our team reads what you wrote to us and answers here. Your payment is being checked meanwhile.
proof-not-fetched = We could not read your file from Discord. Please send it again.
proof-many-files = We looked at the first { $files } files of your message and could use none of them. Please send the screenshot of the payment alone.
proof-no-more-files = We could not use { $files } files in this ticket, so we look at no more of them for now. Please send one clear screenshot of the payment { $when }.
proof-later = We cannot take your file right now because something on our side is broken. You do not need to send it again: it is read here as soon as that is repaired.
proof-no-order = You have no order that waits for a payment. Use /order to start one.
proof-wrong-channel = Please send the screenshot in your ticket: { $ticket }
proof-no-ticket-yet = Your ticket is still being opened. Please send the screenshot there in a moment.
proof-no-method = Please choose a payment method in the ticket first, then send the screenshot again.
proof-no-reference = Please enter the reference of your payment with the button in the ticket first, then send the screenshot again.
proof-under-review = We already have your screenshot and are checking it. You do not need to send another one.
proof-already-approved = Your payment is already approved. You do not need to send anything else.
proof-closed = This order is closed. Use /order to start a new one.
proof-no-attempts = This order takes no more screenshots. Please write to our team.
proof-picture-empty = The file is empty. Please send the screenshot again.
proof-picture-too-large = The file is larger than 8 MB. Please take a screenshot and send that; it is much smaller than a photo.
proof-picture-too-many-pixels = The picture is too large to open. Please take a screenshot of the payment and send that.
proof-picture-too-small = The picture is too small to read. Please send the whole screenshot in full size.
proof-picture-animated = Moving pictures cannot be checked. Please send an ordinary screenshot of the payment.
proof-picture-damaged = The picture is damaged and cannot be opened. Please take the screenshot again and send it.
proof-picture-heic = This is an iPhone photo (HEIC), which we cannot open. Please take a screenshot of the payment instead and send that.
proof-picture-avif = This is an AVIF picture, which we cannot open. Please take a screenshot of the payment instead and send that.
proof-picture-jpeg-xl = This is a JPEG XL picture, which we cannot open. Please take a screenshot of the payment instead and send that.
proof-picture-bmp = BMP pictures cannot be checked. Please save it as PNG or JPEG, or take a screenshot, and send that.
proof-picture-tiff = TIFF pictures cannot be checked. Please save it as PNG or JPEG, or take a screenshot, and send that.
proof-picture-film = Videos cannot be checked. Please take a screenshot of the payment and send that.
proof-picture-gif = GIF files cannot be checked. Please send an ordinary screenshot of the payment.
proof-picture-pdf = PDF files cannot be checked. Please open it, take a screenshot and send that.
proof-picture-svg = This kind of drawing (SVG) cannot be checked. Please send a screenshot of the payment.
proof-picture-none = This file is not a picture. Please send a screenshot of the payment as PNG, JPEG or WebP.
