//! Whoever tells a program to end for the second time wants it to end now.

use tokio::signal::unix::{SignalKind, signal};

/// End the process as soon as it is told to by SIGINT or SIGTERM. To be run while it is ending already: what it still
/// waits for, such as a slow disk, is given up. What was confirmed is in the journal.
pub(super) async fn at_once_when_told() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let kind = tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt(),
        _ = terminate.recv() => SignalKind::terminate(),
    };
    std::process::exit(128 + kind.as_raw_value());
}
