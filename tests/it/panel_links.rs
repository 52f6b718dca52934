//! Share links against those that panels gave, and against the written rules where none was recorded.

mod proxies;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollkeeper::panel::{Inbound, inbound::Listens, link, link::LinkError};
use url::Url;
use uuid::Uuid;

const RECORDED: [(&str, &str); 5] = [
    ("v2.6.7", include_str!("../contract/links/v2.6.7.json")),
    ("v2.8.11", include_str!("../contract/links/v2.8.11.json")),
    ("v2.9.4", include_str!("../contract/links/v2.9.4.json")),
    ("v3.6.0", include_str!("../contract/links/v3.6.0.json")),
    ("main of 2026-08-22", include_str!("../contract/links/main-2026-08-22.json")),
];

const UUID: Uuid = Uuid::from_u128(0xdb6c_d388_0abf_538a_8503_dd33_58d9_3458);

fn params(link: &Url) -> BTreeMap<String, String> {
    link.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
}

/// What is random or later than the oldest panel, brought to one form; `sids` are the possible ones.
fn comparable(link: &Url, sids: &[&str]) -> BTreeMap<String, String> {
    let mut params = params(link);
    // 2.6 leaves out what it means anyway.
    params.entry("encryption".into()).or_insert_with(|| "none".into());
    if let Some(sid) = params.get_mut("sid") {
        assert!(sids.contains(&sid.as_str()), "the inbound has no short id {sid:?}");
        *sid = "one of the inbound's".into();
    }
    if let Some(path) = params.get_mut("spx") {
        assert!(path.starts_with('/'));
        *path = "any path".into();
    }
    params
}

#[test]
fn links_of_reality_ws_and_ws_tls_are_those_the_panels_gave() {
    let mut compared = 0;
    for (version, file) in RECORDED {
        let file: Value = serde_json::from_str(file).unwrap();
        for recorded in file["links"].as_array().unwrap() {
            let row = file["inbounds"].as_array().unwrap().iter().find(|row| row["id"] == recorded["inbound"]).unwrap();
            // They were recorded on loopback, where only their own server would have reached them.
            let inbound = Inbound { listens: Listens::Outside, ..Inbound::parse(row.clone()).unwrap() };
            let theirs = Url::parse(recorded["link"].as_str().unwrap()).unwrap();
            let uuid: Uuid = theirs.username().parse().unwrap();
            // The panels kept whatever flow was sent; the client of every inbound had this one.
            let ours = link::vless(&inbound, "vpn.example.test", &uuid, "xtls-rprx-vision", "Basic").unwrap();
            let [ours] = ours.as_slice() else { panic!("one link, not {ours:?}") };
            let ours = Url::parse(ours).unwrap();

            let reality = inbound.stream.reality_settings.clone().unwrap_or_default();
            let sids: Vec<&str> = reality.short_ids.iter().map(String::as_str).collect();
            let from = &recorded["from"];
            assert_eq!(comparable(&ours, &sids), comparable(&theirs, &sids), "{version}, {from}");
            assert_eq!(ours.username(), theirs.username());
            // A twin was recorded on an inbound of the same settings and another port.
            if recorded.get("twin").is_none() {
                assert_eq!(ours.port(), theirs.port(), "{version}, {from}");
            }
            assert_eq!(ours.host_str(), Some("vpn.example.test"));
            compared += 1;
        }
    }
    assert_eq!(compared, 32);
}

/// An inbound with these stream settings, as 3.1 and later send it.
fn inbound(stream: &Value) -> Inbound {
    Inbound::parse(json!({
        "id": 1, "remark": "", "enable": true, "protocol": "vless", "port": 443,
        "settings": {"clients": [], "encryption": "none"}, "streamSettings": stream,
    }))
    .unwrap()
}

fn one(stream: &Value) -> String {
    let links = link::vless(&inbound(stream), "vpn.example.test", &UUID, "xtls-rprx-vision", "Basic").unwrap();
    assert_eq!(links.len(), 1);
    links.into_iter().next().unwrap()
}

const START: &str = "vless://db6cd388-0abf-538a-8503-dd3358d93458@vpn.example.test:443?";

fn tls() -> Value {
    json!({"serverName": "tls.test", "alpn": ["h2", "http/1.1"], "certificates": [], "settings": {"fingerprint": "chrome"}})
}

