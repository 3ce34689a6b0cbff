//! What stands in the JSON report beside the checks.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One thing that kept the checks from being run.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonProblem<'a> {
    /// Where it is, what was expected and what was found, in one line.
    pub text: Cow<'a, str>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Cow<'a, str>>,
}

/// Where to read on.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonLink<'a> {
    /// What is there.
    pub title: Cow<'a, str>,
    /// Its address.
    pub url: Cow<'a, str>,
}

/// The answers of another version that came from one address.
#[derive(Debug, Serialize, Deserialize)]
pub struct JsonForeignAnswers<'a> {
    /// The address, with its port.
    pub address: Cow<'a, str>,
    /// How many answers there were; none of them counted for a check.
    pub answers: u32,
    /// What the first of them said of its version.
    pub said: Cow<'a, str>,
}

pub(super) fn convert_problem(problem: &crate::Problem) -> JsonProblem<'_> {
    JsonProblem {
        text: (&problem.text).into(),
        help: problem.help.as_deref().map(Cow::from),
    }
}

pub(super) fn convert_link(link: &crate::Link) -> JsonLink<'_> {
    JsonLink {
        title: (&link.title).into(),
        url: (&link.url).into(),
    }
}

pub(super) fn convert_foreign_answers(answers: &crate::ForeignAnswers) -> JsonForeignAnswers<'_> {
    JsonForeignAnswers {
        address: (&answers.address).into(),
        answers: answers.answers,
        said: (&answers.said).into(),
    }
}
