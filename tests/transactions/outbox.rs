//! Rows that committed transactions have left are delivered, by whoever comes next.

use crate::database::Session;
use crate::world::{PATIENCE, World, hit, miss, rename};
use cache_runtime::{Delivery, Outbox, OutboxStore};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use test_servers::wait_until;

/// As good as never.
const LONG: Duration = Duration::from_secs(3600);

fn outbox(world: &World) -> Outbox<Session> {
    Outbox::new(&world.cache, world.file.session())
}

/// Renames `name:1` in a transaction, with its rows.
async fn begun(world: &Arc<World>, to: &str) -> cache_runtime::Invalidations {
    world.begin();
    let mut invalidations = world.invalidations();
    let inside = world.inside();
    let renamed = invalidations.collect(rename(&inside, 1, to)).await;
    renamed.expect("it is written");
    world.writer.leave(&invalidations.lines_of(&world.cache));
    invalidations
}

#[tokio::test]
async fn what_was_committed_and_not_delivered_is_delivered_later() {
    let world = World::new().await;
    world.until_hit(1).await;
    let never_delivered = begun(&world, "Grace").await;
    world.commit().await.expect("it commits");
    drop(never_delivered);
    assert_eq!(world.read(1).await, hit("Ada"));
    assert_eq!(world.reader.left(), ["key name:1"]);

    let report = outbox(&world).deliver_pending().await.expect("a database");
    assert_eq!((report.delivered, report.unreadable), (1, 0));
    assert_eq!(report.delivery, Delivery::Delivered);
    assert_eq!(world.read(1).await, miss("Grace"));
    assert!(world.reader.left().is_empty());
}

#[tokio::test]
async fn a_rollback_takes_its_rows_along() {
    let world = World::new().await;
    world.until_hit(1).await;
    drop(begun(&world, "Grace").await);
    world.rollback();
    let report = outbox(&world).deliver_pending().await.expect("a database");
    assert_eq!(report.delivered, 0);
    assert_eq!(world.read(1).await, hit("Ada"));
}

#[tokio::test]
async fn a_commit_delivers_at_once_and_wakes_who_removes_the_rows() {
    let world = World::new().await;
    let outbox = outbox(&world);
    let running = tokio::spawn(outbox.clone().run(LONG));
    for name in ["Grace", "Edith", "Joan"] {
        world.until_hit(1).await;
        let invalidations = begun(&world, name).await;
        outbox
            .commit(invalidations, world.commit())
            .await
            .expect("it commits");
        // It may have been delivered twice, which does no harm.
        assert_eq!(world.read(1).await.0, name);
        let is_empty = || async { world.reader.left().is_empty() };
        wait_until("the rows are removed", PATIENCE, is_empty).await;
    }
    running.abort();
}

#[tokio::test]
async fn a_commit_that_is_dropped_wakes_it_too() {
    let world = World::new().await;
    let outbox = outbox(&world);
    let running = tokio::spawn(outbox.clone().run(LONG));
    outbox.deliver_pending().await.expect("a database");
    let invalidations = begun(&world, "Grace").await;
    let commit = outbox.commit(invalidations, std::future::pending::<()>());
    world.commit().await.expect("it commits");
    drop(commit);
    let is_empty = || async { world.reader.left().is_empty() };
    wait_until("the rows are removed", PATIENCE, is_empty).await;
    running.abort();
}

#[tokio::test]
async fn rows_of_the_dead_are_found_without_being_woken() {
    let world = World::new().await;
    let running = tokio::spawn(outbox(&world).run(Duration::from_millis(20)));
    world.until_hit(1).await;
    drop(begun(&world, "Grace").await);
    world.commit().await.expect("it commits");
    let is_empty = || async { world.reader.left().is_empty() };
    wait_until("the rows are removed", PATIENCE, is_empty).await;
    assert_eq!(world.until_hit(1).await, "Grace");
    running.abort();
}

#[tokio::test]
async fn more_than_are_read_at_a_time_are_delivered_to_the_end() {
    let world = World::new().await;
    let lines: Vec<String> = (0..1_200).map(|id| format!("tag t{}", id % 700)).collect();
    world.writer.run("BEGIN");
    world.writer.leave(&lines);
    world.writer.run("COMMIT");
    let report = outbox(&world).deliver_pending().await.expect("a database");
    assert_eq!(report.delivered, lines.len());
    assert!(world.reader.left().is_empty());
}

