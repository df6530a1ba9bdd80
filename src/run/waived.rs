//! The waivers on the day of judging: how long each still holds, and what its case is or was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{CaseKind, Slug, Waiver};
use crate::gate::Waived;
use crate::load::{Checked, SuiteFile};
use crate::store::Listing;

/// What the gate has to know of each waiver. Days are those of UTC, so that a run says the same everywhere. `listing`:
/// the accepted snapshots, which tell where a removed case was.
pub fn waived(checked: &Checked, waivers: &[Waiver], listing: &Listing, now: Timestamp) -> Vec<Waived> {
    if waivers.is_empty() {
        return Vec::new();
    }
    let today = now.to_zoned(TimeZone::UTC).date();
    let mut sizes: BTreeMap<&Slug, u64> = BTreeMap::new();
    for suite in &checked.suites {
        *sizes.entry(&suite.pipeline).or_default() += suite.cases as u64;
    }
    let removed = listing.accepted.iter().filter(|key| !checked.census.cases.contains_key(&key.case));
    let removed: BTreeMap<&Slug, _> = removed.map(|key| (&key.case, key)).collect();
    for key in removed.values() {
        *sizes.entry(&key.pipeline).or_default() += 1;
    }
    let one = |waiver: &Waiver| {
        let suite = suite_of(checked, listing, &waiver.case).map(|suite| &suite.pipeline);
        let pipeline = suite.or_else(|| removed.get(&waiver.case).map(|key| &key.pipeline));
        Waived {
            standing: waiver.standing(today),
            kind: kind_of(checked, listing, &waiver.case),
            pipeline: pipeline.and_then(|name| Some((name.clone(), *sizes.get(name)?))),
            waiver: waiver.clone(),
        }
    };
    waivers.iter().map(one).collect()
}

/// Kind of a case; of a removed one that of its suite, unless that is gone too.
pub fn kind_of(checked: &Checked, listing: &Listing, case: &Slug) -> Option<CaseKind> {
    suite_of(checked, listing, case).map(|suite| suite.kind)
}

/// The suite that holds a case, or did.
fn suite_of<'c>(checked: &'c Checked, listing: &Listing, case: &Slug) -> Option<&'c SuiteFile> {
    checked.suite_of(case).or_else(|| {
        let gone = listing.accepted.iter().find(|key| key.case == *case)?;
        checked.suites.iter().find(|suite| suite.pipeline == gone.pipeline && suite.name == gone.suite)
    })
}
