//! A network that keeps back what a client says from some word on, on that connection, and may deliver it late: when the
//! client has long given up, and has said other things on another connection.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use test_servers::free_port;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Stands before a server. Ends with the test.
pub(crate) struct Mute {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    /// What the next silence begins with.
    word: Mutex<Option<String>>,
    /// One more with every order to cut the connections that are there.
    cuts: watch::Sender<u32>,
    /// Whether what was kept back may go on.
    delivers: watch::Sender<bool>,
    /// Whether what is said after that is lost.
    loses_the_rest: AtomicBool,
    /// Whether the client has closed the connection on which it was kept back.
    given_up: watch::Sender<bool>,
}

impl Mute {
    pub(crate) async fn start(upstream: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.expect("a free port");
        let shared = Arc::new(Shared {
            word: Mutex::default(),
            cuts: watch::Sender::new(0),
            delivers: watch::Sender::new(false),
            loses_the_rest: AtomicBool::new(false),
            given_up: watch::Sender::new(false),
        });
        let accepting = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, upstream, Arc::clone(&accepting)));
            }
        });
        Mute { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Keeps back what is said on the first connection on which the word is said, from the word on.
    pub(crate) fn fall_silent_at(&self, word: &str) {
        *self.shared.word.lock().expect("nobody panics") = Some(word.to_owned());
    }

    /// Keeps back only what is said together with the word; what comes after that is lost.
    pub(crate) fn lose_the_rest(&self) {
        self.shared.loses_the_rest.store(true, Relaxed);
    }

    /// Cuts the connections that are there.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Whether the word has been said.
    pub(crate) fn is_silent(&self) -> bool {
        self.shared.word.lock().expect("nobody panics").is_none()
    }

    /// Whether the client has closed the connection on which it was kept back.
    pub(crate) fn is_given_up(&self) -> bool {
        *self.shared.given_up.borrow()
    }

    /// Delivers what was said on connections that the client has closed since.
    pub(crate) fn deliver_late(&self) {
        self.shared.delivers.send_replace(true);
    }
}

impl Shared {
    /// Whether the word is said here. After that it is none any more.
    fn is_the_word_in(&self, said: &[u8]) -> bool {
        let mut word = self.word.lock().expect("nobody panics");
        let is_in = word.as_ref().is_some_and(|word| {
            let mut parts = said.windows(word.len());
            parts.any(|part| part == word.as_bytes())
        });
        if is_in {
            *word = None;
        }
        is_in
    }
}

async fn relay(client: TcpStream, upstream: u16, shared: Arc<Shared>) {
    let mut cuts = shared.cuts.subscribe();
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await;
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.expect("it runs").into_split();
    tokio::select! {
        _ = cuts.changed() => {}
        () = listen(from_client, to_server, &shared) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

/// Passes on what the client says, until the word.
async fn listen(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    let mut kept_back: Option<Vec<u8>> = None;
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let said = &buffer[..length];
        if let Some(kept_back) = &mut kept_back {
            if !shared.loses_the_rest.load(Relaxed) {
                kept_back.extend(said);
            }
        } else if shared.is_the_word_in(said) {
            kept_back = Some(said.to_vec());
        } else if to.write_all(said).await.is_err() {
            return;
        }
    }
    if let Some(kept_back) = kept_back {
        shared.given_up.send_replace(true);
        let mut delivers = shared.delivers.subscribe();
        let delivered = delivers.wait_for(|delivers| *delivers).await.is_ok();
        if delivered && to.write_all(&kept_back).await.is_ok() && to.shutdown().await.is_ok() {
            // The other direction ends when the server has read it all.
            pending::<()>().await;
        }
    }
}
