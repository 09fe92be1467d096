//! Methods: every kind of receiver, generic impls, native `async fn` in traits.

use super::Runs;
use cache_runtime::{Cache, CacheValue, cache_invalidate, cache_put, cached};
use std::sync::Arc;

#[derive(Clone)]
struct Shop {
    name: String,
    cache: Cache,
    runs: Arc<Runs>,
}

impl Shop {
    fn new(name: &str) -> Self {
        Shop {
            name: name.to_owned(),
            cache: Cache::in_memory(),
            runs: Arc::default(),
        }
    }

    #[cached(cache = self.cache, key = "price:{self.name}:{id}", tags = ["shop:{self.name}"])]
    async fn price(&self, id: u32) -> u32 {
        self.runs.count();
        id + 1
    }

    #[cache_invalidate(tags = ["shop:{self.name}"], cache = self.cache)]
    async fn reprice(&mut self) {
        self.name.push('!');
        self.name.pop();
    }

    #[cache_put(cache = self.cache, key = "name:{id}")]
    async fn rename(&mut self, id: u32, name: &str) -> String {
        name.clone_into(&mut self.name);
        self.name.clone()
    }

    #[cached(cache = self.cache)]
    async fn consumed(self, id: u32) -> u32 {
        self.runs.count();
        id
    }

    #[cached(cache = self.cache)]
    async fn shared(self: Arc<Self>, id: u32) -> u32 {
        self.runs.count();
        id
    }

    #[cached]
    async fn without_receiver(id: u32, runs: Arc<u32>) -> u32 {
        id + *runs
    }
}

#[tokio::test]
async fn every_kind_of_receiver() {
    let mut shop = Shop::new("corner");
    for _ in 0..2 {
        assert_eq!(shop.price(1).await, 2);
        assert_eq!(shop.clone().consumed(1).await, 1);
        assert_eq!(Arc::new(shop.clone()).shared(1).await, 1);
    }
    assert_eq!(shop.runs.total(), 3);
    assert_eq!(shop.rename(1, "corner").await, "corner");
    shop.reprice().await;
    shop.price(1).await;
    assert_eq!(shop.runs.total(), 4);
    assert_eq!(Shop::without_receiver(1, Arc::new(2)).await, 3);
}

struct Repository<T>(Runs, T);

impl<T: CacheValue + Default + std::fmt::Debug> Repository<T>
where
    T: PartialEq,
{
    #[cached]
    async fn find(&self, id: u32) -> Option<T> {
        self.0.count();
        (id > 0).then(|| self.1.clone())
    }

    #[cached(skip(runs))]
    async fn default_of(runs: &Runs) -> T {
        runs.count();
        T::default()
    }
}

#[tokio::test]
async fn methods_of_generic_types_do_not_share_entries() {
    let (numbers, texts) = (
        Repository(Runs::new(), 7u32),
        Repository(Runs::new(), String::from("x")),
    );
    for _ in 0..2 {
        assert_eq!(numbers.find(1).await, Some(7));
        assert_eq!(texts.find(1).await, Some("x".to_owned()));
    }
    assert_eq!((numbers.0.total(), texts.0.total()), (1, 1));
    let runs = Runs::new();
    for _ in 0..2 {
        assert_eq!(Repository::<u8>::default_of(&runs).await, 0);
        assert_eq!(Repository::<i8>::default_of(&runs).await, 0);
    }
    assert_eq!(runs.total(), 2);
}

trait Source {
    async fn read(&self, range: (u32, u32)) -> Result<u32, String>;

    #[cached(key = "source-default:{id}", skip(runs))]
    async fn with_default(&self, id: u32, runs: &Runs) -> u32 {
        runs.count();
        id
    }
}

struct Disk(Runs);

impl Source for Disk {
    #[cached(key = "disk:{low}:{high}")]
    async fn read(&self, (low, high): (u32, u32)) -> Result<u32, String> {
        self.0.count();
        let sum = low.checked_add(high).ok_or("too large")?;
        Ok(sum)
    }
}

struct Tape(Runs);

impl Source for Tape {
    #[cached]
    async fn read(&self, (low, high): (u32, u32)) -> Result<u32, String> {
        self.0.count();
        Ok(low * high)
    }
}

#[tokio::test]
async fn native_async_functions_in_traits() {
    let (disk, tape) = (Disk(Runs::new()), Tape(Runs::new()));
    for _ in 0..2 {
        assert_eq!(disk.read((2, 3)).await, Ok(5));
        assert_eq!(tape.read((2, 3)).await, Ok(6));
        assert_eq!(disk.with_default(1, &disk.0).await, 1);
    }
    assert_eq!((disk.0.total(), tape.0.total()), (2, 1));
}

mod twins {
    pub(super) mod left {
        #[cache_runtime::cached]
        pub(in super::super) async fn name(id: u32) -> String {
            format!("left {id}")
        }
    }
    pub(super) mod right {
        #[cache_runtime::cached]
        pub(in super::super) async fn name(id: u32) -> String {
            format!("right {id}")
        }
    }
}

#[tokio::test]
async fn functions_of_one_name_in_two_modules_never_meet() {
    assert_eq!(twins::left::name(1).await, "left 1");
    assert_eq!(twins::right::name(1).await, "right 1");
}
