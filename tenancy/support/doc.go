// Package support is the way from users to the platform's own people and back.
//
// Anybody writes to platform support: signed in, by a form without an account, or by mail. Support reads the queue,
// answers by mail, and proposes actions (taking an invitation back, disabling an account). An action is carried out only
// after the writer confirmed it signed in, for a form and a mail prove nothing about who wrote them; and then by the
// member of support themselves, under the policy rows of what it does. Each step is an event: in the organization's audit
// log where it concerns one, in the account's own where it concerns an account.
//
// Content of a tenant is not support's to read. An organization consents to it, for a time, in its open workspaces or in
// one workspace ([Service.GiveConsent]); tenancy's Authorizer then adds the role support_consented, and writes down each
// look. A private workspace is opened by those who manage it alone.
//
// # Invariants
//
//   - What is answered to who writes without signing in is the same whether the address has an account or not.
//   - A request belongs to the account that wrote it, or to whoever signs in with its address confirmed.
//   - An action happens at most once, and never without a confirmation that is newer than its proposal.
//   - Consent ends by itself, after seven days at the latest.
//
// # Wiring
//
//	help, err := support.New(support.Deps{DB: db, Authz: authz, Throttle: tenancy.NewThrottle(db), BaseURL: "https://example.org",
//		Actions: map[string]support.Action{"withdraw_invitation": …}})
package support
