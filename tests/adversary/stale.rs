//! A reader that starts after an invalidation has returned never gets what was computed from before it: the ways in
//! which that was broken once.

use crate::world::{PATIENCE, World, settle, soon};
use cache_runtime::{Cache, DomainCache, cache_put, cached, key};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

// ------------------------------------------------------------------------------------------------ late guards

#[cached(cache = world.cache, key = "member:{id}", tags_with = |_team| ["team"], skip(world))]
async fn member(world: &World, id: u32) -> u32 {
    world.read_slowly().await
}

#[tokio::test]
async fn a_follower_that_comes_after_the_invalidation_of_a_late_tag_looks_again() {
    let world = World::new().await;
    let early = world.spawn(|world| async move { member(&world, 1).await });
    world.have_read(1).await;
    world.write(2);
    world.cache.invalidate_tag("team").await;
    let late = world.spawn(|world| async move { member(&world, 1).await });
    settle().await;
    world.let_go(2);
    assert_eq!(soon(early).await, 1, "it came before");
    assert_eq!(soon(late).await, 2, "it came after");
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "account", ttl = "1h")]
struct Account {
    #[cache(key)]
    id: u32,
    #[cache(tag)]
    owner: u32,
    #[cache(lookup)]
    email: String,
    balance: u32,
}

fn account(balance: u32) -> Account {
    Account {
        id: 1,
        owner: 7,
        email: "a@b".to_owned(),
        balance,
    }
}

#[tokio::test]
async fn so_it_does_in_a_domain_cache() {
    let world = World::new().await;
    let read = |world: Arc<World>| async move {
        let accounts = AccountCache::new(&world.cache);
        let load = || async { Ok::<_, ()>(Some(account(world.read_slowly().await))) };
        accounts
            .get_or_load(&1, load)
            .await
            .unwrap()
            .unwrap()
            .balance
    };
    let early = world.spawn(read);
    world.have_read(1).await;
    world.write(2);
    AccountCache::new(&world.cache)
        .invalidate_by_owner(&7)
        .await;
    let late = world.spawn(read);
    settle().await;
    world.let_go(2);
    assert_eq!(soon(early).await, 1, "it came before");
    assert_eq!(soon(late).await, 2, "it came after");
}

#[tokio::test]
async fn and_by_a_lookup_after_the_record_was_invalidated() {
    let world = World::new().await;
    let read = |world: Arc<World>| async move {
        let accounts = AccountCache::new(&world.cache);
        let load = || async { Ok::<_, ()>(Some(account(world.read_slowly().await))) };
        let found = accounts.by_email_or_load("a@b", load).await;
        found.unwrap().unwrap().balance
    };
    let early = world.spawn(read);
    world.have_read(1).await;
    world.write(2);
    AccountCache::new(&world.cache).invalidate(&1).await;
    let late = world.spawn(read);
    settle().await;
    world.let_go(2);
    assert_eq!(soon(early).await, 1, "it came before");
    assert_eq!(soon(late).await, 2, "it came after");
}

// ------------------------------------------------------------------------------------------------ nested reads

#[cached(cache = world.cache, key = "instant-member:{id}", tags_with = |_team| ["team"], skip(world))]
async fn instant_member(world: &World, id: u32) -> u32 {
    world.read_now()
}

#[cached(cache = world.cache, key = "outer-of-member:{id}", skip(world))]
async fn outer_of_member(world: &World, id: u32) -> u32 {
    10 * instant_member(world, id).await
}

#[tokio::test]
async fn a_late_tag_of_an_inner_value_invalidates_the_outer() {
    let world = World::new().await;
    assert_eq!(outer_of_member(&world, 1).await, 10);
    world.write(2);
    world.cache.invalidate_tag("team").await;
    assert_eq!(instant_member(&world, 1).await, 2, "the inner one is right");
    assert_eq!(outer_of_member(&world, 1).await, 20);
}

#[cached(cache = world.cache, key = "outer-of-slow:{id}", skip(world))]
async fn outer_of_slow(world: &World, id: u32) -> u32 {
    10 * member(world, id).await
}

#[tokio::test]
async fn an_outer_value_made_of_a_fenced_one_is_not_stored() {
    let world = World::new().await;
    let early = world.spawn(|world| async move { outer_of_slow(&world, 1).await });
    world.have_read(1).await;
    world.write(2);
    world.cache.invalidate_tag("team").await;
    world.let_go(1);
    assert_eq!(soon(early).await, 10, "it came before");
    world.let_go(1);
    assert_eq!(outer_of_slow(&world, 1).await, 20, "it came after");
}

