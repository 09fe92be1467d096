//! A cache with something in it, and questions to its pages.

use bytes::Bytes;
use cache_runtime::http::Admin;
use cache_runtime::{Cache, cache_invalidate, cached};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower_service::Service;

#[cached(cache = cache, key = "report:{year}", tags = ["reports"], ttl = "1h", skip(cache))]
pub(crate) async fn report(cache: &Cache, year: u32) -> Result<u32, String> {
    match year {
        0 => Err("there was no such year".to_owned()),
        _ => Ok(year * 2),
    }
}

#[cached(cache = cache, key = "diagnosis:{patient}", tags = ["patient:{patient}"], sensitive, skip(cache))]
pub(crate) async fn diagnosis(cache: &Cache, patient: &str) -> usize {
    patient.len()
}

#[cache_invalidate("report:{year}", tags = ["reports"], cache = cache)]
pub(crate) async fn correct(cache: &Cache, year: u32) {
    let _ = report(cache, year).await;
}

/// Two hits, four misses, one error.
pub(crate) async fn used() -> Cache {
    let cache = Cache::in_memory();
    for year in [2024, 2024, 2024, 2025, 0] {
        let _ = report(&cache, year).await;
    }
    diagnosis(&cache, "ada").await;
    cache
}

/// Pages that answer everybody.
pub(crate) fn open(cache: &Cache) -> Admin {
    Admin::new(cache).authorize(|_| true)
}

/// What is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of<B>(response: Response<B>) -> Self
    where
        B: http_body::Body,
        B::Error: std::fmt::Debug,
    {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("it is all there").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).expect("text"),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("text"))
    }
}

pub(crate) async fn ask<B>(admin: &Admin, request: Request<B>) -> Answer
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let Ok(response) = admin.clone().call(request).await;
    Answer::of(response).await
}

pub(crate) async fn get(admin: &Admin, path: &str) -> Answer {
    ask(admin, request("GET", path, "")).await
}

/// As the page itself does.
pub(crate) async fn post(admin: &Admin, path: &str, body: impl Into<String>) -> Answer {
    ask(admin, request("POST", path, body)).await
}

pub(crate) fn request(method: &str, path: &str, body: impl Into<String>) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "shop.example")
        .header("content-type", "application/json")
        .body(Full::from(body.into()))
        .expect("a request")
}
