//! An hour of visitors: ten a second, always the same ones.

use crate::database::{CATEGORIES, Db, PRODUCTS};
use crate::rates::{CURRENCIES, Rates};
use crate::shop::{Parts, Shop};
use crate::tally::Tally;
use cache_runtime::{Answer, Cache, detect};
use std::error::Error;

const VISITS: u32 = 36_000;
const PAUSE: u64 = 100;

/// Lets an hour of visitors into a shop, and counts.
pub(crate) async fn visit<S: Shop>() -> Result<Tally, Box<dyn Error>> {
    let (db, rates) = (Db::open()?, Rates::new());
    let cache = Cache::builder().clock(rates.clock()).build().await?;
    let shop = S::new(Parts {
        db: db.clone(),
        rates: rates.clone(),
        cache,
    });
    let mut tally = Tally {
        name: S::NAME,
        ..Tally::default()
    };
    let mut random = Random(7);
    for _ in 0..VISITS {
        rates.pass(PAUSE);
        match random.below(100) {
            // Most want what is popular; a few what has never been there.
            0..58 => {
                let id = random.popular(PRODUCTS + PRODUCTS / 20);
                let found = shop.product(id).await;
                tally.old += u64::from(found != db.truth(id));
            }
            58..84 => {
                let category = random.popular(CATEGORIES);
                let found = shop.category(category).await;
                let is_old = |product| db.truth(product_id(&product)) != Some(product);
                tally.old += u64::from(found.into_iter().any(is_old));
            }
            84..96 => {
                let currency = CURRENCIES[random.below(4) as usize];
                let (rate, detected) = detect(shop.rate(currency)).await;
                tally.errors += u64::from(rate.is_err());
                let mut calls = detected.calls().iter();
                let waited = calls.all(|call| !call.answer.is_entry());
                let spared = calls.any(|call| call.answer == Answer::Stale);
                tally.waited += u64::from(waited && !spared);
            }
            _ => {
                let id = random.popular(PRODUCTS);
                shop.reprice(id, 100 + random.below(10_000)).await;
            }
        }
        // What is refreshed in the background has its turn.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
    tally.queries = db.queries();
    tally.asked = rates.asked();
    Ok(tally)
}

fn product_id(product: &crate::database::Product) -> u32 {
    product.id
}

/// Xorshift (Marsaglia, "Xorshift RNGs", 2003), from a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 11) % u64::from(limit)).unwrap_or_default()
    }

    /// The lower the number, the more want it: the square of an even chance.
    fn popular(&mut self, limit: u32) -> u32 {
        let chance = f64::from(self.below(1 << 20)) / f64::from(1 << 20);
        (chance * chance * f64::from(limit)) as u32
    }
}
