//! The product catalog as the commands see it.
//!
//! | file | job |
//! |---|---|
//! | `product` | a product: its attributes, its checks, its row in the table |
//! | `read` | many products from JSON |
//! | `store` | writing products to the table and reading it |

pub mod product;
pub mod read;
pub mod store;
