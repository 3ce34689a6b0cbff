//! The head of an answer that never ends, byte by byte: no server that keeps to
//! HTTP can be made to send one.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The value of each header.
const VALUE: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// The head of a frame: its length in three bytes, type, flags, and stream.
const FRAME_HEAD: usize = 9;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
/// What a client says first (RFC 9113, section 3.4).
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// The largest frame that may be sent without asking.
const LARGEST_FRAME: usize = 16 * 1024;

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
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    stream.read_exact(&mut [0; PREFACE]).await?;
    let asked_on = loop {
        let mut head = [0; FRAME_HEAD];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, on @ ..] = head;
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        stream.read_exact(&mut vec![0; length]).await?;
        match kind {
            HEADERS => break u32::from_be_bytes(on),
            SETTINGS if flags & ACK == 0 => {
                stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?;
            }
            _ => {}
        }
    };
    // `:status: 200` stands in the table that both sides know.
    stream
        .write_all(&frame(HEADERS, 0, asked_on, &[0x88]))
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
    let more = frame(CONTINUATION, 0, asked_on, &block);
    loop {
        stream.write_all(&more).await?;
    }
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
