# The link.
delivery-new-title = Your VPN access is ready
delivery-new-body =
    The text above is your personal link. Copy it, or scan the picture below with another phone.
    Please share it with nobody: whoever has it uses up your traffic.
delivery-as-of = The VPN server does not answer right now, so this is your link as of { $when }. If it does not connect, ask for it again later.
delivery-file-body =
    Your personal link is in the file link.txt: open it, select all of its text and copy it.
    Please share it with nobody: whoever has it uses up your traffic.
delivery-renewed-title = Your VPN access is renewed
delivery-renewed-body =
    Your link is the same as before, so you do not need to change anything on your phone.
    Please share it with nobody: whoever has it uses up your traffic.
delivery-mine-title = Your VPN access
delivery-until = Valid until
delivery-until-date = { $date } ({ $relative })
delivery-traffic = Traffic
delivery-unlimited = Unlimited
delivery-traffic-used = { $used } used of { $quota } (as of { $when })
delivery-subscription = Subscription link
delivery-subscription-button = Open subscription page
delivery-android = On Android
delivery-android-steps =
    1. Install **v2rayNG** from Google Play.
    2. Copy your link, open the app, press **+** and choose “Import config from clipboard”.
    3. Press the round button at the bottom and allow the connection.
delivery-iphone = On iPhone
delivery-iphone-steps =
    1. Install **Streisand** or **V2Box** from the App Store.
    2. Copy your link, open the app, press **+** and choose the import from the clipboard.
    3. Press the connect button and allow the connection.
delivery-none-yet = You have no VPN access yet. Use /order to get one.
delivery-not-ready = Your access is not ready yet. You are mentioned in the ticket as soon as it is.
delivery-panel-down = The VPN server does not answer right now, so we cannot show your link. Please try again in a few minutes.
