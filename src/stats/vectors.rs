//! The golden vectors: every one is matched by the function it names, or stands here with the reason why not.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::agreement::{Confusion, Weights};
use super::krippendorff::{Distance, alpha};
use super::mean::Estimate;
use super::rank::Zeros;
use super::*;
use crate::domain::Trit;

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/stat_vectors.json"));

/// Functions of the vectors that are not here, and why.
const LEFT_OUT: &[(&str, &str)] = &[("dsse_sign_ed25519", "a signature, not a statistic")];

/// Vectors whose reference is itself off by more than their tolerance, and the true value (from the closed forms of the
/// t distribution, to 50 digits): scipy 1.12 inverts it to some 1e-9 only.
const CORRECTED: &[(&str, f64)] = &[
    ("t_ppf_2_0.99", 6.964_556_734_283_274),
    ("t_ppf_4_0.95", 2.131_846_786_326_650),
    ("t_ppf_49_0.975", 2.009_575_237_129_240),
];

type Adapter = fn(&Value) -> Value;

/// By name: from the input of a vector to what it expects.
const FUNCTIONS: &[(&str, Adapter)] = &[
    ("agreement", |i| agreement(i)),
    ("agreement_constant_judge", |i| agreement(i)),
    ("beta_binomial_mixture_e_value", |i| {
        let e = sequential::beta_mixture(int(i, "worse"), int(i, "better"), (num(i, "a"), num(i, "b"))).unwrap();
        json!({"e_value": e.value, "p_anytime": e.p_anytime})
    }),
    ("beta_binomial_posterior", |i| {
        let prior = (num(i, "a"), num(i, "b"));
        let posterior = proportion::posterior(int(i, "fails"), int(i, "runs"), prior, 0.95).unwrap();
        json!({"mean": posterior.mean, "upper95": posterior.upper})
    }),
    ("beta_ppf", |i| json!(distribution::beta_quantile(num(i, "p"), num(i, "a"), num(i, "b")))),
    ("betting_e_process", |i| {
        let bet = sequential::Bet {
            null_mean: num(i, "null_mean_at_least"),
            cap: num(i, "cap"),
            prior: num(i, "prior_sum_sq"),
        };
        let process = sequential::betting(&nums(&i["d"]), bet);
        json!({"lambdas": process.lambdas, "wealth": process.wealth, "p_anytime": process.p_anytime})
    }),
    ("bh_adjust", |i| json!(multiplicity::benjamini_hochberg(&nums(&i["p"])))),
    ("binom_cdf", |i| json!(distribution::binomial_cdf(int(i, "k"), int(i, "n"), num(i, "p")))),
    ("case_break_candidate_repeats", |i| {
        let (pairs, baseline) = (int(i, "case_area_pairs"), int(i, "baseline_repeats"));
        let found = case_break::repeats_needed(pairs, baseline, num(i, "alpha_case")).unwrap();
        json!({
            "candidate_repeats": found.candidate,
            "per_case_p": found.per_case_p,
            "family_bound": found.family_bound,
        })
    }),
    ("cases_needed", |i| json!(design(i).cases_needed(num(i, "drop"), num(i, "power")))),
    ("clopper_pearson_interval", |i| ends(proportion::clopper_pearson(int(i, "x"), int(i, "n"), num(i, "conf")))),
    ("clustered_mean_se", |i| {
        let names: BTreeSet<&str> = i["cluster"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        let place = |c: &Value| names.iter().position(|name| *name == c.as_str().unwrap()).unwrap();
        let clusters = i["cluster"].as_array().unwrap().iter().map(place);
        let pairs: Vec<(f64, usize)> = nums(&i["d"]).into_iter().zip(clusters).collect();
        let found = mean::clustered(&pairs).unwrap();
        let mut out = t_test(&found.estimate);
        out["clusters"] = json!(found.clusters);
        out["se_clustered"] = json!(found.estimate.se);
        out["se_naive"] = json!(found.se_naive);
        out["design_effect"] = json!(found.design_effect);
        out
    }),
    ("cusum_tabular", |i| {
        let reference = int(i, "reference_first_n") as usize;
        let chart = chart::cusum(&nums(&i["x"]), reference, num(i, "k"), num(i, "h")).unwrap();
        json!({
            "mean": chart.mean,
            "sd": chart.sd,
            "lower": chart.lower,
            "upper": chart.upper,
            "first_alarm_index": chart.first_alarm,
        })
    }),
    ("exact_bootstrap_mean", |i| {
        let values = ints(&i["d_lattice"]);
        let lattice = int(i, "lattice") as u32;
        let found = bootstrap::exact_mean(&values, lattice).unwrap();
        let quantiles = ["0.025", "0.05", "0.95", "0.975"];
        let quantiles = quantiles.map(|q| (q.to_owned(), json!(found.quantile(q.parse().unwrap()))));
        let scores: Vec<f64> = values.iter().map(|value| f64::from(*value) / f64::from(lattice)).collect();
        json!({
            "quantiles": Map::from_iter(quantiles),
            "prob_mean_ge_0": found.at_least_zero(),
            "mean": mean::mean(&scores),
        })
    }),
    ("hodges_lehmann_shift", |i| json!(hodges_lehmann::shift(&nums(&i["x"]), &nums(&i["y"])))),
    ("holm_adjust", |i| json!(multiplicity::holm(&nums(&i["p"])))),
    ("jeffreys_interval", |i| ends(proportion::jeffreys(int(i, "x"), int(i, "n"), num(i, "conf")))),
    ("krippendorff_alpha", |i| {
        let raters: Vec<&Vec<Value>> =
            i["ratings_by_rater"].as_array().unwrap().iter().map(|r| r.as_array().unwrap()).collect();
        let rating = |rater: &&Vec<Value>, item: usize| rater[item].as_i64().map(trit);
        let item = |item| raters.iter().filter_map(|rater| rating(rater, item)).collect();
        let items: Vec<Tally> = (0..raters[0].len()).map(item).collect();
        json!({
            "nominal": alpha(&items, Distance::Nominal),
            "ordinal": alpha(&items, Distance::Ordinal),
            "interval": alpha(&items, Distance::Interval),
        })
    }),
    ("mann_whitney_u", |i| {
        let found = rank::mann_whitney(&nums(&i["x"]), &nums(&i["y"])).unwrap();
        let exact = found.exact.unwrap();
        let (p, exact) = match i["alternative"].as_str().unwrap() {
            "greater" => (found.p_greater, exact.0),
            _ => (found.p_two_sided, exact.1),
        };
        json!({"u": found.u, "p_asymptotic_cc": p, "p_exact": exact})
    }),
    ("mcnemar", |i| {
        let found = mcnemar::mcnemar(int(i, "worse"), int(i, "better"));
        json!({
            "p_worse_one_sided": found.p_worse,
            "p_two_sided_exact": found.p_two_sided,
            "p_two_sided_mid": found.p_mid,
            "chi2_no_cc": found.chi_squared,
            "p_chi2_no_cc": found.p_chi_squared,
        })
    }),
    ("minimum_detectable_drop", |i| json!(design(i).minimum_detectable_drop(num(i, "power")))),
    ("misclassification_correction", |i| {
        let three = |value: &Value| -> [f64; 3] { nums(value).try_into().unwrap() };
        let rows = &i["p_judge_given_human_rows"];
        let rows = [three(&rows[0]), three(&rows[1]), three(&rows[2])];
        let found = correction::misclassification(&rows, &three(&i["judge_distribution"])).unwrap();
        json!({
            "corrected_distribution_raw": found.raw,
            "corrected_distribution_clipped_renormalised": found.shares,
            "corrected_mean_score": found.mean,
        })
    }),
    ("norm_cdf", |i| json!(distribution::normal_cdf(num(i, "z")))),
    ("norm_ppf", |i| json!(distribution::normal_quantile(num(i, "p")))),
    ("optimal_repeats", |i| {
        let (within, between) = (num(i, "within_case_var"), num(i, "between_case_var_of_change"));
        json!(power::optimal_repeats(num(i, "case_overhead_over_run_cost"), within, between))
    }),
    ("p_chart", |i| {
        let counts = i["counts"].as_array().unwrap().iter();
        let periods: Vec<(u64, u64)> = counts.map(|c| (c[0].as_u64().unwrap(), c[1].as_u64().unwrap())).collect();
        let chart = chart::p_chart(&periods, int(i, "reference_first_n") as usize, num(i, "sigma")).unwrap();
        let limits: Vec<Value> = chart.limits.into_iter().map(ends).collect();
        json!({"p_bar": chart.centre, "limits": limits, "out": chart.out})
    }),
    ("paired_ratio_hodges_lehmann", |i| {
        let pairs: Vec<(f64, f64)> = nums(&i["candidate"]).into_iter().zip(nums(&i["baseline"])).collect();
        let found = hodges_lehmann::paired_ratio(&pairs, num(i, "conf_one_sided")).unwrap();
        let lower = found.lower.unwrap();
        json!({
            "ratio": found.ratio,
            "ratio_lower_one_sided_95": lower.ratio,
            "walsh_index_zero_based": lower.index,
            "achieved_conf": lower.conf,
        })
    }),
    ("paired_t", |i| {
        let found = mean::student(&nums(&i["d"])).unwrap();
        let mut out = t_test(&found);
        out["n"] = json!(found.n);
        out
    }),
    ("pass_hat_k", |i| {
        let (passed, n, k) = (int(i, "c"), int(i, "n"), int(i, "k"));
        json!({"pass_hat_k": pass::all_of(passed, n, k), "pass_at_k": pass::any_of(passed, n, k)})
    }),
    ("pettitt", |i| {
        let found = chart::pettitt(&nums(&i["x"])).unwrap();
        json!({"K": found.k, "last_index_before_change": found.last_before, "p_approx": found.p})
    }),
    ("ppi_mean", |i| ppi(i)),
    ("prediction_boundary_t", |i| {
        let (mean, sd, n, boundary) = (num(i, "mean"), num(i, "sd"), int(i, "n"), num(i, "boundary"));
        let lower = chart::prediction_lower(mean, sd, n, boundary).unwrap();
        json!({
            "lower": lower,
            "lower_bencher_doc": (lower * 100.0).round() / 100.0,
            "lower_without_1_over_n": mean - distribution::t_quantile(boundary, n as f64 - 1.0) * sd,
        })
    }),
    ("pseudo_case_bounds", |i| {
        let found = mean::with_pseudo_cases(&nums(&i["d"]), num(i, "range")).unwrap();
        let bounds = found.one_sided(num(i, "conf_one_sided"));
        json!({
            "n_with_pseudo": found.n,
            "mean": found.mean,
            "se": found.se,
            "lower": bounds.lower,
            "upper": bounds.upper,
        })
    }),
    ("quantile_type7", |i| {
        let values = nums(&i["x"]);
        json!(nums(&i["q"]).into_iter().map(|q| quantile::quantile(&values, q)).collect::<Vec<_>>())
    }),
    ("rogan_gladen", |i| {
        let (sensitivity, specificity) = (num(i, "sensitivity"), num(i, "specificity"));
        let found = correction::rogan_gladen(num(i, "apparent_rate"), sensitivity, specificity).unwrap();
        json!({"corrected": found.rate, "youden_j": found.youden, "sample_inflation": found.sample_inflation})
    }),
    ("sign_flip_test", |i| {
        let found = permutation::sign_flip(&ints(&i["d"]));
        json!({"p_worse": found.p_worse, "p_two_sided": found.p_two_sided, "n_nonzero": found.nonzero})
    }),
    ("sprt_bernoulli", |i| {
        let worse: Vec<bool> = nums(&i["outcomes_worse"]).iter().map(|outcome| *outcome == 1.0).collect();
        let rates = (num(i, "p0"), num(i, "p1"));
        let found = sequential::sprt(&worse, rates, (num(i, "alpha"), num(i, "beta"))).unwrap();
        let decision = match found.decision {
            sequential::Decision::Continue => "continue",
            sequential::Decision::AcceptNull => "accept_h0",
            sequential::Decision::RejectNull => "reject_h0",
        };
        json!({
            "upper": found.upper,
            "lower": found.lower,
            "n": found.path.len(),
            "path": found.path,
            "decision": decision,
        })
    }),
    ("t_cdf", |i| json!(distribution::t_cdf(num(i, "t"), num(i, "df")))),
    ("t_ppf", |i| json!(distribution::t_quantile(num(i, "p"), num(i, "df")))),
    ("variance_components", |i| {
        let found = power::components(&tallies(&i["runs"])).unwrap();
        json!({
            "grand_mean": found.grand_mean,
            "within_case_var": found.within_case_var,
            "var_of_case_means": found.var_of_case_means,
            "between_case_var": found.between_case_var,
        })
    }),
    ("wilcoxon_signed_rank_asymptotic", |i| {
        let zeros = match i["zero_method"].as_str().unwrap() {
            "wilcox" => Zeros::Drop,
            "pratt" => Zeros::RankOnly,
            _ => Zeros::Split,
        };
        let found = rank::signed_rank(&nums(&i["d"]), zeros).unwrap();
        signed_rank(i, found)
    }),
    ("wilcoxon_signed_rank_exact", |i| signed_rank(i, rank::signed_rank_exact(&nums(&i["d"])).unwrap())),
    ("wilson_interval", |i| ends(proportion::wilson(int(i, "x"), int(i, "n"), num(i, "conf")))),
    ("within_case_permutation_test", |i| {
        let baseline = tallies(&i["baseline"]).into_iter();
        let pairs = baseline.zip(tallies(&i["candidate"])).map(|(baseline, candidate)| Pair { baseline, candidate });
        let found = permutation::within_case(&pairs.collect::<Vec<_>>()).unwrap();
        assert!(found.exact);
        let lattice = found.lattice.unwrap();
        json!({
            "lattice": lattice.unit,
            "observed_lattice": lattice.observed,
            "mean_change": found.mean_change,
            "p_worse": found.p_worse,
            "p_better": found.p_better,
            "p_two_sided": found.p_two_sided,
        })
    }),
    ("zero_failures_required_n", |i| json!(proportion::zero_failures_needed(num(i, "max_rate"), num(i, "conf")))),
    ("zero_failures_upper_bound", |i| {
        let n = int(i, "n");
        let exact = proportion::zero_failures_upper(n, num(i, "conf"));
        json!({"exact": exact, "rule_of_three": proportion::rule_of_three(n)})
    }),
];

fn num(input: &Value, key: &str) -> f64 {
    input[key].as_f64().unwrap_or_else(|| panic!("{key} in {input}"))
}

fn int(input: &Value, key: &str) -> u64 {
    input[key].as_u64().unwrap_or_else(|| panic!("{key} in {input}"))
}

fn nums(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn ints(value: &Value) -> Vec<i32> {
    value.as_array().unwrap().iter().map(|number| number.as_i64().unwrap() as i32).collect()
}

fn trit(score: i64) -> Trit {
    Trit::try_from(score as i8).unwrap()
}

fn trits(value: &Value) -> Vec<Trit> {
    value.as_array().unwrap().iter().map(|score| trit(score.as_i64().unwrap())).collect()
}

fn tallies(value: &Value) -> Vec<Tally> {
    value.as_array().unwrap().iter().map(|repeats| trits(repeats).into_iter().collect()).collect()
}

fn ends(interval: Option<Interval>) -> Value {
    let Interval { lower, upper } = interval.unwrap();
    json!([lower, upper])
}

fn design(i: &Value) -> power::Design {
    power::Design {
        cases: i["n_cases"].as_u64().unwrap_or(1),
        baseline_repeats: int(i, "repeats_each_side"),
        candidate_repeats: int(i, "repeats_each_side"),
        within_case_var: num(i, "within_case_var"),
        between_case_var: num(i, "between_case_var_of_change"),
        alpha: num(i, "alpha_one_sided"),
    }
}

fn t_test(found: &Estimate) -> Value {
    json!({
        "mean": found.mean,
        "se": found.se,
        "t": found.t(),
        "df": found.df,
        "p_worse": found.p_worse(),
        "p_two_sided": found.p_two_sided(),
        "ci95": ends(Some(found.two_sided(0.95))),
        "lower_one_sided_95": found.one_sided(0.95).lower,
    })
}

fn signed_rank(i: &Value, found: rank::SignedRank) -> Value {
    match i["alternative"].as_str().unwrap() {
        "less" => json!({"statistic": found.plus, "z": found.z, "p": found.p_worse}),
        _ => json!({"statistic": found.plus.min(found.minus), "z": found.z, "p": found.p_two_sided}),
    }
}

fn agreement(i: &Value) -> Value {
    let pairs: Vec<(Trit, Trit)> = trits(&i["human"]).into_iter().zip(trits(&i["judge"])).collect();
    let items: Vec<Tally> = pairs.iter().map(|(human, judge)| [*human, *judge].into_iter().collect()).collect();
    let found = Confusion::of(pairs);
    let kappa = |weights| found.kappa(weights).unwrap();
    // where nobody used a class the reference says 0
    let recall = |score| found.recall(score, 0.95).map_or(0.0, |recall| recall.value);
    json!({
        "confusion_rows_human_cols_judge": found.counts,
        "n": found.count(),
        "raw_agreement": found.raw(),
        "kappa_unweighted": kappa(Weights::Nominal).value,
        "kappa_linear": kappa(Weights::Linear).value,
        "kappa_quadratic": kappa(Weights::Quadratic).value,
        "kappa_unweighted_se": kappa(Weights::Nominal).se,
        "kappa_unweighted_ci95": ends(kappa(Weights::Nominal).interval(0.95)),
        "kappa_quadratic_se": kappa(Weights::Quadratic).se,
        "kappa_quadratic_ci95": ends(kappa(Weights::Quadratic).interval(0.95)),
        "krippendorff_nominal": alpha(&items, Distance::Nominal),
        "krippendorff_ordinal": alpha(&items, Distance::Ordinal),
        "krippendorff_interval": alpha(&items, Distance::Interval),
        "gwet_ac1": found.gwet(Weights::Nominal),
        "gwet_ac2_quadratic": found.gwet(Weights::Quadratic),
        "pabak_3cat": found.pabak(),
        "mcc": found.matthews(),
        "macro_f1": found.macro_f1(),
        "recall_by_class": {
            "-1": recall(Trit::Harmful),
            "0": recall(Trit::Incomplete),
            "1": recall(Trit::Useful),
        },
        "recall_of_minus1": recall(Trit::Harmful),
        "balanced_accuracy_present_classes": found.balanced_accuracy(),
        "mean_bias_judge_minus_human": found.bias(),
        "false_pass_rate": found.false_pass(0.95).map(|rate| rate.rate),
    })
}

fn ppi(i: &Value) -> Value {
    let labelled: Vec<(f64, f64)> = nums(&i["human_labelled"]).into_iter().zip(nums(&i["judge_on_labelled"])).collect();
    let counts = i["judge_on_unlabelled_counts"].as_object().unwrap();
    let unlabelled: Vec<f64> = counts
        .iter()
        .flat_map(|(score, count)| vec![score.parse().unwrap(); count.as_u64().unwrap() as usize])
        .collect();
    let conf = num(i, "conf");
    let people = ppi::with_lambda(&labelled, &unlabelled, 0.0, conf).unwrap();
    let plain = ppi::with_lambda(&labelled, &unlabelled, 1.0, conf).unwrap();
    let best = ppi::mean_of(&labelled, &unlabelled, conf).unwrap();
    let corrected = |found: ppi::Corrected| {
        json!({
            "lambda": found.lambda,
            "estimate": found.estimate,
            "se": found.se,
            "ci": ends(Some(found.interval)),
        })
    };
    json!({
        "naive_judge_mean": mean::mean(&unlabelled),
        "human_only_mean": people.estimate,
        "human_only_ci": ends(Some(people.interval)),
        "ppi_lambda1": corrected(plain),
        "lambda_star_unclipped": ppi::best_lambda(&labelled, &unlabelled),
        "ppi_pp": corrected(best),
    })
}

/// What differs; keys that are expected must be there. The tolerance is relative above 1.
fn differences(at: &str, expected: &Value, found: &Value, tolerance: f64, into: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let found = found.get(key).unwrap_or(&Value::Null);
                differences(&format!("{at}.{key}"), value, found, tolerance, into);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{at}[{place}]"), expected, found, tolerance, into);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if !((a - b).abs() <= tolerance * a.abs().max(1.0)) {
                into.push(format!("{at}: expected {a}, found {b}"));
            }
        }
        (expected, found) if expected == found => {}
        // an exact fraction, for people to read: the number beside it is matched
        (Value::String(_), Value::Null) if at.ends_with("_fraction") => {}
        (expected, found) => into.push(format!("{at}: expected {expected}, found {found}")),
    }
}

