//! Work that an answer or a check file drives: how much of it there may be,
//! and where it runs if it is much.
//!
//! | file | what it is for |
//! |---|---|
//! | `budget` | counts steps and the stack that they take, and ends what takes more |
//! | `threads` | a few threads of a large stack, whose work is given up in time |
//!
//! What is little is done where it is needed. What turns out to be more begins
//! again on a thread, so that nothing else waits for it.

pub mod budget;
pub mod threads;
