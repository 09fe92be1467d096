//! The expansions of every macro in many shapes.

use super::{Macro, expand, pretty};
use crate::cached::cached;
use crate::invalidate::cache_invalidate;
use crate::put::cache_put;
use expect_test::expect_file;

/// The most lines that an expansion may put around the body of a function.
const LONGEST: usize = 15;

macro_rules! snapshots {
    ($($name:ident: $macro:ident $source:literal)*) => {$(
        #[test]
        fn $name() {
            let expansion = expand($macro as Macro, $source);
            assert!(!expansion.contains("compile_error"), "{expansion}");
            let pretty = pretty(&expansion);
            expect_file![concat!("expansions/", stringify!($name), ".rs")].assert_eq(&pretty);
        }
    )*};
}

snapshots! {
    cached_template: cached
        r#"#[cached(ttl = "5m", key = "user:{id}", tags = ["user:{id}", "profiles"], skip(db))]
        /// Documentation.
        #[must_use]
        pub(crate) async fn load_user(db: &Db, id: UserId) -> Result<User, DbError> { db.user(id).await }"#
    cached_default_key: cached
        "#[cached] async fn sum(a: u32, b: u32) -> u32 { a + b }"
    cached_generic: cached
        r#"#[cached(ttl = 60, skip(source))]
        async fn read<'a, S: Source, const N: usize>(source: &'a S, ids: [u32; N]) -> Option<Vec<S::Row>>
        where S::Row: Clone { source.read(&ids).await }"#
    cached_decisions: cached
        r#"#[cached(
            key = "conversation:{id}",
            ttl = |conversation| conversation.lifetime(),
            tags_with = |conversation| ["user:{conversation.user}"],
            unless = Conversation::is_draft,
            when = !fresh,
            negative = "30s",
            version = 3,
            sensitive,
            skip(fresh),
        )]
        async fn conversation(id: u64, fresh: bool) -> Result<Option<Conversation>, Error> { find(id).await }"#
    cached_method: cached
        r#"#[cached(ttl = self.ttl, cache = self.cache, key = "price:{self.shop}:{id}", crate = my::cache)]
        async fn price(&self, mut id: u32) -> Price { id += 1; self.ask(id).await }"#
    cached_apart: cached
        r#"#[cached(
            ttl = |price| self.lifetime(price, currency),
            swr = "10m",
            stale_if_error = "1h",
            timeout = LIMIT,
            cache = self.cache,
            key = "price:{id}:{currency}",
        )]
        async fn price(&self, id: u32, currency: &str) -> Result<Price, Error> { self.ask(id, currency).await }"#
    cached_batch: cached
        r#"#[cached(batch(id in ids), ttl = "5m", key = "user:{tenant}:{id}", tags = ["user:{id}"], unless = |user| user.id == id, skip(db))]
        async fn users(db: &Db, tenant: Tenant, ids: &[UserId]) -> Result<HashMap<UserId, User>, DbError> { db.users(ids).await }"#
    cached_adaptively: cached
        r#"#[cached(ttl = adaptive("30s", "1h"), jitter = 0.1, revalidate = "1d", throttle = 10, stale_if_error = GRACE)]
        async fn feed(url: &str) -> Result<Feed, Error> { get(url).await }"#
    cached_patterns: cached
        r#"#[cached(key = "area:{width}:{height}")]
        async fn area((width, height): (u32, u32)) -> u32 { width * height }"#
    cached_async_trait: cached
        r#"#[cached(key = "get:{self.tenant}:{id}")]
        fn get<'life0, 'async_trait>(&'life0 self, __arg1: Path<u32>)
            -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = u32> + ::core::marker::Send + 'async_trait>>
        where 'life0: 'async_trait, Self: 'async_trait
        {
            Box::pin(async move {
                if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<u32> {
                    #[allow(unreachable_code)] return __ret;
                }
                let __self = self;
                let Path(id) = { let __arg1 = __arg1; __arg1 };
                let __ret: u32 = { __self.read(id) };
                #[allow(unreachable_code)] __ret
            })
        }"#
    cached_companion: cached
        r#"#[cached(ttl = forever, key = "user:{id}", tags = ["team:{team}"], skip(db, team), companion)]
        pub async fn user<D: Db>(db: &D, id: u64, team: u32) -> Option<User> { db.user(id).await }"#
    cached_encoding: cached
        r#"#[cached(key = "report:{id}", version = 2, codec = json, compress = off, crate = my::cache)]
        async fn report(id: u64) -> Report { build(id).await }"#
    cached_kept_briefly: cached
        r#"#[cached(key = "price:{id}", local = "5s")] async fn price(id: u64) -> u64 { ask(id).await }"#
    cached_strictly: cached
        r#"#[cached(key = "stock:{id}", consistency = strict)] async fn stock(id: u64) -> u64 { count(id).await }"#
    invalidate: cache_invalidate
        r#"#[cache_invalidate("user:{id}:*", "users", tags = ["user:{id}"])]
        async fn rename(db: &Db, id: u64, name: &str) -> Result<(), DbError> { db.rename(id, name).await }"#
    invalidate_always_both: cache_invalidate
        r#"#[cache_invalidate("user:*", when = both, on = always, cache = self.cache)]
        async fn reset(&mut self) { self.users.clear(); }"#
    invalidate_before: cache_invalidate
        r#"#[cache_invalidate(tags = ["all"], when = before)] async fn reset() -> u8 { 1 }"#
    put: cache_put
        r#"#[cache_put(key = "user:{id}", ttl = 300, tags = ["user:{id}"], codec = msgpack)]
        async fn rename(id: u64, name: String) -> Result<User, DbError> { write(id, name).await }"#
}

