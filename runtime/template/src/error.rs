//! What is wrong with a template: every problem that was found, up to a bound, so that nobody has to mend them one by
//! one.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::node::Mark;

/// Problems that are shown; the rest is counted.
const PROBLEMS_MAX: usize = 20;
/// Problems after which nothing more is evaluated.
const PROBLEMS_COUNTED_MAX: usize = 1000;
/// Characters of a message and of a place. They repeat what the template says, and that may be long.
const MESSAGE_CHARS_MAX: usize = 600;
/// Characters of names that are compared with others to find what was meant.
const COMPARED_CHARS_MAX: usize = 255;

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it, in the order in which it was found. There is at least one.
    pub problems: Vec<Problem>,
    /// Further problems that are not listed.
    pub left_off: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line and column, from one, where the file's format tells.
    pub position: Option<(usize, usize)>,
    /// The path inside the template, such as `Resources.OrderFunction.Properties.Timeout`. Empty for the whole file.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.problems.len() + self.left_off;
        let file = self.file.display();
        let noun = if total == 1 { "problem" } else { "problems" };
        write!(formatter, "the template {file} cannot be used; {total} {noun}:")?;
        for problem in &self.problems {
            write!(formatter, "\n  {file}")?;
            if let Some((line, column)) = problem.position {
                write!(formatter, ":{line}:{column}")?;
            }
            formatter.write_str(": ")?;
            if !problem.place.is_empty() {
                write!(formatter, "{}: ", problem.place)?;
            }
            formatter.write_str(&problem.message)?;
        }
        if self.left_off > 0 {
            write!(formatter, "\n  and {} more", self.left_off)?;
        }
        Ok(())
    }
}

/// A problem was found and is in the list: whoever gets this has nothing more to say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reported;

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: RefCell<Vec<Problem>>,
    left_off: RefCell<usize>,
}

impl Problems {
    /// Takes down a problem. The same one is not listed twice.
    pub(crate) fn report(
        &self,
        mark: Option<Mark>,
        place: &Place,
        message: impl Into<String>,
    ) -> Reported {
        let problem = Problem {
            position: mark.map(|mark| (mark.line, mark.column)),
            place: cut(place.to_string()),
            message: cut(message.into()),
        };
        let mut found = self.found.borrow_mut();
        if found.len() >= PROBLEMS_MAX {
            *self.left_off.borrow_mut() += 1;
        } else if !found.contains(&problem) {
            found.push(problem);
        }
        Reported
    }

    /// Whether no further problem is shown, so that it need not be well described.
    pub(crate) fn are_full(&self) -> bool {
        self.found.borrow().len() >= PROBLEMS_MAX
    }

    /// Whether it is not worth looking for more.
    pub(crate) fn are_too_many(&self) -> bool {
        *self.left_off.borrow() + PROBLEMS_MAX >= PROBLEMS_COUNTED_MAX
    }

    pub(crate) fn into_result<T>(self, file: &Path, value: Option<T>) -> Result<T, TemplateError> {
        let (problems, left_off) = (self.found.into_inner(), self.left_off.into_inner());
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(TemplateError { file: file.to_owned(), problems, left_off }),
        }
    }
}

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MESSAGE_CHARS_MAX) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// A path inside a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place(Vec<String>);

impl Place {
    /// The whole file.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// What is under this key or index.
    pub(crate) fn at(&self, key: impl fmt::Display) -> Self {
        let mut path = self.0.clone();
        path.push(key.to_string());
        Self(path)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("."))
    }
}

/// `; did you mean "X"?` for the known name that is nearest, or nothing.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = impl AsRef<str> + 'a>,
) -> String {
    if name.len() > COMPARED_CHARS_MAX {
        return String::new();
    }
    known
        .into_iter()
        .map(|known| (similarity(name, known.as_ref()), known))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map_or_else(String::new, |(_, known)| format!("; did you mean \"{}\"?", known.as_ref()))
}

fn similarity(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(&a.to_lowercase(), &b.to_lowercase())
}
