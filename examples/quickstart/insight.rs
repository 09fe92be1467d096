//! What the cache tells about itself.

use crate::TherapistCache;
use crate::show::{Failure, ensure, note};
use cache_runtime::{Cache, wiring};

pub(crate) async fn show(cache: &Cache) -> Result<(), Failure> {
    note("cache.explain(key): why a key is answered as it is\n");
    println!("{}\n", cache.explain(TherapistCache::key(&8)).await);

    note("cache.stats(): what happened\n");
    println!("{}\n", cache.stats());

    // A test of a program of your own would do: `wiring().check().assert_clean()`.
    note("wiring(): what is cached, and who invalidates it\n");
    let wiring = wiring();
    println!("{wiring}\n");
    let problems = wiring.check().problems();
    note(&format!("wiring().check(): {} problems", problems.len()));
    for problem in &problems {
        note(&problem.to_string());
    }
    ensure(problems.is_empty(), || {
        "an invalidation reaches nothing".to_owned()
    })
}
