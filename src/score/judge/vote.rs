//! Votes of a judge, and the mark that follows from them.

use serde::{Deserialize, Serialize};

use super::flags::{self, Flag};
use super::menu::Menu;
use crate::domain::{Mark, Slug, Trit};
use crate::score::shown;

/// One answer of a judge, and what was read from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// From 1.
    pub number: u32,
    /// What it said, within bounds and without secrets; empty where it could not be asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    pub reading: Reading,
    /// The model that says it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The run that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Slug>,
    /// Milliseconds that it took, retries included.
    #[serde(default)]
    pub wall_ms: f64,
    /// US dollars; absent where a price or a count is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// One option of the menu.
    Option { option: String, mark: Trit },
    /// No answer of the menu, and why not.
    Unclear(String),
    /// The judge could not be asked, and why not.
    Unasked(String),
}

impl Vote {
    /// A vote that nobody could cast.
    pub fn unasked(number: u32, why: impl Into<String>) -> Self {
        let (said, reading) = (String::new(), Reading::Unasked(why.into()));
        Self { number, said, reading, model: None, run: None, wall_ms: 0.0, cost_usd: None }
    }

    /// Whether the judge was asked.
    pub fn is_cast(&self) -> bool {
        !matches!(self.reading, Reading::Unasked(_))
    }
}

/// The mark that `asked` votes give: that of more than half of them. A tie, no majority, answers off the menu and votes
/// that were not cast leave it without one.
pub fn mark(judge: &Slug, options: &Menu, asked: u32, votes: &[Vote], flagged: &[Flag]) -> Mark {
    let flagged = flags::sentence(flagged).map(|told| format!("; flagged: {told}")).unwrap_or_default();
    match decided(judge, asked, votes) {
        Ok((trit, why)) => {
            debug_assert!(options.options().any(|(_, mark)| mark == trit));
            Mark::Marked { trit, why: shown::sentence(why + &flagged) }
        }
        Err(why) => Mark::NotScored { reason: shown::sentence(why + &flagged) },
    }
}

fn decided(judge: &Slug, asked: u32, votes: &[Vote]) -> Result<(Trit, String), String> {
    let chosen = |vote: &Vote| match &vote.reading {
        Reading::Option { option, mark } => Some((option.clone(), *mark)),
        Reading::Unclear(_) | Reading::Unasked(_) => None,
    };
    let clear: Vec<(String, Trit)> = votes.iter().filter_map(chosen).collect();
    let count = |trit: Trit| clear.iter().filter(|(_, mark)| *mark == trit).count();
    let majority =
        [Trit::Harmful, Trit::Incomplete, Trit::Useful].into_iter().find(|trit| count(*trit) * 2 > asked as usize);
    let told = tallied(&clear);
    if let Some(trit) = majority {
        return Ok((
            trit,
            match (asked, count(trit)) {
                (1, _) => format!("{judge}: {told}"),
                (asked, all) if all == asked as usize && !told.contains(", ") => {
                    format!("{judge}: {told} in all {asked} votes")
                }
                (asked, most) => format!("{judge}, {most} of {asked} votes: {}", tallied_each(&clear)),
            },
        ));
    }
    let why_not = votes.iter().find_map(|vote| match &vote.reading {
        Reading::Unclear(why) => Some(format!("{judge} gave no answer of the menu: {why}")),
        Reading::Unasked(why) => Some(format!("{judge} was not asked: {why}")),
        Reading::Option { .. } => None,
    });
    Err(match (clear.is_empty(), why_not) {
        (true, Some(why)) => why,
        (true, None) => format!("{judge} has not answered"),
        (false, why) => {
            let why = why.map(|why| format!("; {why}")).unwrap_or_default();
            format!("{judge}: no majority among {asked} votes: {}{why}", tallied_each(&clear))
        }
    })
}

/// `"yes"`, or every option that was chosen.
fn tallied(clear: &[(String, Trit)]) -> String {
    let mut options: Vec<&str> = Vec::new();
    for (option, _) in clear {
        if !options.contains(&option.as_str()) {
            options.push(option);
        }
    }
    options.iter().map(|option| format!("{option:?}")).collect::<Vec<_>>().join(", ")
}

