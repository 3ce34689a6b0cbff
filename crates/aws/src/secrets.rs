//! Values from Secrets Manager and Parameter Store: one operation of each, in
//! AWS JSON.

use std::collections::BTreeMap;

use http::{Method, Request};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::access::Access;
use crate::calls::{CallError, Met, persist};
use crate::signed;

/// The most parameters that one call may ask for.
pub const MOST_PARAMETERS: usize = 10;

/// The text of a secret, or `None` if it has only bytes.
///
/// Source: [GetSecretValue](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
///
/// # Errors
/// What the last attempt met.
pub async fn secret(
    access: &Access,
    id: &str,
    until: Instant,
) -> Result<Option<String>, CallError> {
    const SERVICE: Service = Service {
        name: "secretsmanager",
        endpoint: "SECRETS_MANAGER",
        target: "secretsmanager.GetSecretValue",
    };
    let call = || SERVICE.call(access, json!({ "SecretId": id }));
    let resource = format!("the secret `{id}`");
    let answer = persist("secretsmanager:GetSecretValue", &resource, until, call).await?;
    Ok(answer["SecretString"].as_str().map(str::to_owned))
}

/// The decrypted values of up to [`MOST_PARAMETERS`] parameters, by their
/// names, by their ARNs, and by name and selector such as `/a:3`. One that
/// does not exist is not there.
///
/// Source: [GetParameters](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html).
///
/// # Errors
/// What the last attempt met.
pub async fn parameters(
    access: &Access,
    names: &[String],
    until: Instant,
) -> Result<BTreeMap<String, String>, CallError> {
    const SERVICE: Service = Service {
        name: "ssm",
        endpoint: "SSM",
        target: "AmazonSSM.GetParameters",
    };
    let call = || SERVICE.call(access, json!({ "Names": names, "WithDecryption": true }));
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

/// An operation that speaks AWS JSON 1.1.
struct Service {
    /// As in a signature and in the endpoint.
    name: &'static str,
    /// As in `AWS_ENDPOINT_URL_…`.
    endpoint: &'static str,
    target: &'static str,
}

impl Service {
    async fn call(&self, access: &Access, input: Value) -> Result<Value, Met> {
        let url = match access.endpoint_url(self.endpoint) {
            Some(url) => url,
            None => format!(
                "https://{}.{}.{}/",
                self.name,
                access.region(),
                access.domain()
            ),
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", self.target)
            .body(input.to_string().into_bytes())
            .map_err(|error| Met::unanswered(&error, true))?;
        let answer = signed::send(access, self.name, request).await?;
        let status = answer.status();
        let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
        match body {
            Some(body) if status.is_success() && body.is_object() => Ok(body),
            body => Err(refused(status.as_u16(), &body.unwrap_or_default())),
        }
    }
}

/// Source: [AWS JSON 1.1](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html), operation errors.
fn refused(status: u16, body: &Value) -> Met {
    let text = |member: &str| body[member].as_str();
    let code = text("__type").or_else(|| text("code")).unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default();
    let message = text("message").or_else(|| text("Message"));
    Met::said(status, code, message.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_as_the_services_write_it() {
        let check = |status, body: Value, reason: &str, passes| {
            let met = refused(status, &body);
            assert_eq!((met.reason.as_str(), met.passes), (reason, passes));
        };
        let body = json!({"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find it."});
        check(
            400,
            body,
            "ResourceNotFoundException: Secrets Manager can't find it.",
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
