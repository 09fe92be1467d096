//! One state for all that differ only in the names of generations: numbers are counted anew in the order in which they
//! stand in the state.

use super::message::{Reply, Request};
use super::state::{Entry, Number, State};

/// Old number to new.
#[derive(Default)]
struct Names {
    new: [Number; 32],
    next: Number,
}

impl Names {
    fn rename(&mut self, number: &mut Number) {
        if *number == 0 {
            return;
        }
        let slot = &mut self.new[usize::from(*number)];
        if *slot == 0 {
            self.next += 1;
            *slot = self.next;
        }
        *number = *slot;
    }

    fn all(&mut self, numbers: &mut [Number]) {
        numbers.iter_mut().for_each(|number| self.rename(number));
    }

    fn request(&mut self, request: &mut Request) {
        if let Request::Fill { entry, .. } = request {
            self.entry(entry);
        }
    }

    fn entry(&mut self, entry: &mut Entry) {
        self.all(&mut entry.stamps);
    }

    fn reply(&mut self, reply: &mut Reply) {
        match reply {
            Reply::Read { entry, numbers, .. } | Reply::Nested { entry, numbers, .. } => {
                self.entry(entry);
                self.all(numbers);
            }
            Reply::Begun { numbers, .. } => self.all(numbers),
            _ => {}
        }
    }
}

impl State {
    pub(crate) fn canonical(mut self) -> Self {
        let mut names = Names::default();
        names.all(&mut self.server.generation);
        let mut entries = self.server.entry.iter_mut();
        entries.by_ref().for_each(|entry| names.entry(entry));
        names.all(&mut self.mirror.known);
        for caller in &mut self.callers {
            names.entry(&mut caller.entry);
        }
        for connection in &mut self.connections {
            let requests = connection.up.iter_mut();
            requests.for_each(|request| names.request(request));
            let replies = connection.down.iter_mut();
            replies.for_each(|reply| names.reply(reply));
        }
        self.numbers = names.next;
        self
    }
}
