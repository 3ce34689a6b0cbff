//! The reports in S3: as JSON, JUnit XML and HTML.
//!
//! Each invocation has a folder of its own below `runs/`, which nobody writes
//! over. What stands directly under the deployment's id is the verdict that
//! counts: that of the last invocation that CodeDeploy listened to. A
//! duplicate that came too late only fills the place if it is empty.

use aws::Access;
use aws::s3::{Address, S3};
use futures_util::future::{try_join, try_join_all};
use jiff::Timestamp;
use report::render::{html, json, junit};
use report::{Link, Report};
use tokio::time::Instant;

use super::Problem;
use super::links::{console_url, encode_in_url};
use crate::secrets;

/// Stores reports.
pub(super) struct Reports {
    s3: S3,
    below: Address,
    region: String,
}

/// Where the reports of an invocation stand, below the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    deployment: String,
    run: String,
}

/// One report, ready to be stored.
struct Document {
    name: &'static str,
    content_type: &'static str,
    content: Vec<u8>,
}

impl Key {
    pub(super) fn new(deployment_id: &str, begun: Timestamp, request_id: &str) -> Self {
        let time = begun.strftime("%Y-%m-%dT%H%M%S%.3fZ");
        Self {
            deployment: part(deployment_id),
            run: part(&format!("{time}-{request_id}")),
        }
    }
}

/// A text as one part of a key, whatever the event holds.
fn part(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let text = text.chars().map(|c| if kept(c) { c } else { '_' });
    let text: String = text.take(128).collect();
    if text.trim_matches('.').is_empty() {
        "_".to_owned()
    } else {
        text
    }
}

impl Reports {
    pub(super) fn new(access: &Access, below: Address) -> Self {
        Self {
            s3: S3::new(access),
            below,
            region: access.region().to_owned(),
        }
    }

    /// Where the reports of an invocation are found, the folder last.
    pub(super) fn links(&self, key: &Key) -> Vec<Link> {
        let (console, region) = (console_url(&self.region), &self.region);
        let page = self.run(key, "report.html");
        let link = |title: &str, url: String| Link {
            title: title.to_owned(),
            url,
        };
        vec![
            link(
                "report",
                format!(
                    "{console}/s3/object/{}?region={region}&prefix={}",
                    page.bucket,
                    encode_in_url(&page.key)
                ),
            ),
            link("files", self.run(key, "").to_string()),
        ]
    }

    /// Stores the report in each form. `decides` says whether it may take the
    /// place of another one of the same deployment.
    pub(super) async fn store(
        &self,
        mut report: Report,
        key: &Key,
        decides: bool,
        until: Instant,
    ) -> Result<(), Problem> {
        secrets::redact_report(&mut report);
        let documents = tokio::task::spawn_blocking(move || documents(&report))
            .await
            .map_err(|died| Problem::new(format!("the reports were not written: {died}")))??;
        let runs = documents.iter().map(async |document| {
            let at = self.run(key, document.name);
            self.put(&at, document, until).await
        });
        let runs = try_join_all(runs);
        let place = self.take_place(&documents, key, decides, until);
        try_join(runs, place).await?;
        Ok(())
    }

    async fn take_place(
        &self,
        documents: &[Document],
        key: &Key,
        decides: bool,
        until: Instant,
    ) -> Result<(), Problem> {
        let mut documents = documents;
        if !decides {
            // The first one decides for all, so that they belong together.
            let Some((first, rest)) = documents.split_first() else {
                return Ok(());
            };
            let at = self.place(key, first.name);
            let put = self
                .s3
                .put_new(&at, first.content_type, &first.content, until);
            if !put.await? {
                return Ok(());
            }
            documents = rest;
        }
        let puts = documents.iter().map(async |document| {
            let at = self.place(key, document.name);
            self.put(&at, document, until).await
        });
        try_join_all(puts).await?;
        Ok(())
    }

    async fn put(&self, at: &Address, document: &Document, until: Instant) -> Result<(), Problem> {
        let put = self
            .s3
            .put(at, document.content_type, &document.content, until);
        Ok(put.await?)
    }

    fn place(&self, key: &Key, name: &str) -> Address {
        let below = &self.below.key;
        self.below
            .with_key(format!("{below}{}/{name}", key.deployment))
    }

    fn run(&self, key: &Key, name: &str) -> Address {
        self.place(key, &format!("runs/{}/{name}", key.run))
    }
}

/// The report in each form.
fn documents(report: &Report) -> Result<Vec<Document>, Problem> {
    let json =
        json::render(report).map_err(|error| Problem::new(format!("no JSON report: {error}")))?;
    let junit =
        junit::render(report).map_err(|error| Problem::new(format!("no JUnit report: {error}")))?;
    let document = |name, content_type, content| Document {
        name,
        content_type,
        content,
    };
    Ok(vec![
        document("report.json", "application/json", json.into_bytes()),
        document("junit.xml", "application/xml", junit.into_bytes()),
        document(
            "report.html",
            "text/html; charset=utf-8",
            html::render(report).into_bytes(),
        ),
    ])
}
