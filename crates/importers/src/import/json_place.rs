//! Where a value stands in a JSON text that is known to be well-formed.

use diagnostic::Span;

/// A way to a value: names of members and indexes of elements.
pub(super) type Way = Vec<String>;

/// The span of the value at the end of the way; that of the last value on the
/// way that is there, if it is not.
pub(super) fn span(text: &str, way: &[String]) -> Span {
    let mut scan = Scan { text, at: 0 };
    scan.blank();
    let mut found = scan.at;
    for step in way {
        match scan.enter(step) {
            Some(()) => found = scan.at,
            None => break,
        }
    }
    let mut rest = Scan { text, at: found };
    rest.value();
    Span::new(found.min(text.len()), rest.at.min(text.len()))
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while self
            .next()
            .is_some_and(|c| c.is_ascii_whitespace() || c == b',')
        {
            self.at += 1;
        }
    }

    /// Moves to the member or element of this name.
    fn enter(&mut self, name: &str) -> Option<()> {
        let is_map = match self.next()? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        self.at += 1;
        for index in 0_usize.. {
            self.blank();
            if matches!(self.next()?, b'}' | b']') {
                return None;
            }
            let mut here = index.to_string();
            if is_map {
                let begin = self.at;
                self.value();
                here = serde_json::from_str(self.text.get(begin..self.at)?).ok()?;
                self.blank();
                self.at += 1;
                self.blank();
            }
            if here == name {
                return Some(());
            }
            self.value();
        }
        None
    }

    /// Moves behind the value that begins here.
    fn value(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.next() {
                None => return,
                Some(b'"') => self.string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':') => self.at += 1,
                Some(_) => self.word(),
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(c) = self.next() {
            self.at += 1;
            match c {
                b'\\' => self.at += 1,
                b'"' => return,
                _ => {}
            }
        }
    }

    fn word(&mut self) {
        while self
            .next()
            .is_some_and(|c| !b" \n\r\t,:{}[]\"".contains(&c))
        {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_value_is_found_by_the_way_to_it() {
        let text = r#"{"a": [1, {"b\u0063": "x]\"", "d": true}], "e": {}}"#;
        let check = |way: &[&str], value: &str| {
            let way: Vec<_> = way.iter().map(|&step| step.to_owned()).collect();
            assert_eq!(&text[super::span(text, &way).range()], value);
        };
        check(&["a", "0"], "1");
        check(&["a", "1", "bc"], r#""x]\"""#);
        check(&["a", "1", "d"], "true");
        check(&["e"], "{}");
        check(&["a", "1", "nowhere"], r#"{"b\u0063": "x]\"", "d": true}"#);
    }
}
