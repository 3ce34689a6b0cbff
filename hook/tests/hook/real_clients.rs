//! ECS and ELB as moto has them: AWS's own clients in the hook ask a server
//! that they were not written for, and boto3 sets the scene. The rehearsal
//! stands for CodeDeploy and for the traffic.
//!
//! Moto checks signatures and permissions here, as AWS does. What it does not
//! do: tasks never register in a target group, and each target is healthy.

use rehearsal::{Moto, RegisteredDeployment, Verdict};
use serde_json::{Value, json};

use crate::addresses::hosted;
use crate::support::{Invoked, Trial};

/// What a proof asks of ECS and ELB.
const ALLOWED: [&str; 6] = [
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetHealth",
];
/// Calls of which moto takes no notice of who makes them.
const EVERYBODY: u32 = 1_000_000;

/// An account with a service behind a load balancer.
struct Account {
    moto: Moto,
    blue: String,
    green: String,
    listener: String,
    /// The name of the load balancer.
    name: String,
    subnets: [String; 2],
}

impl Account {
    /// `None` if moto is not installed.
    fn new(test_port: u16) -> Option<Self> {
        let mut moto = Moto::start().unwrap()?;
        let mut call = |service: &str, operation: &str, arguments: Value| {
            let call = json!(["call", service, operation, arguments]);
            moto.ask(&call).unwrap()
        };
        let vpc = call("ec2", "create_vpc", json!({"CidrBlock": "10.0.0.0/16"}));
        let vpc = text(&vpc["Vpc"]["VpcId"]);
        let subnets = ["a", "b"].map(|zone| {
            let third = u8::from(zone == "b");
            let subnet = json!({
                "VpcId": vpc,
                "CidrBlock": format!("10.0.{third}.0/24"),
                "AvailabilityZone": format!("eu-central-1{zone}"),
            });
            text(&call("ec2", "create_subnet", subnet)["Subnet"]["SubnetId"])
        });
        let balancer = json!({"Name": "storefront", "Subnets": subnets});
        let balancer = call("elbv2", "create_load_balancer", balancer);
        let name = text(&balancer["LoadBalancers"][0]["DNSName"]);
        let balancer = text(&balancer["LoadBalancers"][0]["LoadBalancerArn"]);
        let [blue, green] = ["storefront-blue", "storefront-green"].map(|name| {
            let group = json!({
                "Name": name, "Protocol": "HTTP", "Port": 8080, "VpcId": vpc, "TargetType": "ip",
            });
            let group = call("elbv2", "create_target_group", group);
            text(&group["TargetGroups"][0]["TargetGroupArn"])
        });
        let listener = json!({
            "LoadBalancerArn": balancer,
            "Protocol": "HTTP",
            "Port": test_port,
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": blue}],
        });
        let listener = call("elbv2", "create_listener", listener);
        let listener = text(&listener["Listeners"][0]["ListenerArn"]);
        call("ecs", "create_cluster", json!({"clusterName": "shop"}));
        let service = json!({
            "cluster": "shop",
            "serviceName": "storefront",
            "desiredCount": 1,
            "deploymentController": {"type": "CODE_DEPLOY"},
        });
        call("ecs", "create_service", service);
        Some(Self {
            moto,
            blue,
            green,
            listener,
            name,
            subnets,
        })
    }

    fn call(&mut self, service: &str, operation: &str, arguments: &Value) -> Value {
        let call = json!(["call", service, operation, arguments]);
        self.moto.ask(&call).unwrap()
    }

