//! The package has one TLS stack: that of the checks, which AWS's clients use
//! too.

use std::collections::BTreeSet;
use std::process::Command;

/// What brings TLS, or a second client of HTTP with TLS of its own.
const OTHERS: [&str; 12] = [
    "native-tls",
    "openssl",
    "openssl-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-lc-fips-sys",
    "boring",
    "mbedtls",
    "s2n-tls",
    "schannel",
    "hyper-tls",
    "aws-smithy-http-client",
];

#[test]
fn what_the_lambda_is_made_of_holds_one_tls_stack() {
    // Of Linux, whatever this machine is, and for both of Lambda's
    // architectures.
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let tree = Command::new(env!("CARGO"))
            .args(["tree", "--package", "hook", "--edges", "normal"])
            .args(["--prefix", "none", "--format", "{p}", "--target", target])
            .args(["--locked", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&tree.stderr);
        assert!(tree.status.success(), "{said}");
        let tree = String::from_utf8(tree.stdout).unwrap();
        let mut found: BTreeSet<(&str, &str)> = BTreeSet::new();
        for line in tree.lines() {
            let mut words = line.split(' ');
            found.extend(words.next().zip(words.next()));
        }
        let others: Vec<_> = found
            .iter()
            .filter(|(name, _)| OTHERS.contains(name))
            .collect();
        assert!(others.is_empty(), "{others:?}");
        for only in ["rustls", "tokio-rustls", "hyper-rustls", "hyper", "ring"] {
            let versions: Vec<_> = found.iter().filter(|(name, _)| *name == only).collect();
            assert_eq!(versions.len(), 1, "{only}: {versions:?}");
        }
    }
}
