//! The hub's TLS certificate, which can be reloaded while the hub runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::Error;

/// A certificate chain with its key, and the acceptor made from their newest content.
pub(super) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    acceptor: watch::Sender<TlsAcceptor>,
}

impl Certificate {
    /// Load both files.
    ///
    /// # Errors
    /// [`Error::Certificate`] if a file cannot be used, or everybody can read the key.
    pub(super) fn new(chain: &Path, key: &Path) -> Result<Self, Error> {
        let (acceptor, _) = watch::channel(load(chain, key)?);
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), acceptor })
    }

    /// The acceptor, updated by [`Self::reload`].
    pub(super) fn subscribe(&self) -> watch::Receiver<TlsAcceptor> {
        self.acceptor.subscribe()
    }

    /// Load both files again. If that fails, the former certificate stays in use.
    pub(super) fn reload(&self) {
        match load(&self.chain, &self.key) {
            Ok(acceptor) => {
                drop(self.acceptor.send_replace(acceptor));
                tracing::info!("the certificate was reloaded");
            }
            // The files may be in the middle of being replaced.
            Err(error) => tracing::error!("the certificate was not reloaded, the former one stays in use: {error}"),
        }
    }
}

fn load(chain: &Path, key: &Path) -> Result<TlsAcceptor, Error> {
    use std::os::unix::fs::PermissionsExt;
    let wrong = |path: &Path, why: String| Error::Certificate(path.to_owned(), why);
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(chain).map_err(|error| wrong(chain, error.to_string()))?.collect();
    let certificates = certificates.map_err(|error| wrong(chain, error.to_string()))?;
    let metadata = std::fs::metadata(key).map_err(|error| wrong(key, error.to_string()))?;
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err(wrong(key, format!("everybody can read it: take that away with `chmod o= {}`", key.display())));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| wrong(chain, error.to_string()))?;
    let config = builder.with_no_client_auth().with_single_cert(certificates, private);
    let mut config = config.map_err(|error| wrong(chain, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
