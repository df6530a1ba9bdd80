//! Asks judges: each question once in so many votes, through the client, and no question whose answer is on record.
//!
//! Knows nothing of what an answer does to a release. An answer is written down before anybody is told.

mod ask;
mod turns;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::client::Client;
use crate::domain::{Slug, World};
use crate::score::judge::{Answered, Answers, JudgePrompt, Question, Vote, identity};
use crate::store::{AnswerStore, JudgementLog, StoreError};
use crate::target::JudgeModel;
use crate::world::System;

use self::turns::Turns;

/// The folder of `golden/recordings/` that no target's name can be.
pub const RECORDED_AS: &str = "judges";

/// A judge as the panel knows it.
pub struct Seat {
    pub name: Slug,
    /// blake3, hex, of what its answers depend on.
    pub identity: String,
    pub model: Arc<JudgeModel>,
    /// Why it cannot be asked at all, e.g. a key that is not set.
    pub trouble: Option<String>,
    /// As many as may be asked at once: who waits here can still be told that nobody asks any more.
    at_once: Semaphore,
}

impl Seat {
    /// `kind`, `settings`: as they stand in `evalgate.yaml`.
    pub fn new(
        name: &Slug,
        kind: &str,
        settings: &serde_json::Value,
        prompt: &JudgePrompt,
        model: Arc<JudgeModel>,
    ) -> Self {
        let identity = identity(kind, settings, prompt.text());
        let at_once = Semaphore::new(model.concurrency());
        Self { name: name.clone(), identity, model, trouble: None, at_once }
    }
}

/// How answers come about.
pub struct Sources {
    /// Asks; `None` where only answers on record count.
    pub client: Option<Arc<Client>>,
    /// Of the run that is scored: read first, and written before an answer is used.
    pub log: Option<JudgementLog>,
    /// Of all runs.
    pub shared: Option<AnswerStore>,
    /// Whether answers of other runs count. Not while recording, or a replay would miss them.
    pub reuses: bool,
    /// Whether questions are asked anew whose answers are on record.
    pub again: bool,
    /// What asks.
    pub run: Option<Slug>,
}

/// All judges of a run.
pub struct Panel {
    seats: BTreeMap<Slug, Seat>,
    prompt: Arc<JudgePrompt>,
    sources: Sources,
    /// A world for transcripts of judges, which have none.
    nowhere: Arc<System>,
    /// By digest of the question: what is on record of this run, and what this process asked.
    known: Mutex<HashMap<String, Known>>,
    /// Two that ask the same wait for each other.
    turns: Turns,
    /// Judges that are not asked any more, and why; and how often in a row each could not be asked.
    given_up: Mutex<HashMap<Slug, Trouble>>,
    closed: AtomicBool,
    spent: Mutex<Spent>,
}

#[derive(Clone, Default)]
struct Known {
    votes: Vec<Vote>,
    /// Whether this process asked.
    fresh: bool,
}

#[derive(Default)]
struct Trouble {
    faults: u32,
    answered: bool,
    over: Option<String>,
}

/// What asking took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// US dollars, as far as they are known.
    pub usd: f64,
    /// Whether the cost of a vote is unknown.
    pub unpriced: bool,
}

impl Panel {
    /// Reads what is on record of the run.
    pub fn new(seats: Vec<Seat>, prompt: Arc<JudgePrompt>, sources: Sources) -> Result<Self, StoreError> {
        let on_record = sources.log.as_ref().map(JudgementLog::read).transpose()?.unwrap_or_default();
        let known = on_record.into_iter().map(|(digest, votes)| (digest, Known { votes, fresh: false })).collect();
        Ok(Self {
            seats: seats.into_iter().map(|seat| (seat.name.clone(), seat)).collect(),
            prompt,
            sources,
            nowhere: nowhere()?,
            known: Mutex::new(known),
            turns: Turns::default(),
            given_up: Mutex::default(),
            closed: AtomicBool::new(false),
            spent: Mutex::default(),
        })
    }

    /// Which judge it is, hex.
    pub fn identity(&self, judge: &Slug) -> Option<&str> {
        self.seats.get(judge).map(|seat| seat.identity.as_str())
    }

    /// The answers to all of these, where nobody has to be asked for them.
    pub fn on_record(&self, questions: &[Question]) -> Option<Answers> {
        let known = questions.iter().map(|question| {
            let seat = self.seats.get(&question.judge)?;
            let digest = question.digest(&seat.identity);
            let votes = self.votes(&digest);
            let enough = (1..=question.votes).all(|number| votes.iter().any(|vote| vote.number == number));
            (enough || self.sources.client.is_none())
                .then(|| question.answered(&seat.identity, self.whole(question, votes)))
        });
        Some(answers(questions, known.collect::<Option<Vec<Answered>>>()?))
    }

    /// Asks whatever has no answer yet. In the order of the questions; a vote that could not be had says why.
    pub async fn ask(&self, questions: &[Question]) -> Vec<Answered> {
        futures_util::future::join_all(questions.iter().map(|question| self.ask_one(question))).await
    }

    /// The same, for scoring.
    pub async fn answers(&self, questions: &[Question]) -> Answers {
        answers(questions, self.ask(questions).await)
    }

    /// Lets nobody ask any more; what is under way ends.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// What this process spent on asking.
    pub fn spent(&self) -> Spent {
        *locked(&self.spent)
    }

    /// The votes that count without asking, each number once.
    fn votes(&self, digest: &str) -> Vec<Vote> {
        let known = locked(&self.known).get(digest).cloned().unwrap_or_default();
        if known.fresh || self.sources.again {
            return if known.fresh { known.votes } else { Vec::new() };
        }
        let mut votes = known.votes;
        if let Some(shared) = self.sources.shared.as_ref().filter(|_| self.sources.reuses) {
            for vote in shared.read(digest) {
                if !votes.iter().any(|known| known.number == vote.number) {
                    votes.push(vote);
                }
            }
        }
        votes
    }

    /// As many votes as were wanted, in order: none too many, and those that are missing told.
    fn whole(&self, question: &Question, votes: Vec<Vote>) -> Vec<Vote> {
        let missing = "it has not answered this question yet; `evalgate score RUN --ask-again` asks it";
        let vote = |number| votes.iter().find(|vote| vote.number == number).cloned();
        (1..=question.votes).map(|number| vote(number).unwrap_or_else(|| Vote::unasked(number, missing))).collect()
    }
}

fn answers(questions: &[Question], answered: Vec<Answered>) -> Answers {
    let mut answers = Answers::default();
    for (question, answered) in questions.iter().zip(answered) {
        answers.insert(question.area, question.criterion.clone(), answered);
    }
    answers
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A world with nothing in it.
fn nowhere() -> Result<Arc<System>, StoreError> {
    let damaged = |why: String| StoreError::Damaged { path: "the world of judges".into(), why };
    let world = World {
        name: Slug::new("nowhere").map_err(|error| damaged(error.to_string()))?,
        about: String::new(),
        orgs: Vec::new(),
        users: Vec::new(),
        tools: Vec::new(),
        permissions: Vec::new(),
        approvals: Vec::new(),
        canaries: Vec::new(),
        entries: Vec::new(),
    };
    System::new(world).map(Arc::new).map_err(|error| damaged(error.to_string()))
}