#[cached(cache = world.cache, key = "summary:{id}", skip(world))]
async fn summary(world: &World, id: u32) -> u32 {
    let accounts = AccountCache::new(&world.cache);
    let load = || async { Ok::<_, ()>(Some(account(world.read_now()))) };
    accounts
        .get_or_load(&id, load)
        .await
        .unwrap()
        .unwrap()
        .balance
}

#[tokio::test]
async fn an_outer_value_depends_on_the_tags_of_a_record_it_read() {
    let world = World::new().await;
    assert_eq!(summary(&world, 1).await, 1);
    world.write(2);
    AccountCache::new(&world.cache)
        .invalidate_by_owner(&7)
        .await;
    assert_eq!(summary(&world, 1).await, 2);
}

#[cached(cache = world.cache, key = "leaf:{id}", tags = ["leaf"], skip(world))]
pub(crate) async fn leaf(world: &World, id: u32) -> u32 {
    world.read_now()
}

#[cached(cache = world.cache, key = "outer-set-with:{id}", skip(world))]
async fn outer_set_with(world: &World, id: u32) -> u32 {
    let copy = || leaf(world, id);
    world.cache.set_with(key!("copy:{id}"), copy).await
}

#[tokio::test]
async fn an_outer_value_depends_on_what_is_read_inside_set_with() {
    let world = World::new().await;
    assert_eq!(outer_set_with(&world, 1).await, 1);
    world.write(2);
    world.cache.invalidate_tag("leaf").await;
    assert_eq!(leaf(&world, 1).await, 2, "the inner one is right");
    assert_eq!(outer_set_with(&world, 1).await, 2);
}

#[cache_put(cache = world.cache, key = "put-copy:{id}")]
async fn put_copy(world: &World, id: u32) -> u32 {
    leaf(world, id).await
}

#[cached(cache = world.cache, key = "outer-put:{id}", skip(world))]
async fn outer_put(world: &World, id: u32) -> u32 {
    put_copy(world, id).await
}

#[tokio::test]
async fn an_outer_value_depends_on_what_is_read_inside_a_put() {
    let world = World::new().await;
    assert_eq!(outer_put(&world, 1).await, 1);
    world.write(2);
    world.cache.invalidate_tag("leaf").await;
    assert_eq!(outer_put(&world, 1).await, 2);
}

#[cached(cache = world.cache, key = "round:{name}", skip(world, deep))]
fn round<'w>(
    world: &'w World,
    name: &'static str,
    deep: bool,
) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send + 'w>> {
    Box::pin(async move {
        if deep {
            return 1;
        }
        let again = || round(world, name, true);
        1 + world.cache.set_with("log", again).await
    })
}

#[tokio::test]
async fn a_circle_through_set_with_is_recognised() {
    let world = World::new().await;
    let answer = tokio::time::timeout(PATIENCE, round(&world, "a", false)).await;
    assert_eq!(answer.expect("does not wait for itself"), 2);
}

static CACHING: AtomicBool = AtomicBool::new(true);

#[cached(cache = world.cache, key = "sometimes:{id}", tags = ["sometimes"], when = CACHING.load(SeqCst), skip(world))]
async fn sometimes(world: &World, id: u32) -> u32 {
    world.read_now()
}

#[cached(cache = world.cache, key = "outer-of-sometimes:{id}", skip(world))]
async fn outer_of_sometimes(world: &World, id: u32) -> u32 {
    sometimes(world, id).await
}

#[tokio::test]
async fn an_outer_value_inherits_the_tags_of_a_bypassed_inner_call() {
    let world = World::new().await;
    CACHING.store(false, SeqCst);
    assert_eq!(outer_of_sometimes(&world, 1).await, 1);
    CACHING.store(true, SeqCst);
    world.write(2);
    world.cache.invalidate_tag("sometimes").await;
    assert_eq!(outer_of_sometimes(&world, 1).await, 2);
}

// --------------------------------------------------------------------------------------------------- refreshes

#[cached(cache = Shared::cache(), key = "refreshed:{id}", companion)]
async fn refreshed(id: u32) -> Option<u32> {
    let world = Shared::world();
    match world.read_slowly().await {
        0 => None,
        found => Some(found),
    }
}

struct Shared;
static SHARED: std::sync::OnceLock<Arc<World>> = std::sync::OnceLock::new();

impl Shared {
    fn world() -> &'static Arc<World> {
        SHARED.get().expect("made by the test")
    }
    fn cache() -> Cache {
        Shared::world().cache.clone()
    }
}

