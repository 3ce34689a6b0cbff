//! The keys of a check file, its checks and what is around them.

use super::kind::{IDENTIFIER, Kind, Names};
use super::request::{
    AUTHENTICATION, BODIES, CALL, COMMON, HEAD, HEADERS, METHODS, REDIRECTS, SOCKET,
};
use super::{Property, Table, property};
use Kind::{
    Always, Any, Duration, Either, Entries, Flag, HttpVersion, List, Map, Number, OneOrMany,
    Pattern, Scalar, Shared, Status, Steps, Text, Whole, Words,
};

#[rustfmt::skip]
pub(crate) static FILE: Table = Table::new("a check file", &[&[
    property("name", Text, "storefront", "The name shown in reports. Default: the file's name."),
    property("include", List(&Text, 0, usize::MAX), "[common.yaml]",
        "Files whose fragments this one knows, relative to it.").in_section("#fragments"),
    property("variables", Entries(Names::Identifier, &VARIABLE), "{ customer: demo@example.com }",
        "Values that templates can use. Each may name variables above it.").in_section("#variables-templates-and-captures"),
    property("fragments", Entries(Names::Any, &Shared("fragment", &Map(&FRAGMENT))), "{ look: { steps: [{ get: / }] } }",
        "Steps under a name, for `use`.").in_section("#fragments"),
    property("defaults", Map(&DEFAULTS), "{ timeout: 5s }", "What holds for every step that does not say otherwise."),
    property("setup", Steps, "[{ post: /login }]",
        "Steps before the checks, which may write. The checks know what they capture, and do not run if one fails.").in_section("#flow"),
    property("checks", List(&Shared("check", &Map(&CHECK)), 1, usize::MAX), "[{ name: the shop opens, get: / }]",
        "The checks, at least one. They run at the same time, their steps in order."),
    property("teardown", Steps, "[{ delete: /cart }]",
        "Steps after the checks, which may write and all run, whatever came before. If one fails, that is shown and the verdict stands.").in_section("#flow"),
]]);

const VARIABLE: Kind = Either(&[
    Map(&ORIGINS[0]),
    Map(&ORIGINS[1]),
    Map(&ORIGINS[2]),
    Map(&MARKED),
    Any,
]);

/// The maps that say where a variable's value comes from.
#[rustfmt::skip]
pub(crate) static ORIGINS: [Table; 3] = [
    Table::new("an origin", &[&[
        property("env", Text, "SHOP_PASSWORD", "The environment variable's name."),
    ]]).require_all(&["env"]).explain("From an environment variable; kept out of every output."),
    Table::new("an origin", &[&[
        property("secret", Text, "storefront/smoke-test", "The secret's name or ARN."),
        property("key", Text, "password", "The member of the JSON object that the secret is."),
    ]]).require_all(&["secret"]).explain("From AWS Secrets Manager; kept out of every output."),
    Table::new("an origin", &[&[
        property("parameter", Text, "/storefront/partner", "The parameter's path."),
    ]]).require_all(&["parameter"]).explain("From AWS Systems Manager Parameter Store, decrypted; kept out of every output."),
];

/// A variable that is marked as a secret.
#[rustfmt::skip]
pub(crate) static MARKED: Table = Table::new("a variable", &[&[
    property("value", Any, "any value", "The value."),
    property("secret", Always, "true", "Always `true`: the value is never shown."),
]]).require_all(&["value", "secret"]).explain("A secret; kept out of every output.");

#[rustfmt::skip]
pub(crate) static FRAGMENT: Table = Table::new("a fragment", &[&[
    property("parameters", List(&Either(&[IDENTIFIER, Map(&PARAMETER)]), 0, usize::MAX), "[user, { name: password, default: guest }]",
        "What a use gives values for."),
    property("steps", Steps, "[{ get: / }]", "The steps. They know the file's variables and earlier captures too."),
]]).require_all(&["steps"]);

#[rustfmt::skip]
pub(crate) static PARAMETER: Table = Table::new("a parameter", &[&[
    property("name", IDENTIFIER, "user", "What templates call it."),
    property("default", Any, "demo", "Its value where none is given."),
]]).require_all(&["name"]);

/// A step that uses a fragment.
#[rustfmt::skip]
pub(crate) static USE: Table = Table::new("a use of a fragment", &[&[
    property("name", Text, "a customer logs in", "What reports call it. Default: the fragment's name."),
    property("use", Text, "look", "The name of a fragment, whose steps run here."),
    property("with", Entries(Names::Identifier, &Any), "{}", "The values of its parameters."),
]]).require_all(&["use"]);

