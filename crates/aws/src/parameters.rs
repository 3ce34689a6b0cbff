//! Values from Parameter Store: one operation, which we write and sign
//! ourselves. The SDK's client of Systems Manager has 150 operations, and
//! takes longer to compile than those of all other services together.
//!
//! The only module that knows AWS's signer.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Request;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::access::Access;
use crate::calls::{AttemptError, CallError, persist};
use crate::sns;

/// The most parameters that one call may ask for.
pub const MOST_PARAMETERS: usize = 10;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The decrypted values of up to [`MOST_PARAMETERS`] parameters, by their
/// names, by their ARNs, and by name and selector such as `/a:3`. One that
/// does not exist is not there.
///
/// Source: [GetParameters](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html).
///
/// # Errors
/// What the last attempt met.
pub async fn fetch_parameters(
    access: &Access,
    names: &[String],
    until: Instant,
) -> Result<BTreeMap<String, String>, CallError> {
    let input = json!({ "Names": names, "WithDecryption": true }).to_string();
    let call = || send(access, &input);
    let resource = format!("the parameters `{}`", names.join("`, `"));
    let answer = persist("ssm:GetParameters", &resource, until, call).await?;
    let mut found = BTreeMap::new();
    for parameter in answer["Parameters"].as_array().into_iter().flatten() {
        let text = |member: &str| parameter[member].as_str();
        let Some(value) = text("Value") else { continue };
        let selector = text("Selector").unwrap_or_default();
        for name in [text("Name"), text("ARN")].into_iter().flatten() {
            found.insert(name.to_owned(), value.to_owned());
            found.insert(format!("{name}{selector}"), value.to_owned());
        }
    }
    Ok(found)
}

async fn send(access: &Access, input: &str) -> Result<Value, AttemptError> {
    let request = write_request(access, input).await;
    let request = request.map_err(|error| AttemptError::from_request(&*error))?;
    let answer = access.http().send(request).await;
    let answer = answer.map_err(|error| AttemptError::from_silence(&error, !error.is_user()))?;
    let status = answer.status();
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    match body {
        Some(body) if status.is_success() && body.is_object() => Ok(body),
        body => Err(read_error(status.as_u16(), &body.unwrap_or_default())),
    }
}

/// A signed request.
///
/// Source: [Signature Version 4](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
async fn write_request(access: &Access, input: &str) -> Result<Request<Vec<u8>>, AnyError> {
    let mut request = Request::post(endpoint(access).await?)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "AmazonSSM.GetParameters")
        .body(input.as_bytes().to_vec())?;
    let provider = access.config().credentials_provider();
    let credentials = provider
        .ok_or("no credentials")?
        .provide_credentials()
        .await?;
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(access.region())
        .name("ssm")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
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
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

/// Where Parameter Store is called. AWS's rules for its endpoints are those for
/// the endpoints of SNS, in all partitions, with FIPS and with dual-stack: so
/// no table of partitions is needed beside the SDK's.
async fn endpoint(access: &Access) -> Result<String, AnyError> {
    let stand_in = access.endpoint_url("SSM");
    let is_stand_in = stand_in.is_some();
    let url = sns::endpoint(access.config(), stand_in).await?;
    Ok(if is_stand_in {
        url
    } else {
        url.replacen("://sns", "://ssm", 1)
    })
}

/// Source: [AWS JSON 1.1](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html), operation errors.
fn read_error(status: u16, body: &Value) -> AttemptError {
    let text = |member: &str| body[member].as_str();
    let code = text("__type").or_else(|| text("code")).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let message = text("message").or_else(|| text("Message"));
    AttemptError::from_answer(status, code, message.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_as_the_service_writes_it() {
        let check = |status, body: Value, reason: &str, passes| {
            let error = read_error(status, &body);
            assert_eq!((error.reason.as_str(), error.passes), (reason, passes));
        };
        let body = json!({"__type": "InvalidKeyId", "Message": "The query key ID isn't valid."});
        check(
            400,
            body,
            "InvalidKeyId: The query key ID isn't valid.",
            false,
        );
        let body = json!({"__type": "com.amazon.coral.service#ThrottlingException", "message": "Rate exceeded"});
        check(400, body, "ThrottlingException: Rate exceeded", true);
        check(
            200,
            Value::Null,
            "status 200 and a body that is not AWS's",
            true,
        );
    }
}
