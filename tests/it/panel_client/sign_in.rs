//! How the client gets in, and gets in again.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tollkeeper::{
    panel::{self, Credentials, Error, Login, Xray},
    sandbox::panel::{Fault, Generation, Panel, PanelOptions},
};

use super::{EVERY, add, client, connect, count, login, no_problems, once, panel, seconds, settings, target};

#[tokio::test]
async fn a_token_needs_no_login() {
    let panel = panel(Generation::V3).await;
    let status = client(&panel).status().await.unwrap();
    assert_eq!(status.xray, Xray::Running);
    assert_eq!(status.generation.to_string(), "3.6.0");
    assert_eq!(count(&panel, "/login"), 0);
    no_problems(&panel);
}

#[tokio::test]
async fn a_login_works_on_every_generation_and_is_kept() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = connect(panel::Settings {
            credentials: Credentials { token: None, login: Some(login()) },
            ..settings(&panel)
        });
        let status = client.status().await.unwrap();
        let said = match generation {
            Generation::V2_6 => "2.6 or older",
            Generation::V2_8 | Generation::V2_9 => "2.7 to 2.9",
            Generation::V3 => "3.6.0",
        };
        assert_eq!(status.generation.to_string(), said);
        // A write, which needs the CSRF token on 3.x, and more calls: all with the one session.
        add(&client, &target("tk-1")).await;
        client.status().await.unwrap();
        assert_eq!(count(&panel, "/login"), 1);
        no_problems(&panel);
    }
}

#[tokio::test]
async fn two_factor_codes_are_computed_at_each_login() {
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    for generation in EVERY {
        let options = PanelOptions { totp_secret: Some(SECRET.into()), ..PanelOptions::new(generation) };
        let panel = Panel::start(options).await.unwrap();
        let with = |secret: Option<&str>| {
            let login = Login { totp_secret: secret.map(Into::into), ..login() };
            connect(panel::Settings {
                credentials: Credentials { token: None, login: Some(login) },
                ..settings(&panel)
            })
        };
        let client = with(Some(SECRET));
        client.status().await.unwrap();
        panel.drop_sessions();
        client.status().await.unwrap();
        assert_eq!(count(&panel, "/login"), 2);

        let without = with(None).status().await.unwrap_err();
        assert!(matches!(&without, Error::Unauthorized { why } if why.contains("two-factor")), "{without}");
        let other = with(Some("MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK")).status().await.unwrap_err();
        assert!(matches!(&other, Error::Unauthorized { .. }), "{other}");
    }
}

#[tokio::test]
async fn the_base_path_is_kept_and_a_slash_at_its_end_does_no_harm() {
    for generation in EVERY {
        let options = PanelOptions { base_path: "/pan3l/inner/".into(), ..PanelOptions::new(generation) };
        let panel = Panel::start(options).await.unwrap();
        assert!(panel.url().ends_with("/pan3l/inner"));
        for url in [panel.url(), format!("{}/", panel.url())] {
            let client = connect(panel::Settings { url: url.parse().unwrap(), ..settings(&panel) });
            client.inbound().await.unwrap();
        }
        no_problems(&panel);

        let elsewhere = panel.url().replace("/inner", "");
        let client = connect(panel::Settings { url: elsewhere.parse().unwrap(), ..settings(&panel) });
        let error = client.status().await.unwrap_err();
        assert!(matches!(&error, Error::Unexpected { what } if what.contains("check url and its path")), "{error}");
    }
}

#[tokio::test]
async fn a_lost_session_is_renewed_once_and_the_call_repeated_in_all_its_shapes() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let settings = settings(&panel);
        let client =
            connect(panel::Settings { credentials: Credentials { token: None, login: Some(login()) }, ..settings });
        add(&client, &target("tk-0")).await;
        let mut logins = 1;
        let mut shapes = vec![Fault::Status(401), Fault::Status(404), Fault::Status(307), Fault::Html200];
        // A session that is gone takes its CSRF token along.
        shapes.extend((generation == Generation::V3).then_some(Fault::Status(403)));
        for (n, shape) in shapes.iter().enumerate() {
            once(&panel, "inbounds/get/", shape.clone());
            client.inbound().await.unwrap();
            logins += 1;
            assert_eq!(count(&panel, "/login"), logins, "{generation:?} {shape:?}");

            let wanted = target(&format!("tk-{}", n + 1));
            once(&panel, if generation == Generation::V3 { "clients/add" } else { "addClient" }, shape.clone());
            let answer = client.add(&wanted).await;
            if matches!(shape, Fault::Html200) {
                // A page may stand for anything: the caller looks before the write is repeated.
                assert!(matches!(answer, Err(Error::Unexpected { .. })), "{answer:?}");
                assert!(client.find(&wanted.email).await.unwrap().is_none());
            } else {
                answer.unwrap();
            }
            logins += 1;
            assert_eq!(count(&panel, "/login"), logins, "{generation:?} {shape:?}, writing");
        }
        panel.clear_faults();
        panel.drop_sessions();
        client.inbound().await.unwrap();
        assert_eq!(count(&panel, "/login"), logins + 1);
        no_problems(&panel);
    }
}

