//! TLS for clients. Certificates are verified against the system's authorities, or against configured ones.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Deserialize;

use crate::net::Fault;

/// The keys of `tls = { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// A PEM file with the certificates of the only authorities to trust. The system's authorities when absent.
    pub ca: Option<PathBuf>,
    /// Accept any certificate. The board says so as long as it is set.
    pub danger_accept_any_certificate: bool,
    /// Send the token or password to another machine even by `http://`, where others can read it. The board says so.
    pub allow_plain_http: bool,
}

/// What the board shows while certificates are not checked.
pub(crate) const UNCHECKED_REMARK: &str =
    "certificates are not checked (danger_accept_any_certificate): whoever answers is believed";

impl Tls {
    /// The configuration for rustls.
    ///
    /// # Errors
    /// If the authorities cannot be read.
    pub(crate) fn config(&self) -> Result<ClientConfig, Fault> {
        let provider = Arc::new(ring::default_provider());
        let no = |error: rustls::Error| Fault::needs_change(format!("cannot set TLS up: {error}"));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(no)?;
        let builder = if self.danger_accept_any_certificate {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAnyCertificate::new(&provider)))
        } else if self.ca.is_some() {
            builder.with_root_certificates(self.authorities()?)
        } else {
            builder.with_platform_verifier().map_err(no)?
        };
        Ok(builder.with_no_client_auth())
    }

    /// The configured authorities.
    fn authorities(&self) -> Result<RootCertStore, Fault> {
        let mut roots = RootCertStore::empty();
        for certificate in self.trusted_certificates()? {
            roots.add(certificate).map_err(|error| self.unusable(&error.to_string()))?;
        }
        Ok(roots)
    }

    /// The certificates of the authorities to trust: the configured ones, or the system's, for a client that makes its
    /// own configuration.
    pub(crate) fn trusted_certificates(&self) -> Result<Vec<CertificateDer<'static>>, Fault> {
        let found: Vec<_> = match &self.ca {
            None => rustls_native_certs::load_native_certs().certs,
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| self.unusable(&error.to_string()))?;
                let found = CertificateDer::pem_reader_iter(Cursor::new(pem)).collect::<Result<_, _>>();
                found.map_err(|error| self.unusable(&error.to_string()))?
            }
        };
        if found.is_empty() { Err(self.unusable("there is none; it must be PEM")) } else { Ok(found) }
    }

    fn unusable(&self, why: &str) -> Fault {
        let of_system = || "the system's store (install ca-certificates, or name them with tls.ca)".to_owned();
        let place = self.ca.as_ref().map_or_else(of_system, |path| path.display().to_string());
        Fault::needs_change(format!("cannot use the certificates in {place}: {why}"))
    }
}

/// The fault for an error that TLS caused; `None` for other errors. `whose` names the server in it.
pub(crate) fn explain(error: &(dyn std::error::Error + 'static), whose: &str) -> Option<Fault> {
    use rustls::{CertificateError as Wrong, Error};
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<Error>() {
            let words = match tls {
                Error::InvalidCertificate(wrong) => match wrong {
                    Wrong::UnknownIssuer => "is signed by nobody we trust: name its authority with tls.ca".to_owned(),
                    Wrong::Expired | Wrong::ExpiredContext { .. } => {
                        "has expired: renew it, or set this machine's clock".to_owned()
                    }
                    Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
                        "is not valid yet: set the clocks of both machines".to_owned()
                    }
                    Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
                        "is for another name: use the name it was made for in the address".to_owned()
                    }
                    other if other.to_string().contains("CaUsedAsEndEntity") => {
                        "is an authority's own: make one for the server, with `basicConstraints = CA:FALSE`".to_owned()
                    }
                    other => format!("can't be trusted ({other})"),
                },
                other => return Some(Fault::needs_change(format!("no TLS with {whose}: {other}"))),
            };
            return Some(Fault::needs_change(format!("the certificate of {whose} {words}")));
        }
        cause = cause_of(error);
    }
    None
}

/// The cause of an error. An I/O error that wraps another error does not return it from `source`.
pub(crate) fn cause_of<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn std::error::Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Accepts any certificate.
#[derive(Debug)]
struct AcceptAnyCertificate(WebPkiSupportedAlgorithms);

impl AcceptAnyCertificate {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for AcceptAnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
