//! A request as a shell command that sends it again with curl.
//!
//! The command is for any POSIX shell. Secrets are variables in it, called
//! after their origin; where the request holds a secret in another form, the
//! variable's name says so, and whoever sets it encodes it.

use std::fmt::Write as _;

use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, TE, USER_AGENT};

use crate::credential;
use client::connection::Connection;
use client::encoding::ACCEPTED_CODINGS;
use client::http::HttpVersion;
use client::http::Request;
use redact::{Form, Piece, Redactor};

/// The largest body that the command carries, in bytes.
const MOST_BODY: usize = 8 * 1024;
/// Longer commands go over several lines.
const MOST_COLUMNS: usize = 100;
/// The headers of a signature, which curl makes anew.
const SIGNED: [&str; 3] = ["authorization", "x-amz-date", "x-amz-content-sha256"];

/// The command that sends the request again.
pub(crate) fn command(request: &Request, connection: &Connection, redactor: &Redactor) -> String {
    if request.transport.grpc.is_some() {
        return grpcurl(request, connection, redactor);
    }
    let mut words = vec!["curl --include".to_owned()];
    if request.method == Method::HEAD {
        words = vec!["curl --head".to_owned()];
    } else if request.method != Method::GET || !request.body.is_empty() {
        words.push(format!("--request {}", request.method));
    }
    if request.url.as_str().contains(['[', ']', '{', '}']) {
        words.push("--globoff".to_owned());
    }
    if let Some(address) = &connection.connect_to
        && connection.target.is_origin_of(&request.url)
    {
        let host = request.url.host_str().unwrap_or_default();
        let port = request.url.port_or_known_default().unwrap_or(443);
        let to = match address.host() {
            to if to.contains(':') => format!("[{to}]"),
            to => to.to_owned(),
        };
        let to_port = address.port().unwrap_or(port);
        words.push(format!(
            "--connect-to {}",
            literal(&format!("{host}:{port}:{to}:{to_port}"))
        ));
    }
    if let Some(cacert) = &connection.cacert {
        words.push(format!("--cacert {}", literal(&cacert.to_string_lossy())));
    }
    let plain = request.url.scheme() == "http";
    words.extend(request.transport.http.map(|version| {
        let option = match version {
            HttpVersion::One => "--http1.1",
            HttpVersion::Two if plain => "--http2-prior-knowledge",
            HttpVersion::Two => "--http2",
        };
        option.to_owned()
    }));
    if let Some(signer) = &request.transport.signer {
        let scope = format!("aws:amz:{}:{}", signer.region, signer.service);
        let keys = format!("{}:{}", signer.access_key, signer.secret_key);
        words.push(format!("--aws-sigv4 {}", literal(&scope)));
        words.push(format!("--user {}", quote_word(&redactor.split(&keys))));
    }
    let made = request.transport.signer.is_some();
    for (name, value) in &request.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let signed = made && SIGNED.contains(&name.as_str());
        if name == ACCEPT_ENCODING && value == ACCEPTED_CODINGS {
            words.push("--compressed".to_owned());
        } else if !signed && (name != ACCEPT || value != "*/*") {
            // All but what curl sends, or makes, by itself.
            words.push(header(name.as_str(), &value, redactor));
        }
    }
    let mut before = String::new();
    if request.transport.opens_websocket {
        before.push_str("# opens the WebSocket and shows what comes; curl sends no messages\n");
        words.push("--no-buffer --max-time 10".to_owned());
    }
    if !request.body.is_empty() {
        let gzip = request.transport.compress;
        words.push(body(&request.body, gzip, redactor, &mut before));
    }
    words.push(quote_word(&redactor.split(request.url.as_str())));
    let line = words.join(" ");
    if before.is_empty() && line.len() <= MOST_COLUMNS {
        line
    } else {
        format!("{before}{}", words.join(" \\\n  "))
    }
}

/// A call is sent again with grpcurl: the frames of gRPC are beyond curl. It
/// asks the server for the declaration unless it is given `-proto`.
fn grpcurl(request: &Request, connection: &Connection, redactor: &Redactor) -> String {
    let host = request.url.host_str().unwrap_or_default();
    let port = request.url.port_or_known_default().unwrap_or(443);
    let mut words = vec!["grpcurl".to_owned()];
    if request.url.scheme() == "http" {
        words.push("-plaintext".to_owned());
    }
    if let Some(cacert) = &connection.cacert {
        words.push(format!("-cacert {}", literal(&cacert.to_string_lossy())));
    }
    let mut address = format!("{host}:{port}");
    if let Some(other) = &connection.connect_to {
        words.push(format!("-authority {}", literal(&address)));
        address = format!("{}:{}", other.host(), other.port().unwrap_or(port));
    }
    for (name, value) in &request.headers {
        let made = [CONTENT_TYPE, TE, USER_AGENT, ACCEPT].contains(name);
        if !made {
            let value = String::from_utf8_lossy(value.as_bytes());
            let option = header(name.as_str(), &value, redactor);
            words.push(option.replacen("--header", "-H", 1));
        }
    }
    let message = String::from_utf8_lossy(&request.body);
    words.push(format!("-d {}", quote_word(&redactor.split(&message))));
    words.push(literal(&address));
    words.push(literal(request.url.path().trim_start_matches('/')));
    words.join(" ")
}

