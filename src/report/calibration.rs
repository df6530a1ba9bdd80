//! Marks held against those of people, as JSON.

use super::{RenderError, json};
use crate::calibration::Calibration;

/// The shape is [`Calibration`].
pub fn render_json(calibration: &Calibration) -> Result<Vec<u8>, RenderError> {
    json::pretty(calibration).map_err(RenderError::of("json"))
}
