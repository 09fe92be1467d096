//! HTTP.

use crate::error::Refused;
use crate::service::Service;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use cache_runtime::http::{CacheLayer, CacheTags};
use cache_runtime::{Cache, acting_as, detect};
use serde::Serialize;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

type App = State<Arc<Service>>;

pub(crate) fn all(service: Arc<Service>) -> Router {
    Router::new()
        .route("/me", get(me).put(rename))
        .route("/me/progress", get(progress))
        .route("/conversations", get(conversations))
        .route("/conversations/{id}", get(conversation))
        .route("/conversations/{id}/messages", post(say))
        .route("/conversations/{id}/messages/{page}", get(messages))
        .route("/prompts/{name}", get(prompt).put(publish))
        .route(
            "/library",
            get(library).layer(for_everybody(&service.cache)),
        )
        .route("/transcriptions", post(transcribe))
        .route("/logout", post(log_out))
        .route("/api/health/cache", get(health).post(stats))
        .with_state(service)
}

/// Who asks.
struct Caller {
    session: String,
    user: String,
}

/// Answers a request of somebody who is logged in, in his name as soon as that is known; and says in a header whether all was cached
/// that it took.
async fn answer<T, F>(
    service: &Service,
    headers: &HeaderMap,
    work: impl FnOnce(Caller) -> F,
) -> Response
where
    T: Serialize,
    F: Future<Output = Result<T, Refused>>,
{
    let token = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = token.and_then(|it| it.strip_prefix("Bearer "));
    let Some(token) = token else {
        return Refused::NotLoggedIn.into_response();
    };
    let work = async {
        let session = service.session(token).await?;
        service.auth(&session.user_id).await?;
        service.active.seen(&session.user_id);
        let caller = Caller {
            session: session.id,
            user: session.user_id.clone(),
        };
        acting_as(session.user_id, work(caller)).await
    };
    let (answered, detected) = detect(work).await;
    let cached = if detected.is_from_cache() {
        "hit"
    } else {
        "miss"
    };
    match answered {
        Ok(answer) => ([("x-cache", cached)], Json(answer)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn me(State(service): App, headers: HeaderMap) -> Response {
    answer(&service, &headers, async |caller| {
        service.profile(&caller.user).await
    })
    .await
}

async fn rename(State(service): App, headers: HeaderMap, name: String) -> Response {
    answer(&service, &headers, async |caller| {
        service.rename(&caller.user, &name).await
    })
    .await
}

async fn progress(State(service): App, headers: HeaderMap) -> Response {
    answer(&service, &headers, async |caller| {
        service.progress(&caller.session, &caller.user).await
    })
    .await
}

async fn conversations(State(service): App, headers: HeaderMap) -> Response {
    answer(&service, &headers, async |caller| {
        service.conversations(&caller.user).await
    })
    .await
}

async fn conversation(State(service): App, headers: HeaderMap, Path(id): Path<String>) -> Response {
    answer(&service, &headers, async |caller| {
        let conversation = service.conversation(&id).await?;
        if conversation.user_id == caller.user {
            Ok(conversation)
        } else {
            Err(Refused::NotFound)
        }
    })
    .await
}

async fn messages(
    State(service): App,
    headers: HeaderMap,
    Path((id, page)): Path<(String, u32)>,
) -> Response {
    answer(&service, &headers, async |caller| {
        let conversation = service.conversation(&id).await?;
        if conversation.user_id != caller.user {
            return Err(Refused::NotFound);
        }
        service.messages(&caller.user, &id, page).await
    })
    .await
}

async fn say(
    State(service): App,
    headers: HeaderMap,
    Path(id): Path<String>,
    text: String,
) -> Response {
    answer(&service, &headers, async |caller| {
        let conversation = service.conversation(&id).await?;
        if conversation.user_id != caller.user {
            return Err(Refused::NotFound);
        }
        service.say(&caller.user, &id, &text).await
    })
    .await
}

async fn prompt(State(service): App, headers: HeaderMap, Path(name): Path<String>) -> Response {
    answer(&service, &headers, async |_| service.prompt(&name).await).await
}

/// What anybody may read: the whole response is cached.
pub(crate) fn for_everybody(cache: &Cache) -> CacheLayer {
    CacheLayer::new(cache, "library").ttl(Duration::from_secs(3600))
}

/// It goes when one of the prompts is published anew.
pub(crate) async fn library(State(service): App) -> Result<Response, Refused> {
    let prompts = service.library().await?;
    let tags = prompts.iter().map(|it| format!("prompt:{}", it.name));
    let tags = CacheTags::new(tags);
    Ok((Extension(tags), Json(prompts)).into_response())
}

async fn publish(
    State(service): App,
    headers: HeaderMap,
    Path(name): Path<String>,
    text: String,
) -> Response {
    answer(&service, &headers, async |_| {
        service.publish(&name, &text).await
    })
    .await
}

async fn transcribe(State(service): App, headers: HeaderMap, recording: Bytes) -> Response {
    answer(&service, &headers, async |_| {
        service.transcription(&recording).await
    })
    .await
}

async fn log_out(State(service): App, headers: HeaderMap) -> Response {
    answer(&service, &headers, async |caller| {
        service.log_out(&caller.session, &caller.user).await
    })
    .await
}

async fn health(State(service): App) -> Response {
    Json(service.cache.health().await).into_response()
}

/// As the system that is replaced: `{"action": "get_stats"}`.
async fn stats(State(service): App) -> Response {
    Json(service.cache.stats()).into_response()
}
