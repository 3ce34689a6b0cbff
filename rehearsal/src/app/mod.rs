//! A small shop in two versions: what the deployment deploys.
//!
//! It has the things that functional checks are made of: a login that gives a
//! bearer token and a cookie, lists and single resources, all the usual
//! methods, redirects, and endpoints that are slow, flaky or echo the request.
//! Each answer carries `x-app-version`.
//!
//! | endpoint | answer |
//! |---|---|
//! | `GET /healthz`, `GET /version`, `GET /`, `GET /openapi.json` | 200 |
//! | `GET /orders.html`, `GET /feed.xml` | 200 with HTML, with XML |
//! | `POST /login` | 200 with a token and a cookie, 400, 401 |
//! | `GET /catalogue?limit=&category=`, `GET /catalogue/{id}` | 200, 404 |
//! | `GET`, `POST /orders`; `GET`, `PUT`, `PATCH`, `DELETE /orders/{id}`; `GET /account` | 401 without a session |
//! | `GET /old-shop`, `/redirect-loop`, `/redirect/{n}`, `/elsewhere` | 302 |
//! | any method `/redirect-to?url=&status=` | 302, or the status that it says |
//! | `POST /graphql`; `GET /encoded/{coding}`, `/bomb` | 200 |
//! | `POST /oauth/token`; `GET /oauth/whoami` | 200, 400, 401 |
//! | `GET /deep/{form}/{depth}` | 200 with JSON (`objects`, `lists`), HTML (`html`) or XML (`xml`) nested as deeply, 404 |
//! | `GET /cookies` | 200 with two cookies and a header that comes twice |
//! | by gRPC: `grpc.health.v1.Health/Check`, and `shop.v1.Shop` of `shop.proto` | 200 |
//! | by WebSocket: `/ws`, `/ws/broken/{how}` | 101, 426 |
//! | any method `/json-echo`, `/html-echo`, `/echo`, `/status/{code}`, `/slow?ms=`, `/flaky?key=&fail=` | what they say |

mod catalogue;
mod deep;
mod defect;
mod encodings;
mod graphql;
mod grpc;
mod oauth;
mod pages;
mod shop;
mod store;
mod tools;
mod websocket;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use hyper_util::service::TowerToHyperService;
use serde_json::json;

pub use self::defect::{Defect, UnknownDefect};
use self::store::Store;
use crate::colour::Colour;
use crate::error::StageError;
use crate::serve::Server;

/// The customer that every version of the shop knows.
pub const CUSTOMER: &str = "demo@example.com";
/// The customer's password.
pub const PASSWORD: &str = "correct-horse";

/// How many bytes of a request's body are read.
const BODY_LIMIT: usize = 1024 * 1024;
/// How many requests an app remembers.
const MOST_REQUESTS: usize = 10_000;

/// One running version of the app; it stops when it is dropped.
#[derive(Debug)]
pub struct App {
    colour: Colour,
    inner: Arc<Inner>,
    server: Server,
}

/// What the handlers share.
#[derive(Debug)]
struct Inner {
    colour: Colour,
    state: Mutex<Contents>,
}

#[derive(Debug)]
struct Contents {
    store: Store,
    defect: Option<Defect>,
    requests: VecDeque<String>,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, defect: Defect) -> bool {
        self.lock().defect == Some(defect)
    }

    fn remember(&self, request: &Request) {
        let path = request.uri().path_and_query();
        let path = path.map_or("*", |path| path.as_str());
        let requests = &mut self.lock().requests;
        if requests.len() == MOST_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(format!("{} {path}", request.method()));
    }
}

impl App {
    /// Starts the version of this colour on `127.0.0.1:port` (0 means any).
    pub(crate) async fn start(colour: Colour, port: u16) -> Result<Self, StageError> {
        let inner = Arc::new(Inner {
            colour,
            state: Mutex::new(Contents {
                store: Store::new(),
                defect: None,
                requests: VecDeque::new(),
            }),
        });
        let service = TowerToHyperService::new(router(Arc::clone(&inner)));
        let server = Server::start("app", port, service).await?;
        Ok(Self {
            colour,
            inner,
            server,
        })
    }

