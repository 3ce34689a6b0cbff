//! The function as a child process, with the environment that Lambda gives.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::outcome::{Exit, LogLine, Output};
use super::runtime_api::RuntimeApi;
use super::{FUNCTION_NAME, FunctionOptions};
use crate::error::StageError;
use crate::serve::Task;

/// The longest line that is kept whole, as in CloudWatch Logs.
const LONGEST_LINE: usize = 256 * 1024;
/// How many lines are kept between two invocations.
const MOST_LINES: usize = 10_000;

/// Called with each line as it comes.
pub(super) type OnLine = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// A running function process; it is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) api: RuntimeApi,
    pub(super) started: Instant,
    /// How long the process took to its first request for an event.
    pub(super) init: Option<Duration>,
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    readers: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    flush: mpsc::Sender<oneshot::Sender<()>>,
    _reading: Task,
}

impl Process {
    pub(super) async fn start(
        options: &FunctionOptions,
        codedeploy_url: &str,
        on_line: &OnLine,
    ) -> Result<Self, StageError> {
        let api = RuntimeApi::start().await?;
        let spawn = |source| StageError::Spawn {
            path: options.bootstrap.clone(),
            source,
        };
        let bootstrap = std::path::absolute(&options.bootstrap).map_err(spawn)?;
        let root = bootstrap.parent().map(PathBuf::from).unwrap_or_default();
        let started = Instant::now();
        let mut child = Command::new(&bootstrap)
            .env_clear()
            .envs(environment(&api.address(), &root, options, codedeploy_url))
            .envs(options.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(&root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(spawn)?;
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(Reader::start(stdout, Output::Stdout, &lines, on_line));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(Reader::start(stderr, Output::Stderr, &lines, on_line));
        }
        Ok(Self {
            child,
            api,
            started,
            init: None,
            lines,
            readers,
        })
    }

    /// Whether a process that was once ready has ended since. One that never
    /// got ready is kept, so that the next invocation learns why.
    pub(super) fn has_ended_between_events(&mut self) -> bool {
        self.init.is_some() && !matches!(self.child.try_wait(), Ok(None))
    }

    /// The process's id; 0 if it has ended.
    pub(super) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    pub(super) async fn kill(&mut self) {
        // The only way for this to fail is a process that has ended.
        let _ = self.child.kill().await;
    }

    /// Takes the lines that were written until now.
    pub(super) async fn take_lines(&mut self) -> Vec<LogLine> {
        for reader in &self.readers {
            reader.flushed().await;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.drain(..).collect()
    }
}

/// Waits for the end of a process.
pub(super) async fn exit(child: &mut Child) -> Exit {
    let status = child.wait().await.ok();
    status
        .and_then(|status| status.code())
        .map_or(Exit::Signal, Exit::Code)
}

/// What Lambda sets, see
/// [Defined runtime environment variables](https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime).
fn environment(
    api: &str,
    root: &Path,
    options: &FunctionOptions,
    codedeploy_url: &str,
) -> Vec<(&'static str, String)> {
    let region = "eu-central-1";
    vec![
        ("AWS_LAMBDA_RUNTIME_API", api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", FUNCTION_NAME.to_owned()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            options.memory_mb.to_string(),
        ),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{FUNCTION_NAME}"),
        ),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef".to_owned(),
        ),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("LAMBDA_TASK_ROOT", root.display().to_string()),
        ("LAMBDA_RUNTIME_DIR", root.display().to_string()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("AWS_REGION", region.to_owned()),
        ("AWS_DEFAULT_REGION", region.to_owned()),
        // Not credentials of anybody: the API on loopback knows no secret.
        ("AWS_ACCESS_KEY_ID", "AKIDREHEARSAL".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "rehearsal".to_owned()),
        ("AWS_SESSION_TOKEN", "rehearsal".to_owned()),
        // No call leaves this machine, whatever the function is told to use.
        ("AWS_ENDPOINT_URL", codedeploy_url.to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
    ]
}

impl Reader {
    fn start(
        source: impl AsyncRead + Unpin + Send + 'static,
        output: Output,
        lines: &Arc<Mutex<VecDeque<LogLine>>>,
        on_line: &OnLine,
    ) -> Self {
        let (flush, asked) = mpsc::channel(1);
        let sink = Sink {
            output,
            lines: Arc::clone(lines),
            on_line: Arc::clone(on_line),
            pending: Vec::new(),
        };
        Self {
            flush,
            _reading: Task::spawn(read(source, sink, asked)),
        }
    }

    /// Waits until what lies in the pipe has been read.
    async fn flushed(&self) {
        let (done, is_done) = oneshot::channel();
        if self.flush.send(done).await.is_ok() {
            // A reader that has ended has read everything.
            let _ = tokio::time::timeout(Duration::from_secs(1), is_done).await;
        }
    }
}

async fn read(
    mut source: impl AsyncRead + Unpin,
    mut sink: Sink,
    mut asked: mpsc::Receiver<oneshot::Sender<()>>,
) {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            // First what can be read, then the question whether all is read.
            biased;
            read = source.read(&mut chunk) => match read {
                Ok(size @ 1..) => sink.take(&chunk[..size]),
                Ok(0) | Err(_) => break,
            },
            Some(done) = asked.recv() => {
                let _ = done.send(());
            }
        }
    }
    sink.end();
}

/// Cuts bytes into lines.
struct Sink {
    output: Output,
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    on_line: OnLine,
    pending: Vec<u8>,
}

impl Sink {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(&bytes[..end]);
            self.end();
            bytes = &bytes[end + 1..];
        }
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= LONGEST_LINE {
            self.end();
        }
    }

    fn end(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let line = LogLine {
            output: self.output,
            text: String::from_utf8_lossy(&self.pending).trim_end().to_owned(),
        };
        self.pending.clear();
        (self.on_line)(&line);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}
