//! Evidence that may be looked at as it comes in. None of these gates; they may stop a run that is a catastrophe. The
//! order of the observations is that of looking.

use statrs::function::beta::ln_beta;

/// What a sequential test says so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Continue,
    AcceptNull,
    RejectNull,
}

/// Wald's test as far as it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Sprt {
    /// ln((1 − β)/α) and ln(β/(1 − α)).
    pub upper: f64,
    pub lower: f64,
    /// Log likelihood ratio after each observation, up to the decision.
    pub path: Vec<f64>,
    pub decision: Decision,
}

/// Sequential probability ratio test (Wald 1945) of changed cases: `true` is worse; rate `p0` against `p1`. No
/// observations: continue. `None` unless all four numbers are between 0 and 1 and p0 ≠ p1.
pub fn sprt(worse: &[bool], (p0, p1): (f64, f64), (alpha, beta): (f64, f64)) -> Option<Sprt> {
    if [p0, p1, alpha, beta].iter().any(|p| !super::is_confidence(*p)) || p0 == p1 {
        return None;
    }
    let (upper, lower) = (((1.0 - beta) / alpha).ln(), (beta / (1.0 - alpha)).ln());
    let (mut sum, mut path, mut decision) = (0.0, Vec::new(), Decision::Continue);
    for worse in worse {
        sum += if *worse { (p1 / p0).ln() } else { ((1.0 - p1) / (1.0 - p0)).ln() };
        path.push(sum);
        decision = match sum {
            sum if sum >= upper => Decision::RejectNull,
            sum if sum <= lower => Decision::AcceptNull,
            _ => Decision::Continue,
        };
        if decision != Decision::Continue {
            break;
        }
    }
    Some(Sprt { upper, lower, path, decision })
}

/// How a bet against the null is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bet {
    /// m: the null says that the mean change is at least this; above −2 and below 2.
    pub null_mean: f64,
    /// The share of what could be lost that is put in at most, below 1.
    pub cap: f64,
    /// Added to the sum of squares at the start, so that early bets are small; above 0.
    pub prior: f64,
}

/// Wealth of the bettor; 1/wealth is a p-value at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct EProcess {
    pub lambdas: Vec<f64>,
    pub wealth: Vec<f64>,
    /// 1 / greatest wealth, at most 1.
    pub p_anytime: f64,
}

/// Betting e-process of changes in −2..=2 (Waudby-Smith and Ramdas 2024): u = m − d, wealth grows by 1 + λu, with
/// λ = clip(μ̂/(v̂ + μ̂²), 0, cap/(2 − m)) from earlier changes only. No changes: p = 1. Changes out of range are clamped.
pub fn betting(changes: &[f64], bet: Bet) -> EProcess {
    let Bet { null_mean, cap, prior } = bet;
    let most = cap / (2.0 - null_mean);
    let (mut sum, mut squares, mut now, mut best) = (0.0, 0.0, 1.0, 1.0f64);
    let mut process = EProcess { lambdas: Vec::new(), wealth: Vec::new(), p_anytime: 1.0 };
    for (t, change) in changes.iter().enumerate() {
        let seen = t as f64 + 1.0;
        let (mean, variance) = (sum / seen, (prior + squares) / seen);
        let lambda = (mean / (variance + mean * mean)).max(0.0).min(most);
        let gain = null_mean - change.clamp(-2.0, 2.0);
        now *= 1.0 + lambda * gain;
        best = best.max(now);
        sum += gain;
        squares += gain * gain;
        process.lambdas.push(lambda);
        process.wealth.push(now);
    }
    process.p_anytime = 1.0 / best;
    process
}

/// An e-value: evidence against the null as a factor; 1/e is a p-value at any time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EValue {
    pub value: f64,
    /// 1/e, at most 1.
    pub p_anytime: f64,
}

/// Of changed cases, `worse` against `better`, likelihood ratio of a Beta(a, b) mixture to a fair coin, two-sided
/// (Robbins 1970): 2ⁿ·B(a + worse, b + better)/B(a, b). Nothing changed: 1. `None` unless a and b are above 0.
pub fn beta_mixture(worse: u64, better: u64, (a, b): (f64, f64)) -> Option<EValue> {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()) {
        return None;
    }
    let (worse, better) = (worse as f64, better as f64);
    let log = (worse + better) * std::f64::consts::LN_2 + ln_beta(a + worse, b + better) - ln_beta(a, b);
    Some(EValue { value: log.exp(), p_anytime: (-log).exp().min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_decides_nothing() {
        assert_eq!(sprt(&[], (0.5, 0.8), (0.05, 0.2)).unwrap().decision, Decision::Continue);
        assert_eq!(betting(&[], Bet { null_mean: 0.0, cap: 0.75, prior: 0.25 }).p_anytime, 1.0);
        assert!((beta_mixture(0, 0, (0.5, 0.5)).unwrap().value - 1.0).abs() < 1e-12);
        assert_eq!(sprt(&[true], (0.5, 0.5), (0.05, 0.2)), None);
    }

    #[test]
    fn wealth_never_goes_below_nothing() {
        let changes: Vec<f64> = (0..200).map(|i| if i < 100 { -2.0 } else { 2.0 }).collect();
        let process = betting(&changes, Bet { null_mean: 0.0, cap: 0.75, prior: 0.25 });
        assert!(process.wealth.iter().all(|wealth| *wealth > 0.0));
    }
}
