//! A run's verdict made again of what is stored, as it was on the day of judging: whether the one on disk is what the
//! results come to.
//!
//! Suites, rubrics, policy, waivers and snapshots have to be those of the run; whoever calls this made sure of that. Four
//! things are not kept and are taken as they are, so that no honest verdict is refused for them:
//! - who was licensed that day, from the verdict: a calibration grows old. Marks of a judge without a licence do not block,
//!   whatever it says;
//! - what earlier runs tell of a guard that does not hold, which may be pruned by now: it fails in any case, only its words
//!   differ, so the words of findings are not compared;
//! - the newest shadow comparison: a later one decides;
//! - the day, which waivers go by: any day between the beginning of the run and the decision that its log holds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::baseline::Held;
use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::judging::{Base, Judging, judging_then};
use super::minutes::minutes_then;
use super::shadow::evidence;
use crate::domain::{Area, Slug};
use crate::event::RunRecord;
use crate::gate::{Baseline, Evidence, Finding, FindingWeight, Judge, Verdict, WaiverState};
use crate::history::{Decided, Decider};
use crate::run::{Gone, gone, guards_left_out, guards_past, waived};
use crate::store::RunFolder;

/// A run that came to its end, and the verdict that stands in its folder.
pub struct Judged<'a> {
    pub folder: &'a RunFolder,
    pub record: &'a RunRecord,
    pub verdict: &'a Verdict,
    /// What it was held against where answers vary.
    pub baseline: &'a Baseline,
    /// Snapshots of it that cannot be read, as sentences.
    pub unreadable: BTreeSet<String>,
}

impl Judged<'_> {
    /// In what the verdict on disk is not what the results come to, in sentences; empty where it is.
    pub fn differences(
        &self,
        context: &Context,
        project: &Project,
        base: Option<&Base>,
        held: &Held,
    ) -> Result<Vec<String>, Failure> {
        // `gate` only tells; `run`, `merge` and `score` write the verdict.
        let log = self.folder.decisions().read()?;
        let decided = log.iter().rfind(|decided| decided.by != Decider::Gate);
        let again = self.again(context, project, base, held, decided)?;
        let mut told: Vec<String> = decided.and_then(|decided| unlike_log(self.verdict, decided)).into_iter().collect();
        told.extend(unlike(self.verdict, &again));
        Ok(told)
    }

    fn again(
        &self,
        context: &Context,
        project: &Project,
        base: Option<&Base>,
        held: &Held,
        decided: Option<&Decided>,
    ) -> Result<Verdict, Failure> {
        let Project { checked, .. } = project;
        let (meta, verdict) = (&self.record.meta, self.verdict);
        let at = decided.map_or(self.record.last_at, |decided| decided.at);
        // Scoring again takes no longer than that.
        let rescored = decided.is_some_and(|decided| decided.by == Decider::Score);
        let from = if rescored { at - SignedDuration::from_hours(24) } else { meta.started_at };
        let Judging { policy, by } = judging_then(project, base, &meta.policy, &verdict.licences, at)?;
        let (mut ran, mut own, mut added) = (BTreeSet::new(), 1, meta.seed.is_some());
        for result in self.folder.results()? {
            let result = result?;
            own = own.max(result.case.repeats.unwrap_or(1));
            added |= result.trial.repeat > 1;
            ran.insert(result.case.id.clone());
        }
        let repeats = meta.repeats.max(own).max(if added { 2 } else { 1 });
        let mut judge = Judge::new(&policy, repeats, self.baseline).settle_by(&by.rulings);
        for result in self.folder.results()? {
            judge.observe(&result?);
        }
        let listing = held.golden.list()?;
        let then = held.cases_then(checked, base.map(Base::revision))?;
        let Gone { orphans, moved } = gone(checked, &listing, then.as_ref());
        let of = (self.folder.id(), &meta.target);
        let counted = meta.selection.cases * u64::from(meta.repeats);
        let guards = guards_past(&self.folder.siblings(), of, &held.golden, judge.broken_guards(), &policy);
        Ok(judge.finish(&Evidence {
            guards,
            planned: self.record.planned.unwrap_or(counted),
            stopped: None,
            orphans,
            moved,
            unreadable: self.unreadable.iter().cloned().collect(),
            of: meta.selection.of,
            shadow: evidence(context.reports(&checked.root), &meta.target, &meta.digests)?,
            guards_left_out: guards_left_out(checked, &ran.iter().collect())
                .map_err(|why| Failure::new(Exit::ProjectInvalid, why))?,
            waivers: waived(checked, &by.waivers, &listing, noon(day_of_judging(verdict, from, at))),
            policy_from: by.policy_from,
            held_against: held.source.clone(),
            licences: by.licences,
            minutes: minutes_then(&policy, meta, &checked.root, &held.against, at)?,
        }))
    }
}

