use cache_runtime::key;

struct UserId(u64);

fn main() {
    let id = UserId(7);
    let _ = key!("user:{id}");
}
