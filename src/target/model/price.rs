//! What answers took together: tokens, dollars, and which model they came from.
//!
//! What is unknown of one answer is unknown of their sum. Pure.

use super::wire::Tokens;
use crate::domain::{Price, Usage};

/// Tokens and dollars of the answers so far.
#[derive(Debug, Default)]
pub(super) struct Meter {
    price: Option<Price>,
    /// Of all answers together; nothing before the first.
    sum: Option<(Tokens, Option<f64>)>,
    pub model: Option<String>,
}

impl Meter {
    pub fn new(price: Option<Price>) -> Self {
        Self { price, ..Self::default() }
    }

    pub fn add(&mut self, tokens: Tokens) {
        let cost = self.price.and_then(|price| cost(&tokens, &price));
        let Some((sum, spent)) = &self.sum else {
            self.sum = Some((tokens, cost));
            return;
        };
        let plus = |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a + b);
        let tokens = Tokens {
            input: plus(sum.input, tokens.input),
            output: plus(sum.output, tokens.output),
            cached: plus(sum.cached, tokens.cached),
            cache_write: plus(sum.cache_write, tokens.cache_write),
            reasoning: plus(sum.reasoning, tokens.reasoning),
        };
        self.sum = Some((tokens, spent.zip(cost).map(|(a, b)| a + b)));
    }

    /// Read and written so far; absent where an answer did not say.
    pub fn tokens(&self) -> Option<u64> {
        let (tokens, _) = self.sum?;
        tokens.input.zip(tokens.output).map(|(input, output)| input + output)
    }

    /// Dollars so far; absent where a price or a count is unknown.
    pub fn usd(&self) -> Option<f64> {
        self.sum.and_then(|(_, usd)| usd)
    }

    pub fn usage(&self) -> Usage {
        let (tokens, cost_usd) = self.sum.unwrap_or_default();
        Usage {
            wall_ms: 0.0,
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cached_tokens: tokens.cached,
            reasoning_tokens: tokens.reasoning,
            cost_usd,
            model: self.model.clone(),
        }
    }
}

/// Dollars of one answer. A cache that is not mentioned was not used.
pub(super) fn cost(tokens: &Tokens, price: &Price) -> Option<f64> {
    let (input, output) = tokens.input.zip(tokens.output)?;
    let cached = tokens.cached.unwrap_or(0);
    let written = tokens.cache_write.unwrap_or(0);
    let plain = input.saturating_sub(cached).saturating_sub(written);
    let millionths = plain as f64 * price.input
        + cached as f64 * price.cached_input.unwrap_or(price.input)
        + written as f64 * price.cache_write.unwrap_or(price.input)
        + output as f64 * price.output;
    Some(millionths / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price { input: 3.0, output: 15.0, cached_input: Some(0.3), cache_write: Some(3.75) };

    fn tokens(input: u64, output: u64) -> Tokens {
        Tokens { input: Some(input), output: Some(output), ..Tokens::default() }
    }

    #[test]
    fn cached_and_written_input_have_prices_of_their_own() {
        assert_eq!(cost(&tokens(1_000_000, 0), &PRICE), Some(3.0));
        let cached = Tokens { cached: Some(600_000), cache_write: Some(400_000), ..tokens(1_000_000, 100_000) };
        assert!((cost(&cached, &PRICE).unwrap() - (0.18 + 1.5 + 1.5)).abs() < 1e-12);
        let plain = Price { cached_input: None, cache_write: None, ..PRICE };
        assert!((cost(&cached, &plain).unwrap() - 4.5).abs() < 1e-12);
    }

    #[test]
    fn without_a_price_or_a_count_the_cost_is_unknown_and_never_0() {
        let mut meter = Meter::new(None);
        meter.add(tokens(10, 10));
        assert_eq!((meter.usd(), meter.tokens()), (None, Some(20)));
        assert_eq!(cost(&Tokens { output: None, ..tokens(1, 1) }, &PRICE), None);
    }

    #[test]
    fn one_answer_that_does_not_say_leaves_the_sum_unknown() {
        let mut meter = Meter::new(Some(PRICE));
        meter.add(tokens(10, 1));
        meter.add(tokens(20, 2));
        assert_eq!(meter.tokens(), Some(33));
        meter.add(Tokens { input: Some(5), ..Tokens::default() });
        assert_eq!((meter.tokens(), meter.usd()), (None, None));
        let usage = meter.usage();
        assert_eq!((usage.input_tokens, usage.output_tokens, usage.cached_tokens), (Some(35), None, None));
    }

    #[test]
    fn before_the_first_answer_nothing_is_known() {
        assert_eq!(Meter::new(Some(PRICE)).usage(), Usage::default());
    }
}
