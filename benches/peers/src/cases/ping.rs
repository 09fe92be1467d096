//! For how long a server answers nobody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// Between two questions, so that asking itself takes little.
const PAUSE: Duration = Duration::from_micros(100);

/// A thread that asks again and again.
pub(super) struct Pings {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<Duration>,
}

impl Pings {
    pub(super) fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let mut server = TcpStream::connect(("127.0.0.1", port)).expect("a server");
        server.set_nodelay(true).expect("a socket");
        let asking = spawn(move || {
            let mut longest = Duration::ZERO;
            while !stopped.load(Ordering::Relaxed) {
                let asked = Instant::now();
                server.write_all(b"PING\r\n").expect("a server");
                let mut pong = [0; 7];
                server.read_exact(&mut pong).expect("a reply");
                longest = longest.max(asked.elapsed());
                sleep(PAUSE);
            }
            longest
        });
        Pings { stop, asking }
    }

    /// The longest that an answer took.
    pub(super) fn stop(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.asking.join().expect("pings")
    }
}
