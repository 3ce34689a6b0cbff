//! The load balancer mixes colours by node: the API shows green alone, and some
//! of the requests reach blue.

use rehearsal::{Colour, Fault, Listener, Stage, StageOptions, Weights};

use crate::common::{get, get_colour, http2_client, start_stage, unpooled_client};

/// Moves the test listener from blue to green, and sets a fault then.
fn shift_to_green(stage: &Stage, set_fault: impl FnOnce()) {
    let balancer = stage.load_balancer();
    balancer.forward(Listener::Test, Colour::Blue);
    balancer.forward(Listener::Test, Colour::Green);
    set_fault();
    let green = Weights::from(Colour::Green);
    assert_eq!(balancer.weights(Listener::Test), green);
}

/// The colours of so many requests over one connection.
async fn get_colours(stage: &Stage, count: usize) -> Vec<String> {
    let client = http2_client(stage);
    let mut seen = Vec::new();
    for _ in 0..count {
        seen.push(get_colour(&client, &stage.test_url()).await);
    }
    seen
}

#[tokio::test]
async fn every_third_request_reaches_blue_over_whatever_connection_it_comes() {
    let stage = start_stage().await;
    let balancer = stage.load_balancer();
    shift_to_green(&stage, || {
        balancer.set_fault(Listener::Test, Some(Fault::StaleRequest { one_in: 3 }));
    });
    assert_eq!(
        get_colours(&stage, 4).await,
        ["green", "green", "blue", "green"]
    );
    let client = unpooled_client(&stage);
    assert_eq!(get_colour(&client, &stage.test_url()).await, "green");
    assert_eq!(get_colour(&client, &stage.test_url()).await, "blue");
}

#[tokio::test]
async fn lots_are_the_same_for_the_same_seed_and_about_one_in_so_many() {
    let stage = start_stage().await;
    let balancer = stage.load_balancer();
    let mut drawn = Vec::new();
    for seed in [1, 1, 2] {
        let one_in = 5;
        shift_to_green(&stage, || {
            let lots = Fault::StaleByLot { one_in, seed };
            balancer.set_fault(Listener::Test, Some(lots));
        });
        drawn.push(get_colours(&stage, 200).await);
    }
    assert_eq!(drawn[0], drawn[1]);
    assert_ne!(drawn[0], drawn[2]);
    for colours in drawn {
        let blue = colours.iter().filter(|it| *it == "blue").count();
        assert!((20..=60).contains(&blue), "{blue}");
    }
}

#[tokio::test]
async fn a_node_may_hear_of_the_change_once_it_has_answered_so_often() {
    let nodes = StageOptions {
        nodes: 2,
        ..StageOptions::default()
    };
    let stage = Stage::start(nodes).await.unwrap();
    let balancer = stage.load_balancer();
    shift_to_green(&stage, || {
        balancer.set_fault_times(Listener::Test, Fault::StaleAddress { last: 1 }, 2);
    });
    // The other address is not the one that counts.
    let port = stage.test_port();
    let second = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::common::client_tls(stage.ca_file(), &[b"h2"]))
        .resolve("localhost", format!("127.0.0.2:{port}").parse().unwrap())
        .no_proxy()
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(get_colour(&second, &stage.test_url()).await, "green");
    }
    assert_eq!(
        get_colours(&stage, 4).await,
        ["blue", "blue", "green", "green"]
    );
}

#[tokio::test]
async fn any_fault_of_a_request_may_be_met_so_often() {
    let stage = start_stage().await;
    let balancer = stage.load_balancer();
    balancer.set_fault_times(Listener::Test, Fault::Status(503), 2);
    let client = http2_client(&stage);
    for expected in [503, 503, 200] {
        assert_eq!(get(&client, &stage.test_url()).await.0, expected);
    }
}

#[tokio::test]
async fn each_version_knows_the_requests_that_it_answered() {
    let stage = start_stage().await;
    let balancer = stage.load_balancer();
    shift_to_green(&stage, || {
        balancer.set_fault(Listener::Test, Some(Fault::StaleRequest { one_in: 2 }));
    });
    let client = http2_client(&stage);
    for number in 1..=3 {
        get(&client, &format!("{}/healthz?n={number}", stage.test_url())).await;
    }
    let requests = |colour| stage.app(colour).requests();
    assert_eq!(requests(Colour::Blue), ["GET /healthz?n=2"]);
    let green = ["GET /healthz?n=1", "GET /healthz?n=3"];
    assert_eq!(requests(Colour::Green), green);
    stage.green_app().reinstall(None);
    assert!(requests(Colour::Green).is_empty());
}
