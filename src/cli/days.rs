//! Days that people give: in UTC, whole, or counted in days and weeks.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::failure::Failure;

/// When a day begins.
pub fn first(day: Date) -> Result<Timestamp, Failure> {
    let start = day.to_zoned(TimeZone::UTC).map(|start| start.timestamp());
    start.map_err(|error| Failure::usage(format!("{day}: {error}")))
}

/// The last time of a day, to the millisecond.
pub fn last(day: Date) -> Result<Timestamp, Failure> {
    let next = day.tomorrow().map_err(|error| Failure::usage(format!("{day}: {error}")))?;
    let end = first(next)?.checked_sub(1.millisecond());
    end.map_err(|error| Failure::usage(format!("{day}: {error}")))
}

/// The days that `14d` or `2w` are; a number above `most`, or none, is nothing.
pub fn counted(text: &str, most: i64) -> Option<i64> {
    let number = |n: &str| n.parse::<i64>().ok().filter(|n| (1..=most).contains(n));
    text.strip_suffix('d').and_then(number).or_else(|| Some(number(text.strip_suffix('w')?)? * 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole() {
        let day: Date = "2026-11-22".parse().unwrap();
        assert_eq!(first(day).unwrap().to_string(), "2026-11-22T00:00:00Z");
        assert_eq!(last(day).unwrap().to_string(), "2026-11-22T23:59:59.999Z");
        assert!(last(Date::MAX).is_err());
    }

    #[test]
    fn days_and_weeks_are_counted_up_to_a_limit() {
        assert_eq!(["14d", "2w", "999w"].map(|text| counted(text, 999)), [Some(14), Some(14), Some(6993)]);
        for bad in ["", "0d", "-1w", "1000d", "d", "w", "14", "1.5w"] {
            assert_eq!(counted(bad, 999), None, "{bad:?}");
        }
    }
}
