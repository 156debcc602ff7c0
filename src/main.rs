//! The command line: parse, run, one error line, the exit code.

use std::error::Error as _;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use floorwatch::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too; a closed pipe is nobody's fault.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "floorwatch: {}", chain(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

/// An error and its causes on one line; a cause that the error tells itself is not told again.
fn chain(error: &cli::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text.push_str(": ");
            text.push_str(&told);
        }
        cause = error.source();
    }
    // A file's name may hold anything; a terminal must not.
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}
