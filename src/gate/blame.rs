//! The cases one finding is about: each once, worst first, and the reasons of the few that its sentence tells.

use std::cmp::Reverse;

use super::finding::listed;
use crate::domain::{Slug, Trit, Weight};
use crate::score::TrialResult;

/// Most cases whose reason is told, and most characters of one reason.
const TOLD: usize = 3;
const REASON: usize = 300;

/// What happened to a mark, as far as the finding is about one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Move {
    pub from: Option<Trit>,
    pub to: Option<Trit>,
    /// The repeat it was, where there are several and each counts alone.
    pub repeat: Option<u32>,
}

/// Collects cases. Holds a name for each, and reasons for no more than are told.
#[derive(Clone)]
pub struct Blame {
    /// In the order they came.
    cases: Vec<Rank>,
    /// The worst few, worst first, each with its reason.
    told: Vec<Told>,
    /// Most reasons that are kept.
    kept: usize,
}

impl Default for Blame {
    fn default() -> Self {
        Self { cases: Vec::new(), told: Vec::new(), kept: TOLD }
    }
}

/// A case whose reason is told.
#[derive(Clone)]
struct Told {
    rank: Rank,
    repeat: Option<u32>,
    why: String,
}

/// How bad a case is: critical ones first, then the lowest mark, then the deepest fall. The least is the worst.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    ordinary: bool,
    to: Option<Trit>,
    from: Reverse<Option<Trit>>,
    case: Slug,
}

impl Blame {
    /// One that keeps every reason, so that it can be parted by what is known of the cases later.
    pub fn of_all() -> Self {
        Self { kept: usize::MAX, ..Self::default() }
    }

    /// The cases of which something holds, and the others; each with the reasons of its worst few.
    pub fn parted(&self, holds: impl Fn(&Slug) -> bool) -> (Blame, Blame) {
        let part = |wanted: bool| {
            let mut part = self.clone();
            part.cases.retain(|rank| holds(&rank.case) == wanted);
            part.told.retain(|told| holds(&told.rank.case) == wanted);
            part.told.truncate(TOLD);
            part
        };
        (part(true), part(false))
    }

    /// Says more of each case whose reason is told, before the reason.
    pub fn say(&mut self, more: impl Fn(&Slug) -> String) {
        for told in &mut self.told {
            told.why = format!("{}{}", more(&told.rank.case), told.why);
        }
    }

    /// Adds the case of a trial. Its repeats follow each other; the worst of them counts.
    pub fn add(&mut self, result: &TrialResult, mark: Move, why: impl FnOnce() -> String) {
        let rank = Rank {
            ordinary: result.case.weight != Weight::Critical,
            to: mark.to,
            from: Reverse(mark.from),
            case: result.case.id.clone(),
        };
        match self.cases.last_mut().filter(|last| last.case == rank.case) {
            Some(last) if *last <= rank => return,
            Some(last) => {
                self.told.retain(|told| told.rank.case != rank.case);
                *last = rank.clone();
            }
            None => self.cases.push(rank.clone()),
        }
        let at = self.told.partition_point(|told| told.rank < rank);
        if at < self.kept {
            let told = Told { rank, repeat: mark.repeat, why: bounded(why().trim_end_matches('.')) };
            self.told.insert(at, told);
            self.told.truncate(self.kept);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Cases, not trials.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// The worst few, each with its reason.
    pub fn told(&self) -> String {
        self.told_but("", "")
    }

    /// The same where one reason stands elsewhere already: `instead` stands for it.
    pub fn told_but(&self, reason: &str, instead: &str) -> String {
        let reason = bounded(reason.trim_end_matches('.'));
        let why = |why: &str| if why == reason { instead.to_owned() } else { why.to_owned() };
        let told: Vec<String> = self.told.iter().map(|told| told.sentence(&why(&told.why))).collect();
        match self.cases.len() - told.len() {
            0 => told.join("; "),
            more => format!("{}; and {more} more", told.join("; ")),
        }
    }

    /// The names alone, as many as a sentence holds.
    pub fn listed(&self) -> String {
        listed(&self.names())
    }

    /// Worst first.
    pub fn names(&self) -> Vec<Slug> {
        let mut ranked: Vec<&Rank> = self.cases.iter().collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|rank| rank.case.clone()).collect()
    }
}

impl Told {
    fn sentence(&self, why: &str) -> String {
        let Rank { to, from: Reverse(from), case, ordinary } = &self.rank;
        let repeat = self.repeat.map_or_else(String::new, |repeat| format!(" repeat {repeat}"));
        let mark = match (from, to) {
            (Some(from), Some(to)) => format!("{from} → {to}"),
            (None, Some(to)) => to.to_string(),
            (_, None) => String::new(),
        };
        let critical = if *ordinary { "" } else { "critical" };
        let facts: Vec<&str> = [mark.as_str(), critical].into_iter().filter(|fact| !fact.is_empty()).collect();
        match facts.is_empty() {
            true => format!("{case}{repeat} ({why})"),
            false => format!("{case}{repeat} ({}: {why})", facts.join(", ")),
        }
    }
}

fn bounded(why: &str) -> String {
    match why.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why.to_owned(),
    }
}
