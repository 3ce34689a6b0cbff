//! The data of the shop: sessions, orders and counts, in memory and bounded.
//!
//! The oldest entry makes room for the newest, so that no number of requests
//! makes a stage grow without end.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::catalogue::{self, Item};

/// How many sessions are kept.
const SESSIONS: usize = 10_000;
/// How many orders are kept, over all customers.
const ORDERS: usize = 10_000;
/// How many keys `/flaky` remembers.
const FLAKY_KEYS: usize = 10_000;

/// One line of an order as the customer asks for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OrderLine {
    pub(super) id: String,
    pub(super) quantity: u32,
}

/// One line of an order as the shop confirms it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct OrderedItem {
    id: String,
    name: &'static str,
    quantity: u32,
    price_cents: u64,
}

/// An order as the API shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) items: Vec<OrderedItem>,
    pub(super) total_cents: u64,
    pub(super) currency: &'static str,
    pub(super) note: Option<String>,
}

/// Why an order is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    #[error("an order needs at least one item")]
    NoItems,
    #[error("there is no item `{0}`")]
    UnknownItem(String),
    #[error("the item `{0}` is not in stock")]
    NotInStock(String),
    #[error("expected a quantity from 1 to 100, found {0}")]
    BadQuantity(u32),
}

/// The data of one version of the app.
#[derive(Debug)]
pub(super) struct Store {
    sessions: VecDeque<String>,
    orders: VecDeque<Order>,
    next_order: u64,
    /// How many requests `/flaky` has had for each key.
    flaky: HashMap<String, u32>,
    /// How many access tokens were given, and how many refused.
    granted: u64,
    refused: u64,
}

impl Store {
    /// A shop whose demo customer has ordered twice before.
    pub(super) fn new() -> Self {
        let mut store = Self {
            sessions: VecDeque::new(),
            orders: VecDeque::new(),
            next_order: 1001,
            flaky: HashMap::new(),
            granted: 0,
            refused: 0,
        };
        for (id, quantity) in [("espresso-cup", 2), ("moka-pot", 1)] {
            let line = OrderLine {
                id: id.to_owned(),
                quantity,
            };
            if let Ok(items) = price_lines(&[line]) {
                store.add_order(items, 0, "shipped");
            }
        }
        store
    }

    /// Opens a session; the result is its token.
    pub(super) fn open_session(&mut self) -> String {
        let token = crate::random::draw_token("tok_", 24);
        push_bounded(&mut self.sessions, token.clone(), SESSIONS);
        token
    }

    /// The tokens of all sessions.
    pub(super) fn session_tokens(&self) -> Vec<String> {
        self.sessions.iter().cloned().collect()
    }

    /// Whether there is a session with this token.
    pub(super) fn has_session(&self, token: &str) -> bool {
        self.sessions.iter().any(|session| session == token)
    }

    /// Counts an access token that is given; the result is its number.
    pub(super) fn count_granted_token(&mut self) -> u64 {
        self.granted += 1;
        self.granted
    }

    /// Counts an access token that is refused.
    pub(super) fn count_refused_token(&mut self) {
        self.refused += 1;
    }

    /// How many access tokens were given, and how many refused.
    pub(super) fn token_counts(&self) -> (u64, u64) {
        (self.granted, self.refused)
    }

    /// Adds an order; `surcharge` is in cents.
    pub(super) fn add_order(
        &mut self,
        items: Vec<OrderedItem>,
        surcharge: u64,
        status: &str,
    ) -> Order {
        let order = Order {
            id: format!("ord-{}", self.next_order),
            status: status.to_owned(),
            total_cents: total_cents(&items) + surcharge,
            items,
            currency: "EUR",
            note: None,
        };
        self.next_order += 1;
        push_bounded(&mut self.orders, order.clone(), ORDERS);
        order
    }

    /// The latest 100 orders, newest first.
    pub(super) fn latest_orders(&self) -> Vec<Order> {
        self.orders.iter().rev().take(100).cloned().collect()
    }

    /// The order with this id.
    pub(super) fn order_mut(&mut self, id: &str) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.id == id)
    }

    /// Removes an order; whether there was one.
    pub(super) fn remove_order(&mut self, id: &str) -> bool {
        let before = self.orders.len();
        self.orders.retain(|order| order.id != id);
        self.orders.len() < before
    }

    /// Counts a request for this key; true while it is one of the first `times`,
    /// which have to fail.
    pub(super) fn must_fail_flaky_request(&mut self, key: &str, times: u32) -> bool {
        // The keys have no order by age, so a full map forgets all of them.
        if self.flaky.len() >= FLAKY_KEYS && !self.flaky.contains_key(key) {
            self.flaky.clear();
        }
        let count = self.flaky.entry(key.to_owned()).or_insert(0);
        *count = count.saturating_add(1);
        *count <= times
    }
}

/// Looks up the item and price of each line.
pub(super) fn price_lines(lines: &[OrderLine]) -> Result<Vec<OrderedItem>, OrderError> {
    if lines.is_empty() {
        return Err(OrderError::NoItems);
    }
    lines
        .iter()
        .map(|line| {
            let item: &Item = catalogue::find_item(&line.id)
                .ok_or_else(|| OrderError::UnknownItem(line.id.clone()))?;
            if !item.in_stock {
                return Err(OrderError::NotInStock(line.id.clone()));
            }
            if !(1..=100).contains(&line.quantity) {
                return Err(OrderError::BadQuantity(line.quantity));
            }
            Ok(OrderedItem {
                id: line.id.clone(),
                name: item.name,
                quantity: line.quantity,
                price_cents: item.price_cents,
            })
        })
        .collect()
}

/// The sum of the items, in cents.
pub(super) fn total_cents(items: &[OrderedItem]) -> u64 {
    items
        .iter()
        .map(|item| item.price_cents * u64::from(item.quantity))
        .sum()
}

/// Appends a value; the oldest one makes room if there are `most`.
fn push_bounded<T>(queue: &mut VecDeque<T>, value: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(value);
}
