//! The requests: whom people are and what they ask for, from one seed.

use crate::seed::{CONVERSATIONS, PROMPTS, USERS};

/// What somebody asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) session: String,
    pub(crate) body: String,
}

/// Splitmix64 (Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u32) -> u32 {
        (self.number() % u64::from(end)) as u32
    }

    fn part(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Users by how often they are there: the `n`th as often as `1/n` says (Zipf).
struct Popularity(Vec<f64>);

impl Popularity {
    fn of(users: u32) -> Self {
        let mut sum = 0.0;
        let sums = (1..=users).map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        });
        Popularity(sums.collect())
    }

    fn pick(&self, chance: &mut Chance) -> usize {
        let whole = self.0.last().copied().unwrap_or_default();
        let at = chance.part() * whole;
        self.0
            .partition_point(|sum| *sum <= at)
            .min(self.0.len() - 1)
    }
}

/// So many people are there at a time.
const AT_A_TIME: usize = 200;
/// Somebody asks for so many things while he is there, and for as many more at most.
const LEAST: u32 = 10;
const MORE: u32 = 30;

/// Somebody who is there.
struct Visit {
    user: usize,
    left: u32,
}

/// So many requests of people who come, look around for a while and go. Of a hundred requests, three write.
pub(crate) fn requests(seed: u64, number: usize) -> Vec<Request> {
    let mut chance = Chance(seed);
    let users = Popularity::of(USERS);
    let comes = |chance: &mut Chance| Visit {
        user: users.pick(chance),
        left: LEAST + chance.below(MORE),
    };
    let mut visits: Vec<Visit> = (0..AT_A_TIME).map(|_| comes(&mut chance)).collect();
    let mut next = || {
        let nth = chance.below(AT_A_TIME as u32) as usize;
        let visit = &mut visits[nth];
        let user = visit.user;
        visit.left -= 1;
        if visit.left == 0 {
            *visit = comes(&mut chance);
        }
        request(&mut chance, user)
    };
    (0..number).map(|_| next()).collect()
}

fn request(chance: &mut Chance, user: usize) -> Request {
    let get = |path: String| ("GET", path, String::new());
    // Mostly the one that goes on.
    let of_user = |chance: &mut Chance| {
        let number = chance.below(2 * CONVERSATIONS);
        let number = if number < CONVERSATIONS { number } else { 0 };
        format!("/conversations/c{user}-{number}")
    };
    let (method, path, body) = match chance.below(1_000) {
        0..300 => {
            let page = if chance.below(4) == 0 { 1 } else { 0 };
            get(format!("{}/messages/{page}", of_user(chance)))
        }
        300..520 => get("/conversations".to_owned()),
        520..680 => get(of_user(chance)),
        680..830 => get("/me".to_owned()),
        830..880 => get("/me/progress".to_owned()),
        880..930 => get(format!(
            "/prompts/{}",
            PROMPTS[chance.below(PROMPTS.len() as u32) as usize]
        )),
        // Some record what others have: an exercise that was given to them.
        930..970 => (
            "POST",
            "/transcriptions".to_owned(),
            format!("recording {}", chance.below(300)).repeat(40),
        ),
        970..994 => (
            "POST",
            format!("{}/messages", of_user(chance)),
            "I am here again.".to_owned(),
        ),
        994..999 => (
            "PUT",
            "/me".to_owned(),
            format!("Somebody {}", chance.below(100)),
        ),
        _ => {
            let name = PROMPTS[chance.below(PROMPTS.len() as u32) as usize];
            (
                "PUT",
                format!("/prompts/{name}"),
                format!("Talk with the user about {name}, and listen."),
            )
        }
    };
    Request {
        method,
        path,
        session: format!("s{user}"),
        body,
    }
}
