//! Serving a client over a stream, through a wire that may be cut.

use super::clients::{ClientId, Letter};
use super::commands::is_of_caller;
use super::{Server, resp};
use crate::sync::lock;
use crate::testing::wire::Wire;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// What may be under way in one direction before the sender has to wait.
const ROOM: usize = 1 << 16;

/// Opens a connection, and serves who has it.
pub(in crate::testing) fn serve(server: &Arc<Mutex<Server>>, wire: &Arc<Wire>) -> DuplexStream {
    let (near, far) = tokio::io::duplex(ROOM);
    let (read, write) = tokio::io::split(far);
    let (outbox, letters) = mpsc::unbounded_channel();
    let client = Connected {
        server: Arc::clone(server),
        id: lock(server).clients.connect(outbox),
    };
    let listening = tokio::spawn(listen(client, read, Arc::clone(wire)));
    let telling = tokio::spawn(tell(letters, write, Arc::clone(wire)));
    wire.carries([listening.abort_handle(), telling.abort_handle()]);
    near
}

/// A client, until it has gone.
struct Connected {
    server: Arc<Mutex<Server>>,
    id: ClientId,
}

impl Drop for Connected {
    fn drop(&mut self) {
        lock(&self.server).clients.disconnect(self.id);
    }
}

/// Executes what arrives, in order.
async fn listen(client: Connected, read: ReadHalf<DuplexStream>, wire: Arc<Wire>) {
    let mut read = BufReader::with_capacity(ROOM, read);
    let mut is_last = false;
    // What makes no sense ends the connection, as its end does.
    while let Ok(Some(command)) = resp::command(&mut read).await {
        wire.is_whole().await;
        if is_of_caller(&command) {
            wire.is_asked();
            is_last |= wire.loses_reply();
        }
        {
            let mut server = lock(&client.server);
            if is_last {
                server.clients.mute(client.id);
            }
            server.execute(client.id, &command);
        }
        // What was sent along with it is executed as well.
        if is_last && read.buffer().is_empty() {
            return wire.breaks();
        }
    }
}

/// Hands on what is on its way to the client.
async fn tell(
    mut letters: UnboundedReceiver<Letter>,
    mut write: WriteHalf<DuplexStream>,
    wire: Arc<Wire>,
) {
    while let Some(letter) = letters.recv().await {
        wire.arrives(letter.sent).await;
        if write.write_all(&letter.bytes).await.is_err() {
            return;
        }
    }
    // The client has gone, or is to be told that the server has.
    wire.is_whole().await;
    let _is_gone = write.shutdown().await;
}