/// The day that waivers were held against, as their lines count it; the last one where they name none in between.
fn day_of_judging(verdict: &Verdict, from: Timestamp, until: Timestamp) -> Date {
    let [first, last] = [from, until].map(|at| at.to_zoned(TimeZone::UTC).date());
    let named = verdict.waivers.first().and_then(|line| {
        let days = line.days_left.clamp(-3_650_000, 3_650_000).days();
        line.waiver.expires.checked_sub(days).ok()
    });
    named.filter(|day| (first..=last).contains(day)).unwrap_or(last)
}

fn noon(day: Date) -> Timestamp {
    day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |noon| noon.timestamp())
}

/// The log of a run says in its own words what was decided about it.
fn unlike_log(verdict: &Verdict, decided: &Decided) -> Option<String> {
    let same =
        (decided.decision, decided.exit, &decided.headline) == (verdict.decision, verdict.exit, &verdict.headline);
    (!same).then(|| format!("its log of decisions says exit {}: {}", decided.exit, decided.headline))
}

fn unlike(verdict: &Verdict, again: &Verdict) -> Vec<String> {
    let waivers = |verdict: &Verdict| -> Vec<(Slug, WaiverState)> {
        verdict.waivers.iter().map(|line| (line.waiver.case.clone(), line.state)).collect()
    };
    let mut told = Vec::new();
    if (verdict.decision, verdict.exit) != (again.decision, again.exit) {
        told.push(format!("exit {} comes of them, the verdict says {}: {}", again.exit, verdict.exit, again.headline));
    }
    for (part, same) in [
        ("findings", weighed(&verdict.findings) == weighed(&again.findings)),
        ("areas", verdict.areas == again.areas),
        ("counts", verdict.counts == again.counts),
        ("waivers", waivers(verdict) == waivers(again)),
    ] {
        if !same {
            told.push(format!("its {part} are others"));
        }
    }
    told
}

/// What findings are about, whatever their words.
fn weighed(findings: &[Finding]) -> BTreeMap<(&str, FindingWeight, Option<Area>), BTreeSet<&Slug>> {
    let mut weighed: BTreeMap<_, BTreeSet<&Slug>> = BTreeMap::new();
    for finding in findings {
        // A guard that held before, as far as runs from before are still there.
        let code = if finding.code == "came_back" { "guard" } else { &finding.code };
        weighed.entry((code, finding.weight, finding.area)).or_default().extend(&finding.cases);
    }
    weighed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_verdict_is_what_its_results_come_to_or_it_is_told_in_what_it_is_not() {
        let (blocked, passed) = (sample::run().verdict, sample::passing().verdict);
        assert_eq!(unlike(&blocked, &blocked), [""; 0]);
        let mut edited = blocked.clone();
        (edited.decision, edited.exit, edited.findings) = (passed.decision, passed.exit, Vec::new());
        let told = unlike(&edited, &blocked);
        assert!(told[0].starts_with("exit 1 comes of them, the verdict says 0: "), "{told:?}");
        assert_eq!(told[1..], ["its findings are others"]);
    }

    #[test]
    fn that_a_guard_held_before_is_not_known_for_ever() {
        let mut then = sample::run().verdict;
        then.findings[0].code = "came_back".to_owned();
        let mut now = then.clone();
        now.findings[0].code = "guard".to_owned();
        now.findings[0].sentence = "In other words.".to_owned();
        assert_eq!(unlike(&then, &now), [""; 0]);
        now.findings[0].weight = FindingWeight::Warns;
        assert_eq!(unlike(&then, &now), ["its findings are others"]);
    }

    #[test]
    fn waivers_are_held_against_a_day_of_the_run() {
        let mut verdict = sample::run().verdict;
        let day = |verdict: &Verdict| {
            day_of_judging(verdict, at("2026-03-02T23:50:00Z"), at("2026-03-03T00:10:00Z")).to_string()
        };
        verdict.waivers.clear();
        assert_eq!(day(&verdict), "2026-03-03");
        let waiver = serde_json::json!({
            "waiver": {"case": "a", "area": "task_success", "reason": "r", "owner": "ada", "date": "2026-03-01",
                "expires": "2026-03-10"},
            "state": "idle", "days_left": 8,
        });
        verdict.waivers.push(serde_json::from_value(waiver).unwrap());
        assert_eq!(day(&verdict), "2026-03-02");
        for elsewhere in [30, -30, i64::MAX] {
            verdict.waivers[0].days_left = elsewhere;
            assert_eq!(day(&verdict), "2026-03-03", "{elsewhere}");
        }
    }
}
