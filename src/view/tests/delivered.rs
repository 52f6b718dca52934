//! What a customer reads when the link arrives.

use insta::assert_snapshot;

use super::{
    gallery::{GB, LINK, NOW},
    render::read,
};
use crate::{
    domain::{OrderId, grants::Expiry},
    view::{
        Locale,
        delivery::{self, LinkFacts},
    },
};

const EN: Locale = Locale::English;

fn monas_link() -> LinkFacts<'static> {
    LinkFacts {
        plan: "Premium",
        as_of: None,
        link: LINK,
        subscription: Some("https://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4"),
        expiry: Expiry::At(NOW.plus_days(30)),
        quota: 150 * GB,
        used: None,
    }
}

#[test]
fn a_first_sale_explains_how_to_start() {
    assert_snapshot!(read(&delivery::dm(EN, &OrderId::from_random(7), &monas_link(), false)), @"
    ```
    vless://6f0f1a52-6a54-4c0e-9d2b-0d4a1f3c7b11@vpn.example.net:443?type=tcp&encryption=none&security=reality&pbk=4n1zC0bq2r7v8xq0l0h5m5o4u7y1k9t3s6w8e0d2f4g&fp=chrome&sni=www.example.org&sid=6ba85179e30d4fc2&spx=%2F&flow=xtls-rprx-vision#Shop-tk-7000000000
    ```
    | Good: Your VPN access is ready
    | The text above is your personal link. Copy it, or scan the picture below with another phone.
    | Please share it with nobody: whoever has it uses up your traffic.
    | Plan: Premium
    | Valid until: <t:1802592000:f> (<t:1802592000:R>)
    | Traffic: 150 GB
    | Subscription link: `https://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4`
    | On Android:
    |   1. Install **v2rayNG** from Google Play.
    |   2. Copy your link, open the app, press **+** and choose “Import config from clipboard”.
    |   3. Press the round button at the bottom and allow the connection.
    | On iPhone:
    |   1. Install **Streisand** or **V2Box** from the App Store.
    |   2. Copy your link, open the app, press **+** and choose the import from the clipboard.
    |   3. Press the connect button and allow the connection.
    | (picture qr.png)
    | -- order 7000000000 · link
    [Open subscription page -> https://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4]
    (file qr.png)
    ");
}

#[test]
fn a_renewal_asks_for_nothing() {
    assert_snapshot!(read(&delivery::dm(EN, &OrderId::from_random(7), &monas_link(), true)), @"
    ```
    vless://6f0f1a52-6a54-4c0e-9d2b-0d4a1f3c7b11@vpn.example.net:443?type=tcp&encryption=none&security=reality&pbk=4n1zC0bq2r7v8xq0l0h5m5o4u7y1k9t3s6w8e0d2f4g&fp=chrome&sni=www.example.org&sid=6ba85179e30d4fc2&spx=%2F&flow=xtls-rprx-vision#Shop-tk-7000000000
    ```
    | Good: Your VPN access is renewed
    | Your link is the same as before, so you do not need to change anything on your phone.
    | Please share it with nobody: whoever has it uses up your traffic.
    | Plan: Premium
    | Valid until: <t:1802592000:f> (<t:1802592000:R>)
    | Traffic: 150 GB
    | Subscription link: `https://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4`
    | (picture qr.png)
    | -- order 7000000000 · link
    [Open subscription page -> https://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4]
    (file qr.png)
    ");
}

#[test]
fn get_my_link_is_the_same_with_what_was_used() {
    let facts = LinkFacts { used: Some((GB * 5 / 2, NOW)), subscription: None, ..monas_link() };
    assert_snapshot!(read(&delivery::my_link(EN, &facts)), @"
    ```
    vless://6f0f1a52-6a54-4c0e-9d2b-0d4a1f3c7b11@vpn.example.net:443?type=tcp&encryption=none&security=reality&pbk=4n1zC0bq2r7v8xq0l0h5m5o4u7y1k9t3s6w8e0d2f4g&fp=chrome&sni=www.example.org&sid=6ba85179e30d4fc2&spx=%2F&flow=xtls-rprx-vision#Shop-tk-7000000000
    ```
    | Good: Your VPN access
    | The text above is your personal link. Copy it, or scan the picture below with another phone.
    | Please share it with nobody: whoever has it uses up your traffic.
    | Plan: Premium
    | Valid until: <t:1802592000:f> (<t:1802592000:R>)
    | Traffic: 2.5 GB used of 150 GB (as of <t:1800000000:R>)
    | On Android:
    |   1. Install **v2rayNG** from Google Play.
    |   2. Copy your link, open the app, press **+** and choose “Import config from clipboard”.
    |   3. Press the round button at the bottom and allow the connection.
    | On iPhone:
    |   1. Install **Streisand** or **V2Box** from the App Store.
    |   2. Copy your link, open the app, press **+** and choose the import from the clipboard.
    |   3. Press the connect button and allow the connection.
    | (picture qr.png)
    (file qr.png)
    ");
}

#[test]
fn several_links_come_one_by_one() {
    let http = LinkFacts {
        plan: "Home",
        as_of: None,
        subscription: Some("http://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4"),
        expiry: Expiry::Never,
        quota: 0,
        ..monas_link()
    };
    let posts = delivery::my_links(EN, &[monas_link(), http]);
    assert_eq!(posts.len(), 2);
    assert_snapshot!(read(&posts[1]), @"
    ```
    vless://6f0f1a52-6a54-4c0e-9d2b-0d4a1f3c7b11@vpn.example.net:443?type=tcp&encryption=none&security=reality&pbk=4n1zC0bq2r7v8xq0l0h5m5o4u7y1k9t3s6w8e0d2f4g&fp=chrome&sni=www.example.org&sid=6ba85179e30d4fc2&spx=%2F&flow=xtls-rprx-vision#Shop-tk-7000000000
    ```
    | Good: Your VPN access
    | The text above is your personal link. Copy it, or scan the picture below with another phone.
    | Please share it with nobody: whoever has it uses up your traffic.
    | Plan: Home
    | Valid until: no end date
    | Traffic: Unlimited
    | Subscription link: `http://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4`
    | (picture qr.png)
    (file qr.png)
    ");
    assert_snapshot!(read(&delivery::my_links(EN, &[])[0]), @"You have no VPN access yet. Use /order to get one.");
    assert_snapshot!(delivery::not_ready(EN).content, @"Your access is not ready yet. You are mentioned in the ticket as soon as it is.");
    assert_snapshot!(delivery::panel_down(EN).content, @"The VPN server does not answer right now, so we cannot show your link. Please try again in a few minutes.");
}

#[test]
fn a_link_too_long_for_a_message_comes_as_a_file() {
    let link = format!("{LINK}{}", "x".repeat(2000));
    let post = delivery::my_link(EN, &LinkFacts { link: &link, ..monas_link() });
    assert_eq!(post.content, "");
    assert_eq!(post.files[0].bytes, link.as_bytes(), "never half a link");
    let text = read(&post);
    assert!(text.contains("is in the file link.txt") && !text.contains("text above"), "{text}");
}
