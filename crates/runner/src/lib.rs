//! Check files and a client go in, a report comes out.
//!
//! | step | function | from | to |
//! |---|---|---|---|
//! | resolve | [`plan::plan`] | check files, [`settings::Selection`] | [`plan::Plan`] |
//! | ask | [`run::run`] | plan, client, [`settings::Limits`] | a report |
//!
//! What a caller knows of the version under test comes in by [`green`]; what no
//! output may say of a run is in [`secrets`].

mod credential;
mod curl;
pub mod green;
mod help;
mod multipart;
mod parsed_response;
pub mod plan;
pub mod rate;
pub mod run;
pub mod secrets;
mod set_cookie;
pub mod settings;