    /// What CodeDeploy does before the hook: a task set of this image. It has no
    /// `scale`, so that moto starts no tasks, which would register nowhere.
    fn install(&mut self, deployment: &str, image: &str) -> String {
        let definition = json!({
            "family": "storefront",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "containerDefinitions": [
                {"name": "sidecar", "image": "public.ecr.aws/sidecar:1", "memory": 64},
                {
                    "name": "app",
                    "image": image,
                    "memory": 128,
                    "portMappings": [{"containerPort": 8080}],
                    "environment": [{"name": "APP_VERSION", "value": "green-1.1.0"}],
                },
            ],
        });
        let definition = self.call("ecs", "register_task_definition", &definition);
        let definition = text(&definition["taskDefinition"]["taskDefinitionArn"]);
        let set = json!({
            "cluster": "shop",
            "service": "storefront",
            "externalId": deployment,
            "taskDefinition": definition,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": self.subnets}},
            "loadBalancers": [{
                "targetGroupArn": self.green, "containerName": "app", "containerPort": 8080,
            }],
        });
        text(&self.call("ecs", "create_task_set", &set)["taskSet"]["taskSetArn"])
    }

    fn targets(&mut self, operation: &str) {
        let target = json!([{"Id": "10.0.0.10", "Port": 8080}]);
        let targets = json!({"TargetGroupArn": self.green, "Targets": target});
        self.call("elbv2", operation, &targets);
    }

    /// As CodeDeploy leaves a listener: a forward to both, with weights.
    fn forward(&mut self, blue: u32, green: u32) {
        let actions = self.action(blue, green);
        let listener = json!({"ListenerArn": self.listener, "DefaultActions": actions});
        self.call("elbv2", "modify_listener", &listener);
    }