#[test]
fn a_grpc_link_follows_the_written_rules() {
    let stream = json!({
        "network": "grpc", "security": "tls", "tlsSettings": tls(),
        "grpcSettings": {"serviceName": "my service", "authority": "a.test", "multiMode": true},
    });
    let rest = "alpn=h2%2Chttp%2F1.1&authority=a.test&encryption=none&fp=chrome&mode=multi&security=tls\
                &serviceName=my%20service&sni=tls.test&type=grpc#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn an_httpupgrade_link_follows_the_written_rules() {
    let settings = json!({"path": "/up?ed=2560", "host": "", "headers": {"host": "from-header.test"}});
    let stream = json!({"network": "httpupgrade", "security": "none", "httpupgradeSettings": settings});
    let rest = "encryption=none&host=from-header.test&path=%2Fup%3Fed%3D2560&security=none&type=httpupgrade#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn an_xhttp_link_follows_the_written_rules() {
    let settings = json!({"path": "/x", "host": "cdn.test", "mode": "auto", "headers": {}});
    let reality = json!({
        "serverNames": ["", "reality.test"], "shortIds": ["", "ab12"],
        "settings": {"publicKey": "PUBLIC", "fingerprint": "firefox", "mldsa65Verify": "VERIFY"},
    });
    let stream =
        json!({"network": "xhttp", "security": "reality", "xhttpSettings": settings, "realitySettings": reality});
    let rest = "encryption=none&fp=firefox&host=cdn.test&mode=auto&path=%2Fx&pbk=PUBLIC&pqv=VERIFY&security=reality\
                &sid=ab12&sni=reality.test&spx=%2F&type=xhttp#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn an_xhttp_link_tells_what_both_ends_must_agree_on() {
    let settings = json!({"path": "/x", "host": "", "mode": "auto", "xPaddingBytes": "1-9", "xmux": {"a": "b&c"}});
    let stream = json!({"network": "xhttp", "security": "none", "xhttpSettings": settings});
    let rest = "encryption=none&extra=%7B%22mode%22%3A%22auto%22%2C%22xPaddingBytes%22%3A%221-9%22%2C%22xmux%22%3A\
                %7B%22a%22%3A%22b%26c%22%7D%7D&host=&mode=auto&path=%2Fx&security=none&type=xhttp\
                &x_padding_bytes=1-9#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn a_kcp_link_follows_the_written_rules() {
    let settings = json!({"seed": "s3ed", "header": {"type": "wechat-video"}, "mtu": 1350});
    let stream = json!({"network": "kcp", "security": "none", "kcpSettings": settings});
    let rest = "encryption=none&headerType=wechat-video&mtu=1350&security=none&seed=s3ed&type=kcp#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
    let masks = json!([{"type": "mkcp-legacy", "settings": {"header": "", "value": "s3ed"}}]);
    let stream = json!({
        "network": "kcp", "security": "none", "kcpSettings": {"tti": 20, "mtu": null}, "finalmask": {"udp": masks},
    });
    let rest = "encryption=none&fm=%7B%22udp%22%3A%5B%7B%22settings%22%3A%7B%22header%22%3A%22%22%2C%22value%22%3A\
                %22s3ed%22%7D%2C%22type%22%3A%22mkcp-legacy%22%7D%5D%7D&security=none&seed=s3ed&tti=20&type=kcp#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn a_final_mask_is_told_whatever_the_transport() {
    let masks = json!({"tcp": [{"type": "fragment"}], "udp": []});
    let stream = json!({"network": "tcp", "security": "tls", "tlsSettings": tls(), "finalmask": masks});
    let fm = "&fm=%7B%22tcp%22%3A%5B%7B%22type%22%3A%22fragment%22%7D%5D%7D&";
    assert!(one(&stream).contains(fm), "{}", one(&stream));
}

#[test]
fn a_tcp_link_with_an_http_header_follows_the_written_rules() {
    let header = json!({"type": "http", "request": {"path": ["/a", "/b"], "headers": {"Host": ["h.test", "i.test"]}}});
    let stream = json!({"network": "tcp", "security": "none", "tcpSettings": {"header": header}});
    let rest = "encryption=none&headerType=http&host=h.test&path=%2Fa&security=none&type=tcp#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn the_host_of_a_tcp_header_is_first_looked_for_in_its_answer() {
    let host = |response: Value| {
        let request = json!({"path": ["/"], "headers": {"Host": ["asked.test"]}});
        let header = json!({"type": "http", "request": request, "response": response});
        let link = one(&json!({"network": "tcp", "security": "", "tcpSettings": {"header": header}}));
        params(&Url::parse(&link).unwrap())["host"].clone()
    };
    assert_eq!(host(json!({"version": "1.1", "headers": {"host": ["answers.test", "b.test"]}})), "answers.test");
    assert_eq!(host(json!({"headers": {"Host": "answers.test"}})), "answers.test");
    for none in [json!({"headers": {"Content-Type": ["video/mpeg"]}}), json!({"headers": {"Host": []}}), json!(null)] {
        assert_eq!(host(none), "asked.test");
    }
}

