package main

// embedderFeatures are what a program gets that embeds Veranda, and what an operator of the server gets.
func embedderFeatures() []feature {
	return []feature{
		{"E1", []clause{
			{name: "host_transaction", run: hostTransaction},
			{name: "host_accounts", run: hostAccounts},
			{name: "host_redis", run: hostRedis},
		}},
		{"E2", []clause{
			{name: "policy_readable", run: policyReadable},
			{name: "policy_file", run: policyFile, alone: true},
			{name: "policy_replaced", run: policyReplaced, alone: true},
			{name: "policy_refused", run: policyRefused, alone: true},
			{name: "host_permissions", run: hostPermissions},
			{name: "host_permission_in_role", run: hostPermissionInRole},
			{name: "next_call_everywhere", run: policyEverywhere, alone: true},
		}},
		{"E3", []clause{
			{name: "veto_and_after", run: vetoAndAfter},
			{name: "limits", run: limitsRefuse},
		}},
		{"E4", []clause{
			{name: "openapi", run: openapiDescription},
			{name: "docs", run: docsPages},
			{name: "health", run: healthAndReadiness},
			{name: "problems", run: problemsForEveryError},
			{name: "all_fields_at_once", run: allFieldsAtOnce},
			{name: "etag", run: etagAndIfMatch},
			{name: "idempotency", run: idempotentCreation},
			{name: "conditional_get", run: conditionalGet},
			{name: "cookie_session", run: cookieSession},
			{name: "secure_cookie", run: secureCookie, alone: true},
			{name: "metrics", run: metricsScrape},
		}},
		{"E5", []clause{
			{name: "nothing_but_go", run: nothingButGo, alone: true},
			{name: "two_nodes", run: twoNodes, alone: true},
			{name: "graceful_stop", run: gracefulStop, alone: true},
			{name: "restart", run: restartKeepsEverything, alone: true},
			{name: "environment", run: environmentCounts, alone: true},
			{name: "wrong_configuration", run: wrongConfiguration, alone: true},
			{name: "logs", run: logsHoldNoSecrets, alone: true},
			{name: "killed", run: killedUnderLoad, alone: true},
			{name: "demo", run: demoPrintsLogin, alone: true},
		}},
	}
}
