//! A service, OpenAPI, Hurl or Postman go in, a check file comes out, with all
//! that could not be carried over.
//!
//! | module | what it is for |
//! |---|---|
//! | `draft` | a check file that is being written → its text, with comments |
//! | `import` | Hurl and Postman → a draft |
//! | `init` | a running service, or OpenAPI → a draft |

pub mod draft;
pub mod import;
pub mod init;
