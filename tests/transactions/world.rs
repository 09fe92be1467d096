//! A cache before a database, and what an application would annotate.

use crate::backend::Backend;
use crate::database::{File, Session};
use cache_runtime::{Cache, DomainCache, Invalidations, cache_invalidate, cache_put, cached};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub(crate) cache: Cache,
    _backend: Backend,
    pub(crate) file: File,
    /// The connection that transactions run on. It sees what they have written.
    pub(crate) writer: Session,
    /// The one that sees what is committed.
    pub(crate) reader: Session,
    pub(crate) runs: AtomicUsize,
}

/// The database as one connection sees it, behind the cache.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) world: Arc<World>,
    pub(crate) session: Session,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Failed;

#[cached(ttl = "1h", cache = view.world.cache, key = "name:{id}", tags = ["names", "name-tag:{id}"], skip(view))]
pub(crate) async fn name(view: &View, id: u32) -> String {
    view.world.runs.fetch_add(1, SeqCst);
    view.session.name(id)
}

#[cache_invalidate("name:{id}", cache = view.world.cache)]
pub(crate) async fn rename(view: &View, id: u32, name: &str) -> Result<(), Failed> {
    view.session.rename(id, name);
    if name == "nobody" {
        Err(Failed)
    } else {
        Ok(())
    }
}

#[cache_put(ttl = "1h", cache = view.world.cache, key = "name:{id}", tags = ["names", "name-tag:{id}"])]
pub(crate) async fn put(view: &View, id: u32, name: &str) -> Result<String, Failed> {
    view.session.rename(id, name);
    Ok(name.to_owned())
}

/// A record with a name, stored under its number and its address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DomainCache)]
#[cache(prefix = "person", ttl = "1h")]
pub(crate) struct Person {
    #[cache(key)]
    pub(crate) id: u32,
    #[cache(lookup)]
    pub(crate) email: String,
    #[cache(tag)]
    pub(crate) team: u32,
}

impl World {
    pub(crate) async fn new() -> Arc<Self> {
        let backend = Backend::new().await;
        let file = File::create();
        let (writer, reader) = (file.session(), file.session());
        writer.rename(1, "Ada");
        Arc::new(World {
            cache: backend.cache(),
            _backend: backend,
            file,
            writer,
            reader,
            runs: AtomicUsize::new(0),
        })
    }

    pub(crate) fn invalidations(&self) -> Invalidations {
        Invalidations::of(&self.cache)
    }

    pub(crate) fn begin(&self) {
        self.writer.run("BEGIN IMMEDIATE");
    }

    /// A commit as drivers have it: in the database's own time.
    pub(crate) async fn commit(&self) -> Result<(), Failed> {
        tokio::task::yield_now().await;
        self.writer.run("COMMIT");
        Ok(())
    }

    pub(crate) fn rollback(&self) {
        self.writer.run("ROLLBACK");
    }

    /// Inside of the transaction.
    pub(crate) fn inside(self: &Arc<Self>) -> View {
        self.view(&self.writer)
    }

    /// Outside of it.
    pub(crate) fn outside(self: &Arc<Self>) -> View {
        self.view(&self.reader)
    }

    pub(crate) fn view(self: &Arc<Self>, session: &Session) -> View {
        View {
            world: Arc::clone(self),
            session: session.clone(),
        }
    }

    /// What a reader finds who has nothing to do with the transaction, and whether that was a hit.
    pub(crate) async fn read(self: &Arc<Self>, id: u32) -> (String, bool) {
        let (view, runs) = (self.outside(), self.runs());
        let name = soon(tokio::spawn(async move { name(&view, id).await })).await;
        (name, self.runs() == runs)
    }

    /// Reads until it is stored.
    pub(crate) async fn until_hit(self: &Arc<Self>, id: u32) -> String {
        for _ in 0..100 {
            if let (name, true) = self.read(id).await {
                return name;
            }
        }
        panic!("name:{id} is never stored");
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }
}

pub(crate) fn hit(name: &str) -> (String, bool) {
    (name.to_owned(), true)
}

pub(crate) fn miss(name: &str) -> (String, bool) {
    (name.to_owned(), false)
}

/// The result of a task that has no reason left to wait.
pub(crate) async fn soon<T>(task: JoinHandle<T>) -> T {
    let ended = tokio::time::timeout(PATIENCE, task).await;
    ended.expect("the task hangs").expect("the task returns")
}