/// What it meant, nobody knows; so everything is invalidated. It stands in nobody's way, and is not there for ever.
#[tokio::test]
async fn a_row_that_cannot_be_read_invalidates_everything() {
    let world = World::new().await;
    let outbox = outbox(&world);
    world.writer.rename(2, "Edith");
    world.until_hit(2).await;
    world.writer.leave(&["key name:1".to_owned()]);
    outbox.deliver_pending().await.expect("a database");
    assert_eq!(world.read(2).await, hit("Edith"), "others are left alone");

    let lines = ["forget name:2", "key name:1", ""];
    world.writer.leave(&lines.map(str::to_owned));
    let report = outbox.deliver_pending().await.expect("a database");
    assert_eq!((report.delivered, report.unreadable), (3, 2));
    assert_eq!(world.read(2).await, miss("Edith"));
    assert!(world.reader.left().is_empty());
}

#[tokio::test]
async fn several_at_once_deliver_everything() {
    let world = World::new().await;
    let one = tokio::spawn(outbox(&world).run(Duration::from_millis(1)));
    let other = tokio::spawn(outbox(&world).run(Duration::from_millis(1)));
    for round in 0..50 {
        world.until_hit(1).await;
        let name = format!("name {round}");
        drop(begun(&world, &name).await);
        world.commit().await.expect("it commits");
        let is_empty = || async { world.reader.left().is_empty() };
        wait_until("the rows are removed", PATIENCE, is_empty).await;
        assert_eq!(world.read(1).await.0, name);
    }
    one.abort();
    other.abort();
}

/// A store that can be broken, and that looks at the cache when it is told what is done.
struct Watched {
    world: Arc<World>,
    is_broken: AtomicBool,
    failures: AtomicUsize,
    removes: bool,
    /// Whether `name:1` was still stored when its row was to be removed.
    was_stored: Mutex<Vec<bool>>,
}

impl Watched {
    fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Watched {
            world: Arc::clone(world),
            is_broken: AtomicBool::new(false),
            failures: AtomicUsize::new(0),
            removes: true,
            was_stored: Mutex::default(),
        })
    }
}

struct Store(Arc<Watched>);

impl OutboxStore for Store {
    type Id = i64;
    type Error = String;

    async fn pending(&self, most: usize) -> Result<Vec<(i64, String)>, String> {
        // As one that is far away: whoever reads for ever can be stopped.
        tokio::task::yield_now().await;
        if self.0.is_broken.load(SeqCst) {
            self.0.failures.fetch_add(1, SeqCst);
            return Err("the database is away".to_owned());
        }
        let rows = self.0.world.reader.pending(most).await;
        rows.map_err(|error| error.to_string())
    }

    async fn done(&self, ids: &[i64]) -> Result<(), String> {
        let is_stored = self.0.world.cache.contains("name:1").await;
        self.0.was_stored.lock().expect("a list").push(is_stored);
        if self.0.removes {
            let done = self.0.world.writer.done(ids).await;
            return done.map_err(|error| error.to_string());
        }
        Ok(())
    }
}

#[tokio::test]
async fn rows_are_removed_after_what_they_say_has_taken_effect() {
    let world = World::new().await;
    let watched = Watched::new(&world);
    world.until_hit(1).await;
    world.writer.leave(&["key name:1".to_owned()]);
    let outbox = Outbox::new(&world.cache, Store(Arc::clone(&watched)));
    outbox.deliver_pending().await.expect("a database");
    assert_eq!(*watched.was_stored.lock().expect("a list"), [false]);
}

#[tokio::test]
async fn a_database_that_fails_is_asked_again_after_a_pause() {
    let world = World::new().await;
    let watched = Watched::new(&world);
    watched.is_broken.store(true, SeqCst);
    world.writer.leave(&["key name:1".to_owned()]);
    let outbox = Outbox::new(&world.cache, Store(Arc::clone(&watched)));
    outbox.deliver_pending().await.expect_err("it is broken");
    let failed = watched.failures.load(SeqCst);
    let running = tokio::spawn(outbox.clone().run(LONG));
    let tries = || watched.failures.load(SeqCst) - failed;
    wait_until("it has tried twice", PATIENCE, || async { tries() >= 2 }).await;
    watched.is_broken.store(false, SeqCst);
    let is_empty = || async { world.reader.left().is_empty() };
    wait_until("the rows are removed", PATIENCE, is_empty).await;
    assert!(tries() < 10, "it pauses in between");
    running.abort();
}

#[tokio::test]
async fn a_store_that_removes_nothing_is_not_read_for_ever() {
    let world = World::new().await;
    let mut watched = Watched::new(&world);
    Arc::get_mut(&mut watched)
        .expect("nobody else has it")
        .removes = false;
    let lines: Vec<String> = (0..600).map(|id| format!("tag t{id}")).collect();
    world.writer.leave(&lines);
    let outbox = Outbox::new(&world.cache, Store(watched));
    let delivering = tokio::time::timeout(PATIENCE, outbox.deliver_pending());
    let report = delivering.await.expect("it ends").expect("a database");
    assert_eq!((report.delivered, world.reader.left().len()), (500, 600));
}
