//! The command line.

use std::process::ExitCode;

use clap::Parser as _;

/// Threads for what blocks (names, pictures, hashes); the unit's `TasksMax` has room for them.
const BLOCKING_THREADS: usize = 64;

mod cli;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().max_blocking_threads(BLOCKING_THREADS).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the program cannot start its threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli.perform());
    // What still blocks a thread (a name being looked up, a picture being copied) is not waited for:
    // it may hang for minutes, and nothing that matters is whole before its own end.
    runtime.shutdown_background();
    code
}
