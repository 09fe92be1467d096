//! Faults that we have demonstrated in other cache libraries for Rust, one test each: here they do not happen.
//!
//! 1. A reader loads, a writer writes and invalidates, the reader stores what it has loaded: all six that we tried
//!    serve the old value from then on.
//! 2. Functions of one name in two modules share entries.
//! 3. A server that is not there at the start, or restarts under a running process, is never connected to again.
//! 4. A server that was killed makes calls fail, or wait for 5 to 20 seconds, each.
//! 5. A server that hangs makes calls wait for 0.5 to 20 seconds, each.
//! 6. A leader that is cancelled leaves those who wait for it hanging.
//! 7. Fifty callers of a failing body run it one after the other.
//! 8. A value that was deleted elsewhere is served for another while.
//! 9. An invalidation that is announced during a reconnect is never heard of.
//! 10. What a server has evicted of a tag's bookkeeping counts as never invalidated.
//! 11. A wildcard in an argument invalidates what belongs to others.

#![forbid(unsafe_code)]

mod app;

use app::{App, PATIENCE, soon, user};
use cache_runtime::{Cache, cache_invalidate, cached, key};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use test_servers::{Deployment, Proxy, RedisServer, is_strict_run, wait_until};

const OPERATION_TIMEOUT: Duration = Duration::from_millis(50);
/// Of what a process keeps, unless it is told otherwise.
const BOUND: Duration = Duration::from_secs(2);
/// What a busy machine may add.
const MARGIN: Duration = Duration::from_millis(50);

#[tokio::test]
async fn fault_1_a_reader_that_began_before_an_invalidation_does_not_store_after_it() {
    let server = Deployment::start().await;
    for route in ["user:7", "user:*", "*", "u?er:7", "tag:users", "tag:user:7"] {
        let database = Arc::default();
        let app = App::patient(server.url(), &database).await;
        app.cache.clear().await;
        app.hold_up();
        let reader = app.caller();
        app.until_runs(1).await;
        database.version.store(2, SeqCst);
        match route.strip_prefix("tag:") {
            Some(tag) => app.cache.invalidate_tag(tag).await,
            None => app.cache.invalidate(route).await,
        };
        app.may_go_on.add_permits(100);
        assert_eq!(soon(reader).await, 0, "{route}: it has what it has read");
        assert_eq!(user(&app, 7).await, 2, "{route}");
        assert_eq!(user(&app, 7).await, 2, "{route}");
    }
}

#[tokio::test]
async fn fault_2_functions_of_one_name_in_two_modules_have_entries_of_their_own() {
    mod one {
        #[super::cached(cache = *cache, skip(cache))]
        pub(super) async fn name(cache: &super::Cache, id: u32) -> String {
            format!("one {id}")
        }
    }
    mod other {
        #[super::cached(cache = *cache, skip(cache))]
        pub(super) async fn name(cache: &super::Cache, id: u32) -> String {
            format!("other {id}")
        }
    }

    let server = Deployment::start().await;
    let app = App::patient(server.url(), &Arc::default()).await;
    for _ in 0..2 {
        assert_eq!(one::name(&app.cache, 1).await, "one 1");
        assert_eq!(other::name(&app.cache, 1).await, "other 1");
    }
}

#[tokio::test]
async fn fault_3_a_server_that_comes_late_or_restarts_is_used_again() {
    let server = Deployment::start().await;
    server.kill();
    let app = App::start(server.url(), &Arc::default()).await;
    for _ in 0..3 {
        assert_eq!(
            user(&app, 7).await,
            0,
            "a function never fails for want of its cache"
        );
        server.restart().await;
        app.until_hit().await;
        server.kill();
    }
}

#[tokio::test]
async fn fault_4_when_the_server_is_killed_the_body_runs_at_once() {
    let server = Deployment::start().await;
    let app = App::start(server.url(), &Arc::default()).await;
    let (mut first, mut next) = (PATIENCE, PATIENCE);
    for _ in 0..4 {
        app.until_hit().await;
        server.kill();
        first = first.min(time_of_a_call(&app).await);
        next = next.min(time_of_a_call(&app).await);
        server.restart().await;
    }
    assert!(
        first <= OPERATION_TIMEOUT + MARGIN,
        "the first call took {first:?}"
    );
    assert!(next <= MARGIN, "the next took {next:?}");
}

#[tokio::test]
async fn fault_5_when_the_server_hangs_the_body_runs_after_the_timeout_and_soon_at_once() {
    let server = Deployment::start().await;
    let app = App::start(server.url(), &Arc::default()).await;
    let (mut first, mut sixth) = (PATIENCE, PATIENCE);
    for _ in 0..4 {
        app.until_hit().await;
        server.pause();
        first = first.min(time_of_a_call(&app).await);
        for _ in 2..=5 {
            time_of_a_call(&app).await;
        }
        sixth = sixth.min(time_of_a_call(&app).await);
        server.resume();
    }
    assert!(
        first <= OPERATION_TIMEOUT + MARGIN,
        "the first call took {first:?}"
    );
    assert!(sixth <= MARGIN / 2, "the sixth took {sixth:?}");
}

/// The body takes no time.
async fn time_of_a_call(app: &App) -> Duration {
    let began = Instant::now();
    user(app, 7).await;
    began.elapsed()
}

