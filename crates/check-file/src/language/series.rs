//! Asking many times: `repeat`, and what is expected of all repetitions.

use std::num::NonZeroUsize;

use super::keys::{REPEAT, Subject};
use super::reader::{Fields, Reader};
use super::{Repeat, SeriesExpectation, SeriesQuery};
use diagnostic::yaml::Yaml;

impl Reader<'_> {
    /// The `repeat` of a step with what its `expect` says of all repetitions.
    pub(super) fn read_repeat(&mut self, fields: Fields<'_>) -> Option<Repeat> {
        let of_all = self.read_series_expectations(fields);
        let (key, node) = fields.get("repeat")?;
        let (property, _) = fields.property("repeat")?;
        if let Some((retry, _)) = fields.get("retry") {
            let problem = self
                .at(retry.span, "a step that is both repeated and retried")
                .expected("`repeat` or `retry`")
                .found("both")
                .help("allow some repetitions to fail with `error_rate`, or remove one of the two")
                .related(self.source, key.span, "repeated here");
            self.report(problem);
        }
        let (times, jobs) = match &node.value {
            Yaml::Map(_) => {
                let fields = self.read_fields(node, &REPEAT)?;
                let times = fields.property("times");
                if times.is_none() {
                    let problem = self
                        .at(fields.span, "`repeat` without a number")
                        .expected("`times:` with a whole number")
                        .found("no key `times`")
                        .help("write `repeat: { times: 50, jobs: 4 }`");
                    self.report(problem);
                }
                let jobs = match fields.property("jobs") {
                    Some((property, node)) => self.read_whole_number(node, property),
                    None => Some(1),
                };
                let (property, times) = times?;
                (self.read_whole_number(times, property)?, jobs?)
            }
            _ => (self.read_whole_number(node, property)?, 1),
        };
        Some(Repeat {
            times: usize::try_from(times).ok()?,
            jobs: NonZeroUsize::new(usize::try_from(jobs).ok()?)?,
            of_all,
        })
    }

    /// What `expect` says of all repetitions: percentiles and `error_rate`.
    fn read_series_expectations(&mut self, fields: Fields<'_>) -> Vec<SeriesExpectation> {
        let repeated = fields.get("repeat").is_some();
        let Some(Yaml::Map(expect)) = fields.value("expect").map(|node| &node.value) else {
            return Vec::new();
        };
        let latency = expect.iter().find(|(key, _)| key.text == "latency");
        let latency = match latency.map(|(_, node)| &node.value) {
            Some(Yaml::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let mut found = Vec::new();
        for (key, node) in expect.iter().chain(latency) {
            let (query, kind) = match key.text.as_str() {
                "error_rate" => (SeriesQuery::ErrorRate, Subject::Rate),
                "p50" => (SeriesQuery::Percentile(50), Subject::Latency),
                "p90" => (SeriesQuery::Percentile(90), Subject::Latency),
                "p95" => (SeriesQuery::Percentile(95), Subject::Latency),
                "p99" => (SeriesQuery::Percentile(99), Subject::Latency),
                _ => continue,
            };
            let predicate = self.read_predicate(node, kind);
            if !repeated {
                let problem = self
                    .at(key.span, format!("`{}` of a step that asks once", key.text))
                    .expected("`repeat:` beside the request")
                    .found("none")
                    .help("add `repeat: 50`");
                self.report(problem);
            }
            found.extend(predicate.map(|predicate| SeriesExpectation { query, predicate }));
        }
        found
    }
}
