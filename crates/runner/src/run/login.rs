//! Says who asks, where that takes more than a header: a token that has to be
//! asked for, a signature.

use http::header::{AUTHORIZATION, HeaderValue};
use tokio::time::Instant;

use super::step::StepAttempt;
use super::tokens::{TokenError, TokenGrant};
use super::trace::Trace;
use check_file::Auth;
use check_file::template::Scope;
use client::http::Request;
use diagnostic::units::human_duration;
use report::{Class, Failure};

impl StepAttempt<'_> {
    /// Gets the access token that the request needs, if it needs one, by the
    /// end of the step. That end comes later by the time of waits for a turn,
    /// and is given back.
    pub(super) async fn log_in(
        &self,
        request: &mut Request,
        scope: &Scope,
        end: Instant,
        trace: &mut Trace,
    ) -> Result<Instant, Failure> {
        let target = self.shared.client.target();
        let asked = &self.step.request;
        let auth = asked.auth.as_ref();
        // The login of the defaults is for the target.
        let auth = auth.filter(|_| asked.own.auth || target.is_origin_of(&request.url));
        let Some(Auth::OAuth2(client)) = auth else {
            return Ok(end);
        };
        if request.headers.contains_key(AUTHORIZATION) {
            return Ok(end);
        }
        let unfit = |reason| self.value_failure("the request for a token", reason);
        let grant = TokenGrant::fill_in(client, target, scope).map_err(unfit)?;
        let granted = self
            .shared
            .tokens
            .get_token(&grant, self.shared, end, trace);
        let (token, end) = granted.await.map_err(|none| {
            let mut failure = match none {
                TokenError::Unanswered(unanswered) => self.no_answer_failure(&unanswered),
                TokenError::Foreign(foreign) => {
                    return self.foreign_failure(&foreign, None, "run the deployment again");
                }
                TokenError::Late(waited) => {
                    let class = if self.shared.is_over() {
                        Class::CutShort
                    } else {
                        Class::CouldNotAsk
                    };
                    let mut failure = self.new_failure(class, "");
                    failure.diagnostic = failure
                        .diagnostic
                        .found(format!(
                            "none within {}, in which another step asked for it",
                            human_duration(waited)
                        ))
                        .help("raise `timeout` if the server for tokens is only slow");
                    failure
                }
                TokenError::Refused(reason) => {
                    let mut failure = self.new_failure(Class::CouldNotAsk, "");
                    failure.diagnostic = failure
                        .diagnostic
                        .found(reason)
                        .help("correct the client, its secret and what it asks for");
                    failure
                }
            };
            "no access token".clone_into(&mut failure.diagnostic.title);
            failure.diagnostic.expected = Some(format!("an access token from `{}`", grant.url()));
            failure
        })?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| unfit("a token that HTTP does not allow".to_owned()))?;
        request.headers.insert(AUTHORIZATION, bearer);
        Ok(end)
    }

    /// Signs a request as it goes out.
    pub(super) fn sign(&self, request: &mut Request) -> Result<(), Failure> {
        let signed = request.sign();
        signed.map_err(|error| self.value_failure("the signature", error.to_string()))
    }
}
