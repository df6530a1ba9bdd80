//! Distribution functions, from `statrs`, with the ranges checked first: NaN out of range, never a panic. Quantiles of
//! Student and Beta are found from the distribution function, as the inverses of `statrs` hold to 1e-8 only.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc;

use super::search::least;

/// P(Z ≤ z) of the standard normal distribution.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / std::f64::consts::SQRT_2)
}

/// The z with P(Z ≤ z) = p; infinite at p = 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    Normal::standard().inverse_cdf(p)
}

/// P(χ² ≥ x) with one degree of freedom; 1 for x ≤ 0.
pub fn chi_squared_1_tail(x: f64) -> f64 {
    erfc((x.max(0.0) / 2.0).sqrt())
}

/// P(T ≤ t) of Student's distribution with `df` > 0 degrees of freedom.
pub fn t_cdf(t: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(student) if !t.is_nan() => student.cdf(t),
        _ => f64::NAN,
    }
}

/// The t with P(T ≤ t) = p; infinite at p = 0 and 1.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let Ok(student) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    match p {
        0.0 => f64::NEG_INFINITY,
        0.5 => 0.0,
        p if p > 0.0 && p < 0.5 => least(f64::MIN, 0.0, |t| student.cdf(t) >= p),
        // the lower tail keeps digits that the upper one loses next to 1
        p if p > 0.5 && p <= 1.0 => -t_quantile(1.0 - p, df),
        _ => f64::NAN,
    }
}

/// P(X ≤ x) of Beta(a, b), a and b > 0.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite()) || x.is_nan() {
        return f64::NAN;
    }
    beta_reg(a, b, x.clamp(0.0, 1.0))
}

/// The x with P(X ≤ x) = p of Beta(a, b), a and b > 0.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && (0.0..=1.0).contains(&p)) {
        return f64::NAN;
    }
    least(0.0, 1.0, |x| beta_reg(a, b, x) >= p)
}

/// P(X ≤ k) of Binomial(n, p), by the incomplete beta function.
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n { 1.0 } else { beta_cdf(1.0 - p, (n - k) as f64, k as f64 + 1.0) }
}
