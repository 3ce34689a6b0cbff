//! `s3://bucket/key`.

use std::fmt;
use std::str::FromStr;

/// An object, or what the keys of several objects begin with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The bucket.
    pub bucket: String,
    /// The key, without a `/` at its begin; empty for the whole bucket.
    pub key: String,
}

impl Address {
    /// What an address begins with.
    pub const SCHEME: &'static str = "s3://";

    /// The address of another key in the same bucket.
    #[must_use]
    pub fn with_key(&self, key: impl Into<String>) -> Self {
        Self {
            bucket: self.bucket.clone(),
            key: key.into(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Self::SCHEME, self.bucket, self.key)
    }
}

impl FromStr for Address {
    type Err = String;

    /// A key may hold nothing that a URL would take for another place.
    ///
    /// Source: [bucket naming rules](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("expected {what}, found `{text}`"));
        let Some(rest) = text.strip_prefix(Self::SCHEME) else {
            return wrong("an address such as `s3://bucket/prefix/`");
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let fine = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-_".contains(&c);
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(fine) {
            return wrong("a bucket of 3 to 63 lower case letters, digits, `.` and `-`");
        }
        if key.split('/').any(|part| matches!(part, "." | "..")) || key.len() > 1024 {
            return wrong("a key of at most 1,024 bytes without `.` and `..`");
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}
