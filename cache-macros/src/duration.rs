//! Durations as people write them: `"30s"`, `"5m"`, `"1h 30m"`.

/// The milliseconds that `text` stands for, or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    const HELP: &str = "write a number and a unit, such as `30s`, `5m`, `1h 30m`, `7d`; the units are `ms`, `s`, `m`, `h`, `d` and `w`";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("an empty duration; {HELP}"));
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_alphabetic()).len();
        let (unit, next) = after.split_at(letters);
        let millis = match unit {
            "ms" => 1,
            "s" | "sec" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ if number.is_empty() => return Err(format!("`{text}` is not a duration; {HELP}")),
            "" => return Err(format!("`{text}` has no unit; {HELP}")),
            _ => return Err(format!("unknown unit `{unit}` in `{text}`; {HELP}")),
        };
        total = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(millis))
            .and_then(|part| part.checked_add(total))
            .ok_or_else(|| {
                format!("`{text}` is not a duration this side of eternity; for ever is `forever`")
            })?;
        rest = next.trim_start();
    }
    if total == 0 {
        return Err(format!(
            "`{text}` is no time at all, nothing would ever be stored; give a longer one"
        ));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_with_units_are_added_up() {
        for (text, millis) in [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1h 30 min", 5_400_000),
            ("250ms", 250),
            ("1w 1d", 691_200_000),
        ] {
            assert_eq!(parse(text), Ok(millis), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("5", "has no unit"),
            ("5 fortnights", "unknown unit `fortnights`"),
            ("soon", "not a duration"),
            ("m", "not a duration"),
            ("-5m", "not a duration"),
            ("0s", "no time at all"),
            ("99999999999999999999s", "eternity"),
            ("99999999999999999w", "eternity"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
