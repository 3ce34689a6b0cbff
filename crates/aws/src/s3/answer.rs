//! What S3 says, in XML.
//!
//! The only module that knows the XML reader.

use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};

use super::Listed;
use crate::calls::Met;

/// A page of a list.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Listed>,
    /// What to ask for the next page with.
    pub(super) next: Option<String>,
}

/// Reads the answer of `ListObjectsV2`.
pub(super) fn list(body: &[u8]) -> Result<Page, Met> {
    let page = std::str::from_utf8(body).ok().and_then(|text| {
        let mut page = Page::default();
        children(text, "ListBucketResult", |name, tag| {
            match name {
                "Contents" => page.objects.push(object(tag)?),
                "NextContinuationToken" => page.next = Some(try_data(tag)?.into_owned()),
                _ => {}
            }
            Ok(())
        })
        .ok()?;
        Some(page)
    });
    page.ok_or_else(|| Met::said(200, "", ""))
}

/// The code and the message of an error; empty if it is none of AWS's.
pub(super) fn error(body: &[u8]) -> (String, String) {
    let (mut code, mut message) = (String::new(), String::new());
    let read = children(&String::from_utf8_lossy(body), "Error", |name, tag| {
        match name {
            "Code" => code = try_data(tag)?.into_owned(),
            "Message" => message = try_data(tag)?.into_owned(),
            _ => {}
        }
        Ok(())
    });
    match read {
        Ok(()) => (code, message),
        Err(_) => Default::default(),
    }
}

/// The same of a service that wraps its errors, as SNS does.
pub(crate) fn wrapped_error(body: &[u8]) -> (String, String) {
    let (mut code, mut message) = (String::new(), String::new());
    let read = children(
        &String::from_utf8_lossy(body),
        "ErrorResponse",
        |name, tag| {
            while let Some(mut tag) = tag.next_tag() {
                let inner = tag.start_el().local().to_owned();
                match (name, inner.as_str()) {
                    ("Error", "Code") => code = try_data(&mut tag)?.into_owned(),
                    ("Error", "Message") => message = try_data(&mut tag)?.into_owned(),
                    _ => {}
                }
            }
            Ok(())
        },
    );
    match read {
        Ok(()) => (code, message),
        Err(_) => Default::default(),
    }
}

fn object(tag: &mut ScopedDecoder<'_, '_>) -> Result<Listed, XmlDecodeError> {
    let (mut key, mut size) = (String::new(), None);
    while let Some(mut tag) = tag.next_tag() {
        match tag.start_el().local() {
            "Key" => key = try_data(&mut tag)?.into_owned(),
            "Size" => size = try_data(&mut tag)?.parse().ok(),
            _ => {}
        }
    }
    match size {
        Some(size) if !key.is_empty() => Ok(Listed { key, size }),
        _ => Err(XmlDecodeError::custom("an object without a key or a size")),
    }
}

/// Goes through what stands directly below the root, which has this name.
fn children<'t>(
    text: &'t str,
    root: &str,
    mut each: impl FnMut(&str, &mut ScopedDecoder<'t, '_>) -> Result<(), XmlDecodeError>,
) -> Result<(), XmlDecodeError> {
    let mut document = Document::new(text);
    let mut element = document.root_element()?;
    if !element.start_el().matches(root) {
        return Err(XmlDecodeError::custom("another root"));
    }
    while let Some(mut tag) = element.next_tag() {
        let name = tag.start_el().local().to_owned();
        each(&name, &mut tag)?;
    }
    Ok(())
}
