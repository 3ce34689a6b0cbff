//! The way to a service of AWS, when something is wrong with it.

use std::future::pending;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::support::Trial;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nobody listens there.
    Refused,
    /// The endpoint's name resolves to nothing.
    NoName,
    /// Each connection is reset as soon as it is accepted.
    Reset,
    /// Connections are accepted, and nothing is ever said.
    BlackHole,
    /// An answer begins, and comes one byte at a time without an end.
    Drip,
    /// Something without TLS listens where TLS is spoken.
    BrokenTls,
    /// The certificate is of nobody who is trusted.
    UnknownIssuer,
}

impl Line {
    /// All of them, as they are called in the table.
    pub(super) const ALL: [(&'static str, Self); 7] = [
        ("refused", Self::Refused),
        ("DNS gone", Self::NoName),
        ("reset on accept", Self::Reset),
        ("black hole", Self::BlackHole),
        ("drip", Self::Drip),
        ("TLS broken", Self::BrokenTls),
        ("certificate of nobody", Self::UnknownIssuer),
    ];

    /// An endpoint that is reached like this until the test is over.
    pub(super) async fn endpoint(self, trial: &Trial) -> String {
        match self {
            Self::NoName => return "http://gone.invalid".to_owned(),
            Self::UnknownIssuer => return trial.stage.production_url(),
            Self::Refused => {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
                let address = socket.local_addr().unwrap();
                // Bound but not listening: nobody else can take the port.
                tokio::spawn(async move {
                    pending::<()>().await;
                    drop(socket);
                });
                return format!("http://{address}");
            }
            Self::Reset | Self::BlackHole | Self::Drip | Self::BrokenTls => {}
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.meet(stream));
            }
        });
        let scheme = match self {
            Self::BrokenTls => "https",
            _ => "http",
        };
        format!("{scheme}://{address}")
    }

    async fn meet(self, mut stream: TcpStream) {
        let mut heard = [0; 1024];
        match self {
            Self::Reset => {
                let _ = stream.set_zero_linger();
            }
            Self::BrokenTls => {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                let _ = stream.shutdown().await;
            }
            Self::Drip => {
                let _ = stream.read(&mut heard).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            // Reading is what tells that the other side has given up.
            _ => while matches!(stream.read(&mut heard).await, Ok(1..)) {},
        }
    }
}
