//! What the cache saves: the same requests with the cache off and on, and after a restart, cold and warmed.

mod client;
pub(crate) mod http;
mod measured;
mod page;
mod plot;
#[cfg(test)]
mod same;
mod stream;

use crate::database::{Database, nearby};
use crate::error::Error;
use crate::service::Service;
use crate::{configured, routes, warm};
use cache_runtime::warm::Summary;
use client::Client;
use measured::{Measured, Phase};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use stream::Request;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// Of each phase.
const REQUESTS: usize = 100_000;
/// After a restart.
const FIRST: usize = 1_000;
const CLIENTS: usize = 16;
/// One seed, so every run asks the same.
const SEED: u64 = 20_261_122;

/// Everything that is measured.
pub(crate) struct Comparison {
    off: Measured,
    on: Measured,
    cold: Measured,
    warmed: Measured,
    warming: Vec<Summary>,
    away: Duration,
    on_redis: bool,
}

pub(crate) async fn run(write: bool) -> Result<(), Error> {
    let stream = stream::requests(SEED, REQUESTS + FIRST);
    let (before, after) = stream.split_at(REQUESTS);
    let off = phase(Phase::Off, before).await?;
    let on = phase(Phase::On, before).await?;
    let cold = phase(Phase::Cold, after).await?;
    let warmed = phase(Phase::Warmed, after).await?;
    let comparison = Comparison {
        off: off.0,
        on: on.0,
        cold: cold.0,
        warmed: warmed.0,
        warming: warmed.1,
        away: nearby(),
        on_redis: std::env::var_os("REDIS_URL").is_some(),
    };
    println!("{}", page::table(&comparison));
    comparison.check()?;
    if write {
        page::write(&comparison)?;
    }
    Ok(())
}

impl Comparison {
    /// What the documentation promises.
    fn check(&self) -> Result<(), Error> {
        let saved = 1.0 - self.on.queries as f64 / self.off.queries as f64;
        for (what, is, least) in [
            ("hits", self.on.hit_rate, 0.9),
            ("queries saved", saved, 0.8),
            ("hits after a warmed start", self.warmed.hit_rate, 0.9),
        ] {
            if is < least {
                return Err(format!(
                    "{what}: {:.1} %, and {:.0} % were to be",
                    100.0 * is,
                    100.0 * least
                )
                .into());
            }
        }
        let refused: usize = [&self.off, &self.on, &self.cold, &self.warmed]
            .map(|it| it.refused)
            .iter()
            .sum();
        match refused {
            0 => Ok(()),
            _ => Err(format!("{refused} requests were refused").into()),
        }
    }
}

/// A server of its own, with a database of its own, and all clients.
async fn phase(phase: Phase, requests: &[Request]) -> Result<(Measured, Vec<Summary>), Error> {
    let cache = configured(phase != Phase::Off).await?;
    cache.clear().await;
    let database = Arc::new(Database::seeded(nearby())?);
    let service = Arc::new(Service::new(&cache, Arc::clone(&database)));
    let warming = match phase {
        Phase::Warmed => warm::before_start(&service).await,
        Phase::Off | Phase::On | Phase::Cold => Vec::new(),
    };
    let (address, server) = serve(&service).await?;
    let (queries, transcribed) = (database.queries(), service.transcribed());
    let (hits, asked) = counted(&cache);
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let requests: Arc<[Request]> = requests.into();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (next, requests) = (Arc::clone(&next), Arc::clone(&requests));
        clients.spawn(async move {
            let mut client = Client::connect(address).await?;
            let mut answers = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(nth) else {
                    return Ok::<_, Error>(answers);
                };
                let asked = Instant::now();
                let (status, _) = client.send(request).await?;
                answers.push((asked.elapsed(), status));
            }
        });
    }
    let mut answers = Vec::with_capacity(requests.len());
    while let Some(ended) = clients.join_next().await {
        answers.extend(ended??);
    }
    let took = began.elapsed();
    server.abort();
    let (hits_after, asked_after) = counted(&cache);
    let hit_rate = match asked_after - asked {
        0 => 0.0,
        asked => (hits_after - hits) as f64 / asked as f64,
    };
    let measured = Measured::of(
        answers,
        took,
        hit_rate,
        database.queries() - queries,
        service.transcribed() - transcribed,
    );
    Ok((measured, warming))
}

/// On a free port.
async fn serve(service: &Arc<Service>) -> Result<(SocketAddr, JoinHandle<()>), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let routes = routes::all(Arc::clone(service));
    let serving = async move {
        // It ends with its task.
        let _never = axum::serve(listener, routes).await;
    };
    Ok((address, tokio::spawn(serving)))
}

/// Look-ups that found something, and all.
fn counted(cache: &cache_runtime::Cache) -> (u64, u64) {
    let stats = cache.stats();
    (stats.hits(), stats.hits() + stats.misses())
}
