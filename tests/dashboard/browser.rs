//! Chromium, by the Chrome DevTools Protocol over a pipe: JSON that ends in a zero byte, on its descriptors 3 and 4.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Long for what has no reason to wait, short for a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A browser of its own, with a profile of its own. It ends with this.
pub(crate) struct Browser {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// What came while something else was waited for.
    pub(super) events: VecDeque<Value>,
    last: u64,
    profile: PathBuf,
    /// One at a time: several of them would keep two cores busy for too long.
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let program = program();
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile =
            std::env::temp_dir().join(format!("dashboard-{}-{}", std::process::id(), number()));
        std::fs::create_dir_all(&profile).expect("a folder for the profile");
        // The shell has the pipes of this process as its input and output, and makes of them what a browser expects.
        let script = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;
        let mut process = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--remote-debugging-pipe",
                "--disable-gpu",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-extensions",
                "--mute-audio",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--hide-scrollbars",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            // What it leaves there when it is killed goes with the profile.
            .env("TMPDIR", &profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let input = process.stdin.take().expect("it is piped");
        let mut output = BufReader::new(process.stdout.take().expect("it is piped"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while let Ok(1..) = output.read_until(0, &mut message) {
                message.pop();
                let value = serde_json::from_slice(&message).expect("the browser sends JSON");
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        Browser {
            process,
            input,
            messages,
            events: VecDeque::new(),
            last: 0,
            profile,
            _turn: turn,
        }
    }

    /// Asks for something and waits for the answer. Events that come meanwhile are kept.
    pub(crate) fn ask(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut text = message.to_string().into_bytes();
        text.push(0);
        self.input.write_all(&text).expect("the browser reads");
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let mut message = self.messages.recv_timeout(left).unwrap_or_else(|why| {
                panic!(
                    "the browser does not answer `{method}`: {why}; does `{}` start?",
                    program()
                )
            });
            if message["id"] != self.last {
                self.events.push_back(message);
                continue;
            }
            assert!(message["error"].is_null(), "{method}: {}", message["error"]);
            return message["result"].take();
        }
    }

    /// Takes what has come by now.
    pub(crate) fn events(&mut self) -> impl Iterator<Item = Value> {
        self.events.extend(self.messages.try_iter());
        self.events.drain(..)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // By its own id; what it has started ends with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
        // These need a moment, and write into the profile meanwhile.
        for _ in 0..50 {
            if std::fs::remove_dir_all(&self.profile).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn program() -> String {
    if let Ok(program) = std::env::var("CHROMIUM") {
        return program;
    }
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let found = known.into_iter().find(is_there);
    found
        .expect(
            "there is no browser to look at the dashboard with; install one (`apt-get install chromium`, or run \
             `tests/run`), or say where it is by CHROMIUM=/path/to/chromium",
        )
        .to_owned()
}
