//! Reads the recording of a replay into memory.

use super::{Error, Replay};
use crate::config::Config;
use crate::event::Event;
use crate::source::file::read::{self, Options};

const BATCH_EVENTS: usize = 10_000;

/// All events of a recording, which must be fewer than `max`.
pub(super) fn read(replay: &Replay, config: &Config, max: usize) -> Result<Vec<Event>, Error> {
    let tables = config.tables(replay.columns.as_deref())?;
    let options = Options { tables, max_held_events: max, ..Options::default() };
    let mut reader = read::open(&replay.files, &options)?;
    let mut events = Vec::new();
    while events.len() < max && reader.next_batch(&mut events, BATCH_EVENTS.min(max)) {}
    if events.len() >= max {
        return Err(Error::TooLong(max));
    }
    if events.is_empty() {
        let names: Vec<String> = replay.files.iter().map(|file| file.display().to_string()).collect();
        return Err(Error::Empty(names.join(", ")));
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_that_would_fill_the_memory_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("queue_log");
        let line = |n: u32| format!("{}|{n}.1|q|NONE|ENTERQUEUE||100|1\n", 1_000_000_000 + n);
        std::fs::write(&file, (0..1_000).map(line).collect::<String>()).unwrap();
        let replay = Replay { files: vec![file], columns: None, speed: 1.0, from: None };
        assert_eq!(read(&replay, &Config::default(), 1_001).unwrap().len(), 1_000);
        let error = read(&replay, &Config::default(), 1_000).unwrap_err().to_string();
        assert!(error.contains("1000 events or more, too many to replay: give the files of one day"), "{error}");
    }
}