#[test]
fn no_security_is_the_security_none() {
    for stream in [json!({"network": "tcp"}), json!({"network": "tcp", "security": ""})] {
        assert_eq!(one(&stream), format!("{START}encryption=none&security=none&type=tcp#Basic"));
    }
}

#[test]
fn raw_is_the_new_name_of_tcp_and_carries_the_flow_with_tls() {
    let mut settings = tls();
    settings["settings"]["echConfigList"] = json!("ECH");
    settings["settings"]["pinnedPeerCertSha256"] = json!(["aa", "bb"]);
    let stream = json!({"network": "raw", "security": "tls", "tlsSettings": settings, "rawSettings": {}});
    let rest = "alpn=h2%2Chttp%2F1.1&ech=ECH&encryption=none&flow=xtls-rprx-vision&fp=chrome&pcs=aa%2Cbb\
                &security=tls&sni=tls.test&type=tcp#Basic";
    assert_eq!(one(&stream), format!("{START}{rest}"));
}

#[test]
fn a_certificate_that_nobody_shall_verify_is_said_to_be_one() {
    let link = |client: Value, force: &str| {
        let mut settings = tls();
        settings["settings"] = client;
        let proxy = json!({"forceTls": force, "dest": "cdn.test", "port": 443, "remark": ""});
        one(&json!({"network": "tcp", "security": "tls", "tlsSettings": settings, "externalProxy": [proxy]}))
    };
    assert!(link(json!({"allowInsecure": true}), "same").contains("?allowInsecure=1&alpn="));
    for (client, force) in [
        (json!({"allowInsecure": true}), "none"),
        (json!({"allowInsecure": false}), "same"),
        (json!({}), "tls"),
        (json!({"allowInsecure": true, "pinnedPeerCertSha256": ["aa"]}), "same"),
        (json!({"allowInsecure": true, "verifyPeerCertByName": "v.test"}), "same"),
    ] {
        assert!(!link(client.clone(), force).contains("allowInsecure"), "{client}, {force}");
    }
}

#[test]
fn the_flow_is_left_out_where_xray_cannot_carry_it() {
    for network in ["ws", "grpc", "httpupgrade", "xhttp"] {
        let inbound = inbound(&json!({"network": network, "security": "tls", "tlsSettings": tls()}));
        assert_eq!(inbound.flow(), "");
        let links = link::vless(&inbound, "h.test", &UUID, "xtls-rprx-vision", "Basic").unwrap();
        assert!(!links[0].contains("flow="), "{}", links[0]);
    }
    assert_eq!(inbound(&json!({"network": "tcp", "security": "none"})).flow(), "");
    assert_eq!(inbound(&json!({"network": "tcp", "security": "tls"})).flow(), "xtls-rprx-vision");
}

/// An XHTTP inbound with these settings of VLESS.
fn xhttp(settings: &Value, security: &str) -> Inbound {
    let stream = json!({
        "network": "xhttp", "security": security, "xhttpSettings": {"path": "/x", "mode": "auto"},
        "tlsSettings": tls(), "externalProxy": [{"forceTls": "none", "dest": "cdn.test", "port": 80}],
    });
    Inbound::parse(json!({
        "id": 1, "enable": true, "protocol": "vless", "port": 443, "settings": settings, "streamSettings": stream,
    }))
    .unwrap()
}

