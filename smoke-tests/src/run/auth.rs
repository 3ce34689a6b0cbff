//! Says who asks.

use http::HeaderValue;

use crate::check_file::Auth;
use crate::template::Scope;

/// The `authorization` header of Basic (RFC 7617) or Bearer (RFC 6750).
pub(super) fn authorization(
    auth: Option<&Auth>,
    scope: &Scope,
) -> Result<Option<HeaderValue>, String> {
    let text = match auth {
        None | Some(Auth::None) => return Ok(None),
        Some(Auth::Bearer(token)) => format!("Bearer {}", token.render(scope)?),
        Some(Auth::Basic { user, password }) => {
            let (user, password) = (user.render(scope)?, password.render(scope)?);
            if user.contains(':') {
                return Err("a user with `:` in it, which Basic cannot carry".to_owned());
            }
            let pair = format!("{user}:{password}");
            format!("Basic {}", crate::digest::base64(pair.as_bytes()))
        }
    };
    HeaderValue::from_str(&text)
        .map(Some)
        .map_err(|_| "a value that HTTP does not allow".to_owned())
}
