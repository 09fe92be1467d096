//! What a client has given up on can arrive all the same: its packets are under way, or in the buffers of a server that
//! stood still. Meanwhile others have written, and invalidated.

use crate::mute::Mute;
use crate::world::{By, Database, PATIENCE, Process, soon};
use cache_runtime::{Builder, Delivery, cached};
use std::sync::Arc;
use std::time::Duration;
use test_servers::{Proxy, RedisServer, wait_until};
use tokio::sync::Notify;

/// Shorter than the operation timeout.
const BRIEFLY: Duration = Duration::from_millis(20);

const ROUTES: [By; 3] = [By::Tag, By::Key, By::Scope];

/// A value that can be told from everything else that is sent.
fn text(version: u32) -> String {
    format!("the text of version {version}")
}

#[cached(ttl = "1h", cache = process.cache, key = "row:{row}", tags = ["row-tag:{row}"], skip(process))]
async fn read(process: &Process, row: usize) -> String {
    text(process.database.read(row).await)
}

/// One process whose network can keep things back, and one whose network cannot.
struct World {
    server: RedisServer,
    mute: Mute,
    far: Arc<Process>,
    near: Arc<Process>,
}

impl World {
    async fn new() -> Self {
        let database = Database::new();
        let server = RedisServer::start().await;
        let mute = Mute::start(server.port()).await;
        World {
            far: Process::start(mute.url(), &database).await,
            near: Process::patient(server.url(), &database).await,
            server,
            mute,
        }
    }

    /// Waits until the far process has given up the connection on which something was kept back, and has another one.
    async fn until_given_up(&self) {
        assert!(self.mute.is_silent(), "it was sent");
        // Enough calls without an answer for the breaker.
        for _ in 0..6 {
            read(&self.far, 8).await;
        }
        let given_up = || async { self.mute.is_given_up() };
        wait_until("it is given up", PATIENCE, given_up).await;
        self.far.until_connected().await;
    }

    /// Delivers what was kept back, and waits until the server has done as it says.
    async fn deliver_late(&self, command: &str) {
        self.server.reset_stats().await;
        self.mute.deliver_late();
        let done = || async { self.server.calls(command).await > 0 };
        wait_until("the server has done it", PATIENCE, done).await;
    }

    /// Both processes find this version.
    async fn holds(&self, version: u32, by: By) {
        for process in [&self.near, &self.far, &self.near] {
            assert_eq!(read(process, 7).await, text(version), "{by:?}");
        }
    }
}

#[tokio::test]
async fn a_value_that_was_computed_before_an_invalidation_is_not_stored_after_it() {
    for by in ROUTES {
        let world = World::new().await;
        world.mute.fall_silent_at(&text(1));
        assert_eq!(read(&world.far, 7).await, text(1));
        assert_eq!(world.near.write(7, by).await, Delivery::Delivered);
        world.until_given_up().await;
        world.deliver_late("evalsha").await;
        world.holds(2, by).await;
    }
}

/// While it waits for the reply, others find out that the connection is of no use. So what takes it back goes another
/// way, and overtakes it.
#[tokio::test]
async fn a_write_through_is_not_stored_after_a_later_write() {
    let world = World::new().await;
    let timeout = Duration::from_millis(400);
    let slow = |cache: Builder| cache.operation_timeout(timeout);
    let far = Process::with(world.mute.url(), &world.near.database, slow).await;
    let goes_on = Arc::new(Notify::new());
    let (writing, written) = (Arc::clone(&far), Arc::clone(&goes_on));
    let writer = tokio::spawn(async move {
        let write = || async {
            let version = writing.database.write(7);
            written.notified().await;
            Ok::<_, ()>(text(version))
        };
        let put = writing.cache.write_through("row:7", write);
        put.tags(["row-tag:7"]).await
    });
    wait_until("the row is written", PATIENCE, || async {
        far.database.version(7) == 2
    })
    .await;
    world.mute.fall_silent_at("silence");
    let others: Vec<_> = (0..6).map(|_| Arc::clone(&far)).collect();
    let others = others
        .into_iter()
        .map(|far| tokio::spawn(async move { far.cache.get::<u32>("silence").await }));
    let others: Vec<_> = others.collect();
    wait_until("it is silent", PATIENCE, || async {
        world.mute.is_silent()
    })
    .await;
    goes_on.notify_one();
    assert_eq!(soon(writer).await, Ok(text(2)));
    for other in others {
        assert_eq!(soon(other).await, None);
    }
    far.until_connected().await;
    assert_eq!(world.near.write(7, By::Key).await, Delivery::Delivered);
    world.deliver_late("evalsha").await;
    world.holds(3, By::Key).await;
}

