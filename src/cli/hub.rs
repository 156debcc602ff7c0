//! `floorwatch hub`: serves the floor without a screen, and makes tokens for its callers.

use std::net::SocketAddr;
use std::path::Path;

use super::{Error, print};
use crate::app::{self, Reloadable};
use crate::config::Config;
use crate::hub::access::{Role, TokenDigest, new_token};
use crate::hub::settings::ListenAddress;
use crate::text::Label;

const ROLES: [&str; 4] = ["viewer", "supervisor", "ingest", "admin"];

/// The arguments of `floorwatch hub`.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// The address to listen at [default: as configured, else 127.0.0.1:7070]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    #[command(subcommand)]
    #[expect(missing_docs, reason = "clap would show it as help")]
    pub command: Option<HubCommand>,
}

/// Subcommands of `floorwatch hub`.
#[derive(Clone, Debug, PartialEq, Eq, clap::Subcommand)]
pub enum HubCommand {
    /// Make a token: prints it once, and what to add to the hub's configuration
    Token {
        /// The holder's name
        name: String,
        /// What the holder may do
        #[arg(value_parser = super::words(&ROLES, |word| Role::WORDS.iter().find(|(name, _)| *name == word).map(|(_, role)| *role)))]
        role: Role,
    },
}

impl Args {
    /// Run the hub, or make a token.
    ///
    /// # Errors
    /// A wrong listen address, a hub without any source of events, or an error of the hub itself.
    pub fn run(&self, config: &Config, reloadable: Option<Reloadable>, log_file: Option<&Path>) -> Result<(), Error> {
        if let Some(HubCommand::Token { name, role }) = &self.command {
            let token = new_token().map_err(Error::Output)?;
            let (name, digest) = (Label::new(name), TokenDigest::of(&token));
            let word = role.word();
            let name = serde_json::to_string(&name).unwrap_or_default();
            return print(
                format!(
                    "The token, told this once: give it to whoever it is for.\n\n    {token}\n\nFor the hub's configuration:\n\n    [[hub.tokens]]\n    name = {name}\n    role = \"{word}\"\n    sha256 = \"{digest}\"\n"
                )
                .as_bytes(),
            );
        }
        let mut config = config.clone();
        let mut reloadable = reloadable;
        if let Some(address) = self.listen {
            config.hub.listen = ListenAddress(address);
            reloadable = reloadable.map(|reloadable| {
                reloadable.then(move |mut config| {
                    config.hub.listen = ListenAddress(address);
                    config
                })
            });
            config.hub.check().map_err(|(key, wrong)| Error::Usage(format!("--{key} {address} {wrong}")))?;
        }
        if config.sources.is_empty() && !config.hub.takes_events() {
            return Err(Error::Usage(
                "there is no [[source]] in the configuration, and no token of the role ingest: a hub needs a floor to tell of"
                    .to_owned(),
            ));
        }
        Ok(app::hub(&config, reloadable, log_file)?)
    }
}
