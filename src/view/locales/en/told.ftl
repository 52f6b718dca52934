# What the customer reads in a direct message about a change by staff.
told-disable = Your VPN access was switched off by the shop. If you think that this is a mistake, please write to the shop.
told-enable = Your VPN access is switched on again. It ends { $until }.
told-traffic = Your VPN access has { $quota } of traffic in all now.
told-extend = Your VPN access now ends { $until }.
told-reset = Your used traffic was set to zero: all of { $quota } is there to be used again.
told-delete = Your VPN access was removed by the shop. If you think that this is a mistake, please write to the shop.
told-reverse =
    Your order { $order } was taken back by the shop.
    Reason: { $reason }
told-reverse-left = Your VPN access now ends { $until }.
told-reverse-over = Nothing is left of your VPN access, so it is switched off.
told-rotate-title = Your VPN link is a new one
told-rotate-body = The old link no longer works. Please remove it from your phone, add this one, and share it with nobody.
told-adopt-title = Your VPN access
told-adopt-body = Your access is known to the shop now: /order renews it, and /link shows it. Please share the link with nobody.