#[tokio::test]
async fn after_a_refresh_has_returned_no_older_value_is_served() {
    assert!(SHARED.set(World::new().await).is_ok());
    let world = Shared::world();
    let first = tokio::spawn(refreshed::refresh(1));
    world.have_read(1).await;
    world.write(2);
    let second = tokio::spawn(refreshed::refresh(1));
    world.have_read(1).await;
    world.let_go(1);
    assert_eq!(soon(first).await, Some(1));
    world.let_go(1);
    assert_eq!(soon(second).await, Some(2));
    let found = refreshed::peek(1).await;
    assert_ne!(
        found,
        Some(Some(1)),
        "older than the refresh that returned last"
    );
}

#[tokio::test]
async fn a_refresh_that_finds_nothing_deletes_the_old_value() {
    let world = World::new().await;
    let accounts = AccountCache::new(&world.cache);
    let found = || async { Ok::<_, ()>(Some(account(1))) };
    assert!(accounts.refresh(&1, found).await.unwrap().is_some());
    let gone = || async { Ok::<_, ()>(None) };
    assert_eq!(
        accounts.refresh(&1, gone).await,
        Ok(None),
        "loads the record afresh"
    );
    assert_eq!(accounts.get(&1).await, None, "and knows that it is gone");
}

#[tokio::test]
async fn of_two_set_withs_that_overlap_no_older_value_stays() {
    let world = World::new().await;
    let set = |world: Arc<World>| async move {
        let read = || world.read_slowly();
        world.cache.set_with("n", read).await
    };
    let first = world.spawn(set);
    world.have_read(1).await;
    world.write(2);
    let second = world.spawn(set);
    world.have_read(1).await;
    world.let_go(1);
    assert_eq!(soon(first).await, 1);
    world.let_go(1);
    assert_eq!(soon(second).await, 2);
    assert_ne!(world.cache.get::<u32>("n").await, Some(1));
}

// ------------------------------------------------------------------------------------- entries without one's tags

#[cached(cache = world.cache, key = "both:{a}:{b}", tags = ["of:{a}"], skip(world))]
async fn first_tagged(world: &World, a: u32, b: u32) -> u32 {
    world.read_now()
}

#[cached(cache = world.cache, key = "both:{b}:{a}", tags = ["of:{a}"], skip(world))]
async fn second_tagged(world: &World, a: u32, b: u32) -> u32 {
    world.read_now()
}

#[tokio::test]
async fn an_entry_with_other_tags_from_the_same_templates_is_not_taken() {
    let world = World::new().await;
    assert_eq!(first_tagged(&world, 1, 2).await, 1); // both:1:2, tag of:1
    assert_eq!(second_tagged(&world, 2, 1).await, 1); // both:1:2, tag of:2
    world.write(2);
    world.cache.invalidate_tag("of:2").await;
    assert_eq!(second_tagged(&world, 2, 1).await, 2);
}

#[cache_put(cache = world.cache, key = "instant-member:{id}")]
async fn put_member(world: &World, id: u32, value: u32) -> u32 {
    world.write(value);
    value
}

#[tokio::test]
async fn a_reader_with_late_tags_takes_no_entry_without_them() {
    let world = World::new().await;
    put_member(&world, 1, 1).await;
    assert_eq!(instant_member(&world, 1).await, 1);
    world.write(2);
    world.cache.invalidate_tag("team").await;
    assert_eq!(instant_member(&world, 1).await, 2);
}

#[tokio::test]
async fn a_domain_cache_takes_no_entry_without_its_tags() {
    let world = World::new().await;
    let accounts = AccountCache::new(&world.cache);
    world.cache.set(AccountCache::key(&1), account(1)).await;
    assert_eq!(accounts.get(&1).await, None, "`owner` would not reach it");
}

#[tokio::test]
async fn a_load_by_lookup_that_began_before_a_put_is_not_stored_over_it() {
    let world = World::new().await;
    let accounts = AccountCache::new(&world.cache);
    let old = account(1);
    let new = Account {
        id: 2,
        ..account(2)
    };
    let load = || async { Ok::<_, ()>(Some(old.clone())) };
    accounts.by_email_or_load("a@b", load).await.unwrap();
    accounts.invalidate(&1).await;

    let loader = world.spawn(|world| async move {
        let accounts = AccountCache::new(&world.cache);
        let load = || async { Ok::<_, ()>(Some(account(world.read_slowly().await))) };
        accounts.by_email_or_load("a@b", load).await
    });
    world.have_read(1).await;
    assert!(accounts.put(&new).await);
    assert_eq!(accounts.by_email("a@b").await, Some(new.clone()));
    world.let_go(1);
    soon(loader).await.unwrap();
    assert_eq!(accounts.by_email("a@b").await, Some(new));
}

// ----------------------------------------------------------------------------------------------- liveness

