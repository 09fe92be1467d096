//! One of those that are compared.

use super::Load;
use crate::report::Side;
use crate::user::{Answer, KEYS, runs};
use std::pin::Pin;
use std::time::Duration;
use test_servers::RedisServer;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) side: Side,
    /// The loop is compiled with the call in it: nothing is boxed while time is taken.
    run: Box<dyn Fn(Load) -> Boxed<Duration>>,
    /// Of every so-manieth id, those whose value is wrong.
    check: Box<dyn Fn(usize) -> Boxed<Vec<u64>>>,
}

/// Where hits have to come from.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Served {
    Locally,
    ByRedis,
}

impl Candidate {
    pub(crate) fn new<F, Fut, A>(side: Side, name: &str, call: F) -> Self
    where
        F: Fn(u64) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
        A: Answer,
    {
        let checked = call.clone();
        Candidate {
            name: name.to_owned(),
            side,
            run: Box::new(move |load| Box::pin(load.drive(call.clone()))),
            check: Box::new(move |step| {
                let call = checked.clone();
                Box::pin(async move {
                    let mut wrong = Vec::new();
                    for id in (0..KEYS).step_by(step) {
                        if !call(id).await.is_right(id) {
                            wrong.push(id);
                        }
                    }
                    wrong
                })
            }),
        }
    }

    pub(crate) async fn run(&self, load: Load) -> Duration {
        (self.run)(load).await
    }

    /// Fills the cache with every so-manieth id, and asks for them once more.
    ///
    /// # Panics
    ///
    /// If a value is not what its function returns, or was not kept.
    pub(crate) async fn warm_up(&self, step: usize) {
        let mut before = runs();
        // Some store in the background, and some keep here only what was asked for again.
        for _ in 0..3 {
            before = runs();
            let wrong = (self.check)(step).await;
            assert!(wrong.is_empty(), "{}: wrong values of {wrong:?}", self.name);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(runs(), before, "{}: not everything is a hit", self.name);
    }

    /// Calls it so often, and so often once more.
    ///
    /// # Panics
    ///
    /// If the second hits come from elsewhere.
    pub(crate) async fn is_served(&self, how: Served, server: &RedisServer, calls: u64) {
        let load = Load { tasks: 1, calls };
        self.run(load).await;
        let before = key_hits(server).await;
        self.run(load).await;
        let found = key_hits(server).await - before;
        let right = match how {
            Served::Locally => found <= calls / 100,
            Served::ByRedis => found >= calls * 9 / 10,
        };
        let name = &self.name;
        assert!(
            right,
            "{name}: the server found {found} keys in {calls} calls"
        );
    }
}

/// How many keys have been found on the server so far.
async fn key_hits(server: &RedisServer) -> u64 {
    let statistics = server.info("stats").await;
    statistics["keyspace_hits"].parse().expect("a number")
}
