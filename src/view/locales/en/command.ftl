# What Discord shows beside a command; at most 100 characters each.
command-order = Buy VPN access, or continue with the order you have open
command-proof = Send the screenshot of your payment
command-proof-image = The screenshot, as PNG, JPEG or WebP
command-link = Show your VPN link again; only you see it
command-admin = The team's desk
command-admin-user = The customer
command-admin-subscription = The customer's access: type a name, an order or an e-mail
command-admin-user-info = A customer: access, use, orders