#[tokio::test]
async fn whoever_finds_the_session_lost_at_the_same_time_shares_one_login() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = connect(panel::Settings {
            credentials: Credentials { token: None, login: Some(login()) },
            ..settings(&panel)
        });
        client.status().await.unwrap();
        panel.drop_sessions();
        let calls = join_all((0..10).map(|_| client.inbound())).await;
        assert!(calls.iter().all(Result::is_ok), "{calls:?}");
        assert_eq!(count(&panel, "/login"), 2);
    }
}

#[tokio::test]
async fn a_panel_that_never_lets_us_stay_is_asked_twice_and_no_more() {
    for (shape, expected) in [(Fault::Status(401), true), (Fault::Status(404), false), (Fault::Html200, false)] {
        let panel = panel(Generation::V2_9).await;
        let client = client(&panel);
        client.status().await.unwrap();
        panel.on_request(
            move |request| {
                if request.route.contains("inbounds/get/") { shape.clone() } else { Fault::None }
            },
        );
        let error = client.inbound().await.unwrap_err();
        assert_eq!(matches!(error, Error::Unauthorized { .. }), expected, "{error}");
        assert!(error.is_target());
        assert_eq!((count(&panel, "inbounds/get/1"), count(&panel, "/login")), (2, 2));
    }
}

/// With a domain of its own in the settings a panel answers every other host name so, whatever is asked.
#[tokio::test]
async fn a_panel_that_serves_another_host_name_is_said_to_do_so() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        panel.on_request(|_| Fault::Status(403));
        for _ in 0..2 {
            assert_eq!(
                client.status().await.unwrap_err().to_string(),
                "the panel does not let us in: it does not serve this host name: \
                 put the domain that its settings name into url"
            );
        }
        assert_eq!((count(&panel, "/csrf-token"), count(&panel, "/login")), (2, 0), "{generation:?}");
        panel.clear_faults();
        client.status().await.unwrap();
        no_problems(&panel);
    }
}

#[tokio::test]
async fn what_the_credentials_may_not_do_is_said_after_one_fresh_session() {
    let panel = panel(Generation::V3).await;
    let with_login = Credentials { token: None, login: Some(login()) };
    let by_login = connect(panel::Settings { credentials: with_login, ..settings(&panel) });
    for (client, logins) in [(client(&panel), 0), (by_login, 2)] {
        client.status().await.unwrap();
        panel
            .on_request(|request| if request.route.contains("clients/add") { Fault::Status(403) } else { Fault::None });
        let (asked, signed_in) = (count(&panel, "clients/add"), count(&panel, "/csrf-token"));
        let error = client.add(&target("tk-1")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the panel does not let us in: our credentials may not do this (a token of a smaller scope?)"
        );
        assert!(error.is_target(), "waiting helps, counting attempts does not");
        assert_eq!(count(&panel, "clients/add"), asked + 2);
        assert_eq!((count(&panel, "/csrf-token"), count(&panel, "/login")), (signed_in + 1, logins));
        panel.clear_faults();
        assert!(client.find("tk-1").await.unwrap().is_none());
    }
    no_problems(&panel);
}

#[tokio::test]
async fn a_wrong_password_never_provokes_the_lockout() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let wrong = Login { password: "not it".into(), ..login() };
        let mut settings = settings(&panel);
        settings.credentials = Credentials { token: None, login: Some(wrong) };
        let client = connect(settings);
        for _ in 0..20 {
            let error = client.status().await.unwrap_err();
            assert!(matches!(error, Error::Unauthorized { .. }), "{error}");
            assert!(!error.to_string().contains("not it"));
        }
        assert_eq!(count(&panel, "/login"), 1, "{generation:?}");
    }
}

