//! Logins by Digest (RFC 7616): what a server challenges with, and the answer
//! to it.
//!
//! The password never goes out: what does is a hash of it, of the server's
//! nonce and of the request.

mod offers;

use std::fmt;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method};
use url::{Position, Url};

use self::offers::{Offer, offers};
use query::digest;

/// The most schemes of a challenge that a message repeats.
const MOST_SCHEMES: usize = 5;
/// The most characters of a word that a message repeats.
const MOST_SHOWN: usize = 60;

/// Who logs in, and what is known of the server's challenge.
#[derive(Clone)]
pub struct DigestLogin {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// What the server challenged with last.
    challenge: Option<Challenge>,
    /// Whether that was for the URL that is asked now.
    here: bool,
    /// Whether a nonce was stale before.
    renewed: bool,
    /// The hash that was sent last.
    response: String,
}

impl fmt::Debug for DigestLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password stays out of every debug output.
        write!(f, "DigestLogin({})", self.user)
    }
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLogin {
    /// Whether we do not know how, in contrast to a server that wants
    /// something else.
    pub unknown: bool,
    /// What should have come.
    pub expected: &'static str,
    /// What came.
    pub found: String,
    /// What to do.
    pub help: &'static str,
}

/// A challenge that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the server writes it, if it does.
    named: Option<String>,
    algorithm: Algorithm,
    /// Whether the password's hash is for this nonce alone.
    session: bool,
    /// Servers of before 2000 know no quality of protection.
    protects: bool,
    stale: bool,
    /// Our own nonce, and how often we answered.
    client_nonce: String,
    count: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => digest::md5(text.as_bytes()),
            Self::Sha256 => digest::sha256(text.as_bytes()),
        }
    }
}

impl DigestLogin {
    /// A login that nobody has asked for yet.
    pub fn new(user: String, password: String) -> Self {
        Self {
            user,
            password,
            challenge: None,
            here: false,
            renewed: false,
            response: String::new(),
        }
    }

    /// What no output may hold, beside the password: the hash that was sent.
    pub fn response(&self) -> &str {
        &self.response
    }

    /// The next request goes to another URL of the same server.
    pub fn moved(&mut self) {
        self.here = false;
    }

    /// Takes up the challenge of an answer with status 401, or says why there
    /// is no use in asking again.
    pub fn challenged(&mut self, answer: &HeaderMap) -> Result<(), NoLogin> {
        let challenge = Challenge::of(answer)?;
        if self.here && self.renewed && challenge.stale {
            return Err(NoLogin {
                unknown: false,
                expected: "a nonce that is good for one answer",
                found: "one that was stale at once, twice".to_owned(),
                help: "let all instances of the service know the nonces of each of them",
            });
        }
        if self.here && !challenge.stale {
            return Err(NoLogin {
                unknown: false,
                expected: "user and password to be taken",
                found: "another challenge".to_owned(),
                help: "correct the user and the password",
            });
        }
        self.renewed |= self.here;
        self.here = true;
        self.challenge = Some(challenge);
        Ok(())
    }

    /// Adds the answer to the challenge, if there was one, to a request.
    pub(crate) fn authorize(
        &mut self,
        method: &Method,
        url: &Url,
        headers: &mut HeaderMap,
    ) -> Result<(), String> {
        let Some(challenge) = &mut self.challenge else {
            return Ok(());
        };
        challenge.count += 1;
        let uri = &url[Position::BeforePath..Position::AfterQuery];
        self.response = challenge.response(&self.user, &self.password, method, uri);
        let value = challenge.answer(&self.user, uri, &self.response);
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| "a user that HTTP does not allow".to_owned())?;
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}