    fn action(&self, blue: u32, green: u32) -> Value {
        json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": self.green, "Weight": green},
            {"TargetGroupArn": self.blue, "Weight": blue},
        ]}}])
    }

    /// Moto looks at who asks, and lets them do only this; or at nobody.
    fn trust(&mut self, calls: u32) {
        self.moto
            .ask(&json!(["trust_everybody_for", calls]))
            .unwrap();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The stage of a deployment that moto knows too.
async fn staged() -> Option<(Trial, Account)> {
    let trial = Trial::new().await;
    let mut account = Account::new(trial.stage.test_port())?;
    let bootstrap = hosted(&trial, &account.name, 1)?;
    let allowed = ALLOWED.map(|action| [action, "*"]);
    let keys = account.moto.ask(&json!(["user", allowed])).unwrap();
    let codedeploy = trial.stage.codedeploy();
    codedeploy.set_test_listener_arn(&account.listener);
    let name = format!("{}:{}", account.name, trial.stage.test_port());
    let trial = trial
        .bootstrap(bootstrap)
        .set("SMOKE_CONNECT_TO", &name)
        .set("AWS_ENDPOINT_URL_ECS", account.moto.url())
        .set(
            "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2",
            account.moto.url(),
        )
        .set("AWS_ACCESS_KEY_ID", keys[0].as_str().unwrap())
        .set("AWS_SECRET_ACCESS_KEY", keys[1].as_str().unwrap())
        .set("AWS_SESSION_TOKEN", "")
        .set("SMOKE_PROOF_TIMEOUT", "3s");
    Some((trial, account))
}

/// The verdict on a deployment, while moto checks who asks.
async fn judged(
    trial: &Trial,
    account: &mut Account,
    of: &RegisteredDeployment,
) -> (Verdict, Invoked) {
    account.trust(0);
    let invoked = trial.invoke(of.event()).await;
    account.trust(EVERYBODY);
    let verdict = trial.verdict(of);
    (
        verdict.unwrap_or_else(|| panic!("{}", invoked.output())),
        invoked,
    )
}

const IMAGE: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/storefront:green-1.1.0";

#[tokio::test]
async fn green_is_proven_by_what_moto_says_of_it() {
    let Some((trial, mut account)) = staged().await else {
        return;
    };
    let trial = trial
        .set("SMOKE_IDENTITY", "header:x-app-version")
        .set("SMOKE_IDENTITY_IS", "env:APP_VERSION");
    let registered = trial.stage.codedeploy().register();
    account.install("d-SOMEOTHER", "example/storefront:older");
    let set = account.install(&registered.deployment_id, IMAGE);
    account.targets("register_targets");
    account.forward(0, 100);
    let (verdict, invoked) = judged(&trial, &mut account, &registered).await;
    assert_eq!(verdict, Verdict::Succeeded, "{}", invoked.output());
    let proof = invoked.line("proof", "full");
    assert!(
        set.ends_with(proof["task_set"].as_str().unwrap()),
        "{proof}"
    );
    assert_eq!(proof["target_group"], account.green.as_str());
    assert_eq!(proof["image"], IMAGE);
    // Nothing but CodeDeploy was the rehearsal's.
    let mut reads = trial.reads();
    reads.sort();
    let expected = [
        "GetDeployment",
        "GetDeploymentTarget",
        "ListDeploymentTargets",
    ];
    assert_eq!(reads, expected);
}

#[tokio::test]
async fn what_moto_says_is_against_it_is_the_reason() {
    let Some((trial, mut account)) = staged().await else {
        return;
    };
    let codedeploy = trial.stage.codedeploy();
    let registered = codedeploy.register();
    let fails = async |account: &mut Account, registered: &RegisteredDeployment, why: &str| {
        let (verdict, invoked) = judged(&trial, account, registered).await;
        let reason = invoked.answer()["reason"].as_str().unwrap().to_owned();
        assert_eq!(verdict, Verdict::Failed, "{reason}");
        assert!(reason.contains(why), "{why}: {reason}");
    };
    fails(&mut account, &registered, "ECS knows no task set of d-").await;
    for (blue, green, targets, why) in [
        (
            1,
            0,
            "register_targets",
            "the test listener still forwards to blue (`storefront-blue`)",
        ),
        (
            90,
            10,
            "register_targets",
            "to green with weight 10 and still to blue (`storefront-blue`) with weight 90",
        ),
        (
            0,
            1,
            "deregister_targets",
            "green's target group has no targets",
        ),
    ] {
        let registered = codedeploy.register();
        account.install(&registered.deployment_id, IMAGE);
        account.targets(targets);
        account.forward(blue, green);
        fails(&mut account, &registered, why).await;
    }
    account.targets("register_targets");
    let rule = json!({
        "ListenerArn": account.listener,
        "Priority": 1,
        "Conditions": [
            {"Field": "path-pattern", "Values": ["/api/*"]},
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}},
            {"Field": "http-header", "HttpHeaderConfig": {
                "HttpHeaderName": "x-app", "Values": ["a*"],
            }},
            {"Field": "query-string", "QueryStringConfig": {"Values": [
                {"Key": "v", "Value": "1"}, {"Value": "debug"},
            ]}},
        ],
        "Actions": account.action(1, 0),
    });
    account.call("elbv2", "create_rule", &rule);
    let registered = codedeploy.register();
    account.install(&registered.deployment_id, IMAGE);
    fails(
        &mut account,
        &registered,
        "has a rule that does not lead to green alone: priority 1, path `/api/*` and method `POST` and header `x-app` and query `v=1` or `debug`: blue (`storefront-blue`) after ",
    )
    .await;
}

#[tokio::test]
async fn what_moto_does_not_allow_is_named() {
    let Some((trial, mut account)) = staged().await else {
        return;
    };
    let registered = trial.stage.codedeploy().register();
    account.install(&registered.deployment_id, IMAGE);
    account.targets("register_targets");
    account.forward(0, 1);
    for denied in ALLOWED {
        let allowed: Vec<_> = ALLOWED.iter().filter(|action| **action != denied).collect();
        let statement = json!({"Effect": "Allow", "Action": allowed, "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let policy = json!({
            "UserName": "gate", "PolicyName": "gate", "PolicyDocument": document.to_string(),
        });
        account.call("iam", "put_user_policy", &policy);
        let registered = trial.stage.codedeploy().register();
        account.install(&registered.deployment_id, IMAGE);
        let (verdict, invoked) = judged(&trial, &mut account, &registered).await;
        assert_eq!(verdict, Verdict::Failed);
        let reason = invoked.answer()["reason"].as_str().unwrap();
        // Moto says why in XML, which ECS does not speak.
        assert!(reason.contains(&format!("`{denied}`: ")), "{reason}");
    }
}
