//! argv -> run -> exit code: the only place that exits or prints.

use clap::Parser;
use curtail::cli::{Cli, Status};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    // A damaged file can make the Parquet reader panic; that is caught and told as an error, so the hook keeps quiet.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !curtail::scan::is_guarded() {
            hook(info)
        }
    }));
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
