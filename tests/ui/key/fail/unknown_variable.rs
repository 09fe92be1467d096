use cache_runtime::key;

fn main() {
    let id = 7;
    let _ = key!("user:{di}");
    let _ = key!("user:{user.id}");
}
