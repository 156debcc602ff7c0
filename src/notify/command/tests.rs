use std::fs;

use tempfile::TempDir;

use super::*;
use crate::notify::message::sample;

/// A script in a folder of its own.
fn script(text: &str) -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, format!("cd {}\n{text}\n", folder.path().display())).unwrap();
    // The shell runs the script: executing it directly fails while another test's child still has it open for writing.
    (folder, vec!["/bin/sh".to_owned(), path.display().to_string(), "$(touch owned)".to_owned()])
}

fn reason(result: Result<String, Failure>) -> String {
    match result {
        Err(Failure::Retry(fault)) => fault.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_gets_the_message_on_stdin_and_in_its_environment_without_a_shell() {
    let (folder, command) = script("cat > told; echo \"$FLOORWATCH_EVENT|$FLOORWATCH_QUEUE|$1\" > env");
    let mut message = sample();
    message.queue = Some("\"; touch owned; `touch owned` $(touch owned)".into());
    assert_eq!(run(&command, &message, &CancellationToken::new()), Ok("exit code 0".to_owned()));
    let told: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("told")).unwrap()).unwrap();
    assert_eq!(told, serde_json::to_value(&message).unwrap());
    let env = fs::read_to_string(folder.path().join("env")).unwrap();
    assert_eq!(env.trim(), "firing|\"; touch owned; `touch owned` $(touch owned)|$(touch owned)");
    assert!(!folder.path().join("owned").exists());
}

#[test]
fn the_failure_names_the_exit_code_or_the_signal() {
    let stop = CancellationToken::new();
    let (_folder, command) = script("exit 3");
    assert!(reason(run(&command, &sample(), &stop)).ends_with("ended with exit code 3"));
    let (_folder, command) = script("kill -9 $$");
    assert!(reason(run(&command, &sample(), &stop)).ends_with("was ended by signal 9"));
    assert!(reason(run(&["/nowhere/siren".to_owned()], &sample(), &stop)).starts_with("cannot run /nowhere/siren: "));
}

#[test]
fn a_command_that_hangs_is_killed_with_its_children() {
    let (folder, command) = script("sleep 600 & echo $! > child; wait");
    let stop = CancellationToken::new();
    let until = stop.clone();
    let child = folder.path().join("child");
    let watcher = {
        let child = child.clone();
        std::thread::spawn(move || {
            while fs::read_to_string(&child).map_or(true, |text| !text.ends_with('\n')) {
                sleep(POLL_INTERVAL);
            }
            // Instead of waiting for the timeout.
            until.cancel();
        })
    };
    assert!(reason(run(&command, &sample(), &stop)).contains("was killed"));
    watcher.join().unwrap();
    let pid: i32 = fs::read_to_string(child).unwrap().trim().parse().unwrap();
    let gone = || {
        // The process may still be a zombie until init reaps it.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    let end = Instant::now() + Duration::from_secs(20);
    while !gone() {
        assert!(Instant::now() < end, "the child of a killed command still runs");
        sleep(POLL_INTERVAL);
    }
}