#[tokio::test]
async fn after_the_pause_a_refused_login_is_tried_again() {
    let panel = panel(Generation::V3).await;
    let mut settings = settings(&panel);
    settings.credentials = Credentials { token: None, login: Some(login()) };
    settings.sign_in_pause = Duration::from_millis(100);
    let client = connect(settings);
    client.status().await.unwrap();
    panel.change_password("another");
    assert!(matches!(client.status().await, Err(Error::Unauthorized { .. })));
    panel.change_password("admin");
    let deadline = tokio::time::Instant::now() + seconds(5);
    while client.status().await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "never let in again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(count(&panel, "/login"), 3);
}

#[tokio::test]
async fn a_token_that_no_longer_holds_is_said_to_be_the_reason() {
    let v3 = panel(Generation::V3).await;
    let ours = client(&v3);
    ours.status().await.unwrap();
    v3.revoke_token();
    let error = ours.inbound().await.unwrap_err();
    assert!(matches!(&error, Error::Unauthorized { why } if why.contains("API token")), "{error}");

    let v2 = panel(Generation::V2_9).await;
    let credentials = Credentials { token: Some("a token".into()), login: None };
    let error = connect(panel::Settings { credentials, ..settings(&v2) }).status().await.unwrap_err();
    assert!(matches!(&error, Error::Unauthorized { why } if why.contains("no API tokens")), "{error}");
}

#[tokio::test]
async fn an_upgraded_panel_is_recognised() {
    let (old, new) = (panel(Generation::V2_9).await, panel(Generation::V3).await);
    let port = |panel: &Panel| panel.url().parse::<url::Url>().unwrap().port().unwrap();
    // One address, behind which the panel is exchanged.
    let front = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = front.local_addr().unwrap();
    let (exchange, behind) = watch::channel(port(&old));
    let mut connections = JoinSet::new();
    connections.spawn(async move {
        let mut open = JoinSet::new();
        loop {
            let (mut near, _) = front.accept().await.unwrap();
            let mut behind = behind.clone();
            let now = *behind.borrow_and_update();
            let mut far = TcpStream::connect(("127.0.0.1", now)).await.unwrap();
            open.spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                    _ = behind.changed() => {}
                }
            });
        }
    });
    let mut settings = settings(&new);
    settings.url = format!("http://{address}").parse().unwrap();
    settings.credentials.login = Some(login());
    let client = connect(settings);
    add(&client, &target("tk-1")).await;
    assert_eq!((old.clients().len(), new.clients().len()), (1, 0));

    exchange.send(port(&new)).unwrap();
    let mut error = client.inbound().await.unwrap_err();
    // The connection kept from before may break under the first call.
    if matches!(error, Error::Unreachable { .. }) {
        error = client.inbound().await.unwrap_err();
    }
    assert_eq!(error.to_string(), "the panel answered something unexpected: it was changed to version 3.6.0 just now");
    add(&client, &target("tk-2")).await;
    assert_eq!((old.clients().len(), new.clients().len()), (1, 1));
    assert_eq!(count(&new, "/login"), 0, "3.x lets the token in");
}

#[tokio::test]
async fn a_panel_of_3_0_is_refused_with_a_sentence() {
    for version in [None, Some("3.0.2".to_owned())] {
        let options = PanelOptions { panel_version: version, ..PanelOptions::new(Generation::V3) };
        let panel = Panel::start(options).await.unwrap();
        assert_eq!(
            client(&panel).status().await.unwrap_err().to_string(),
            "the panel has version 3.0.x, which we do not support: upgrade it to 3.1 or later"
        );
    }
}

#[tokio::test]
async fn a_development_build_of_3_x_is_as_good_as_the_newest() {
    let options = PanelOptions { panel_version: Some("dev+1a2b3c4d".into()), ..PanelOptions::new(Generation::V3) };
    let panel = Panel::start(options).await.unwrap();
    let client = client(&panel);
    assert_eq!(client.status().await.unwrap().generation.to_string(), "dev build");
    let record = add(&client, &target("tk-1")).await.client.unwrap();
    client.set_enabled(&record, false).await.unwrap();
    assert!(!panel.client("tk-1").unwrap().serving);
    assert_eq!(count(&panel, "/bulkDisable"), 1);
}
