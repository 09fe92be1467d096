//! Reading an entry alone: what its generations are is known here.

use super::guards::declares;
use super::keeper::Keeper;
use super::look::{Age, Due, EXPIRED, Look, Looked, SOON, Seen, list, named};
use crate::format::{self, Opened};
use crate::key::scopes;
use crate::read_through::shape::Shape;
use crate::redis::Failure;
use crate::trace;
use crate::value::CacheValue;
use tokio::time::Instant;

impl<'c> Look<'c> {
    /// Reads the entry, and answers with it if what is known here confirms that it is valid. `None`: the server has to say;
    /// what is known may be older than the entry, and condemns nothing.
    pub(super) async fn look_alone<R, S>(self, shape: S) -> Result<Option<Looked<R>>, Failure>
    where
        S: Shape<R>,
        S::Value: CacheValue,
    {
        let Some(keeper) = self.keeper_of_all().filter(Keeper::knows_all) else {
            return Ok(None);
        };
        let began = Instant::now();
        let read = self.redis.read_alone(self.key, self.begins);
        let reading = self.answered_since(began, trace::asking(self.site, read).await)?;
        let Some(opened) = self.open(&reading) else {
            return Ok(Some(Looked::Missed(Seen::of(reading, "absent"))));
        };
        if !self.is_confirmed(&keeper, &opened, reading.link.replication_id())
            || !keeper.still_stands()
        {
            return Ok(None);
        }
        keeper.relies();
        let age = self.age(&reading, &opened).ok_or(EXPIRED);
        let content = age.and_then(|age| Ok((self.content(shape, &opened)?, age)));
        let (returned, age) = match content {
            Ok(content) => {
                self.reads(&reading, &opened);
                content
            }
            Err(why) => {
                let listed = list(&opened);
                return Ok(Some(Looked::Missed(Seen::of(reading, why).listing(listed))));
            }
        };
        Ok(Some(match age {
            Age::Fresh => {
                keeper.keep(self, shape, &reading, &opened, &returned);
                Looked::Hit(returned)
            }
            Age::Early(left) => {
                keeper.keep(self, shape, &reading, &opened, &returned);
                let listed = list(&opened);
                let seen = Seen::of(reading, SOON).listing(listed);
                Looked::Due(returned, seen, Due::Early(left))
            }
            Age::Past(since) => {
                let listed = list(&opened);
                let seen = Seen::of(reading, EXPIRED).listing(listed);
                Looked::Due(returned, seen, Due::Since(since, None))
            }
        }))
    }

    /// Of everything that the entry is expected to depend on.
    fn keeper_of_all(self) -> Option<Keeper<'c>> {
        let remembered = self.redis.remembered(self.key);
        let more = remembered.iter().flat_map(|more| named(more));
        Keeper::new(self, declares(self.key, self.plan).chain(more))
    }

    /// Whether the entry carries the seal of the generations that are known here.
    fn is_confirmed(self, keeper: &Keeper<'_>, opened: &Opened<'_>, replication_id: &str) -> bool {
        let mut knows_all = true;
        // The scopes of the key were named first.
        let implied = (0..scopes(self.key).count()).map(|place| keeper.number_at(place));
        let listed = opened
            .guards()
            .map(|(guard, name)| keeper.number(guard, &name));
        let generations = implied.chain(listed).map(|number| {
            knows_all &= number.is_some();
            number.unwrap_or_default()
        });
        let seal = format::seal(replication_id, generations);
        knows_all && seal == opened.seal()
    }
}
