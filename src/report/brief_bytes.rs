//! A trial in brief as bytes: kept beside the results while a run is scored, so that its tables and the history need not
//! read those again. Behind the brief is what only the history wants to know.
//!
//! Only the process that wrote them reads them, so they have no version. Numbers are little-endian, texts have their
//! length in front.

use serde::Serialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{Deserialize, Error as _, IgnoredAny, IntoDeserializer};

use super::brief::{
    Brief, CaseBrief, ComparisonBrief, OutcomeBrief, RequestBrief, ScoredBrief, StepBrief, TrialBrief, UsageBrief,
};
use super::words;
use crate::domain::{Area, CaseKind, Mark, Outcome, Slug, Step, Trit};
use crate::golden::Comparison;
use crate::history::{Ended, GuardMark, MarkEntry, TrialEntry, cause, guard_marks};
use crate::score::{AreaMark, Held, TrialResult};

/// Appends a trial in brief.
pub fn push(out: &mut Vec<u8>, result: &TrialResult) {
    let TrialResult { pipeline, suite, kind, file, line, case, trial, scored } = result;
    let mut out = Writer(out);
    [pipeline.as_str(), suite, file].into_iter().for_each(|text| out.text(text));
    out.word(kind);
    out.number(*line);
    out.text(&case.id);
    out.text(&case.title);
    out.count(case.tags.len());
    case.tags.iter().for_each(|tag| out.text(tag));
    out.word(&case.weight);
    out.text(&case.request.org_id);
    out.word(&case.request.kind);
    out.number(trial.repeat);
    match &trial.outcome {
        Outcome::Answered { .. } => out.byte(0),
        Outcome::NoAnswer { .. } => out.byte(1),
        Outcome::Failed { error } => {
            out.byte(2);
            out.text(error);
        }
    }
    out.count(trial.steps.len());
    for step in &trial.steps {
        out.byte(match step {
            Step::Message(_) => 0,
            Step::Call(_) => 1,
            Step::Exchange(_) => 2,
        });
    }
    out.float(trial.usage.wall_ms);
    out.optional(trial.usage.cost_usd, Writer::float);
    out.count(scored.areas.len());
    for AreaMark { area, mark, held, missing } in &scored.areas {
        out.byte(area.index() as u8);
        out.byte(mark.trit().map_or(NO_TRIT, trit_byte));
        out.text(mark.why());
        out.optional(*held, |out, Held { was, now }| [was, now].into_iter().for_each(|trit| out.byte(trit_byte(trit))));
        out.byte((*missing).into());
    }
    out.byte(match scored.comparison {
        Comparison::New => 0,
        Comparison::Same => 1,
        Comparison::Changed(_) => 2,
        Comparison::NotCompared => 3,
    });
    out.optional(trial.usage.input_tokens, Writer::long);
    out.optional(trial.usage.output_tokens, Writer::long);
    out.optional(trial.usage.model.as_deref(), Writer::text);
    for area in &scored.areas {
        let criteria = scored.criteria.iter().map(|c| (c.area, c.level, &c.mark, &c.criterion));
        out.optional(cause(area, criteria), |out, cause| out.text(cause));
    }
    if *kind == CaseKind::ReviewerCorrection {
        let guards = guard_marks(scored.criteria.iter().map(|c| (c.area, c.level, c.repeatable, &c.mark)));
        out.count(guards.len());
        for GuardMark { area, mark } in guards {
            out.byte(area.index() as u8);
            out.byte(trit_byte(mark));
        }
    }
}

/// Reads what [`push`] appended. Errors: the bytes are not what it appends.
pub fn read(bytes: &[u8]) -> Result<Brief, Error> {
    brief(&mut Reader(bytes))
}

/// Reads the same as what the history keeps of the trial.
pub fn read_entry(bytes: &[u8]) -> Result<TrialEntry, Error> {
    let mut from = Reader(bytes);
    let Brief { pipeline, suite, kind, case, trial, scored, .. } = brief(&mut from)?;
    Ok(TrialEntry {
        case: case.id,
        pipeline,
        suite,
        kind,
        request: case.request.kind,
        org: case.request.org_id,
        repeat: trial.repeat,
        outcome: match trial.outcome {
            OutcomeBrief::Answered(_) => Ended::Answered,
            OutcomeBrief::NoAnswer(_) => Ended::NoAnswer,
            OutcomeBrief::Failed { .. } => Ended::Failed,
        },
        wall_ms: trial.usage.wall_ms,
        cost_usd: trial.usage.cost_usd,
        input_tokens: from.optional(Reader::long)?,
        output_tokens: from.optional(Reader::long)?,
        model: from.optional(|from| Ok(from.text()?.to_owned()))?,
        marks: {
            let areas = scored.areas.iter();
            let marks = areas.map(|AreaMark { area, mark, missing, .. }| {
                let cause = from.optional(Reader::slug)?;
                Ok(MarkEntry { area: *area, mark: mark.trit(), missing: *missing, cause })
            });
            marks.collect::<Result<_, Error>>()?
        },
        guarded: match kind {
            CaseKind::ReviewerCorrection => {
                Some(from.list(|from| Ok(GuardMark { area: from.area()?, mark: from.trit()? }))?)
            }
            _ => None,
        },
    })
}

