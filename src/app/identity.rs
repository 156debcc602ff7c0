//! Who uses this program: the name and the place recorded with actions on alerts.

use crate::alert::Actor;
use crate::text::Label;

/// The user: the configured name, or the login (the one before `sudo`).
pub(super) fn who(configured: Option<Label>) -> Actor {
    let login = || {
        ["SUDO_USER", "USER", "LOGNAME"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .map(|name| Label::new(&name))
            .find(|name| !name.is_empty())
    };
    let name = configured
        .or_else(login)
        .unwrap_or_else(|| Label::new(&format!("user {}", rustix::process::getuid().as_raw())));
    let terminal = rustix::termios::ttyname(std::io::stdin(), Vec::new()).ok();
    let terminal = terminal.map(|name| name.to_string_lossy().trim_start_matches("/dev/").to_owned());
    let from = match terminal {
        Some(terminal) => Label::new(&format!("{} {terminal}", host())),
        None => host(),
    };
    Actor { name, from }
}

/// The host name.
pub(super) fn host() -> Label {
    Label::new(&rustix::system::uname().nodename().to_string_lossy())
}
