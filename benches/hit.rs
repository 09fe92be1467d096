//! A hit through `#[cached]` against a bare quick_cache look-up with the same formatted key, in one run.
//!
//! `cargo bench --bench hit`; the last line is the ratio of the medians, from rounds in turn.

use cache_runtime::{Cache, cached};
use criterion::{Criterion, criterion_group, criterion_main};
use foldhash::quality::RandomState;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache as QuickCache, DefaultLifecycle};
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

const KEYS: u64 = 1_000;

struct User {
    name: String,
}

type Shared = Arc<Vec<String>>;
type Bare = QuickCache<String, Shared, UnitWeighter, RandomState>;

#[cached(ttl = "1h", key = "user:{id}:profile", tags = ["user:{id}"])]
async fn profile(id: u64) -> Shared {
    Arc::new(vec![user(id).name])
}

fn user(id: u64) -> User {
    User {
        name: format!("user number {id}"),
    }
}

/// A hit is ready at once; a runtime would only add its own cost.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("not a hit"),
    }
}

/// With the same hash function, so that the difference is ours.
fn bare() -> Bare {
    let cache = QuickCache::with(
        100_000,
        100_000,
        UnitWeighter,
        RandomState::default(),
        DefaultLifecycle::default(),
    );
    for id in 0..KEYS {
        cache.insert(format!("user:{id}:profile"), Arc::new(vec![user(id).name]));
    }
    cache
}

fn fill() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        Cache::in_memory().install().expect("the first");
        for id in 0..KEYS {
            profile(id).await;
        }
    });
}

fn ids() -> impl Iterator<Item = u64> {
    (0..).map(|n: u64| n.wrapping_mul(2_654_435_761) % KEYS)
}

fn hits(criterion: &mut Criterion) {
    let bare = bare();
    fill();
    let mut group = criterion.benchmark_group("hit");
    let mut id = ids();
    group.bench_function("quick_cache, formatted key", |bencher| {
        bencher.iter(|| {
            let id = id.next().expect("endless");
            bare.get(format!("user:{}:profile", black_box(id)).as_str())
        });
    });
    let mut id = ids();
    group.bench_function("#[cached], Arc<T>", |bencher| {
        bencher.iter(|| ready(profile(black_box(id.next().expect("endless")))));
    });
    group.finish();
    println!("ratio of the medians: {:.2}", ratio(&bare));
}

/// Both in turn, so that a machine that changes its speed changes it for both.
fn ratio(bare: &Bare) -> f64 {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..101 {
        theirs.push(time(async |id| {
            black_box(bare.get(format!("user:{id}:profile").as_str()));
        }));
        ours.push(time(async |id| {
            black_box(profile(id).await);
        }));
    }
    ours.sort();
    theirs.sort();
    ours[50].as_secs_f64() / theirs[50].as_secs_f64()
}

fn time(hit: impl AsyncFn(u64)) -> Duration {
    let started = Instant::now();
    ready(async {
        for id in ids().take(20_000) {
            hit(black_box(id)).await;
        }
    });
    started.elapsed()
}

criterion_group!(benches, hits);
criterion_main!(benches);
