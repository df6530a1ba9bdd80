//! What a run is judged by beside a policy: what people excuse, and whether its judge is the project's own.

use super::moved::CasesThen;
use crate::calibration::Rulings;
use crate::domain::Waiver;
use crate::gate::{LicenceLine, Minutes, PolicyFrom};

#[derive(Debug, Clone, Default)]
pub struct JudgedBy {
    /// In the order of their file.
    pub waivers: Vec<Waiver>,
    /// Where policy and waivers are from, if not from the project as it stands.
    pub policy_from: Option<PolicyFrom>,
    /// What the run is held against, if not against what the project has accepted.
    pub held_against: Option<String>,
    /// The cases of that time, where anybody has to know.
    pub cases_then: Option<CasesThen>,
    /// What people said of single trials.
    pub rulings: Rulings,
    /// Which judges may gate what today.
    pub licences: Vec<LicenceLine>,
    /// What review took so far, where the policy asks for it.
    pub minutes: Minutes,
}

impl JudgedBy {
    /// By the project as it stands.
    pub fn waiving(waivers: &[Waiver]) -> Self {
        Self { waivers: waivers.to_vec(), ..Self::default() }
    }
}
