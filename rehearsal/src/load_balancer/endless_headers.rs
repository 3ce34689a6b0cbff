//! An answer whose head never ends. It is written byte by byte, because no HTTP
//! server can be made to send one.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frames::{ACK, CONTINUATION, Frame, HEADERS, LARGEST_FRAME, PREFACE_LENGTH, SETTINGS};

/// The value of each header.
const VALUE: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Answers the first HTTP/1.1 request of a connection with header lines, until
/// the client closes the connection.
pub(super) async fn send_over_http1(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    // The fault is in the answer, so the request is read to the end of its head.
    let mut end = [0; 4];
    while end != *b"\r\n\r\n" {
        end.rotate_left(1);
        end[3] = stream.read_u8().await?;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
    let lines = format!("x-header: {VALUE}\r\n").repeat(100);
    loop {
        stream.write_all(lines.as_bytes()).await?;
    }
}

/// Answers the first HTTP/2 request of a connection with a HEADERS frame and
/// then CONTINUATION frames, until the client closes the connection.
pub(super) async fn send_over_http2(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    stream
        .write_all(&Frame::encode(SETTINGS, 0, 0, &[]))
        .await?;
    stream.read_exact(&mut [0; PREFACE_LENGTH]).await?;
    let request_stream = loop {
        let frame = Frame::read(&mut stream).await?;
        match frame.kind() {
            HEADERS => break frame.stream(),
            SETTINGS if !frame.has_flag(ACK) => {
                stream
                    .write_all(&Frame::encode(SETTINGS, ACK, 0, &[]))
                    .await?;
            }
            _ => {}
        }
    };
    // 0x88 is `:status: 200` in HPACK's static table (RFC 7541, appendix A). The
    // flags are 0: without END_HEADERS, CONTINUATION frames must follow.
    stream
        .write_all(&Frame::encode(HEADERS, 0, request_stream, &[0x88]))
        .await?;
    let mut block = Vec::new();
    while block.len() < LARGEST_FRAME - 2 * VALUE.len() {
        // A literal header field without indexing (RFC 7541, section 6.2.2).
        block.push(0);
        for text in ["x-header", VALUE] {
            block.extend(u8::try_from(text.len()));
            block.extend_from_slice(text.as_bytes());
        }
    }
    let more = Frame::encode(CONTINUATION, 0, request_stream, &block);
    loop {
        stream.write_all(&more).await?;
    }
}
