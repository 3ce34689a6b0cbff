//! The head of an answer that never ends, byte by byte: no server that keeps to
//! HTTP can be made to send one.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frames::{ACK, CONTINUATION, Frame, HEADERS, LARGEST_FRAME, PREFACE, SETTINGS};

/// The value of each header.
const VALUE: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// Answers the first request of a connection, over HTTP/2 or HTTP/1.1, until
/// the client goes away.
pub(super) async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    two: bool,
) -> io::Result<()> {
    if two {
        by_frames(stream).await
    } else {
        by_lines(stream).await
    }
}

async fn by_lines(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
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

/// Headers, and frames that go on with them and none that ends them.
async fn by_frames(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.write_all(&Frame::of(SETTINGS, 0, 0, &[])).await?;
    stream.read_exact(&mut [0; PREFACE]).await?;
    let asked_on = loop {
        let frame = Frame::read(&mut stream).await?;
        match frame.kind() {
            HEADERS => break frame.stream(),
            SETTINGS if !frame.has(ACK) => {
                stream.write_all(&Frame::of(SETTINGS, ACK, 0, &[])).await?;
            }
            _ => {}
        }
    };
    // `:status: 200` stands in the table that both sides know.
    stream
        .write_all(&Frame::of(HEADERS, 0, asked_on, &[0x88]))
        .await?;
    let mut block = Vec::new();
    while block.len() < LARGEST_FRAME - 2 * VALUE.len() {
        // A header whose name and value are written out (RFC 7541, section 6.2.2).
        block.push(0);
        for text in ["x-header", VALUE] {
            block.extend(u8::try_from(text.len()));
            block.extend_from_slice(text.as_bytes());
        }
    }
    let more = Frame::of(CONTINUATION, 0, asked_on, &block);
    loop {
        stream.write_all(&more).await?;
    }
}
