//! The check language: what a check file may say, and what it means. Nothing
//! here touches the network.
//!
//! | module | what it is for |
//! |---|---|
//! | `discover` | paths, folders, globs → texts |
//! | `language` | a text → the types of the check language, or all that is wrong with it |
//! | `template`, `value` | texts and JSON with expressions in them |
//! | `predicate` | the operators |
//! | `remote` | variables whose values are kept elsewhere |
//! | `graphql`, `grpc` | the operations of a GraphQL document; messages of gRPC by their .proto files |
//! | `schema` | the JSON Schema of check files, for editors |

pub mod discover;
pub mod graphql;
pub mod grpc;
mod language;
pub mod predicate;
pub mod remote;
pub mod schema;
pub mod template;
pub mod value;

pub use language::*;
