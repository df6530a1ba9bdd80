//! What the waivers say that the project does not bear out.

use super::{Catalog, Census};
use crate::diagnostic::Diagnostic;
use crate::domain::{CaseKind, Slug, WaivedArea};

/// Where they stand in a project.
pub const WAIVERS: &str = "rubrics/waivers.yaml";

/// Holds the waivers against the project's cases and the policy it names. `kind_of` is asked about known cases only.
pub fn examine(catalog: &Catalog, census: &Census, kind_of: &dyn Fn(&Slug) -> Option<CaseKind>) -> Vec<Diagnostic> {
    let policy = catalog.policies.get(&catalog.project.policy);
    let mut found = Vec::new();
    for (i, waiver) in catalog.waivers.iter().enumerate() {
        let error =
            |code, key: &str, message: String| Diagnostic::error(code, WAIVERS, format!("/waivers/{i}/{key}"), message);
        match (census.cases.get(&waiver.case), waiver.area) {
            (Some((file, line)), WaivedArea::Coverage) => {
                let message = format!("{} is a case of {file}, line {line}: nothing was removed", waiver.case);
                let help = "name the area that fell, or remove the entry";
                found.push(error("nothing-to-waive", "area", message).with_help(help));
            }
            (None, WaivedArea::Area(_)) if census.is_whole() => {
                let message = format!("there is no case {:?}", waiver.case);
                let known = census.cases.keys().map(Slug::as_str);
                found.push(error("unknown-case", "case", message).suggest(&waiver.case, known));
            }
            (Some(_), WaivedArea::Area(_)) | (None, _) => {}
        }
        let Some(policy) = policy else { continue };
        let kind = kind_of(&waiver.case);
        // What a removed case was, its snapshot tells; the gate looks there.
        let known = kind.is_some() || waiver.area != WaivedArea::Coverage;
        if let Some(why) = waiver.area.refusal(kind, policy).filter(|_| known) {
            found.push(error("never-waived", "area", why));
        }
        if let Some(why) = waiver.too_long(policy) {
            found.push(error("expires-too-late", "expires", why));
        }
    }
    found
}
