//! The bot as it runs in a world: inside the test on a runtime of its own, or as a process.

use std::{
    collections::HashMap,
    fs::File,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};
use tollkeeper::{app::App, clock::Clock, current_config::Source};

/// With `RUST_LOG` set, what the bot logs is shown beside the test that fails.
static LOG: LazyLock<()> = LazyLock::new(|| {
    if let Ok(filter) = std::env::var("RUST_LOG") {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    }
});

/// Longer than the bot may take to stop.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// The program itself, with nothing but a configuration file and an environment, as on a server.
pub(crate) fn program(config: &Path, environment: &HashMap<String, String>, console: &Path) -> Command {
    let log = File::options().create(true).append(true).open(console).expect("a file for the console");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollkeeper"));
    command
        .args(["run", "--config"])
        .arg(config)
        .env_clear()
        .envs(environment)
        .current_dir(config.parent().expect("a folder"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log);
    command
}

pub(crate) enum Running {
    Inside {
        /// Its own, so that killing it takes every task it ever started.
        runtime: Runtime,
        shutdown: oneshot::Sender<()>,
        ended: oneshot::Receiver<anyhow::Result<()>>,
    },
    Process(Child),
}

impl Running {
    pub(crate) fn inside(config: &Path, environment: &HashMap<String, String>, clock: &Clock) -> Self {
        LazyLock::force(&LOG);
        let environment = environment.clone();
        let source = Source::new(config, move |name: &str| environment.get(name).cloned());
        let config = source.load().expect("a good configuration");
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (shutdown, asked) = oneshot::channel::<()>();
        let (tell, ended) = oneshot::channel();
        let clock = clock.clone();
        runtime.spawn(async move {
            let done = match App::build(config, source, clock).await {
                Ok(app) => app.run_until(async { drop(asked.await) }).await,
                Err(error) => Err(error),
            };
            drop(tell.send(done));
        });
        Self::Inside { runtime, shutdown, ended }
    }

    /// As a process of its own.
    pub(crate) fn process(
        config: &Path,
        environment: &HashMap<String, String>,
        console: &Path,
        arguments: &[&str],
    ) -> Self {
        let child = program(config, environment, console).args(arguments).spawn().expect("the program starts");
        Self::Process(child)
    }

    /// Asks it to stop; the result is how it ended.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Inside { runtime, shutdown, ended } => {
                let _ = shutdown.send(());
                let done = tokio::time::timeout(STOPS_WITHIN, ended).await;
                runtime.shutdown_background();
                done??
            }
            Self::Process(_) => {
                let status = self.ends_on("TERM").await;
                anyhow::ensure!(status.success(), "it ended with {status}");
                Ok(())
            }
        }
    }

    /// A line of what the kernel says of a process, in kilobytes.
    pub(crate) fn kilobytes(&self, line: &str) -> u64 {
        let Self::Process(child) = self else { unreachable!("only a process has memory of its own") };
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it runs");
        let value = status.lines().find_map(|text| text.strip_prefix(line)).expect("the kernel says it");
        value.trim_matches([':', ' ', '\t', 'k', 'B']).parse().expect("a number")
    }

    /// Sends a process this signal; its end must come in time.
    pub(crate) async fn ends_on(self, signal: &str) -> ExitStatus {
        self.is_sent(signal);
        self.ends().await
    }

    /// Sends a process this signal.
    pub(crate) fn is_sent(&self, signal: &str) {
        let Self::Process(child) = self else { unreachable!("only a process gets signals") };
        // The standard library only knows SIGKILL.
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.expect("the signal is sent").success());
    }

    /// Waits for the end of a process.
    pub(crate) async fn ends(self) -> ExitStatus {
        let Self::Process(mut child) = self else { unreachable!("only a process has an exit code") };
        let deadline = Instant::now() + STOPS_WITHIN;
        loop {
            if let Some(status) = child.try_wait().expect("the process is looked at") {
                return status;
            }
            if Instant::now() > deadline {
                child.kill().expect("the process is killed");
                unreachable!("it did not stop");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it wherever it is, and waits until nothing of it is left.
    pub(crate) async fn kill(self) {
        match self {
            Self::Inside { runtime, shutdown: _shutdown, ended } => {
                runtime.shutdown_background();
                // The sender goes with the task, whose lock on the data directory goes before it.
                let gone = tokio::time::timeout(STOPS_WITHIN, ended).await;
                drop(gone.expect("the bot's tasks go"));
            }
            Self::Process(mut child) => {
                child.kill().expect("the process is killed");
                child.wait().expect("the process is gone");
            }
        }
    }

    /// How it ended, if it has.
    pub(crate) fn ended(self) -> Option<String> {
        match self {
            Self::Inside { runtime, mut ended, .. } => {
                runtime.shutdown_background();
                ended.try_recv().ok().map(|done| format!("{done:?}"))
            }
            Self::Process(mut child) => {
                let status = child.try_wait().ok().flatten().map(|status| status.to_string());
                drop(child.kill());
                drop(child.wait());
                status
            }
        }
    }

    /// Ends it without waiting.
    pub(crate) fn abandon(self) {
        drop(self.ended());
    }
}
