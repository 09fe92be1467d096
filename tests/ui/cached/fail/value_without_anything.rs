use cache_runtime::cached;

struct User {
    team: u64,
}

#[cached]
async fn plain(team: u64) -> User {
    User { team }
}

#[cached]
async fn inside_a_result(team: u64) -> Result<User, String> {
    Ok(User { team })
}

#[cached]
async fn in_a_vector(team: u64) -> Option<Vec<User>> {
    Some(vec![User { team }])
}

#[cached(
    ttl = |user| std::time::Duration::from_secs(user.team),
    tags_with = |user: &User| ["team:{user.team}"],
    unless = |user| user.team == 0,
    companion
)]
async fn looked_at(team: u64) -> User {
    User { team }
}

fn main() {}
