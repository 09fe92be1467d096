//! The scripts of `redis/script.rs`, in Rust: line by line what their text says. Each is known by the digest of that text,
//! so a script that is changed there and not here is refused, by a test below and to whoever uses it.

use super::resp::Reply;
use super::strings::number;
use super::{Bytes, Server};

type Native = fn(&mut Calls<'_>) -> Result<Reply, Reply>;

/// By the digests of the texts that they stand for, in the order of `Script::ALL`.
const NATIVES: [(&str, Native); 9] = [
    ("fdf0d60c6f9513b2da9e417cdf765759eae9229b", acquire),
    ("2264d2793cea62db7f2a1690d23a8fbfcdfe8f03", capture),
    ("774229fd52528876db4097d4c3bb2de484b3fa8d", fill),
    ("d5c864be8c7d83b0da63a16477a264b1f0b4fa27", copy),
    ("a7d31fa09af18e2500f41703396dbe80eada01b2", renew),
    ("a8faff9e3a061cf4d0ffbc3ef10664b151956216", release),
    ("c5225aa9016e2cc55ece3ebcc1b1da1c1fa125b4", commit),
    ("9a7fe1c89c506b53508965b6ac0dd579a05df53e", prolong),
    ("8fe383aea715e1534491a90c0f15d2d2f1cb0e37", delete),
];

pub(super) fn native(digest: &str) -> Option<Native> {
    let found = NATIVES.iter().find(|(of, _)| *of == digest);
    found.map(|(_, native)| *native)
}

/// `redis.call`, and what the script was given.
pub(super) struct Calls<'s> {
    server: &'s mut Server,
    names: &'s [Bytes],
    arguments: &'s [Bytes],
}

impl<'s> Calls<'s> {
    pub(super) fn new(server: &'s mut Server, names: &'s [Bytes], arguments: &'s [Bytes]) -> Self {
        Calls {
            server,
            names,
            arguments,
        }
    }

    /// `KEYS[n]`: from one on.
    fn key(&self, n: usize) -> &'s [u8] {
        self.names.get(n - 1).map(Vec::as_slice).unwrap_or_default()
    }

    /// `ARGV[n]`: from one on.
    fn arg(&self, n: usize) -> &'s [u8] {
        self.arguments
            .get(n - 1)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// `tonumber(ARGV[n])`.
    fn number(&self, n: usize) -> Result<i64, Reply> {
        number(self.arg(n)).ok_or_else(|| Reply::error("an argument of a script is no number"))
    }

    /// A script that reads one of its names reads all of them, up to Redis 7.0.
    fn reads(&mut self, name: &[u8]) {
        if self.server.scripts_read_all {
            self.server.has_read(self.names);
        } else {
            self.server.has_read(&[name.to_vec()]);
        }
    }

    fn get(&mut self, name: &[u8]) -> Option<Bytes> {
        self.reads(name);
        self.server.data.get(name).cloned()
    }

    fn get_range(&mut self, name: &[u8], first: i64, last: i64) -> Bytes {
        self.reads(name);
        self.server.range(name, first, last).unwrap_or_default()
    }

    fn time_left(&mut self, name: &[u8]) -> i64 {
        self.reads(name);
        self.server.left(name)
    }

    fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), Reply> {
        self.server.store(name, value, None)
    }

    fn set_for(&mut self, name: &[u8], value: &[u8], milliseconds: i64) -> Result<(), Reply> {
        self.server.store(name, value, Some(milliseconds))
    }

    fn delete(&mut self, name: &[u8]) -> bool {
        self.server.remove(name)
    }
}

fn acquire(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    let holder = call.get(call.key(2));
    if let Some(holder) = &holder {
        if holder == call.arg(1) {
            return Ok(Reply::Int(0));
        }
        let of_server = first(holder) == first(call.arg(1));
        let does_not_matter = call.arg(5) == b"1" && holder.contains(&b'~');
        let is_kept = of_server && holder.last() != Some(&b'!') && !does_not_matter;
        if is_kept && holder != call.arg(4) {
            return Ok(Reply::Bulk(holder.clone()));
        }
    }
    if call.get_range(call.key(1), 3, 14) != call.arg(3) {
        return Ok(Reply::Int(1));
    }
    call.set_for(call.key(2), call.arg(1), call.number(2)?)?;
    Ok(Reply::Int(0))
}

/// The part of a token that tells its server.
fn first(token: &[u8]) -> &[u8] {
    &token[..token.len().min(8)]
}

