//! Bodies in content codings: what is answered in one, and what came in one.

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

use super::{BODY_LIMIT, Inner, problem};

/// What `/encoded/{coding}` says.
const WORDS: &[u8] = br#"{"words":"flat white, espresso, filter, filter, filter"}"#;
/// How large `/bomb` is when it is decoded.
const BOMB: usize = 32 * 1024 * 1024;

pub(super) fn routes() -> Router<Arc<Inner>> {
    Router::new()
        .route("/encoded/{coding}", get(encoded))
        .route("/bomb", get(bomb))
}

async fn encoded(Path(coding): Path<String>) -> Response {
    let level = Compression::default();
    let (named, body) = match coding.as_str() {
        "gzip" => ("gzip", write(GzEncoder::new(Vec::new(), level), WORDS)),
        "deflate" => ("deflate", write(ZlibEncoder::new(Vec::new(), level), WORDS)),
        // What some servers send under that name.
        "raw-deflate" => (
            "deflate",
            write(DeflateEncoder::new(Vec::new(), level), WORDS),
        ),
        "lie" => ("gzip", Ok(WORDS.to_vec())),
        "unknown" => ("dcb", Ok(WORDS.to_vec())),
        _ => return problem(StatusCode::NOT_FOUND, "there is no such coding"),
    };
    answer(named, body)
}

/// A small body that becomes a large one.
async fn bomb() -> Response {
    let encoder = GzEncoder::new(Vec::new(), Compression::best());
    answer("gzip", write(encoder, &vec![b' '; BOMB]))
}

fn answer(coding: &'static str, body: std::io::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CONTENT_ENCODING, coding),
            ];
            (headers, body).into_response()
        }
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

trait Encoder: Write {
    fn end(self) -> std::io::Result<Vec<u8>>;
}

impl Encoder for GzEncoder<Vec<u8>> {
    fn end(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

impl Encoder for ZlibEncoder<Vec<u8>> {
    fn end(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

impl Encoder for DeflateEncoder<Vec<u8>> {
    fn end(self) -> std::io::Result<Vec<u8>> {
        self.finish()
    }
}

fn write(mut encoder: impl Encoder, body: &[u8]) -> std::io::Result<Vec<u8>> {
    encoder.write_all(body)?;
    encoder.end()
}

/// The body of a request as it was before its coding, as far as this app
/// knows it.
pub(super) fn decoded(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let gzip = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding == "gzip");
    let mut decoded = Vec::new();
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
