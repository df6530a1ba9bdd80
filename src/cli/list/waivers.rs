//! `evalgate list waivers`: what is excused, by whom, and for how long still.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Listing;
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::diagnostic::printable_line;
use crate::domain::Waiver;

/// Every waiver, the one that ends first at the top.
pub fn waivers(context: &Context) -> Result<Listing, Failure> {
    let Project { catalog, .. } = context.catalog()?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut waivers: Vec<&Waiver> = catalog.waivers.iter().collect();
    waivers.sort_by_key(|waiver| (waiver.expires, &waiver.case, waiver.area));
    let mut text = String::new();
    let mut rows = Vec::new();
    for waiver in waivers {
        let Waiver { case, area, reason, owner, issue, date, expires } = waiver;
        let (standing, days_left) = (waiver.standing(today), Waiver { date: today, ..waiver.clone() }.days());
        let issue_too = issue.as_ref().map_or_else(String::new, |issue| format!(", {issue}"));
        for line in
            [format!("{case}  {area}  {standing}"), format!("  {owner}, {date} to {expires}{issue_too}: {reason}")]
        {
            text += &format!("{}\n", printable_line(&line));
        }
        rows.push(json!({
            "case": case, "area": area, "reason": reason, "owner": owner, "issue": issue, "date": date,
            "expires": expires, "days_left": days_left,
        }));
    }
    if rows.is_empty() {
        text.push_str("nothing is waived\n");
    }
    Ok(Listing { text, json: rows.into(), exit: Exit::Passed })
}
