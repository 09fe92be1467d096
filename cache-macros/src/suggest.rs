//! "Did you mean": the nearest of the names that would have been right.

/// The name among `known` that is near `unknown`, if there is one.
pub(crate) fn did_you_mean<'k>(
    unknown: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let near = |name: &&str| distance(unknown, name) <= (unknown.len().max(name.len()) / 3).max(1);
    let known = known.into_iter().filter(near);
    // Of two that are as near, the one of the same letters: `di` is `id` rather than `db`.
    known.min_by_key(|name| (distance(unknown, name), letters(unknown) != letters(name)))
}

/// `` `a`, `b` and `c` ``
pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn letters(name: &str) -> Vec<char> {
    let mut letters: Vec<_> = name.chars().collect();
    letters.sort_unstable();
    letters
}

/// Levenshtein's distance, with a swap of neighbours counted once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (row[j - 1] + 1)
                .min(rows[i - 1][j] + 1)
                .min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(did_you_mean("tll", ["key", "ttl"]), Some("ttl"));
        assert_eq!(did_you_mean("di", ["db", "id"]), Some("id"));
        assert_eq!(did_you_mean("user_di", ["user_id", "db"]), Some("user_id"));
        assert_eq!(did_you_mean("expires", ["key", "ttl"]), None);
    }

    #[test]
    fn names_are_listed_in_english() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
