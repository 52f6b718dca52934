//! The tour tells the truth: it ends well on a good panel, and badly on one that refuses.

use std::{
    fs::{self, File},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use tollkeeper::sandbox::{
    panel::Fault,
    tour::{self, Options},
};

use crate::world::SOON;

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

/// The program itself, with a folder of its own for all that it writes; it goes with the test.
struct Program {
    child: Child,
    folder: tempfile::TempDir,
}

impl Program {
    /// `sandbox --tour --keep-open`.
    fn starts() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let temporary = folder.path().join("tmp");
        fs::create_dir(&temporary).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_tollkeeper"))
            .args(["sandbox", "--tour", "--keep-open", "--picture", "dashboard.png"])
            .env_clear()
            .env("TMPDIR", temporary)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(File::create(folder.path().join("told")).unwrap())
            .stderr(File::create(folder.path().join("errors")).unwrap())
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn told(&self) -> String {
        let read = |name| fs::read_to_string(self.folder.path().join(name)).unwrap();
        read("told") + &read("errors")
    }

    /// What is left of the shops that it made up.
    fn shops(&self) -> usize {
        fs::read_dir(self.folder.path().join("tmp")).unwrap().count()
    }

    async fn stays_open(&mut self) {
        // It plays the whole story first, beside other tests.
        let deadline = Instant::now() + SOON * 6;
        while !self.told().contains("The sandbox stays open; its configuration is") {
            assert_eq!(self.child.try_wait().unwrap(), None, "it ended:\n{}", self.told());
            assert!(Instant::now() < deadline, "it is not done:\n{}", self.told());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(self.folder.path().join("dashboard.png").exists());
        assert_eq!(self.shops(), 1);
    }

    async fn ends_on(&mut self, signal: &str) -> ExitStatus {
        // The standard library only knows SIGKILL.
        let sent = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "SIG{signal} does not end it:\n{}", self.told());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn a_sandbox_that_is_kept_open_ends_well_when_it_is_told_to() {
    let mut programs = ["INT", "TERM"].map(|signal| (signal, Program::starts()));
    for (signal, program) in &mut programs {
        program.stays_open().await;
        let status = program.ends_on(signal).await;
        assert_eq!(status.code(), Some(0), "SIG{signal}:\n{}", program.told());
        assert_eq!(program.shops(), 0, "SIG{signal}: nothing is left behind");
    }
}
