//! Accepting connections, and the orders that concern that.

use super::{Shared, relay};
use std::future::{pending, ready};
use std::io;
use std::net::{Ipv4Addr, Shutdown};
use std::os::fd::OwnedFd;
use std::sync::{Arc, mpsc::SyncSender};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

/// To be answered when it is done.
pub(super) enum Order {
    /// Listen (again).
    Open(SyncSender<io::Result<()>>),
    /// Listen no more.
    Close(SyncSender<io::Result<()>>),
    /// End all connections.
    Cut(SyncSender<io::Result<()>>),
}

/// Where clients come in.
pub(super) struct Door {
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
}

impl Door {
    pub(super) fn new(listener: std::net::TcpListener, shared: Arc<Shared>) -> Self {
        Self { listener, shared }
    }

    /// Runs the proxy, until nobody can give orders any more. All connections end with it.
    pub(super) fn attend(self, orders: UnboundedReceiver<Order>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        runtime.block_on(attend(self.listener, self.shared, orders));
    }
}

async fn attend(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    mut orders: UnboundedReceiver<Order>,
) {
    let port = listener.local_addr().expect("it is bound").port();
    let mut listener = Some(TcpListener::from_std(listener).expect("it does not block"));
    loop {
        tokio::select! {
            order = orders.recv() => {
                let (done, result) = match order {
                    None => {
                        close(listener);
                        return;
                    }
                    Some(Order::Cut(done)) => {
                        cut(listener.as_ref(), &shared).await;
                        (done, Ok(()))
                    }
                    Some(Order::Close(done)) => {
                        // Who has connected before is in.
                        accept_all(listener.as_ref(), &shared).await;
                        close(listener.take());
                        (done, Ok(()))
                    }
                    Some(Order::Open(done)) => (done, open(&mut listener, port).await),
                };
                let _ = done.send(result);
            }
            client = accept(listener.as_ref()) => welcome(client, &shared),
        }
    }
}

async fn open(listener: &mut Option<TcpListener>, port: u16) -> io::Result<()> {
    if listener.is_none() {
        *listener = Some(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?);
    }
    Ok(())
}

/// Stops listening. To close the descriptor is not enough: a child that another thread is about to start holds a copy of
/// it for a moment, and the kernel would go on to accept.
fn close(listener: Option<TcpListener>) {
    if let Some(Ok(listener)) = listener.map(TcpListener::into_std) {
        let socket = std::net::TcpStream::from(OwnedFd::from(listener));
        // Linux stops listening; others say that it is not connected.
        let _ = socket.shutdown(Shutdown::Both);
    }
}

async fn cut(listener: Option<&TcpListener>, shared: &Arc<Shared>) {
    accept_all(listener, shared).await;
    shared.set(|faults| faults.cuts += 1);
}

/// Accepts those who for themselves are connected already.
async fn accept_all(listener: Option<&TcpListener>, shared: &Arc<Shared>) {
    // After this, Tokio has asked the kernel once more whether somebody waits.
    tokio::task::yield_now().await;
    loop {
        tokio::select! {
            biased;
            client = accept(listener) => welcome(client, shared),
            () = ready(()) => return,
        }
    }
}

/// The next client; none ever while nobody listens.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return pending().await;
    };
    loop {
        match listener.accept().await {
            Ok((client, _)) => return client,
            // The client went away while it waited, or there are no descriptors left.
            Err(_) => sleep(Duration::from_millis(1)).await,
        }
    }
}

/// A connection knows the cuts from before it, also if it is served only after the next one.
fn welcome(client: TcpStream, shared: &Arc<Shared>) {
    let cuts = shared.faults.borrow().cuts;
    tokio::spawn(relay::serve(client, Arc::clone(shared), cuts));
}
