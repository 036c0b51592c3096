//! Lambda functions: what AWS answers is what the CLI prints.

use super::site::{Capture, Fetch, Site, client, file, stem};
use crate::inventory::lambda;

pub(super) fn functions(site: Site) -> Fetch {
    Box::pin(async move {
        let capture = Capture::default();
        let mut pages = client!(site, aws_sdk_lambda, capture).list_functions().into_paginator().send();
        while let Some(page) = pages.next().await {
            page?;
        }
        Ok(vec![file(stem::<lambda::Function>(), &without_secrets(capture.document(&["Functions"])?))])
    })
}

/// Environment variables may hold passwords, and no rule reads them.
fn without_secrets(mut document: serde_json::Value) -> serde_json::Value {
    let functions = document.get_mut("Functions").and_then(serde_json::Value::as_array_mut);
    for function in functions.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        function.remove("Environment");
    }
    document
}

#[cfg(test)]
mod tests {
    #[test]
    fn environment_variables_are_left_out() {
        let document =
            serde_json::json!({"Functions": [{"FunctionName": "f", "Environment": {"Variables": {"PASSWORD": "x"}}}]});
        let wanted = serde_json::json!({"Functions": [{"FunctionName": "f"}]});
        assert_eq!(super::without_secrets(document), wanted);
    }
}
