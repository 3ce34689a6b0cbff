//! A server in plain text that answers as a test says, in the test's own time.
#![allow(dead_code, reason = "not every program of tests needs all of it")]

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What comes back.
pub enum Reply {
    /// An answer with this status and body.
    Answer(u16, String),
    /// An answer with these lines of headers, too.
    With(u16, String, String),
    /// The same with headers, each on a line of its own, and any bytes.
    Bytes(u16, &'static str, Vec<u8>),
    /// Nothing, while the connection stays open.
    Silence,
    /// The end of the connection.
    Close,
}

/// The URL of a server that answers each path by this function, over a
/// connection for each request. It ends with the runtime of the test.
pub async fn serve<F, A>(answer: F) -> String
where
    F: Fn(String) -> A + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = Arc::clone(&answer);
            tokio::spawn(async move { converse(stream, &*answer).await });
        }
    });
    url
}

/// The URL of a server that answers one request with 200 once it has this in it,
/// and the text of the request.
pub async fn keeps_one_request(until: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}", listener.local_addr().unwrap());
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains(until) {
            assert!(stream.read_buf(&mut text).await.unwrap() > 0);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        String::from_utf8_lossy(&text).into_owned()
    });
    (target, received)
}

async fn converse<A: Future<Output = Reply>>(
    mut stream: TcpStream,
    answer: impl Fn(String) -> A,
) -> Option<()> {
    let mut asked = Vec::new();
    while !is_whole(&asked) {
        asked.push(stream.read_u8().await.ok()?);
    }
    let asked = String::from_utf8_lossy(&asked);
    let path = asked.split(' ').nth(1)?.to_owned();
    let (status, headers, body) = match answer(path).await {
        Reply::Answer(status, body) => (status, String::new(), body.into_bytes()),
        Reply::With(status, headers, body) => (status, headers, body.into_bytes()),
        Reply::Bytes(status, head, body) => (status, head.replace('\n', "\r\n"), body),
        // Until the client goes away.
        Reply::Silence => return stream.read_u8().await.ok().map(drop),
        Reply::Close => return None,
    };

    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Answer\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let answer = [answer.into_bytes(), body].concat();
    stream.write_all(&answer).await.ok()
}

fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
