//! What was collected, of each cache by itself.

use crate::cache::Cache;
use crate::invalidate::{By, Target};
use std::collections::HashSet;

/// More of one cache than these are given up for one: the root, with which everything ends.
const MOST: usize = 10_000;

/// A list without duplicates, in the order in which they came.
#[derive(Default)]
pub(crate) struct List(Vec<Part>);

/// What is to be invalidated in one cache.
struct Part {
    cache: Cache,
    targets: Vec<(Target, By)>,
    seen: HashSet<Target>,
}

impl List {
    pub(crate) fn add(&mut self, cache: &Cache, target: Target, by: By) {
        let target = target.plain();
        if let Target::Key(key) = &target
            && !key.is_sound()
        {
            // Nothing can be stored under it.
            return;
        }
        let part = self.part(cache);
        if part.targets.len() == MOST && !part.seen.contains(&target) {
            part.targets.clear();
            part.seen.clear();
            part.add(Target::pattern("*"), by);
        }
        part.add(target, by);
    }

    fn part(&mut self, cache: &Cache) -> &mut Part {
        let at = self.0.iter().position(|part| part.cache.is(cache));
        let at = at.unwrap_or_else(|| {
            self.0.push(Part::new(cache));
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// Takes one cache's part out, as long as there are any.
    pub(crate) fn take_part(&mut self) -> Option<(Cache, Vec<(Target, By)>)> {
        self.0.pop().map(|part| (part.cache, part.targets))
    }

    /// What is to be invalidated in this cache.
    pub(crate) fn of(&self, cache: &Cache) -> &[(Target, By)] {
        let part = self.0.iter().find(|part| part.cache.is(cache));
        part.map_or(&[], |part| &part.targets)
    }

    /// How many there are, in all caches.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|part| part.targets.len()).sum()
    }
}

impl Part {
    fn new(cache: &Cache) -> Self {
        Part {
            cache: cache.clone(),
            targets: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn add(&mut self, target: Target, by: By) {
        if self.seen.insert(target.clone()) {
            self.targets.push((target, by));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;

    fn key(n: usize) -> Target {
        Target::Key(Key::from(n.to_string()))
    }

    #[test]
    fn too_many_become_one_that_ends_everything_and_it_stays() {
        let (cache, other) = (Cache::in_memory(), Cache::in_memory());
        let mut list = List::default();
        list.add(&other, key(0), By::Hand);
        for n in 0..MOST {
            list.add(&cache, key(n), By::Hand);
        }
        list.add(&cache, key(1), By::Hand);
        assert_eq!(list.of(&cache).len(), MOST);
        list.add(&cache, key(MOST), By::Hand);
        let targets: Vec<&Target> = list.of(&cache).iter().map(|(target, _)| target).collect();
        assert_eq!(targets, [&Target::pattern("*"), &key(MOST)]);
        assert_eq!(list.of(&other).len(), 1);
    }
}
