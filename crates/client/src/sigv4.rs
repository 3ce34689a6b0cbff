//! AWS Signature Version 4, for targets that ask IAM who may call them: API
//! Gateway, function URLs, search domains and the like.
//!
//! The only module that knows the signing crate. Credentials come from the
//! check file's variables, never from the machine's own role.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

/// The credentials that requests to a service of AWS are signed with.
#[derive(Clone)]
pub struct Signer {
    /// AWS's Region.
    pub region: String,
    /// AWS's service.
    pub service: String,
    /// The access key.
    pub access_key: String,
    /// The secret key.
    pub secret_key: String,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
}

/// Why a request cannot be signed: what the signing crate says, or which header
/// cannot be signed or sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SignatureError {
    reason: String,
}

impl SignatureError {
    fn new(error: impl fmt::Display) -> Self {
        let reason = error.to_string();
        Self { reason }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys stay out of every debug output.
        write!(f, "Signer({}, {})", self.region, self.service)
    }
}

impl Signer {
    /// Adds the signature to a request's headers.
    ///
    /// Signed are `host`, `content-type` and what begins with `x-amz-`: other
    /// headers may be changed by proxies on the way.
    pub(crate) fn sign(
        &self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), SignatureError> {
        let credentials = Credentials::new(
            &self.access_key,
            &self.secret_key,
            self.session_token.clone(),
            None,
            "check file",
        );
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(now)
            .settings(self.signing_settings())
            .build()
            .map_err(SignatureError::new)?
            .into();
        let signed: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| {
                [HOST, CONTENT_TYPE].contains(name) || name.as_str().starts_with("x-amz-")
            })
            .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
            .collect::<Result<_, http::header::ToStrError>>()
            .map_err(SignatureError::new)?;
        let request = SignableRequest::new(
            method.as_str(),
            url.as_str(),
            signed.into_iter(),
            SignableBody::Bytes(body),
        )
        .map_err(SignatureError::new)?;
        let (instructions, _) = sign(request, &params)
            .map_err(SignatureError::new)?
            .into_parts();
        for (name, value) in instructions.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(SignatureError::new)?;
            let value = HeaderValue::from_str(value).map_err(SignatureError::new)?;
            headers.insert(name, value);
        }
        Ok(())
    }

    /// S3 takes paths as they are, and wants the body's hash in a header.
    fn signing_settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// `get-vanilla` and `post-x-www-form-urlencoded` of AWS's published test
    /// suite for Signature Version 4.
    #[test]
    fn signatures_are_those_of_the_published_suite() {
        let signer = Signer {
            region: "us-east-1".to_owned(),
            service: "service".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_mins(24_015_636);
        let check = |method: Method, headers: &mut HeaderMap, body: &[u8], expected: &str| {
            let url = Url::parse("https://example.amazonaws.com/").unwrap();
            signer.sign(&method, &url, headers, body, at).unwrap();
            assert_eq!(headers["x-amz-date"], "20150830T123600Z");
            let authorization = headers["authorization"].to_str().unwrap();
            let (_, signature) = authorization.split_once("Signature=").unwrap();
            assert_eq!(signature, expected, "{authorization}");
        };
        check(
            Method::GET,
            &mut HeaderMap::new(),
            b"",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        );
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        check(
            Method::POST,
            &mut headers,
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        );
    }
}
