//! Commands about a connection and about the server itself.

use super::resp::Reply;
use super::scripts::{Calls, native};
use super::{Bytes, Server, digest};

/// As a server of this version answers, and one that is set up well.
const VERSION: &str = "7.0.15";

impl Server {
    pub(super) fn hello(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        if arguments != [b"3"] {
            return None;
        }
        let id = self.clients.current?;
        self.clients.get(id)?.resp3 = true;
        Some(Reply::Map(vec![
            ("server", Reply::Bulk(b"redis".to_vec())),
            ("version", Reply::Bulk(VERSION.into())),
            ("proto", Reply::Int(3)),
            ("id", Reply::Int(i64::try_from(id).ok()?)),
            ("mode", Reply::Bulk(b"standalone".to_vec())),
            ("role", Reply::Bulk(b"master".to_vec())),
            ("modules", Reply::Array(Vec::new())),
        ]))
    }

    pub(super) fn client(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let words: Vec<_> = arguments
            .iter()
            .map(|word| word.to_ascii_uppercase())
            .collect();
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let id = self.clients.current?;
        match *words.as_slice() {
            [b"TRACKING", switch @ (b"ON" | b"OFF")] => {
                self.clients.get(id)?.tracks = switch == b"ON";
                Some(Reply::ok())
            }
            [b"SETINFO", _, _] | [b"SETNAME", _] => Some(Reply::ok()),
            _ => None,
        }
    }

    pub(super) fn time(&self) -> Reply {
        let now = self.now();
        let part = |number: u64| Reply::Bulk(number.to_string().into_bytes());
        Reply::Array(vec![part(now / 1_000), part(now % 1_000 * 1_000)])
    }

    /// All sections at once, of each what matters here.
    pub(super) fn info(&self) -> String {
        format!(
            "# Server\r\nredis_version:{VERSION}\r\n\
             # Memory\r\nused_memory:{used}\r\nmaxmemory:{max}\r\nmaxmemory_policy:allkeys-lru\r\n\
             # Stats\r\nevicted_keys:{evicted}\r\n\
             # Replication\r\nrole:master\r\nmaster_replid:{id}\r\n",
            used = 1_000_000 + 100 * self.data.len(),
            max = 1_u64 << 30,
            evicted = self.evicted,
            id = self.replication_id(),
        )
    }

    pub(super) fn script(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [command, rest @ ..] = arguments else {
            return None;
        };
        match (command.to_ascii_uppercase().as_slice(), rest) {
            (b"LOAD", [text]) => {
                let digest = digest(text);
                if native(&digest).is_none() {
                    let why = format!(
                        "the stand-in for a server has no native form of the script `{digest}`; one was changed, and \
                         `testing/server/scripts.rs` was not"
                    );
                    self.complain(why.clone());
                    return Some(Reply::error(why));
                }
                self.loaded.insert(digest.clone());
                Some(Reply::Bulk(digest.into_bytes()))
            }
            (b"FLUSH", []) => {
                self.forget_scripts();
                Some(Reply::ok())
            }
            _ => None,
        }
    }

    pub(super) fn evaluate(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [digest, count, rest @ ..] = arguments else {
            return None;
        };
        let digest = std::str::from_utf8(digest).ok()?;
        let count: usize = std::str::from_utf8(count).ok()?.parse().ok()?;
        let (names, arguments) = rest.split_at_checked(count)?;
        let native = match native(digest) {
            Some(native) if self.loaded.contains(digest) => native,
            _ => {
                let why = "NOSCRIPT No matching script. Please use EVAL.";
                return Some(Reply::Error(why.to_owned()));
            }
        };
        let mut calls = Calls::new(self, names, arguments);
        Some(native(&mut calls).unwrap_or_else(|error| error))
    }
}
