//! Whether, when and how often a check runs: `skip`, `when`, `needs`, `each`
//! and `quarantine`.

use super::keys::QUARANTINE;
use super::reader::{Fields, Reader};
use super::{Flow, Quarantine};
use diagnostic::Span;
use diagnostic::yaml::{Node, Yaml};

impl Reader<'_> {
    pub(super) fn read_flow(&mut self, fields: Fields<'_>) -> Flow {
        Flow {
            skip: fields
                .value("skip")
                .and_then(|node| self.read_string(node, "the reason of `skip`"))
                .map(str::to_owned),
            when: fields.value("when").and_then(|node| {
                let template = self.read_template(node, "`when`")?;
                Some((template, node.span))
            }),
            needs: fields
                .value("needs")
                .map(|node| self.read_strings(node, "`needs`", "the name of a check"))
                .unwrap_or_default(),
            each: fields.value("each").and_then(|node| self.read_rows(node)),
            quarantine: fields
                .value("quarantine")
                .and_then(|node| self.read_quarantine(node)),
        }
    }

    /// A list of strings, or one alone.
    pub(super) fn read_strings(
        &mut self,
        node: &Node,
        what: &str,
        item: &str,
    ) -> Vec<(String, Span)> {
        let items = match &node.value {
            // `needs` mostly names one check, and needs no list then.
            Yaml::String(_) if what == "`needs`" => std::slice::from_ref(node),
            _ => match self.read_list(node, what) {
                Some(items) => items,
                None => return Vec::new(),
            },
        };
        items
            .iter()
            .filter_map(|node| Some((self.read_string(node, item)?.to_owned(), node.span)))
            .collect()
    }

    fn read_quarantine(&mut self, node: &Node) -> Option<Quarantine> {
        let fields = self.read_fields(node, &QUARANTINE)?;
        let mut text = |key: &str| {
            if let Some(node) = fields.value(key) {
                let text = self.read_string(node, "a part of `quarantine`")?;
                return Some((text.to_owned(), node.span));
            }
            let problem = self
                .at(fields.span, format!("a quarantine without `{key}`"))
                .expected("`until`, `owner` and `reason`")
                .found(format!("no key `{key}`"))
                .help("write `quarantine: { until: 2030-01-31, owner: team, reason: … }`");
            self.report(problem);
            None
        };
        let (until, owner, reason) = (text("until"), text("owner"), text("reason"));
        let (until, span) = until?;
        let Ok(date) = until.parse() else {
            let problem = self
                .at(span, "a quarantine until no date")
                .expected("a date such as `2030-01-31`")
                .found(format!("`{until}`"))
                .help("write year, month and day");
            self.report(problem);
            return None;
        };
        Some(Quarantine {
            until: date,
            owner: owner?.0,
            reason: reason?.0,
        })
    }
}
