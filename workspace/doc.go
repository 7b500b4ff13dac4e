// Package workspace makes and manages workspaces and says who is a member of one.
//
// A workspace lies in an organization. An open one is seen, entered and edited by every employee without being a member;
// a private one is seen by its members alone, administrators included: to everybody else it does not exist. Externals and
// guests see only the workspaces they are members of. Who makes a workspace becomes its first member and manages it.
//
// The tables veranda_workspaces and veranda_workspace_members are made by package tenancy, whose authorizer reads them in
// every call; this package writes them, and so has no schema of its own. Invitations by mail are tenancy's too: who
// accepts one becomes a member there.
//
// A team of the organization enters a workspace as one: all of its people are members by it, with its role, from the
// moment they are in the team to the moment they leave it. Who is a member in their own right as well stays one.
//
// # Invariants
//
//   - A private workspace has a manager at all times: the last one can neither leave nor be removed nor step down, and a
//     workspace without a manager cannot be made private. An open one may do without, for owners and administrators
//     manage it. Who manages by a team alone does not count: a team's people change elsewhere.
//   - Externals and guests never manage, and see no teams.
//   - Switching between open and private shows the past to more people, or hides it from them, so it is done only when
//     the caller confirms it.
//   - A personal tenant has exactly one workspace.
//   - Every change of who may see a workspace raises its access_version in the same transaction, which is how readers
//     that keep streams open learn of it.
//   - A change is decided once more inside its transaction, behind a lock of the workspace's row: a right taken away, or
//     a switch to private, a moment before is respected.
//
// # Wiring
//
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), workspace.Module())
//	workspaces, err := workspace.New(workspace.Deps{DB: db, Authz: authz, Limits: plans, Post: tenancy.Post{}})
//	w, err := workspaces.Create(ctx, veranda.TokenActor(token), workspace.CreateInput{Org: org, Name: "Design"})
//
// What lies in a workspace (statistics and more) is in packages below this one, which know it, while it does not know them.
package workspace
