//! One question put to its judge, vote by vote, and when a judge is not asked any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Known, Panel, RECORDED_AS, Seat, locked};
use crate::client::{Client, Fault};
use crate::diagnostic::cut;
use crate::domain::Slug;
use crate::gateway::Session;
use crate::score::judge::{Answered, Question, Reading, Vote, read};
use crate::store::{Judgement, RecordingKey};
use crate::target::JudgeSaid;
use crate::world::Binding;

/// Questions in a row that a judge which never answered fails before nobody asks it any more: no run waits for one that is
/// not there.
const PATIENCE: u32 = 3;

/// Most characters of what a judge said that are kept.
const SAID: usize = 2_000;

impl Panel {
    pub(super) async fn ask_one(&self, question: &Question) -> Answered {
        let Some(seat) = self.seats.get(&question.judge) else {
            let why = format!("the project has no judge {:?} that can be asked", question.judge);
            return question.answered("", (1..=question.votes).map(|number| Vote::unasked(number, &why)).collect());
        };
        let digest = question.digest(&seat.identity);
        let _turn = self.turns.of(&digest).await;
        let mut votes = self.votes(&digest);
        votes.retain(|vote| vote.number <= question.votes);
        if let Some(client) = &self.sources.client {
            let missing = (1..=question.votes).filter(|number| votes.iter().all(|vote| vote.number != *number));
            let asked = missing.map(|number| self.vote(seat, client, question, &digest, number));
            let asked = futures_util::future::join_all(asked).await;
            if !asked.is_empty() {
                votes.extend(asked);
                votes.sort_by_key(|vote| vote.number);
                self.remember(&digest, &votes);
            }
        }
        question.answered(&seat.identity, self.whole(question, votes))
    }

    /// Keeps votes for whoever asks the same, here and in other runs.
    fn remember(&self, digest: &str, votes: &[Vote]) {
        locked(&self.known).insert(digest.to_owned(), Known { votes: votes.to_vec(), fresh: true });
        let cast: Vec<Vote> = votes.iter().filter(|vote| vote.is_cast()).cloned().collect();
        if let Some(shared) = self.sources.shared.as_ref().filter(|_| !cast.is_empty()) {
            // Only a convenience: the record of the run holds them already.
            let _ = shared.write(digest, &cast);
        }
    }

    /// One vote, written down.
    async fn vote(&self, seat: &Seat, client: &Arc<Client>, question: &Question, digest: &str, number: u32) -> Vote {
        let _turn = seat.at_once.acquire().await;
        if self.closed.load(Ordering::Relaxed) {
            return Vote::unasked(number, "the run was stopped before");
        }
        if let Some(why) = seat.trouble.clone().or_else(|| self.given_up(&seat.name)) {
            return Vote::unasked(number, why);
        }
        let said = match self.say(seat, client, question, digest, number).await {
            Ok(said) => said,
            Err(fault) => {
                self.failed(&seat.name, &fault);
                return Vote::unasked(number, fault.message);
            }
        };
        self.answered(&seat.name);
        let vote = self.cast(question, number, said);
        let judgement =
            Judgement { digest: digest.to_owned(), judge: seat.name.clone(), identity: seat.identity.clone(), vote };
        match self.sources.log.as_ref().map_or(Ok(()), |log| log.append(&judgement)) {
            Ok(()) => judgement.vote,
            Err(error) => Vote::unasked(number, format!("its answer could not be kept: {error}")),
        }
    }

    async fn say(
        &self,
        seat: &Seat,
        client: &Arc<Client>,
        question: &Question,
        digest: &str,
        number: u32,
    ) -> Result<JudgeSaid, Fault> {
        let fault = |message: String| Fault { message, stops: false };
        let prompt = self.prompt.render(question, &seat.identity, number).map_err(fault)?;
        let place = |text: &str| Slug::new(text).map_err(|error| fault(error.to_string()));
        let key = RecordingKey {
            target: place(RECORDED_AS)?,
            pipeline: seat.name.clone(),
            suite: place(&digest[..2])?,
            case: place(digest)?,
            repeat: number,
        };
        let binding = Binding { org: String::new(), tools: vec![], approvals: vec![], faults: vec![], max_calls: 0 };
        let session = Session::new(Arc::clone(&self.nowhere), binding);
        let mut line = client.line(key, &session);
        let options: Vec<&str> = question.options.options().map(|(option, _)| option).collect();
        let said = seat.model.ask(&prompt.instructions, &prompt.material, &options, &mut line).await;
        let kept = line.finish();
        let said = said?;
        kept.map(|_| said)
    }

    fn cast(&self, question: &Question, number: u32, said: JudgeSaid) -> Vote {
        let JudgeSaid { said, usage } = said;
        let reading = match &said {
            Ok(text) => read(text, &question.options),
            Err(why) => Reading::Unclear(why.clone()),
        };
        let mut spent = locked(&self.spent);
        spent.usd += usage.cost_usd.unwrap_or(0.0);
        spent.unpriced |= usage.cost_usd.is_none();
        Vote {
            number,
            said: cut(&said.unwrap_or_default(), SAID),
            reading,
            model: usage.model,
            run: self.sources.run.clone(),
            wall_ms: usage.wall_ms,
            cost_usd: usage.cost_usd,
        }
    }

    fn given_up(&self, judge: &Slug) -> Option<String> {
        locked(&self.given_up).get(judge)?.over.clone()
    }

    fn answered(&self, judge: &Slug) {
        let mut given_up = locked(&self.given_up);
        let trouble = given_up.entry(judge.clone()).or_default();
        (trouble.answered, trouble.faults) = (true, 0);
    }

    fn failed(&self, judge: &Slug, fault: &Fault) {
        // A recording that is missing says nothing of the next one.
        if self.sources.client.is_none() || self.replays() {
            return;
        }
        let mut given_up = locked(&self.given_up);
        let trouble = given_up.entry(judge.clone()).or_default();
        trouble.faults += 1;
        if fault.stops || !trouble.answered && trouble.faults >= PATIENCE {
            trouble.over.get_or_insert_with(|| fault.message.clone());
        }
    }

    fn replays(&self) -> bool {
        self.sources.client.as_ref().is_some_and(|client| client.replays())
    }
}
