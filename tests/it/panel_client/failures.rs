//! Panels that are down, silent, broken or not what they say they are.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};
use tokio_rustls::{TlsAcceptor, rustls};
use tollkeeper::{
    clock::Clock,
    panel::{self, Availability, Client, Error, breaker::Limits},
    sandbox::panel::{Fault, Generation, Panel, PanelOptions},
};

use super::{EVERY, EXPIRY, add, client, connect, no_problems, once, panel, seconds, settings, target};

/// Lets this happen to every read of the inbound.
fn always(panel: &Panel, fault: Fault) {
    panel.on_request(move |request| if request.route.contains("inbounds/get/") { fault.clone() } else { Fault::None });
}

async fn inbound_error(fault: Fault, generation: Generation) -> Error {
    let panel = panel(generation).await;
    let client = client(&panel);
    client.status().await.unwrap();
    always(&panel, fault);
    client.inbound().await.unwrap_err()
}

#[tokio::test]
async fn every_broken_answer_has_its_own_short_sentence() {
    for generation in EVERY {
        for (fault, sentence) in [
            (Fault::Html200, "the panel answered something unexpected: a page of HTML instead of JSON"),
            (Fault::HalfJson, "the panel answered something unexpected: half a JSON"),
            (Fault::Huge, "the panel answered something unexpected: an answer of more than 8 MB"),
            (Fault::Status(500), "the panel answered something unexpected: status 500"),
            (Fault::Status(502), "the panel cannot be reached: status 502 from the server before it"),
            (Fault::Refuse("database is locked\n".into()), "the panel cannot be reached: it said: database is locked"),
            (Fault::Refuse("something else\n".into()), "the panel refused: inbound 1: something else"),
        ] {
            let error = inbound_error(fault.clone(), generation).await;
            assert_eq!(error.to_string(), sentence, "{generation:?} {fault:?}");
            assert_eq!(error.is_target(), !matches!(error, Error::Refused { .. }));
        }
    }
}

#[tokio::test]
async fn a_cut_connection_and_a_closed_port_are_unreachable() {
    let error = inbound_error(Fault::CutBefore, Generation::V3).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");

    let panel = panel(Generation::V2_9).await;
    let client = client(&panel);
    client.status().await.unwrap();
    panel.down().await;
    let error = client.status().await.unwrap_err();
    let address = panel.url();
    assert!(matches!(&error, Error::Unreachable { why } if why.contains("refused")), "{error}");
    assert!(!error.to_string().contains(&address), "an address is half a secret");
    panel.up().await.unwrap();
    client.status().await.unwrap();
}

/// A client that loses patience soon.
fn impatient(panel: &Panel) -> Client {
    connect(panel::Settings { timeout: Duration::from_secs(1), ..settings(panel) })
}

fn add_route(generation: Generation) -> &'static str {
    if generation == Generation::V3 { "clients/add" } else { "addClient" }
}

#[tokio::test]
async fn silence_before_and_after_the_write_looks_the_same_and_is_told_apart_by_reading() {
    let faults =
        [(Fault::HangBefore, false), (Fault::HangAfter, true), (Fault::CutBefore, false), (Fault::CutAfter, true)];
    let cases = EVERY.iter().flat_map(|generation| faults.iter().map(|(fault, done)| (*generation, fault, *done)));
    // Side by side: each waits until its client has lost patience.
    join_all(cases.map(|(generation, fault, done)| unanswered_write(generation, fault, done))).await;
}

async fn unanswered_write(generation: Generation, fault: &Fault, done: bool) {
    let panel = panel(generation).await;
    let client = impatient(&panel);
    client.inbound().await.unwrap();
    let sold = target("tk-1");
    once(&panel, add_route(generation), fault.clone());
    let error = client.add(&sold).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{generation:?} {fault:?}: {error}");
    let snapshot = client.snapshot("tk-1").await.unwrap();
    assert_eq!(snapshot.differs_from(&sold).is_empty(), done, "{generation:?} {fault:?}");
    assert_eq!(panel.clients().len(), usize::from(done));
}

#[tokio::test]
async fn patience_is_measured_by_silence() {
    let panel = panel(Generation::V3).await;
    let client = impatient(&panel);
    client.status().await.unwrap();
    panel.black_hole(true);
    let error = client.inbound().await.unwrap_err();
    assert_eq!(error.to_string(), "the panel cannot be reached: no answer within 1s");
}

#[tokio::test]
async fn a_panel_that_is_down_is_left_alone_until_one_call_finds_it_up_again() {
    let panel = panel(Generation::V3).await;
    let pause = seconds(600);
    let clock = Clock::system();
    let wall = clock.clone();
    let settings = panel::Settings { breaker: Limits { failures: 3, pause }, ..settings(&panel) };
    let client = Client::new(settings, move || wall.now()).unwrap();
    let mut watched = client.reader().watch();
    add(&client, &target("tk-1")).await;
    assert_eq!(client.availability(), Availability::Up);

    always(&panel, Fault::Status(500));
    for _ in 0..3 {
        assert!(client.ready());
        client.inbound().await.unwrap_err();
    }
    tokio::time::timeout(seconds(5), watched.changed()).await.unwrap().unwrap();
    let Availability::Down { cause, .. } = client.availability() else { panic!("still up after three failures") };
    assert_eq!(cause, "the panel answered something unexpected: status 500");

    let before = panel.request_count();
    assert!(!client.ready());
    assert_eq!(client.find("tk-1").await.unwrap_err().to_string(), cause, "answered without a call");
    assert_eq!(panel.request_count(), before);

    panel.clear_faults();
    clock.advance(pause);
    assert!(client.ready(), "one call may find out");
    client.find("tk-1").await.unwrap().unwrap();
    assert_eq!(client.availability(), Availability::Up);
}

