//! Finds the floor to show: a configured hub, or a floor that runs on this machine.

use std::path::PathBuf;

use super::Error;
use crate::config::Config;
use crate::hub::client::HubAddress;
use crate::hub::{access, socket};
use crate::journal::Journal;
use crate::net::http::Auth;
use crate::text::Label;

/// Where the configured floor listens on this machine, if it runs. Its lock file says so.
pub(super) fn own_socket(config: &Config) -> Option<PathBuf> {
    let own = || Journal::holder(&super::journal_path(config).ok()?)?.socket;
    let answers = |path: &PathBuf| std::os::unix::net::UnixStream::connect(path).is_ok();
    config.hub.socket.clone().or_else(own).filter(answers)
}

/// The address and the name of the configured hub, or of a floor on this machine; `None` if there is neither, or if a floor
/// is configured that does not run.
///
/// # Errors
/// [`Error::SeveralFloors`] if several run here and none is configured, [`Error::NotShared`] if the only ones are shared
/// with a group that this user is not in.
pub(super) fn find(config: &Config) -> Result<Option<(HubAddress, Label)>, Error> {
    let settings = &config.hub;
    if let Some(address) = &settings.url {
        let auth = settings.token.clone().map(Auth::Bearer);
        let name = Label::new(&address.host());
        return Ok(Some((HubAddress::Network { address: address.clone(), auth, tls: settings.tls.clone() }, name)));
    }
    // With a socket and no sources configured, the board waits for that floor rather than showing another one.
    if let Some(path) = settings.socket.clone().filter(|_| config.sources.is_empty()) {
        return Ok(Some((HubAddress::Socket(path), Label::fixed("this floor"))));
    }
    // The configured floor takes precedence over others on this machine.
    if let Some(path) = own_socket(config) {
        return Ok(Some((HubAddress::Socket(path), Label::fixed("this floor"))));
    }
    // Whoever configured sources means that floor; another one must not stand in for it.
    if !config.sources.is_empty() {
        return Ok(None);
    }
    let own_user = rustix::process::geteuid().as_raw();
    let socket::LocalFloors { open: mut found, closed } = socket::find();
    // This user's floors take precedence over those of others.
    if found.iter().any(|(_, user)| *user == own_user) {
        found.retain(|(_, user)| *user == own_user);
    }
    match found.as_slice() {
        [] => match closed.first() {
            Some((user, group)) => Err(Error::NotShared(access::login(*user), access::group(*group))),
            None => Ok(None),
        },
        [(path, user)] => {
            let name = format!("{}'s floor", access::login(*user));
            Ok(Some((HubAddress::Socket(path.clone()), Label::new(&name))))
        }
        several => Err(Error::SeveralFloors(several.iter().map(|(path, _)| path.display().to_string()).collect())),
    }
}
