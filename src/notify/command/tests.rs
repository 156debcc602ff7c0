use std::fs;

use tempfile::TempDir;

use super::*;
use crate::notify::message::sample;

/// A script in a folder of its own.
fn script(text: &str) -> (TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, format!("cd {}\n{text}\n", folder.path().display())).unwrap();
    // Not run itself: another test's child may hold it open for writing at that moment, which the system refuses.
    (folder, vec!["/bin/sh".to_owned(), path.display().to_string(), "$(touch owned)".to_owned()])
}

fn reason(result: Result<String, Failure>) -> String {
    match result {
        Err(Failure::Again(fault)) => fault.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_told_on_its_input_and_in_its_environment_and_no_shell_reads_it() {
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
fn how_it_ended_is_said() {
    let stop = CancellationToken::new();
    let (_folder, command) = script("exit 3");
    assert!(reason(run(&command, &sample(), &stop)).ends_with("ended with exit code 3"));
    let (_folder, command) = script("kill -9 $$");
    assert!(reason(run(&command, &sample(), &stop)).ends_with("was ended by signal 9"));
    assert!(reason(run(&["/nowhere/siren".to_owned()], &sample(), &stop)).starts_with("cannot run /nowhere/siren: "));
}

#[test]
fn one_that_hangs_is_killed_with_all_it_started() {
    let (folder, command) = script("sleep 600 & echo $! > child; wait");
    let stop = CancellationToken::new();
    let until = stop.clone();
    let child = folder.path().join("child");
    let watcher = {
        let child = child.clone();
        std::thread::spawn(move || {
            while fs::read_to_string(&child).map_or(true, |text| !text.ends_with('\n')) {
                sleep(LOOK);
            }
            // In place of the ten seconds.
            until.cancel();
        })
    };
    assert!(reason(run(&command, &sample(), &stop)).contains("was killed"));
    watcher.join().unwrap();
    let pid: i32 = fs::read_to_string(child).unwrap().trim().parse().unwrap();
    let gone = || {
        // Whoever takes orphans in may not have looked yet.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    let end = Instant::now() + Duration::from_secs(20);
    while !gone() {
        assert!(Instant::now() < end, "the child of a killed command still runs");
        sleep(LOOK);
    }
}
