//! The area test: are the candidate's repeats and the baseline's exchangeable within each case? Exact: the cases'
//! mass functions are summed on integers, and no random number is drawn.

mod pool;

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::mass::{Mass, gcd};
use super::mean::sum;
use super::{Pair, Tally};
use pool::candidate_sums;

/// What an exact join of groups of unequal repeats may take: slots of memory, and products in all.
const MAX_SLOTS: usize = 1 << 21;
const MAX_PRODUCTS: usize = 1 << 27;

/// The outcome of the test. A small `p_worse` speaks for a decline.
#[derive(Debug, Clone, PartialEq)]
pub struct PermutationTest {
    /// Cases with repeats on both sides; the others are left out.
    pub cases: usize,
    /// Mean over cases of (candidate mean − baseline mean), in −2..=2.
    pub mean_change: f64,
    /// P(T ≤ observed).
    pub p_worse: f64,
    /// P(T ≥ observed).
    pub p_better: f64,
    /// P(|T| ≥ |observed|).
    pub p_two_sided: f64,
    /// The integers it was done on; `None` if the repeat counts have no common multiple below 2^32.
    pub lattice: Option<Lattice>,
    /// False if the repeat counts were too many and too different for one lattice: then each p is an upper bound,
    /// mostly within a tenth of the exact value.
    pub exact: bool,
}

/// T in whole numbers: T = `observed` / `unit`, summed over cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lattice {
    /// The least common multiple of all repeat counts.
    pub unit: u64,
    pub observed: i64,
}

/// Exact within-case permutation test of paired trit scores (Pitman 1937; `gate-statistics.md`, area test).
///
/// Within a case with pool (n₋, n₀, n₊) and k_B candidate repeats, P(S = s) = Σ C(n₋,x)·C(n₀,y)·C(n₊,z) / C(N, k_B)
/// over x+y+z = k_B, z−x = s; T = Σ (mean_B − mean_A) over cases. With one repeat a side it is the sign-flip test, and
/// with two outcomes besides, the exact one-sided McNemar test. Probabilities are correct to 1e-12 relative above
/// 1e-20, and never reported below 1e-30. `None` if no case has repeats on both sides; all p are 1 if nothing varies
/// within any case. Made for 10,000 cases, and for 10,000 repeats of some of them.
pub fn within_case(pairs: &[Pair]) -> Option<PermutationTest> {
    let kept: Vec<Pair> = pairs.iter().filter(|pair| pair.change().is_some()).copied().collect();
    if kept.is_empty() {
        return None;
    }
    let lattice = lattice(&kept);
    let groups = groups(&kept);
    let exact = lattice.and_then(|lattice| exact(&groups, lattice));
    let change = change(&kept, lattice);
    let is_exact = exact.is_some();
    let tails = exact.unwrap_or_else(|| bounded(&groups, change));
    Some(PermutationTest {
        cases: kept.len(),
        mean_change: change / kept.len() as f64,
        p_worse: tails.low,
        p_better: tails.high,
        p_two_sided: tails.both,
        lattice,
        exact: is_exact,
    })
}

/// [`PermutationTest::mean_change`] without the test: to the same bit, so that whoever compares both with a limit finds
/// the same.
pub fn mean_change(pairs: &[Pair]) -> Option<f64> {
    let kept: Vec<Pair> = pairs.iter().filter(|pair| pair.change().is_some()).copied().collect();
    (!kept.is_empty()).then(|| change(&kept, lattice(&kept)) / kept.len() as f64)
}

/// T of pairs with repeats on both sides: summed in whole numbers where there is a lattice.
fn change(pairs: &[Pair], lattice: Option<Lattice>) -> f64 {
    match lattice {
        Some(Lattice { unit, observed }) => observed as f64 / unit as f64,
        None => sum(pairs.iter().filter_map(Pair::change).collect()),
    }
}

/// The outcome of a sign-flip test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignFlip {
    /// Differences that are not 0.
    pub nonzero: usize,
    pub p_worse: f64,
    pub p_two_sided: f64,
}

