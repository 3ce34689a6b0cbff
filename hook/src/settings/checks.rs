//! The settings of the check files: where they are, and what runs where S3 has
//! none.

use aws::s3::Address;

use super::Reader;
use super::template::AddressTemplate;

pub(super) const CHECKS: &str = "SMOKE_CHECKS";
pub(super) const FALLBACK: &str = "SMOKE_CHECKS_FALLBACK";

/// What the settings say of the check files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckSettings {
    /// Where they are.
    pub(crate) places: Vec<CheckPlace>,
    /// What runs where S3 has nothing.
    pub(crate) fallback: Fallback,
    /// The folder of those in the package.
    pub(crate) bundled: String,
}

/// A place of check files, as the settings name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CheckPlace {
    /// A file, a folder or a glob on this machine.
    Local(String),
    /// An object or a prefix in S3.
    S3(AddressTemplate),
}

/// What runs in the place of check files that are not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// Nothing: the verdict is `Failed`.
    #[default]
    None,
    /// Those in the package.
    Bundled,
}

impl CheckSettings {
    /// Whether it takes a deployment to know where they are.
    pub(crate) fn need_deployment(&self) -> bool {
        self.places.iter().any(|place| match place {
            CheckPlace::Local(_) => false,
            CheckPlace::S3(template) => template.is_template(),
        })
    }
}

impl Reader<'_> {
    pub(super) fn read_checks(&mut self) -> CheckSettings {
        let bundled = self.environment.default_checks();
        let texts: Vec<_> = self
            .split_list(CHECKS)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut places: Vec<_> = texts
            .iter()
            .filter_map(|text| self.read_place(text))
            .collect();
        // Without the setting the check files are those in the package.
        if texts.is_empty() {
            places.push(CheckPlace::Local(bundled.clone()));
        }
        CheckSettings {
            places,
            fallback: self.read_fallback(),
            bundled,
        }
    }

    fn read_place(&mut self, text: &str) -> Option<CheckPlace> {
        if !text.starts_with(Address::SCHEME) {
            return Some(CheckPlace::Local(text.to_owned()));
        }
        match AddressTemplate::parse(text) {
            Ok(template) => Some(CheckPlace::S3(template)),
            Err(error) => {
                self.add_error(CHECKS, error.problem, error.help);
                None
            }
        }
    }

    fn read_fallback(&mut self) -> Fallback {
        match self.environment.setting(FALLBACK) {
            None | Some("none") => Fallback::None,
            Some("bundled") => Fallback::Bundled,
            Some(text) => {
                let found = format!("expected `none` or `bundled`, found `{text}`");
                self.add_error(FALLBACK, found, "leave it out for `none`");
                Fallback::None
            }
        }
    }
}
