//! Asking many times: `repeat`, and what is expected of all repetitions.

use std::num::NonZeroUsize;

use super::keys::{LATENCY, REPEAT};
use super::predicates::Kind;
use super::read::{Fields, Reader};
use super::{OfAll, Repeat, SeriesQuery};
use diagnostic::yaml::{Node, Yaml};

/// The most repetitions that can be asked for.
const MOST_TIMES: u64 = 10_000;
/// The most of them at the same time.
const MOST_JOBS: u64 = 64;

impl Reader<'_> {
    /// The `repeat` of a step with what its `expect` says of all repetitions.
    pub(super) fn repeat(&mut self, fields: Fields<'_>) -> Option<Repeat> {
        let of_all = self.of_all(fields);
        let (key, node) = fields.get("repeat")?;
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
                let fields = self.fields(node, "`repeat`", &REPEAT)?;
                let times = fields.value("times");
                if times.is_none() {
                    let problem = self
                        .at(fields.span, "`repeat` without a number")
                        .expected("`times:` with a whole number")
                        .found("no key `times`")
                        .help("write `repeat: { times: 50, jobs: 4 }`");
                    self.report(problem);
                }
                let jobs = match fields.value("jobs") {
                    Some(node) => self.number_to(node, "`jobs`", MOST_JOBS),
                    None => Some(1),
                };
                (self.number_to(times?, "`times`", MOST_TIMES)?, jobs?)
            }
            _ => (self.number_to(node, "`repeat`", MOST_TIMES)?, 1),
        };
        Some(Repeat {
            times,
            jobs: NonZeroUsize::new(jobs)?,
            of_all,
        })
    }

    fn number_to(&mut self, node: &Node, what: &str, most: u64) -> Option<usize> {
        let number = match &node.value {
            Yaml::Number(number, _) => number
                .as_u64()
                .filter(|number| (1..=most).contains(number))
                .and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        if number.is_none() {
            let expected = format!("a whole number from 1 to {most}");
            self.wrong_type(
                node,
                what,
                &expected,
                "write `repeat: { times: 50, jobs: 4 }`",
            );
        }
        number
    }

    /// What `expect` says of all repetitions: percentiles and `error_rate`.
    fn of_all(&mut self, fields: Fields<'_>) -> Vec<OfAll> {
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
                "error_rate" => (SeriesQuery::ErrorRate, Kind::Rate),
                "p50" => (SeriesQuery::Percentile(50), Kind::Latency),
                "p90" => (SeriesQuery::Percentile(90), Kind::Latency),
                "p95" => (SeriesQuery::Percentile(95), Kind::Latency),
                "p99" => (SeriesQuery::Percentile(99), Kind::Latency),
                _ => continue,
            };
            let predicate = self.predicate(node, kind);
            if !repeated {
                let problem = self
                    .at(key.span, format!("`{}` of a step that asks once", key.text))
                    .expected("`repeat:` beside the request")
                    .found("none")
                    .help("add `repeat: 50`");
                self.report(problem);
            }
            found.extend(predicate.map(|predicate| OfAll { query, predicate }));
        }
        found
    }

    /// The phases and percentiles below `latency`.
    pub(super) fn latency_parts<'n>(&mut self, node: &'n Node) -> Option<Fields<'n>> {
        self.fields(node, "`latency`", &LATENCY)
    }
}