#[tokio::test]
async fn a_health_check_is_sent_while_the_panel_is_down_and_brings_it_up() {
    let panel = panel(Generation::V2_9).await;
    let client = connect(panel::Settings { breaker: Limits { failures: 1, pause: seconds(600) }, ..settings(&panel) });
    client.status().await.unwrap();
    panel.down().await;
    client.inbound().await.unwrap_err();
    assert!(!client.availability().is_up());
    client.status().await.unwrap_err();
    panel.up().await.unwrap();
    client.status().await.unwrap();
    assert!(client.availability().is_up());
    client.inbound().await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_no_outage() {
    let panel = panel(Generation::V3).await;
    let client = connect(panel::Settings { breaker: Limits { failures: 1, pause: seconds(600) }, ..settings(&panel) });
    always(&panel, Fault::Refuse("no".into()));
    client.inbound().await.unwrap_err();
    assert!(client.availability().is_up());
}

#[tokio::test]
async fn a_stopped_xray_is_an_outage_that_health_checks_notice() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        add(&client, &target("tk-1")).await;
        panel.stop_xray();
        for _ in 0..3 {
            assert!(client.availability().is_up());
            client.health().await.unwrap();
        }
        let Availability::Down { cause, .. } = client.availability() else { panic!("still up") };
        assert_eq!(cause, "xray does not run on it (stop)");
        assert!(!client.ready());
        client.find("tk-1").await.unwrap().unwrap();
        assert!(!client.availability().is_up(), "reading says nothing of xray");
        panel.start_xray();
        client.health().await.unwrap();
        assert!(client.ready());
        no_problems(&panel);
    }
}

#[tokio::test]
async fn https_is_verified_with_the_configured_authority() {
    for generation in [Generation::V2_9, Generation::V3] {
        let panel = Panel::start(PanelOptions { tls: true, ..PanelOptions::new(generation) }).await.unwrap();
        let error = connect(settings(&panel)).status().await.unwrap_err();
        assert!(matches!(&error, Error::Unreachable { why } if why.contains("certificate")), "{error}");
        let ca_pem = panel.ca_pem().map(String::into_bytes);
        let client = connect(panel::Settings { ca_pem, ..settings(&panel) });
        add(&client, &panel_target()).await;
    }
}

/// Who mixes up http and https reads which of the two it is.
#[tokio::test]
async fn an_address_with_the_wrong_scheme_says_so() {
    for generation in [Generation::V2_9, Generation::V3] {
        for tls in [false, true] {
            let panel = Panel::start(PanelOptions { tls, ..PanelOptions::new(generation) }).await.unwrap();
            let mut url = settings(&panel).url;
            url.set_scheme(if tls { "http" } else { "https" }).unwrap();
            let error = connect(panel::Settings { url, ..settings(&panel) }).status().await.unwrap_err();
            let says = if tls { "it wants https: write https://" } else { "it speaks http and not https" };
            assert!(error.is_target() && error.to_string().contains(says), "{error}");
        }
    }
}

/// Behind a certificate of its own a panel sends plain http to https.
#[tokio::test]
async fn a_redirect_to_https_is_no_session_that_was_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            let answer = format!(
                "HTTP/1.1 307 x\r\nlocation: https://{address}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let somewhere = panel(Generation::V3).await;
    let url = format!("http://{address}").parse().unwrap();
    let error = connect(panel::Settings { url, ..settings(&somewhere) }).status().await.unwrap_err();
    assert!(error.to_string().contains("it wants https"), "{error}");
}

fn panel_target() -> panel::Target {
    panel::Target { expiry_ms: EXPIRY, ..target("tk-tls") }
}

#[tokio::test]
async fn a_certificate_of_the_panels_own_is_trusted_when_it_is_exactly_that_one() {
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    // As panels have them: made for a name that is not the address.
    let (own, other) = (made("panel.invalid"), made("127.0.0.1"));
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // Whoever gets as far as an answer has trusted the certificate.
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            assert!(read > 0);
            stream.write_all(b"HTTP/1.1 500 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let somewhere = panel(Generation::V3).await;
    let ask = async |pem: String| {
        let url = format!("https://{address}").parse().unwrap();
        let client = connect(panel::Settings { url, ca_pem: Some(pem.into_bytes()), ..settings(&somewhere) });
        client.status().await.unwrap_err().to_string()
    };
    assert_eq!(ask(own.cert.pem()).await, "the panel answered something unexpected: status 500");
    assert!(ask(other.cert.pem()).await.contains("certificate"));

    let no_pem = panel::Settings { ca_pem: Some(b"hello".to_vec()), ..settings(&somewhere) };
    let error = Client::new(no_pem, || tollkeeper::domain::Millis(0)).unwrap_err();
    assert!(error.to_string().contains("ca_file"), "{error}");
}
