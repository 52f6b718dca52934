//! The tour tells the truth: it ends well on a good panel, and badly on one that refuses.

use tollkeeper::sandbox::{
    panel::Fault,
    tour::{self, Options},
};

async fn play(options: Options) -> (anyhow::Result<()>, String) {
    let mut told = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    let options = Options { picture: Some(folder.path().join("dashboard.png")), ..options };
    let verdict = tour::play(options, &mut told).await;
    (verdict, String::from_utf8(told).unwrap())
}

#[tokio::test]
async fn the_tour_ends_well_and_fits_into_80_columns() {
    let (verdict, told) = play(Options::default()).await;
    verdict.unwrap();
    for line in told.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for shown in ["✓ two customers, two clients", "is down since", "works again", "✓ its picture is saved"] {
        assert!(told.contains(shown), "{shown} in\n{told}");
    }
}

#[tokio::test]
async fn the_tour_fails_when_the_panel_refuses() {
    let refuse = |panel: &tollkeeper::sandbox::panel::Panel| {
        panel.on_request(
            |request| if request.is_write { Fault::Refuse("no more clients".to_owned()) } else { Fault::None },
        );
    };
    let (verdict, told) = play(Options { sabotage: Some(Box::new(refuse)), ..Options::default() }).await;
    let error = verdict.expect_err("a panel that refuses sells nothing").to_string();
    assert!(error.contains("the message with the link"), "{error}");
    assert!(told.contains("no more clients"), "staff read what the panel said:\n{told}");
}