#[tokio::test]
async fn fault_6_when_the_leader_is_cancelled_those_who_wait_go_on_here_and_elsewhere() {
    let server = RedisServer::start().await;
    let database = Arc::default();
    let here = App::patient(server.url(), &database).await;
    let elsewhere = App::patient(server.url(), &database).await;
    here.hold_up();
    let leader = here.caller();
    here.until_runs(1).await;
    let waiting: Vec<_> = [&here, &elsewhere]
        .into_iter()
        .cycle()
        .take(20)
        .map(App::caller)
        .collect();
    // With the first who is told, or behind the one who looks for all.
    wait_until("they have looked", PATIENCE, || async {
        let missed = |app: &App| {
            app.cache
                .stats()
                .function("user")
                .map_or(0, |user| user.misses)
        };
        missed(&here) > 1 && missed(&elsewhere) > 0
    })
    .await;
    leader.abort();
    here.may_go_on.add_permits(100);
    for caller in waiting {
        assert_eq!(soon(caller).await, 0);
    }
    assert!(
        database.runs.load(SeqCst) <= 3,
        "one more run, or one in each process"
    );
}

#[tokio::test]
async fn fault_7_fifty_callers_of_a_failing_body_fail_together() {
    const BODY: Duration = Duration::from_millis(20);

    #[derive(Clone, Debug)]
    struct Down;

    #[cached(cache = app.cache, key = "failing", skip(app))]
    async fn failing(app: &App) -> Result<u32, Down> {
        app.database.runs.fetch_add(1, SeqCst);
        tokio::time::sleep(BODY).await;
        Err(Down)
    }

    let server = Deployment::start().await;
    let mut least = PATIENCE;
    for _ in 0..4 {
        let database = Arc::default();
        let app = App::patient(server.url(), &database).await;
        let began = Instant::now();
        let call = |_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { failing(&app).await })
        };
        for caller in (0..50).map(call).collect::<Vec<_>>() {
            soon(caller).await.expect_err("it fails");
        }
        least = least.min(began.elapsed());
        let runs = database.runs.load(SeqCst);
        assert!(runs <= 2, "{runs} runs");
    }
    assert!(least <= 5 * BODY + MARGIN, "{least:?}");
}

#[tokio::test]
async fn fault_8_what_was_deleted_elsewhere_is_gone_at_once() {
    let server = Deployment::start().await;
    let database = Arc::default();
    let here = App::patient(server.url(), &database).await;
    let elsewhere = App::patient(server.url(), &database).await;
    for version in 1..100 {
        here.until_hit().await;
        database.version.store(version, SeqCst);
        elsewhere.cache.delete("user:7").await;
        // News from several servers come over several connections, in whichever order.
        if Deployment::is_cluster() && !is_strict_run() {
            let heard = async || user(&here, 7).await == version;
            wait_until("it is heard of", BOUND + MARGIN, heard).await;
        }
        assert_eq!(user(&here, 7).await, version);
    }
}

#[tokio::test]
async fn fault_9_what_was_invalidated_during_a_reconnect_is_not_served_after_it() {
    let server = RedisServer::start().await;
    let proxy = Proxy::start(server.port()).await;
    let database = Arc::default();
    let here = App::start(proxy.url(), &database).await;
    let elsewhere = App::patient(server.url(), &database).await;
    for version in 1..4 {
        here.until_hit().await;
        proxy.refuse();
        proxy.cut();
        database.version.store(version, SeqCst);
        elsewhere.cache.invalidate_tag("users").await;
        proxy.heal();
        // What a process keeps it may serve until it notices that it was cut off, and for the bound at most.
        if !is_strict_run() {
            let noticed = async || user(&here, 7).await == version;
            wait_until("the cut is noticed", BOUND + MARGIN, noticed).await;
        }
        assert_eq!(user(&here, 7).await, version);
        here.until_hit().await;
        assert_eq!(user(&here, 7).await, version);
    }
}

#[tokio::test]
async fn fault_10_what_depends_on_a_tag_whose_bookkeeping_was_evicted_is_a_miss() {
    let server = Deployment::start().await;
    let database = Arc::default();
    let app = App::patient(server.url(), &database).await;
    app.until_hit().await;
    database.version.store(1, SeqCst);
    app.cache.invalidate_tag("users").await;
    assert_eq!(
        server.command(&["DEL", "~tag:users"]).await.integer(),
        0,
        "it is ended already"
    );
    assert_eq!(user(&app, 7).await, 1);
    app.until_hit().await;
    database.version.store(2, SeqCst);
    assert_eq!(server.command(&["DEL", "~tag:users"]).await.integer(), 1);
    if !is_strict_run() {
        // What the process keeps ends as soon as the server has told it.
        let is_told = || async { user(&app, 7).await == 2 };
        wait_until("the eviction is heard of", PATIENCE, is_told).await;
    }
    assert_eq!(user(&app, 7).await, 2);
}

#[tokio::test]
async fn fault_11_a_wildcard_in_an_argument_is_a_letter_like_any_other() {
    #[cache_invalidate("name:{id}:*", cache = *cache)]
    async fn rename(cache: &Cache, id: &str) {
        let _ = (cache, id);
    }

    let server = Deployment::start().await;
    let app = App::patient(server.url(), &Arc::default()).await;
    for id in ["*", "?", "[a-z]", "a", "a:b"] {
        app.cache.set(key!("name:{id}:first"), 1_u32).await;
        app.cache.set("name:z:first", 1_u32).await;
        rename(&app.cache, id).await;
        assert_eq!(
            app.cache.get::<u32>(key!("name:{id}:first")).await,
            None,
            "{id}"
        );
        assert_eq!(app.cache.get::<u32>("name:z:first").await, Some(1), "{id}");
    }
}
