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
use crate::server::BackgroundTask;

/// The longest line that is kept whole, as in CloudWatch Logs.
const LONGEST_LINE: usize = 256 * 1024;
/// How many lines are kept between two invocations.
const MOST_LINES: usize = 10_000;

/// Called with each line as it comes.
pub(super) type LineCallback = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// A running function process; it is killed when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) api: RuntimeApi,
    pub(super) started: Instant,
    /// From its start to its first request for an event; `None` before that.
    pub(super) init: Option<Duration>,
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    readers: Vec<LineReader>,
}

/// Reads one output stream of a process, in a task of its own.
#[derive(Debug)]
struct LineReader {
    /// Each request is answered once the stream has nothing more to read.
    flush_requests: mpsc::Sender<oneshot::Sender<()>>,
    _reading: BackgroundTask,
}

impl Process {
    /// Starts the executable, and a Runtime API for it alone.
    pub(super) async fn start(
        options: &FunctionOptions,
        codedeploy_url: &str,
        on_line: &LineCallback,
    ) -> Result<Self, StageError> {
        let api = RuntimeApi::start().await?;
        let spawn = |source| StageError::Spawn {
            path: options.bootstrap.clone(),
            source,
        };
        // The process has another working folder, so its path must be absolute.
        let bootstrap = std::path::absolute(&options.bootstrap).map_err(spawn)?;
        let root = bootstrap.parent().map(PathBuf::from).unwrap_or_default();
        let started = Instant::now();
        let mut child = Command::new(&bootstrap)
            // The caller's environment would make runs differ between machines.
            .env_clear()
            .envs(lambda_environment(
                &api.address(),
                &root,
                options,
                codedeploy_url,
            ))
            .envs(options.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(&root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(spawn)?;
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        // The streams are read all the time: a full pipe would stop the process.
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(LineReader::start(stdout, Output::Stdout, &lines, on_line));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(LineReader::start(stderr, Output::Stderr, &lines, on_line));
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

    /// Whether the process was ready once and has ended since. A process that was
    /// never ready does not count: its invocation has to report why.
    pub(super) fn has_ended_between_events(&mut self) -> bool {
        self.init.is_some() && !matches!(self.child.try_wait(), Ok(None))
    }

    /// The process's id; 0 if it has ended.
    pub(super) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Kills the process and waits for its end.
    pub(super) async fn kill(&mut self) {
        // Killing fails only for a process that has ended.
        let _ = self.child.kill().await;
    }

    /// Removes and returns the lines that the process has written so far.
    pub(super) async fn take_lines(&mut self) -> Vec<LogLine> {
        for reader in &self.readers {
            reader.flush().await;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.drain(..).collect()
    }
}

/// Waits for the end of a process.
pub(super) async fn wait_for_exit(child: &mut Child) -> Exit {
    let status = child.wait().await.ok();
    status
        .and_then(|status| status.code())
        .map_or(Exit::Signal, Exit::Code)
}

/// The environment that Lambda gives to a function, see
/// [Defined runtime environment variables](https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime).
fn lambda_environment(
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
        // The SDK refuses to work without credentials; the stage does not check
        // them.
        ("AWS_ACCESS_KEY_ID", "AKIDREHEARSAL".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "rehearsal".to_owned()),
        ("AWS_SESSION_TOKEN", "rehearsal".to_owned()),
        // Without this endpoint a call could leave the machine.
        ("AWS_ENDPOINT_URL", codedeploy_url.to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
    ]
}

impl LineReader {
    /// Reads `source` to its end, in a task that ends with this value.
    fn start(
        source: impl AsyncRead + Unpin + Send + 'static,
        output: Output,
        lines: &Arc<Mutex<VecDeque<LogLine>>>,
        on_line: &LineCallback,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let splitter = LineSplitter {
            output,
            lines: Arc::clone(lines),
            on_line: Arc::clone(on_line),
            pending: Vec::new(),
        };
        Self {
            flush_requests: sender,
            _reading: BackgroundTask::spawn(read_lines(source, splitter, receiver)),
        }
    }

    /// Waits until everything that the process has written so far is read.
    async fn flush(&self) {
        let (sender, flushed) = oneshot::channel();
        if self.flush_requests.send(sender).await.is_ok() {
            // The answer does not come if the reader has ended, which has then
            // read everything; the timeout is for a process that never pauses.
            let _ = tokio::time::timeout(Duration::from_secs(1), flushed).await;
        }
    }
}

/// Reads `source` to its end, and answers flush requests in its pauses.
async fn read_lines(
    mut source: impl AsyncRead + Unpin,
    mut splitter: LineSplitter,
    mut flush_requests: mpsc::Receiver<oneshot::Sender<()>>,
) {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            // Reading comes first, so a flush request is answered only when
            // nothing is left to read.
            biased;
            read = source.read(&mut chunk) => match read {
                Ok(size @ 1..) => splitter.push(&chunk[..size]),
                Ok(0) | Err(_) => break,
            },
            Some(flushed) = flush_requests.recv() => {
                // The requester may have given up at its timeout.
                let _ = flushed.send(());
            }
        }
    }
    splitter.finish_line();
}

/// Splits the bytes of a stream into lines, and records them.
struct LineSplitter {
    output: Output,
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    on_line: LineCallback,
    /// The beginning of a line whose end has not come.
    pending: Vec<u8>,
}

impl LineSplitter {
    /// Takes the next bytes, and records each line that they complete.
    fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(&bytes[..end]);
            self.finish_line();
            bytes = &bytes[end + 1..];
        }
        self.pending.extend_from_slice(bytes);
        // A function that writes no line breaks must not fill the memory.
        if self.pending.len() >= LONGEST_LINE {
            self.finish_line();
        }
    }

    /// Records the pending bytes as a line; an empty line is left out.
    fn finish_line(&mut self) {
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
        // Nobody takes the lines of a function that is never invoked again.
        if lines.len() >= MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}
