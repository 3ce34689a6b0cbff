//! The check engine of Greenlight: check files go in, a report and a verdict
//! come out. It knows nothing of AWS.
//!
//! Data flows one way, and a module may use what stands to its left:
//!
//! ```text
//! discover → check_file → plan → run → report → verdict, render
//! ```
//!
//! | step | function | from | to |
//! |---|---|---|---|
//! | find and read files | [`discover::read`] | paths, globs | [`diagnostic::Source`]s |
//! | resolve | [`plan::plan`] | sources, [`settings::Selection`] | [`plan::Plan`] |
//! | connect | [`http::Client::new`] | [`settings::Connection`] | [`http::Client`] |
//! | ask | [`run::run`] | plan, client, [`settings::Limits`] | [`report::Report`] |
//! | judge | [`verdict::judge`] | report | [`verdict::Verdict`] |
//! | show | [`render`], `explain` | report | text, JSON, JUnit XML, HTML |
//!
//! Three kinds of wrong are never mixed: a [`diagnostic::Diagnostic`] speaks of
//! the user's file, a failed check is data in the [`report::Report`], and an
//! error, such as [`http::ClientError`], says that we could not work.

mod answer;
mod challenge;
mod charset;
mod check_file;
mod credential;
mod curl;
pub mod diagnostic;
pub mod dial;
mod digest;
pub mod discover;
#[cfg(feature = "cli")]
mod draft;
mod encoding;
#[cfg(feature = "reports")]
pub mod explain;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod graphql;
mod grpc;
mod hint;
pub mod hosts;
pub mod http;
#[cfg(feature = "cli")]
pub mod import;
#[cfg(feature = "cli")]
pub mod init;
mod json;
mod json_schema;
mod jsonpath;
mod markup;
mod multipart;
mod pattern;
pub mod plan;
mod predicate;
pub mod rate;
mod redact;
pub mod release;
pub mod remote;
pub mod render;
pub mod report;
pub mod run;
#[cfg(feature = "cli")]
pub mod schema;
pub mod secrets;
mod set_cookie;
pub mod settings;
mod sigv4;
pub mod snippet;
pub mod suggest;
pub mod target;
mod template;
pub mod units;
mod value;
pub mod verdict;
mod work;
mod yaml;

pub use check_file::Severity;
