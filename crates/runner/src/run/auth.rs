//! Says who asks.

use http::HeaderValue;

use check_file::Auth;
use check_file::template::Scope;
use client::sigv4::Signer;

/// The `authorization` header of Basic (RFC 7617) or Bearer (RFC 6750).
pub(super) fn authorization(
    auth: Option<&Auth>,
    scope: &Scope,
) -> Result<Option<HeaderValue>, String> {
    let text = match auth {
        // A token has to be asked for, a signature to be made, when it goes out.
        None | Some(Auth::None | Auth::OAuth2(_) | Auth::SigV4(_)) => return Ok(None),
        Some(Auth::Bearer(token)) => format!("Bearer {}", token.render(scope)?),
        Some(Auth::Basic { user, password }) => {
            let (user, password) = (user.render(scope)?, password.render(scope)?);
            if user.contains(':') {
                return Err("a user with `:` in it, which Basic cannot carry".to_owned());
            }
            let pair = format!("{user}:{password}");
            format!("Basic {}", query::digest::base64(pair.as_bytes()))
        }
    };
    HeaderValue::from_str(&text)
        .map(Some)
        .map_err(|_| "a value that HTTP does not allow".to_owned())
}

/// Who signs the request, if it is to be signed.
pub(super) fn signer(auth: Option<&Auth>, scope: &Scope) -> Result<Option<Signer>, String> {
    let Some(Auth::SigV4(signer)) = auth else {
        return Ok(None);
    };
    let session_token = signer.session_token.as_ref();
    let session_token = session_token.map(|token| token.render(scope)).transpose()?;
    Ok(Some(Signer {
        region: signer.region.render(scope)?,
        service: signer.service.render(scope)?,
        access_key: signer.access_key.render(scope)?,
        secret_key: signer.secret_key.render(scope)?,
        session_token: session_token.filter(|token| !token.is_empty()),
    }))
}