#[test]
fn domain() {
    let source = r#"
        #[cache(prefix = "session", ttl = "30m", tags = ["user:{user.id}"], version = 2, codec = postcard, compress = lz4)]
        pub struct Session<P> {
            #[cache(key)]
            id: String,
            #[cache(key)]
            part: u32,
            #[cache(tag)]
            team: u32,
            #[cache(lookup)]
            token: Token,
            user: User,
            payload: P,
        }
    "#;
    let expansion = crate::domain::domain_cache(source.parse().expect("lexes")).to_string();
    assert!(!expansion.contains("compile_error"), "{expansion}");
    expect_file!["expansions/domain.rs"].assert_eq(&pretty(&expansion));
}

#[test]
fn domain_keyed() {
    let source = r#"
        #[cache(key = "team:{team}:member:{number}:card", domain = "card")]
        struct Card {
            number: u64,
            team: String,
            #[cache(lookup)]
            badge: Badge,
            #[cache(tags = "project:{projects}")]
            projects: Vec<u32>,
            #[cache(tags)]
            more: Vec<String>,
        }
    "#;
    let expansion = crate::domain::domain_cache(source.parse().expect("lexes")).to_string();
    assert!(!expansion.contains("compile_error"), "{expansion}");
    expect_file!["expansions/domain_keyed.rs"].assert_eq(&pretty(&expansion));
}

#[test]
fn key() {
    let expansion = crate::key::key(r#""user:{id}:{page.number}:v{V}""#.parse().expect("lexes"));
    let pretty = pretty(&format!("fn key() -> Key {{ {expansion} }}"));
    expect_file!["expansions/key.rs"].assert_eq(&pretty);
}

#[test]
fn an_expansion_is_a_few_lines_around_the_body() {
    let empty = "async fn f(id: u64) -> u64 { 1 }";
    let annotated: [(Macro, &str); 3] = [
        (
            cached,
            r#"#[cached(ttl = "5m", key = "user:{id}", tags = ["user:{id}", "profiles"])]"#,
        ),
        (
            cache_invalidate,
            r#"#[cache_invalidate("user:{id}:*", tags = ["user:{id}"])]"#,
        ),
        (
            cache_put,
            r#"#[cache_put(ttl = "5m", key = "user:{id}", tags = ["user:{id}"])]"#,
        ),
    ];
    for (expander, attribute) in annotated {
        let expansion = pretty(&expand(expander, &format!("{attribute} {empty}")));
        // What `prettyplease` breaks over several lines is one step: count statements and arms.
        let steps = expansion.matches(';').count() + expansion.matches("=>").count();
        assert!(steps <= LONGEST, "{steps} steps:\n{expansion}");
    }
}
