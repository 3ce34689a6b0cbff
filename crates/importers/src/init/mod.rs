//! A first check file: from what a service answers now, or from an OpenAPI
//! document.
//!
//! It expects what is true now and will stay so: statuses, kinds of content,
//! types of members. Values change with the data, so few of them are expected.

mod live;
mod openapi;
mod shape;

use std::sync::Arc;

use serde_json::{Map, json};

use crate::draft::{CheckDraft, CheckFileDraft, editor_notes};
use client::http::Client;
use client::target::Target;
use diagnostic::{Problems, Source};

/// A check file to start with.
#[derive(Debug)]
pub struct Starter {
    /// The text of the check file.
    pub text: String,
    /// How many checks it holds.
    pub checks: usize,
}

/// What a first check file is made of.
#[derive(Debug, Default)]
pub struct StarterChecks {
    checks: Vec<CheckDraft>,
    left_out: Vec<String>,
}

impl StarterChecks {
    /// Asks a service at the paths that services usually have.
    ///
    /// # Errors
    /// A service that answers none of them.
    pub async fn add_answers(&mut self, client: &Client) -> Result<(), Problems> {
        let (checks, left_out) = live::collect_checks(client).await?;
        self.checks.extend(checks);
        self.left_out.extend(left_out);
        Ok(())
    }

    /// Takes what an OpenAPI document promises of its GET operations.
    ///
    /// # Errors
    /// A document that cannot be read.
    pub fn add_openapi(&mut self, source: &Arc<Source>) -> Result<(), Problems> {
        let (checks, left_out) = openapi::collect_checks(source)?;
        self.checks.extend(checks);
        self.left_out.extend(left_out);
        Ok(())
    }

    /// The check file.
    pub fn into_starter(self, target: Option<&Target>) -> Starter {
        let target_flag = target.map_or_else(
            || "https://your.test.listener".to_owned(),
            ToString::to_string,
        );
        let mut notes = editor_notes();
        notes.extend([
            "What must be true of a new version before customers see it. Run it with".to_owned(),
            format!("  smoke run THIS-FILE --target {target_flag}"),
            "It says what was so when it was written: keep what must stay so, and add what"
                .to_owned(),
            "customers would miss first.".to_owned(),
        ]);
        if !self.left_out.is_empty() {
            notes.push(String::new());
            notes.extend(self.left_out);
        }
        let checks = self.checks.len();
        let draft = CheckFileDraft {
            notes,
            name: target.map_or_else(|| "smoke".to_owned(), |target| target.host().to_owned()),
            variables: Vec::new(),
            defaults: Map::from_iter([("timeout".to_owned(), json!("5s"))]),
            checks: self.checks,
            remarks: REMARKS.lines().map(str::to_owned).collect(),
        };
        Starter {
            text: draft.into_text(),
            checks,
        }
    }
}

/// What most teams need next.
const REMARKS: &str = "\
What customers do is worth more than what an endpoint says of itself. A check may
have several steps, and keep values of one for the next:

- name: a customer can log in and see orders
  writes: true
  steps:
    - post: /login
      json: { email: demo@example.com, password: \"{{ password }}\" }
      capture: { token: { json: $.token } }
    - get: /orders
      auth: { bearer: \"{{ token }}\" }
      expect: { json: { $.orders: { count: { at_least: 1 } } } }

with the password from the environment:

variables:
  password: { env: SHOP_PASSWORD }";

/// Reads a document from the service itself.
///
/// # Errors
/// A service that does not answer, or not with success.
pub async fn fetch_document(client: &Client, path: &str) -> Result<Arc<Source>, Problems> {
    live::fetch_document(client, path).await
}
