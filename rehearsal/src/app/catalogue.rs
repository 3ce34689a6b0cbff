//! The items that the shop sells: a fixed list, so that checks can name them.

use serde::Serialize;

/// One thing for sale.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) price_cents: u64,
    pub(super) currency: &'static str,
    pub(super) category: &'static str,
    pub(super) in_stock: bool,
    pub(super) tags: &'static [&'static str],
}

/// An item, with a price in euros.
const fn new_item(
    id: &'static str,
    name: &'static str,
    category: &'static str,
    price_cents: u64,
    in_stock: bool,
    tags: &'static [&'static str],
) -> Item {
    Item {
        id,
        name,
        price_cents,
        currency: "EUR",
        category,
        in_stock,
        tags,
    }
}

static ITEMS: [Item; 8] = [
    new_item(
        "espresso-cup",
        "Espresso cup",
        "cups",
        1250,
        true,
        &["porcelain", "small"],
    ),
    new_item(
        "cappuccino-cup",
        "Cappuccino cup",
        "cups",
        1490,
        true,
        &["porcelain"],
    ),
    new_item(
        "travel-mug",
        "Travel mug",
        "cups",
        2400,
        true,
        &["steel", "lid"],
    ),
    new_item(
        "moka-pot",
        "Moka pot",
        "brewers",
        3490,
        true,
        &["aluminium", "stove"],
    ),
    new_item(
        "french-press",
        "French press",
        "brewers",
        2990,
        true,
        &["glass"],
    ),
    new_item(
        "pour-over",
        "Pour-over cone",
        "brewers",
        1890,
        false,
        &["ceramic"],
    ),
    new_item(
        "hand-grinder",
        "Hand grinder",
        "grinders",
        5990,
        true,
        &["steel", "burr"],
    ),
    new_item(
        "house-blend",
        "House blend, 500 g",
        "coffee",
        1150,
        true,
        &["beans", "fair"],
    ),
];

/// The item with this id.
pub(super) fn find_item(id: &str) -> Option<&'static Item> {
    ITEMS.iter().find(|item| item.id == id)
}

/// The items of a category (`None` is all), at most `limit` of them.
pub(super) fn list_items(category: Option<&str>, limit: usize) -> Vec<&'static Item> {
    ITEMS
        .iter()
        .filter(|item| category.is_none_or(|wanted| item.category == wanted))
        .take(limit)
        .collect()
}
