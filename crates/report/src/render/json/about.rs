//! What stands in the JSON report beside the checks.

use serde::Serialize;

/// One thing that kept the checks from being run.
#[derive(Debug, Serialize)]
pub struct Problem<'a> {
    /// Where it is, what was expected and what was found, in one line.
    pub text: &'a str,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<&'a str>,
}

/// Where to read on.
#[derive(Debug, Serialize)]
pub struct Link<'a> {
    /// What is there.
    pub title: &'a str,
    /// Its address.
    pub url: &'a str,
}

/// The answers of another version that came from one address.
#[derive(Debug, Serialize)]
pub struct ForeignAnswers<'a> {
    /// The address, with its port.
    pub address: &'a str,
    /// How many answers there were; none of them counted for a check.
    pub answers: u32,
    /// What the first of them said of its version.
    pub said: &'a str,
}

pub(super) fn problem(problem: &crate::Problem) -> Problem<'_> {
    Problem {
        text: &problem.text,
        help: problem.help.as_deref(),
    }
}

pub(super) fn link(link: &crate::Link) -> Link<'_> {
    Link {
        title: &link.title,
        url: &link.url,
    }
}

pub(super) fn foreign(answers: &crate::ForeignAnswers) -> ForeignAnswers<'_> {
    ForeignAnswers {
        address: &answers.address,
        answers: answers.answers,
        said: &answers.said,
    }
}
