//! Links of inbounds with external proxies.

use serde_json::{Value, json};
use tollkeeper::panel::link;
use url::Url;

use super::{UUID, inbound, tls};

#[test]
fn behind_a_proxy_that_ends_tls_there_is_no_flow() {
    let proxy = |force: &str| json!({"forceTls": force, "dest": "cdn.test", "port": 80});
    let stream = |security: &str| {
        json!({
            "network": "tcp", "security": security, "tlsSettings": tls(),
            "externalProxy": [proxy("none"), proxy("same"), proxy("tls")],
        })
    };
    let carry = |security: &str| {
        let links = link::vless(&inbound(&stream(security)), "h.test", &UUID, "xtls-rprx-vision", "x").unwrap();
        links.iter().map(|link| link.contains("flow=")).collect::<Vec<_>>()
    };
    assert_eq!(carry("tls"), [false, true, true]);
    assert_eq!(carry("none"), [false, false, false], "xray itself has no TLS to look into");
}

#[test]
fn every_external_proxy_has_its_own_link() {
    let stream = json!({
        "network": "ws", "security": "tls", "tlsSettings": tls(), "wsSettings": {"path": "/ws", "host": "cdn.test"},
        "externalProxy": [
            {"forceTls": "same", "dest": "cdn-1.test", "port": 8443, "remark": "Frankfurt"},
            {"forceTls": "none", "dest": "2001:db8::7", "port": 80, "remark": ""},
        ],
    });
    let links = link::vless(&inbound(&stream), "unused.test", &UUID, "", "Basic").unwrap();
    let uuid = UUID;
    assert_eq!(
        links,
        [
            format!(
                "vless://{uuid}@cdn-1.test:8443?alpn=h2%2Chttp%2F1.1&encryption=none&fp=chrome&host=cdn.test\
                 &path=%2Fws&security=tls&sni=tls.test&type=ws#Basic-Frankfurt"
            ),
            format!(
                "vless://{uuid}@[2001:db8::7]:80?encryption=none&host=cdn.test&path=%2Fws&security=none&type=ws#Basic"
            ),
        ]
    );
}

#[test]
fn of_several_links_a_customer_is_given_one_with_tls_where_there_is_one() {
    let given = |security: &str, forced: &[&str]| {
        let proxies: Vec<Value> = (1..)
            .zip(forced)
            .map(
                |(at, forced)| json!({"forceTls": forced, "dest": format!("cdn-{at}.test"), "port": 443, "remark": ""}),
            )
            .collect();
        let stream = json!({
            "network": "ws", "security": security, "tlsSettings": tls(), "wsSettings": {"path": "/"},
            "externalProxy": proxies,
        });
        let link = link::chosen(&inbound(&stream), "h.test", &UUID, "", "Basic").unwrap();
        let all = link::vless(&inbound(&stream), "h.test", &UUID, "", "Basic").unwrap();
        assert!(all.contains(&link), "{link} is none of {all:?}");
        Url::parse(&link).unwrap().host_str().unwrap().to_owned()
    };
    assert_eq!(given("tls", &[]), "h.test");
    assert_eq!(given("tls", &["none", "same", "tls"]), "cdn-2.test");
    assert_eq!(given("tls", &["same", "tls"]), "cdn-1.test", "the panel's order");
    assert_eq!(given("tls", &["none", "none"]), "cdn-1.test");
    assert_eq!(given("none", &["same", "tls"]), "cdn-1.test", "the panel's order");
    assert_eq!(given("", &["same", "none"]), "cdn-1.test");
}

#[test]
fn an_external_proxy_has_tls_of_its_own() {
    let proxy = |force: &str| {
        json!({
            "forceTls": force, "dest": "cdn.test", "port": 443, "remark": "", "sni": "cdn.test", "fingerprint": "safari",
            "alpn": ["h3", ""], "pinnedPeerCertSha256": ["cc", "dd"], "verifyPeerCertByName": "v.test",
            "echConfigList": "ECH",
        })
    };
    let mut plain = proxy("tls");
    for (field, empty) in
        [("sni", json!("")), ("alpn", json!([])), ("fingerprint", json!("")), ("echConfigList", json!(""))]
    {
        plain[field] = empty;
    }
    (plain["pinnedPeerCertSha256"], plain["verifyPeerCertByName"]) = (json!([]), json!(""));
    let mut text = proxy("same");
    text["alpn"] = json!("h2,h3");
    let stream = json!({
        "network": "ws", "security": "tls", "tlsSettings": tls(), "wsSettings": {"path": "/"},
        "externalProxy": [proxy("tls"), text, plain, proxy("none")],
    });
    let links = link::vless(&inbound(&stream), "unused.test", &UUID, "", "x").unwrap();
    let theirs =
        "ech=ECH&encryption=none&fp=safari&host=&path=%2F&pcs=cc%2Cdd&security=tls&sni=cdn.test&type=ws&vcn=v.test";
    let ours = "alpn=h2%2Chttp%2F1.1&encryption=none&fp=chrome&host=&path=%2F&security=tls&sni=tls.test&type=ws";
    let rest = [
        format!("alpn=h3&{theirs}"),
        format!("alpn=h2%2Ch3&{theirs}"),
        ours.to_owned(),
        "encryption=none&host=&path=%2F&security=none&type=ws".to_owned(),
    ];
    assert_eq!(links, rest.map(|rest| format!("vless://{UUID}@cdn.test:443?{rest}#x")));
    // REALITY has its own.
    let reality = json!({"serverNames": ["r.test"], "shortIds": [""], "settings": {"publicKey": "P"}});
    let stream = json!({
        "network": "tcp", "security": "reality", "realitySettings": reality, "externalProxy": [proxy("same")],
    });
    let links = link::vless(&inbound(&stream), "unused.test", &UUID, "", "x").unwrap();
    let rest = "encryption=none&pbk=P&security=reality&sid=&sni=r.test&spx=%2F&type=tcp";
    assert_eq!(links, [format!("vless://{UUID}@cdn.test:443?{rest}#x")]);
}
