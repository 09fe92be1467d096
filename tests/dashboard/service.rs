//! The service that the pages are about: the shop of the example, its visitors, and the pages.

use crate::load;
use axum::Router;
use cache_runtime::Cache;
use cache_runtime::http::Admin;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A service. It ends with this.
pub(crate) struct Service {
    runtime: Option<Runtime>,
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicU32>,
}

/// The one that annotated functions use.
pub(crate) fn cache() -> &'static Cache {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    CACHE.get_or_init(|| {
        let cache = Cache::in_memory();
        cache.install().expect("nobody else has installed one");
        cache
    })
}

impl Service {
    /// On a free port, under load.
    pub(crate) fn start() -> Self {
        let service = Service::start_at("127.0.0.1:0".parse().expect("an address"));
        service.runtime().spawn(load::visitors());
        service
    }

    /// Without visitors.
    pub(crate) fn start_at(address: SocketAddr) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let asked = Arc::new(AtomicU32::new(0));
        let admin = Admin::new(cache()).authorize({
            let asked = Arc::clone(&asked);
            move |request| {
                asked.fetch_add(u32::from(request.uri.path() == "/stats"), Relaxed);
                true
            }
        });
        let listener = runtime
            .block_on(TcpListener::bind(address))
            .expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let app = Router::new().nest_service("/cache", admin);
        runtime.spawn(async move { axum::serve(listener, app).await });
        Service {
            runtime: Some(runtime),
            address,
            asked,
        }
    }

    pub(crate) fn page(&self) -> String {
        format!("http://{}/cache", self.address)
    }

    /// How often the page has asked for its numbers.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Relaxed)
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is taken only at the end")
    }
}

impl Drop for Service {
    /// Connections end with it.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
