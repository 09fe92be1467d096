//! Something between a process and the server that may keep the news to itself.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use test_servers::{RedisServer, free_port};
use tokio::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy, copy_bidirectional,
};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Whether news is dropped.
#[derive(Clone, Default)]
pub(crate) struct Deaf(Arc<AtomicBool>);

impl Deaf {
    /// From here on.
    pub(crate) fn turn(&self) {
        self.0.store(true, SeqCst);
    }
}

pub(crate) async fn behind_a_deaf_one(server: &RedisServer) -> String {
    let (url, deaf) = behind_one_that_turns_deaf(server).await;
    deaf.turn();
    url
}

pub(crate) async fn behind_one_that_turns_deaf(server: &RedisServer) -> (String, Deaf) {
    let deaf = Deaf::default();
    let turns = deaf.clone();
    let url = behind(server, move |client, server| {
        let deaf = turns.clone();
        async move {
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            _ = tokio::join!(
                copy(&mut from_client, &mut to_server),
                without_pushes(from_server, to_client, deaf)
            );
        }
    });
    (url.await, deaf)
}

/// Which connection passes on nothing any more, in either direction, and says nothing of it.
#[derive(Clone)]
pub(crate) struct Hung(watch::Sender<Option<usize>>);

impl Hung {
    /// From here on the connection that was opened as this one, counted from zero.
    pub(crate) fn connection(&self, number: usize) {
        self.0.send_replace(Some(number));
    }
}

pub(crate) async fn behind_one_that_hangs(server: &RedisServer) -> (String, Hung) {
    let hung = Hung(watch::Sender::new(None));
    let (hangs, opened) = (hung.clone(), Arc::new(AtomicUsize::new(0)));
    let url = behind(server, move |mut client, mut server| {
        let mut hangs = hangs.0.subscribe();
        let number = opened.fetch_add(1, SeqCst);
        async move {
            let hangs = async move {
                _ = hangs.wait_for(|hung| *hung == Some(number)).await;
            };
            let is_hung = tokio::select! {
                () = hangs => true,
                _ = copy_bidirectional(&mut client, &mut server) => false,
            };
            if is_hung {
                // Open for as long as the test runs.
                std::future::pending::<()>().await;
            }
        }
    });
    (url.await, hung)
}

/// The address of something that does this with each connection to the server.
pub(crate) async fn behind<F>(
    server: &RedisServer,
    relay: impl Fn(TcpStream, TcpStream) -> F + Send + 'static,
) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let port = free_port();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let (listener, upstream) = (listener.expect("a free port"), server.port());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await;
            tokio::spawn(relay(client, server.expect("it runs")));
        }
    });
    format!("redis://127.0.0.1:{port}/")
}

/// Passes on replies, and while it is deaf drops what begins with `>`.
async fn without_pushes(from: OwnedReadHalf, mut to: OwnedWriteHalf, deaf: Deaf) {
    let mut from = BufReader::new(from);
    loop {
        let mut reply = Vec::new();
        // Parts of it that are still to come.
        let mut left = 1_u64;
        while left > 0 {
            let begin = reply.len();
            if from.read_until(b'\n', &mut reply).await.unwrap_or(0) == 0 {
                return;
            }
            left -= 1;
            let line = String::from_utf8_lossy(&reply[begin..])
                .trim_end()
                .to_owned();
            let (kind, number) = line.split_at(1);
            match (kind, number.parse::<u64>()) {
                ("*" | ">" | "~", Ok(parts)) => left += parts,
                ("%", Ok(pairs)) => left += 2 * pairs,
                ("$" | "=", Ok(length)) => {
                    let begin = reply.len();
                    reply.resize(begin + length as usize + 2, 0);
                    if from.read_exact(&mut reply[begin..]).await.is_err() {
                        return;
                    }
                }
                _ => {}
            }
        }
        let is_dropped = reply[0] == b'>' && deaf.0.load(SeqCst);
        if !is_dropped && to.write_all(&reply).await.is_err() {
            return;
        }
    }
}
