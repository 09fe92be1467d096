//! The dashboard: a small shop under a steady load of its own, and the pages that tell how its cache is doing.
//!
//! ```text
//! cargo run --example dashboard --features http
//! ```
//!
//! It listens on 127.0.0.1 alone, prints an address to open in a browser, and runs until it is interrupted. `PORT=8080`
//! chooses the port, `REDIS_URL=redis://localhost` puts the cache on a server.
//!
//! `shop.rs` has the cached functions, `load.rs` its visitors, and `entrance.rs` who may see the pages: whoever has the token,
//! which is drawn at start. This file puts them together, as an application would.

mod entrance;
mod load;
mod shop;

use axum::Router;
use axum::routing::get;
use cache_runtime::Cache;
use cache_runtime::http::Admin;
use entrance::Token;
use std::error::Error;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cache = Cache::from_env().await?;
    cache.install()?;

    let token = Token::draw()?;
    let admin = Admin::new(&cache).public_health().authorize({
        let token = token.clone();
        move |request| token.is_shown_by(&request.headers)
    });
    let app = Router::new()
        .route("/", get(|| async { "A shop. Its cache is at /cache." }))
        .merge(entrance::router(&token))
        .nest_service("/cache", admin.clone())
        .route_service("/api/health/cache", admin);

    let port = std::env::var("PORT").map_or(Ok(0), |port| port.parse::<u16>())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    println!("The dashboard:  http://{address}/enter?token={token}");
    println!("For a monitor:  curl http://{address}/api/health/cache");
    println!(
        "As JSON:        curl -H 'Authorization: Bearer {token}' http://{address}/cache/stats"
    );

    tokio::spawn(load::visitors());
    axum::serve(listener, app).await?;
    Ok(())
}
