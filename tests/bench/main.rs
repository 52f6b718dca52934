//! The numbers that are promised, measured on a release build: `cargo bench`.
//!
//! This process is the sandbox and plays the people; the bot is the real program in a process of
//! its own, started with nothing but a configuration file and its secrets. People act at the
//! times that were intended, whatever the bot is doing, and waiting is counted from there. What
//! was not answered counts as a miss, not as a missing sample. Beside every first answer stands
//! what the sandbox takes when nothing is done at all: a null bot, this program again, which
//! answers each interaction at once with a constant.
//!
//! Prints a table, writes it to `target/tmp/numbers.md` and fails when a number is missed.

use std::process::ExitCode;

mod child;
mod crowd;
mod dashboard;
mod null;
mod report;
mod sale;
mod scene;

use child::Child;
use report::Report;
use scene::Scene;

/// The argument with which this program is the null bot.
const NULL: &str = "null-bot";

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let done = match arguments.next().as_deref() {
        Some(NULL) => null::answer(arguments.next().unwrap_or_default().as_ref()).await.map(|()| true),
        _ => measure().await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the numbers could not be measured: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `Ok(false)` is a number that was missed.
async fn measure() -> anyhow::Result<bool> {
    let mut report = Report::new();
    child::binary_size(&mut report)?;
    start_and_rest(&mut report).await?;
    dashboard::reading(&mut report).await?;
    crowd::first_answers(&mut report).await?;
    sale::confirm_to_dm(&mut report).await?;
    report.close()
}

/// How long a bot that has nothing to do is left alone before its memory is read.
const REST: std::time::Duration = std::time::Duration::from_secs(5);

/// Starts of the process on an empty data directory and on one that exists, and the memory of a
/// bot that does nothing.
async fn start_and_rest(report: &mut Report) -> anyhow::Result<()> {
    let mut registered = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..3 {
        let scene = Scene::open(0).await?;
        for _ in 0..2 {
            let bot = Child::start(&scene, "run").await?;
            registered.push(bot.registered_after);
            tokio::time::sleep(REST).await;
            idle.push(bot.memory()?);
            bot.stop().await?;
        }
    }
    report.at_most("Process start → commands registered", 200.0, "ms", &report::milliseconds(&registered));
    report.at_most("Idle memory 5 s after READY", 25.0, "MB", &idle);
    Ok(())
}
