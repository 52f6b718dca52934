//! The panel client against panels that answer as the recorded ones do.
//!
//! The traps of 3x-ui that concern a shop, and the test that keeps us out of each:
//!
//! | trap | test |
//! |---|---|
//! | success in an answer is not proof | `clients::a_write_that_the_panel_lost_is_seen_by_reading_back`, `outages::a_write_that_the_panel_loses_is_noticed` |
//! | a partial update makes an unlimited client | `clients::an_update_keeps_what_it_does_not_know`, `clients::before_3_4_1_the_switch_sends_the_whole_row`, `clients::what_3_x_shows_goes_back_as_it_says_it_takes_it` |
//! | parallel writes are lost on 2.x | `clients::writes_at_the_same_time_wait_for_one_another` |
//! | a reset alone leaves a depleted client cut off | `clients::a_depleted_client_works_again_after_reset_and_update`, `renewal::who_has_used_everything_up_is_let_in_again` |
//! | open connections outlive their client | nothing in the texts promises otherwise: `view::tests` |
//! | a lost session looks like 404, 403, a redirect or a page | `sign_in::a_lost_session_is_renewed_once_and_the_call_repeated_in_all_its_shapes` |
//! | a 403 is also a host name that is not served, or a token of a smaller scope | `sign_in::a_panel_that_serves_another_host_name_is_said_to_do_so`, `sign_in::what_the_credentials_may_not_do_is_said_after_one_fresh_session` |
//! | a repeated wrong login locks out | `sign_in::a_wrong_password_never_provokes_the_lockout` |
//! | the e-mail is the key of the whole panel | `clients::a_taken_name_is_refused_in_the_panels_words`, `clients::on_3_x_a_client_of_another_inbound_is_told_apart` |
//! | `totalGB` is bytes, `expiryTime` milliseconds, `tgId` an integer | `panel_contract`, and each world's end compares the panel with the books |
//! | a slash at the end of the address | `sign_in::the_base_path_is_kept_and_a_slash_at_its_end_does_no_harm` |
//! | self-signed certificates | `failures::https_is_verified_with_the_configured_authority`, `failures::a_certificate_of_the_panels_own_is_trusted_when_it_is_exactly_that_one` |
//! | `http://` to a panel with a certificate | `failures::plain_http_to_a_panel_with_a_certificate_is_unreachable` |
//! | 2.x keeps the last client of an inbound | `clients::the_last_client_of_an_inbound_is_switched_off_on_2_x_and_removed_on_3_x` |
//! | 2.x deletes every row of a uuid | `clients::on_2_x_a_client_that_shares_its_uuid_is_not_deleted` |
//! | 3.x ignores `enable: false` on add | `clients::a_client_can_be_made_switched_off` |
//! | counters go to 0 with xray's restart and with a reset | `renewal::a_renewal_keeps_client_link_days_and_traffic`, `renewal::a_renewal_struck_at_the_counters_reset_ends_the_same` |
//! | a rejected token hides a good login | `sign_in::a_token_that_no_longer_holds_is_said_to_be_the_reason` |
//! | a session's age says nothing | `outages::a_lost_session_is_renewed_at_once` |
//! | 0 is unlimited | `gateway_faults::what_is_unlimited_stays_unlimited_through_a_renewal` |
//!
//! Not ours: several inbounds for one client, `limitIp`, tags of inbounds.

mod big;
mod clients;
mod failures;
mod flow;
mod reach;
mod sign_in;

use std::time::Duration;

use tollkeeper::{
    clock::Clock,
    panel::{Client, Credentials, DEFAULT_TIMEOUT, Login, SIGN_IN_PAUSE, Settings, Snapshot, Target, breaker},
    sandbox::panel::{Fault, Generation, Panel, PanelOptions},
};
use uuid::Uuid;

const EVERY: [Generation; 4] = [Generation::V2_6, Generation::V2_8, Generation::V2_9, Generation::V3];

/// A quota, an expiry: any will do.
const QUOTA: i64 = 50 << 30;
const EXPIRY: i64 = 1_900_000_000_000;

async fn panel(generation: Generation) -> Panel {
    Panel::start(PanelOptions::new(generation)).await.unwrap()
}

fn login() -> Login {
    Login { username: "admin".into(), password: "admin".into(), totp_secret: None }
}

/// What an owner would configure: the token where there is one, else the login.
fn settings(panel: &Panel) -> Settings {
    let token = panel.token().map(Into::into);
    Settings {
        name: "fra".into(),
        url: panel.url().parse().unwrap(),
        inbound_id: 1,
        public_host: "vpn.example.test".into(),
        subscription_url: Some(panel.subscription_url()),
        ca_pem: None,
        credentials: Credentials { login: token.is_none().then(login), token },
        timeout: DEFAULT_TIMEOUT,
        sign_in_pause: SIGN_IN_PAUSE,
        breaker: breaker::Limits::default(),
    }
}

fn connect(settings: Settings) -> Client {
    let clock = Clock::system();
    Client::new(settings, move || clock.now()).unwrap()
}

fn client(panel: &Panel) -> Client {
    connect(settings(panel))
}

fn target(email: &str) -> Target {
    Target {
        email: email.into(),
        uuid: Uuid::new_v4(),
        sub_id: format!("sub-{email}"),
        enabled: true,
        total_bytes: QUOTA,
        expiry_ms: EXPIRY,
    }
}

/// Adds a client and reads it back, as every caller has to.
async fn add(client: &Client, target: &Target) -> Snapshot {
    client.add(target).await.unwrap();
    let snapshot = client.snapshot(&target.email).await.unwrap();
    assert_eq!(snapshot.differs_from(target), []);
    snapshot
}

/// How many requests arrived whose route ends so.
fn count(panel: &Panel, route: &str) -> usize {
    panel.requests().iter().filter(|logged| logged.request.route.ends_with(route)).count()
}

/// Lets this happen to the next request whose route contains `route`, and to no other.
fn once(panel: &Panel, route: &'static str, fault: Fault) {
    let left = std::sync::Mutex::new(Some(fault));
    panel.on_request(move |request| {
        if request.route.contains(route) { left.lock().unwrap().take().unwrap_or_default() } else { Fault::None }
    });
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn no_problems(panel: &Panel) {
    assert_eq!(panel.problems(), Vec::<String>::new(), "{:?}", panel.generation());
}
