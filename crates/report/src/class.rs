//! Whom a failure is for: the team, those who look after the network, or us.

/// The kinds of failure, which call for different people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The target answered, and the answer was wrong.
    WrongAnswer,
    /// The target could not be asked: network, TLS, time.
    CouldNotAsk,
    /// The run's time was over before the step was done.
    CutShort,
    /// Greenlight itself went wrong.
    OurFault,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::WrongAnswer,
        Self::CouldNotAsk,
        Self::CutShort,
        Self::OurFault,
    ];

    /// The class in words, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::WrongAnswer => "wrong answer",
            Self::CouldNotAsk => "could not ask",
            Self::CutShort => "cut short",
            Self::OurFault => "our own fault",
        }
    }

    /// The class as a word, for programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::WrongAnswer => "wrong-answer",
            Self::CouldNotAsk => "could-not-ask",
            Self::CutShort => "cut-short",
            Self::OurFault => "our-fault",
        }
    }
}
