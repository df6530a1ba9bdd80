use super::{RenderError, RunReport};
pub fn render(_report: &RunReport) -> Result<Vec<u8>, RenderError> { Ok(Vec::new()) }