fn capture(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    let (least, ttl) = (call.number(1)?, call.number(2)?);
    let mut generations = Vec::new();
    for i in 1..=call.names.len() {
        let guard = call.key(i);
        let generation = match call.get(guard) {
            None => {
                let fresh = call.arg(i + 2);
                if ttl > 0 {
                    call.set_for(guard, fresh, ttl)?;
                } else {
                    call.set(guard, fresh)?;
                }
                fresh.to_vec()
            }
            Some(generation) => {
                let left = call.time_left(guard);
                if left >= 0 && ttl == 0 {
                    call.server.persist(guard);
                } else if left >= 0 && left < least {
                    call.server.give_time(guard, ttl);
                }
                generation
            }
        };
        generations.push(Reply::Bulk(generation));
    }
    Ok(Reply::Array(generations))
}

/// Whether a lease holds this token, marked as one that was held for too long or not.
fn holds(holder: Option<&Bytes>, token: &[u8]) -> bool {
    holder.is_some_and(|holder| holder == token || holder.strip_suffix(b"!") == Some(token))
}

fn fill(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    let holder = call.get(call.key(2));
    if !holds(holder.as_ref(), call.arg(1)) {
        return Ok(Reply::Int(0));
    }
    call.delete(call.key(2));
    for i in 3..=call.names.len() {
        if call.get(call.key(i)).as_deref() != Some(call.arg(i + 1)) {
            return Ok(Reply::Int(0));
        }
    }
    store(call, 1, 2, 3)?;
    Ok(Reply::Int(1))
}

/// Stores `ARGV[value]` under `KEYS[key]` for `ARGV[ttl]` milliseconds, or for ever.
fn store(call: &mut Calls<'_>, key: usize, value: usize, ttl: usize) -> Result<(), Reply> {
    match call.arg(ttl) {
        b"0" => call.set(call.key(key), call.arg(value)),
        _ => call.set_for(call.key(key), call.arg(value), call.number(ttl)?),
    }
}

fn copy(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    if call.get(call.key(2)).as_deref() != Some(call.arg(3)) {
        return Ok(Reply::Int(0));
    }
    store(call, 1, 1, 2)?;
    Ok(Reply::Int(1))
}

fn renew(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    let Some(mut holder) = call.get(call.key(1)) else {
        return Ok(Reply::Int(0));
    };
    if !holds(Some(&holder), call.arg(1)) {
        return Ok(Reply::Int(0));
    }
    if call.arg(3) == b"1" {
        holder = [call.arg(1), b"!"].concat();
    }
    call.set_for(call.key(1), &holder, call.number(2)?)?;
    Ok(Reply::Int(1))
}

fn release(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    let holder = call.get(call.key(1));
    if !holds(holder.as_ref(), call.arg(1)) {
        return Ok(Reply::Int(0));
    }
    if call.arg(2) == b"0" {
        let was_there = call.delete(call.key(1));
        return Ok(Reply::Int(i64::from(was_there)));
    }
    let rest = call.number(2)?;
    let till = i64::try_from(call.server.now())
        .unwrap_or(i64::MAX)
        .saturating_add(rest);
    let holder = [call.arg(1), b"~", till.to_string().as_bytes()].concat();
    call.set_for(call.key(1), &holder, rest)?;
    Ok(Reply::Int(1))
}

fn prolong(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    let left = call.time_left(call.key(1));
    if left < 0 || left >= call.number(1)? {
        return Ok(Reply::Int(0));
    }
    let time = call.number(2)?;
    let was_there = call.server.give_time(call.key(1), time);
    Ok(Reply::Int(i64::from(was_there)))
}

fn commit(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    for i in 5..=call.arguments.len() {
        if call.get(call.key(i - 2)).as_deref() != Some(call.arg(i)) {
            (1..=3).for_each(|n| _ = call.delete(call.key(n)));
            return Ok(Reply::Int(0));
        }
    }
    store(call, 1, 1, 2)?;
    call.delete(call.key(2));
    if call.arg(3).is_empty() {
        call.delete(call.key(3));
    } else {
        store(call, 3, 3, 4)?;
    }
    Ok(Reply::Int(1))
}

fn delete(call: &mut Calls<'_>) -> Result<Reply, Reply> {
    call.delete(call.key(2));
    call.delete(call.key(3));
    let was_there = call.delete(call.key(1));
    Ok(Reply::Int(i64::from(was_there)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::Script;
    use crate::testing::server::digest;

    #[test]
    fn every_script_has_the_native_form_of_its_text() {
        let texts = Script::ALL.map(|script| digest(script.source().as_bytes()));
        let natives = NATIVES.map(|(digest, _)| digest.to_owned());
        assert_eq!(
            texts, natives,
            "a script was changed: change its native form, compare them with tests/testing_kit, and put its digest here"
        );
    }
}
