//! The marks of cases in a run, which trends are made of.

use crate::domain::{Area, CaseKind, RequestType, Slug, Trit};

/// A case that some run held.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFact {
    pub id: Slug,
    pub pipeline: Slug,
    pub kind: CaseKind,
    pub request: RequestType,
    pub org: String,
}

/// A mark of one repeat of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkFact {
    /// Number of the case in the store.
    pub case: i64,
    pub area: Area,
    pub mark: Trit,
    /// Of a mark below +1, the criterion behind it.
    pub cause: Option<String>,
}