/// Exact sign-flip test of whole-numbered differences (Fisher 1935): P(Σ ±|dᵢ| ≤ Σ dᵢ) over all signs. All p are 1 if
/// there is no difference, or none that is not 0.
pub fn sign_flip(differences: &[i32]) -> SignFlip {
    let mut sizes: BTreeMap<i64, u64> = BTreeMap::new();
    for difference in differences.iter().filter(|difference| **difference != 0) {
        *sizes.entry(i64::from(*difference).abs()).or_default() += 1;
    }
    let observed: i64 = differences.iter().map(|difference| i64::from(*difference)).sum();
    let flips = sizes.iter().map(|(size, count)| Mass::new(-size, 2 * size, vec![1.0, 1.0]).times(*count));
    let mass = flips.fold(Mass::point(0), |sum, flip| sum.plus(&flip)).shifted(-observed);
    let tails = Tails::of(&[Mass::point(0), Mass::point(0), mass], observed, 0);
    SignFlip { nonzero: sizes.values().sum::<u64>() as usize, p_worse: tails.low, p_two_sided: tails.both }
}

/// The common multiple of all repeat counts, and the observed sum in its units.
fn lattice(pairs: &[Pair]) -> Option<Lattice> {
    let counts = pairs.iter().flat_map(|pair| [pair.baseline.count(), pair.candidate.count()]);
    let unit = counts.into_iter().try_fold(1u64, |unit, count| {
        let unit = unit / gcd(unit, count) * count;
        (unit <= u64::from(u32::MAX)).then_some(unit)
    })?;
    let scaled = |tally: &Tally| tally.sum() * (unit / tally.count()) as i64;
    let observed = pairs.iter().map(|pair| scaled(&pair.candidate) - scaled(&pair.baseline)).sum();
    Some(Lattice { unit, observed })
}

/// Cases whose sums of candidate scores count alike: one more point moves T by `numerator / denominator`, which is
/// 1/k_A + 1/k_B. The mass is of the sum of candidate scores less the observed one.
struct Group {
    numerator: u64,
    denominator: u64,
    mass: Mass,
}

/// Groups in the order of their width. Constant pools cannot move T and are left out.
fn groups(pairs: &[Pair]) -> Vec<Group> {
    type Pools = BTreeMap<(Tally, u64), (u64, i64)>;
    let mut by_step: BTreeMap<(u64, u64), Pools> = BTreeMap::new();
    for pair in pairs {
        let (a, b) = (pair.baseline.count(), pair.candidate.count());
        if !pair.varies() {
            continue;
        }
        let pool = pair.baseline + pair.candidate;
        let shared = gcd(a + b, a * b);
        let pools = by_step.entry(((a + b) / shared, a * b / shared)).or_default();
        let (times, observed) = pools.entry((pool, b)).or_default();
        *times += 1;
        *observed += pair.candidate.sum();
    }
    let mut groups: Vec<Group> = by_step
        .into_iter()
        .map(|((numerator, denominator), pools)| {
            let observed: i64 = pools.values().map(|(_, observed)| observed).sum();
            let sums = pools.iter().map(|((pool, drawn), (times, _))| candidate_sums(pool, *drawn).times(*times));
            let mut sums: Vec<Mass> = sums.collect();
            sums.sort_by_key(|mass| mass.weights.len());
            let mass = sums.iter().fold(Mass::point(0), |all, one| all.plus(one)).shifted(-observed);
            Group { numerator, denominator, mass }
        })
        .collect();
    groups.sort_by_key(|group| group.mass.weights.len());
    groups
}

/// The tails on the lattice; `None` if joining the groups would take too much.
fn exact(groups: &[Group], lattice: Lattice) -> Option<Tails> {
    // the denominator divides every common multiple of the repeat counts
    let factor = |group: &Group| group.numerator * (lattice.unit / group.denominator);
    let masses = groups.iter().map(|group| group.mass.stretched(factor(group) as i64)).collect();
    let mut products = 0;
    let joined = three(masses, |sum, mass| {
        let cost = sum.cost(mass);
        products += cost.products;
        (cost.size <= MAX_SLOTS && products <= MAX_PRODUCTS).then(|| sum.plus(mass)).ok_or(())
    });
    joined.ok().map(|joined| Tails::of(&joined, lattice.observed, 0))
}

