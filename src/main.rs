//! argv -> run -> exit code: the only place that exits or prints.

use clap::Parser;
use curtail::cli::{Cli, Status};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    // Standard error may be closed; that must not end the run.
    let mut tell = |line: &str| drop(writeln!(anstream::stderr(), "{line}"));
    match cli.run(&mut tell) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::Above) => ExitCode::from(1),
        Ok(Status::Failed) => ExitCode::from(2),
        Err(error) => {
            tell(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}
