//! The certificates of the stage: an authority of its own, a good certificate, and
//! the wrong ones that a deployment gate must refuse.
//!
//! Everything is generated at start and lives as long as the stage. The provider
//! (ring) is passed explicitly, so that a stage never depends on, or changes,
//! what the process has installed as its default.

use std::fmt;
use std::sync::Arc;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::error::StageError;

/// The name that customers use, and that the good certificate carries.
pub const PRODUCTION_NAME: &str = "shop.example.test";

/// The names that the good certificate is for.
const CERTIFICATE_NAMES: [&str; 4] = [
    "localhost",
    "127.0.0.1",
    PRODUCTION_NAME,
    "green.example.test",
];

/// A certificate that a careful client must refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongCertificate {
    /// It was valid in the year 2020 only.
    Expired,
    /// It is valid, but for `other.example.test` alone.
    OtherName,
    /// It is signed by itself, which no client knows.
    UnknownIssuer,
}

/// The authority's certificate and a TLS configuration for every leaf.
pub(crate) struct Certificates {
    authority_pem: String,
    client: Arc<ClientConfig>,
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    other_name: Arc<ServerConfig>,
    unknown_issuer: Arc<ServerConfig>,
}

impl Certificates {
    /// Generates the authority and all certificates.
    pub(crate) fn generate() -> Result<Self, StageError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let authority = Authority::generate()?;
        let client = authority.client_config(&provider)?;
        let names = CERTIFICATE_NAMES.map(String::from).to_vec();
        let other = vec!["other.example.test".to_owned()];
        Ok(Self {
            client: Arc::new(client),
            good: authority.issue_server_config("good", names.clone(), Validity::Now, &provider)?,
            expired: authority.issue_server_config(
                "expired",
                names.clone(),
                Validity::Past,
                &provider,
            )?,
            other_name: authority.issue_server_config(
                "other name",
                other,
                Validity::Now,
                &provider,
            )?,
            unknown_issuer: generate_self_signed_config(names, &provider)?,
            authority_pem: authority.pem,
        })
    }

    /// The authority's certificate as PEM: what a client has to trust.
    pub(crate) fn authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// TLS for a client that trusts the authority and nothing else.
    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client)
    }

    /// TLS for a server with the good certificate, or a wrong one.
    pub(crate) fn server_config(&self, wrong: Option<WrongCertificate>) -> Arc<ServerConfig> {
        Arc::clone(match wrong {
            None => &self.good,
            Some(WrongCertificate::Expired) => &self.expired,
            Some(WrongCertificate::OtherName) => &self.other_name,
            Some(WrongCertificate::UnknownIssuer) => &self.unknown_issuer,
        })
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

/// The key and certificate that sign the other certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    fn generate() -> Result<Self, StageError> {
        let name = "authority";
        let generate_error = |source| StageError::Certificate { name, source };
        let key = KeyPair::generate().map_err(generate_error)?;
        let mut params = certificate_params(Vec::new(), Validity::Now, name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Greenlight rehearsal authority");
        let certificate = params.self_signed(&key).map_err(generate_error)?;
        Ok(Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// TLS with a new certificate of this authority. `name` is for errors.
    fn issue_server_config(
        &self,
        name: &'static str,
        names: Vec<String>,
        validity: Validity,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<ServerConfig>, StageError> {
        let generate_error = |source| StageError::Certificate { name, source };
        let key = KeyPair::generate().map_err(generate_error)?;
        let mut params = certificate_params(names, validity, name)?;
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params
            .signed_by(&key, &self.issuer)
            .map_err(generate_error)?;
        build_server_config(name, certificate.der().clone(), &key, provider)
    }

    fn client_config(&self, provider: &Arc<CryptoProvider>) -> Result<ClientConfig, StageError> {
        let tls = |source| StageError::Tls {
            name: "client",
            source,
        };
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).map_err(tls)?;
        Ok(ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_safe_default_protocol_versions()
            .map_err(tls)?
            .with_root_certificates(roots)
            .with_no_client_auth())
    }
}

/// TLS with a certificate that no authority has signed.
fn generate_self_signed_config(
    names: Vec<String>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ServerConfig>, StageError> {
    let name = "unknown issuer";
    let generate_error = |source| StageError::Certificate { name, source };
    let key = KeyPair::generate().map_err(generate_error)?;
    let certificate = certificate_params(names, Validity::Now, name)?
        .self_signed(&key)
        .map_err(generate_error)?;
    build_server_config(name, certificate.der().clone(), &key, provider)
}

/// TLS for a server with this certificate.
fn build_server_config(
    name: &'static str,
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ServerConfig>, StageError> {
    let tls = |source| StageError::Tls { name, source };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(tls)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(tls)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
enum Validity {
    Now,
    Past,
}

/// What every certificate has. `name` is for errors.
fn certificate_params(
    names: Vec<String>,
    validity: Validity,
    name: &'static str,
) -> Result<CertificateParams, StageError> {
    let mut params =
        CertificateParams::new(names).map_err(|source| StageError::Certificate { name, source })?;
    // Some clients refuse certificates that live for centuries, which is
    // what rcgen makes by default.
    (params.not_before, params.not_after) = match validity {
        Validity::Past => (
            rcgen::date_time_ymd(2020, 1, 1),
            rcgen::date_time_ymd(2021, 1, 1),
        ),
        Validity::Now => {
            // rcgen does not export the type of its dates, so this is a closure:
            // a function would have to name the type.
            let midnight = |hours: i64| {
                let time = Timestamp::now()
                    .saturating_add(SignedDuration::from_hours(hours))
                    .unwrap_or(Timestamp::MAX);
                let date = Offset::UTC.to_datetime(time).date();
                rcgen::date_time_ymd(
                    i32::from(date.year()),
                    date.month().unsigned_abs(),
                    date.day().unsigned_abs(),
                )
            };
            (midnight(-24), midnight(30 * 24))
        }
    };
    Ok(params)
}
