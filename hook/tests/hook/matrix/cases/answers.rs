//! Answers that no check expects to be as deep. Each fails its own check, and
//! nothing else.

use super::Moment::FirstCheck;
use super::{Case, FAILED, Form, Wrong, case};

pub(super) fn answers(cases: &mut Vec<Case>) {
    for (form, name) in [
        (Form::Schema, "nested objects and a schema"),
        (Form::Path, "nested lists and a path"),
        (Form::Html, "nested HTML"),
        (Form::Xml, "nested XML"),
    ] {
        for depth in [60, 1_000, 100_000] {
            let wrong = Wrong::Deep(form, depth);
            case(cases, "app", name, FirstCheck, &wrong, FAILED);
        }
    }
}
