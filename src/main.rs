//! The command line: parse, run, one error line, the exit code.

fn main() {}
