//! References to secrets, which are stored outside the configuration.
//!
//! The configuration says where a secret is stored. It is read from there each time it is needed, so that a changed one
//! is used without a restart. It cannot be printed, logged or journalled by accident: [`SecretString`] redacts itself,
//! and is wiped from memory when dropped.

use std::env::VarError;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// The largest secret file; a larger one is a wrong path.
const MAX_FILE_BYTES: u64 = 16 * 1024;
/// The mode bits of users that are neither the owner nor in the group.
const OTHERS_MODE: u32 = 0o007;

/// Where a secret is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In an environment variable.
    Env(String),
    /// In a file that only the owner and the group can read.
    File(PathBuf),
    /// In the system's credentials directory (`$CREDENTIALS_DIRECTORY`), under this name.
    Credential(String),
}

/// Why a secret cannot be read. The messages never contain the secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The variable is not set.
    #[error("the environment variable {0} is not set: set it before floorwatch starts")]
    Unset(String),
    /// The variable is not UTF-8.
    #[error("the environment variable {0} is not UTF-8: set it anew")]
    NotText(String),
    /// `$CREDENTIALS_DIRECTORY` is not set.
    #[error(
        "there is no $CREDENTIALS_DIRECTORY for the credential {0}: start floorwatch by a systemd unit with LoadCredential="
    )]
    NoDirectory(String),
    /// The file cannot be read.
    #[error("cannot read the secret in {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Everybody can read the file.
    #[error("{0} can be read by everybody: take that away with `chmod o= {0}`")]
    Exposed(PathBuf),
    /// The secret is empty.
    #[error("{0} holds no secret: it is empty")]
    Empty(String),
    /// The file is too large.
    #[error("{0} is over 16 KiB long: that is no password or token")]
    TooLong(PathBuf),
}

impl Secret {
    /// Read the secret, without a byte order mark and a trailing line break.
    ///
    /// # Errors
    /// If it does not exist, is empty or too large, or everybody can read the file.
    pub fn read(&self) -> Result<SecretString, Error> {
        let (text, place) = match self {
            Self::Env(name) => {
                let text = std::env::var(name).map_err(|error| match error {
                    VarError::NotPresent => Error::Unset(name.clone()),
                    VarError::NotUnicode(_) => Error::NotText(name.clone()),
                })?;
                (text, name.clone())
            }
            Self::File(path) => (read_file(path)?, path.display().to_string()),
            Self::Credential(name) => {
                let folder =
                    std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| Error::NoDirectory(name.clone()))?;
                let path = Path::new(&folder).join(name);
                (read_file(&path)?, path.display().to_string())
            }
        };
        let trimmed = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        if trimmed.is_empty() {
            return Err(Error::Empty(place));
        }
        Ok(SecretString::from(trimmed))
    }
}

fn read_file(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.permissions().mode() & OTHERS_MODE != 0 {
        return Err(Error::Exposed(path.to_owned()));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(Error::TooLong(path.to_owned()));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecretVisitor;
        impl<'de> serde::de::Visitor<'de> for SecretVisitor {
            type Value = Secret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(r#"where the secret lies: { env = "NAME" }, { file = "/path" } or { credential = "name" }"#)
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Secret, E> {
                Err(E::custom(
                    r#"a secret doesn't stand in the configuration: write { env = "NAME" }, { file = "/path" } or { credential = "name" }"#,
                ))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
                #[derive(Deserialize)]
                #[serde(rename_all = "snake_case")]
                enum StoredSecret {
                    Env(String),
                    File(PathBuf),
                    Credential(String),
                }
                let written = StoredSecret::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                match written {
                    StoredSecret::Env(name) => Ok(Secret::Env(name)),
                    StoredSecret::File(path) => Ok(Secret::File(path)),
                    StoredSecret::Credential(name) if name.contains('/') || name.starts_with('.') => {
                        Err(serde::de::Error::custom("a credential is a name, not a path: use { file = … }"))
                    }
                    StoredSecret::Credential(name) => Ok(Secret::Credential(name)),
                }
            }
        }
        deserializer.deserialize_any(SecretVisitor)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use secrecy::ExposeSecret;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct TestConfig {
        secret: Secret,
    }

    fn parse(text: &str) -> Result<Secret, String> {
        toml::from_str::<TestConfig>(text).map(|table| table.secret).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn the_configuration_names_a_place_and_never_the_secret() {
        assert_eq!(parse(r#"secret = { env = "AMI" }"#), Ok(Secret::Env("AMI".into())));
        assert_eq!(parse(r#"secret = { file = "/etc/ami" }"#), Ok(Secret::File("/etc/ami".into())));
        assert_eq!(parse(r#"secret = { credential = "ami" }"#), Ok(Secret::Credential("ami".into())));
        let said = parse(r#"secret = "hunter2""#).unwrap_err();
        assert!(said.contains("doesn't stand in the configuration") && !said.contains("hunter2"), "{said}");
        assert!(parse(r#"secret = { credential = "../ami" }"#).unwrap_err().contains("not a path"));
        assert!(parse(r#"secret = { flie = "x" }"#).unwrap_err().contains("file"));
    }

    #[test]
    fn a_file_that_everybody_can_read_is_refused_and_a_line_s_end_is_no_part_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ami");
        fs::write(&path, "hunter2\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let secret = Secret::File(path.clone());
        let said = secret.read().unwrap_err().to_string();
        assert!(said.contains("chmod o=") && !said.contains("hunter2"), "{said}");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let read = secret.read().unwrap();
        assert_eq!(read.expose_secret(), "hunter2");
        assert!(!format!("{read:?}").contains("hunter2"));
        fs::write(&path, "\n").unwrap();
        assert!(secret.read().unwrap_err().to_string().contains("empty"));
        assert!(Secret::File(folder.path().join("none")).read().unwrap_err().to_string().contains("none"));
        assert!(Secret::Env("FLOORWATCH_TEST_NOT_SET".into()).read().unwrap_err().to_string().contains("not set"));
    }
}
