//! A network that passes everything on until a word of the client's, and from then on nothing, on that connection.

use std::net::Ipv4Addr;
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
    /// The word of the next silence.
    word: Mutex<Option<&'static str>>,
    /// One more with every order: connections from before it are cut.
    orders: watch::Sender<u32>,
}

impl Mute {
    pub(crate) async fn start(upstream: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .expect("a free port");
        let shared = Arc::new(Shared {
            word: Mutex::default(),
            orders: watch::Sender::new(0),
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

    /// Cuts the connections that are there. The next one on which the client says the word hears nothing any more.
    pub(crate) fn fall_silent_at(&self, word: &'static str) {
        *self.shared.word.lock().expect("nobody panics") = Some(word);
        self.shared.orders.send_modify(|orders| *orders += 1);
    }

    /// Whether the word has been said.
    pub(crate) fn is_silent(&self) -> bool {
        self.shared.word.lock().expect("nobody panics").is_none()
    }
}

impl Shared {
    /// Whether the word is said here. After that it is none any more.
    fn is_the_word_in(&self, said: &str) -> bool {
        let mut word = self.word.lock().expect("nobody panics");
        let is_in = word.is_some_and(|word| said.contains(word));
        if is_in {
            *word = None;
        }
        is_in
    }
}

async fn relay(client: TcpStream, upstream: u16, shared: Arc<Shared>) {
    let mut orders = shared.orders.subscribe();
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream))
        .await
        .expect("it runs");
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = server.into_split();
    tokio::select! {
        _ = orders.changed() => {}
        () = listen(from_client, to_server, &shared) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

/// Passes on what the client says. After the word this only ends with the client.
async fn listen(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    let mut is_silent = false;
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let said = String::from_utf8_lossy(&buffer[..length]);
        is_silent |= shared.is_the_word_in(&said);
        if !is_silent && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
