//! The settings of the proof of green.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Reader;
use super::identity::{Expected, Identity, Origin};

pub(super) const PROOF: &str = "SMOKE_PROOF";
pub(super) const PROOF_TIMEOUT: &str = "SMOKE_PROOF_TIMEOUT";
pub(super) const IDENTITY: &str = "SMOKE_IDENTITY";
pub(super) const IDENTITY_PATH: &str = "SMOKE_IDENTITY_PATH";
pub(super) const IDENTITY_IS: &str = "SMOKE_IDENTITY_IS";
pub(super) const IDENTITY_TIMES: &str = "SMOKE_IDENTITY_TIMES";

/// How many answers in a row are asked for if nothing else is said.
const TIMES: NonZeroU32 = match NonZeroU32::new(3) {
    Some(times) => times,
    None => NonZeroU32::MIN,
};
/// More answers than this say no more.
const MOST_TIMES: u32 = 100;

const ORIGIN_HELP: &str = "write `header:x-app-version` or `json:$.version`";

/// How long the proof may take if nothing else is said.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What the settings say of the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProofSettings {
    pub(crate) mode: Mode,
    /// The longest that it may take.
    pub(crate) timeout: Duration,
    /// How to ask the app which version it is.
    pub(crate) identity: Option<Identity>,
}

impl Default for ProofSettings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            timeout: TIMEOUT,
            identity: None,
        }
    }
}

impl ProofSettings {
    /// How to ask the app, if it is to be asked.
    pub(crate) fn app_identity(&self) -> Option<&Identity> {
        let asks = matches!(self.mode, Mode::Full | Mode::Identity);
        self.identity.as_ref().filter(|_| asks)
    }
}

/// How much is proven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The listener, and the identity if the settings say how to ask for it.
    #[default]
    Full,
    /// What the APIs of AWS say.
    Listener,
    /// What the app says.
    Identity,
    /// Nothing.
    Off,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Listener => "listener",
            Self::Identity => "identity",
            Self::Off => "off",
        })
    }
}

impl Reader<'_> {
    pub(super) fn read_proof(&mut self) -> ProofSettings {
        let mode = self.read_mode();
        let identity = self.read_identity();
        if mode == Mode::Identity && self.environment.setting(IDENTITY).is_none() {
            self.add_error(
                IDENTITY,
                format!("expected where the app tells its version, because `{PROOF}` is `identity`, found nothing"),
                ORIGIN_HELP,
            );
        }
        ProofSettings {
            mode,
            timeout: self
                .read_duration(PROOF_TIMEOUT, Duration::from_millis(1))
                .unwrap_or(TIMEOUT),
            identity,
        }
    }

    fn read_mode(&mut self) -> Mode {
        match self.environment.setting(PROOF) {
            None | Some("full") => Mode::Full,
            Some("listener") => Mode::Listener,
            Some("identity") => Mode::Identity,
            Some("off") => Mode::Off,
            Some(text) => {
                let found =
                    format!("expected `full`, `listener`, `identity` or `off`, found `{text}`");
                self.add_error(PROOF, found, "leave it out for `full`");
                Mode::Full
            }
        }
    }

    fn read_identity(&mut self) -> Option<Identity> {
        // All of them are read before the first return, so that each mistake
        // is found.
        let path = self.read_path();
        let (expected, times) = (self.read_expected(), self.read_times());
        let text = self.environment.setting(IDENTITY)?;
        let origin = match text.split_once(':') {
            Some(("header", name)) if !name.is_empty() => Origin::Header(name.to_owned()),
            Some(("json", path)) if !path.is_empty() => Origin::Json(path.to_owned()),
            _ => {
                let found =
                    format!("expected `header:` or `json:` and what it names, found `{text}`");
                self.add_error(IDENTITY, found, ORIGIN_HELP);
                return None;
            }
        };
        let identity = Identity {
            path,
            origin,
            expected,
            times,
        };
        // The planner finds what is wrong with a path, a header or a JSONPath.
        if let Err(problems) = identity.plan("1", None) {
            let first = problems.diagnostics().first();
            let found = first.map_or(String::new(), |problem| {
                let named = [&problem.expected, &problem.found];
                match named {
                    [Some(expected), Some(found)] => format!("expected {expected}, found {found}"),
                    _ => problem.to_string(),
                }
            });
            self.add_error(IDENTITY, found, ORIGIN_HELP);
            return None;
        }
        Some(identity)
    }

    fn read_path(&mut self) -> String {
        let path = self.environment.setting(IDENTITY_PATH).unwrap_or("/");
        if !path.starts_with('/') {
            let found =
                format!("expected a path on the target, such as `/version`, found `{path}`");
            self.add_error(IDENTITY_PATH, found, "leave it out for `/`");
            return "/".to_owned();
        }
        path.to_owned()
    }

    fn read_expected(&mut self) -> Expected {
        match self.environment.setting(IDENTITY_IS) {
            None | Some("tag") => Expected::Tag,
            Some("digest") => Expected::Digest,
            Some("image") => Expected::Image,
            Some(text) => {
                if let Some(name) = text.strip_prefix("env:").filter(|name| !name.is_empty()) {
                    return Expected::Variable(name.to_owned());
                }
                let found =
                    format!("expected `tag`, `digest`, `image` or `env:NAME`, found `{text}`");
                self.add_error(IDENTITY_IS, found, "leave it out for `tag`");
                Expected::Tag
            }
        }
    }

    fn read_times(&mut self) -> NonZeroU32 {
        let Some(text) = self.environment.setting(IDENTITY_TIMES) else {
            return TIMES;
        };
        match text.parse::<NonZeroU32>() {
            Ok(times) if times.get() <= MOST_TIMES => times,
            _ => {
                let found =
                    format!("expected a whole number from 1 to {MOST_TIMES}, found `{text}`");
                self.add_error(IDENTITY_TIMES, found, format!("leave it out for {TIMES}"));
                TIMES
            }
        }
    }
}
