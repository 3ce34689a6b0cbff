//! Variables of a check file.

use diagnostic::Source;
use runner::plan::plan;
use runner::settings::Selection;

#[test]
fn variables_are_computed_from_those_above_them() {
    let planned = |text: &str| {
        let source = Source::new("shop.yaml", text);
        plan(&[source], &Selection::default(), &|_| None).map_err(|problems| problems.to_string())
    };
    let text = "
variables: { id: '{{ uuid() }}', path: '/x/{{ id }}' }
checks: [{ name: a, get: '{{ path }}' }]
";
    assert!(planned(text).is_ok());
    let below = "variables: { path: '/{{ id }}', id: 1 }\nchecks: [{ name: a, get: '{{ path }}' }]";
    let said = planned(below).unwrap_err();
    assert!(said.contains("the variable `path` cannot be computed: expected variables that stand above it, found `id`"), "{said}");
}
