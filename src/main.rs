//! argv -> run -> exit code: the only place that exits or prints.

use clap::Parser;
use curtail::{
    cli::{Cli, Status},
    report::error_text,
};
use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    // A damaged file can make the Parquet reader panic; that is caught and told as an error, so the hook keeps quiet.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !curtail::scan::is_guarded() {
            hook(info);
        }
    }));
    // Standard error may be closed; that must not end the run.
    let mut tell = |line: &str| drop(writeln!(anstream::stderr(), "{line}"));
    match catch_unwind(AssertUnwindSafe(|| cli.run(&mut tell))) {
        Ok(Ok(Status::Done)) => ExitCode::SUCCESS,
        Ok(Ok(Status::Above)) => ExitCode::from(1),
        Ok(Ok(Status::Failed)) => ExitCode::from(2),
        Ok(Err(error)) => {
            tell(&error_text(&error));
            ExitCode::from(2)
        }
        Err(_) => {
            tell("error: a fault of curtail itself: please report it, with the lines above");
            ExitCode::from(2)
        }
    }
}