/// The option for a header; what is a credential by nature is a variable also
/// where no secret is known.
fn header(name: &str, value: &str, redactor: &Redactor) -> String {
    if name == "authorization"
        && let Some(user) = basic(value)
    {
        let pieces = redactor.split(&user);
        if pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Secret { .. }))
        {
            return format!("--user {}", quote_word(&pieces));
        }
    }
    let credentials = credential::find_credentials(name, value);
    let mut pieces = vec![Piece::Text(name), Piece::Text(": ")];
    let mut from = 0;
    for (range, variable) in &credentials {
        pieces.extend(redactor.split(&value[from..range.start]));
        let known = redactor.split(&value[range.clone()]);
        if known
            .iter()
            .all(|piece| matches!(piece, Piece::Secret { .. }))
        {
            pieces.extend(known);
        } else {
            pieces.push(Piece::Secret {
                variable,
                form: Form::Plain,
            });
        }
        from = range.end;
    }
    pieces.extend(redactor.split(&value[from..]));
    format!("--header {}", quote_word(&pieces))
}

/// The `user:password` of Basic authentication.
fn basic(value: &str) -> Option<String> {
    let encoded = value.strip_prefix("Basic ")?;
    query::digest::from_base64(encoded.trim())
}

/// The option for the body. What a quoted word cannot hold for sure is piped
/// in by `printf`; what is too long is left to a file.
fn body(body: &[u8], gzip: bool, redactor: &Redactor, before: &mut String) -> String {
    if body.len() > MOST_BODY {
        let _ = writeln!(
            before,
            "# the body of {} bytes is too long for this line: put it into `body.bin`",
            body.len()
        );
        if gzip {
            before.push_str("gzip -c body.bin | ");
            return "--data-binary @-".to_owned();
        }
        return "--data-binary @body.bin".to_owned();
    }
    match std::str::from_utf8(body) {
        Ok(text) if !gzip && !text.contains(is_odd) => {
            format!("--data-raw {}", quote_word(&redactor.split(text)))
        }
        text => {
            let pieces = match text {
                Ok(text) => redactor.split(text),
                Err(_) => Vec::new(),
            };
            let mut format = String::new();
            let mut values = String::new();
            for piece in &pieces {
                match piece {
                    Piece::Text(text) => format.push_str(&escape_for_printf(text.as_bytes())),
                    Piece::Secret { .. } => {
                        format.push_str("%s");
                        let _ = write!(values, " {}", quote_word(&[*piece]));
                    }
                }
            }
            if pieces.is_empty() {
                format = escape_for_printf(body);
            }
            // Not an option of `printf`.
            if format.starts_with('-') {
                format.replace_range(..1, "\\055");
            }
            let _ = write!(before, "printf {}{values} | ", literal(&format));
            if gzip {
                before.push_str("gzip | ");
            }
            "--data-binary @-".to_owned()
        }
    }
}

/// Whether a character may not survive being shown and copied.
fn is_odd(c: char) -> bool {
    c.is_control() || !(c.is_ascii() || c.is_alphanumeric())
}

/// Writes bytes as a format of the shell's `printf`.
fn escape_for_printf(bytes: &[u8]) -> String {
    let mut format = String::new();
    for byte in bytes {
        match byte {
            b'%' => format.push_str("%%"),
            b'\\' => format.push_str("\\\\"),
            b'\n' => format.push_str("\\n"),
            b' '..=b'~' => format.push(char::from(*byte)),
            _ => {
                let _ = write!(format, "\\{byte:03o}");
            }
        }
    }
    format
}

/// Joins pieces to one word of the shell.
fn quote_word(pieces: &[Piece<'_>]) -> String {
    let mut word = String::new();
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Secret { variable, form } => {
                if !text.is_empty() {
                    word.push_str(&literal(&text));
                    text.clear();
                }
                word.push_str(&shell_variable(variable, *form));
            }
        }
    }
    if !text.is_empty() || word.is_empty() {
        word.push_str(&literal(&text));
    }
    word
}

/// Text as one word of the shell.
fn literal(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@,+=%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The variable of a secret, in the form that the request holds it in.
fn shell_variable(name: &str, form: Form) -> String {
    let suffix = match form {
        Form::Plain => "",
        Form::Json => "_IN_JSON",
        Form::Url => "_IN_URL",
        Form::Base64 => "_IN_BASE64",
        Form::Foreign => "_ENCODED",
    };
    format!("\"${name}{suffix}\"")
}

#[cfg(test)]
mod tests;
