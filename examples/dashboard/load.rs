//! Visitors: some hundreds of calls a second, more at some times than at others, of which most are for the same few things.

use crate::shop::{
    basket, import_catalogue, product, put_into_basket, rate, reprice, search, shelf,
};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

const STEP: Duration = Duration::from_millis(25);
const TERMS: [&str; 6] = ["tea", "lamp", "chair", "carpet", "teapots", "bookcase"];
const CURRENCIES: [&str; 4] = ["EUR", "GBP", "CHF", "JPY"];

/// Comes and goes until it is dropped.
pub(crate) async fn visitors() {
    let (mut chance, began) = (Chance(0x5eed), Instant::now());
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for step in 0_u64.. {
        steps.tick().await;
        let wave = (began.elapsed().as_secs_f64() / 8.0).sin();
        for _ in 0..(6.0 + 4.0 * wave) as u32 {
            tokio::spawn(visit(chance.next(), chance.next(), step));
        }
        if step % 2_400 == 2_399 {
            import_catalogue().await;
        }
    }
}

/// Looks at something, and changes something every now and then.
async fn visit(what: u64, which: u64, step: u64) {
    match what % 100 {
        0..40 => _ = product(popular(which, 410)).await,
        40..55 => _ = shelf(popular(which, 40)).await,
        55..75 => _ = search(TERMS[popular(which, 6) as usize], popular(which / 7, 4)).await,
        75..85 => _ = rate(CURRENCIES[popular(which, 4) as usize], step % 600 > 540).await,
        85..97 => _ = basket(popular(which, 3_000)).await,
        97 => put_into_basket(popular(which, 3_000)).await,
        _ => reprice(popular(which, 400)).await,
    }
}

/// A number below `end`, mostly a small one.
fn popular(chance: u64, end: u32) -> u32 {
    let share = (chance >> 11) as f64 / (1_u64 << 53) as f64;
    (share.powi(3) * f64::from(end)) as u32
}

/// Splitmix64 (Steele, Lea and Flood, OOPSLA 2014): the same visitors in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
