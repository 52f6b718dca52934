//! The command line.

use std::process::ExitCode;

use clap::Parser as _;

mod cli;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
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
