//! Answers that are not the service's own, such as a page of a proxy, or that
//! are larger than they may be.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::access::Access;
use crate::calls::CallError;
use crate::parameters::fetch_parameters;
use crate::s3::S3;
use crate::secrets::SecretsManager;
use crate::sns::Sns;

/// Access to a server that gives each request this answer, and then repeats
/// its last byte without an end.
async fn endless(answer: &'static str) -> Access {
    access(answer, true).await
}

/// Access to a server that gives each request this body.
async fn answering(body: &'static str) -> Access {
    access(body, false).await
}

async fn access(body: &'static str, is_endless: bool) -> Access {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16 * 1024]).await;
            let mut answer = "HTTP/1.1 200 OK\r\nconnection: close\r\n".to_owned();
            if !is_endless {
                let _ = write!(answer, "content-length: {}\r\n", body.len());
            }
            let _ = write!(answer, "\r\n{body}");
            let mut sent = stream.write_all(answer.as_bytes()).await;
            while is_endless && sent.is_ok() {
                sent = stream.write_all(&[b'x'; 1024]).await;
            }
        }
    });
    let access = Access::new(move |name| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("A".to_owned()),
        "AWS_ENDPOINT_URL" => Some(url.clone()),
        _ => None,
    });
    access.unwrap()
}

/// One attempt.
fn now() -> Instant {
    Instant::now()
}

#[track_caller]
fn assert_foreign<T: std::fmt::Debug>(body: &str, answer: Result<T, CallError>) {
    let error = answer.unwrap_err();
    assert!(error.passes(), "{body}: {error}");
    let error = error.to_string();
    let foreign = "status 200 and a body that is not AWS's";
    assert!(error.ends_with(foreign), "{body}: {error}");
}

#[tokio::test]
async fn what_is_not_from_s3_is_no_list() {
    for body in [
        "",
        "{}",
        "<html><body>hello</body></html>",
        "<ListBucketResult><Contents/></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
    ] {
        let s3 = S3::new(&answering(body).await);
        let below = "s3://shop/a/".parse().unwrap();
        assert_foreign(body, s3.list(&below, 9, now()).await);
    }
}

#[tokio::test]
async fn what_is_not_from_sns_is_no_message_sent() {
    let topic = "arn:aws:sns:eu-central-1:111122223333:gate"
        .parse()
        .unwrap();
    for body in [
        "",
        "{}",
        "<PublishResponse><PublishResult/></PublishResponse>",
    ] {
        let sns = Sns::new(&answering(body).await, &topic);
        assert_foreign(body, sns.publish(&topic, "a", "b", now()).await);
    }
}

#[tokio::test]
async fn what_is_not_a_value_is_no_secret_and_no_parameter() {
    let names = ["/a".to_owned()];
    for body in ["[]", "<html/>"] {
        let access = answering(body).await;
        let secret = SecretsManager::new(&access).value("a", now()).await;
        assert_foreign(body, secret);
        assert_foreign(body, fetch_parameters(&access, &names, now()).await);
    }
    for body in ["", "{}"] {
        let access = answering(body).await;
        let secret = SecretsManager::new(&access).value("a", now()).await;
        assert!(!secret.unwrap_err().passes(), "{body}");
    }
    let access = answering("").await;
    assert_foreign("", fetch_parameters(&access, &names, now()).await);
}

#[tokio::test]
async fn a_secret_of_bytes_has_no_text() {
    let access = answering(r#"{"SecretBinary":"AAEC"}"#).await;
    let secret = SecretsManager::new(&access).value("a", now()).await;
    assert_eq!(secret, Ok(None));
}

#[tokio::test]
async fn an_object_is_read_up_to_its_bound_whatever_is_sent() {
    let at = "s3://shop/a".parse().unwrap();
    let until = Instant::now() + std::time::Duration::from_mins(1);
    let s3 = S3::new(&endless("too much").await);
    assert_eq!(s3.get(&at, 5, until).await, Ok(None));
    let s3 = S3::new(&answering("12345").await);
    assert_eq!(s3.get(&at, 5, until).await, Ok(Some(b"12345".to_vec())));
    assert_eq!(s3.get(&at, 4, until).await, Ok(None));
}
