//! The bearer tokens that senders may use, and the secrets with which vendors sign.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::net::Fault;
use crate::secret::Secret;

/// A shorter token can be guessed.
const MIN_TOKEN_BYTES: usize = 16;

/// The tokens that are accepted.
pub(super) struct AcceptedTokens(SecretString);

impl AcceptedTokens {
    /// Read the tokens, one per line. Several allow a new token to be accepted before the old one is removed.
    ///
    /// # Errors
    /// If they cannot be read, or one is too short.
    pub(super) fn read(secret: &Secret) -> Result<Self, Fault> {
        let text = secret.read()?;
        if each(&text).any(|token| token.len() < MIN_TOKEN_BYTES) {
            let reason = format!(
                "a token is shorter than {MIN_TOKEN_BYTES} characters, which can be guessed: make a longer one"
            );
            return Err(Fault::needs_change(reason));
        }
        Ok(Self(text))
    }

    /// Whether one of them is as `is_meant` says.
    pub(super) fn any(&self, is_meant: impl Fn(&str) -> bool) -> bool {
        each(&self.0).any(is_meant)
    }

    /// Whether `token` is one of them. The time it takes reveals nothing about the tokens but their lengths.
    pub(super) fn contains(&self, token: &[u8]) -> bool {
        let known = each(&self.0).fold(0, |known, good| known | good.as_bytes().ct_eq(token).unwrap_u8());
        known == 1
    }
}

fn each(text: &SecretString) -> impl Iterator<Item = &str> {
    text.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::net::FaultKind;

    fn read(text: &str) -> Result<AcceptedTokens, Fault> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        AcceptedTokens::read(&Secret::File(path))
    }

    #[test]
    fn any_of_the_tokens_is_good_and_nothing_else() {
        let Ok(tokens) = read("0123456789abcdef\n\nfedcba9876543210\n") else { panic!() };
        for good in ["0123456789abcdef", "fedcba9876543210"] {
            assert!(tokens.contains(good.as_bytes()), "{good}");
        }
        for bad in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdef fedcba9876543210"] {
            assert!(!tokens.contains(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn what_could_be_guessed_is_refused_without_being_told() {
        let Err(fault) = read("0123456789abcdef\nhunter2") else { panic!() };
        assert!(
            fault.kind == FaultKind::NeedsChange
                && fault.reason.contains("shorter than 16")
                && !fault.reason.contains("hunter2")
        );
    }
}
