//! What a server's certificate says of itself (RFC 5280).
//!
//! The only module that knows the certificate parser. Whether the certificate
//! is to be trusted is settled before, in the handshake.

use std::time::Duration;

use jiff::Timestamp;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// What a server's certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Who signed it, as in RFC 4514: `CN=R11,O=Let's Encrypt,C=US`.
    pub issuer: String,
    /// Whom it is for, as in RFC 4514.
    pub subject: String,
    /// The names and addresses that it is valid for.
    pub names: Vec<String>,
    /// The first moment at which it is valid.
    pub not_before: Timestamp,
    /// The last moment at which it is valid.
    pub not_after: Timestamp,
}

/// Why a certificate cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a certificate that cannot be read: {0}")]
pub struct ReadCertificateError(#[from] x509_cert::der::Error);

impl Certificate {
    /// Reads a certificate in DER form.
    pub(super) fn read(der: &[u8]) -> Result<Self, ReadCertificateError> {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let fields = certificate.tbs_certificate();
        let validity = fields.validity();
        let moment = |since: Duration, beyond: Timestamp| {
            let seconds = i64::try_from(since.as_secs()).ok();
            let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
            moment.unwrap_or(beyond)
        };
        let names = fields
            .get_extension::<SubjectAltName>()?
            .map(|(_, names)| names.0.iter().filter_map(read_name).collect());
        Ok(Self {
            issuer: fields.issuer().to_string(),
            subject: fields.subject().to_string(),
            names: names.unwrap_or_default(),
            not_before: moment(validity.not_before.to_unix_duration(), Timestamp::MAX),
            not_after: moment(validity.not_after.to_unix_duration(), Timestamp::MAX),
        })
    }

    /// A clause that says whom the certificate is for, and since or until when it
    /// is not valid; absent if it is valid at `now`.
    pub(super) fn describe_untimely(&self, now: Timestamp) -> Option<String> {
        let day = |moment: Timestamp| moment.strftime("%Y-%m-%d").to_string();
        let subject = &self.subject;
        if now > self.not_after {
            let day = day(self.not_after);
            return Some(format!("`{subject}`, which expired on {day}"));
        }
        let day = day(self.not_before);
        (now < self.not_before).then(|| format!("`{subject}`, which is not valid before {day}"))
    }
}

/// A name of a host, or an address; names of other kinds, such as of mail, say
/// nothing about a server.
fn read_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(|b| std::net::IpAddr::from(b).to_string());
            let v6 = || <[u8; 16]>::try_from(bytes).map(|b| std::net::IpAddr::from(b).to_string());
            v4.or_else(|_| v6()).ok()
        }
        _ => None,
    }
}
