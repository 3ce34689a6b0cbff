//! Which requests become one check.
//!
//! Three rules, each of which keeps what Postman's order gives for free:
//!
//! - what uses a value that an earlier request keeps goes with it, and so does
//!   all that stands between the two;
//! - in a folder, everything from the first request that may write goes
//!   together, because it may depend on what was written or on a login;
//! - what reads cookies goes with all before it in its folder, because one of
//!   them may have set them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::importer::MOST_STEPS;
use super::request::ImportedRequest;
use crate::draft::{CheckDraft, Query};

/// The checks, and how many requests there is no room for.
pub(super) fn group_into_checks(requests: Vec<ImportedRequest>) -> (Vec<CheckDraft>, usize) {
    let mut left_out = 0;
    // A request that does not run joins no group, because its group would be skipped.
    let (skipped, requests): (Vec<_>, Vec<_>) =
        requests.into_iter().partition(|one| one.skip.is_some());
    let last = last_of_each_group(&requests);
    let mut checks: Vec<CheckDraft> = Vec::new();
    let mut requests = requests.into_iter().enumerate();
    while let Some((at, first)) = requests.next() {
        let mut group = vec![first];
        for _ in at..last[at] {
            group.extend(requests.next().map(|(_, one)| one));
        }
        left_out += group.len().saturating_sub(MOST_STEPS);
        group.truncate(MOST_STEPS);
        checks.push(build_check(group));
    }
    checks.extend(skipped.into_iter().map(|one| build_check(vec![one])));
    (checks, left_out)
}

/// Takes out variables that are set, from nothing in the answer, and that no
/// later request uses.
pub(super) fn drop_unused(requests: &mut [ImportedRequest]) {
    let mut used: BTreeSet<String> = BTreeSet::new();
    for one in requests.iter_mut().rev() {
        for name in std::mem::take(&mut one.constants) {
            if !used.contains(&name) {
                one.step.capture.shift_remove(&name);
                one.captures.remove(&name);
            }
        }
        used.extend(one.uses.iter().cloned());
    }
}

fn reads_cookies(one: &ImportedRequest) -> bool {
    let mut places = one.step.expectations.iter();
    places.any(|(place, _)| matches!(place, Query::Cookie(_)))
}

/// For each request the last one of its group; groups do not overlap.
fn last_of_each_group(requests: &[ImportedRequest]) -> Vec<usize> {
    let mut reach: Vec<usize> = (0..requests.len()).collect();
    let mut first_capture: BTreeMap<&str, usize> = BTreeMap::new();
    let mut writing: BTreeMap<&[String], usize> = BTreeMap::new();
    let mut first: BTreeMap<&[String], usize> = BTreeMap::new();
    for (at, one) in requests.iter().enumerate() {
        let begin = *first.entry(&one.folders).or_insert(at);
        if !one.writes && reads_cookies(one) {
            reach[begin] = reach[begin].max(at);
        }
        for name in &one.uses {
            if let Some(&begin) = first_capture.get(name.as_str()) {
                reach[begin] = reach[begin].max(at);
            }
        }
        for name in &one.captures {
            first_capture.entry(name).or_insert(at);
        }
        match writing.get(one.folders.as_slice()) {
            Some(&begin) => reach[begin] = reach[begin].max(at),
            None if one.writes => {
                writing.insert(&one.folders, at);
            }
            None => {}
        }
    }
    // A group that begins inside another one belongs to it.
    for at in 0..reach.len() {
        let mut end = reach[at];
        let mut inside = at;
        while inside <= end {
            end = end.max(reach[inside]);
            inside += 1;
        }
        reach[at] = end;
    }
    reach
}

fn build_check(group: Vec<ImportedRequest>) -> CheckDraft {
    let first = group[0].folders.clone();
    let shared = group.iter().skip(1).fold(first.as_slice(), |shared, one| {
        let same = shared.iter().zip(&one.folders).take_while(|(a, b)| a == b);
        &shared[..same.count()]
    });
    let place = shared.join(" / ");
    let names: Vec<_> = group.iter().map(|one| one.step.name.as_str()).collect();
    let name = match (names.as_slice(), place.as_str()) {
        ([one], "") => (*one).to_owned(),
        ([one], place) => format!("{place} / {one}"),
        ([first, .., last], "") => format!("{first} … {last}"),
        (_, place) => place.to_owned(),
    };
    let skip = match group.as_slice() {
        [only] => only.skip.clone(),
        _ => None,
    };
    let writes = group.iter().any(|one| one.writes);
    let steps = group
        .into_iter()
        .map(|one| {
            let inside = one.folders.get(shared.len()..).unwrap_or_default();
            let mut step = one.step;
            if !inside.is_empty() {
                step.name = format!("{} / {}", inside.join(" / "), step.name);
            }
            step
        })
        .collect();
    CheckDraft {
        name,
        writes,
        skip,
        steps,
        ..CheckDraft::default()
    }
}
