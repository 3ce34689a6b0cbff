//! Addresses. `endpoints.rs` has the URLs.

use super::*;

#[test]
fn an_address_is_read_or_refused() {
    let read = |text: &str| match text.parse::<Address>() {
        Ok(Address { bucket, key }) => format!("{bucket} | {key}"),
        Err(problem) => problem,
    };
    insta::assert_snapshot!(read("s3://shop-checks/v1/"), @"shop-checks | v1/");
    insta::assert_snapshot!(read("s3://shop-checks"), @"shop-checks |");
    insta::assert_snapshot!(read("https://shop-checks/v1"), @"expected an address such as `s3://bucket/prefix/`, found `https://shop-checks/v1`");
    insta::assert_snapshot!(read("s3://Shop/v1"), @"expected a bucket of 3 to 63 lower case letters, digits, `.` and `-`, found `s3://Shop/v1`");
    insta::assert_snapshot!(read("s3://shop/../v1"), @"expected a key of at most 1,024 bytes without `.` and `..`, found `s3://shop/../v1`");
}
