//! The names that HTML has for characters.

use html5ever::data::NAMED_ENTITIES;

/// The one or two characters of a name, such as `lt;`.
pub fn named_characters(name: &str) -> Option<impl Iterator<Item = char>> {
    // The table holds the beginnings of names too, for no character.
    let (first, second) = NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0)?;
    let found = [*first, *second].into_iter().filter(|point| *point != 0);
    Some(found.filter_map(char::from_u32))
}