/// Upper bounds of the tails, on a grid of cells: a group is moved by half a cell at most, and the observed sum is
/// moved out by all of these together.
fn bounded(groups: &[Group], change: f64) -> Tails {
    let step = |group: &Group| group.numerator as f64 / group.denominator as f64;
    let width = |group: &Group| group.mass.weights.len() as f64 * step(group);
    let spread = sum(groups.iter().map(|group| width(group) * width(group)).collect()).sqrt();
    let points: usize = groups.iter().map(|group| group.mass.weights.len()).sum();
    let cells = (MAX_PRODUCTS / points.max(1)).clamp(1 << 14, 1 << 20);
    let cell = (spread / cells as f64).max(f64::MIN_POSITIVE);
    let on_grid = |group: &Group| {
        let at = |value: i64| (value as f64 * step(group) / cell).round() as i64;
        let points: Vec<(i64, f64)> = group.mass.points().map(|(value, weight)| (at(value), weight)).collect();
        let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return Mass::point(0) };
        let mut weights = vec![0.0; (last - first) as usize + 1];
        points.iter().for_each(|(at, weight)| weights[(at - first) as usize] += weight);
        Mass { origin: *first, step: 1, weights, total: group.mass.total }
    };
    let masses: Vec<Mass> = groups.iter().map(on_grid).collect();
    let slack = masses.len() as i64 / 2 + 1;
    let Ok(joined) = three(masses, |sum, mass| Ok::<_, Infallible>(sum.plus(mass)));
    Tails::of(&joined, (change / cell).round() as i64, slack)
}

/// Joins the masses, given in the order of their width, to three of the same sum: the two widest stay as they are,
/// since a tail of the sum of three takes fewer steps than their mass.
fn three<E>(mut masses: Vec<Mass>, mut join: impl FnMut(&Mass, &Mass) -> Result<Mass, E>) -> Result<[Mass; 3], E> {
    let wide = masses.pop().unwrap_or(Mass::point(0));
    let middle = masses.pop().unwrap_or(Mass::point(0));
    let rest = masses.iter().try_fold(Mass::point(0), |sum, mass| join(&sum, mass))?;
    let mut joined = [rest, middle, wide];
    joined.sort_by_key(|mass| mass.weights.len());
    Ok(joined)
}

/// Tails of T, each at most 1.
struct Tails {
    low: f64,
    high: f64,
    both: f64,
}

impl Tails {
    /// No probability is reported below this: what was dropped on the way is lighter by far.
    const LEAST: f64 = 1e-30;

    /// The masses sum to T − observed; `slack` is how far either may be off.
    fn of(masses: &[Mass; 3], observed: i64, slack: i64) -> Tails {
        let [a, b, c] = masses;
        let mut rising: Vec<f64> = Vec::with_capacity(c.weights.len() + 1);
        let mut falling = vec![0.0; c.weights.len() + 1];
        let mut sum = 0.0;
        rising.push(0.0);
        rising.extend(c.weights.iter().map(|weight| {
            sum += weight;
            sum
        }));
        for i in (0..c.weights.len()).rev() {
            falling[i] = falling[i + 1] + c.weights[i];
        }
        // of the third, how many values are at most, or below, what is left of the limit
        let upto = |left: i64| ((left - c.origin).div_euclid(c.step) + 1).clamp(0, c.weights.len() as i64) as usize;
        let tail = |weight_of: &dyn Fn(i64) -> f64| {
            let mut tail = 0.0;
            for (x, weight) in a.points() {
                let inner: f64 = b.points().map(|(y, other)| other * weight_of(-x - y)).sum();
                tail += weight * inner;
            }
            (tail / (a.total * b.total * c.total)).clamp(Tails::LEAST, 1.0)
        };
        let at_most = |limit: i64| tail(&|rest| rising[upto(rest + limit)]);
        let at_least = |limit: i64| tail(&|rest| falling[upto(rest + limit - 1)]);
        let (low, high) = (at_most(slack), at_least(-slack));
        let both = match observed {
            observed if observed.abs() <= slack => 1.0,
            observed if observed < 0 => low + at_least(-2 * observed - 3 * slack),
            observed => high + at_most(-2 * observed + 3 * slack),
        };
        Tails { low, high, both: both.min(1.0) }
    }
}
