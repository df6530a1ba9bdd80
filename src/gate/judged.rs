//! What judges did in a run: how often they were asked, what it took, and what keeps their marks from counting.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::blame::{Blame, Move};
use super::finding::{Found, cases, counted, verb};
use super::verdict::FindingWeight;
use crate::domain::{Area, AreaGate, Policy, Slug};
use crate::score::judge::{Judged, Vote};
use crate::score::{CriterionMark, TrialResult};

/// One judge over all trials of a run. What it took is not the agent's cost and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeSummary {
    pub judge: Slug,
    /// Of the judge, hex; several if it was another for some of the answers.
    pub identities: BTreeSet<String>,
    /// Models that said they answered.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub models: BTreeSet<String>,
    /// Marks that it was to give.
    pub marks: u64,
    /// Of those, the ones it did not give.
    pub not_scored: u64,
    /// Votes cast; equal questions share theirs.
    pub votes: u64,
    /// Marks of which some votes disagree.
    pub disagreed: u64,
    /// Marks on text that looks as if it were meant for the judge.
    pub flagged: u64,
    /// US dollars of these votes, whichever run asked for them; absent where that of any is unknown.
    pub cost_usd: Option<f64>,
    /// Milliseconds of these votes, one after the other.
    pub wall_ms: f64,
}

/// Watches the marks of judges go by.
#[derive(Default)]
pub struct JudgedMarks {
    judges: BTreeMap<Slug, JudgeSummary>,
    /// Beginnings of the digests of questions whose votes are counted.
    counted: HashSet<String>,
    /// By judge and area: the criteria that were to block, and why they do not.
    demoted: BTreeMap<(Slug, Area), (BTreeSet<Slug>, String)>,
    /// By judge: why it may gate nothing in this run.
    barred: BTreeMap<Slug, String>,
    unscored: BTreeMap<Slug, Blame>,
    flagged: Blame,
    /// Cases whose accepted marks are from another judge.
    not_compared: BTreeMap<Slug, Blame>,
}

impl JudgedMarks {
    pub fn observe(&mut self, result: &TrialResult) {
        for criterion in &result.scored.criteria {
            if let Some(judged) = &criterion.judged {
                self.count(result, criterion, judged);
            }
        }
    }

    fn count(&mut self, result: &TrialResult, criterion: &CriterionMark, judged: &Judged) {
        if let Some(why) = &judged.demoted {
            let demoted = self.demoted.entry((judged.judge.clone(), criterion.area)).or_default();
            demoted.0.insert(criterion.criterion.clone());
            demoted.1.clone_from(why);
        }
        if let Some(why) = &judged.barred {
            self.barred.insert(judged.judge.clone(), why.clone());
        }
        if result.trial.output().is_none() {
            return;
        }
        let judge = self.judges.entry(judged.judge.clone()).or_insert_with(|| JudgeSummary::of(&judged.judge));
        judge.marks += 1;
        judge.identities.extend((!judged.identity.is_empty()).then(|| judged.identity.clone()));
        judge.disagreed += u64::from(disagree(&judged.votes));
        if criterion.mark.trit().is_none() {
            judge.not_scored += 1;
            let unscored = self.unscored.entry(judged.judge.clone()).or_default();
            unscored.add(result, Move::default(), || criterion.mark.why().to_owned());
        }
        if !judged.flags.is_empty() {
            judge.flagged += 1;
            self.flagged.add(result, Move::default(), || criterion.mark.why().to_owned());
        }
        if judged.not_compared {
            let not_compared = self.not_compared.entry(judged.judge.clone()).or_default();
            not_compared.add(result, Move::default(), String::new);
        }
        let first: String = judged.digest.chars().take(32).collect();
        if self.counted.insert(first) {
            judged.votes.iter().filter(|vote| vote.is_cast()).for_each(|vote| judge.add(vote));
        }
    }

    /// One a judge, in the order of their names.
    pub fn summaries(&self) -> Vec<JudgeSummary> {
        self.judges.values().cloned().collect()
    }

    pub fn findings(&self, policy: &Policy) -> Vec<Found> {
        let mut found: Vec<Found> = self
            .demoted
            .iter()
            .map(|((judge, area), (criteria, why))| demoted(policy, judge, *area, criteria, why))
            .collect();
        for (judge, why) in &self.barred {
            let brief = format!("The judge {judge} may gate nothing here: {why}");
            found.push(Found::new("judge_under_test", FindingWeight::Warns, &brief, "; its marks are advisory."));
        }
        for (judge, unscored) in &self.unscored {
            let marks = self.judges.get(judge).map_or(0, |judge| judge.marks);
            let missing = self.judges.get(judge).map_or(0, |judge| judge.not_scored);
            let brief =
                format!("The judge {judge} gave no mark in {missing} of {}", counted(marks as usize, "question"));
            let rest = format!(": {}.", unscored.told());
            found.push(Found::new("judge_not_scored", FindingWeight::Warns, &brief, &rest).about(unscored.names()));
        }
        if !self.flagged.is_empty() {
            let n = self.flagged.len();
            let brief =
                format!("{} {} text that looks as if it were meant for a judge", cases(n), verb(n, "holds", "hold"));
            let rest = format!(": {}.", self.flagged.told());
            found.push(Found::new("judge_flagged", FindingWeight::Warns, &brief, &rest).about(self.flagged.names()));
        }
        for (judge, not_compared) in &self.not_compared {
            let n = not_compared.len();
            let brief = format!(
                "The accepted marks of the judge {judge} on {} are not from the judge of today, and were not compared",
                cases(n)
            );
            let rest = ": what it says now waits for `evalgate review`.";
            found.push(Found::new("judge_changed", FindingWeight::Warns, &brief, rest).about(not_compared.names()));
        }
        found
    }
}

/// A criterion that is to block and does not: where the area gates, nothing says that it is well.
fn demoted(policy: &Policy, judge: &Slug, area: Area, criteria: &BTreeSet<Slug>, why: &str) -> Found {
    let names = criteria.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
    let brief = format!("The judge {judge} is not licensed to gate {area}");
    let rest = format!(": {why}. {names} {} scored as advisory.", verb(criteria.len(), "was", "were"));
    let code = "judge_not_licensed";
    let found = match policy.gate(area) {
        AreaGate::Advisory | AreaGate::Budget => Found::new(code, FindingWeight::Warns, &brief, &rest),
        AreaGate::NonInferiority | AreaGate::ZeroTolerance | AreaGate::Guard => {
            Found::undecided(policy, code, &brief, &rest)
        }
    };
    found.in_area(area)
}

fn disagree(votes: &[Vote]) -> bool {
    votes.iter().filter(|vote| vote.is_cast()).any(|vote| vote.reading != votes[0].reading)
}

impl JudgeSummary {
    fn of(judge: &Slug) -> Self {
        Self {
            judge: judge.clone(),
            identities: BTreeSet::new(),
            models: BTreeSet::new(),
            marks: 0,
            not_scored: 0,
            votes: 0,
            disagreed: 0,
            flagged: 0,
            cost_usd: Some(0.0),
            wall_ms: 0.0,
        }
    }

    fn add(&mut self, vote: &Vote) {
        self.votes += 1;
        self.models.extend(vote.model.clone());
        self.cost_usd = self.cost_usd.zip(vote.cost_usd).map(|(sum, cost)| sum + cost);
        self.wall_ms += vote.wall_ms;
    }
}

#[cfg(test)]
#[path = "judged_tests.rs"]
mod tests;
