//! Runs a command for each message. It gets the message as JSON on its standard input, and the main fields in its
//! environment. No shell is involved, so a queue's name is never executed.

use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::message::AlertMessage;
use crate::net::Fault;
use crate::text::{Label, Text};

/// A command that runs longer is killed, with its whole process group.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a command may go on once floorwatch stops. A killed command is run again after the next start.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);
/// How often the process is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Run the command until it exits. Blocks for up to [`COMMAND_TIMEOUT`], less once `stop` is cancelled.
pub(super) fn run(command: &[String], message: &AlertMessage, stop: &CancellationToken) -> Result<String, Failure> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::Permanent("no command is given".to_owned()));
    };
    let name = Text::new(program);
    let failed = |error: &io::Error| Failure::Retry(Fault::needs_change(format!("cannot run {name}: {error}")));
    let mut child = start(program, arguments, message).map_err(|error| failed(&error))?;
    let mut end = Instant::now() + COMMAND_TIMEOUT;
    let mut stopping = false;
    loop {
        if !stopping && stop.is_cancelled() {
            stopping = true;
            end = end.min(Instant::now() + STOP_TIMEOUT);
        }
        match child.try_wait().map_err(|error| failed(&error))? {
            Some(status) if status.success() => return Ok("exit code 0".to_owned()),
            Some(status) => return Err(Failure::Retry(Fault::transient(format!("{name} {}", ended(status))))),
            None if Instant::now() >= end || stop.is_cancelled() => {
                kill(&mut child);
                let seconds = COMMAND_TIMEOUT.as_secs();
                return Err(Failure::Retry(Fault::transient(format!(
                    "{name} had not ended after {seconds} s: it was killed"
                ))));
            }
            None => sleep(POLL_INTERVAL),
        }
    }
}

fn start(program: &str, arguments: &[String], message: &AlertMessage) -> io::Result<Child> {
    let text = |label: Option<&Label>| label.map(Label::to_string).unwrap_or_default();
    let mut child = Command::new(program)
        .args(arguments)
        .env("FLOORWATCH_EVENT", message.event.key())
        .env("FLOORWATCH_ID", &message.id)
        .env("FLOORWATCH_EPISODE", message.episode.to_string())
        .env("FLOORWATCH_SEVERITY", message.severity.key())
        .env("FLOORWATCH_RULE", message.rule.as_str())
        .env("FLOORWATCH_QUEUE", text(message.queue.as_ref()))
        .env("FLOORWATCH_TITLE", &message.title)
        .env("FLOORWATCH_WHO", text(message.who.as_ref()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A few KiB fit into the pipe's buffer even if the command never reads. It may also have closed its input.
        let mut json = serde_json::to_vec(message).unwrap_or_default();
        json.push(b'\n');
        let _ = stdin.write_all(&json);
    }
    Ok(child)
}

fn kill(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // The process may just have exited.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

#[cfg(test)]
mod tests;
