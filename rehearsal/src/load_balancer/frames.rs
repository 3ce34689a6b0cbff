//! Frames of HTTP/2 (RFC 9113, section 4.1), for what hyper's server would never
//! send: GOAWAY that names an earlier request than the last that has come.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::Mutex as Turns;

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
/// How long what a client says first is (section 3.4).
pub(super) const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// The largest frame that may be sent without asking.
pub(super) const LARGEST_FRAME: usize = 16 * 1024;
/// The head of a frame: its length in three bytes, type, flags, and stream.
const HEAD: usize = 9;

/// One frame, as it goes over the connection.
pub(super) struct Frame(Vec<u8>);

impl Frame {
    /// The bytes of a frame.
    pub(super) fn of(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap_or_default();
        let mut frame = length.to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend_from_slice(payload);
        frame
    }

    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut frame = vec![0; HEAD];
        from.read_exact(&mut frame).await?;
        let length =
            usize::from(frame[0]) << 16 | usize::from(frame[1]) << 8 | usize::from(frame[2]);
        frame.resize(HEAD + length, 0);
        from.read_exact(&mut frame[HEAD..]).await?;
        Ok(Self(frame))
    }

    pub(super) fn kind(&self) -> u8 {
        self.0[3]
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.0[4] & flag == flag
    }

    pub(super) fn stream(&self) -> u32 {
        u32::from_be_bytes([self.0[5] & 0x7f, self.0[6], self.0[7], self.0[8]])
    }

    /// Whether its sender has said all of the stream.
    fn ends_stream(&self) -> bool {
        match self.kind() {
            DATA | HEADERS => self.has(END_STREAM),
            kind => kind == RST_STREAM,
        }
    }
}

/// The requests of a connection that takes so many.
struct Requests {
    most: u32,
    taken: u32,
    /// The stream of the last one that was taken.
    last: u32,
    /// The streams whose answers are not complete.
    open: BTreeSet<u32>,
}

impl Requests {
    fn are_all(&self) -> bool {
        self.taken >= self.most
    }
}

/// Hands frames on between a client and an HTTP/2 server until `requests`
/// requests have come. Then GOAWAY names the last of them, later ones are
/// dropped, and the connection ends when those that were taken are answered.
pub(super) async fn relay(
    client: impl AsyncRead + AsyncWrite,
    server: impl AsyncRead + AsyncWrite,
    requests: u32,
) -> io::Result<()> {
    let (mut from_client, to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    // Two write to the client, whole frames each.
    let to_client = Turns::new(to_client);
    let requests = Mutex::new(Requests {
        most: requests,
        taken: 0,
        last: 0,
        open: BTreeSet::new(),
    });
    let lock = || requests.lock().unwrap_or_else(PoisonError::into_inner);
    let asking = async {
        let mut preface = [0; PREFACE];
        from_client.read_exact(&mut preface).await?;
        to_server.write_all(&preface).await?;
        while let Ok(frame) = Frame::read(&mut from_client).await {
            let (later, leaves) = {
                let mut requests = lock();
                let new = frame.kind() == HEADERS && frame.stream() > requests.last;
                let leaves = new && requests.taken + 1 == requests.most;
                if new && !requests.are_all() {
                    requests.taken += 1;
                    requests.last = frame.stream();
                    requests.open.insert(frame.stream());
                }
                let later = frame.stream() > requests.last && requests.are_all();
                (later, leaves.then_some(requests.last))
            };
            if let Some(last) = leaves {
                // The last stream, and NO_ERROR.
                let said = [last.to_be_bytes(), [0; 4]].concat();
                let away = Frame::of(GOAWAY, 0, 0, &said);
                to_client.lock().await.write_all(&away).await?;
            }
            if !later {
                // A server that has answered all it should is gone, perhaps.
                let _ = to_server.write_all(&frame.0).await;
            }
        }
        // The client is gone, and with it whom the server could answer.
        Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    let answering = async {
        while let Ok(frame) = Frame::read(&mut from_server).await {
            to_client.lock().await.write_all(&frame.0).await?;
            let mut requests = lock();
            if frame.ends_stream() {
                requests.open.remove(&frame.stream());
            }
            if requests.are_all() && requests.open.is_empty() {
                break;
            }
        }
        // The client is heard until it goes, or it might lose what was said.
        to_client.lock().await.shutdown().await
    };
    let ((), ()) = tokio::try_join!(asking, answering)?;
    Ok(())
}
