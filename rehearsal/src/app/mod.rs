//! A small shop in two versions: the app that is deployed.
//!
//! It has what functional checks test: a login that gives a bearer token and a
//! cookie, lists and single resources, all the usual methods, redirects, and
//! endpoints that are slow, that fail at first, or that echo the request.
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
use crate::server::Server;

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
    state: Arc<AppState>,
    server: Server,
}

/// What the handlers share.
#[derive(Debug)]
struct AppState {
    colour: Colour,
    data: Mutex<AppData>,
}

/// What changes while the app runs.
#[derive(Debug)]
struct AppData {
    store: Store,
    defect: Option<Defect>,
    /// The last requests, as [`App::requests`] shows them.
    requests: VecDeque<String>,
}

impl AppState {
    fn lock(&self) -> MutexGuard<'_, AppData> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the app has this defect now.
    fn has_defect(&self, defect: Defect) -> bool {
        self.lock().defect == Some(defect)
    }

    /// Records a request; the oldest record makes room.
    fn record_request(&self, request: &Request) {
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
        let state = Arc::new(AppState {
            colour,
            data: Mutex::new(AppData {
                store: Store::new(),
                defect: None,
                requests: VecDeque::new(),
            }),
        });
        let service = TowerToHyperService::new(build_router(Arc::clone(&state)));
        let server = Server::start("app", port, service).await?;
        Ok(Self {
            colour,
            state,
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
        self.state.lock().requests.iter().cloned().collect()
    }

    /// The tokens of the sessions that customers have.
    pub fn tokens(&self) -> Vec<String> {
        self.state.lock().store.session_tokens()
    }

    /// Gives the running app a defect, in place of the one it may have.
    pub fn break_with(&self, defect: Defect) {
        self.state.lock().defect = Some(defect);
    }

    /// Takes the defect away.
    pub fn heal(&self) {
        self.state.lock().defect = None;
    }

    /// Forgets all sessions and orders, as a new task set has none, and sets the
    /// defect of the version that is installed.
    pub fn reinstall(&self, defect: Option<Defect>) {
        *self.state.lock() = AppData {
            store: Store::new(),
            defect,
            requests: VecDeque::new(),
        };
    }
}

/// All endpoints of the app.
fn build_router(state: Arc<AppState>) -> Router {
    let routes = Router::new()
        .route("/", get(get_home))
        .route("/healthz", get(get_health))
        .route("/version", get(get_version))
        .route("/openapi.json", get(get_openapi))
        .merge(shop::build_routes())
        .merge(tools::build_routes())
        .merge(deep::build_routes())
        .merge(encodings::build_routes())
        .merge(graphql::build_routes())
        .merge(grpc::build_routes())
        .merge(oauth::build_routes())
        .merge(pages::build_routes())
        .merge(websocket::build_routes())
        .fallback(|| async { error_response(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Arc::clone(&state));
    // axum adds the header `Allow` after a router's own layers. `wrap_request`
    // reads that header, so it has to be a layer of a second router.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn_with_state(state, wrap_request))
}

/// The middleware of every endpoint: it records the request, delays the answer of
/// a slow version, answers OPTIONS with the methods of the route, and adds the
/// header with the version.
async fn wrap_request(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    state.record_request(&request);
    if state.has_defect(Defect::Slow) {
        tokio::time::sleep(Defect::DELAY).await;
    }
    let is_options = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    // No handler answers OPTIONS; axum then names the route's methods in `Allow`.
    if is_options
        && response.status() == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allow) = response.headers().get(header::ALLOW).cloned()
    {
        response = (StatusCode::NO_CONTENT, [(header::ALLOW, allow)]).into_response();
    }
    response.headers_mut().insert(
        "x-app-version",
        HeaderValue::from_static(state.colour.version()),
    );
    response
}

/// `GET /`.
async fn get_home(State(state): State<Arc<AppState>>) -> Html<String> {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <title>The coffee shop</title></head>\n<body>\n<h1>The coffee shop</h1>\n\
         <p>Version <code>{}</code></p>\n<a href=\"/catalogue\">Catalogue</a>\n</body>\n</html>\n",
        state.colour.version()
    ))
}

/// `GET /healthz`.
async fn get_health(State(state): State<Arc<AppState>>) -> Response {
    if state.has_defect(Defect::Unhealthy) {
        let body = Json(json!({"status": "failing", "reason": "no connection to the database"}));
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    }
    Json(json!({"status": "ok"})).into_response()
}

/// `GET /version`.
async fn get_version(State(state): State<Arc<AppState>>) -> Response {
    Json(json!({
        "version": state.colour.version(),
        "colour": state.colour.name(),
    }))
    .into_response()
}

/// `GET /openapi.json`: some of the endpoints, as OpenAPI describes them.
async fn get_openapi() -> Response {
    let document = include_str!("openapi.json");
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

/// An error answer: the same JSON shape everywhere.
fn error_response(status: StatusCode, message: &str) -> Response {
    let body = json!({"error": {"status": status.as_u16(), "message": message}});
    (status, Json(body)).into_response()
}
