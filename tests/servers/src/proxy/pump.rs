//! One direction of a connection.

use super::Shared;
use super::counts::Counted;
use super::faults::{Direction, Faults};
use std::future::pending;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The longest chunk, in bytes.
const CHUNK: usize = 64 * 1024;

/// How many chunks may be under way.
const CHUNKS: usize = 16;

/// How a direction came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All that should be has been passed on.
    Finished,
    /// The client has to learn that something is missing.
    Broken,
}

/// Passes on one direction.
pub(super) struct Pump<'a> {
    shared: &'a Shared,
    counted: &'a Counted<'a>,
    direction: Direction,
    faults: watch::Receiver<Faults>,
    /// Whether bytes were lost; no others may follow them.
    lossy: bool,
}

/// What came of one read: no bytes are the end.
struct Chunk {
    arrived: Instant,
    bytes: io::Result<Vec<u8>>,
}

/// What becomes of a chunk.
enum Fate {
    Passes,
    IsLost,
    /// It is a request that the server hears and the client never has an answer to.
    IsTheLastRequest,
    /// It is a reply that breaks off.
    IsHalved,
}

impl<'a> Pump<'a> {
    pub(super) fn new(shared: &'a Shared, counted: &'a Counted<'a>, direction: Direction) -> Self {
        Self {
            shared,
            counted,
            direction,
            faults: shared.faults.subscribe(),
            lossy: false,
        }
    }

    /// Reads ahead of what it writes, so that a delay is no throttle.
    pub(super) async fn run(mut self, from: ReadHalf<'_>, to: WriteHalf<'_>) -> Ended {
        let (queue, chunks) = channel(CHUNKS);
        let reading = read(from, queue, self.counted, self.direction);
        tokio::select! {
            ended = self.write(to, chunks) => ended,
            // The writer finds the end in the queue.
            ended = async { reading.await; pending().await } => ended,
        }
    }

    async fn write(&mut self, mut to: WriteHalf<'_>, mut chunks: Receiver<Chunk>) -> Ended {
        while let Some(chunk) = self.next(&mut chunks).await {
            self.hold(chunk.arrived).await;
            let bytes = match chunk.bytes {
                Ok(bytes) if !bytes.is_empty() => bytes,
                end => return self.end(to, end.is_err()).await,
            };
            let written = match self.fate() {
                Fate::Passes => to.write_all(&bytes).await,
                Fate::IsLost => {
                    self.lossy = true;
                    Ok(())
                }
                Fate::IsTheLastRequest => {
                    let _ = to.write_all(&bytes).await;
                    return Ended::Broken;
                }
                Fate::IsHalved => {
                    let _ = to.write_all(&bytes[..bytes.len() / 2]).await;
                    return Ended::Finished;
                }
            };
            if written.is_err() {
                return self.end(to, true).await;
            }
        }
        Ended::Broken
    }

    /// The next chunk; none if bytes were lost and none are any more.
    async fn next(&mut self, chunks: &mut Receiver<Chunk>) -> Option<Chunk> {
        let direction = self.direction;
        tokio::select! {
            biased;
            _ = self.faults.wait_for(|faults| !faults.drops(direction)), if self.lossy => None,
            chunk = chunks.recv() => chunk,
        }
    }

    /// Waits until what arrived at this time may go on.
    async fn hold(&mut self, arrived: Instant) {
        loop {
            let due = {
                let faults = self.faults.borrow_and_update();
                (!faults.hang).then(|| arrived + faults.delay(self.direction))
            };
            let is_due = async {
                match due {
                    Some(due) if due <= Instant::now() => (),
                    Some(due) => sleep_until(due).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = is_due => return,
                _ = self.faults.changed() => (),
            }
        }
    }

    fn fate(&self) -> Fate {
        if self.lossy {
            return Fate::IsLost;
        }
        let mut fate = Fate::Passes;
        // Changes the one-shots, which nobody waits for.
        self.shared.faults.send_if_modified(|faults| {
            fate = match self.direction {
                _ if faults.drops(self.direction) => Fate::IsLost,
                Direction::Requests if faults.cut_after.fires() => Fate::IsTheLastRequest,
                Direction::Replies if faults.truncate.fires() => Fate::IsHalved,
                _ => Fate::Passes,
            };
            false
        });
        fate
    }

    /// Passes on the end. Whether a server that went away has broken off is for the replies to say.
    async fn end(&self, mut to: WriteHalf<'_>, broken: bool) -> Ended {
        if broken && self.direction == Direction::Replies {
            return Ended::Broken;
        }
        let _ = to.shutdown().await;
        Ended::Finished
    }
}

/// Reads until the end, which is the last chunk.
async fn read(
    mut from: ReadHalf<'_>,
    queue: Sender<Chunk>,
    counted: &Counted<'_>,
    direction: Direction,
) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let bytes = match from.read(&mut buffer).await {
            Ok(length) => Ok(buffer[..length].to_vec()),
            Err(error) => Err(error),
        };
        let length = bytes.as_ref().map_or(0, Vec::len);
        if length > 0 {
            counted.arrived(direction, length);
        }
        let arrived = Instant::now();
        let sent = queue.send(Chunk { arrived, bytes }).await;
        if length == 0 || sent.is_err() {
            return;
        }
    }
}
