//! The AWS Query protocol: forms in, XML out. ELB and SNS speak it.
//!
//! Source: [AWS Query protocol](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use std::borrow::Cow;
use std::fmt::Write as _;

use http::StatusCode;
use serde_json::{Map, Value};

use super::error::ApiError;

/// The service that has this operation of AWS Query.
pub(super) fn service_name(operation: &str) -> &'static str {
    match operation {
        "Publish" => "sns",
        _ => "elasticloadbalancing",
    }
}

/// The XML namespace of a service's answers.
fn xml_namespace(service: &str) -> &'static str {
    match service {
        "sns" => "http://sns.amazonaws.com/doc/2010-03-31/",
        _ => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    }
}

/// The fields of a form as an object of texts.
pub(super) fn parse_form(body: &[u8]) -> Value {
    let fields = url::form_urlencoded::parse(body);
    let object: Map<String, Value> = fields
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Value::Object(object)
}

/// The members of a list, which a form spells `Name.member.1`, `Name.member.2`.
pub(super) fn list_members(input: &Value, name: &str) -> Vec<String> {
    let member = |number: usize| input.get(format!("{name}.member.{number}"));
    (1..)
        .map_while(member)
        .filter_map(|value| Some(value.as_str()?.to_owned()))
        .collect()
}

/// The XML answer to an operation that succeeded.
pub(super) fn render_output(operation: &str, result: &Value, request_id: &str) -> String {
    let namespace = xml_namespace(service_name(operation));
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
    write_xml(&mut xml, result);
    let _ = write!(
        xml,
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId>\
         </ResponseMetadata></{operation}Response>"
    );
    xml
}

/// The XML answer to an operation that failed.
pub(super) fn render_error(service: &str, error: &ApiError, request_id: &str) -> String {
    let namespace = xml_namespace(service);
    let side = if error.status.is_server_error() {
        "Receiver"
    } else {
        "Sender"
    };
    format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{side}</Type><Code>{}</Code>\
         <Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        error.code,
        escape_xml(&error.message)
    )
}

/// The same error by the name and status that the Query services give it.
pub(super) fn translate_error(service: &str, error: ApiError) -> ApiError {
    let code = match error.code {
        // SNS has another name for it than the common errors have.
        "AccessDeniedException" if service == "sns" => "AuthorizationError",
        "UnknownOperationException" => "InvalidAction",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        code => code.strip_suffix("Exception").unwrap_or(code),
    };
    // AWS JSON answers every error of a client with 400; AWS Query has 403 too.
    let forbidden = matches!(
        code,
        "AccessDenied"
            | "AuthorizationError"
            | "ExpiredToken"
            | "InvalidClientTokenId"
            | "MissingAuthenticationToken"
            | "SignatureDoesNotMatch"
    );
    ApiError {
        code,
        status: if forbidden {
            StatusCode::FORBIDDEN
        } else {
            error.status
        },
        ..error
    }
}

/// Writes a value as XML: objects as elements, lists as `member` elements.
fn write_xml(xml: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (name, value) in members {
                let _ = write!(xml, "<{name}>");
                write_xml(xml, value);
                let _ = write!(xml, "</{name}>");
            }
        }
        Value::Array(items) => {
            for item in items {
                xml.push_str("<member>");
                write_xml(xml, item);
                xml.push_str("</member>");
            }
        }
        Value::String(text) => xml.push_str(&escape_xml(text)),
        other => {
            let _ = write!(xml, "{other}");
        }
    }
}

/// The text with XML's special characters escaped.
pub(super) fn escape_xml(text: &str) -> Cow<'_, str> {
    if text.contains(['&', '<', '>']) {
        let text = text.replace('&', "&amp;");
        Cow::Owned(text.replace('<', "&lt;").replace('>', "&gt;"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_and_xml_say_what_a_value_says() {
        let form = parse_form(b"Action=A&X.member.1=a%26b&X.member.2=c&Y=d");
        assert_eq!(list_members(&form, "X"), ["a&b", "c"]);
        assert_eq!(form["Y"], "d");
        let xml = render_output("A", &json!({"B": [{"C": "<1>"}, {"C": 2}], "D": true}), "r");
        let inner = "<B><member><C>&lt;1&gt;</C></member><member><C>2</C></member></B><D>true</D>";
        assert!(
            xml.contains(&format!("<AResult>{inner}</AResult>")),
            "{xml}"
        );
    }
}
