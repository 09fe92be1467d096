//! What is under way on a connection, in one direction: first in, first out, in a fixed place.

use std::hash::{Hash, Hasher};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Queue<T, const N: usize> {
    items: [T; N],
    length: usize,
}

impl<T: Copy + Default, const N: usize> Queue<T, N> {
    pub(crate) fn push(&mut self, item: T) {
        assert!(self.length < N, "room for {N} messages");
        self.items[self.length] = item;
        self.length += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let first = self.first()?;
        self.items.copy_within(1..self.length, 0);
        self.length -= 1;
        self.items[self.length] = T::default();
        Some(first)
    }

    pub(crate) fn first(&self) -> Option<T> {
        self.items[..self.length].first().copied()
    }

    pub(crate) fn retain(&mut self, mut keeps: impl FnMut(&T) -> bool) {
        let before = std::mem::take(self);
        for item in before.items[..before.length]
            .iter()
            .filter(|item| keeps(item))
        {
            self.push(*item);
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items[..self.length].iter_mut()
    }
}

impl<T: Copy + Default, const N: usize> Default for Queue<T, N> {
    fn default() -> Self {
        Queue {
            items: [T::default(); N],
            length: 0,
        }
    }
}

impl<T: Hash, const N: usize> Hash for Queue<T, N> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.items[..self.length].hash(hasher);
    }
}
