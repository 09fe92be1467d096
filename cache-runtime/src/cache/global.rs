//! The installed cache, which annotated functions use by default.

use super::{Builder, Cache};
use std::future::Future;
use std::sync::OnceLock;

static INSTALLED: OnceLock<Cache> = OnceLock::new();

/// A cache is installed already, or was made by a call of an annotated function before. Its `Debug` form is its message, so
/// that a `main` which returns it prints that.
#[derive(thiserror::Error)]
#[error(
    "there is an installed cache already: `install` was called before, or an annotated function was, which made one"
)]
pub struct InstallError(());

impl std::fmt::Debug for InstallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Cache {
    /// Makes this the cache that annotated functions use. To be called once, at start.
    ///
    /// # Errors
    ///
    /// If there is one already: installed, or made because an annotated function was called before.
    pub fn install(&self) -> Result<(), InstallError> {
        INSTALLED.set(self.clone()).map_err(|_| InstallError(()))
    }

    /// The installed cache. If none is, one is made from the environment; if the environment cannot be read, an
    /// error is logged and the cache is switched off, so that functions run and nothing wrong is served.
    #[inline]
    pub fn global() -> &'static Cache {
        #[cfg(feature = "testing")]
        if let Ok(cache) = INSTALLED_HERE.try_with(|cache| *cache) {
            return cache;
        }
        INSTALLED.get_or_init(from_env)
    }
}

#[cfg(feature = "testing")]
tokio::task_local! {
    /// The one that is installed for a part of a task.
    static INSTALLED_HERE: &'static Cache;
}

/// Runs `future` with `cache` in the place of the installed one.
#[cfg(feature = "testing")]
pub(crate) fn with_installed<F: Future>(
    cache: &Cache,
    future: F,
) -> impl Future<Output = F::Output> + use<F> {
    INSTALLED_HERE.scope(cache.for_ever(), future)
}

/// Takes what is installed for a part of this task along, to where `work` runs.
#[cfg(feature = "testing")]
pub(crate) fn taking_along<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let cache = INSTALLED_HERE.try_with(|cache| *cache);
    async move {
        match cache {
            Ok(cache) => INSTALLED_HERE.scope(cache, work).await,
            Err(_) => work.await,
        }
    }
}

/// Nothing is, but in tests.
#[cfg(not(feature = "testing"))]
pub(crate) fn taking_along<F: Future>(work: F) -> F {
    work
}

#[cold]
fn from_env() -> Cache {
    match Builder::from_env().and_then(Builder::build_now) {
        Ok(cache) => cache,
        Err(error) => {
            tracing::error!(target: "cache_runtime", %error, "no cache is installed and the environment cannot be used; caching is off");
            Cache::disabled()
        }
    }
}
