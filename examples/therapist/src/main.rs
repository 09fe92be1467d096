//! The application of the two systems that this project replaces, in small: users talk with a therapist, who is a model.
//!
//! ```text
//! cargo run -p therapist                     serves on http://127.0.0.1:4000, without Redis
//! cargo run -p therapist -- load             asks it for a while with the cache off and on, and tells what that saves
//! cargo run -p therapist -- load --write     the same, and writes the table and the plot of the documentation
//! cargo run -p therapist -- http             asks a cached route, the same uncached, and a static one as fast as `wrk` can
//! REDIS_URL=redis://localhost cargo run -p therapist
//! ADDRESS=0.0.0.0:8080 DATABASE_AWAY_MICROS=500 cargo run -p therapist
//! ```
//!
//! `service.rs` is what an application writes: domain caches, annotated functions, what goes when something happens. `routes.rs` makes
//! HTTP of it, `warm.rs` keeps warm what will be asked for. `database.rs` is SQLite, seeded (`seed.rs`) with thousands of rows, and as far
//! away as a database on another host. `load/` is the load: a stream of requests from one seed, over loopback.

mod database;
mod error;
mod load;
mod model;
mod routes;
mod seed;
mod service;
mod warm;

use cache_runtime::{Builder, Cache};
use database::Database;
use error::Error;
use service::Service;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => serve().await,
        ["load"] => load::run(false).await,
        ["load", "--write"] => load::run(true).await,
        ["http"] => load::http::run().await,
        _ => Err("usage: therapist [load [--write] | http]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Until it is interrupted.
async fn serve() -> Result<(), Error> {
    // What the cache has to say, the audit log included (CACHE_AUDIT).
    tracing_subscriber::fmt().init();
    let cache = Cache::from_env().await?;
    cache.install()?;
    let database = Arc::new(Database::seeded(database::nearby())?);
    let service = Arc::new(Service::new(&cache, database));
    let warming = warm::start(&service);
    let address = std::env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:4000".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("http://{}", listener.local_addr()?);
    println!("  curl -H 'Authorization: Bearer s1' http://{address}/me");
    println!("  curl http://{address}/api/health/cache");
    axum::serve(listener, routes::all(service))
        .with_graceful_shutdown(async {
            // Whatever comes: it is over.
            let _interrupted = tokio::signal::ctrl_c().await;
        })
        .await?;
    warming.stop().await;
    Ok(())
}

/// A cache as the environment asks for it; one that is switched off, for comparison.
async fn configured(enabled: bool) -> Result<Cache, Error> {
    Ok(Builder::from_env()?.enabled(enabled).build().await?)
}
