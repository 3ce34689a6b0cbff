//! Something between the function and the stage's AWS, which answers some of
//! the calls in AWS's place.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stand_in::{is_whole, parts};
use crate::support::Trial;

/// A call, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    /// Such as `GetDeployment`; of S3, the method and the path.
    pub(crate) operation: String,
    /// What tells one call of an operation from another.
    pub(crate) asked: String,
}

/// What becomes of a call; `None` is AWS's own answer.
type Answer = Option<(u16, &'static str, String)>;

pub(crate) struct Between {
    met: Arc<Mutex<Vec<Met>>>,
}

impl Between {
    /// Puts it there, for all services.
    pub(crate) async fn start(
        trial: Trial,
        answer: impl Fn(&Met) -> Answer + Send + Sync + 'static,
    ) -> (Trial, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let aws = trial.stage.codedeploy().url();
        let aws = aws.strip_prefix("http://").unwrap().to_owned();
        let met = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&met);
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                tokio::spawn(serve(stream, aws.clone(), noted, answer));
            }
        });
        (trial.set("AWS_ENDPOINT_URL", &url), Self { met })
    }

    /// What was asked in calls of this operation.
    pub(crate) fn asked(&self, operation: &str) -> Vec<String> {
        let met = self.met.lock().unwrap();
        let of = met.iter().filter(|met| met.operation == operation);
        of.map(|met| met.asked.clone()).collect()
    }
}

/// Serves one request; the connection ends with it.
async fn serve(
    mut stream: TcpStream,
    aws: String,
    noted: Arc<Mutex<Vec<Met>>>,
    answer: Arc<impl Fn(&Met) -> Answer>,
) {
    let mut read = Vec::new();
    let mut chunk = [0; 16 * 1024];
    while !is_whole(&read) {
        match stream.read(&mut chunk).await {
            Ok(size @ 1..) => read.extend_from_slice(&chunk[..size]),
            _ => return,
        }
    }
    let (head, body) = parts(&read).unwrap();
    let met = met(&head, &body);
    noted.lock().unwrap().push(met.clone());
    let answered = if let Some((status, kind, body)) = answer(&met) {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} Between\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .into_bytes()
    } else {
        let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        let mut onwards = TcpStream::connect(aws).await.unwrap();
        let request = format!("{head}\r\n\r\n{body}");
        onwards.write_all(request.as_bytes()).await.unwrap();
        let mut answered = Vec::new();
        let _ = onwards.read_to_end(&mut answered).await;
        answered
    };
    let _ = stream.write_all(&answered).await;
}

fn met(head: &str, body: &str) -> Met {
    let first = head.lines().next().unwrap_or_default();
    let target = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let (_, operation) = value.split_once('.')?;
        name.eq_ignore_ascii_case("x-amz-target")
            .then_some(operation)
    });
    let form = body
        .split('&')
        .find_map(|pair| pair.strip_prefix("Action="));
    let (request, _) = first.rsplit_once(" HTTP/").unwrap_or_default();
    let (path, query) = request.split_once('?').unwrap_or((request, ""));
    match target.or(form) {
        Some(operation) => Met {
            operation: operation.to_owned(),
            asked: body.to_owned(),
        },
        None => Met {
            operation: path.to_owned(),
            asked: query.to_owned(),
        },
    }
}
