//! `floorwatch completions` and `floorwatch man`, generated from the definition of the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::Cli;

/// The arguments of the command.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The completion script of a shell.
#[must_use]
pub fn script(shell: Shell) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "floorwatch", &mut out);
    out
}

/// The manual page.
///
/// # Errors
/// None in practice: the page is written to memory.
pub fn manual() -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut out)?;
    Ok(out)
}