/// `"yes" 2 times, "no" once`, the most frequent first.
fn tallied_each(clear: &[(String, Trit)]) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for (option, _) in clear {
        match counted.iter_mut().find(|(known, _)| known == option) {
            Some((_, count)) => *count += 1,
            None => counted.push((option, 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let told = counted.iter().map(|(option, count)| match count {
        1 => format!("{option:?} once"),
        count => format!("{option:?} {count} times"),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::score::judge::{Sight, Suspicion, read};

    fn marked(asked: u32, said: &[&str]) -> (Option<i8>, String) {
        let menu: Menu = serde_json::from_value(json!({"yes": 1, "fine": 1, "partly": 0, "no": -1})).unwrap();
        let votes: Vec<Vote> = (1..)
            .zip(said)
            .map(|(number, said)| match said.strip_prefix("fault ") {
                Some(why) => Vote::unasked(number, why),
                None => {
                    let reading = read(&json!({"answer": said}).to_string(), &menu);
                    Vote { reading, ..Vote::unasked(number, "") }
                }
            })
            .collect();
        let mark = mark(&Slug::new("careful").unwrap(), &menu, asked, &votes, &[]);
        (mark.trit().map(Trit::value), mark.why().to_owned())
    }

    #[test]
    fn one_vote_is_the_mark() {
        assert_eq!(marked(1, &["yes"]), (Some(1), "careful: \"yes\"".into()));
        assert_eq!(marked(1, &["no"]), (Some(-1), "careful: \"no\"".into()));
        assert_eq!(marked(3, &["yes", "yes", "yes"]), (Some(1), "careful: \"yes\" in all 3 votes".into()));
    }

    #[test]
    fn a_majority_decides_and_disagreement_is_shown() {
        let two = "careful, 2 of 3 votes: \"yes\" 2 times, \"no\" once";
        assert_eq!(marked(3, &["yes", "no", "yes"]), (Some(1), two.into()));
        let alike = "careful, 3 of 3 votes: \"yes\" 2 times, \"fine\" once";
        assert_eq!(marked(3, &["yes", "fine", "yes"]), (Some(1), alike.into()));
        assert_eq!(marked(3, &["yes", "maybe", "yes"]).0, Some(1));
        assert_eq!(marked(3, &["fault down", "no", "no"]).0, Some(-1));
    }

    #[test]
    fn no_majority_is_no_mark() {
        let split = marked(3, &["yes", "partly", "no"]);
        assert_eq!(
            split,
            (None, "careful: no majority among 3 votes: \"yes\" once, \"partly\" once, \"no\" once".into())
        );
        assert_eq!(marked(3, &["yes", "maybe", "no"]).0, None);
        assert_eq!(marked(5, &["yes", "yes", "maybe", "maybe", "maybe"]).0, None);
        assert_eq!(marked(3, &["yes"]).0, None, "one of three is not enough");
    }

    #[test]
    fn an_answer_off_the_menu_and_a_judge_that_is_not_there_are_told_apart() {
        assert_eq!(marked(1, &["2"]), (None, "careful gave no answer of the menu: \"2\" is not on the menu".into()));
        assert_eq!(marked(1, &["fault it is down"]), (None, "careful was not asked: it is down".into()));
        assert_eq!(marked(1, &[]), (None, "careful has not answered".into()));
    }

    #[test]
    fn what_was_flagged_stands_in_the_sentence() {
        let menu: Menu = serde_json::from_value(json!({"yes": 1, "no": -1})).unwrap();
        let vote = Vote { reading: read(r#"{"answer": "no"}"#, &menu), ..Vote::unasked(1, "") };
        let flags = [Flag { part: Sight::Output, suspicion: Suspicion::FakeVerdict }];
        let mark = mark(&Slug::new("careful").unwrap(), &menu, 1, &[vote], &flags);
        assert_eq!(mark.why(), "careful: \"no\"; flagged: the output holds what looks like a verdict");
    }
}
