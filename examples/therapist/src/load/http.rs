//! How fast a cached route is, beside the same route uncached and one that always says the same. Asked by `wrk`, over loopback.

use crate::configured;
use crate::database::{Database, nearby};
use crate::error::Error;
use crate::routes::{for_everybody, library};
use crate::service::Service;
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use tokio::net::TcpListener;

/// One after the other, so that what else the machine does hits all of them.
const ROUNDS: usize = 5;
const SECONDS: &str = "3s";
const CONNECTIONS: &str = "32";
/// Of the throughput of the static route, the cached one is to have so much.
const LEAST: f64 = 0.7;

const ROUTES: [&str; 3] = ["/static", "/cached", "/uncached"];

pub(crate) async fn run() -> Result<(), Error> {
    let cache = configured(true).await?;
    let database = Arc::new(Database::seeded(nearby())?);
    let service = Arc::new(Service::new(&cache, database));
    let body = Bytes::from(serde_json::to_vec(&service.library().await?)?);
    println!(
        "a body of {} bytes, {CONNECTIONS} connections, {SECONDS} each",
        body.len()
    );
    let json = [(CONTENT_TYPE, "application/json")];
    let app = Router::new()
        .route("/static", get(async move || (json, body)))
        .route("/cached", get(library).layer(for_everybody(&cache)))
        .route("/uncached", get(library))
        .with_state(service);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (route, rates) in ROUTES.iter().zip(&mut rates) {
            rates.push(asked(address, route).await?);
        }
    }
    serving.abort();
    let medians = rates.map(median);
    for (route, rate) in ROUTES.iter().zip(medians) {
        println!("{route:10} {rate:9.0} requests a second");
    }
    let [fixed, cached, uncached] = medians;
    println!(
        "cached / static {:.2}, cached / uncached {:.1}",
        cached / fixed,
        cached / uncached
    );
    if cached < LEAST * fixed {
        return Err(format!("the cached route is below {LEAST} of the static one").into());
    }
    Ok(())
}

/// Requests a second.
async fn asked(address: SocketAddr, route: &str) -> Result<f64, Error> {
    let url = format!("http://{address}{route}");
    let wrk = tokio::task::spawn_blocking(move || {
        let arguments = ["-t1", "-c", CONNECTIONS, "-d", SECONDS, &url];
        Command::new("wrk").args(arguments).output()
    });
    let output = wrk
        .await?
        .map_err(|error| format!("wrk: {error}; install it with a package manager"))?;
    let text = String::from_utf8(output.stdout)?;
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("{route}: {text}").into());
    }
    let rate = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    let rate = rate.ok_or_else(|| format!("what does wrk mean by `{text}`?"))?;
    Ok(rate.trim().parse()?)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
