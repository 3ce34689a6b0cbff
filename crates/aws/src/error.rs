//! Why there is no access to AWS. A call that did not succeed has a type of
//! its own, [`CallError`](crate::calls::CallError), because a caller asks it
//! what to do next.

/// The error of another crate.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// There is no access to AWS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The environment is not that of a function of Lambda.
    #[error("expected AWS's environment variables, found no {names}")]
    MissingVariables {
        /// The names, each in backticks.
        names: String,
    },
    /// The system has no certificate authorities, or the TLS stack refuses
    /// them.
    #[error("no HTTP client for AWS: {source}")]
    HttpClient {
        /// What is wrong.
        source: Source,
    },
    /// A person has no Region.
    #[error("expected a Region in `AWS_REGION` or in the profile, found none")]
    NoRegion,
    /// A person has no credentials.
    #[error("expected credentials, found none")]
    NoCredentials,
    /// Nobody answered who could have had credentials.
    #[error("expected credentials, found none in {seconds} s")]
    SlowCredentials {
        /// How long they were waited for.
        seconds: u64,
    },
    /// A profile, a process or a sign-on gave no credentials.
    #[error("{reasons}")]
    Credentials {
        /// What each of them said.
        reasons: String,
    },
}
