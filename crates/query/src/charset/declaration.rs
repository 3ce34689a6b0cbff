//! The encoding that a document declares itself: XML in its first line, HTML in
//! a `meta` among its first bytes.
//!
//! Sources: [prescan a byte stream][html], [RFC 7303] for XML.
//!
//! [html]: https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
//! [RFC 7303]: https://www.rfc-editor.org/rfc/rfc7303#section-3

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes of HTML are looked at.
const MOST_BYTES: usize = 1024;

/// The encoding that a body of that type declares.
pub(super) fn find_declared(kind: Option<&str>, body: &[u8]) -> Option<&'static Encoding> {
    let kind = kind.and_then(|kind| kind.split(';').next());
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    if kind.is_empty() {
        // A message of a WebSocket has no type, and is UTF-8 whatever it says.
        let other = std::str::from_utf8(body).is_err_and(|error| error.error_len().is_some());
        return find_in_xml(body)
            .or_else(|| find_in_html(body))
            .filter(|_| other);
    }
    if kind == "text/html" {
        find_in_html(body).or_else(|| find_in_xml(body))
    } else if kind.ends_with("/xml") || kind.ends_with("+xml") {
        find_in_xml(body)
    } else {
        None
    }
}

/// What `<?xml encoding=…?>` names.
fn find_in_xml(body: &[u8]) -> Option<&'static Encoding> {
    // UTF-16 without a byte order mark shows by the zeros in its first characters.
    if body.starts_with(b"<\0?\0") {
        return Some(UTF_16LE);
    }
    if body.starts_with(b"\0<\0?") {
        return Some(UTF_16BE);
    }
    let rest = body.strip_prefix(b"<?xml")?;
    let declared = &rest[..rest.iter().position(|byte| *byte == b'>')?];
    let name = b"encoding";
    let at = declared.windows(name.len()).position(|part| part == name)?;
    let rest = declared[at + name.len()..].trim_ascii_start();
    let rest = rest.strip_prefix(b"=")?.trim_ascii_start();
    encoding_for_label(strip_quotes(rest)?)
}

/// What the first `meta` names that names anything.
fn find_in_html(body: &[u8]) -> Option<&'static Encoding> {
    let mut rest = &body[..body.len().min(MOST_BYTES)];
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix(b"<!--") {
            // `<!-->` is a comment too.
            let dashes = rest.len() - inside.len() - 2;
            let end = rest[dashes..].windows(3).position(|part| part == b"-->");
            rest = &rest[dashes + end? + 3..];
            continue;
        }
        if begins_meta(rest) {
            rest = &rest[5..];
            let found = parse_meta(&mut rest);
            if found.is_some() {
                return found;
            }
        } else if begins_tag(rest) {
            let end = rest.iter().position(|byte| ends_name(*byte))?;
            rest = &rest[end..];
            while parse_attribute(&mut rest).is_some() {}
        } else if rest[0] == b'<' && rest.get(1).is_some_and(|byte| b"!/?".contains(byte)) {
            rest = &rest[rest.iter().position(|byte| *byte == b'>')?..];
        }
        rest = rest.get(1..)?;
    }
    None
}

fn begins_meta(rest: &[u8]) -> bool {
    let named = rest
        .get(..5)
        .is_some_and(|begin| begin.eq_ignore_ascii_case(b"<meta"));
    named
        && rest
            .get(5)
            .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/')
}

fn begins_tag(rest: &[u8]) -> bool {
    let Some(name) = rest.strip_prefix(b"<") else {
        return false;
    };
    let name = name.strip_prefix(b"/").unwrap_or(name);
    name.first().is_some_and(u8::is_ascii_alphabetic)
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'>'
}

/// What a `meta` names, whose attributes begin here.
fn parse_meta(rest: &mut &[u8]) -> Option<&'static Encoding> {
    let (mut is_type, mut by_content, mut by_charset) = (false, None, None);
    let mut seen = Vec::new();
    while let Some((name, value)) = parse_attribute(rest) {
        // Of two attributes of one name the first counts.
        if seen.contains(&name) {
            continue;
        }
        match name.as_slice() {
            b"http-equiv" => is_type = value == b"content-type",
            b"content" => by_content = parse_content(&value),
            b"charset" => by_charset = Some(encoding_for_label(&value)),
            _ => {}
        }
        seen.push(name);
    }
    match by_charset {
        Some(encoding) => encoding,
        None => by_content.filter(|_| is_type),
    }
}

/// What the value of `content` names: `text/html; charset=latin1`.
fn parse_content(value: &[u8]) -> Option<&'static Encoding> {
    let name = b"charset";
    let mut rest = value;
    loop {
        let at = rest.windows(name.len()).position(|part| part == name)?;
        rest = rest[at + name.len()..].trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b"=") {
            let value = value.trim_ascii_start();
            let plain = value.split(|byte| byte.is_ascii_whitespace() || *byte == b';');
            return match value.first()? {
                b'"' | b'\'' => encoding_for_label(strip_quotes(value)?),
                _ => encoding_for_label(plain.into_iter().next()?),
            };
        }
    }
}

/// The next attribute of a tag, in lower case; nothing at the tag's end.
fn parse_attribute(rest: &mut &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let skip = |rest: &mut &[u8], fits: fn(&u8) -> bool| {
        let count = rest.iter().take_while(|byte| fits(byte)).count();
        let (skipped, after) = rest.split_at(count);
        *rest = after;
        skipped.to_ascii_lowercase()
    };
    skip(rest, |byte| byte.is_ascii_whitespace() || *byte == b'/');
    if matches!(rest.first(), None | Some(b'>')) {
        return None;
    }
    // A `=` in the first place belongs to the name.
    let mut name = vec![rest[0].to_ascii_lowercase()];
    *rest = &rest[1..];
    name.extend(skip(rest, |byte| {
        !ends_name(*byte) && !b"/=".contains(byte)
    }));
    skip(rest, u8::is_ascii_whitespace);
    let Some(after) = rest.strip_prefix(b"=") else {
        return Some((name, Vec::new()));
    };
    *rest = after;
    skip(rest, u8::is_ascii_whitespace);
    let value = match rest.first() {
        Some(b'"' | b'\'') => {
            let value = strip_quotes(rest);
            // Without its closing quote the value runs to the end of what is
            // looked at, so that the tag never ends.
            let length = value.map_or(rest.len(), |value| value.len() + 2);
            *rest = &rest[length..];
            value?.to_ascii_lowercase()
        }
        _ => skip(rest, |byte| !ends_name(*byte)),
    };
    (!rest.is_empty()).then_some((name, value))
}

/// What stands in the quotes at the beginning.
fn strip_quotes(text: &[u8]) -> Option<&[u8]> {
    let (quote, rest) = text.split_first()?;
    let end = rest.iter().position(|byte| byte == quote)?;
    matches!(quote, b'"' | b'\'').then(|| &rest[..end])
}

/// The encoding that a label means in a document. A label of UTF-16 means UTF-8,
/// because the label itself was read byte by byte, and `x-user-defined` means
/// windows-1252; the HTML standard says both.
fn encoding_for_label(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label)?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else if encoding.name() == "x-user-defined" {
        WINDOWS_1252
    } else {
        encoding
    })
}
