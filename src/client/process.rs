//! A process under test, run to its end or its deadline.

use super::secret::Secrets;
use super::{CommandAnswer, CommandRequest, Fault};

/// Runs it. A variable that it inherits has the value of the secret of that name, if there is one. What comes back may
/// hold secrets.
pub(super) async fn run(_request: CommandRequest, _secrets: &Secrets) -> Result<CommandAnswer, Fault> {
    todo!()
}
