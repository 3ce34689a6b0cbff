//! How an invocation ended, what it wrote, and what Lambda tells others of it.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// How an invocation ended. There is no other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvocationOutcome {
    /// The function returned this.
    Returned(Value),
    /// The function returned an error.
    Errored {
        /// `errorType` of the runtime's report.
        error_type: String,
        /// `errorMessage` of the runtime's report.
        message: String,
    },
    /// The time limit was over, and the process was killed.
    TimedOut,
    /// The process used more memory than it has, and was killed.
    OutOfMemory,
    /// The process ended in the middle of the invocation.
    Died {
        /// Its exit code, or the signal that ended it.
        exit: Exit,
    },
    /// The process ended, or reported an error, before its first event.
    InitFailed {
        /// Why.
        reason: String,
    },
}

/// Why a process did not get ready for its first event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// The runtime reported an error of its initialisation.
    #[error("{report}")]
    Reported {
        /// `errorType` and `errorMessage` of the report.
        report: String,
    },
    /// The process ended.
    #[error("the process ended with {exit}")]
    Exited {
        /// How it ended.
        exit: Exit,
    },
    /// The process took too long.
    #[error("no request for an event within {seconds} s")]
    TimedOut {
        /// How long it may take.
        seconds: u64,
    },
    /// The last invocation ended the process, and none was started since.
    #[error("the process has ended")]
    NoProcess,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By a signal.
    Signal,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal => f.write_str("a signal"),
        }
    }
}

impl fmt::Display for InvocationOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(_) => f.write_str("returned"),
            Self::Errored {
                error_type,
                message,
            } => write!(f, "returned an error: {error_type}: {message}"),
            Self::TimedOut => f.write_str("was killed at its time limit"),
            Self::OutOfMemory => f.write_str("was killed: out of memory"),
            Self::Died { exit } => write!(f, "died: {exit}"),
            Self::InitFailed { reason } => write!(f, "could not start: {reason}"),
        }
    }
}

/// The stream that a line of the function came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line that the function wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it was written to.
    pub output: Output,
    /// The line without its end.
    pub text: String,
}

/// One invocation of the function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// How it ended.
    pub outcome: InvocationOutcome,
    /// What the function wrote meanwhile, its start included if it was cold.
    pub lines: Vec<LogLine>,
    /// From handing out the event to the answer, without the start.
    pub duration: Duration,
    /// From the start of the process to its first request for an event;
    /// `None` if the process was warm, or never got there.
    pub init: Option<Duration>,
    /// The request id that the function got with the event.
    pub request_id: String,
}

impl Invocation {
    /// What Lambda sends to the on-failure destination of an asynchronous
    /// invocation; `None` if the invocation did not fail.
    ///
    /// Source: [Retaining records of asynchronous invocations](https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
    pub fn failure_record(&self, event: &Value) -> Option<Value> {
        let (handling, error_type, message) = match &self.outcome {
            InvocationOutcome::Returned(_) => return None,
            InvocationOutcome::Errored {
                error_type,
                message,
            } => ("Unhandled", error_type.clone(), message.clone()),
            InvocationOutcome::TimedOut => (
                "Unhandled",
                "Sandbox.Timedout".to_owned(),
                "Task timed out".to_owned(),
            ),
            // Lambda does not tell that the memory was the reason.
            InvocationOutcome::OutOfMemory => (
                "Unhandled",
                "Runtime.ExitError".to_owned(),
                "Runtime exited with error: signal: killed".to_owned(),
            ),
            InvocationOutcome::Died { exit } => (
                "Unhandled",
                "Runtime.ExitError".to_owned(),
                format!("Runtime exited with error: {exit}"),
            ),
            InvocationOutcome::InitFailed { reason } => {
                ("Unhandled", "Runtime.ExitError".to_owned(), reason.clone())
            }
        };
        let arn = super::function_arn();
        Some(json!({
            "version": "1.0",
            "timestamp": jiff::Timestamp::now().to_string(),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": format!("{arn}:$LATEST"),
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 1,
            },
            "requestPayload": event,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": handling,
            },
            "responsePayload": {"errorType": error_type, "errorMessage": message},
        }))
    }
}