#[test]
fn every_golden_vector_is_matched() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len() as u64, file["meta"]["count"].as_u64().unwrap());
    let (mut wrong, mut matched, mut met) = (Vec::new(), 0, BTreeSet::new());
    for vector in vectors {
        let (id, name) = (vector["id"].as_str().unwrap(), vector["function"].as_str().unwrap());
        met.insert(name);
        match FUNCTIONS.iter().find(|(function, _)| *function == name) {
            Some((_, function)) => {
                let tolerance = vector["tolerance"].as_f64().unwrap();
                let corrected = CORRECTED.iter().find(|(corrected, _)| *corrected == id);
                let expected = corrected.map_or_else(|| vector["expected"].clone(), |(_, value)| json!(value));
                differences(id, &expected, &function(&vector["input"]), tolerance, &mut wrong);
                matched += 1;
            }
            None if LEFT_OUT.iter().any(|(function, _)| *function == name) => {}
            None => wrong.push(format!("{id}: {name} is neither here nor left out")),
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    let named = FUNCTIONS.iter().map(|(name, _)| name).chain(LEFT_OUT.iter().map(|(name, _)| name));
    let stale: Vec<&&str> = named.filter(|name| !met.contains(*name)).collect();
    assert!(stale.is_empty(), "no vector names {stale:?}");
    assert_eq!(matched, 305);
}

#[test]
fn a_vector_is_corrected_only_where_its_reference_is_wrong() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    for (id, value) in CORRECTED {
        let vector = file["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == *id).unwrap();
        let off = (vector["expected"].as_f64().unwrap() / value - 1.0).abs();
        assert!(off > 1e-9 && off < 1e-8, "{id}: {off}");
        // the distribution function sides with the corrected value
        let (p, df) = (num(&vector["input"], "p"), num(&vector["input"], "df"));
        assert!((distribution::t_cdf(*value, df) - p).abs() < 1e-13, "{id}");
    }
}
