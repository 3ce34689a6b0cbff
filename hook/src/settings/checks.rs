//! The settings of the check files: where they are, and what runs where S3 has
//! none.

use aws::s3::Address;

use super::Reader;
use crate::checks::{CheckSettings, Fallback, Named, Template};

pub(super) const CHECKS: &str = "SMOKE_CHECKS";
pub(super) const FALLBACK: &str = "SMOKE_CHECKS_FALLBACK";

impl Reader<'_> {
    pub(super) fn checks(&mut self) -> CheckSettings {
        let bundled = self.environment.default_checks();
        let named: Vec<_> = self.list(CHECKS).into_iter().map(str::to_owned).collect();
        let mut places: Vec<_> = named.iter().filter_map(|text| self.place(text)).collect();
        if named.is_empty() {
            places.push(Named::Here(bundled.clone()));
        }
        CheckSettings {
            places,
            fallback: self.fallback(),
            bundled,
        }
    }

    fn place(&mut self, text: &str) -> Option<Named> {
        if !text.starts_with(Address::SCHEME) {
            return Some(Named::Here(text.to_owned()));
        }
        match Template::parse(text) {
            Ok(template) => Some(Named::InS3(template)),
            Err((problem, help)) => {
                self.error(CHECKS, problem, help);
                None
            }
        }
    }

    fn fallback(&mut self) -> Fallback {
        match self.environment.given(FALLBACK) {
            None | Some("none") => Fallback::None,
            Some("bundled") => Fallback::Bundled,
            Some(text) => {
                let found = format!("expected `none` or `bundled`, found `{text}`");
                self.error(FALLBACK, found, "leave it out for `none`");
                Fallback::None
            }
        }
    }
}