#[cached(cache = Shared2::cache(), key = "inner2:{id}", companion)]
async fn inner2(id: u32) -> u32 {
    id
}

struct Shared2;
static SHARED2: std::sync::OnceLock<Arc<World>> = std::sync::OnceLock::new();
impl Shared2 {
    fn cache() -> Cache {
        SHARED2.get().expect("made by the test").cache.clone()
    }
}

#[cached(cache = Shared2::cache(), key = "outer2:{id}")]
async fn outer2(id: u32) -> u32 {
    inner2::refresh(id).await
}

#[tokio::test]
async fn a_function_that_refreshes_another_is_stored() {
    assert!(SHARED2.set(World::new().await).is_ok());
    outer2(1).await;
    assert!(Shared2::cache().contains("outer2:1").await);
}

// ------------------------------------------------------------------------------------------- boxed by hand

#[cached(cache = world.cache, key = "boxed:{id}", skip(world))]
fn boxed(world: Arc<World>, id: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        let value = {
            let read = world.read_slowly().await;
            read
        };
        value + id
    })
}

#[tokio::test]
async fn a_function_boxed_by_hand_reads_after_its_generations_are_captured() {
    let world = World::new().await;
    let early = world.spawn(|world| boxed(world, 0));
    world.have_read(1).await;
    world.write(2);
    world.cache.delete("boxed:0").await;
    world.let_go(1);
    assert_eq!(soon(early).await, 1, "it came before");
    world.let_go(1);
    let found = world.cache.get::<u32>("boxed:0").await;
    assert_ne!(
        found,
        Some(1),
        "what was read before the invalidation is stored"
    );
}

// ------------------------------------------------------------------------------------------- stolen refresh

#[cached(cache = Shared3::cache(), key = "switch")]
async fn switched_on() -> bool {
    true
}

#[cached(cache = Shared3::cache(), key = "stolen:{id}", when = switched_on().await, companion)]
async fn stolen(id: u32) -> usize {
    id as usize + Shared3::world().runs.fetch_add(1, SeqCst)
}

struct Shared3;
static SHARED3: std::sync::OnceLock<Arc<World>> = std::sync::OnceLock::new();
impl Shared3 {
    fn world() -> &'static Arc<World> {
        SHARED3.get().expect("made by the test")
    }
    fn cache() -> Cache {
        Shared3::world().cache.clone()
    }
}

#[tokio::test]
async fn a_refresh_is_for_the_function_it_was_asked_of() {
    assert!(SHARED3.set(World::new().await).is_ok());
    assert_eq!(stolen(1).await, 1);
    assert_eq!(stolen::refresh(1).await, 2, "computes afresh");
}

// ------------------------------------------------------------------------------------------- liveness of hints

#[cached(cache = world.cache, key = "part:{id}", skip(world))]
async fn part(world: &World, id: u32) -> u32 {
    world.read_now() + id
}

#[cached(cache = world.cache, key = "whole", skip(world))]
async fn whole(world: &World) -> u32 {
    let which = world.read_slowly().await;
    part(world, which).await
}

#[tokio::test]
async fn what_a_value_no_longer_depends_on_does_not_fence_it() {
    let world = World::new().await;
    world.let_go(1);
    whole(&world).await; // reads part:1
    world.write(2);
    world.cache.delete("part:1").await; // the entry of the whole is invalid now, and still there
    world.have_read(1).await;
    for round in 1..=3 {
        let reader = world.spawn(|world| async move { whole(&world).await }); // reads part:2
        world.have_read(1).await;
        world.cache.delete("part:1").await; // busy, and no longer read
        world.let_go(1);
        soon(reader).await;
        if world.cache.contains("whole").await {
            return;
        }
        assert!(round < 3, "three computations, none of them stored");
    }
}

#[cached(cache = world.cache, key = "team-size", tags = ["team"], skip(world))]
async fn team_size(world: &World) -> u32 {
    world.read_now()
}

#[cached(cache = world.cache, key = "roster:{id}", tags_with = |_roster| ["team"], skip(world))]
async fn roster(world: &World, id: u32) -> (u32, u32) {
    let read = world.read_slowly().await;
    (read, team_size(world).await)
}

#[tokio::test]
async fn a_late_tag_that_a_nested_read_brings_as_well_is_still_late() {
    let world = World::new().await;
    let early = world.spawn(|world| async move { roster(&world, 1).await });
    world.have_read(1).await;
    world.write(2);
    world.cache.invalidate_tag("team").await;
    world.let_go(1);
    assert_eq!(soon(early).await, (1, 2), "it came before");
    world.let_go(1);
    assert_eq!(roster(&world, 1).await, (2, 2), "it came after");
}
