//! What can be typed, and what the exit code says: 0 done, 1 failed (for `check`: something is to be
//! mended), 2 the configuration or the command is wrong, 3 a person has to change something before
//! `run` can work: starting it again would not help.

use std::{collections::HashMap, path::PathBuf, process::ExitCode};

use tollkeeper::{
    app::{App, told_to_stop},
    clock::Clock,
    config::Config,
    current_config::Source,
    db,
    discord::OperatorActionRequired,
    domain::{audit::Anchor, revenue::Period},
    ops, telemetry,
};

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
    #[command(after_help = "Exit codes: 0 it was told to stop, 1 it failed and may be started again, \
        2 the configuration cannot be read, 3 a person has to change something first (Discord refuses the token, \
        an intent or the commands, or the database is not one that this version can use).")]
    Run {
        /// After a restore: performs again what the backup still wanted to do.
        #[arg(long)]
        release_outbox: bool,
    },
    /// Looks at everything (configuration, Discord, panels, this machine), says what is wrong, each
    /// with its remedy, and prints the invitation link. Changes nothing; may run beside the bot.
    #[command(
        after_help = "Exit codes: 0 all is well, 1 something is to be mended, 2 the configuration cannot be read."
    )]
    Check,
    /// Copies the database into `data_dir/backups`, beside a running bot, and prints the path.
    Backup {
        /// Encrypts the copy with `BACKUP_PASSPHRASE`, for leaving the machine; opens with `age -d`.
        #[arg(long)]
        encrypt: bool,
    },
    /// Puts a backup in the place of the database; the bot must be stopped.
    Restore {
        /// A file from `data_dir/backups`, or an encrypted one (.age).
        file: PathBuf,
    },
    /// Writes a period's orders as CSV, its totals beside it.
    Export {
        /// A day 2026-07-14, a month 2026-07, a quarter 2026-Q3, a year 2026, or two days
        /// 2026-07-01..2026-07-14; without one the last 30 days. Days are the shop's.
        period: Option<Period>,
        /// Where to; without one to standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Plays the whole story in this terminal: needs no configuration and no credentials.
    #[cfg(feature = "sandbox")]
    Sandbox {
        /// Play the tour; this is what happens anyway.
        #[arg(long)]
        tour: bool,
        /// Leave the sandbox running afterwards, until it is told to stop (Ctrl-C).
        #[arg(long)]
        keep_open: bool,
        /// Where to save the dashboard's picture; without it, among the temporary files.
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
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
    Verify {
        /// An entry and its hash that were noted elsewhere, as the owners' daily message has them:
        /// whether the log still holds it, so that neither its end was cut off nor all written anew.
        #[arg(long, value_name = "N:HASH")]
        expect: Option<Anchor>,
    },
}

#[derive(clap::Subcommand)]
enum Revenue {
    /// Checks that roll-up, ledger and orders say the same.
    Verify,
    /// Says what a period brought, by payment method and by plan.
    Show {
        /// As `export` takes it: 2026-07-14, 2026-07, 2026-Q3, 2026, or 2026-07-01..2026-07-14.
        period: Period,
    },
}

impl Command {
    /// Whether it writes into the data directory.
    fn writes(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Backup { .. } | Self::Restore { .. })
    }
}

/// The configuration or the command is wrong.
const WRONG: u8 = 2;
/// Starting again would end the same way; the service manager leaves it.
const FOR_A_PERSON: u8 = 3;

impl Cli {
    pub(crate) async fn perform(self) -> ExitCode {
        #[cfg(feature = "sandbox")]
        if let Command::Sandbox { tour: _, keep_open, picture } = self.command {
            return exit(sandbox(keep_open, picture).await);
        }
        let env = match environment() {
            Ok(env) => env,
            Err(error) => {
                eprintln!(".env: {}", env_problem(&error));
                return ExitCode::from(WRONG);
            }
        };
        let read = move |name: &str| std::env::var(name).ok().or_else(|| env.get(name).cloned());
        let config = match self.command {
            Command::Run { .. } | Command::Check => Config::load(&self.config, &read),
            _ => Config::load_offline(&self.config, &read),
        };
        let config = match config {
            // Paths are printed, and read elsewhere.
            Ok(mut config) => {
                if let Ok(absolute) = std::path::absolute(&config.storage.data_dir) {
                    config.storage.data_dir = absolute;
                }
                config
            }
            Err(problems) => {
                if matches!(self.command, Command::Check) {
                    // A closed pipe is nobody's business here: the exit code says it as well.
                    let _ = ops::check::unreadable(&problems, &mut std::io::stdout());
                } else {
                    eprintln!("{problems}");
                }
                return ExitCode::from(WRONG);
            }
        };
        if self.command.writes()
            && let Some(refusal) = ops::owner::refusal(&config, &ops::owner::command_line())
        {
            eprintln!("{refusal}");
            return if matches!(self.command, Command::Run { .. }) {
                ExitCode::from(FOR_A_PERSON)
            } else {
                ExitCode::FAILURE
            };
        }
        exit(match self.command {
            Command::Run { release_outbox } => {
                let source = Source::new(self.config, read);
                Box::pin(run(config, source, release_outbox)).await.map(|()| true)
            }
            Command::Check => Box::pin(ops::check::check(&config, &Clock::system(), &mut std::io::stdout())).await,
            Command::Backup { encrypt } => ops::backup::backup(&config, &Clock::system(), encrypt).await,
            Command::Restore { file } => ops::restore::restore(&config, &Clock::system(), &file).await,
            Command::Export { period, out } => {
                ops::export::export(&config, &Clock::system(), period, out.as_deref()).await
            }
            Command::Audit(Audit::Verify { expect }) => ops::audit::verify(&config, expect.as_ref()).await,
            Command::Revenue(Revenue::Verify) => ops::revenue::verify(&config).await,
            Command::Revenue(Revenue::Show { period }) => ops::revenue::show(&config, period).await,
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
            if is_for_a_person(&error) { ExitCode::from(FOR_A_PERSON) } else { ExitCode::FAILURE }
        }
    }
}

fn is_for_a_person(error: &anyhow::Error) -> bool {
    error.is::<OperatorActionRequired>()
        || matches!(error.downcast_ref(), Some(db::Error::Unusable { .. } | db::Error::Currency { .. }))
}

/// The tour; the bot's own warnings go to the error stream, the story to the output.
#[cfg(feature = "sandbox")]
async fn sandbox(keep_open: bool, picture: Option<PathBuf>) -> anyhow::Result<bool> {
    use tollkeeper::sandbox::tour;
    let options = tour::Options { keep_open, picture, ..tour::Options::default() };
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

async fn run(config: Config, source: Source, release_outbox: bool) -> anyhow::Result<()> {
    let _logs = telemetry::start(&config.log, &config.storage.data_dir)?;
    tracing::info!("tollkeeper {} starts", env!("CARGO_PKG_VERSION"));
    if config.discord.rest_proxy.is_some() {
        tracing::warn!("discord.rest_proxy is set: calls to Discord go through it");
    }
    let shutdown = told_to_stop()?;
    let done = match App::build(config, source, Clock::system()).await {
        Ok(app) => match if release_outbox { app.release_outbox().await } else { Ok(()) } {
            Ok(()) => app.run_until(shutdown).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    if let Err(error) = &done {
        tracing::error!("{error:#}");
    }
    done
}