#[rustfmt::skip]
pub(crate) static DEFAULTS: Table = Table::new("`defaults`", &[&[
    property("timeout", Duration, "5s", "The longest that one attempt may take. Default: `10s`."),
    property("headers", HEADERS, "{ x-smoke-test: \"true\" }", "Headers of every request."),
    property("auth", AUTHENTICATION, "{ bearer: \"{{ token }}\" }", "Who asks.").in_section("#logins"),
    property("http", HttpVersion, "\"2\"", "The version of HTTP to speak, over TLS or in plain text. Default: what client and server agree on."),
    property("retry", RETRYING, "{ for: 30s, every: 1s }", "Try each step again until it passes.").in_section("#retries"),
    property("follow_redirects", REDIRECTS, "true", "Whether redirects are followed (10 of them), or how many. Default: `false`."),
    property("writes", Flag, "false", "Whether requests may change data. Default: `false`."),
]]);

/// What a check has beside one request or several.
#[rustfmt::skip]
static OF_CHECK: &[Property] = &[
    property("name", Text, "the shop opens", "A sentence that says what must be true; it must be given."),
    property("tags", List(&Text, 0, usize::MAX), "[critical]", "Words to select the check by: `--tag critical`, `--tag '!slow'`."),
    property("severity", Words(&["required", "warn"]), "warn", "`warn`: a failure is shown, and the verdict stands. Default: `required`."),
    property("writes", Flag, "true", "Whether its requests may change data: all but safe methods are refused without. Default: that of `defaults`."),
    property("skip", Text, "the printer is not part of this release", "Why the check does not run; the verdict does not mind.").in_section("#flow"),
    property("when", Scalar, "\"{{ stage == 'production' }}\"", "The check runs only if this is true. It knows variables and rows.").in_section("#flow"),
    property("needs", OneOrMany(&Text), "the shop opens",
        "Checks of this file that must have passed before. Selecting a check by its tag selects what it needs.").in_section("#flow"),
    property("each", Either(&[List(&Entries(Names::Identifier, &Any), 1, usize::MAX), Map(&ROWS)]), "[{ item: espresso-cup }, { item: travel-mug }]",
        "Runs the check once for each row, with one outcome a row. The row's values have names; a check's name may use them.").in_section("#flow"),
    property("quarantine", Map(&QUARANTINE), "{ until: 2030-01-31, owner: team search, reason: the index is being rebuilt }",
        "A known failure: it is shown, and the verdict stands, until a date.").in_section("#flow"),
    property("retry", RETRYING, "{ for: 30s, every: 1s }", "Try again until it passes; with steps, all of them.").in_section("#retries"),
    property("steps", Steps, "[{ get: / }, { get: /catalogue }]", "Requests, in order. Without it the check is one request."),
];

/// A check, of steps or of one request.
#[rustfmt::skip]
pub(crate) static CHECK: Table = Table::new("a check", &[OF_CHECK, METHODS, CALL, SOCKET, HEAD, BODIES, COMMON])
    .require_all(&["name"])
    .require_one(&["get", "head", "post", "put", "patch", "delete", "options", "request", "grpc", "websocket", "steps"]);

#[rustfmt::skip]
static OF_STEP: &[Property] = &[
    property("name", Text, "place an order", "What the step does, for reports."),
    property("retry", RETRYING, "{ times: 3, every: 100ms }", "Try the step again until it passes.").in_section("#retries"),
];

#[rustfmt::skip]
pub(crate) static STEP: Table = Table::new("a step", &[OF_STEP, METHODS, CALL, SOCKET, HEAD, BODIES, COMMON])
    .require_one(&["get", "head", "post", "put", "patch", "delete", "options", "request", "grpc", "websocket"]);

/// An `each` whose rows stand in a file.
#[rustfmt::skip]
pub(crate) static ROWS: Table = Table::new("`each`", &[&[
    property("file", Text, "items.csv", "A CSV file with a line of names, or a JSON list of maps; relative to the check file."),
]]).require_all(&["file"]);

const DATE: Kind = Pattern(
    "a date such as `2030-01-31`",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
);

#[rustfmt::skip]
pub(crate) static QUARANTINE: Table = Table::new("`quarantine`", &[&[
    property("until", DATE, "2030-01-31", "The first day on which the check counts again, in UTC."),
    property("owner", Text, "team search", "Who mends it."),
    property("reason", Text, "the index is being rebuilt", "What is wrong."),
]]).require_all(&["until", "owner", "reason"]);

const RETRYING: Kind = Shared("retry", &Map(&RETRY));
const OUTCOME: Kind = Either(&[Words(&["could_not_ask"]), Status]);

#[rustfmt::skip]
pub(crate) static RETRY: Table = Table::new("`retry`", &[&[
    property("for", Duration, "30s", "How long new attempts are begun. This or `times` must be given."),
    property("times", Whole(1, 1_000), "3", "How many attempts there are in all."),
    property("every", Duration, "500ms", "The pause between two attempts. Default: `1s`."),
    property("backoff", Number(1, 10), "1.5", "By how much each pause is longer than the one before. Default: `1`."),
    property("while", OneOrMany(&OUTCOME), "[could_not_ask, 5xx]",
        "Ask again only after these: `could_not_ask`, statuses, classes. Default: after any failure."),
]]).require_any(&["for", "times"]);
