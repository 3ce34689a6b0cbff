//! TLS: who is trusted, the handshake, and what was agreed on in it.
//!
//! The only module that knows the TLS stack; the HTTP client is given the same
//! configuration.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{Certificate, DialError, DialerError, Protocol, Stream};

/// Who is trusted.
#[derive(Debug, Clone)]
pub(crate) struct Config(ClientConfig);

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
    pub fn certificate(&self) -> Result<Certificate, String> {
        Certificate::read(&self.certificate)
    }
}

impl Config {
    /// Trusts the authorities in the file, or those of the system.
    pub(super) fn new(cacert: Option<&Path>) -> Result<Self, DialerError> {
        let stack = |error: rustls::Error| DialerError::Stack {
            reason: error.to_string(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(stack)?;
        let config = if let Some(path) = cacert {
            builder.with_root_certificates(authorities(path)?)
        } else {
            let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(stack)?;
            // What is called dangerous is to bring a verifier of one's own;
            // this one verifies by the system's authorities.
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier))
        };
        Ok(Self(config.with_no_client_auth()))
    }

    /// The configuration that offers these protocols.
    pub(crate) fn offering(&self, offer: &[Protocol]) -> ClientConfig {
        let mut config = self.0.clone();
        let names = offer.iter().map(|protocol| match protocol {
            Protocol::Http1 => b"http/1.1".to_vec(),
            Protocol::Http2 => b"h2".to_vec(),
        });
        config.alpn_protocols = names.collect();
        config
    }

    /// Speaks TLS with the server of that name.
    pub(super) async fn handshake(
        &self,
        tcp: TcpStream,
        host: &str,
        offer: &[Protocol],
    ) -> Result<(Stream, TlsFacts), DialError> {
        let failed = |reason: &dyn std::fmt::Display| DialError::Tls(reason.to_string());
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|error| failed(&error))?;
        let connector = TlsConnector::from(Arc::new(self.offering(offer)));
        let stream = connector
            .connect(name, tcp)
            .await
            .map_err(|error| failed(&error))?;
        let session = stream.get_ref().1;
        let facts = TlsFacts {
            version: version(session.protocol_version()),
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
        Ok((Stream::tls(stream), facts))
    }
}

fn version(version: Option<ProtocolVersion>) -> &'static str {
    match version {
        Some(ProtocolVersion::TLSv1_3) => "1.3",
        _ => "1.2",
    }
}

/// The authorities in a PEM file.
fn authorities(path: &Path) -> Result<RootCertStore, DialerError> {
    let unreadable = |reason: String| DialerError::Authorities {
        path: path.to_owned(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("no certificate in PEM form in it".to_owned()));
    }
    Ok(roots)
}
