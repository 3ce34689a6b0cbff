//! The pages of a list. AWS may give a page that is empty and a token all the
//! same: only a page without a token is the last one.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::CallError;

/// The most pages of a list.
const MOST: usize = 1_000;

/// The pages of one list, as far as they are read.
#[derive(Debug)]
pub struct Pages<'a> {
    action: &'static str,
    resource: &'a str,
    until: Instant,
    tokens: BTreeSet<String>,
}

impl<'a> Pages<'a> {
    /// A list of which no page is read. `action` and `resource` are those of
    /// an IAM policy.
    pub fn new(action: &'static str, resource: &'a str, until: Instant) -> Self {
        Self {
            action,
            resource,
            until,
            tokens: BTreeSet::new(),
        }
    }

    /// What to ask for the next page with, for somebody who has read a page
    /// with this token; `None` if that was the last one.
    ///
    /// # Errors
    /// A list that does not come to an end: a token that has been there, too
    /// many pages, or no time for another one. What is read of it is perhaps
    /// not all, and counts for nothing.
    pub fn next(&mut self, token: Option<String>) -> Result<Option<String>, CallError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        if Instant::now() >= self.until {
            return Err(CallError::late(self.action, self.resource));
        }
        if self.tokens.len() + 1 >= MOST || !self.tokens.insert(token.clone()) {
            return Err(CallError::endless(self.action, self.resource));
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ACTION: &str = "codedeploy:ListDeploymentTargets";

    fn pages(left: Duration) -> Pages<'static> {
        Pages::new(ACTION, "`*`", Instant::now() + left)
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_goes_on_until_a_page_has_no_token() {
        let mut pages = pages(Duration::from_mins(1));
        for token in ["a", "b", "c"] {
            let next = pages.next(Some(token.to_owned()));
            assert_eq!(next, Ok(Some(token.to_owned())));
        }
        assert_eq!(pages.next(Some(String::new())), Ok(None));
        assert_eq!(pages.next(None), Ok(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_without_an_end_is_an_error() {
        let mut circle = pages(Duration::from_mins(1));
        assert!(circle.next(Some("a".to_owned())).is_ok());
        assert!(circle.next(Some("b".to_owned())).is_ok());
        let error = circle.next(Some("a".to_owned())).unwrap_err();
        insta::assert_snapshot!(error, @"`codedeploy:ListDeploymentTargets`: expected a list that ends, found pages without an end");
        assert!(!error.passes());
        let mut long = pages(Duration::from_mins(1));
        let last = (0..2 * MOST).find(|page| long.next(Some(page.to_string())).is_err());
        assert_eq!(last, Some(MOST - 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_takes_too_long_is_an_error() {
        let error = pages(Duration::ZERO)
            .next(Some("a".to_owned()))
            .unwrap_err();
        assert!(error.passes());
    }
}
