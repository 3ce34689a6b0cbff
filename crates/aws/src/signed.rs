//! One signed request, for the few operations whose client in the SDK would
//! make the package larger than they are worth.
//!
//! The only module that knows AWS's signer.

use std::time::SystemTime;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderName, HeaderValue, Request, Response};

use crate::access::Access;
use crate::calls::Met;

/// Signs a request for a service, as it is named in a signature, and sends it.
///
/// Source: [Signature Version 4](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
///
/// # Errors
/// Why there is no answer. An answer with an error is none.
pub(crate) async fn send(
    access: &Access,
    service: &str,
    mut request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, Met> {
    let headers = signature(access, service, &request).map_err(|error| Met {
        code: String::new(),
        reason: format!("no signature: {error}"),
        passes: false,
    })?;
    request.headers_mut().extend(headers);
    let answer = access.http.send(request).await;
    answer.map_err(|error| Met::unanswered(&error, error.is_user()))
}

/// The headers that the signature consists of.
fn signature(
    access: &Access,
    service: &str,
    request: &Request<Vec<u8>>,
) -> Result<Vec<(HeaderName, HeaderValue)>, Box<dyn std::error::Error>> {
    let identity = access.credentials.clone().into();
    // As S3 wants it: the path as it is, and the sum of the body in a header.
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(access.region())
        .name(service)
        .time(SystemTime::now())
        .settings(settings)
        .build()?
        .into();
    let headers = request.headers().iter();
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
        SignableBody::Bytes(request.body()),
    )?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let headers = instructions.headers();
    let headers = headers.map(|(name, value)| Ok((name.parse()?, value.parse()?)));
    headers.collect()
}
