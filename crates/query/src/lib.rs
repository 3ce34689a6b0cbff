//! What can be asked of a text or of a value, and how much work that may be.
//!
//! | module | what it is for |
//! |---|---|
//! | `charset`, `json` | bytes → text, in the encoding that they declare; text → JSON, whatever its numbers |
//! | `value` | how deep a value is, and how a message shows it |
//! | `jsonpath`, `json_schema` | a path, or a schema, and a value → what it selects, or what is wrong |
//! | `markup` | HTML or XML, and an `XPath` or a CSS selector → what it finds |
//! | `pattern` | regular expressions |
//! | `digest` | hashes and Base64 |
//! | `work` | the budget of all this, and the threads for what takes much of it |
//!
//! Invariant: nothing here waits without end, or overflows the stack, whatever
//! an answer holds.

pub mod charset;
pub mod digest;
pub mod json;
pub mod json_schema;
pub mod jsonpath;
pub mod markup;
pub mod pattern;
pub mod value;
pub mod work;
