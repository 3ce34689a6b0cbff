//! TLS: who is trusted, the handshake, and what was agreed on in it.
//!
//! The only module that knows the TLS stack.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, ProtocolVersion, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::error::{ConnectError, DialerSetupError, describe_os_error};
use super::{Certificate, Protocol, ReadCertificateError, Stream};

/// Who is trusted. All connections share the tickets with which a handshake
/// with the same server becomes a short one (RFC 8446, section 2.2).
#[derive(Clone)]
pub(super) struct TlsConfig {
    connector: TlsConnector,
    /// The authorities that are not trusted because their time is over, or has
    /// not come, as a clause.
    left_out: Option<Arc<str>>,
}

/// What is wrong with TLS, or with the certificate.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}{}", left_out.as_deref().unwrap_or_default())]
pub struct TlsError {
    error: rustls::Error,
    /// The authorities that were left out, as a clause, where they matter.
    left_out: Option<Arc<str>>,
}

/// The kinds of errors of TLS that need different help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsErrorKind {
    /// What answers there speaks no TLS.
    NoTls,
    /// None of the protocols that were offered is spoken there.
    NoProtocol,
    /// The certificate is for another name.
    OtherName,
    /// Nobody who is trusted has signed the certificate.
    UnknownIssuer,
    /// The certificate's time is over.
    Expired,
    /// Something else about the certificate.
    Certificate,
    /// Something else.
    Other,
}

impl TlsError {
    /// What kind of error it is.
    pub fn kind(&self) -> TlsErrorKind {
        match &self.error {
            rustls::Error::InvalidMessage(_) => TlsErrorKind::NoTls,
            rustls::Error::NoApplicationProtocol
            | rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
                TlsErrorKind::NoProtocol
            }
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => TlsErrorKind::OtherName,
                CertificateError::UnknownIssuer => TlsErrorKind::UnknownIssuer,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    TlsErrorKind::Expired
                }
                _ => TlsErrorKind::Certificate,
            },
            _ => TlsErrorKind::Other,
        }
    }

    /// The error of TLS inside an error of the stream, if it holds one.
    fn find_in(error: &io::Error) -> Option<rustls::Error> {
        error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
    }
}

/// What a handshake agreed on.
#[derive(Debug, Clone)]
pub struct TlsFacts {
    /// The version of TLS, such as `1.3`.
    pub version: &'static str,
    /// The cipher suite, such as `TLS13_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// The protocol that was agreed on by ALPN, such as `h2`.
    pub protocol: Option<String>,
    /// The server's own certificate, as it came.
    certificate: Vec<u8>,
}

impl TlsFacts {
    /// The server's own certificate, read.
    ///
    /// # Errors
    /// What cannot be read in it.
    pub fn certificate(&self) -> Result<Certificate, ReadCertificateError> {
        Certificate::read(&self.certificate)
    }
}

impl TlsConfig {
    /// Trusts the authorities in the file, or those of the system.
    pub(super) fn new(cacert: Option<&Path>) -> Result<Self, DialerSetupError> {
        let stack = |error: rustls::Error| DialerSetupError::Stack {
            reason: error.to_string(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(stack)?;
        let mut left_out = None;
        let config = if let Some(path) = cacert {
            let authorities = read_authorities(path)?;
            left_out = authorities.left_out;
            builder.with_root_certificates(authorities.roots)
        } else {
            let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(stack)?;
            // What is called dangerous is to bring a verifier of one's own;
            // this one verifies by the system's authorities.
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
        };
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config.with_no_client_auth())),
            left_out,
        })
    }

    /// Speaks TLS with the server of that name.
    pub(super) async fn handshake(
        &self,
        tcp: TcpStream,
        host: &str,
        offer: &[Protocol],
    ) -> Result<(Stream, TlsFacts), ConnectError> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|_| {
            let error = rustls::Error::General(format!("`{host}` is no name for a certificate"));
            self.connect_error(error)
        })?;
        let names = offer.iter().map(|protocol| match protocol {
            Protocol::Http1 => b"http/1.1".to_vec(),
            Protocol::Http2 => b"h2".to_vec(),
        });
        let connector = self.connector.with_alpn(names.collect());
        let stream = connector.connect(name, tcp).await;
        let stream = stream.map_err(|error| match TlsError::find_in(&error) {
            Some(error) => self.connect_error(error),
            None => ConnectError::Handshake((&error).into()),
        })?;
        let session = stream.get_ref().1;
        let facts = TlsFacts {
            version: version_name(session.protocol_version()),
            cipher: session
                .negotiated_cipher_suite()
                .map(|suite| format!("{:?}", suite.suite()))
                .unwrap_or_default(),
            protocol: session
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            certificate: session
                .peer_certificates()
                .and_then(<[_]>::first)
                .map(|certificate| certificate.to_vec())
                .unwrap_or_default(),
        };
        Ok((Stream::from_tls(stream), facts))
    }

    /// The error of a handshake. An issuer that is not trusted may be one of the
    /// authorities that were left out, so the message then names those.
    fn connect_error(&self, error: rustls::Error) -> ConnectError {
        let mut problem = TlsError {
            error,
            left_out: None,
        };
        if problem.kind() == TlsErrorKind::UnknownIssuer {
            problem.left_out.clone_from(&self.left_out);
        }
        ConnectError::Tls(problem)
    }
}

impl std::fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsConfig").finish_non_exhaustive()
    }
}

/// The version of TLS in the words of its documents. rustls speaks no other two.
fn version_name(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    }
}

/// The authorities in a PEM file.
struct Authorities {
    roots: RootCertStore,
    /// Those that are not trusted because of the time, as a clause.
    left_out: Option<Arc<str>>,
}

/// Reads the authorities in a PEM file. One whose time is over, or has not come,
/// is left out here, because rustls does not look at the time of an authority.
fn read_authorities(path: &Path) -> Result<Authorities, DialerSetupError> {
    let unreadable = |reason: String| DialerSetupError::Authorities {
        path: path.to_owned(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|error| unreadable(describe_os_error(&error)))?;
    let mut roots = RootCertStore::empty();
    let mut left_out = Vec::new();
    let now = Timestamp::now();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        // An authority that cannot be read here is for rustls to judge.
        let untimely = Certificate::read(&certificate)
            .ok()
            .and_then(|read| read.describe_untimely(now));
        match untimely {
            Some(untimely) => left_out.push(untimely),
            None => roots
                .add(certificate)
                .map_err(|error| unreadable(error.to_string()))?,
        }
    }
    let untimely = left_out.join(", and ");
    if roots.is_empty() && untimely.is_empty() {
        return Err(unreadable("no certificate in PEM form in it".to_owned()));
    }
    if roots.is_empty() {
        return Err(unreadable(format!("there is only {untimely}")));
    }
    let left_out =
        (!untimely.is_empty()).then(|| format!("; `{}` holds {untimely}", path.display()).into());
    Ok(Authorities { roots, left_out })
}
