//! Frames of HTTP/2 (RFC 9113, section 4.1), for faults that hyper's server
//! cannot have, such as GOAWAY for an earlier request than the last.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::Mutex as AsyncMutex;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;
/// The flag of DATA and HEADERS that ends a stream.
pub(super) const END_STREAM: u8 = 1;
/// The flag of SETTINGS that confirms those of the other side.
pub(super) const ACK: u8 = 1;
/// The length of the connection preface of a client (section 3.4).
pub(super) const PREFACE_LENGTH: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// The largest payload that a peer accepts before it has sent SETTINGS.
pub(super) const LARGEST_FRAME: usize = 16 * 1024;
/// The length of a frame's head: payload length (3 bytes), type, flags, stream.
const HEAD_LENGTH: usize = 9;

/// One frame, as it goes over the connection.
pub(super) struct Frame(Vec<u8>);

impl Frame {
    /// The bytes of a frame with this payload.
    pub(super) fn encode(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or_default();
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    /// Reads one frame, which may have any length.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut frame = vec![0; HEAD_LENGTH];
        from.read_exact(&mut frame).await?;
        let length =
            usize::from(frame[0]) << 16 | usize::from(frame[1]) << 8 | usize::from(frame[2]);
        frame.resize(HEAD_LENGTH + length, 0);
        from.read_exact(&mut frame[HEAD_LENGTH..]).await?;
        Ok(Self(frame))
    }

    /// The type of the frame, such as [`HEADERS`].
    pub(super) fn kind(&self) -> u8 {
        self.0[3]
    }

    /// Whether all bits of this flag are set.
    pub(super) fn has_flag(&self, flag: u8) -> bool {
        self.0[4] & flag == flag
    }

    /// The stream of the frame; 0 is the connection itself.
    pub(super) fn stream(&self) -> u32 {
        // The first bit is reserved.
        u32::from_be_bytes([self.0[5] & 0x7f, self.0[6], self.0[7], self.0[8]])
    }

    /// Whether this is the last frame of its sender on the stream.
    fn ends_stream(&self) -> bool {
        match self.kind() {
            DATA | HEADERS => self.has_flag(END_STREAM),
            kind => kind == RST_STREAM,
        }
    }
}

/// How many requests a connection still accepts, and which wait for answers.
struct RequestLimit {
    most: u32,
    accepted: u32,
    /// The stream of the last request that was accepted.
    last_stream: u32,
    /// The streams whose answers are not complete.
    open_streams: BTreeSet<u32>,
}

impl RequestLimit {
    /// Whether no more requests are accepted.
    fn is_reached(&self) -> bool {
        self.accepted >= self.most
    }

    /// Notes a frame of the client. GOAWAY has to name the last stream as soon
    /// as the last request is accepted.
    fn note_client_frame(&mut self, frame: &Frame) -> ClientFrame {
        // A stream's number tells a new request from the trailers of an old one.
        let new = frame.kind() == HEADERS && frame.stream() > self.last_stream;
        let is_last = new && self.accepted + 1 == self.most;
        if new && !self.is_reached() {
            self.accepted += 1;
            self.last_stream = frame.stream();
            self.open_streams.insert(frame.stream());
        }
        ClientFrame {
            is_too_late: self.is_reached() && frame.stream() > self.last_stream,
            goaway_after: is_last.then_some(self.last_stream),
        }
    }
}

/// What the relay does with a frame of the client.
struct ClientFrame {
    /// The frame belongs to a request that came after the last accepted one.
    is_too_late: bool,
    /// The stream that GOAWAY has to name now.
    goaway_after: Option<u32>,
}

/// Relays frames between a client and an HTTP/2 server until `requests`
/// requests have come. Then GOAWAY names the last of them, later requests are
/// dropped, and the connection ends when the accepted ones are answered.
pub(super) async fn relay_until_goaway(
    client: impl AsyncRead + AsyncWrite,
    server: impl AsyncRead + AsyncWrite,
    requests: u32,
) -> io::Result<()> {
    let (mut from_client, to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    // Both loops write to the client; the lock keeps their frames whole.
    let to_client = AsyncMutex::new(to_client);
    let requests = Mutex::new(RequestLimit {
        most: requests,
        accepted: 0,
        last_stream: 0,
        open_streams: BTreeSet::new(),
    });
    let lock = || requests.lock().unwrap_or_else(PoisonError::into_inner);
    let to_server_loop = async {
        let mut preface = [0; PREFACE_LENGTH];
        from_client.read_exact(&mut preface).await?;
        to_server.write_all(&preface).await?;
        while let Ok(frame) = Frame::read(&mut from_client).await {
            let noted = lock().note_client_frame(&frame);
            if let Some(last_stream) = noted.goaway_after {
                // The payload is the last stream and NO_ERROR (section 6.8).
                let payload = [last_stream.to_be_bytes(), [0; 4]].concat();
                let away = Frame::encode(GOAWAY, 0, 0, &payload);
                to_client.lock().await.write_all(&away).await?;
            }
            if !noted.is_too_late {
                // The server may have closed its side after its last answer;
                // frames such as WINDOW_UPDATE are of no use to it then.
                let _ = to_server.write_all(&frame.0).await;
            }
        }
        // Without a client the other loop has nobody to write to: this error
        // makes `try_join!` drop it.
        Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    let to_client_loop = async {
        while let Ok(frame) = Frame::read(&mut from_server).await {
            to_client.lock().await.write_all(&frame.0).await?;
            let mut requests = lock();
            if frame.ends_stream() {
                requests.open_streams.remove(&frame.stream());
            }
            if requests.is_reached() && requests.open_streams.is_empty() {
                break;
            }
        }
        // Only the writing side is closed. The other loop reads on until the
        // client closes: closing with unread data would send a reset, and the
        // client could lose its last answer.
        to_client.lock().await.shutdown().await
    };
    let ((), ()) = tokio::try_join!(to_server_loop, to_client_loop)?;
    Ok(())
}
