//! Which judges may gate what today: committed calibrations held against the judges, the rubrics and the policy as they
//! stand.

use jiff::{Timestamp, tz::TimeZone};

use super::context::Project;
use super::panel;
use crate::calibration::{Licence, Today, asked, licence};
use crate::domain::JudgePolicy;
use crate::gate::LicenceLine;
use crate::store::Calibrations;

/// Every judge that a rubric asks, in each area that it is asked in. A calibration that cannot be trusted licenses
/// nothing.
pub fn licences(project: &Project, terms: &JudgePolicy) -> Vec<LicenceLine> {
    let catalog = &project.catalog;
    let calibrations = Calibrations::open(&project.checked.root.path().join("rubrics"));
    let day = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let mut lines = Vec::new();
    for seat in panel::seats(&project.checked, catalog) {
        let judge = &seat.name;
        let record = calibrations.read(judge);
        let rubrics = catalog.rubrics.iter().map(|(pipeline, rubrics)| (pipeline, &rubrics.rubric));
        for (area, (rubric, _)) in asked(judge, rubrics) {
            let today = Today { judge, identity: &seat.identity, rubric: &rubric, day, terms };
            let licence = match &record {
                Ok(record) => licence(record.as_ref(), area, &today),
                Err(error) => Licence::Refused(format!(
                    "its calibration cannot be trusted ({error}); `evalgate calibrate {judge}` makes it anew"
                )),
            };
            lines.push(LicenceLine { judge: judge.clone(), area, licence });
        }
    }
    lines
}
