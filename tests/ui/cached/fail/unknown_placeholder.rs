use cache_runtime::cached;

#[cached(key = "user:{di}")]
async fn near_an_argument(id: u64) -> u64 {
    id
}

#[cached(key = "user:{name}:{id}")]
async fn far_from_any(id: u64, team: u64) -> u64 {
    id + team
}

#[cached(key = "user:{id}:{name}:{team}")]
async fn two_of_them(id: u64) -> u64 {
    id
}

#[cached(key = "config:{name}")]
async fn without_arguments() -> u64 {
    1
}

#[cached(key = "user:{{{di}}}")]
async fn among_braces(id: u64) -> u64 {
    id
}

#[cached(key = r"user:{di}")]
async fn in_a_raw_string(id: u64) -> u64 {
    id
}

struct Users;

impl Users {
    #[cached(key = "user:{di}")]
    async fn of_a_method(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
