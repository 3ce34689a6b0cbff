//! The story of a deployment for people.
/// x
#[derive(Debug)]
pub struct Story;
