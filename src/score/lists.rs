//! `{all, any, none}`: the shape and the judgement that checks on lists and on text share.

use std::fmt;

use serde_json::Value;

use super::at::At;
use super::examine::CaseProblem;
use super::judgement::Judgement;
use super::{shown, want};

/// What must all be there, of what one must be, and what may not be.
pub struct Lists<'a> {
    pub all: &'a [Value],
    pub any: &'a [Value],
    pub none: &'a [Value],
}

/// The keys, in the order they are judged.
pub const KEYS: [&str; 3] = ["all", "any", "none"];

/// Where an item stands; shows as its JSON pointer.
#[derive(Clone, Copy)]
pub struct ItemPlace(&'static str, usize);

impl fmt::Display for ItemPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.0, self.1)
    }
}

impl<'a> Lists<'a> {
    pub fn read(value: &'a Value) -> Result<Self, CaseProblem> {
        let map = want::map(value, &KEYS)?;
        let lists = Self { all: want::list(map, "all")?, any: want::list(map, "any")?, none: want::list(map, "none")? };
        if [lists.all, lists.any, lists.none].iter().all(|list| list.is_empty()) {
            return Err(want::wrong("", "nothing is asked for: give all, any or none at least one item".to_owned()));
        }
        Ok(lists)
    }

    /// Every item with its place.
    pub fn items(&self) -> impl Iterator<Item = (ItemPlace, &'a Value)> {
        let lists = [self.all, self.any, self.none];
        let keyed = KEYS.into_iter().zip(lists);
        keyed.flat_map(|(key, list)| list.iter().enumerate().map(move |(i, item)| (ItemPlace(key, i), item)))
    }

    /// Items that should be there.
    pub fn wanted(&self) -> impl Iterator<Item = &'a Value> {
        self.all.iter().chain(self.any)
    }

    /// Hit: all that was asked for. Miss: something forbidden, or nothing of it. Partial: the rest.
    pub fn judge(&self, at: &At, has: impl Fn(&Value) -> bool) -> Judgement {
        let forbidden: Vec<String> = self.none.iter().filter(|item| has(item)).map(shown::value).collect();
        if !forbidden.is_empty() {
            return Judgement::Miss(format!("{at} has {}, which must not be there", shown::list(forbidden)));
        }
        let missing: Vec<String> = self.all.iter().filter(|item| !has(item)).map(shown::value).collect();
        let one_of_any = self.any.is_empty() || self.any.iter().any(&has);
        let found = self.all.len() - missing.len();
        if missing.is_empty() && one_of_any {
            return Judgement::Hit(self.satisfied(at));
        }
        let mut lacks = Vec::new();
        if !missing.is_empty() {
            lacks.push(format!("{} ({found} of {} found)", shown::list(missing), self.all.len()));
        }
        if !one_of_any {
            lacks.push(format!("any of {}", shown::list(self.any.iter().map(shown::value))));
        }
        let why = format!("{at} lacks {}", lacks.join(" and "));
        let nothing = found == 0 && (self.any.is_empty() || !one_of_any);
        if nothing { Judgement::Miss(why) } else { Judgement::Partial(why) }
    }

    fn satisfied(&self, at: &At) -> String {
        let mut said = at.to_string();
        let parts = [("has ", self.all), ("has one of ", self.any), ("has none of ", self.none)];
        let mut joint = " ";
        for (has, items) in parts.into_iter().filter(|(_, items)| !items.is_empty()) {
            said.push_str(joint);
            said.push_str(has);
            said.push_str(&shown::list(items.iter().map(shown::value)));
            joint = " and ";
        }
        said
    }
}

/// The lists once a reviewer put some items in and took others out: what was put in has to be there, what was taken out
/// may not. `None` where that changes nothing.
pub fn amended(want: Option<&Value>, put: &[&Value], taken: &[&Value]) -> Option<Value> {
    let mut lists = want.and_then(Value::as_object).cloned().unwrap_or_default();
    let mut list = |key: &str, more: &[&Value], less: &[&Value]| {
        let mut items: Vec<Value> = lists.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        items.retain(|item| !less.contains(&item));
        for item in more {
            if !items.contains(item) {
                items.push((*item).clone());
            }
        }
        match items.is_empty() {
            true => lists.remove(key),
            false => lists.insert(key.to_owned(), items.into()),
        };
    };
    list("all", put, taken);
    list("any", &[], taken);
    list("none", taken, put);
    let amended = (!lists.is_empty()).then_some(Value::Object(lists));
    if amended.as_ref() == want { None } else { amended }
}
