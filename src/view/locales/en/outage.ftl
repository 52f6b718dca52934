# Outages of a panel, for owners and staff.
outage-began =
    The VPN panel { $panel } is down since { $since } ({ $ago }).
    Cause: { $cause }
    New orders for its plans are refused. { $waiting ->
        [0] No approved order waits for it.
        [one] { $waiting } approved order waits for it and finishes by itself.
       *[other] { $waiting } approved orders wait for it and finish by themselves.
    }
outage-ended =
    The VPN panel { $panel } works again, after { $lasted }. New orders are taken.
    { $waiting ->
        [0] No approved order waits for it.
        [one] { $waiting } approved order that waited is being finished now.
       *[other] { $waiting } approved orders that waited are being finished now.
    }

# Below the bot's name in the list of members.
outage-presence-open = Open · /order
outage-presence-partly = Some plans are being repaired
outage-presence-closed = Closed: the VPN server is being repaired
