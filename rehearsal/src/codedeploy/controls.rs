//! Methods by which a test changes what the APIs answer.

use super::fleet::TargetHealth;
use super::{CodeDeploy, RegisteredDeployment};
use crate::colour::Colour;
use crate::load_balancer::{Listener, Rule, Weights};

impl CodeDeploy {
    /// Gives the target group of a colour targets in these states; at first it
    /// has a healthy one.
    pub fn set_targets(&self, colour: Colour, targets: &[TargetHealth]) {
        self.state.lock().fleet.set_targets(colour, targets);
    }

    /// Gives the test listener a rule for `/api/*` before its default one.
    pub fn set_test_rule(&self, weights: impl Into<Weights>) {
        let rule = Rule::of_paths(&["/api/*"], weights.into());
        self.state.listeners.set_rules(Listener::Test, vec![rule]);
    }

    /// Limits a page of `DescribeRules` to so many rules.
    pub fn set_rules_page_size(&self, size: usize) {
        self.state.lock().fleet.rules_page_size = size;
    }

    /// Gives the load balancer another name in DNS than `127.0.0.1`.
    pub fn set_load_balancer_name(&self, name: &str) {
        name.clone_into(&mut self.state.lock().fleet.dns_name);
    }

    /// Hides the green task set from ECS's answers, as before the installation.
    pub fn hide_green(&self) {
        self.state.lock().fleet.green_hidden = true;
    }

    /// Marks the green task set as draining.
    pub fn drain_green(&self) {
        self.state.lock().fleet.green_drains = true;
    }

    /// Sets how many tasks of green are wanted and how many run; at first it is
    /// one for each target.
    pub fn set_green_tasks(&self, wanted: usize, running: usize) {
        self.state.lock().fleet.green_tasks = Some((wanted, running));
    }

    /// Sets the image of a version's task definition.
    pub fn set_image(&self, colour: Colour, image: &str) {
        let mut records = self.state.lock();
        records.fleet.images.push((colour, image.to_owned()));
    }

    /// Marks a deployment as one that CodeDeploy created to roll the deployment
    /// `failed` back.
    pub fn mark_as_rollback(&self, registered: &RegisteredDeployment, failed: &str) {
        self.state.change(&registered.deployment_id, |deployment| {
            deployment.rolls_back = Some(failed.to_owned());
        });
    }
}