#[tokio::test]
async fn a_lease_that_is_taken_late_harms_nobody() {
    for by in ROUTES {
        let world = World::new().await;
        world.mute.fall_silent_at("EVALSHA");
        assert_eq!(read(&world.far, 7).await, text(1));
        world.until_given_up().await;
        assert_eq!(world.near.write(7, by).await, Delivery::Delivered);
        world.deliver_late("evalsha").await;
        world.holds(2, by).await;
    }
}

/// An invalidation that comes late, and again, ends too much and never too little.
#[tokio::test]
async fn an_invalidation_that_arrives_twice_harms_nobody() {
    for by in ROUTES {
        let world = World::new().await;
        read(&world.near, 7).await;
        world.mute.fall_silent_at("DEL");
        assert_eq!(world.far.write(7, by).await, Delivery::Deferred);
        world.until_given_up().await;
        world.holds(2, by).await;
        world.deliver_late("del").await;
        world.holds(2, by).await;
    }
}

/// What ends it comes from another process, before it.
async fn a_set_that_arrives_after(by: By) {
    let world = World::new().await;
    let set = |text| world.far.cache.set("row:7", text).tags(["row-tag:7"]);
    // From here on the generations are known, and a set is one request.
    assert!(set("known".to_owned()).await);
    world.mute.fall_silent_at(&text(1));
    let given_up = tokio::time::timeout(BRIEFLY, set(text(1)).into_future()).await;
    assert!(given_up.is_err(), "it waits for the reply");
    world.until_given_up().await;
    assert_eq!(world.near.write(7, by).await, Delivery::Delivered);
    world.deliver_late("set").await;
    world.holds(2, by).await;
}

#[tokio::test]
async fn a_set_is_not_valid_after_a_later_invalidation_by_tag_or_by_scope() {
    a_set_that_arrives_after(By::Tag).await;
    a_set_that_arrives_after(By::Scope).await;
}

/// A plain `set` is sealed with the generations of scopes and tags, of which a deletion of its key ends none. So whoever
/// has given one up deletes its key afterwards, over the same connection.
#[tokio::test]
async fn a_set_that_was_given_up_is_taken_back() {
    for connections in [1, 3] {
        let server = RedisServer::start().await;
        let proxy = Proxy::start(server.port()).await;
        let database = Database::new();
        let near = Process::patient(server.url(), &database).await;
        let several = |cache: Builder| cache.connections(connections).operation_timeout(PATIENCE);
        let far = Process::with(proxy.url(), &database, several).await;
        let set = || far.cache.set("row:7", text(1)).tags(["row-tag:7"]);
        assert!(set().await);
        // Everything it says comes later than the others' deletion.
        proxy.delay_requests(Duration::from_millis(300));
        let given_up = tokio::time::timeout(BRIEFLY, set().into_future()).await;
        assert!(given_up.is_err(), "it waits for the reply");
        assert_eq!(near.write(7, By::Key).await, Delivery::Delivered);
        assert_eq!(read(&near, 7).await, text(2));
        far.until_connected().await;
        for process in [&near, &far] {
            assert_eq!(read(process, 7).await, text(2));
        }
    }
}
