//! Answers in HTML and in XML, for checks of both: a page with orders, which needs
//! no login, and a feed of all items.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{AppState, catalogue};

pub(super) fn build_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/orders.html", get(get_orders_page))
        .route("/feed.xml", get(get_feed))
}

/// `GET /orders.html`. Its lists have no end tags, as HTML allows.
async fn get_orders_page(State(state): State<Arc<AppState>>) -> Html<String> {
    let version = state.colour.version();
    Html(format!(
        r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="csrf-token" content="csrf-{version}">
  <title>Your orders</title>
</head>
<body>
  <h1 class="title">Your
    orders</h1>
  <ul class="orders">
    <li data-id="ord-1"><a href="/orders/ord-1">Espresso cup</a> <span class="price">12.50</span>
    <li data-id="ord-2"><a href="/orders/ord-2">Moka pot</a> <span class="price">34.90</span>
    <li data-id="ord-3"><a href="/orders/ord-3">House blend, 500 g</a> <span class="price">11.50</span>
  </ul>
  <form action="/orders" method="post">
    <input type="checkbox" name="gift" checked>
    <button disabled>Order again</button>
  </form>
</body>
</html>
"#
    ))
}

/// `GET /feed.xml`: a feed as in RFC 4287, with prices in a namespace of their own.
async fn get_feed() -> Response {
    let mut feed = String::from(
        r#"<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:shop="https://shop.example.test/ns">
  <title>The coffee shop</title>
"#,
    );
    for item in catalogue::list_items(None, usize::MAX) {
        let (euros, cents) = (item.price_cents / 100, item.price_cents % 100);
        // Writing to a text cannot fail.
        let _ = writeln!(
            feed,
            r#"  <entry><id>{}</id><title>{}</title><shop:price currency="{}">{euros}.{cents:02}</shop:price></entry>"#,
            item.id, item.name, item.currency
        );
    }
    feed.push_str("</feed>\n");
    ([(header::CONTENT_TYPE, "application/atom+xml")], feed).into_response()
}
