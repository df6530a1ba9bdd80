//! Waivers: a regression that a person excuses for some days, and what may never be excused.
//!
//! Knows no clock: the day is given.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Area, AreaGate, CaseKind, Policy, Slug};

/// `rubrics/waivers.yaml`: what people excuse, each for some days. `evalgate waive` adds to it; it is edited by hand too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverFile {
    /// Format version; 1.
    pub version: u32,
    pub waivers: Vec<Waiver>,
}

/// One case in one area: its fall does not fail the gate. It is still run and still shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    pub case: Slug,
    /// An evaluation area; `coverage` where the case itself was removed.
    pub area: WaivedArea,
    /// Why the fall is bearable for now.
    pub reason: String,
    /// Who sees to it that it ends.
    pub owner: String,
    /// Where the work on it is tracked: an address or a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// Day it was given, `YYYY-MM-DD`; it holds from then on.
    #[schemars(with = "String")]
    pub date: Date,
    /// Last day it holds, `YYYY-MM-DD`.
    #[schemars(with = "String")]
    pub expires: Date,
}

/// What of a case is excused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum WaivedArea {
    Area(Area),
    /// That it was removed although its behaviour had been accepted.
    Coverage,
}

/// How a waiver stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds for so many days after this one.
    Holds { days_left: i64 },
    /// Its last day was so many days ago, at least 1.
    Expired { days_ago: i64 },
    /// Its first day is so many days ahead, at least 1.
    Ahead { days: i64 },
}

impl Waiver {
    /// Days from the one it was given to its last.
    pub fn days(&self) -> i64 {
        days(self.date, self.expires)
    }

    /// Why it is longer than a policy lets it be.
    pub fn too_long(&self, policy: &Policy) -> Option<String> {
        let (days, most) = (self.days(), policy.quarantine.max_days);
        (days > i64::from(most))
            .then(|| format!("{days} days from {} are too many: a waiver holds for {most} at most", self.date))
    }

    pub fn standing(&self, today: Date) -> Standing {
        match (days(today, self.date), days(today, self.expires)) {
            (_, left) if left < 0 => Standing::Expired { days_ago: -left },
            (ahead, _) if ahead > 0 => Standing::Ahead { days: ahead },
            (_, days_left) => Standing::Holds { days_left },
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Standing::Holds { days_left: 0 } => f.write_str("last day"),
            Standing::Holds { days_left } => write!(f, "{} left", counted(days_left)),
            Standing::Expired { days_ago } => write!(f, "expired {} ago", counted(days_ago)),
            Standing::Ahead { days } => write!(f, "begins in {}", counted(days)),
        }
    }
}

fn counted(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// From one day to another; below 0 where the other is earlier.
fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

impl WaivedArea {
    const COVERAGE: &str = "coverage";

    /// Every spelling, the areas first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Area::ALL.into_iter().map(Area::name).chain([Self::COVERAGE])
    }

    pub fn name(self) -> &'static str {
        match self {
            WaivedArea::Area(area) => area.name(),
            WaivedArea::Coverage => Self::COVERAGE,
        }
    }

    /// Why a policy lets nobody waive this of a case of this kind; of a removed case, of its suite's kind.
    pub fn refusal(self, kind: Option<CaseKind>, policy: &Policy) -> Option<String> {
        if kind == Some(CaseKind::ReviewerCorrection) {
            return Some("a case born from a correction is never waived: what a reviewer put right stays right".into());
        }
        match self {
            WaivedArea::Area(area) => {
                let why = match policy.gate(area) {
                    _ if area == Area::PermissionAdherence => "one violation is one too many",
                    AreaGate::ZeroTolerance => "the policy tolerates no violation there",
                    AreaGate::Guard => "it guards what reviewers put right",
                    AreaGate::NonInferiority | AreaGate::Budget | AreaGate::Advisory => return None,
                };
                Some(format!("{area} is never waived: {why}"))
            }
            WaivedArea::Coverage if kind.is_none() => {
                Some("a whole suite that is gone is never waived: its cases may have been corrections".into())
            }
            WaivedArea::Coverage => None,
        }
    }
}

impl TryFrom<String> for WaivedArea {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let area = Area::ALL.into_iter().find(|area| area.name() == name);
        match area {
            Some(area) => Ok(WaivedArea::Area(area)),
            None if name == Self::COVERAGE => Ok(WaivedArea::Coverage),
            None => Err(format!("there is no area {name:?}")),
        }
    }
}

impl From<WaivedArea> for String {
    fn from(area: WaivedArea) -> String {
        area.name().to_owned()
    }
}

impl fmt::Display for WaivedArea {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl JsonSchema for WaivedArea {
    fn schema_name() -> Cow<'static, str> {
        "WaivedArea".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "enum": Self::names().collect::<Vec<_>>()})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waiver(date: &str, expires: &str) -> Waiver {
        serde_json::from_value(json!({
            "case": "a", "area": "task_success", "reason": "r", "owner": "o", "date": date, "expires": expires,
        }))
        .unwrap()
    }

    #[test]
    fn a_waiver_holds_from_its_day_to_the_end_of_its_last() {
        let waiver = waiver("2026-02-20", "2026-03-06");
        assert_eq!(waiver.days(), 14);
        for (today, standing) in [
            ("2026-02-19", Standing::Ahead { days: 1 }),
            ("2026-02-20", Standing::Holds { days_left: 14 }),
            ("2026-03-06", Standing::Holds { days_left: 0 }),
            ("2026-03-07", Standing::Expired { days_ago: 1 }),
        ] {
            assert_eq!(waiver.standing(today.parse().unwrap()), standing, "{today}");
        }
    }

    #[test]
    fn violations_and_corrections_are_never_waived() {
        let policy: Policy = serde_json::from_value(json!({"version": 1, "profile": "pr", "areas": {
            "task_success": {"gate": "non_inferiority"},
            "tool_correctness": {"gate": "non_inferiority", "unsafe_call": "zero_tolerance"},
            "escalation_behavior": {"gate": "zero_tolerance"},
            "regression_control": {"gate": "guard"},
        }}))
        .unwrap();
        let (golden, correction) = (Some(CaseKind::GoldenRequest), Some(CaseKind::ReviewerCorrection));
        for (area, kind, refused) in [
            ("task_success", golden, false),
            ("task_success", correction, true),
            ("tool_correctness", golden, false),
            ("escalation_behavior", golden, true),
            ("regression_control", golden, true),
            // Whatever the policy says.
            ("permission_adherence", golden, true),
            ("coverage", golden, false),
            ("coverage", correction, true),
            ("coverage", None, true),
        ] {
            let area = WaivedArea::try_from(area.to_owned()).unwrap();
            assert_eq!(area.refusal(kind, &policy).is_some(), refused, "{area} {kind:?}");
        }
    }

    #[test]
    fn an_area_is_spelled_as_everywhere() {
        for name in WaivedArea::names() {
            let area = WaivedArea::try_from(name.to_owned()).unwrap();
            assert_eq!(serde_json::to_value(area).unwrap(), name);
        }
        assert!(WaivedArea::try_from("task".to_owned()).is_err());
    }
}
