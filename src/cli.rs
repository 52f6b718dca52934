//! What can be typed, and what the exit code says: 0 done, 1 failed, 2 the configuration or the
//! command is wrong.

use std::{collections::HashMap, path::PathBuf, process::ExitCode};

use tollkeeper::{app::App, clock::Clock, config::Config, ops, telemetry};

/// Sells VPN access on Discord through 3x-ui panels.
#[derive(clap::Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "config.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Runs the bot until it is told to stop.
    Run,
    /// Plays the whole story in this terminal: needs no configuration and no credentials.
    #[cfg(feature = "sandbox")]
    Sandbox {
        /// Play the tour; this is what happens anyway.
        #[arg(long)]
        tour: bool,
        /// Leave the sandbox running afterwards.
        #[arg(long)]
        keep_open: bool,
    },
    /// Looks at the audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Looks at the books.
    #[command(subcommand)]
    Revenue(Revenue),
}

#[derive(clap::Subcommand)]
enum Audit {
    /// Checks that no entry was changed or removed.
    Verify,
}

#[derive(clap::Subcommand)]
enum Revenue {
    /// Checks that roll-up, ledger and orders say the same.
    Verify,
}

/// The configuration or the command is wrong.
const WRONG: u8 = 2;

impl Cli {
    pub(crate) async fn perform(self) -> ExitCode {
        #[cfg(feature = "sandbox")]
        if let Command::Sandbox { tour: _, keep_open } = self.command {
            return exit(sandbox(keep_open).await);
        }
        let env = match environment() {
            Ok(env) => env,
            Err(error) => {
                eprintln!(".env: {}", env_problem(&error));
                return ExitCode::from(WRONG);
            }
        };
        let read = |name: &str| std::env::var(name).ok().or_else(|| env.get(name).cloned());
        let config = match self.command {
            Command::Run => Config::load(&self.config, &read),
            _ => Config::load_offline(&self.config, &read),
        };
        let config = match config {
            Ok(config) => config,
            Err(problems) => {
                eprintln!("{problems}");
                return ExitCode::from(WRONG);
            }
        };
        exit(match self.command {
            Command::Run => Box::pin(run(config)).await.map(|()| true),
            Command::Audit(Audit::Verify) => ops::audit::verify(&config).await,
            Command::Revenue(Revenue::Verify) => ops::revenue::verify(&config).await,
            #[cfg(feature = "sandbox")]
            Command::Sandbox { .. } => Ok(true),
        })
    }
}

/// `Ok(false)` has said itself what is wrong.
fn exit(done: anyhow::Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The tour; the bot's own warnings go to the error stream, the story to the output.
#[cfg(feature = "sandbox")]
async fn sandbox(keep_open: bool) -> anyhow::Result<bool> {
    use tollkeeper::sandbox::tour;
    let options = tour::Options { keep_open, ..tour::Options::default() };
    Box::pin(tour::play(options, &mut std::io::stdout())).await.map(|()| true)
}

/// `.env` in the working directory, for what the environment does not say.
fn environment() -> Result<HashMap<String, String>, dotenvy::Error> {
    match dotenvy::from_path_iter(".env") {
        Ok(lines) => lines.collect(),
        Err(error) if error.not_found() => Ok(HashMap::new()),
        Err(error) => Err(error),
    }
}

/// Without the line itself, which may well be a secret.
fn env_problem(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::Io(error) => format!("the file cannot be read ({error}); let the bot's user read it"),
        _ => "a line is not understood; every line is NAME=value, and values with spaces stand in quotes".to_owned(),
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    let _logs = telemetry::start(&config.log, &config.storage.data_dir)?;
    tracing::info!("tollkeeper {} starts", env!("CARGO_PKG_VERSION"));
    if config.discord.rest_proxy.is_some() {
        tracing::warn!("discord.rest_proxy is set: calls to Discord go through it");
    }
    let shutdown = signal()?;
    let done = match App::build(config, Clock::system()).await {
        Ok(app) => app.run_until(shutdown).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &done {
        tracing::error!("{error:#}");
    }
    done
}

/// Ends when the process is told to stop.
fn signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        let interrupt = tokio::signal::ctrl_c();
        #[cfg(unix)]
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = interrupt.await;
    })
}
