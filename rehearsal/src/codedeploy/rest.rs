//! S3's protocol: a bucket and a key in the path, XML in answers.
//!
//! Source: [REST API of S3](https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html).

use std::fmt::Write as _;

use http::request::Parts;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::query::escape_xml;

/// The operation of a request, and its input. An unknown operation is empty.
pub(super) fn parse_request(parts: &Parts, body: &[u8]) -> (&'static str, Value) {
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

/// The status and body of an operation that succeeded.
pub(super) fn render_output(
    operation: &str,
    input: Option<&Value>,
    output: &Value,
) -> (StatusCode, String) {
    match operation {
        "ListObjectsV2" => (StatusCode::OK, render_object_list(output)),
        "GetObject" => render_range(input, output["Body"].as_str().unwrap_or_default()),
        _ => (StatusCode::OK, String::new()),
    }
}

/// An object, or the part of it that the header `range` asks for. Only ranges
/// that begin at 0 are understood.
fn render_range(input: Option<&Value>, text: &str) -> (StatusCode, String) {
    let range = input.and_then(|input| input["range"].as_str());
    let last = range.and_then(|range| range.strip_prefix("bytes=0-")?.parse().ok());
    match last {
        None::<usize> => (StatusCode::OK, text.to_owned()),
        // A range of an empty object can never be satisfied.
        Some(_) if text.is_empty() => {
            let code = "InvalidRange";
            (
                StatusCode::RANGE_NOT_SATISFIABLE,
                render_error_document(code, "", ""),
            )
        }
        Some(last) => {
            // The end of a range is inclusive; objects here are texts, so a
            // character is never cut.
            let end = text.floor_char_boundary(last.saturating_add(1));
            (StatusCode::PARTIAL_CONTENT, text[..end].to_owned())
        }
    }
}

/// The XML body of `ListObjectsV2`.
fn render_object_list(output: &Value) -> String {
    let mut xml = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
    for object in output["Contents"].as_array().into_iter().flatten() {
        let key = escape_xml(object["Key"].as_str().unwrap_or_default());
        let size = &object["Size"];
        let _ = write!(
            xml,
            "<Contents><Key>{key}</Key><Size>{size}</Size></Contents>"
        );
    }
    let next = output["NextContinuationToken"].as_str();
    let _ = write!(xml, "<IsTruncated>{}</IsTruncated>", next.is_some());
    if let Some(next) = next {
        let next = escape_xml(next);
        let _ = write!(xml, "<NextContinuationToken>{next}</NextContinuationToken>");
    }
    xml.push_str("</ListBucketResult>");
    xml
}

/// The XML body of an operation that failed.
pub(super) fn render_error(error: &ApiError, request_id: &str) -> String {
    render_error_document(error.code, &error.message, request_id)
}

/// An error in the XML of S3, which has no envelope around it.
fn render_error_document(code: &str, message: &str, request_id: &str) -> String {
    let message = escape_xml(message);
    format!(
        "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
    )
}

/// The same error by the name and status that S3 gives it.
///
/// Source: [error responses](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
pub(super) fn translate_error(error: ApiError) -> ApiError {
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
