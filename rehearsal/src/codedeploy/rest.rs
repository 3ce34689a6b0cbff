//! S3's protocol: a bucket and a key in the path, XML in answers.
//!
//! Source: [REST API of S3](https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html).

use std::fmt::Write as _;

use http::request::Parts;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::query::escaped;

/// The operation that a request asks for, and its input.
pub(super) fn asked(parts: &Parts, body: &[u8]) -> (&'static str, Value) {
    let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy();
    let path = path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let mut input = Map::new();
    let mut put = |name: &str, value: &str| input.insert(name.to_owned(), value.into());
    put("Bucket", bucket);
    put("Key", key);
    put("Body", &String::from_utf8_lossy(body));
    for name in ["range", "if-none-match"] {
        if let Some(value) = parts.headers.get(name) {
            put(name, &String::from_utf8_lossy(value.as_bytes()));
        }
    }
    let query = parts.uri.query().unwrap_or_default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        put(&name, &value);
    }
    let operation = match (&parts.method, key) {
        (&Method::GET, "") => "ListObjectsV2",
        (&Method::GET, _) => "GetObject",
        (&Method::PUT, _) => "PutObject",
        _ => "",
    };
    (operation, Value::Object(input))
}

/// The answer to an operation that went well.
pub(super) fn answer(
    operation: &str,
    input: Option<&Value>,
    output: &Value,
) -> (StatusCode, String) {
    match operation {
        "ListObjectsV2" => (StatusCode::OK, listed(output)),
        "GetObject" => part(input, output["Body"].as_str().unwrap_or_default()),
        _ => (StatusCode::OK, String::new()),
    }
}

/// The part of an object that a range from its beginning asks for.
fn part(input: Option<&Value>, text: &str) -> (StatusCode, String) {
    let range = input.and_then(|input| input["range"].as_str());
    let last = range.and_then(|range| range.strip_prefix("bytes=0-")?.parse().ok());
    match last {
        None::<usize> => (StatusCode::OK, text.to_owned()),
        Some(_) if text.is_empty() => {
            let code = "InvalidRange";
            (StatusCode::RANGE_NOT_SATISFIABLE, document(code, "", ""))
        }
        Some(last) => {
            let end = text.floor_char_boundary(last.saturating_add(1));
            (StatusCode::PARTIAL_CONTENT, text[..end].to_owned())
        }
    }
}

fn listed(output: &Value) -> String {
    let mut xml = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
    for object in output["Contents"].as_array().into_iter().flatten() {
        let key = escaped(object["Key"].as_str().unwrap_or_default());
        let size = &object["Size"];
        let _ = write!(
            xml,
            "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"
        );
    }
    let next = output["NextContinuationToken"].as_str();
    let _ = write!(xml, "<IsTruncated>{}</IsTruncated>", next.is_some());
    if let Some(next) = next {
        let next = escaped(next);
        let _ = write!(xml, "<NextContinuationToken>{next}</NextContinuationToken>");
    }
    xml.push_str("</ListBucketResult>");
    xml
}

/// The answer to an operation that did not.
pub(super) fn error(error: &ApiError, request_id: &str) -> String {
    document(error.code, &error.message, request_id)
}

fn document(code: &str, message: &str, request_id: &str) -> String {
    let message = escaped(message);
    format!(
        "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
    )
}

/// The same error by the name and status that S3 gives it.
///
/// Source: [error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
pub(super) fn named(error: ApiError) -> ApiError {
    let (code, status) = match error.code {
        "ThrottlingException" => ("SlowDown", StatusCode::SERVICE_UNAVAILABLE),
        "InternalFailure" => ("InternalError", StatusCode::INTERNAL_SERVER_ERROR),
        "ExpiredTokenException" => ("ExpiredToken", StatusCode::BAD_REQUEST),
        "UnrecognizedClientException" => ("InvalidAccessKeyId", StatusCode::FORBIDDEN),
        "InvalidSignatureException" => ("SignatureDoesNotMatch", StatusCode::FORBIDDEN),
        "AccessDeniedException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException" => ("AccessDenied", StatusCode::FORBIDDEN),
        "UnknownOperationException" => ("NotImplemented", StatusCode::NOT_IMPLEMENTED),
        code => (code, error.status),
    };
    ApiError {
        code,
        status,
        ..error
    }
}