#[test]
fn over_xhttp_vless_encryption_carries_the_flow_that_a_client_has() {
    let key = "mlkem768x25519plus.native.0rtt.AAAA";
    let encrypted = [json!({"encryption": key, "decryption": key}), json!({"encryption": "none", "decryption": key})];
    for settings in encrypted {
        for security in ["none", "tls"] {
            let inbound = xhttp(&settings, security);
            assert_eq!((inbound.flow(), inbound.can_flow()), ("", true), "new clients get none: {settings}");
            let links = |flow| link::vless(&inbound, "h.test", &UUID, flow, "x").unwrap();
            assert!(links("xtls-rprx-vision")[0].contains("&flow=xtls-rprx-vision&"), "{settings}, {security}");
            assert!(!links("")[0].contains("flow="));
        }
    }
    for settings in [json!({}), json!({"encryption": "none", "decryption": "none"}), json!({"encryption": ""})] {
        let inbound = xhttp(&settings, "tls");
        assert!(!inbound.can_flow(), "{settings}");
        let links = link::vless(&inbound, "h.test", &UUID, "xtls-rprx-vision", "x").unwrap();
        assert!(!links[0].contains("flow="), "{}", links[0]);
    }
}

#[test]
fn hosts_and_names_of_every_alphabet_survive() {
    let inbound = inbound(&json!({"network": "tcp", "security": "none"}));
    for host in ["2001:db8::1", "[2001:db8::1]"] {
        let links = link::vless(&inbound, host, &UUID, "", "متجر Mona #1 & 50% 🚀").unwrap();
        let link = Url::parse(&links[0]).unwrap();
        assert_eq!(link.host_str(), Some("[2001:db8::1]"));
        let name = link.fragment().unwrap();
        assert!(name.is_ascii() && !name.contains(['+', ' ', '#']), "{name}");
        let decoded: String = url::form_urlencoded::parse(name.as_bytes()).map(|(key, _)| key.into_owned()).collect();
        assert_eq!(decoded, "متجر Mona 1 & 50 🚀", "without what apps that decode twice break on");
    }
}

#[test]
fn a_long_encryption_is_copied_whole() {
    let text = "mlkem768x25519plus.native.0rtt.AAAA-_bbbb";
    let row = json!({
        "id": 1, "enable": true, "protocol": "vless", "port": 1, "settings": json!({"encryption": text}).to_string(),
        "streamSettings": json!({"network": "tcp", "security": "none", "externalProxy": null}).to_string(),
    });
    let links = link::vless(&Inbound::parse(row).unwrap(), "h.test", &UUID, "", "x").unwrap();
    assert!(links[0].contains(&format!("encryption={text}&")), "{}", links[0]);
}

#[test]
fn an_inbound_that_cannot_be_sold_says_why() {
    let link = |inbound: &Inbound| link::vless(inbound, "h.test", &UUID, "", "x").unwrap_err();
    let mut trojan = inbound(&json!({"network": "tcp", "security": "none"}));
    trojan.protocol = "trojan".into();
    assert_eq!(link(&trojan).to_string(), "the inbound speaks trojan, not vless");
    let quic = inbound(&json!({"network": "quic", "security": "none"}));
    assert_eq!(link(&quic), LinkError::Transport("quic".into()));
    let xtls = inbound(&json!({"network": "tcp", "security": "xtls"}));
    assert_eq!(link(&xtls), LinkError::Security("xtls".into()));
    let empty = inbound(&json!({"network": "tcp", "security": "reality", "realitySettings": {}}));
    assert_eq!(link(&empty).to_string(), "the inbound has no REALITY public key");
    let mut behind = inbound(&json!({"network": "ws", "security": "none", "wsSettings": {"path": "/ws"}}));
    behind.listens = Listens::Socket;
    assert_eq!(link(&behind), LinkError::Socket, "its own port is nobody's");
}

#[test]
fn a_subscription_link_has_one_slash_before_its_id() {
    for url in ["https://sub.example.test:2096/sub", "https://sub.example.test:2096/sub/"] {
        assert_eq!(link::subscription(url, "k7 x"), "https://sub.example.test:2096/sub/k7%20x");
    }
}

#[test]
fn a_name_has_nothing_that_apps_decode_twice() {
    let stream = json!({"network": "ws", "security": "none", "wsSettings": {"path": "/a%2Fb", "host": ""}});
    let links = link::vless(&inbound(&stream), "vpn.example.test", &UUID, "", "100% Nile+ #1 VPN").unwrap();
    let name = Url::parse(&links[0]).unwrap().fragment().unwrap().to_owned();
    assert_eq!(name, "100%20Nile%201%20VPN");
    assert!(link::path_breaks(&inbound(&stream)), "and check warns of the path");
    let plain = json!({"network": "ws", "security": "none", "wsSettings": {"path": "/a/b", "host": ""}});
    assert!(!link::path_breaks(&inbound(&plain)));
}
