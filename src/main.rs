//! The program: parses the command line, runs it, and prints an error with its causes on one line.

use std::error::Error as _;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use floorwatch::cli::{self, Cli};
use floorwatch::text::printable;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // An argument may be a file's name.
            for line in error.render().to_string().lines() {
                let _ = writeln!(std::io::stderr(), "{}", printable(line));
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
        Err(error) => {
            // Help and version take this path too. A closed pipe is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match cli::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "floorwatch: {}", printable(&chain(&error)));
            ExitCode::from(error.exit_code())
        }
    }
}

/// An error and its causes on one line. Causes whose text is already included are left out.
fn chain(error: &cli::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = error.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        cause = error.source();
    }
    text
}
