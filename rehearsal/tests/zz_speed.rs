//! x
mod common;
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speed() {
    let stage = common::stage().await;
    for (name, client) in [("h1", common::h1(&stage)), ("h2", common::h2(&stage))] {
        let began = std::time::Instant::now();
        let mut tasks = vec![];
        for _ in 0..32 {
            let c = client.clone();
            let u = stage.test_url() + "/version";
            tasks.push(tokio::spawn(async move {
                for _ in 0..500 {
                    let r = c.get(&u).send().await.unwrap();
                    r.bytes().await.unwrap();
                }
            }));
        }
        for t in tasks {
            t.await.unwrap();
        }
        println!(
            "{name}: {:.0} req/s",
            16000.0 / began.elapsed().as_secs_f64()
        );
    }
    let began = std::time::Instant::now();
    let c = common::fresh(&stage);
    for _ in 0..300 {
        common::get(&c, &stage.test_url()).await;
    }
    println!("fresh: {:.0} conn/s", 300.0 / began.elapsed().as_secs_f64());
    println!("green connections {}", stage.green_app().connections());
}
