//! Content codings: answers in several of them, and the decoding of requests.

use std::io::{Read, Write};
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{AppState, BODY_LIMIT, error_response};

/// The body of `/encoded/{coding}`, decoded.
const PLAIN_BODY: &[u8] = br#"{"words":"flat white, espresso, filter, filter, filter"}"#;
/// The size of the body of `/bomb`, decoded.
const BOMB_SIZE: usize = 32 * 1024 * 1024;

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/encoded/{coding}", get(get_encoded))
        .route("/bomb", get(get_bomb))
}

/// `GET /encoded/{coding}`.
async fn get_encoded(Path(coding): Path<String>) -> Response {
    let level = Compression::default();
    let (coding, body) = match coding.as_str() {
        "gzip" => (
            "gzip",
            encode_body(GzEncoder::new(Vec::new(), level), PLAIN_BODY),
        ),
        "deflate" => (
            "deflate",
            encode_body(ZlibEncoder::new(Vec::new(), level), PLAIN_BODY),
        ),
        // Some servers call the bare DEFLATE data `deflate`; RFC 9110 wants zlib's
        // format around it.
        "raw-deflate" => (
            "deflate",
            encode_body(DeflateEncoder::new(Vec::new(), level), PLAIN_BODY),
        ),
        // A body that is not what its header says.
        "lie" => ("gzip", Ok(PLAIN_BODY.to_vec())),
        "unknown" => ("dcb", Ok(PLAIN_BODY.to_vec())),
        _ => return error_response(StatusCode::NOT_FOUND, "there is no such coding"),
    };
    encoded_response(coding, body)
}

/// `GET /bomb`: a small body that is large when it is decoded.
async fn get_bomb() -> Response {
    let encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoded_response("gzip", encode_body(encoder, &vec![b' '; BOMB_SIZE]))
}

/// A response with this body and this header `content-encoding`.
fn encoded_response(coding: &'static str, body: std::io::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CONTENT_ENCODING, coding),
            ];
            (headers, body).into_response()
        }
        Err(error) => error_response(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// An encoder of `flate2`; they have the same methods and no common trait.
trait Encoder: Write {
    /// Writes the rest; the result is all of the encoded data.
    fn finish_encoding(self) -> std::io::Result<Vec<u8>>;
}

impl Encoder for GzEncoder<Vec<u8>> {
    fn finish_encoding(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

impl Encoder for ZlibEncoder<Vec<u8>> {
    fn finish_encoding(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

impl Encoder for DeflateEncoder<Vec<u8>> {
    fn finish_encoding(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

/// Encodes a whole body.
fn encode_body(mut encoder: impl Encoder, body: &[u8]) -> std::io::Result<Vec<u8>> {
    encoder.write_all(body)?;
    encoder.finish_encoding()
}

/// The decoded body of a request. A body that is not gzip, or malformed, stays as
/// it is.
pub(super) fn decode_body(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let gzip = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding == "gzip");
    let mut decoded = Vec::new();
    // A bomb is cut off at the limit that holds for bodies without a coding.
    let most = BODY_LIMIT as u64;
    if gzip
        && GzDecoder::new(body)
            .take(most)
            .read_to_end(&mut decoded)
            .is_ok()
    {
        return decoded;
    }
    body.to_vec()
}
