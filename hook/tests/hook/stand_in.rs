//! S3 and SNS as moto has them, and as they are when something is wrong.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rehearsal::Moto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Uses the server of moto that the tests share; `None` if it is missing.
pub(crate) fn shared<T>(using: impl FnOnce(&mut Moto) -> T) -> Option<T> {
    Moto::with_shared(using).unwrap()
}

/// How a server does it wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    /// It answers each request like this.
    Answers(u16, &'static str),
    /// It never answers.
    Silence,
}

/// A server that does what S3 and SNS do when something is wrong.
pub(crate) struct WrongServer {
    pub(crate) url: String,
    met: Met,
}

/// When each request came, its head, and its body.
type Met = Arc<Mutex<Vec<(Instant, String, String)>>>;

impl WrongServer {
    pub(crate) async fn start(wrong: Wrong) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let met = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&met);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(answer(stream, wrong, noted));
            }
        });
        Self { url, met }
    }

    /// When each request came.
    pub(crate) fn requests(&self) -> Vec<Instant> {
        let met = self.met.lock().unwrap();
        met.iter().map(|(when, ..)| *when).collect()
    }

    /// The head and the body of each request.
    pub(crate) fn met(&self) -> Vec<(String, String)> {
        let met = self.met.lock().unwrap();
        let met = met.iter();
        met.map(|(_, head, body)| (head.clone(), body.clone()))
            .collect()
    }
}

/// Reads a request and answers; the connection ends with it.
async fn answer(mut stream: TcpStream, wrong: Wrong, met: Met) {
    let mut read = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while !is_whole(&read) {
        match stream.read(&mut chunk).await {
            Ok(size @ 1..) => read.extend_from_slice(&chunk[..size]),
            _ => return,
        }
    }
    let (head, body) = parts(&read).unwrap();
    met.lock().unwrap().push((Instant::now(), head, body));
    let Wrong::Answers(status, body) = wrong else {
        tokio::time::sleep(Duration::from_mins(10)).await;
        return;
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Wrong\r\ncontent-type: application/xml\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    // What is still on its way in would reset the connection.
    let _ = tokio::time::timeout(Duration::from_millis(200), async {
        while matches!(stream.read(&mut chunk).await, Ok(1..)) {}
    })
    .await;
}

/// The head and what is there of the body.
pub(crate) fn parts(read: &[u8]) -> Option<(String, String)> {
    let end = read.windows(4).position(|end| end == b"\r\n\r\n")?;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&read[..end]), text(&read[end + 4..])))
}

pub(crate) fn is_whole(read: &[u8]) -> bool {
    let Some((head, _)) = parts(read) else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    read.len() >= head.len() + 4 + length.unwrap_or_default()
}
