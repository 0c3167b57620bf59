//! Reading logs, and staying with them.
//!
//! | file | job |
//! |---|---|
//! | `groups` | which log groups are read |
//! | `follow` | the lines of one group, from where the last look ended |
//! | `of_order` | which lines belong to one execution |
//! | `line` | a line as it is printed |

pub mod follow;
pub mod groups;
pub mod line;
pub mod of_order;
