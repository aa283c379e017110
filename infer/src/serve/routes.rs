//! The routes, and what answers them.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{MatchedPath, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::about::About;
use super::body::{Held, Reader, discard};
use super::job::{Job, Options};
use super::metrics::Metrics;
use super::models::Models;
use super::problem::Problem;
use super::token::Token;
use super::{Bounds, page};

/// All routes, in the form of <https://spec.openapis.org/oas/v3.1.0>.
const OPENAPI: &str = include_str!("openapi.json");

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What may be had without a token: it says nothing of the models.
const OPEN_ROUTES: [&str; 2] = ["/", "/healthz"];

/// What all requests share.
#[derive(Debug)]
pub struct App {
    models: Arc<Models>,
    token: Option<Token>,
    bounds: Bounds,
    bodies: Reader,
    metrics: Metrics,
}

type Shared = State<Arc<App>>;

impl App {
    pub fn new(
        models: Arc<Models>,
        token: Option<Token>,
        bounds: Bounds,
        metrics: Metrics,
    ) -> Self {
        Self {
            models,
            token,
            bodies: Reader::new(bounds.clone()),
            bounds,
            metrics,
        }
    }
}

/// The routes, counted and guarded.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(openapi))
        .route("/v1/model", get(model))
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(model_named))
        .route("/v1/predict", post(predict))
        .route("/v1/models/{name}/predict", post(predict_named))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// Asks for the token, counts the answer and says what browsers may do with it.
async fn guard(State(app): Shared, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let mut response = if OPEN_ROUTES.contains(&route) || app.is_authorized(request.headers()) {
        next.run(request).await
    } else {
        discard(request.into_body()).await;
        Problem::Unauthorized.into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    app.metrics
        .answered(route, response.status().as_u16(), start.elapsed());
    response
}

impl App {
    fn is_authorized(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION);
        let given = given.map_or(&[][..], HeaderValue::as_bytes);
        self.token.as_ref().is_none_or(|token| token.is_in(given))
    }

    async fn predict(
        &self,
        name: Option<&str>,
        options: Options,
        (files, room): Held,
    ) -> Result<Response, Problem> {
        let model = self.models.find(name)?;
        let (reply, answer) = oneshot::channel();
        model.submit(Job {
            files,
            options,
            reply,
            room,
        })?;
        // Nothing of a model that has changed meanwhile is to stay for longer than its last answer.
        drop(model);
        let time = self.bounds.answer_time;
        let answer = timeout(time, answer).await;
        let answer = answer.map_err(|_| Problem::AnswerTooSlow(time.as_secs()))?;
        let json = answer.unwrap_or(Err(Problem::Fault))?;
        let json_type = [(header::CONTENT_TYPE, "application/json")];
        Ok((json_type, json).into_response())
    }
}

async fn page(State(app): Shared) -> Response {
    let models: Vec<_> = match app.token {
        None => app.models.all().collect(),
        // Whoever has it, the page asks.
        Some(_) => Vec::new(),
    };
    let headers = [(header::CONTENT_SECURITY_POLICY, page::POLICY)];
    (headers, Html(page::page(&models))).into_response()
}

async fn no_route(uri: Uri, body: Body) -> Problem {
    discard(body).await;
    Problem::NoRoute(uri.path().to_owned())
}

async fn wrong_method(method: Method, body: Body) -> Problem {
    discard(body).await;
    Problem::Method(method.to_string())
}

async fn health() -> &'static str {
    "ok\n"
}

async fn metrics(State(app): Shared) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], app.metrics.text())
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

/// Which model is meant, where the address does not say it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    model: Option<String>,
}

/// What a request for predictions may say beside its body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    model: Option<String>,
    prepare: Option<crate::prepare::Wish>,
    #[serde(default)]
    input: super::job::Flag,
}

type Asked<T> = Result<Query<T>, QueryRejection>;

fn asked<T>(query: Asked<T>) -> Result<T, Problem> {
    let Query(query) = query.map_err(|error| Problem::Query(error.body_text()))?;
    Ok(query)
}

type Named = Result<Path<String>, PathRejection>;

fn named(name: Named) -> Result<String, Problem> {
    let Path(name) = name.map_err(|error| Problem::Query(error.body_text()))?;
    Ok(name)
}

async fn model(State(app): Shared, query: Asked<Choice>) -> Result<Json<About>, Problem> {
    let choice = asked(query)?;
    Ok(Json(
        app.models.find(choice.model.as_deref())?.about.clone(),
    ))
}

async fn model_named(State(app): Shared, name: Named) -> Result<Json<About>, Problem> {
    Ok(Json(app.models.find(Some(&named(name)?))?.about.clone()))
}

async fn models(State(app): Shared) -> Json<impl Serialize> {
    #[derive(Serialize)]
    struct All {
        models: Vec<About>,
    }
    let models = app.models.all().map(|model| model.about.clone()).collect();
    Json(All { models })
}

async fn predict(
    State(app): Shared,
    query: Asked<Wish>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let files = app.bodies.files(&headers, body).await?;
    let wish = asked(query)?;
    app.predict(wish.model.as_deref(), wish.options(), files)
        .await
}

async fn predict_named(
    State(app): Shared,
    name: Named,
    query: Asked<Wish>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let files = app.bodies.files(&headers, body).await?;
    let (name, wish) = (named(name)?, asked(query)?);
    if wish.model.as_ref().is_some_and(|model| *model != name) {
        return Err(Problem::Query("expected one model, found two".into()));
    }
    app.predict(Some(&name), wish.options(), files).await
}

impl Wish {
    fn options(&self) -> Options {
        Options {
            prepare: self.prepare,
            input: self.input,
        }
    }
}
