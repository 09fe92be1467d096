//! Between its look-up and its lead another caller may have stored: what a leader finds then becomes a dependency of its
//! flight. For the embedded cache only, where a hit clones the stored value, so that a test can stop it there.

use crate::stale::leaf;
use crate::world::{World, soon};
use cache_runtime::cached;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

type Hook = Mutex<Option<Box<dyn FnOnce() + Send>>>;
static IN_PLAN: Hook = Mutex::new(None);
static IN_CLONE: Hook = Mutex::new(None);

fn run(hook: &Hook) {
    let hook = hook.lock().unwrap().take();
    if let Some(hook) = hook {
        hook();
    }
}

/// A value whose `Clone` takes its time.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Large(u32);

impl Clone for Large {
    fn clone(&self) -> Self {
        run(&IN_CLONE);
        Large(self.0)
    }
}

fn lifetime() -> std::time::Duration {
    run(&IN_PLAN);
    std::time::Duration::from_secs(60)
}

#[cached(cache = world.cache, key = "middle:{id}", ttl = lifetime(), skip(world))]
async fn middle(world: &World, id: u32) -> Large {
    Large(leaf(world, id).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_follower_of_a_leader_that_looked_again_gets_no_invalidated_entry() {
    use std::sync::mpsc::channel;
    let world = World::new().await;

    // The second leader misses, and is held before it takes the lead.
    let (at_plan, is_at_plan) = channel();
    let (leave_plan, may_leave_plan) = channel::<()>();
    *IN_PLAN.lock().unwrap() = Some(Box::new(move || {
        at_plan.send(()).unwrap();
        may_leave_plan.recv().unwrap();
    }));
    let second = world.spawn(|world| async move { middle(&world, 1).await });
    tokio::task::block_in_place(|| is_at_plan.recv().unwrap());

    // Meanwhile the first one computes and stores.
    assert_eq!(middle(&world, 1).await, Large(1));

    // The second leads, looks again, finds the entry valid, and clones.
    let (at_clone, is_at_clone) = channel();
    let (leave_clone, may_leave_clone) = channel::<()>();
    *IN_CLONE.lock().unwrap() = Some(Box::new(move || {
        at_clone.send(()).unwrap();
        may_leave_clone.recv().unwrap();
    }));
    leave_plan.send(()).unwrap();
    tokio::task::block_in_place(|| is_at_clone.recv().unwrap());

    world.write(2);
    world.cache.invalidate_tag("leaf").await;

    // A reader that starts after the invalidation has returned.
    let late = world.spawn(|world| async move { middle(&world, 1).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    leave_clone.send(()).unwrap();
    soon(second).await;
    assert_eq!(soon(late).await, Large(2));
}
