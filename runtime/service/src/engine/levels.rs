//! How much is open, in memory and queued at this moment, and how many processes there are.
//!
//! Read when somebody looks, and not counted along: so it cannot drift, and costs the path of an execution nothing. What
//! it costs grows with the number of functions and not with that of the executions.

use crate::engine::Engine;
use crate::functions::Function;

/// All of it.
pub(crate) struct Levels {
    /// Executions that have not ended.
    pub(crate) open: u64,
    /// Executions in memory.
    pub(crate) resident: usize,
    /// Of each function.
    pub(crate) functions: Vec<FunctionLevels>,
}

/// What one function has.
pub(crate) struct FunctionLevels {
    /// Its name.
    pub(crate) name: String,
    /// Executions that wait for an invocation.
    pub(crate) queued: usize,
    /// Processes of all its versions.
    pub(crate) processes: durable_functions::Processes,
}

impl Engine {
    /// Looks at everything once.
    pub(crate) fn levels(&self) -> Levels {
        let functions = self.functions.all();
        Levels {
            open: self.open.count(),
            resident: self.cells.len(),
            functions: functions.iter().map(|function| self.levels_of(function)).collect(),
        }
    }

    fn levels_of(&self, function: &Function) -> FunctionLevels {
        FunctionLevels {
            name: function.name.clone(),
            queued: self.dispatcher.waiting(&function.name),
            processes: function.versions().map(|version| version.host.processes()).sum(),
        }
    }
}
