//! A TCP proxy that breaks on request.

mod counts;
mod door;
mod faults;
mod pump;
mod relay;

use crate::rights;
use counts::Counts;
use door::{Door, Order};
use faults::{Faults, OneShot};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc::UnboundedSender, watch};

/// Stands on a port of 127.0.0.1 before another port, and passes on what comes, unless told otherwise.
///
/// A fault holds for connections that are there and for those to come, from the moment its method returns until
/// [`Proxy::heal`]. Faults add up. The proxy runs on a thread of its own, so a test that blocks, or that has paused
/// Tokio's clock, does not stop it.
///
/// What is on its way is read in chunks of up to 64 KiB: what a peer wrote at once, if it is no longer. Each connection
/// holds at most about 1 MiB in each direction, then the peer that sends has to wait.
///
/// No byte is ever lost from the middle of a stream, for TCP does not do that either: a connection that has lost
/// something passes on nothing more in that direction, and is cut by [`Proxy::heal`].
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    orders: Option<UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// What the connections share with the handle.
struct Shared {
    upstream: u16,
    faults: watch::Sender<Faults>,
    counts: Counts,
}

impl Proxy {
    /// A proxy before a port of 127.0.0.1. Nobody needs to listen there yet.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start(upstream_port: u16) -> Self {
        let listener = listen_somewhere();
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            upstream: upstream_port,
            faults: watch::Sender::new(Faults::default()),
            counts: Counts::default(),
        });
        let (orders, inbox) = tokio::sync::mpsc::unbounded_channel();
        let door = Door::new(listener, Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name(format!("proxy-{port}"))
            .spawn(move || door.attend(inbox))
            .expect("a thread starts");
        Self {
            port,
            shared,
            orders: Some(orders),
            thread: Some(thread),
        }
    }

    /// `redis://127.0.0.1:port/`, without a password.
    pub fn url(&self) -> String {
        format!("redis://{}127.0.0.1:{}/", rights::login(), self.port)
    }

    /// The port that clients connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Delivers everything this much later, in both directions: a round trip takes twice as long. A delay, not a
    /// throttle: what comes meanwhile is under way at the same time.
    pub fn delay(&self, time: Duration) {
        self.shared.set(|faults| faults.delays = [time; 2]);
    }

    /// Like [`Proxy::delay`], for what clients send.
    pub fn delay_requests(&self, time: Duration) {
        self.shared.set(|faults| faults.delays[0] = time);
    }

    /// Like [`Proxy::delay`], for what the server sends.
    pub fn delay_replies(&self, time: Duration) {
        self.shared.set(|faults| faults.delays[1] = time);
    }

    /// Accepts connections and bytes, and passes on nothing, not even the end of a connection: a network that has
    /// split. What has come meanwhile is delivered by [`Proxy::heal`], also from clients that have given up.
    pub fn hang(&self) {
        self.shared.set(|faults| faults.hang = true);
    }

    /// Requests reach the server, replies vanish: the client cannot know whether it was heard.
    pub fn drop_replies(&self) {
        self.shared.set(|faults| faults.drop[1] = true);
    }

    /// Requests vanish.
    pub fn drop_requests(&self) {
        self.shared.set(|faults| faults.drop[0] = true);
    }

    /// Closes all connections now, with a reset to the clients. What had not been passed on is lost. New connections
    /// are welcome.
    pub fn cut(&self) {
        self.order(Order::Cut);
    }

    /// Stops listening: new connections are refused. Those that are there remain; [`Proxy::cut`] ends them.
    pub fn refuse(&self) {
        self.order(Order::Close);
    }

    /// Passes the `n`-th next request chunk on to the server, counted over all connections, and cuts the connection it
    /// came on before any reply to it: the server does what it says, and the client cannot know. Happens once.
    ///
    /// # Panics
    ///
    /// If `n` is zero.
    #[track_caller]
    pub fn cut_after_requests(&self, n: u64) {
        assert!(n > 0, "requests are counted from one");
        self.shared.set(|faults| faults.cut_after = OneShot::on(n));
    }

    /// Passes half of the next reply chunk on to the client, then closes the connection. Happens once.
    pub fn truncate_reply(&self) {
        self.shared.set(|faults| faults.truncate = OneShot::on(1));
    }

    /// Ends all faults: delivers what hangs or is delayed, cuts the connections that have lost something, listens
    /// again.
    ///
    /// # Panics
    ///
    /// If the proxy had [stopped listening](Proxy::refuse) and somebody has taken its port.
    pub fn heal(&self) {
        self.shared.set(Faults::heal);
        self.order(Order::Open);
    }

    /// Connections accepted.
    pub fn connections(&self) -> u64 {
        self.shared.counts.connections()
    }

    /// Connections that are open now, on the side of the clients.
    pub fn open_connections(&self) -> u64 {
        self.shared.counts.open()
    }

    /// How often bytes came from a server after bytes from its client, added up over all connections: one for a
    /// request, or for a batch that was sent at once and fits a chunk, and its replies, however many they are. Replies
    /// that are then lost count too.
    pub fn round_trips(&self) -> u64 {
        self.shared.counts.round_trips()
    }

    /// Bytes that came in, from both sides.
    pub fn bytes(&self) -> u64 {
        self.shared.counts.bytes()
    }

    /// Sets all counts to zero, but for those of open connections.
    pub fn reset_counts(&self) {
        self.shared.counts.reset();
    }

    /// Has the thread do something, and waits until it is done, which takes no longer than a few system calls.
    fn order(&self, order: impl FnOnce(mpsc::SyncSender<io::Result<()>>) -> Order) {
        let (done, is_done) = mpsc::sync_channel(1);
        let orders = self.orders.as_ref().expect("there until drop");
        let sent = orders.send(order(done));
        let answer = sent.ok().and_then(|()| is_done.recv().ok());
        let result = answer.expect("the proxy's thread runs until drop");
        result.unwrap_or_else(|error| panic!("the proxy on port {}: {error}", self.port));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The thread ends with its inbox.
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn set(&self, change: impl FnOnce(&mut Faults)) {
        self.faults.send_modify(change);
    }
}

fn listen_somewhere() -> TcpListener {
    let attempt = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, crate::free_port())).ok();
    let listener = (0..10).find_map(attempt).expect("a port is free");
    listener.set_nonblocking(true).expect("a socket can be");
    listener
}
