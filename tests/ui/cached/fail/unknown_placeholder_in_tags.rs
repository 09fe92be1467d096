use cache_runtime::cached;

#[cached(key = "user:{id}", tags = ["users", "user:{di}"])]
async fn declared(id: u64) -> u64 {
    id
}

#[cached(key = "user:{id}", tags_with = |value| ["user:{vlaue}"])]
async fn of_the_value(id: u64) -> u64 {
    id
}

fn main() {}
