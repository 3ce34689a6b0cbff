//! AWS, as the Lambda and the command use it: one HTTP client for all
//! services, and no second TLS stack beside that of the checks.
//!
//! | module | what it is for |
//! |---|---|
//! | [`access`] | Region, credentials and endpoints: what the clients share |
//! | [`calls`] | how long to go on with a call, and what to say of one that failed |
//! | `error` | why there is no access |
//! | `http` | the SDK's HTTP client over the one of the checks |
//! | [`parameters`] | values from Parameter Store, with one request that we sign |
//! | [`s3`] | objects: get, list and put, all bounded |
//! | [`secrets`] | values from Secrets Manager |
//! | `user` | a person's credentials, for the command; a feature of its own |
//! | [`sns`] | a message to a topic |
//!
//! Whoever has a client of another service makes it from [`Access::config`]
//! and calls it through [`calls::ask`].

pub mod access;
#[cfg(test)]
mod answers;
pub mod calls;
#[cfg(test)]
mod endpoints;
mod error;
mod http;
pub mod parameters;
pub mod s3;
pub mod secrets;
pub mod sns;
#[cfg(feature = "user")]
mod user;

pub use access::Access;
pub use error::Error;
