//! Forms with files: `multipart/form-data` (RFC 7578).

use std::fmt::Write as _;

use bytes::Bytes;

/// One part of a form, with its templates filled in.
#[derive(Debug)]
pub(crate) struct FormPart {
    pub name: String,
    pub filename: Option<String>,
    pub content_type: Option<String>,
    pub content: Bytes,
}

/// Encodes a form. Returns its bytes, and the content type that names the
/// boundary in them.
///
/// The boundary is made of a hash of the parts: the same form is the same
/// bytes, and no part can hold the boundary by chance or by intent.
pub(crate) fn encode_form(parts: &[FormPart]) -> (Bytes, String) {
    let inside: Vec<Vec<u8>> = parts.iter().map(encode_part).collect();
    let hash = query::digest::sha256(&inside.concat());
    let boundary = format!("greenlight-{}", &hash[..32]);
    let mut body = Vec::new();
    for part in inside {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(&part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (
        body.into(),
        format!("multipart/form-data; boundary={boundary}"),
    )
}

/// A part with its headers, without the boundary.
fn encode_part(part: &FormPart) -> Vec<u8> {
    let mut bytes = format!(
        "Content-Disposition: form-data; name=\"{}\"",
        escape_name(&part.name)
    );
    if let Some(filename) = &part.filename {
        let _ = write!(bytes, "; filename=\"{}\"", escape_name(filename));
    }
    if let Some(content_type) = &part.content_type {
        let _ = write!(bytes, "\r\nContent-Type: {content_type}");
    }
    bytes.push_str("\r\n\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(&part.content);
    bytes
}

/// A name as browsers write it: what would end the quotes or the line is
/// percent-encoded (HTML standard, "multipart form data").
fn escape_name(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}
