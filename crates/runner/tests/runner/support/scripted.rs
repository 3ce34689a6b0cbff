//! A server that does on each connection what a test says, in bytes: what no
//! well-behaved server can be brought to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// A whole answer with status 200.
    Answer,
    /// A whole answer, after which the connection ends.
    AnswerAndClose,
    /// An answer with status 408, after which the connection ends; HTTP/1.1
    /// only.
    TimeOut,
    /// The end of the connection, before a byte of an answer.
    Close,
    /// The same, by a reset of TCP.
    Abort,
    /// The begin of an answer's head, then the end of the connection.
    HalfAHead,
    /// The head of an answer and half of its body, then the end of the
    /// connection.
    HalfABody,
    /// The head of an answer and half of its body, then a reset of the stream
    /// with this code; HTTP/2 only.
    HalfABodyAndReset(u8),
    /// A reset of the stream with this code; HTTP/2 only.
    Reset(u8),
    /// A GOAWAY with this code that leaves the request out, then the end of
    /// the connection; HTTP/2 only.
    GoAwayBefore(u8),
    /// The same, as if the server had worked on the request.
    GoAwayAfter(u8),
    /// An answer once so many have come over the connection; HTTP/2 only.
    Together(usize),
    /// Nothing.
    Silence,
}

pub const NO_ERROR: u8 = 0x0;
pub const INTERNAL_ERROR: u8 = 0x2;
pub const REFUSED_STREAM: u8 = 0x7;
pub const CANCEL: u8 = 0x8;

/// A server and what it was asked.
pub struct Scripted {
    pub url: String,
    asked: Arc<Mutex<Vec<usize>>>,
}

impl Scripted {
    /// The number of the connection of each request, in the order in which
    /// they came.
    pub fn connections(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves each connection by the line of the script that has its number, and
/// further ones by the last; what a line does not say is answered.
pub async fn serve_script(http: &'static str, script: &[&[Deed]]) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::<Mutex<Vec<usize>>>::default();
    let seen = Arc::clone(&asked);
    let script: Vec<VecDeque<Deed>> = script
        .iter()
        .map(|line| line.iter().copied().collect())
        .collect();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            let line = script.get(number).or(script.last()).cloned();
            let mut line = line.unwrap_or_default();
            let seen = Arc::clone(&seen);
            let next = move || {
                seen.lock().unwrap().push(number);
                line.pop_front().unwrap_or(Deed::Answer)
            };
            tokio::spawn(async move {
                match http {
                    "2" => two(stream, next).await,
                    _ => one(stream, next).await,
                }
            });
        }
    });
    Scripted { url, asked }
}

async fn one(mut stream: TcpStream, mut next: impl FnMut() -> Deed) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length = length.map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        let deed = next();
        let answer: &[u8] = match deed {
            Deed::Answer | Deed::AnswerAndClose => b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            Deed::TimeOut => {
                b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            }
            Deed::HalfAHead => b"HTTP/1.1 200 OK\r\ncontent-le",
            Deed::HalfABody => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
            _ => b"",
        };
        stream.write_all(answer).await.ok()?;
        match deed {
            Deed::Answer => {}
            Deed::Abort => return stream.set_zero_linger().ok(),
            Deed::Silence => return stream.read_u8().await.ok().map(drop),
            _ => return stream.shutdown().await.ok(),
        }
    }
}

const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const SETTINGS: u8 = 0x4;
const GOAWAY: u8 = 0x7;
/// Of DATA and HEADERS; of SETTINGS it says that they are known.
const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
/// `:status: 200` (RFC 7541, appendix A).
const STATUS_200: &[u8] = &[0x88];

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(content);
    frame
}

fn go_away(last: u32, code: u8) -> Vec<u8> {
    let content = [last.to_be_bytes(), [0, 0, 0, code]].concat();
    frame(GOAWAY, 0, 0, &content)
}

async fn two(mut stream: TcpStream, mut next: impl FnMut() -> Deed) -> Option<()> {
    stream.read_exact(&mut [0; 24]).await.ok()?;
    stream.write_all(&frame(SETTINGS, 0, 0, b"")).await.ok()?;
    let mut held = Vec::new();
    loop {
        let mut prefix = [0; 9];
        stream.read_exact(&mut prefix).await.ok()?;
        let (kind, flags) = (prefix[3], prefix[4]);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |all, &byte| all << 8 | u32::from(byte))
        };
        let mut content = vec![0; number(&prefix[..3]) as usize];
        stream.read_exact(&mut content).await.ok()?;
        if kind == SETTINGS && flags & END_STREAM == 0 {
            let known = frame(SETTINGS, END_STREAM, 0, b"");
            stream.write_all(&known).await.ok()?;
        }
        if !matches!(kind, HEADERS | DATA) || flags & END_STREAM == 0 {
            continue;
        }
        let id = number(&prefix[5..]);
        let deed = next();
        let whole = |id| frame(HEADERS, END_HEADERS | END_STREAM, id, STATUS_200);
        let answer = match deed {
            Deed::Answer => whole(id),
            Deed::AnswerAndClose => [go_away(id, NO_ERROR), whole(id)].concat(),
            Deed::Together(many) => {
                held.push(id);
                let all = if held.len() == many { &held[..] } else { &[] };
                all.iter().flat_map(|&id| whole(id)).collect()
            }
            Deed::HalfAHead => frame(HEADERS, 0, id, STATUS_200),
            Deed::HalfABody => [
                frame(HEADERS, END_HEADERS, id, STATUS_200),
                frame(DATA, 0, id, b"hello"),
            ]
            .concat(),
            Deed::HalfABodyAndReset(code) => [
                frame(HEADERS, END_HEADERS, id, STATUS_200),
                frame(DATA, 0, id, b"hello"),
                frame(RST_STREAM, 0, id, &[0, 0, 0, code]),
            ]
            .concat(),
            Deed::Reset(code) => frame(RST_STREAM, 0, id, &[0, 0, 0, code]),
            Deed::GoAwayBefore(code) => go_away(id.saturating_sub(2), code),
            Deed::GoAwayAfter(code) => go_away(id, code),
            Deed::Close | Deed::TimeOut | Deed::Abort | Deed::Silence => Vec::new(),
        };
        stream.write_all(&answer).await.ok()?;
        match deed {
            Deed::Answer
            | Deed::Reset(_)
            | Deed::HalfABodyAndReset(_)
            | Deed::Silence
            | Deed::Together(_) => {}
            Deed::Abort => return stream.set_zero_linger().ok(),
            _ => return stream.shutdown().await.ok(),
        }
    }
}
