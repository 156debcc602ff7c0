//! Who may push: bearer tokens.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::net::Fault;
use crate::secret::Secret;

/// A shorter token could be guessed.
const MIN_TOKEN_BYTES: usize = 16;

/// The tokens that are good.
pub(super) struct AcceptedTokens(SecretString);

impl AcceptedTokens {
    /// Read them from their place: one a line, so that a new one is taken before the old one is taken away.
    ///
    /// # Errors
    /// Where they can't be had or are too short.
    pub(super) fn read(secret: &Secret) -> Result<Self, Fault> {
        let text = secret.read()?;
        if each(&text).any(|token| token.len() < MIN_TOKEN_BYTES) {
            let reason = format!(
                "a token is shorter than {MIN_TOKEN_BYTES} characters, which can be guessed: make a longer one"
            );
            return Err(Fault::lasting(reason));
        }
        Ok(Self(text))
    }

    /// Whether an `Authorization` header names one of them. How long it takes says nothing about any of them but its
    /// length.
    pub(super) fn admit(&self, authorization: Option<&[u8]>) -> bool {
        let Some((scheme, token)) = authorization.and_then(|header| header.split_at_checked("bearer ".len())) else {
            return false;
        };
        let token = token.trim_ascii();
        let known = each(&self.0).fold(0, |known, good| known | good.as_bytes().ct_eq(token).unwrap_u8());
        scheme.eq_ignore_ascii_case(b"bearer ") && known == 1
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
        for good in ["Bearer 0123456789abcdef", "bearer fedcba9876543210", "BEARER  fedcba9876543210 "] {
            assert!(tokens.admit(Some(good.as_bytes())), "{good}");
        }
        let bad = ["", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Basic 0123456789abcdef", "0123456789abcdef"];
        for bad in bad.into_iter().chain(["Bearer 0123456789abcdef0", "Bearer 0123456789abcdef fedcba9876543210"]) {
            assert!(!tokens.admit(Some(bad.as_bytes())), "{bad}");
        }
        assert!(!tokens.admit(None) && !tokens.admit(Some(b"Bearer \xff\xff")));
    }

    #[test]
    fn what_could_be_guessed_is_refused_without_being_told() {
        let Err(fault) = read("0123456789abcdef\nhunter2") else { panic!() };
        assert!(fault.lasting && fault.reason.contains("shorter than 16") && !fault.reason.contains("hunter2"));
    }
}
