//! Where the server is, and how nodes get there.

use crate::redis::Dial;
use crate::testing::server::{Server, serve};
use crate::testing::wire::Wire;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::DuplexStream;

/// Where the server is.
pub(super) struct Place {
    pub(super) server: Arc<Mutex<Server>>,
    pub(super) is_down: AtomicBool,
    /// Of connections that belong to no node.
    pub(super) others: Arc<Wire>,
}

impl Place {
    pub(super) fn new() -> Self {
        Place {
            server: Arc::new(Mutex::new(Server::new())),
            is_down: AtomicBool::new(false),
            others: Arc::new(Wire::new()),
        }
    }
}

/// How a node gets to the server.
pub(super) struct Way {
    pub(super) place: Arc<Place>,
    pub(super) wire: Arc<Wire>,
}

impl Dial for Way {
    fn dial(&self) -> Pin<Box<dyn Future<Output = io::Result<DuplexStream>> + Send + '_>> {
        Box::pin(async {
            self.wire.is_whole().await;
            if self.place.is_down.load(Ordering::Acquire) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Ok(serve(&self.place.server, &self.wire))
        })
    }
}
