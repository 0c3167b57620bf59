//! A bounded number of label values.
//!
//! A scraper keeps a time series for every value that a label ever had, so no value may come from outside without a
//! bound.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;

/// Functions with series of their own. The others are counted together.
pub(super) const FUNCTIONS_MAX: usize = 200;

/// The value that stands for all the others.
pub(super) const OTHER: &str = "other";

/// A function, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FunctionLabel {
    pub(super) function: String,
}

impl FunctionLabel {
    pub(super) fn new(function: &str) -> Self {
        Self { function: function.to_owned() }
    }
}

/// The counters of each function, made when it is first seen. A function that is deleted keeps its place: its counters
/// must not begin anew if it comes back.
pub(super) struct ByFunction<T> {
    known: RwLock<HashMap<String, Arc<T>>>,
    make: Box<dyn Fn(&FunctionLabel) -> T + Send + Sync>,
}

impl<T> ByFunction<T> {
    /// No function is known yet.
    pub(super) fn new(make: impl Fn(&FunctionLabel) -> T + Send + Sync + 'static) -> Self {
        Self { known: RwLock::default(), make: Box::new(make) }
    }

    /// The counters of this function, or of all those that have none.
    pub(super) fn get(&self, function: &str) -> Arc<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(function);
        let found = found.or_else(|| known.get(OTHER).filter(|_| known.len() > FUNCTIONS_MAX));
        if let Some(found) = found {
            return Arc::clone(found);
        }
        drop(known);
        self.add(function)
    }

    /// Whether this function has counters of its own.
    pub(super) fn knows(&self, function: &str) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(function)
    }

    fn add(&self, function: &str) -> Arc<T> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have been quicker, so the bound is looked at here.
        let name = if known.len() < FUNCTIONS_MAX { function } else { OTHER };
        let counters = known
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new((self.make)(&FunctionLabel::new(name))));
        Arc::clone(counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_functions_have_counters_of_their_own_and_the_rest_share_one() {
        let names = ByFunction::new(|label: &FunctionLabel| label.function.clone());
        for number in 0..1000 {
            let expected = match number {
                0..FUNCTIONS_MAX => format!("f{number}"),
                _ => OTHER.to_owned(),
            };
            assert_eq!(*names.get(&format!("f{number}")), expected);
        }
        assert_eq!(*names.get("f0"), "f0");
        assert_eq!(*names.get("f999"), OTHER);
        assert_eq!(names.known.read().unwrap().len(), FUNCTIONS_MAX + 1);
    }

    #[test]
    fn a_function_that_is_called_other_is_no_way_around_the_bound() {
        let names = ByFunction::new(|label: &FunctionLabel| label.function.clone());
        names.get(OTHER);
        for number in 0..1000 {
            names.get(&format!("f{number}"));
        }
        assert_eq!(names.known.read().unwrap().len(), FUNCTIONS_MAX);
        assert_eq!(*names.get("f999"), OTHER);
    }
}
