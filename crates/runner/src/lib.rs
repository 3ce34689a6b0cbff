//! Check files and a client go in, a report comes out.
//!
//! | step | function | from | to |
//! |---|---|---|---|
//! | resolve | [`plan::plan`] | check files, [`settings::Selection`] | [`plan::Plan`] |
//! | ask | [`run::run`] | plan, client, [`settings::Limits`] | a report |
//!
//! What a caller knows of the version under test comes in by [`release`]; what
//! nobody may say of a run is in [`secrets`].

mod answer;
mod credential;
mod curl;
mod hint;
mod multipart;
pub mod plan;
pub mod rate;
pub mod release;
pub mod run;
pub mod secrets;
mod set_cookie;
pub mod settings;
