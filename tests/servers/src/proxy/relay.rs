//! One connection, from its beginning to its end.

use super::Shared;
use super::counts::Counted;
use super::faults::Direction;
use super::pump::{Ended, Pump};
use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long to wait for the server to close its side.
const PARTING: Duration = Duration::from_secs(5);

/// Serves a client until one side ends, or until there is another number of cuts than when it came.
pub(super) async fn serve(mut client: TcpStream, shared: Arc<Shared>, cuts: u64) {
    let counted = shared.counts.connection();
    let mut faults = shared.faults.subscribe();
    let mut server = None;
    let ended = tokio::select! {
        biased;
        _ = faults.wait_for(|faults| faults.cuts != cuts) => Ended::Broken,
        ended = relay(&mut client, &mut server, &shared, &counted) => ended,
    };
    let _ = match ended {
        Ended::Finished => client.shutdown().await,
        Ended::Broken => client.set_zero_linger(),
    };
    drop(client);
    drop(counted);
    if let Some(server) = server {
        part(server).await;
    }
}

/// Passes on both directions. The server is left behind for its caller to part from.
async fn relay(
    client: &mut TcpStream,
    server: &mut Option<TcpStream>,
    shared: &Shared,
    counted: &Counted<'_>,
) -> Ended {
    let mut faults = shared.faults.subscribe();
    // Fails only without a sender, and that is in `shared`.
    let _ = faults.wait_for(|faults| !faults.hang).await;
    let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream)).await else {
        return Ended::Broken;
    };
    let _ = (client.set_nodelay(true), stream.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.insert(stream).split();
    let pump = |direction| Pump::new(shared, counted, direction);
    let up = pump(Direction::Requests).run(from_client, to_server);
    let down = pump(Direction::Replies).run(from_server, to_client);
    let up_broken = async {
        match up.await {
            // The replies to the last requests are still to come.
            Ended::Finished => pending().await,
            Ended::Broken => Ended::Broken,
        }
    };
    tokio::select! {
        // When a request was to be the last, no reply is looked at any more.
        biased;
        ended = up_broken => ended,
        ended = down => ended,
    }
}

/// Closes the server's side without a reset, which might overtake what it has not read yet: what was passed on to it
/// is heard.
async fn part(mut server: TcpStream) {
    if server.shutdown().await.is_ok() {
        let mut rest = [0; 4096];
        let silence = async { while matches!(server.read(&mut rest).await, Ok(1..)) {} };
        let _ = timeout(PARTING, silence).await;
    }
}
