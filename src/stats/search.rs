//! The least float with a property, by halving the whole numbers that order the floats: at most 64 steps, exact.

/// The least value in `low..=high` that is `enough`, for a property that, once true, stays true; `high` if none is.
pub(super) fn least(low: f64, high: f64, enough: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (order(low), order(high));
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(at(middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    at(low)
}

/// The place of a float in the order of all floats.
fn order(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn at(order: u64) -> f64 {
    f64::from_bits(if order >> 63 == 1 { order & !(1 << 63) } else { !order })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_float_is_found_to_the_last_bit() {
        for sought in [-1e300, -2.5, -1e-300, 0.0, 1e-310, 0.1, 7e12] {
            assert_eq!(least(f64::MIN, f64::MAX, |value| value >= sought), sought);
        }
        assert_eq!(least(-1.0, 1.0, |_| false), 1.0);
    }
}
