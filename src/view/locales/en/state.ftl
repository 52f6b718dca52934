# How an access stands, for staff and for its customer.
state-staff-works = The panel lets it connect.
state-staff-ended = The panel no longer lets it connect: its time is over. What helps: user-extend.
state-staff-used-up = The panel no longer lets it connect: its traffic is used up. What helps: user-reset-traffic or user-edit-traffic.
state-staff-off = It is switched off on the panel.
state-staff-absent = **The panel has no such client.**
state-staff-foreign = **The panel has a client of this name that is not ours.**
state-staff-unknown = The panel does not answer, so this is what was known last.
state-customer-ended = **Your time is over**, so this link does not connect now. Use /order to renew it: the link stays the same.
state-customer-used-up = **Your traffic is used up**, so this link does not connect now. Use /order to get more: the link stays the same.
state-customer-off = **Your access is switched off**, so this link does not connect now. Please ask our team.
state-customer-absent = **Your access is missing on the VPN server**, so this link does not connect now. Please ask our team: it can be made again.
state-customer-foreign = **The VPN server has another key for your access**, so this link does not connect now. Please ask our team.
