//! Conditions joined by `&&` and `||`. The first binds closer; parentheses bind closest.

use super::InvalidPattern;
use super::cursor::Cursor;

/// Parentheses in parentheses.
const DEPTH_MAX: usize = 32;

#[derive(Debug)]
pub(super) enum Expression<T> {
    Condition(T),
    All(Vec<Expression<T>>),
    Any(Vec<Expression<T>>),
}

/// Reads one condition.
pub(super) type Leaf<'f, T> = &'f mut dyn FnMut(&mut Cursor<'_>) -> Result<T, InvalidPattern>;

impl<T> Expression<T> {
    pub(super) fn parse(
        cursor: &mut Cursor<'_>,
        leaf: Leaf<'_, T>,
    ) -> Result<Self, InvalidPattern> {
        Self::any(cursor, leaf, DEPTH_MAX)
    }

    pub(super) fn is_true(&self, condition: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Condition(it) => condition(it),
            Self::All(parts) => parts.iter().all(|part| part.is_true(condition)),
            Self::Any(parts) => parts.iter().any(|part| part.is_true(condition)),
        }
    }

    fn any(
        cursor: &mut Cursor<'_>,
        leaf: Leaf<'_, T>,
        depth: usize,
    ) -> Result<Self, InvalidPattern> {
        let mut parts = vec![Self::all(cursor, leaf, depth)?];
        while next_is(cursor, "||") {
            parts.push(Self::all(cursor, leaf, depth)?);
        }
        Ok(Self::Any(parts))
    }

    fn all(
        cursor: &mut Cursor<'_>,
        leaf: Leaf<'_, T>,
        depth: usize,
    ) -> Result<Self, InvalidPattern> {
        let mut parts = vec![Self::one(cursor, leaf, depth)?];
        while next_is(cursor, "&&") {
            parts.push(Self::one(cursor, leaf, depth)?);
        }
        Ok(Self::All(parts))
    }

    fn one(
        cursor: &mut Cursor<'_>,
        leaf: Leaf<'_, T>,
        depth: usize,
    ) -> Result<Self, InvalidPattern> {
        cursor.skip_spaces();
        if !cursor.eat("(") {
            return leaf(cursor).map(Self::Condition);
        }
        if depth == 0 {
            return Err(InvalidPattern::new(format!(
                "A filter pattern may have {DEPTH_MAX} parentheses in each other"
            )));
        }
        let inside = Self::any(cursor, leaf, depth - 1)?;
        cursor.expect(")")?;
        Ok(inside)
    }
}

fn next_is(cursor: &mut Cursor<'_>, operator: &str) -> bool {
    cursor.skip_spaces();
    cursor.eat(operator)
}
