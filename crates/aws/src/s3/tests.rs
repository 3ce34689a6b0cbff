//! Addresses, URLs and answers.

use super::*;

fn s3(endpoint: Option<&'static str>, region: &'static str) -> S3 {
    let access = Access::new(move |name| match name {
        "AWS_REGION" => Some(region.to_owned()),
        "AWS_ENDPOINT_URL_S3" => endpoint.map(str::to_owned),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("A".to_owned()),
        _ => None,
    });
    S3::new(&access.unwrap())
}

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

#[test]
fn a_bucket_is_part_of_the_name_where_a_certificate_allows_it() {
    let check = |s3: &S3, at: &str, expected: &str| {
        let url = s3.uri(&at.parse().unwrap(), "").unwrap();
        assert_eq!(url.to_string(), expected);
    };
    let europe = s3(None, "eu-central-1");
    check(
        &europe,
        "s3://shop/a b/ü+&.yaml",
        "https://shop.s3.eu-central-1.amazonaws.com/a%20b/%C3%BC%2B%26.yaml",
    );
    check(
        &europe,
        "s3://shop.example/a",
        "https://s3.eu-central-1.amazonaws.com/shop.example/a",
    );
    check(
        &s3(None, "cn-north-1"),
        "s3://shop/a",
        "https://shop.s3.cn-north-1.amazonaws.com.cn/a",
    );
    check(
        &s3(Some("http://127.0.0.1:5000/"), "x"),
        "s3://shop/a",
        "http://127.0.0.1:5000/shop/a",
    );
}

#[test]
fn a_list_has_pages() {
    let page = answer::list(
        br#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Name>shop</Name><Contents><Key>a&amp;b.yaml</Key><Size>7</Size><Owner><ID>x</ID></Owner></Contents>
        <NextContinuationToken>more</NextContinuationToken></ListBucketResult>"#,
    )
    .unwrap();
    let expected = Listed {
        key: "a&b.yaml".to_owned(),
        size: 7,
    };
    assert_eq!(page.objects, [expected]);
    assert_eq!(page.next.as_deref(), Some("more"));
}

#[test]
fn what_is_not_from_s3_is_no_list_and_no_error() {
    for body in [
        "",
        "{}",
        "<html><body>hello</body></html>",
        "<ListBucketResult><Contents/></ListBucketResult>",
    ] {
        assert!(answer::list(body.as_bytes()).unwrap_err().passes, "{body}");
        assert_eq!(answer::error(body.as_bytes()), Default::default(), "{body}");
    }
    let body = b"<Error><Code>NoSuchKey</Code><Message>not there</Message></Error>";
    let (code, message) = answer::error(body);
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("NoSuchKey", "not there")
    );
}
