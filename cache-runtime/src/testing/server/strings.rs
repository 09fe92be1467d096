//! Commands about what the server holds.

use super::resp::Reply;
use super::{Bytes, Server};
use crate::pattern::matches;

impl Server {
    pub(super) fn get(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [name] = arguments else { return None };
        self.has_read(arguments);
        Some(Reply::bulk(self.data.get(name)))
    }

    pub(super) fn get_many(&mut self, names: &[Bytes]) -> Option<Reply> {
        if names.is_empty() {
            return None;
        }
        self.has_read(names);
        let values = names.iter().map(|name| Reply::bulk(self.data.get(name)));
        Some(Reply::Array(values.collect()))
    }

    pub(super) fn get_range(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [name, first, last] = arguments else {
            return None;
        };
        let (first, last) = (number(first)?, number(last)?);
        self.has_read(std::slice::from_ref(name));
        Some(Reply::Bulk(self.range(name, first, last)?))
    }

    /// The bytes from `first` to `last`, as far as there are any. `None`: counted from the end, which nobody does here.
    pub(super) fn range(&self, name: &[u8], first: i64, last: i64) -> Option<Bytes> {
        let (first, last) = (usize::try_from(first).ok()?, usize::try_from(last).ok()?);
        let value = self.data.get(name).map(Vec::as_slice).unwrap_or_default();
        let end = value.len().min(last.saturating_add(1));
        Some(value.get(first..end).unwrap_or_default().to_vec())
    }

    pub(super) fn set(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [name, value, options @ ..] = arguments else {
            return None;
        };
        let (mut milliseconds, mut only_new) = (None, false);
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match option.to_ascii_uppercase().as_slice() {
                b"PX" => milliseconds = Some(number(options.next()?)?),
                b"NX" => only_new = true,
                _ => return None,
            }
        }
        if only_new && self.data.contains(name) {
            return Some(Reply::Nil);
        }
        let stored = self.store(name, value, milliseconds);
        Some(stored.map_or_else(|error| error, |()| Reply::ok()))
    }

    /// Stores it for so long, or for ever.
    pub(super) fn store(
        &mut self,
        name: &[u8],
        value: &[u8],
        milliseconds: Option<i64>,
    ) -> Result<(), Reply> {
        let until = match milliseconds.map(u64::try_from) {
            None => None,
            Some(Ok(time @ 1..)) => Some(self.now().saturating_add(time)),
            Some(_) => return Err(Reply::error("invalid expire time in 'set' command")),
        };
        self.data.set(name, value, until);
        self.changed(name);
        Ok(())
    }

    pub(super) fn delete(&mut self, names: &[Bytes]) -> Option<Reply> {
        (!names.is_empty())
            .then(|| Reply::count(names.iter().filter(|name| self.remove(name)).count()))
    }

    pub(super) fn remove(&mut self, name: &[u8]) -> bool {
        let was_there = self.data.remove(name);
        if was_there {
            self.changed(name);
        }
        was_there
    }

    /// `EXISTS`, and `TOUCH`, which reads as well and changes nothing that can be seen here.
    pub(super) fn exist(&mut self, names: &[Bytes]) -> Option<Reply> {
        if names.is_empty() {
            return None;
        }
        self.has_read(names);
        Some(Reply::count(
            names.iter().filter(|name| self.data.contains(name)).count(),
        ))
    }

    pub(super) fn time_left(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [name] = arguments else { return None };
        self.has_read(arguments);
        Some(Reply::Int(self.left(name)))
    }

    /// In milliseconds; -1 for ever, -2 if it is not there.
    pub(super) fn left(&self, name: &[u8]) -> i64 {
        match self.data.until(name) {
            None => -2,
            Some(None) => -1,
            Some(Some(until)) => {
                i64::try_from(until.saturating_sub(self.now())).unwrap_or(i64::MAX)
            }
        }
    }

    pub(super) fn lasts(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [name, milliseconds] = arguments else {
            return None;
        };
        let was_there = self.give_time(name, number(milliseconds)?);
        Some(Reply::Int(i64::from(was_there)))
    }

    /// Gives what is there another time to live; none is its end. Whether it was there.
    pub(super) fn give_time(&mut self, name: &[u8], milliseconds: i64) -> bool {
        if !self.data.contains(name) {
            return false;
        }
        match u64::try_from(milliseconds) {
            Ok(time @ 1..) => {
                self.data.lasts(name, Some(self.now().saturating_add(time)));
                self.changed(name);
            }
            _ => _ = self.remove(name),
        }
        true
    }

    /// Lets what is there stay for ever.
    pub(super) fn persist(&mut self, name: &[u8]) {
        if let Some(Some(_)) = self.data.until(name) {
            self.data.lasts(name, None);
            self.changed(name);
        }
    }

    /// Goes on where it was: what is there all the time is found, whatever happens in between.
    pub(super) fn scan(&mut self, arguments: &[Bytes]) -> Option<Reply> {
        let [cursor, options @ ..] = arguments else {
            return None;
        };
        let (mut pattern, mut count) = ("*".to_owned(), 10);
        for option in options.chunks(2) {
            let [word, value] = option else { return None };
            match word.to_ascii_uppercase().as_slice() {
                b"MATCH" => pattern = String::from_utf8_lossy(value).into_owned(),
                b"COUNT" => count = usize::try_from(number(value)?).ok()?.max(1),
                _ => return None,
            }
        }
        let first = match number(cursor)? {
            0 => None,
            cursor => Some(self.scans.get(&u64::try_from(cursor).ok()?)?.clone()),
        };
        let mut ahead = self.data.names_from(first.as_ref());
        let step: Vec<Bytes> = ahead.by_ref().take(count).cloned().collect();
        let next = ahead.next().cloned();
        let cursor = next.map_or(0, |name| {
            let cursor = self.scans.len() as u64 + 1;
            self.scans.insert(cursor, name);
            cursor
        });
        let is_meant = |name: &Bytes| matches(&pattern, &String::from_utf8_lossy(name));
        let found = step.into_iter().filter(is_meant).map(Reply::Bulk).collect();
        let cursor = Reply::Bulk(cursor.to_string().into_bytes());
        Some(Reply::Array(vec![cursor, Reply::Array(found)]))
    }
}

/// A number as arguments have it.
pub(super) fn number(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
