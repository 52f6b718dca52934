//! A bot in a process of its own: the real program, or the null bot.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use crate::{NULL, report::Report, scene::Scene};

/// The program as it is shipped.
const PROGRAM: &str = env!("CARGO_BIN_EXE_tollkeeper");

/// How long a start or an end may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running bot; killed when dropped.
pub(crate) struct Child {
    process: std::process::Child,
    /// From just before the process was started until Discord had answered the registration of
    /// the commands.
    pub(crate) registered_after: Duration,
}

impl Child {
    /// Starts `run` or the null bot in a scene, and waits until it is connected.
    pub(crate) async fn start(scene: &Scene, what: &str) -> anyhow::Result<Self> {
        let program = if what == NULL { std::env::current_exe()? } else { PathBuf::from(PROGRAM) };
        let mut command = Command::new(program);
        if what == NULL {
            command.args([what.as_ref(), scene.config_file().as_os_str()]);
        } else {
            command.args(["--config".as_ref(), scene.config_file().as_os_str(), what.as_ref()]);
        }
        let said = std::fs::File::create(scene.folder().join("said.txt"))?;
        command.envs(scene.secrets()?).current_dir(scene.folder());
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let before = scene.discord.request_count();
        let started = Instant::now();
        let process = command.spawn().context("the bot's process")?;
        let registered = scene.discord.until("the commands and the gateway", PATIENCE, |view| {
            let mut requests = view.requests().iter().skip(usize::try_from(before).unwrap_or(0));
            let put = requests.rfind(|request| {
                request.info.method == "PUT" && request.info.path.ends_with("/commands") && request.status == Some(200)
            })?;
            view.bot_online().then(|| put.at + put.took)
        });
        let mut child = Self { process, registered_after: Duration::ZERO };
        child.registered_after = registered.await.with_context(|| said_by(scene))? - started;
        Ok(child)
    }

    /// Resident memory in megabytes of 10^6 bytes, as the kernel says it.
    pub(crate) fn memory(&self) -> anyhow::Result<f64> {
        let id = self.process.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).context("memory is read from /proc")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }

    /// Stops it as `systemctl stop` does.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
        ensure!(told.success(), "the bot could not be told to stop");
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(ended) = self.process.try_wait()? {
                ensure!(ended.success(), "the bot ended with {ended}");
                return Ok(());
            }
            ensure!(Instant::now() < end, "the bot does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The last lines of the bot, for the one who has to find out.
fn said_by(scene: &Scene) -> String {
    let said = std::fs::read_to_string(scene.folder().join("said.txt")).unwrap_or_default();
    let lines: Vec<_> = said.lines().rev().take(10).collect();
    format!("the bot said:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
}

/// How large the program is, stripped as the release profile has it.
pub(crate) fn binary_size(report: &mut Report) -> anyhow::Result<()> {
    let bytes = std::fs::metadata(Path::new(PROGRAM))?.len();
    #[expect(clippy::cast_precision_loss, reason = "a file is smaller than 2^52 bytes")]
    let megabytes = bytes as f64 / 1e6;
    report.at_most("Size of the stripped program", 25.0, "MB", &[megabytes]);
    Ok(())
}
