//! A server of moto, where it is installed. moto imitates AWS: S3, SNS, IAM and
//! whatever else boto3 can set up there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Value, json};

use crate::tool::{MissingTool, find_tool};

/// Sets up and reads back through boto3, AWS's own client.
const SCRIPT: &str = include_str!("moto.py");

/// A server of moto. Dropping it stops it.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    url: String,
}

/// Why a server of moto gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum MotoError {
    /// It is not installed, and the environment says `CI`.
    #[error(transparent)]
    Missing(#[from] MissingTool),
    /// It could not be started, or has ended.
    #[error("moto is gone: {0}")]
    Gone(#[from] std::io::Error),
    /// A command failed.
    #[error("moto could not do it: {0}")]
    Failed(String),
}

impl Moto {
    /// Starts a server. `None` if moto is not installed, and the test is skipped.
    ///
    /// # Errors
    /// It cannot be started, or is missing in CI.
    pub fn start() -> Result<Option<Self>, MotoError> {
        // moto runs inside Python; its own command tells that it is installed.
        let (Some(python), Some(_)) = (find_tool("python3")?, find_tool("moto_server")?) else {
            return Ok(None);
        };
        let mut child = Command::new(python)
            .args(["-I", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // moto logs every request there.
            .stderr(Stdio::null())
            .spawn()?;
        let gone = || std::io::Error::other("it has no pipes");
        let mut started = Self {
            commands: child.stdin.take().ok_or_else(gone)?,
            answers: BufReader::new(child.stdout.take().ok_or_else(gone)?),
            child,
            url: String::new(),
        };
        let url = started.read_answer()?;
        url.as_str()
            .unwrap_or_default()
            .clone_into(&mut started.url);
        Ok(Some(started))
    }

    /// What `AWS_ENDPOINT_URL` has to be.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls a function of `moto.py`: a list of its name and its arguments.
    ///
    /// # Errors
    /// The function failed, or moto has ended.
    pub fn ask(&mut self, command: &Value) -> Result<Value, MotoError> {
        writeln!(self.commands, "{command}")?;
        let mut answer = self.read_answer()?;
        match answer.get_mut("done") {
            Some(result) => Ok(result.take()),
            None => Err(MotoError::Failed(answer.to_string())),
        }
    }

    /// The objects of a bucket by their keys, each with `type` and `text`.
    ///
    /// # Errors
    /// boto3 failed, or moto has ended.
    pub fn objects(&mut self, bucket: &str) -> Result<Vec<(String, Value)>, MotoError> {
        let objects = self.ask(&json!(["objects", bucket]))?;
        let objects = objects.as_object().cloned().unwrap_or_default();
        Ok(objects.into_iter().collect())
    }

    /// Calls `use_server` with the server that all tests of a process share.
    /// `None` as with [`Moto::start`].
    ///
    /// # Errors
    /// It could not be started.
    pub fn with_shared<T>(use_server: impl FnOnce(&mut Self) -> T) -> Result<Option<T>, MotoError> {
        static SHARED: OnceLock<Result<Option<Mutex<Moto>>, MotoError>> = OnceLock::new();
        match SHARED.get_or_init(|| Ok(Self::start()?.map(Mutex::new))) {
            Ok(None) => Ok(None),
            Ok(Some(shared)) => {
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(Some(use_server(&mut shared)))
            }
            Err(error) => Err(MotoError::Failed(error.to_string())),
        }
    }

    /// Reads one line of JSON.
    fn read_answer(&mut self) -> Result<Value, MotoError> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(|_| MotoError::Failed(line))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Both fail only for a process that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
