//! What is read of a body that comes in a coding or in an encoding, over plain
//! sockets whose bytes the tests write.

use client::connection::Connection;
use report::{Outcome, Report};
use runner::settings::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use diagnostic::snippet::Colour;
use report::render::failures;

use crate::support::{check, report_of};

/// Runs one check against a server that answers with these headers and bytes.
async fn answered(headers: &str, body: &[u8], step: &str) -> Report {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let mut answer =
        format!("HTTP/1.1 200 OK\r\n{headers}\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    answer.extend_from_slice(body);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        let _ = stream.read(&mut asked).await;
        stream.write_all(&answer).await.unwrap();
    });
    let connection = Connection {
        target: target.parse().unwrap(),
        connect_to: None,
        cacert: None,
    };
    report_of(&connection, &check(step), Limits::default()).await
}

async fn reads(headers: &str, body: &[u8], step: &str) {
    let report = answered(headers, body, step).await;
    assert_eq!(
        report.checks[0].outcome,
        Outcome::Passed,
        "{}",
        said(&report)
    );
}

/// What is said of the check, without ports and times.
fn said(report: &Report) -> String {
    let said = failures(&report.checks[0], Colour::Never);
    let lines = said.lines().filter(|line| !line.contains("note: GET"));
    lines.collect::<Vec<_>>().join("\n")
}

/// "words" in Brotli, as one block that is stored as it is (RFC 7932, section
/// 9.2).
const WORDS: &[u8] = b"\x21\x10\x00\x04words\x03";

#[tokio::test]
async fn a_body_in_brotli_is_read_by_those_who_ask_for_it() {
    let step = r#"
get: /
headers: { accept-encoding: br }
expect: { body: words, size: 5, headers: { content-encoding: br, content-length: "10" } }
"#;
    reads("content-encoding: br", WORDS, step).await;
    let twice = gzip(WORDS);
    reads(
        "content-encoding: br, gzip",
        &twice,
        "get: /\nexpect: { body: words }",
    )
    .await;
}

/// The bytes in gzip.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_is_text_in_the_encoding_that_it_names() {
    for (charset, bytes, wanted) in [
        ("gb2312", b"<p>\xc4\xe3\xba\xc3</p>".as_slice(), "你好"),
        ("cp1251", b"<p>\xe4\xe0</p>", "да"),
        ("Shift_JIS", b"<p>\x82\xa0</p>", "あ"),
        ("iso-8859-15", b"<p>\xa4</p>", "€"),
        ("utf-16le", b"<\0p\0>\0a\0<\0/\0p\0>\0", "a"),
    ] {
        let step = format!(
            "get: /\nexpect: {{ body: '<p>{wanted}</p>', xpath: {{ string(//p): {wanted} }}, css: {{ p: {wanted} }} }}\ncapture: {{ p: {{ regex: '<p>(.*)</p>' }} }}"
        );
        let kind = format!("content-type: text/html; charset={charset}");
        reads(&kind, bytes, &step).await;
    }
    let kind = "content-type: application/json; charset=iso-8859-1";
    let step = "get: /\nexpect: { json: { $.name: café } }";
    reads(kind, b"{\"name\": \"caf\xe9\"}", step).await;
}

#[tokio::test]
async fn what_no_text_can_be_made_of_meets_no_expectation() {
    let step = "get: /\nexpect: { body: { not: { contains: error } } }";
    let coded = answered("content-encoding: zstd", b"\x28\xb5\x2f\xfd", step).await;
    let kind = "content-type: text/plain; charset=klingon";
    let encoded = answered(kind, "naïve".as_bytes(), step).await;
    insta::assert_snapshot!([said(&coded), said(&encoded)].join("\n"));
    // What needs no text can be expected, and ASCII is read in any encoding.
    let bytes = "get: /\nexpect: { size: 4, headers: { content-encoding: zstd } }";
    reads("content-encoding: zstd", b"\x28\xb5\x2f\xfd", bytes).await;
    reads(kind, b"naive", "get: /\nexpect: { body: naive }").await;
}