fn brief(from: &mut Reader) -> Result<Brief, Error> {
    Ok(Brief {
        pipeline: from.slug()?,
        suite: from.slug()?,
        file: from.text()?.to_owned(),
        kind: from.word()?,
        line: from.number()?,
        case: CaseBrief {
            id: from.slug()?,
            title: from.text()?.to_owned(),
            tags: from.list(|from| Ok(from.text()?.to_owned()))?,
            weight: from.word()?,
            request: RequestBrief { org_id: from.text()?.to_owned(), kind: from.word()? },
        },
        trial: TrialBrief {
            repeat: from.number()?,
            outcome: match from.byte()? {
                0 => OutcomeBrief::Answered(IgnoredAny),
                1 => OutcomeBrief::NoAnswer(IgnoredAny),
                _ => OutcomeBrief::Failed { error: from.text()?.to_owned() },
            },
            steps: from.list(|from| {
                Ok(match from.byte()? {
                    0 => StepBrief::Message(IgnoredAny),
                    1 => StepBrief::Call(IgnoredAny),
                    _ => StepBrief::Exchange(IgnoredAny),
                })
            })?,
            usage: UsageBrief { wall_ms: from.float()?, cost_usd: from.optional(Reader::float)? },
        },
        scored: ScoredBrief {
            areas: from.list(|from| {
                let area = from.area()?;
                let (trit, why) = (from.byte()?, from.text()?.to_owned());
                let mark = match trit {
                    NO_TRIT => Mark::NotScored { reason: why },
                    trit => Mark::Marked { trit: trit_of(trit)?, why },
                };
                let held = from.optional(|from| Ok(Held { was: from.trit()?, now: from.trit()? }))?;
                Ok(AreaMark { area, mark, held, missing: from.byte()? != 0 })
            })?,
            comparison: match from.byte()? {
                0 => ComparisonBrief::New,
                1 => ComparisonBrief::Same,
                2 => ComparisonBrief::Changed(IgnoredAny),
                _ => ComparisonBrief::NotCompared,
            },
        },
    })
}

/// In the place of a trit where there is none.
const NO_TRIT: u8 = 3;

/// 0, 1 or 2.
fn trit_byte(trit: Trit) -> u8 {
    (trit.value() + 1).unsigned_abs()
}

fn trit_of(byte: u8) -> Result<Trit, Error> {
    Trit::try_from(byte as i8 - 1).map_err(Error::custom)
}

fn damaged() -> Error {
    Error::custom("the results that were kept beside the run are damaged")
}

struct Writer<'o>(&'o mut Vec<u8>);

impl Writer<'_> {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// Of things in memory: nothing that a trial holds comes near the limit.
    fn count(&mut self, count: usize) {
        self.number(u32::try_from(count).unwrap_or(u32::MAX));
    }

    fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn float(&mut self, float: f64) {
        self.0.extend_from_slice(&float.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// The spelling of an enum of the domain.
    fn word(&mut self, word: &impl Serialize) {
        self.text(&words::spelling(word));
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn bytes(&mut self, count: usize) -> Result<&'b [u8], Error> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*bytes)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    fn float(&mut self) -> Result<f64, Error> {
        self.array().map(f64::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'b str, Error> {
        let length = self.number()?;
        std::str::from_utf8(self.bytes(length as usize)?).map_err(Error::custom)
    }

    fn slug(&mut self) -> Result<Slug, Error> {
        Slug::new(self.text()?).map_err(Error::custom)
    }

    fn word<T: Deserialize<'b>>(&mut self) -> Result<T, Error> {
        let word: StrDeserializer<Error> = self.text()?.into_deserializer();
        T::deserialize(word)
    }

    fn area(&mut self) -> Result<Area, Error> {
        Area::ALL.get(usize::from(self.byte()?)).copied().ok_or_else(damaged)
    }

    fn trit(&mut self) -> Result<Trit, Error> {
        trit_of(self.byte()?)
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<Option<T>, Error> {
        if self.byte()? == 0 { Ok(None) } else { read(self).map(Some) }
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let count = self.number()?;
        (0..count).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Line;
    use crate::report::sample;

    #[test]
    fn a_trial_as_bytes_is_the_same_as_read_from_its_line() {
        for result in sample::run().results {
            let mut bytes = Vec::new();
            push(&mut bytes, &result);
            let line = serde_json::to_vec(&result).unwrap();
            assert_eq!(read(&bytes).unwrap(), serde_json::from_slice(&line).unwrap());
            let line: Line = serde_json::from_slice(&line).unwrap();
            assert_eq!(read_entry(&bytes).unwrap(), line.into());
        }
    }

    #[test]
    fn bytes_that_end_too_early_are_an_error() {
        let mut bytes = Vec::new();
        push(&mut bytes, &sample::run().results[0]);
        for end in 0..bytes.len() {
            assert!(read_entry(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
        }
    }
}