impl Challenge {
    /// The first of the challenges of an answer that can be answered; servers
    /// name the best first (section 3.7).
    fn of(answer: &HeaderMap) -> Result<Self, NoLogin> {
        let values = answer.get_all(WWW_AUTHENTICATE).iter();
        let offers: Vec<Offer> = values
            .flat_map(|value| offers(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        let mut digests = offers.iter().filter(|offer| offer.is("digest"));
        let Some(first) = digests.next() else {
            let schemes = offers.iter().take(MOST_SCHEMES);
            let schemes: Vec<_> = schemes.map(|offer| word(&offer.scheme)).collect();
            return Err(NoLogin {
                unknown: false,
                expected: "a challenge by `Digest`",
                found: match schemes.as_slice() {
                    [] => "none".to_owned(),
                    _ => format!("one by {}", schemes.join(", ")),
                },
                help: "log in as the server asks for it, such as by `basic`",
            });
        };
        let first = Self::read(first);
        if first.is_ok() {
            return first;
        }
        digests
            .find_map(|offer| Self::read(offer).ok())
            .map_or(first, Ok)
    }

    fn read(offer: &Offer) -> Result<Self, NoLogin> {
        let unknown = |expected, found, help| NoLogin {
            unknown: true,
            expected,
            found,
            help,
        };
        let named = offer.value("algorithm");
        let lower = named.unwrap_or("MD5").to_ascii_lowercase();
        let (algorithm, session) = match lower.as_str() {
            "md5" => (Algorithm::Md5, false),
            "md5-sess" => (Algorithm::Md5, true),
            "sha-256" => (Algorithm::Sha256, false),
            "sha-256-sess" => (Algorithm::Sha256, true),
            _ => {
                return Err(unknown(
                    "a challenge with `MD5` or `SHA-256`, or `-sess` of one of them",
                    format!("the algorithm {}", word(named.unwrap_or_default())),
                    "let the server offer one of these as well",
                ));
            }
        };
        let qualities = offer.value("qop");
        let mut words = qualities.unwrap_or("auth").split(',').map(str::trim);
        if !words.any(|word| word.eq_ignore_ascii_case("auth")) {
            return Err(unknown(
                "a challenge with the quality of protection `auth`",
                word(qualities.unwrap_or_default()),
                "let the server offer `auth` as well",
            ));
        }
        let (Some(realm), Some(nonce)) = (offer.value("realm"), offer.value("nonce")) else {
            return Err(NoLogin {
                unknown: false,
                expected: "a challenge with `realm` and `nonce`",
                found: "one without".to_owned(),
                help: "let the server name both",
            });
        };
        let client_nonce = digest::uuid()
            .ok_or_else(|| unknown("randomness of the system", "none".to_owned(), "try again"))?;
        Ok(Self {
            realm: realm.to_owned(),
            nonce: nonce.to_owned(),
            opaque: offer.value("opaque").map(str::to_owned),
            named: named.map(str::to_owned),
            algorithm,
            session,
            protects: qualities.is_some(),
            stale: offer
                .value("stale")
                .is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            client_nonce,
            count: 0,
        })
    }

    /// The hash that proves the password (section 3.4.1).
    fn response(&self, user: &str, password: &str, method: &Method, uri: &str) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let Self {
            realm,
            nonce,
            client_nonce,
            count,
            ..
        } = self;
        let mut secret = hash(&format!("{user}:{realm}:{password}"));
        if self.session {
            secret = hash(&format!("{secret}:{nonce}:{client_nonce}"));
        }
        let asked = hash(&format!("{method}:{uri}"));
        if self.protects {
            hash(&format!(
                "{secret}:{nonce}:{count:08x}:{client_nonce}:auth:{asked}"
            ))
        } else {
            hash(&format!("{secret}:{nonce}:{asked}"))
        }
    }

    /// The value of the `authorization` header (section 3.4).
    fn answer(&self, user: &str, uri: &str, response: &str) -> String {
        let mut parts = vec![
            format!("username={}", quoted(user)),
            format!("realm={}", quoted(&self.realm)),
            format!("nonce={}", quoted(&self.nonce)),
            format!("uri={}", quoted(uri)),
            format!("response={}", quoted(response)),
        ];
        parts.extend(self.named.as_ref().map(|name| format!("algorithm={name}")));
        if self.protects || self.session {
            parts.push(format!("cnonce={}", quoted(&self.client_nonce)));
        }
        if self.protects {
            parts.push(format!("qop=auth, nc={:08x}", self.count));
        }
        let opaque = self.opaque.as_ref();
        parts.extend(opaque.map(|opaque| format!("opaque={}", quoted(opaque))));
        format!("Digest {}", parts.join(", "))
    }
}

/// A word of the server's, for a message.
fn word(text: &str) -> String {
    format!("`{}`", text.chars().take(MOST_SHOWN).collect::<String>())
}

/// A quoted string (RFC 9110, section 5.6.4).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
