//! What the shop remembers: sessions and orders, in memory and bounded.
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
pub(super) struct Line {
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

/// Why an order cannot be taken.
#[derive(Debug)]
pub(super) enum Refused {
    NoItems,
    UnknownItem(String),
    NotInStock(String),
    BadQuantity(u32),
}

impl Refused {
    pub(super) fn reason(&self) -> String {
        match self {
            Self::NoItems => "an order needs at least one item".to_owned(),
            Self::UnknownItem(id) => format!("there is no item `{id}`"),
            Self::NotInStock(id) => format!("the item `{id}` is not in stock"),
            Self::BadQuantity(found) => format!("expected a quantity from 1 to 100, found {found}"),
        }
    }
}

/// The state of one version of the app.
#[derive(Debug)]
pub(super) struct Store {
    sessions: VecDeque<String>,
    orders: VecDeque<Order>,
    next_order: u64,
    flaky: HashMap<String, u32>,
    /// Access tokens given and refused.
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
            let line = Line {
                id: id.to_owned(),
                quantity,
            };
            if let Ok(items) = price(&[line]) {
                store.add_order(items, 0, "shipped");
            }
        }
        store
    }

    pub(super) fn open_session(&mut self) -> String {
        let token = crate::random::token("tok_", 24);
        push_bounded(&mut self.sessions, token.clone(), SESSIONS);
        token
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        self.sessions.iter().cloned().collect()
    }

    pub(super) fn knows(&self, token: &str) -> bool {
        self.sessions.iter().any(|session| session == token)
    }

    /// Gives an access token; its number.
    pub(super) fn grant(&mut self) -> u64 {
        self.granted += 1;
        self.granted
    }

    /// Takes note of a token that was not given.
    pub(super) fn count_refusal(&mut self) {
        self.refused += 1;
    }

    /// How many access tokens were given, and how many refused.
    pub(super) fn grants(&self) -> (u64, u64) {
        (self.granted, self.refused)
    }

    pub(super) fn add_order(
        &mut self,
        items: Vec<OrderedItem>,
        surcharge: u64,
        status: &str,
    ) -> Order {
        let order = Order {
            id: format!("ord-{}", self.next_order),
            status: status.to_owned(),
            total_cents: total(&items) + surcharge,
            items,
            currency: "EUR",
            note: None,
        };
        self.next_order += 1;
        push_bounded(&mut self.orders, order.clone(), ORDERS);
        order
    }

    pub(super) fn orders(&self) -> Vec<Order> {
        self.orders.iter().rev().take(100).cloned().collect()
    }

    pub(super) fn order(&mut self, id: &str) -> Option<&mut Order> {
        self.orders.iter_mut().find(|order| order.id == id)
    }

    pub(super) fn cancel(&mut self, id: &str) -> bool {
        let before = self.orders.len();
        self.orders.retain(|order| order.id != id);
        self.orders.len() < before
    }

    /// Counts a request for this key; true while it has to fail.
    pub(super) fn flaky_fails(&mut self, key: &str, times: u32) -> bool {
        if self.flaky.len() >= FLAKY_KEYS && !self.flaky.contains_key(key) {
            self.flaky.clear();
        }
        let seen = self.flaky.entry(key.to_owned()).or_insert(0);
        *seen = seen.saturating_add(1);
        *seen <= times
    }
}

/// Turns the lines of a request into priced items.
pub(super) fn price(lines: &[Line]) -> Result<Vec<OrderedItem>, Refused> {
    if lines.is_empty() {
        return Err(Refused::NoItems);
    }
    lines
        .iter()
        .map(|line| {
            let item: &Item =
                catalogue::find(&line.id).ok_or_else(|| Refused::UnknownItem(line.id.clone()))?;
            if !item.in_stock {
                return Err(Refused::NotInStock(line.id.clone()));
            }
            if !(1..=100).contains(&line.quantity) {
                return Err(Refused::BadQuantity(line.quantity));
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
pub(super) fn total(items: &[OrderedItem]) -> u64 {
    items
        .iter()
        .map(|item| item.price_cents * u64::from(item.quantity))
        .sum()
}

fn push_bounded<T>(queue: &mut VecDeque<T>, value: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(value);
}
