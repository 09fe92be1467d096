//! Functions whose body may go on after their caller: what is lent to them is copied.

use async_trait::async_trait;
use cache_runtime::{Cache, TimedOut, cached};
use std::borrow::Cow;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Clone)]
struct Db(Arc<str>);

impl Db {
    async fn find(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }
}

#[derive(Clone, Debug)]
struct Slow;

impl From<TimedOut> for Slow {
    fn from(_: TimedOut) -> Self {
        Slow
    }
}

#[cached(swr = "1m", early, cache = cache, key = "free:{name}:{numbers}:{n}", tags = ["n:{n}"], tags_with = |found: &String| [format!("{name}-{n}-{found}")], skip(cache, db, path))]
async fn free(
    cache: &Cache,
    db: &Db,
    name: &str,
    numbers: &[u32],
    path: &Path,
    mut n: u32,
) -> String {
    n += 1;
    let found = db.find(name).await;
    format!("{found} {numbers:?} {} {n}", path.display())
}

#[cached(swr = "1m", cache = cache, key = "pattern:{a}:{b}", skip(cache))]
async fn patterns(cache: &Cache, (a, b): (u32, String), _: u8) -> Option<String> {
    Some(format!("{a}{b}"))
}

#[cached(timeout = "10s", cache = cache, key = "generic:{id}", skip(cache, source, other))]
async fn generic<S>(
    cache: &Cache,
    source: &S,
    id: [u8; 2],
    other: impl Into<String> + serde::Serialize + Send + 'static,
) -> Result<String, Slow>
where
    S: Debug + Clone + Send + Sync + 'static,
{
    Ok(format!("{source:?} {} {}", id.len(), other.into()))
}

#[derive(Clone)]
struct Shop {
    cache: Cache,
    name: String,
}

impl Shop {
    const STEP: u32 = 2;

    #[cached(ttl = |price: &u32| self.time(*price), swr = "1m", cache = self.cache, key = "price:{self.name}:{id}")]
    async fn price(&self, id: u32) -> u32 {
        // What is inside of the body has a `self` of its own.
        struct Inner(u32);
        impl Inner {
            fn double(&self) -> u32 {
                self.0 * Shop::STEP
            }
        }
        use self::helper;
        let closure = || self.name.len();
        let length = u32::try_from(closure()).unwrap_or(0);
        assert_eq!(format!("{}", self.name), self.name.clone());
        helper(Inner(id).double()) + self::helper(length) + Self::STEP
    }

    fn time(&self, price: u32) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(price) + self.name.len() as u64)
    }

    #[cached(swr = "1m", cache = self.cache, key = "owned:{id}")]
    async fn shared(self: &Arc<Self>, id: u32) -> String {
        format!("{} {id}", self.name)
    }

    #[cached(ttl = |_| self.time(1), swr = "1m", cache = self.cache, key = "by-value:{id}")]
    async fn by_value(self, id: u32) -> String {
        format!("{} {id}", self.name)
    }
}

fn helper(n: u32) -> u32 {
    n
}

#[async_trait]
trait Prices {
    async fn of(&self, name: &str, id: u32) -> Result<String, Slow>;
}

#[async_trait]
impl Prices for Shop {
    #[cached(swr = "1m", timeout = "10s", cache = self.cache, key = "of:{name}:{id}")]
    async fn of(&self, name: &str, id: u32) -> Result<String, Slow> {
        Ok(format!("{} {name} {id}", self.name))
    }
}

#[cached(swr = "1m", cache = cache, key = "cow:{text}:{name}", skip(cache))]
async fn of_static(cache: &Cache, text: Cow<'static, str>, name: &'static str) -> String {
    format!("{text}{name}")
}

#[tokio::test]
async fn functions_and_methods_of_every_shape_go_on_alone() {
    let cache = Cache::in_memory();
    let db = Db("db".into());
    for _ in 0..2 {
        let found = free(&cache, &db, "a", &[1, 2], Path::new("/p"), 3).await;
        assert_eq!(found, "db/a [1, 2] /p 4");
    }
    cache.invalidate_tag("a-3-db/a [1, 2] /p 4").await;
    assert!(!cache.contains("free:a:0").await);
    let found = patterns(&cache, (1, "b".to_owned()), 9).await;
    assert_eq!(found.as_deref(), Some("1b"));
    let found = generic(&cache, &PathBuf::from("x"), [1, 2], "y").await;
    assert_eq!(found.expect("in time"), "\"x\" 2 y");
    let shop = Shop {
        cache: cache.clone(),
        name: "corner".to_owned(),
    };
    assert_eq!(shop.price(4).await, 8 + 6 + 2);
    assert_eq!(Arc::new(shop.clone()).shared(1).await, "corner 1");
    assert_eq!(shop.of("x", 1).await.expect("in time"), "corner x 1");
    assert_eq!(shop.by_value(1).await, "corner 1");
    let found = of_static(&cache, Cow::Borrowed("a"), "b").await;
    assert_eq!(found, "ab");
}