    /// Which version this is.
    pub fn colour(&self) -> Colour {
        self.colour
    }

    /// `http://127.0.0.1:PORT`: the app without the load balancer.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// How many connections the app has accepted.
    pub fn connections(&self) -> u64 {
        self.server.connections()
    }

    /// The last requests that reached the app, each as its method, path and
    /// query: `GET /orders?limit=1`.
    pub fn requests(&self) -> Vec<String> {
        self.inner.lock().requests.iter().cloned().collect()
    }

    /// The tokens of the sessions that customers have.
    pub fn tokens(&self) -> Vec<String> {
        self.inner.lock().store.tokens()
    }

    /// Gives the running app a defect, in place of the one it may have.
    pub fn break_with(&self, defect: Defect) {
        self.inner.lock().defect = Some(defect);
    }

    /// Takes the defect away.
    pub fn heal(&self) {
        self.inner.lock().defect = None;
    }

    /// Forgets all sessions and orders, as a fresh task set has none, and
    /// sets the defect that this release was built with.
    pub fn reinstall(&self, defect: Option<Defect>) {
        *self.inner.lock() = Contents {
            store: Store::new(),
            defect,
            requests: VecDeque::new(),
        };
    }
}

fn router(inner: Arc<Inner>) -> Router {
    let routes = Router::new()
        .route("/", get(home))
        .route("/healthz", get(health))
        .route("/version", get(version))
        .route("/openapi.json", get(describe))
        .merge(shop::routes())
        .merge(tools::routes())
        .merge(deep::routes())
        .merge(encodings::routes())
        .merge(graphql::routes())
        .merge(grpc::routes())
        .merge(oauth::routes())
        .merge(pages::routes())
        .merge(websocket::routes())
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::clone(&inner));
    // A second router, because the first one writes `Allow` outside of its
    // own layers.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn_with_state(inner, every_answer))
}

/// What holds for each endpoint: that it is remembered, the version header, the
/// delay of a slow release, and OPTIONS, which is answered from the methods of the route.
async fn every_answer(State(inner): State<Arc<Inner>>, request: Request, next: Next) -> Response {
    inner.remember(&request);
    if inner.has(Defect::Slow) {
        tokio::time::sleep(Defect::DELAY).await;
    }
    let options = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    if options
        && response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allow) = response.headers().get(header::ALLOW).cloned()
    {
        response = (StatusCode::NO_CONTENT, [(header::ALLOW, allow)]).into_response();
    }
    response.headers_mut().insert(
        "x-app-version",
        HeaderValue::from_static(inner.colour.version()),
    );
    response
}

async fn home(State(inner): State<Arc<Inner>>) -> Html<String> {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <title>The coffee shop</title></head>\n<body>\n<h1>The coffee shop</h1>\n\
         <p>Version <code>{}</code></p>\n<a href=\"/catalogue\">Catalogue</a>\n</body>\n</html>\n",
        inner.colour.version()
    ))
}

async fn health(State(inner): State<Arc<Inner>>) -> Response {
    if inner.has(Defect::Unhealthy) {
        let body = Json(json!({"status": "failing", "reason": "no connection to the database"}));
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    }
    Json(json!({"status": "ok"})).into_response()
}

async fn version(State(inner): State<Arc<Inner>>) -> Response {
    Json(json!({
        "version": inner.colour.version(),
        "colour": inner.colour.name(),
    }))
    .into_response()
}

/// A part of the shop, as OpenAPI describes it.
async fn describe() -> Response {
    let document = include_str!("openapi.json");
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

/// An error answer: the same JSON shape everywhere.
fn problem(status: StatusCode, message: &str) -> Response {
    let body = json!({"error": {"status": status.as_u16(), "message": message}});
    (status, Json(body)).into_response()
}
